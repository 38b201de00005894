"""Every open question of the contract (its rules marked [?]) has a switch, and every answer makes a difference that clients see.

An answer is chosen in a seed and by the control endpoint, each in an org of its own; both orgs must show the same, and no two
answers may.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from salesforce_sandbox.org.switches import SWITCHES
from sandbox.test_soap import converted, soap

# Where the contract says [?], and which switches stand for it. What is merely the choice of an org's admin is not among them.
OPEN = {
    "S1.1.6": {"campaign_cycle_error", "campaign_levels"},
    "S1.1.7": {"rollups_bump_campaign"},
    "S1.1.8": {"campaign_undelete_restores_members"},
    "S1.2": {"member_status_key_prefix"},
    "S1.2.5": {"status_delete_error"},
    "S1.2.6": {"second_default_status"},
    "S1.2.8": {"rename_cascades"},
    "S1.3.3": {"first_responded_cleared"},
    "S1.3.4": {"member_upsert"},
    "S1.3.5": {"removed_members_listed"},
    "S1.3.6": {"person_undelete_restores_members"},
    "S1.3.7": {"conversion_keeps_lead_id", "conversion_of_two_members"},
    "S2.1.2": {"bulk1_session_status"},
    "S2.2.3": {"method_tunnelling"},
    "S2.2.7": {"ten_type_chunks"},
    "S2.2.10": {"concurrency_message"},
}
LEAD = {"LastName": "Ash", "Company": "C", "Email": "ash@one.example"}
KEY = {"object": "CampaignMember", "name": "Key__c", "type": "string(40)", "flags": "cunpxq"}


def said(answer: Any) -> object:
    """What matters of an answer: its status, and the codes and words of what is refused."""
    body = answer.json() if answer.content else []
    errors = [each for each in body if isinstance(each, dict)] if isinstance(body, list) else []
    inner = [error for each in errors for error in each.get("errors", [])]
    return answer.status_code, sorted(str(e.get("errorCode") or e.get("statusCode")) for e in inner or errors)


def member_of(admin: Any, campaign: str, **values: Any) -> str:
    lead = admin.create("Lead", **(LEAD | {"Email": None}))
    return str(admin.create("CampaignMember", CampaignId=campaign, LeadId=lead, **values))


def chain(admin: Any, levels: int) -> list[str]:
    made: list[str] = []
    for _ in range(levels):
        answer = admin.call(
            "POST", "/sobjects/Campaign", {"Name": "C", "ParentId": made[-1] if made else None}
        )
        if answer.status_code != 201:
            break
        made.append(answer.json()["id"])
    return made


def cycle(admin: Any) -> object:
    top, below = chain(admin, 2)
    return said(admin.call("PATCH", f"/sobjects/Campaign/{top}", {"ParentId": below}))


def levels(admin: Any) -> object:
    return len(chain(admin, 12))


def campaign_type(admin: Any) -> object:
    return said(admin.call("POST", "/sobjects/Campaign", {"Name": "C", "Type": "Picnic"}))


def bump(admin: Any) -> object:
    campaign = admin.create("Campaign", Name="C")
    admin.control("POST", "clock", {"advance_s": 60})
    member_of(admin, campaign)
    found = admin.one("SELECT SystemModstamp, LastModifiedDate FROM Campaign")
    return found["SystemModstamp"] == found["LastModifiedDate"]


def back_with(admin: Any, sobject: str) -> object:
    campaign = admin.create("Campaign", Name="C")
    member_of(admin, campaign)
    parent = campaign if sobject == "Campaign" else admin.one("SELECT Id FROM Lead")["Id"]
    admin.delete(sobject, parent)
    soap(admin, "undelete", f"<urn:ids>{parent}</urn:ids>")
    return len(admin.query("SELECT Id FROM CampaignMember"))


def deleting_a_status(admin: Any) -> object:
    sent = admin.status_row(admin.create("Campaign", Name="C"), "Sent")
    return said(admin.call("DELETE", f"/sobjects/CampaignMemberStatus/{sent}"))


def second_default(admin: Any) -> object:
    responded = admin.status_row(admin.create("Campaign", Name="C"), "Responded")
    return said(admin.call("PATCH", f"/sobjects/CampaignMemberStatus/{responded}", {"IsDefault": True}))


def renaming(admin: Any) -> object:
    campaign = admin.create("Campaign", Name="C")
    member_of(admin, campaign)
    admin.change("CampaignMemberStatus", admin.status_row(campaign, "Sent"), Label="Mailed")
    return admin.one("SELECT Status FROM CampaignMember")


def no_longer_responding(admin: Any) -> object:
    member = member_of(admin, admin.create("Campaign", Name="C"), Status="Responded")
    admin.change("CampaignMember", member, Status="Sent")
    return admin.one("SELECT FirstRespondedDate FROM CampaignMember")["FirstRespondedDate"] is None


def upserting(admin: Any) -> object:
    admin.control("POST", "seed", {"fields": [KEY]})
    campaign, lead = admin.create("Campaign", Name="C"), admin.create("Lead", **LEAD)
    row = {"CampaignId": campaign, "LeadId": lead}
    return said(admin.call("PATCH", "/sobjects/CampaignMember/Key__c/1", row))


def removing(admin: Any) -> object:
    admin.delete("CampaignMember", member_of(admin, admin.create("Campaign", Name="C")))
    now = datetime.fromisoformat(admin.control("GET", "clock")["now"])
    window = {"start": now - timedelta(minutes=5), "end": now + timedelta(minutes=5)}
    params = {name: at.isoformat() for name, at in window.items()}
    answer = admin.call("GET", "/sobjects/CampaignMember/deleted", params=params)
    return len(answer.json()["deletedRecords"])


def converting(admin: Any) -> object:
    member_of(admin, admin.create("Campaign", Name="C"))
    converted(admin, admin.one("SELECT Id FROM Lead")["Id"])
    return admin.one("SELECT LeadId FROM CampaignMember")["LeadId"] is None


def converting_into_a_member(admin: Any) -> object:
    campaign = admin.create("Campaign", Name="C")
    member_of(admin, campaign)
    account = admin.create("Account", Name="A")
    contact = admin.create("Contact", LastName="Ash", AccountId=account)
    admin.create("CampaignMember", CampaignId=campaign, ContactId=contact)
    converted(admin, admin.one("SELECT Id FROM Lead")["Id"], accountId=account, contactId=contact)
    return len(admin.query("SELECT Id FROM CampaignMember"))


def merging(admin: Any) -> object:
    campaign = admin.create("Campaign", Name="C")
    winner, loser = (admin.create("Contact", LastName=name) for name in ("Ash", "Birch"))
    for status, contact in (("Sent", loser), ("Responded", winner)):
        admin.create("CampaignMember", CampaignId=campaign, ContactId=contact, Status=status)
    record = f"<urn:masterRecord><type>Contact</type><Id>{winner}</Id></urn:masterRecord>"
    merged = f"<urn:recordToMergeIds>{loser}</urn:recordToMergeIds>"
    soap(admin, "merge", f"<urn:request>{record}{merged}</urn:request>")
    return admin.one("SELECT Status FROM CampaignMember")


def opting_out(admin: Any) -> object:
    return said(admin.call("GET", "/query", params={"q": "SELECT HasOptedOutOfEmail FROM Lead"}))


def places(admin: Any) -> object:
    return said(admin.call("POST", "/sobjects/Lead", LEAD | {"Country": "Germany"}))


def tunnelling(admin: Any) -> object:
    return said(
        admin.call("POST", f"/sobjects/Lead/{admin.create('Lead', **LEAD)}?_HttpMethod=PATCH", {"Title": "T"})
    )


def misfit(admin: Any) -> object:
    row = {"attributes": {"type": "Lead"}, "Nickname": "Ash"}
    return said(admin.call("POST", "/composite/sobjects", {"records": [row]}))


def chunks(admin: Any) -> object:
    rows = [
        {"attributes": {"type": kind}, "LastName": "A", "Company": "C"} for kind in ("Lead", "Contact") * 6
    ]
    for row in rows[1::2]:
        del row["Company"]
    return said(admin.call("POST", "/composite/sobjects", {"records": rows}))[0]  # type: ignore[index]


def concurrency(admin: Any) -> object:
    admin.control("POST", "limits", {"most_long_requests": 0})
    return admin.refused("GET", "/limits")


def lost_session(admin: Any) -> object:
    url = f"{admin.url}/services/async/60.0/job/750000000000000AAA"
    return admin.http.get(url, headers={"X-SFDC-Session": "x", "Authorization": ""}).status_code


def copies(admin: Any) -> object:
    member_of(admin, admin.create("Campaign", Name="C"))
    return said(admin.call("GET", "/query", params={"q": "SELECT LastName, Email FROM CampaignMember"}))


def second_of_a_kind(admin: Any) -> object:
    admin.create("Lead", **LEAD)
    return said(admin.call("POST", "/sobjects/Lead", LEAD))


def currencies(admin: Any) -> object:
    return said(admin.call("GET", "/sobjects/CurrencyType"))


def accounts(admin: Any) -> object:
    row = {"CampaignId": admin.create("Campaign", Name="C"), "AccountId": admin.create("Account", Name="A")}
    return said(admin.call("POST", "/sobjects/CampaignMember", row))


def status_ids(admin: Any) -> object:
    return admin.status_row(admin.create("Campaign", Name="C"), "Sent")[:3]


def fifty_statuses(admin: Any) -> object:
    campaign = admin.create("Campaign", Name="C")
    rows = [
        {"attributes": {"type": "CampaignMemberStatus"}, "CampaignId": campaign, "Label": f"L{number}"}
        for number in range(49)
    ]
    return said(admin.call("POST", "/composite/sobjects", {"records": rows}))


SEEN: dict[str, Callable[[Any], object]] = {
    "accounts_as_members": accounts,
    "bulk1_session_status": lost_session,
    "campaign_cycle_error": cycle,
    "campaign_levels": levels,
    "campaign_type_restricted": campaign_type,
    "campaign_undelete_restores_members": lambda admin: back_with(admin, "Campaign"),
    "concurrency_message": concurrency,
    "conversion_keeps_lead_id": converting,
    "conversion_of_two_members": converting_into_a_member,
    "duplicate_rules_active": second_of_a_kind,
    "email_opt_out_visible": opting_out,
    "first_responded_cleared": no_longer_responding,
    "member_copies_readable": copies,
    "member_status_key_prefix": status_ids,
    "member_upsert": upserting,
    "merge_keeps_member": merging,
    "method_tunnelling": tunnelling,
    "misfit_fails_call": misfit,
    "person_undelete_restores_members": lambda admin: back_with(admin, "Lead"),
    "removed_members_listed": removing,
    "rename_cascades": renaming,
    "rollups_bump_campaign": bump,
    "second_default_status": second_default,
    "several_currencies": currencies,
    "state_country_picklists": places,
    "status_delete_error": deleting_a_status,
    "status_limit": fifty_statuses,
    "ten_type_chunks": chunks,
}


def test_every_open_question_of_the_contract_has_its_switch() -> None:
    named = {(switch.rule, switch.name) for switch in SWITCHES}
    assert {(rule, name) for rule, names in OPEN.items() for name in names} - named == set()
    assert set(SEEN) == {switch.name for switch in SWITCHES}
    assert all(len(set(switch.answers)) > 1 for switch in SWITCHES)


@pytest.mark.parametrize("switch", SWITCHES, ids=lambda switch: switch.name)
def test_every_answer_makes_a_difference_however_it_is_chosen(admin: Any, sandbox: Any, switch: Any) -> None:
    seen = []
    for answer in switch.answers:
        chosen = {switch.name: answer}
        for path, body in (("seed", {"switches": chosen}), ("switches", chosen)):
            sandbox.reset(("org", "switches"))
            admin.control("POST", path, body)
            seen.append(SEEN[switch.name](admin))
    by_seed, by_control = seen[::2], seen[1::2]
    assert by_seed == by_control
    assert len({str(each) for each in by_seed}) == len(switch.answers)
