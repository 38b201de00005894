"""Whoever is converted, merged, deleted or undeleted in Salesforce keeps the memberships, and nobody becomes two (M7.7–M7.9).

What nobody outside Salesforce has verified is a switch of the sandbox (S1.3.6–S1.3.8); each story holds under every answer.
"""

from __future__ import annotations

import pytest

from campaignsync.store.frames import rows
from desk import Desk

ACCOUNT = {"Name": "Northwind"}


def people() -> list[str]:
    """Everybody we know, by address."""
    found = rows("SELECT email FROM store_person WHERE merged_into_id IS NULL ORDER BY email NULLS LAST, id")
    return [row["email"] for row in found]


def who(desk: Desk, name: str) -> tuple[str, str, str]:
    """What a member of the program is in Salesforce: kind, id, status."""
    row = next(row for row in desk.members() if row["email"] == f"{name}@example.com")
    return row["kind"], row["salesforce_id"], row["status"]


def noted(desk: Desk, name: str) -> list[str]:
    """What the journal says became of a person."""
    entries = desk.app.views.journal(None, email=f"{name}@example.com", limit=100)
    return [row["why"] for row in entries if row["noun"] == "person"]


def quiet(desk: Desk) -> None:
    """A round that has nothing to do, after rounds that may have had."""
    desk.sync()
    report = desk.sync()
    assert (report.program_changes, report.campaign_changes, report.refused, report.unknown) == (0, 0, 0, 0)
    assert desk.app.views.problems(None) == []


def contact(desk: Desk, name: str) -> str:
    account = desk.org.create("Account", **ACCOUNT)
    return desk.org.create("Contact", LastName=name.title(), Email=f"{name}@example.com", AccountId=account)


def lead_of(desk: Desk, name: str) -> str:
    return str(desk.org.query(f"SELECT Id FROM Lead WHERE Email = '{name}@example.com'")[0]["Id"])


def look_and_die(desk: Desk) -> None:
    """A process that mirrors what it sees and lives no longer."""
    ledger, connection = desk.app.ledger, desk.connection.connection_id
    ledger.mirror(connection, desk.app.door(desk.connection).changes_since(ledger.cursor(connection)))


@pytest.mark.parametrize("dies", [False, True])
@pytest.mark.parametrize("keeps", [True, False])
def test_a_converted_lead_is_the_same_member_as_a_contact(desk: Desk, keeps: bool, dies: bool) -> None:
    """M7.7, S1.3.7."""
    desk.org.switch(conversion_keeps_lead_id=keeps)
    desk.give(ada="Registered", ben="Invited")
    desk.link()
    desk.sync()
    became = desk.org.convert(lead_of(desk, "ada"))
    if dies:
        look_and_die(desk)
    quiet(desk)
    assert who(desk, "ada") == ("contact", became, "Registered")
    assert desk.equal() == {"ada@example.com": "Registered", "ben@example.com": "Invited"}
    assert people() == ["ada@example.com", "ben@example.com"]
    assert noted(desk, "ada") == ["converted in Salesforce"]
    desk.give(ada="Attended")
    quiet(desk)
    assert desk.there()["ada@example.com"] == "Attended"


def test_a_lead_that_is_converted_before_its_first_sync_is_found_as_the_contact(desk: Desk) -> None:
    """M7.3, M7.7."""
    campaign = desk.org.webinar()
    became = desk.org.convert(desk.org.add_lead(campaign, "ada@example.com", "Registered"))
    other = desk.org.convert(
        desk.org.create("Lead", LastName="Bell", Company="Bell", Email="ben@example.com")
    )
    desk.give(ben="Invited")
    desk.link(campaign)
    quiet(desk)
    assert (who(desk, "ada"), who(desk, "ben")) == (
        ("contact", became, "Registered"),
        ("contact", other, "Invited"),
    )
    assert people() == ["ada@example.com", "ben@example.com"]


def test_a_conversion_outside_the_linked_campaigns_is_followed_too(desk: Desk) -> None:
    """M7.7: whoever comes back to the program later is found, not made."""
    desk.give(ada="Registered")
    desk.link()
    desk.sync()
    desk.app.members.remove(desk.program, "ada@example.com", who="ada")
    desk.sync()
    became = desk.org.convert(lead_of(desk, "ada"))
    desk.sync()
    desk.give(ada="Invited")
    quiet(desk)
    assert who(desk, "ada") == ("contact", became, "Invited")
    assert desk.equal() == {"ada@example.com": "Invited"}
    assert len(desk.org.query("SELECT Id FROM Lead")) == 1


