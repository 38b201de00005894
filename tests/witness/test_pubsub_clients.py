"""Public Pub/Sub clients, untouched, hear of every change of members: by Salesforce's own address, and by host and port."""

from __future__ import annotations

from pathlib import Path

import pytest

from witness.environments import programs_of
from witness.witnessed_org import WitnessedOrg


@pytest.mark.parametrize(
    ("client", "by_salesforces_address"),
    [("aiosfpubsub", True), ("aiosfpubsub", False), ("pysfpubsub", True), ("pysfpubsub", False)],
)
def test_a_client_hears_of_a_member_coming_moving_and_leaving(
    client: str, by_salesforces_address: bool, org: WitnessedOrg, tmp_path: Path
) -> None:
    """S2.7.1-S2.7.4, S0.18."""
    campaign = org.create("Campaign", Name="Heard of")
    lead = org.add_lead(campaign, "ada@ash.example", "Sent")
    member = org.member_id(campaign, "ada@ash.example")
    org.update("CampaignMember", member, Status="Responded")
    org.delete("CampaignMember", member)

    host, port = ("api.pubsub.salesforce.com", "7443")
    if not by_salesforces_address:
        host, port = org.events_over_tls.split(":")
    told = org.story(
        programs_of("pubsub_clients") / "python",
        "members_heard_of",
        tmp_path,
        client=client,
        url="https://login.salesforce.com",
        host=host,
        port=int(port),
        topic="/data/CampaignMemberChangeEvent",
        wanted=3,
    )

    assert told["topic"] == "/data/CampaignMemberChangeEvent"
    came, moved, left = told["events"]
    headers = [each["ChangeEventHeader"] for each in told["events"]]
    assert [each["changeType"] for each in headers] == ["CREATE", "UPDATE", "DELETE"]
    assert [each["recordIds"] for each in headers] == [[member]] * 3
    assert {each["entityName"] for each in headers} == {"CampaignMember"}
    assert (came["CampaignId"], came["LeadId"], came["Status"]) == (campaign, lead, "Sent")
    assert (moved["Status"], moved["HasResponded"], moved["LeadId"]) == ("Responded", True, None)
    changed = [int(bits, 16) for bits in headers[1]["changedFields"]]
    assert {"Status", "HasResponded", "LastModifiedDate"} <= named(changed[0], told["fields"])
    assert "LeadId" not in named(changed[0], told["fields"])
    assert left["Status"] is None
    assert org.members(campaign) == {}


def named(bits: int, fields: list[str]) -> set[str]:
    """The fields that a bitmap names: bit i is field i of the schema (S2.7.4)."""
    return {name for place, name in enumerate(fields) if bits >> place & 1}
