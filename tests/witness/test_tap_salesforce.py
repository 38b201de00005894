"""tap-salesforce, untouched, discovers the org and extracts it, whole and then by delta, by REST and by Bulk API 1.0."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox_org import CLIENT_ID, CLIENT_SECRET
from witness.environments import programs_of
from witness.witnessed_org import REFRESH_TOKEN, WitnessedOrg

STREAMS = ("Campaign", "CampaignMember", "CampaignMemberStatus", "Lead", "Contact")
FACTS = ("Name", "BudgetedCost", "NumberOfLeads")


class Tap:
    """The tap's program in a folder with its configuration."""

    def __init__(self, org: WitnessedOrg, folder: Path, api_type: str) -> None:
        self._org, self._folder = org, folder
        self._program = programs_of("tap_salesforce") / "tap-salesforce"
        self._write(
            "config",
            {
                "refresh_token": REFRESH_TOKEN,
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
                "start_date": "2020-01-01T00:00:00Z",
                "api_type": api_type,
                "select_fields_by_default": "true",
            },
        )

    def discover(self) -> dict[str, Any]:
        """What it says of each object, by name; all of our streams are selected from now on."""
        catalog = json.loads(self._run("--discover"))
        streams = {each["stream"]: each for each in catalog["streams"]}
        for each in streams.values():
            for about in each["metadata"]:
                if not about["breadcrumb"] and each["stream"] in STREAMS:
                    about["metadata"] |= {
                        "selected": True,
                        "replication-method": "INCREMENTAL",
                        "replication-key": "SystemModstamp",
                    }
        self._write("catalog", catalog)
        return streams

    def sync(self, state: object) -> tuple[dict[str, list[dict[str, Any]]], object]:
        """The records by stream, and the state to go on from."""
        printed = self._run("--properties", "catalog.json", "--state", self._write("state", state))
        records: dict[str, list[dict[str, Any]]] = {name: [] for name in STREAMS}
        for message in messages(printed):
            if message["type"] == "RECORD":
                records[message["stream"]].append(message["record"])
            elif message["type"] == "STATE":
                state = message["value"]
        return records, state

    def _run(self, *arguments: str) -> str:
        return self._org.told(self._program, "--config", "config.json", *arguments, folder=self._folder)

    def _write(self, name: str, content: object) -> str:
        file = self._folder / f"{name}.json"
        file.write_text(json.dumps(content), encoding="utf-8")
        return file.name


def messages(printed: str) -> Iterator[dict[str, Any]]:
    return (json.loads(line) for line in printed.splitlines())


@pytest.mark.parametrize("api_type", ["REST", "BULK"])
def test_what_it_extracts_is_what_the_org_holds_and_then_what_changed(
    api_type: str, org: WitnessedOrg, tmp_path: Path
) -> None:
    """S2.2.4, S2.2.5, S2.2.9, S2.5.1, S0.1."""
    campaign = org.create("Campaign", Name="Tapped", BudgetedCost=1500, Description="Two\nlines, “quoted”")
    leads = {
        email: org.add_lead(campaign, email, "Sent") for email in ("ada@ash.example", "bo@birch.example")
    }
    tap = Tap(org, tmp_path, api_type)

    properties = tap.discover()["CampaignMember"]["schema"]["properties"]
    described = org.call("GET", "/services/data/v62.0/sobjects/CampaignMember/describe")
    assert set(properties) == {field["name"] for field in described["fields"]}

    records, state = tap.sync({})
    (extracted,) = records["Campaign"]
    (held,) = org.query(f"SELECT Description, {', '.join(FACTS)} FROM Campaign")
    # Real orgs name no charset of a CSV, and so the tap takes its UTF-8 for Latin-1.
    spoilt = held["Description"].encode().decode("latin-1")
    assert extracted["Description"] == (held["Description"] if api_type == "REST" else spoilt)
    assert [extracted[name] for name in FACTS] == [held[name] for name in FACTS] == ["Tapped", 1500, 2]
    members = {each["LeadId"]: each for each in records["CampaignMember"]}
    assert {lead: each["Status"] for lead, each in members.items()} == dict.fromkeys(leads.values(), "Sent")
    assert [each["Label"] for each in records["CampaignMemberStatus"]] == ["Sent", "Responded"]

    org.update("CampaignMember", members[leads["ada@ash.example"]]["Id"], Status="Responded")
    org.delete("CampaignMember", members[leads["bo@birch.example"]]["Id"])
    org.delete("Lead", leads["bo@birch.example"])
    later, _ = tap.sync(state)
    newest = later["CampaignMember"][-1]
    assert (newest["LeadId"], newest["Status"], newest["HasResponded"]) == (
        leads["ada@ash.example"],
        "Responded",
        True,
    )
    assert {each["Id"] for each in later["CampaignMember"]} == {
        row["Id"] for row in org.query("SELECT Id FROM CampaignMember")
    }, "a removed member leaves no trace, in no API"
    assert {each["Id"]: each["IsDeleted"] for each in later["Lead"]}[leads["bo@birch.example"]] is True
