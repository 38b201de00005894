"""A story told by pyforce in its own environment: a campaign from its first member to its end, all of it by SOAP.

Run by tests/witness; argument: JSON `{server, username, password, crowd}`; prints what its client returned as JSON.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pyforce


def main() -> None:
    asked = json.loads(sys.argv[1])
    client = pyforce.PythonClient(serverUrl=asked["server"])
    user = client.login(asked["username"], asked["password"])
    campaign = id_of(client.create({"type": "Campaign", "Name": "Spring", "IsActive": True}))
    people = [
        {"type": "Lead", "LastName": f"Nr {number}", "Company": "Co"} for number in range(asked["crowd"])
    ]
    leads = [
        id_of([each])
        for start in range(0, len(people), 200)
        for each in client.create(people[start : start + 200])
    ]
    rows = [
        {"type": "CampaignMember", "CampaignId": campaign, "LeadId": lead, "Status": "Sent"}
        for lead in leads[:5]
    ]
    members = [id_of([each]) for each in client.create(rows)]
    (again,) = client.create(rows[0])
    client.update([{"type": "CampaignMember", "Id": each, "Status": "Responded"} for each in members[:2]])
    converted = client.convert_leads({"leadId": leads[0], "convertedStatus": "Closed - Converted"})
    (removed,) = client.delete([members[4]])
    (deleted,) = client.delete([leads[3]])
    told = {
        "user": user["userId"],
        "objects": [each for each in client.describeGlobal()["types"] if each.startswith("Campaign")],
        "fields": sorted(client.describeSObjects("CampaignMember")[0].fields),
        "campaign": campaign,
        "leads": leads,
        "members": members,
        "again": again["errors"],
        "converted": converted[0]["success"],
        "contact": converted[0]["contact_id"],
        "removed": removed["success"],
        "deleted": deleted["success"],
        "retrieved": client.retrieve("Id,Status,HasResponded", "CampaignMember", [members[0]])[0],
        "left": found(
            client, f"SELECT Id, Status, Contact.LastName FROM CampaignMember WHERE CampaignId = '{campaign}'"
        ),
        "everybody": len(found(client, "SELECT Id FROM Lead")),
        "changed": changed(client, leads[3]),
    }
    print(json.dumps(told, default=str))


def id_of(saved: list[dict[str, Any]]) -> str:
    """The id of the one record that was saved."""
    (outcome,) = saved
    assert outcome["success"], outcome
    return str(outcome["id"])


def found(client: Any, soql: str) -> list[dict[str, Any]]:
    """All records of a query, page after page."""
    page = client.query(soql)
    records = list(page.records)
    while not page.done:
        page = client.queryMore(page.queryLocator)
        records += page.records
    return [plain(record) for record in records]


def plain(record: Any) -> dict[str, Any]:
    """A record as values that JSON knows, its parents within it."""
    return {name: plain(value) if isinstance(value, dict) else value for name, value in record.items()}


def changed(client: Any, lead: str) -> list[bool]:
    """Whether a deleted lead is among those that were updated and those that were deleted of late."""
    now = datetime.now(UTC).replace(tzinfo=None)
    window = (now - timedelta(minutes=10), now + timedelta(minutes=2))
    updated, gone = client.getUpdated("Lead", *window), client.getDeleted("Lead", *window)
    return [lead in updated, lead in [each["id"] for each in gone]]


if __name__ == "__main__":
    main()
