"""CumulusCI, untouched, loads a data set of campaigns, people and members, loads it again as an upsert, and extracts it."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from pathlib import Path

import pytest

from witness.environments import programs_of
from witness.witnessed_org import USERNAME, WitnessedOrg

PROJECT = """\
minimum_cumulusci_version: '4.0.0'
project:
  name: Witness
  package: {name: Witness, api_version: '62.0'}
  git: {default_branch: main}
"""
# Both APIs that it can use, and lookups that it fills in with ids the org has answered.
MAPPING = """\
Campaigns:
  sf_object: Campaign
  table: campaigns
  api: rest
  fields: {Name: name, IsActive: is_active, StartDate: start_date, BudgetedCost: budgeted_cost}
Leads:
  sf_object: Lead
  table: leads
  api: bulk
  fields: {LastName: last_name, Company: company, Email: email}
Contacts:
  sf_object: Contact
  table: contacts
  api: bulk
  fields: {LastName: last_name, Email: email}
Members:
  sf_object: CampaignMember
  table: members
  api: bulk
  fields: {Status: status}
  lookups:
    CampaignId: {table: campaigns, key_field: campaign_id}
    LeadId: {table: leads, key_field: lead_id}
    ContactId: {table: contacts, key_field: contact_id}
"""
UPSERT_MAPPING = """\
Leads:
  sf_object: Lead
  table: leads
  action: etl_upsert
  update_key: Email
  fields: {LastName: last_name, Company: company, Email: email}
"""
DATASET = """\
CREATE TABLE campaigns (id TEXT PRIMARY KEY, name TEXT, is_active TEXT, start_date TEXT, budgeted_cost TEXT);
CREATE TABLE leads (id TEXT PRIMARY KEY, last_name TEXT, company TEXT, email TEXT);
CREATE TABLE contacts (id TEXT PRIMARY KEY, last_name TEXT, email TEXT);
CREATE TABLE members (id TEXT PRIMARY KEY, status TEXT, campaign_id TEXT, lead_id TEXT, contact_id TEXT);
INSERT INTO campaigns VALUES ('Campaign-1', 'Witnessed', 'true', '2026-03-01', '1500');
INSERT INTO leads VALUES ('Lead-1', 'Ash', 'Ash & Co', 'ada@ash.example');
INSERT INTO leads VALUES ('Lead-2', 'Birch', 'Birch, “Bo”', 'bo@birch.example');
INSERT INTO contacts VALUES ('Contact-1', 'Cedar', 'cy@cedar.example');
INSERT INTO members VALUES ('Member-1', 'Responded', 'Campaign-1', 'Lead-1', NULL);
INSERT INTO members VALUES ('Member-2', 'Sent', 'Campaign-1', 'Lead-2', NULL);
INSERT INTO members VALUES ('Member-3', 'Sent', 'Campaign-1', NULL, 'Contact-1');
"""
SECOND_DATASET = """\
CREATE TABLE leads (id TEXT PRIMARY KEY, last_name TEXT, company TEXT, email TEXT);
INSERT INTO leads VALUES ('Lead-1', 'Ash-Alder', 'Ash & Co', 'ada@ash.example');
INSERT INTO leads VALUES ('Lead-3', 'Dogwood', 'Dogwood', 'di@dogwood.example');
"""


class Project:
    """A folder with a project in it, and `cci` to run tasks on the org named sandbox."""

    def __init__(self, org: WitnessedOrg, folder: Path) -> None:
        self._org, self._folder = org, folder
        subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
        self.write("cumulusci.yml", PROJECT)
        login = {
            "access_token": org.token(),
            "instance_url": "https://acme.my.salesforce.com",
            "id": f"https://login.salesforce.com/id/{org.org_id}/{org.query('SELECT Id FROM User')[0]['Id']}",
            "username": USERNAME,
        }
        self._surroundings = {
            "CUMULUSCI_ORG_sandbox": json.dumps(login),
            "CUMULUSCI_DISABLE_REFRESH": "1",
            "CUMULUSCI_KEY": "0123456789abcdef",
        }

    def run(self, task: str, mapping: str, dataset: str) -> None:
        self._org.told(
            programs_of("cumulusci") / "cci",
            *("task", "run", task, "--org", "sandbox", "-o", "mapping", mapping, "-o", "sql_path", dataset),
            folder=self._folder,
            **self._surroundings,
        )

    def write(self, name: str, text: str) -> str:
        (self._folder / name).write_text(text, encoding="utf-8")
        return name

    def read(self, dataset: str, sql: str) -> list[tuple[str, ...]]:
        """Rows of a data set that was extracted."""
        database = sqlite3.connect(":memory:")
        try:
            database.executescript((self._folder / dataset).read_text("utf-8"))
            return database.execute(sql).fetchall()
        finally:
            database.close()


@pytest.fixture
def project(org: WitnessedOrg, tmp_path: Path) -> Project:
    return Project(org, tmp_path)


def test_a_data_set_is_loaded_upserted_and_extracted(project: Project, org: WitnessedOrg) -> None:
    """S2.2.7, S2.5.1, S2.1.3."""
    mapping = project.write("mapping.yml", MAPPING)
    project.run("load_dataset", mapping, project.write("first.sql", DATASET))
    (campaign,) = org.query("SELECT Id, Name, IsActive, StartDate, BudgetedCost FROM Campaign")
    assert (campaign["Name"], campaign["IsActive"]) == ("Witnessed", True)
    assert (campaign["StartDate"], campaign["BudgetedCost"]) == ("2026-03-01", 1500)
    members = {"ada@ash.example": "Responded", "bo@birch.example": "Sent", "cy@cedar.example": "Sent"}
    assert org.members(campaign["Id"]) == members

    upsert = project.write("upsert.yml", UPSERT_MAPPING)
    project.run("load_dataset", upsert, project.write("second.sql", SECOND_DATASET))
    assert {row["Email"]: row["LastName"] for row in org.query("SELECT Email, LastName FROM Lead")} == {
        "ada@ash.example": "Ash-Alder",
        "bo@birch.example": "Birch",
        "di@dogwood.example": "Dogwood",
    }
    assert org.members(campaign["Id"]) == members

    project.run("extract_dataset", mapping, "extracted.sql")
    joined = project.read(
        "extracted.sql",
        "SELECT coalesce(l.email, c.email), m.status, l.company FROM members m JOIN campaigns ON campaigns.id = m.campaign_id"
        " LEFT JOIN leads l ON l.id = m.lead_id LEFT JOIN contacts c ON c.id = m.contact_id ORDER BY 1",
    )
    assert joined == [
        ("ada@ash.example", "Responded", "Ash & Co"),
        ("bo@birch.example", "Sent", "Birch, “Bo”"),
        ("cy@cedar.example", "Sent", None),
    ]
    assert project.read("extracted.sql", "SELECT name, is_active, start_date FROM campaigns") == [
        ("Witnessed", "True", "2026-03-01")
    ]