@pytest.mark.parametrize("further", ["lead", "contact"])
@pytest.mark.parametrize("rows_of_two", ["both rows stay", "the lead's row vanishes"])
@pytest.mark.parametrize("keeps", [True, False])
def test_a_lead_converted_into_a_contact_who_is_a_member_too_makes_one_member_of_two(
    desk: Desk, keeps: bool, rows_of_two: str, further: str
) -> None:
    """M7.7, M7.8, S1.3.7: the further status, and no removal."""
    desk.org.switch(conversion_keeps_lead_id=keeps, conversion_of_two_members=rows_of_two)
    campaign = desk.org.webinar()
    lead = desk.org.add_lead(
        campaign, "ada@example.com", "Attended" if further == "lead" else "Invited", Phone="555"
    )
    into = contact(desk, "ada.l")
    desk.org.create(
        "CampaignMember",
        CampaignId=campaign,
        ContactId=into,
        Status="Invited" if further == "lead" else "Attended",
    )
    desk.link(campaign)
    desk.sync()
    assert len(desk.here()) == 2
    desk.org.convert(lead, into)
    quiet(desk)
    assert who(desk, "ada.l") == ("contact", into, "Attended")
    assert people() == ["ada.l@example.com"]
    assert desk.here() == {"ada.l@example.com": "Attended"}
    row = desk.org.query(f"SELECT Status FROM CampaignMember WHERE ContactId = '{into}'")
    assert [each["Status"] for each in row] == ["Attended"]
    person = rows("SELECT last_name, phone FROM store_person WHERE merged_into_id IS NULL")
    assert person == [{"last_name": "Ada.L", "phone": "555"}]


@pytest.mark.parametrize("dies", [False, True])
@pytest.mark.parametrize("further", ["winner", "loser"])
@pytest.mark.parametrize("stays", ["older", "newer"])
def test_merged_leads_are_one_member_with_the_further_status(
    desk: Desk, stays: str, further: str, dies: bool
) -> None:
    """M7.8, S1.3.8: that one of two rows vanishes is no removal, whichever it is."""
    desk.org.switch(merge_keeps_member=stays)
    statuses = ("Attended", "Invited") if further == "winner" else ("Invited", "Attended")
    campaign = desk.org.webinar()
    winner = desk.org.add_lead(campaign, "ada@example.com", statuses[0])
    loser = desk.org.add_lead(campaign, "ada.l@example.com", statuses[1], Title="Chief")
    desk.link(campaign)
    desk.sync()
    desk.org.merge("Lead", winner, loser)
    if dies:
        look_and_die(desk)
    quiet(desk)
    assert desk.equal() == {"ada@example.com": "Attended"}
    assert who(desk, "ada") == ("lead", winner, "Attended")
    assert people() == ["ada@example.com"]
    assert rows("SELECT title FROM store_person WHERE email = 'ada@example.com'") == [{"title": "Chief"}]
    assert "merged in Salesforce" in noted(desk, "ada")


def test_the_past_of_a_merged_person_is_told_under_the_one_they_became(desk: Desk) -> None:
    """M7.8: activities join; success and the earliest date stay."""
    campaign = desk.org.webinar()
    winner = desk.org.add_lead(campaign, "ada@example.com", "Invited")
    loser = desk.org.add_lead(campaign, "ada.l@example.com", "Attended")
    desk.link(campaign)
    desk.sync()
    first = {row["email"]: row for row in desk.members()}
    desk.org.merge("Lead", winner, loser)
    quiet(desk)
    (after,) = desk.members()
    assert after["reached_success"] == first["ada.l@example.com"]["reached_success"]
    assert after["member_since"] == min(row["member_since"] for row in first.values())
    told = [
        (row["old"], row["new"]) for row in desk.app.views.journal(None, email="ada@example.com", limit=99)
    ]
    assert (None, "Attended") in told
    assert (None, "Invited") in told


def test_a_lead_merged_into_one_that_was_never_ours_takes_the_membership_along(desk: Desk) -> None:
    """M7.8."""
    desk.give(ada="Registered")
    desk.link()
    desk.sync()
    winner = desk.org.create("Lead", LastName="Lindqvist", Company="Elsewhere", Email="a.l@example.com")
    desk.org.merge("Lead", winner, lead_of(desk, "ada"))
    quiet(desk)
    assert [row["salesforce_id"] for row in desk.members()] == [winner]
    assert len(desk.org.query("SELECT Id FROM CampaignMember")) == 1
    assert len(people()) == 1


