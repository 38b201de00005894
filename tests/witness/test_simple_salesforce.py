"""simple-salesforce, untouched, does a whole campaign by REST, by Bulk API 1.0 and by Bulk API 2.0.

What it returns is one half of every assertion; what a plain HTTP reader then sees in the org is the other.
"""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from simple_salesforce import (
    Salesforce,
    SalesforceMalformedRequest,
    SalesforceRefusedRequest,
    SalesforceResourceNotFound,
)

from witness.witnessed_org import PASSWORD, USERNAME, WitnessedOrg

CROWD = 250


@pytest.fixture
def client(led_to_org: WitnessedOrg) -> Salesforce:
    return Salesforce(username=USERNAME, password=PASSWORD, security_token="")


def people(count: int) -> list[dict[str, str]]:
    return [
        {"LastName": f"Nr {number}", "Company": "Crowd, Inc.", "Email": f"nr{number}@crowd.example"}
        for number in range(count)
    ]


def rows_of(sheet: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(sheet)))


def test_a_campaign_from_its_first_member_to_its_end_by_rest(client: Salesforce, org: WitnessedOrg) -> None:
    """S2.2.3, S0.2, S0.4, S1.3.3, S0.1, S1.1.8."""
    campaign = client.Campaign.create({"Name": "Spring", "IsActive": True})
    assert campaign["success"] is True
    labels = client.query(
        f"SELECT Label FROM CampaignMemberStatus WHERE CampaignId = '{campaign['id']}' ORDER BY SortOrder"
    )
    assert [row["Label"] for row in labels["records"]] == ["Sent", "Responded"]

    ada = client.Lead.create({"LastName": "Ash", "Company": "Ash & Co", "Email": "Ada.Ash@Ash.example"})["id"]
    bo = client.Contact.create({"LastName": "Birch", "Email": "bo@birch.example"})["id"]
    member = client.CampaignMember.create(
        {"CampaignId": campaign["id"], "LeadId": ada, "Status": "No such label"}
    )["id"]
    client.CampaignMember.create({"CampaignId": campaign["id"], "ContactId": bo, "Status": "Responded"})
    assert client.CampaignMember.get(member)["Status"] == "Sent"
    with pytest.raises(SalesforceMalformedRequest) as twice:
        client.CampaignMember.create({"CampaignId": campaign["id"], "LeadId": ada})
    assert [(each["errorCode"], each["message"]) for each in twice.value.content] == [
        ("DUPLICATE_VALUE", "Already a campaign member.")
    ]
    assert org.members(campaign["id"]) == {"ada.ash@ash.example": "Sent", "bo@birch.example": "Responded"}

    assert client.CampaignMember.update(member, {"Status": "Responded"}) == 204
    counted = client.query(
        "SELECT Status, COUNT(Id) people FROM CampaignMember GROUP BY Status HAVING COUNT(Id) > 1"
    )
    assert [(row["Status"], row["people"]) for row in counted["records"]] == [("Responded", 2)]
    (rollups,) = org.query("SELECT NumberOfResponses, NumberOfLeads, NumberOfContacts FROM Campaign")
    assert (rollups["NumberOfResponses"], rollups["NumberOfLeads"], rollups["NumberOfContacts"]) == (2, 1, 1)

    assert client.CampaignMember.delete(member) == 204
    with pytest.raises(SalesforceResourceNotFound):
        client.CampaignMember.get(member)
    assert client.query_all("SELECT Id FROM CampaignMember", include_deleted=True)["totalSize"] == 1
    assert client.Campaign.delete(campaign["id"]) == 204
    assert client.query_all("SELECT Id FROM CampaignMember", include_deleted=True)["totalSize"] == 1
    assert org.query("SELECT Id FROM CampaignMember") == []


def test_what_it_is_told_about_the_objects(client: Salesforce, org: WitnessedOrg) -> None:
    """S2.2.4, S1.3.1, S1.3.5."""
    about = {each["name"]: each for each in client.describe()["sobjects"]}
    assert about["CampaignMember"]["undeletable"] is False
    fields = {each["name"]: each for each in client.CampaignMember.describe()["fields"]}
    assert [name for name, each in fields.items() if each["updateable"] and not each["custom"]] == ["Status"]
    directly = org.call("GET", "/services/data/v62.0/sobjects/CampaignMember/describe")
    assert fields == {each["name"]: each for each in directly["fields"]}


def test_polling_what_changed_and_what_went(client: Salesforce, org: WitnessedOrg) -> None:
    """S0.14, S2.6.1."""
    kept, gone = (org.create("Lead", LastName=name, Company="Ash") for name in ("Kept", "Gone"))
    org.delete("Lead", gone)
    org.control("POST", "/sandbox/clock", {"advance_s": 120})
    now = datetime.now(UTC)
    window = (now - timedelta(hours=1), now + timedelta(minutes=2))
    assert client.Lead.updated(*window)["ids"] == [kept]
    assert [each["id"] for each in client.Lead.deleted(*window)["deletedRecords"]] == [gone]


def test_paging_through_more_than_one_answer_holds(client: Salesforce, org: WitnessedOrg) -> None:
    """S2.2.5."""
    org.control("POST", "/sandbox/seed", {"records": [{"type": "Lead", **each} for each in people(2_100)]})
    first = client.query("SELECT Email FROM Lead ORDER BY Email")
    assert (first["totalSize"], first["done"], len(first["records"])) == (2_100, False, 2_000)
    emails = [row["Email"] for row in client.query_all_iter("SELECT Email FROM Lead")]
    assert sorted(emails) == sorted(each["Email"] for each in people(2_100))


