"""Writing members: success is what reads back (S0.2), and one row's refusal is that row's alone."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest

from campaignsync.domain.errors import HaltError, RetryableError, UsageError
from campaignsync.domain.runs import MemberBatch
from campaignsync.domain.trees import CAMPAIGN_MEMBERS, MEMBER_OUTCOMES
from campaignsync.salesforce.org import SalesforceOrg
from sandbox_org import SandboxOrg

Write = Callable[..., pl.DataFrame]


def unnoted(job: str) -> None:
    """Nobody needs to know of a job: nothing here dies in the middle of one."""


def written(org: SalesforceOrg, campaign: str, writes: pl.DataFrame) -> MemberBatch:
    """All that came of some writes."""
    batches = list(org.write_members(campaign, writes, unnoted))
    return MemberBatch(
        outcomes=pl.concat([batch.outcomes for batch in batches]),
        members=pl.concat([batch.members for batch in batches]),
    )


def lead(colleague: SandboxOrg, name: str) -> str:
    return colleague.create("Lead", LastName=name, Company="Some Company")


@pytest.mark.real_org
def test_members_are_added_moved_and_removed_and_read_back(
    colleague: SandboxOrg, org: SalesforceOrg, campaign: str, writes: Write
) -> None:
    people = [
        lead(colleague, "Adds"),
        lead(colleague, "Moves"),
        colleague.create("Contact", LastName="Leaves"),
    ]
    added = written(org, campaign, writes(*((who, "Registered", None) for who in people)))
    assert added.outcomes.schema == dict(MEMBER_OUTCOMES)
    assert added.members.schema == dict(CAMPAIGN_MEMBERS)
    assert added.outcomes["found"].to_list() == ["Registered"] * 3
    assert added.outcomes["code"].null_count() == 3
    ids = dict(added.outcomes.select("person_id", "campaign_member_id").rows())
    second = written(
        org,
        campaign,
        writes((people[0], "Registered", ids[1]), (people[1], "Attended", ids[2]), (people[2], None, ids[3])),
    )
    assert second.outcomes.sort("person_id").select("wanted", "found", "code", "known").rows() == [
        ("Registered", "Registered", None, True),
        ("Attended", "Attended", None, True),
        (None, None, None, True),
    ]
    assert second.members.filter(id=ids[2])["has_responded"].to_list() == [True]
    for who in people:
        colleague.delete("Contact" if who.startswith("003") else "Lead", who)


def test_400_new_rows_are_one_call_and_200_of_any_other_kind(
    sandbox: SandboxOrg, org: SalesforceOrg, campaign: str, writes: Write
) -> None:
    """S2.2.7, S2.2.8: collections and the query that reads them back ride in one composite call."""
    sandbox.control("POST", "/sandbox/seed", {"crowd": {"leads": 250, "contacts": 200, "campaigns": 0}})
    everybody = [row["Id"] for kind in ("Lead", "Contact") for row in sandbox.query(f"SELECT Id FROM {kind}")]
    batches = list(
        org.write_members(campaign, writes(*((who, "Invited", None) for who in everybody)), unnoted)
    )
    assert [batch.outcomes.height for batch in batches] == [400, 50]
    assert org.api_calls == 2
    assert {status for batch in batches for status in batch.outcomes["found"]} == {"Invited"}
    ids = [each for batch in batches for each in batch.outcomes["campaign_member_id"]]
    gone = written(
        org, campaign, writes(*((who, None, each) for who, each in zip(everybody, ids, strict=True)))
    )
    assert org.api_calls == 5
    assert gone.outcomes["found"].null_count() == 450
    assert gone.outcomes["code"].null_count() == 450


def test_an_unknown_status_is_stored_as_the_default_and_the_outcome_says_so(
    sandbox: SandboxOrg, org: SalesforceOrg, campaign: str, writes: Write
) -> None:
    """S0.2: Salesforce says success and stores something else."""
    outcome = written(org, campaign, writes((lead(sandbox, "A"), "Invented", None))).outcomes
    assert outcome.select("wanted", "found", "code").rows() == [("Invented", "Invited", None)]


def test_whoever_is_a_member_already_is_refused_and_the_row_that_is_there_is_told(
    sandbox: SandboxOrg, org: SalesforceOrg, campaign: str, writes: Write
) -> None:
    """S0.4: the message does not hold the row's id."""
    there = sandbox.add_lead(campaign, "there@mail.example", "Attended")
    outcomes = written(
        org, campaign, writes((there, "Invited", None), (lead(sandbox, "New"), "Invited", None))
    ).outcomes
    assert outcomes.select("found", "code", "message", "retriable").rows() == [
        ("Attended", "DUPLICATE_VALUE", "Already a campaign member.", False),
        ("Invited", None, None, False),
    ]
    assert outcomes["campaign_member_id"][0] == sandbox.member_id(campaign, "there@mail.example")