def test_a_chain_of_merges_and_a_conversion_between_two_looks_ends_at_the_last_record(desk: Desk) -> None:
    """M7.7, M7.8."""
    desk.give(ada="Registered", ben="Invited", cora="No Show")
    desk.link()
    desk.sync()
    ada, ben, cora = (lead_of(desk, name) for name in ("ada", "ben", "cora"))
    desk.org.merge("Lead", ben, ada)
    became = desk.org.convert(ben)
    last = contact(desk, "cora.n")
    desk.org.merge("Contact", last, became)
    desk.org.convert(cora, last)
    quiet(desk)
    assert [row["salesforce_id"] for row in desk.members()] == [last]
    assert len(people()) == 1
    assert list(desk.here().values()) == ["No Show"]


@pytest.mark.parametrize("dies", [False, True])
@pytest.mark.parametrize("restores", [True, False])
def test_a_deleted_person_stays_in_the_program_and_an_undeleted_one_is_joined_again(
    desk: Desk, restores: bool, dies: bool
) -> None:
    """M7.9, S1.3.6."""
    desk.org.switch(person_undelete_restores_members=restores)
    desk.give(ada="Registered", ben="Invited")
    desk.link()
    desk.sync()
    ada = lead_of(desk, "ada")
    desk.org.delete("Lead", ada)
    if dies:
        look_and_die(desk)
    quiet(desk)
    assert desk.here() == {"ada@example.com": "Registered", "ben@example.com": "Invited"}
    assert desk.there() == {"ben@example.com": "Invited"}
    assert len(desk.org.query("SELECT Id FROM Lead")) == 1
    assert {row["email"]: row["deleted"] for row in desk.members()} == {
        "ada@example.com": True,
        "ben@example.com": False,
    }
    assert noted(desk, "ada") == ["deleted in Salesforce"]
    gone = [
        row
        for row in desk.app.views.journal(desk.program, email="ada@example.com", limit=9)
        if row["new"] is None
    ]
    assert {row["why"] for row in gone if row["noun"] == "member"} == {"went with the person in Salesforce"}
    desk.give(ada="Attended")
    quiet(desk)
    desk.org.undelete(ada)
    quiet(desk)
    assert desk.equal() == {"ada@example.com": "Attended", "ben@example.com": "Invited"}
    assert who(desk, "ada") == ("lead", ada, "Attended")
    assert noted(desk, "ada") == ["deleted in Salesforce", "undeleted in Salesforce"]


def test_whoever_left_the_program_while_deleted_leaves_the_campaign_when_undeleted(desk: Desk) -> None:
    """M6.4, M7.9."""
    desk.give(ada="Registered", ben="Invited")
    desk.link()
    desk.sync()
    ada = lead_of(desk, "ada")
    desk.org.delete("Lead", ada)
    desk.sync()
    desk.app.members.remove(desk.program, "ada@example.com", who="ada")
    quiet(desk)
    desk.org.undelete(ada)
    quiet(desk)
    assert desk.equal() == {"ben@example.com": "Invited"}


def test_somebody_who_is_gone_even_from_the_recycle_bin_is_no_removal_either(desk: Desk) -> None:
    """M7.9: nothing is left there that says so."""
    desk.give(ada="Registered", ben="Invited")
    desk.link()
    desk.sync()
    ada = lead_of(desk, "ada")
    desk.org.delete("Lead", ada)
    desk.org.soap("emptyRecycleBin", f"<u:ids>{ada}</u:ids>")
    quiet(desk)
    assert desk.here() == {"ada@example.com": "Registered", "ben@example.com": "Invited"}
    assert noted(desk, "ada") == ["deleted in Salesforce"]


def test_an_ordinary_removal_beside_a_deletion_is_still_a_removal(desk: Desk) -> None:
    """M6.4."""
    desk.give(ada="Registered", ben="Invited", cora="Invited")
    desk.link()
    desk.sync()
    desk.org.delete("Lead", lead_of(desk, "ada"))
    desk.org.delete("CampaignMember", desk.org.member_id(desk.campaign, "ben@example.com"))
    quiet(desk)
    assert desk.here() == {"ada@example.com": "Registered", "cora@example.com": "Invited"}


def test_a_deleted_contact_is_followed_like_a_lead(desk: Desk) -> None:
    """M7.9."""
    ada = contact(desk, "ada")
    desk.give(ada="Registered", ben="Invited")
    desk.link()
    desk.sync()
    desk.org.delete("Contact", ada)
    quiet(desk)
    assert desk.here() == {"ada@example.com": "Registered", "ben@example.com": "Invited"}
    desk.org.undelete(ada)
    quiet(desk)
    assert desk.equal() == {"ada@example.com": "Registered", "ben@example.com": "Invited"}
    assert desk.org.query("SELECT Id FROM Lead WHERE Email = 'ada@example.com'") == []