def test_an_org_that_is_out_of_calls_refuses_it(client: Salesforce, org: WitnessedOrg) -> None:
    """S2.2.10, S2.2.9."""
    client.query("SELECT Id FROM Lead")
    usage = client.api_usage["api-usage"]
    org.control("POST", "/sandbox/limits", {"DailyApiRequests": usage.used})
    with pytest.raises(SalesforceRefusedRequest) as refused:
        client.query("SELECT Id FROM Lead")
    assert (refused.value.status, refused.value.content[0]["errorCode"]) == (403, "REQUEST_LIMIT_EXCEEDED")
    assert org.control("GET", "/sandbox/calls")["total"] >= usage.used


def test_a_crowd_joins_and_leaves_by_bulk_api_1(client: Salesforce, org: WitnessedOrg) -> None:
    """S2.5.1: JSON jobs, batches, results in the order of the rows sent; datetimes of queries in milliseconds."""
    campaign = org.create("Campaign", Name="Crowd")
    leads = client.bulk.Lead.insert(people(CROWD), batch_size=100)
    assert [each["success"] for each in leads] == [True] * CROWD
    rows = [
        {"CampaignId": campaign, "LeadId": each["id"], "Status": ("Sent", "Responded")[number % 2]}
        for number, each in enumerate(leads)
    ]
    first, again = rows[:-1], rows[-2:]
    members = client.bulk.CampaignMember.insert(first)
    assert all(each["success"] for each in members)
    assert org.members(campaign) == {
        f"nr{number}@crowd.example": ("Sent", "Responded")[number % 2] for number in range(CROWD - 1)
    }

    double, fresh = client.bulk.CampaignMember.insert(again)
    assert (double["success"], fresh["success"]) == (False, True)
    assert double["errors"][0]["statusCode"] == "DUPLICATE_VALUE"

    everybody = client.bulk.CampaignMember.query("SELECT Id, Status, CreatedDate FROM CampaignMember")
    assert len(everybody) == CROWD
    assert isinstance(everybody[0]["CreatedDate"], int)
    sent = [{"Id": each["Id"], "Status": "Responded"} for each in everybody if each["Status"] == "Sent"]
    assert all(each["success"] for each in client.bulk.CampaignMember.update(sent))
    assert set(org.members(campaign).values()) == {"Responded"}

    removed = client.bulk.CampaignMember.delete([{"Id": each["Id"]} for each in everybody])
    assert all(each["success"] for each in removed)
    assert org.members(campaign) == {}
    # Three of leads, then one for each insert, query, update and delete of members.
    assert org.control("GET", "/sandbox/calls")["used"]["DailyBulkApiBatches"] == 3 + 5


def test_a_crowd_joins_and_leaves_by_bulk_api_2(client: Salesforce, org: WitnessedOrg) -> None:
    """S2.4.1, S2.4.3, S2.4.5, S0.20."""
    campaign = org.create("Campaign", Name="Crowd")
    (told,) = client.bulk2.Lead.insert(records=people(CROWD), wait=0)
    assert counts(told) == (CROWD, 0)
    ids = {
        row["Email"]: row["sf__Id"]
        for row in rows_of(client.bulk2.Lead.get_successful_records(told["job_id"]))
    }
    assert ids == {row["Email"]: row["Id"] for row in org.query("SELECT Id, Email FROM Lead")}

    lead = next(iter(ids.values()))
    rows = [{"CampaignId": campaign, "LeadId": each, "Status": "Sent"} for each in [*ids.values(), lead]]
    (told,) = client.bulk2.CampaignMember.insert(records=rows, wait=0)
    assert counts(told) == (CROWD + 1, 1)
    (failed,) = rows_of(client.bulk2.CampaignMember.get_failed_records(told["job_id"]))
    assert failed["sf__Error"].startswith("DUPLICATE_VALUE:Already a campaign member.:")
    assert (failed["sf__Id"], failed["LeadId"]) == ("", lead)
    assert org.members(campaign) == dict.fromkeys(ids, "Sent")

    sheets = list(
        client.bulk2.CampaignMember.query(
            "SELECT Id, Lead.Email FROM CampaignMember", max_records=100, wait=0
        )
    )
    pages = [rows_of(sheet) for sheet in sheets]
    assert [len(page) for page in pages] == [100, 100, 50]
    found = {row["Lead.Email"]: row["Id"] for page in pages for row in page}
    assert found.keys() == ids.keys()

    some = list(found.values())[:10]
    changed = [{"Id": each, "Status": "Responded"} for each in some]
    (told,) = client.bulk2.CampaignMember.update(records=changed, wait=0)
    assert counts(told) == (10, 0)
    assert len(org.query("SELECT Id FROM CampaignMember WHERE HasResponded = true")) == 10
    (told,) = client.bulk2.CampaignMember.delete(records=[{"Id": each} for each in found.values()], wait=0)
    assert counts(told) == (CROWD, 0)
    assert org.members(campaign) == {}


def counts(told: dict[str, Any]) -> tuple[int, int]:
    return told["numberRecordsProcessed"], told["numberRecordsFailed"]