def test_removing_who_is_gone_already_is_done(
    sandbox: SandboxOrg, org: SalesforceOrg, campaign: str, writes: Write
) -> None:
    """S0.1: what was wanted is so, whoever did it."""
    who = sandbox.add_lead(campaign, "gone@mail.example", "Invited")
    member = sandbox.member_id(campaign, "gone@mail.example")
    sandbox.delete("CampaignMember", member)
    outcome = written(org, campaign, writes((who, None, member))).outcomes
    assert outcome.select("wanted", "found", "code", "known").rows() == [(None, None, None, True)]


def test_moving_who_is_gone_is_refused_in_salesforces_words(
    sandbox: SandboxOrg, org: SalesforceOrg, campaign: str, writes: Write
) -> None:
    who = sandbox.add_lead(campaign, "gone@mail.example", "Invited")
    member = sandbox.member_id(campaign, "gone@mail.example")
    sandbox.delete("CampaignMember", member)
    outcome = written(org, campaign, writes((who, "Attended", member))).outcomes
    assert outcome["found"].to_list() == [None]
    assert outcome["code"].null_count() == 0
    assert outcome["known"].to_list() == [True]


def test_who_was_removed_and_added_anew_meanwhile_is_told_as_a_member(
    sandbox: SandboxOrg, org: SalesforceOrg, campaign: str, writes: Write
) -> None:
    """Reading back by the row alone would take somebody's new row for an absence."""
    who = sandbox.add_lead(campaign, "back@mail.example", "Invited")
    old = sandbox.member_id(campaign, "back@mail.example")
    sandbox.delete("CampaignMember", old)
    sandbox.create("CampaignMember", CampaignId=campaign, LeadId=who, Status="Attended")
    outcome = written(org, campaign, writes((who, None, old))).outcomes
    assert outcome["found"].to_list() == ["Attended"]
    assert outcome["campaign_member_id"].to_list() != [old]


def test_a_converted_leads_row_is_found_by_the_lead_and_by_the_contact(
    sandbox: SandboxOrg, org: SalesforceOrg, writes: Write
) -> None:
    """S1.3.7: one row that bears both."""
    document = {
        "records": [
            {"type": "Campaign", "name": "c", "Name": "C"},
            {"type": "Lead", "name": "l", "LastName": "L", "Company": "C"},
            {"type": "CampaignMember", "name": "m", "CampaignId": "@c", "LeadId": "@l", "Status": "Sent"},
        ],
        "conversions": ["l"],
    }
    made = sandbox.control("POST", "/sandbox/seed", document)
    (row,) = sandbox.query("SELECT LeadId, ContactId FROM CampaignMember")
    assert row["LeadId"]
    for who in (row["LeadId"], row["ContactId"]):
        outcome = written(org, made["c"], writes((who, "Responded", made["m"]))).outcomes
        assert outcome.select("found", "code").rows() == [("Responded", None)]
    again = written(org, made["c"], writes((row["LeadId"], "Sent", None))).outcomes
    assert again["found"].to_list() == ["Responded"]


def test_a_row_that_is_locked_is_refused_for_now_and_the_others_are_written(
    sandbox: SandboxOrg, org: SalesforceOrg, campaign: str, writes: Write
) -> None:
    """S2.2.11."""
    for name in ("a", "b"):
        sandbox.add_lead(campaign, f"{name}@mail.example", "Invited")
    members = [sandbox.member_id(campaign, f"{name}@mail.example") for name in ("a", "b")]
    people = [row["LeadId"] for row in sandbox.query("SELECT LeadId FROM CampaignMember ORDER BY Id")]
    sandbox.control("POST", "/sandbox/locks", {"ids": [members[0]]})
    outcomes = written(
        org, campaign, writes(*((who, "Attended", each) for who, each in zip(people, members, strict=True)))
    ).outcomes
    assert outcomes.select("found", "code", "retriable").rows() == [
        ("Invited", "UNABLE_TO_LOCK_ROW", True),
        ("Attended", None, False),
    ]
    sandbox.control("DELETE", "/sandbox/locks")


def test_a_missing_right_on_members_refuses_each_row(
    sandbox: SandboxOrg, org: SalesforceOrg, campaign: str, writes: Write
) -> None:
    """S1.5.3."""
    who = lead(sandbox, "A")
    sandbox.control("POST", "/sandbox/seed", {"denied_objects": [["*", "CampaignMember", "create"]]})
    outcome = written(org, campaign, writes((who, "Invited", None))).outcomes
    assert outcome.select("found", "retriable", "known").rows() == [(None, False, True)]
    assert outcome["code"].null_count() == 0


def fault(sandbox: SandboxOrg, action: dict[str, object], **match: object) -> None:
    rule = {"match": {"path": "/composite", **match}, "action": action}
    sandbox.control("POST", "/sandbox/faults", {"rules": [rule]})


@pytest.mark.parametrize("action", [{"drop": "after"}, {"drop": "before"}, {"status": 503}, {"status": 502}])
def test_a_call_whose_answer_never_came_is_unknown_and_the_next_goes_on(
    sandbox: SandboxOrg, org: SalesforceOrg, campaign: str, writes: Write, action: dict[str, object]
) -> None:
    """S2.2.12: whether it was done nobody can say; it is never sent again here."""
    people = [lead(sandbox, str(number)) for number in range(3)]
    added = written(org, campaign, writes((people[0], "Invited", None)))
    member = added.outcomes["campaign_member_id"][0]
    fault(sandbox, action, nth=1)
    rows = writes(
        (people[1], "Registered", None), (people[2], "Registered", None), (people[0], "Attended", member)
    )
    unknown, known = org.write_members(campaign, rows, unnoted)
    assert unknown.outcomes.select("wanted", "found", "known").rows() == [("Registered", None, False)] * 2
    assert unknown.members.is_empty()
    assert known.outcomes.select("found", "known").rows() == [("Attended", True)]
    done = 3 if action == {"drop": "after"} else 1
    assert len(sandbox.query("SELECT Id FROM CampaignMember")) == done


@pytest.mark.parametrize(
    ("action", "error"),
    [
        ({"limit_reached": True}, RetryableError),
        ({"status": 429}, RetryableError),
        ({"error": {"status": 503, "code": "SERVER_UNAVAILABLE"}}, RetryableError),
        ({"error": {"status": 403, "code": "STORAGE_LIMIT_EXCEEDED"}}, HaltError),
        ({"error": {"status": 403, "code": "API_DISABLED_FOR_ORG"}}, UsageError),
    ],
)
def test_what_concerns_every_call_is_raised_after_what_is_done_was_told(
    sandbox: SandboxOrg,
    org: SalesforceOrg,
    campaign: str,
    writes: Write,
    action: dict[str, object],
    error: type[Exception],
) -> None:
    who = lead(sandbox, "A")
    member = written(org, campaign, writes((who, "Invited", None))).outcomes["campaign_member_id"][0]
    fault(sandbox, action, nth=2)
    batches = org.write_members(
        campaign, writes((lead(sandbox, "B"), "Invited", None), (who, "Attended", member)), unnoted
    )
    assert next(batches).outcomes["found"].to_list() == ["Invited"]
    with pytest.raises(error):
        next(batches)
