"""What holds of a program and its link as such: the switch, shared steps, success, the end of a link, costs (M1–M6)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from campaignsync.domain.errors import UsageError
from campaignsync.domain.programs import PeriodCost
from desk import Desk
from terminal import Terminal


@pytest.fixture
def terminal(desk: Desk) -> Terminal:
    return Terminal(desk.app)


def move_there(desk: Desk, email: str, status: str) -> None:
    desk.org.update("CampaignMember", desk.org.member_id(desk.campaign, email), Status=status)


def test_a_switch_that_is_off_keeps_everything_closed(desk: Desk, terminal: Terminal) -> None:
    """M3.1, M3.2."""
    terminal("connect", "org", "--no-campaign-sync")
    for asked in (
        ("campaigns",),
        ("link", desk.program, "--create", "Spring"),
        ("link", desk.program, "--campaign", "701000000000001AAA"),
    ):
        with pytest.raises(UsageError, match="Campaign sync is switched off for connection 'org'"):
            terminal(*asked)
    assert desk.org.query("SELECT Id FROM Campaign") == []


def test_without_the_marketing_user_no_campaign_is_made_and_nothing_is_linked(desk: Desk) -> None:
    """M3.2, S0.6."""
    user = desk.org.query("SELECT Id FROM User")[0]["Id"]
    desk.org.update("User", user, UserPermissionsMarketingUser=False)
    with pytest.raises(UsageError, match=r"must be a Marketing User .S0.6.. See: campaignsync doctor"):
        desk.link()
    with pytest.raises(UsageError, match="is not linked"):
        desk.app.registry.link_of(desk.program)


def test_statuses_of_one_step_alternate_on_either_side(desk: Desk) -> None:
    """M1.2, M2.2: Registered and Waitlisted of a live event share a step."""
    desk.program = "Roadshow"
    desk.app.registry.create_program("Roadshow", "Live Event", {})
    desk.give(ada="Registered")
    desk.link()
    desk.sync()
    for status in ("Waitlisted", "Registered"):
        move_there(desk, "ada@example.com", status)
        desk.sync()
        assert desk.equal() == {"ada@example.com": status}
    desk.give(ada="Waitlisted")
    desk.sync()
    assert desk.equal() == {"ada@example.com": "Waitlisted"}


def test_a_success_flag_that_is_changed_later_changes_nobodys_past(
    desk: Desk, terminal: Terminal, tmp_path: Path
) -> None:
    """M2.7, M1.4: who reached success keeps it, who stood elsewhere gets none by it."""
    desk.give(ada="Attended", ben="No Show")
    file = tmp_path / "flags.yaml"
    file.write_text(
        "campaignsync: 1\nchannels:\n  Webinar:\n    statuses:\n"
        "      Attended: {success: false}\n      No Show: {success: true}\n"
    )
    terminal("config", "apply", str(file), "--yes")
    reached = {row["email"]: row["reached_success"] is not None for row in desk.members()}
    assert reached == {"ada@example.com": True, "ben@example.com": False}
    desk.give(cora="No Show", dan="Attended")
    reached = {row["email"]: row["reached_success"] is not None for row in desk.members()}
    assert (reached["cora@example.com"], reached["dan@example.com"]) == (True, False)


def test_whether_a_member_responded_follows_the_status_and_is_never_ours_to_write(desk: Desk) -> None:
    """M6.7, S0.5: a flag that is flipped on the status row moves all its members, and nothing has to be done."""
    desk.give(ada="Attended", ben="Registered")
    desk.link()
    desk.sync()
    found = desk.org.query("SELECT Status, HasResponded FROM CampaignMember ORDER BY Status")
    assert [(row["Status"], row["HasResponded"]) for row in found] == [
        ("Attended", True),
        ("Registered", False),
    ]
    (status,) = desk.org.query("SELECT Id FROM CampaignMemberStatus WHERE Label = 'Registered'")
    desk.org.update("CampaignMemberStatus", status["Id"], HasResponded=True)
    reached = [row["reached_success"] for row in desk.members()]
    report = desk.sync()
    assert (report.program_changes, report.campaign_changes) == (0, 0)
    assert [row["reached_success"] for row in desk.members()] == reached


def test_a_link_that_is_ended_leaves_both_lists_as_they_are(desk: Desk, terminal: Terminal) -> None:
    """M4.7: and either may be linked anew, with what the other has become."""
    desk.give(ada="Registered")
    desk.link()
    desk.sync()
    (shown,) = terminal.json("status")
    assert (shown["state"], shown["campaign_id"], bool(shown["last_run"])) == ("active", desk.campaign, True)
    desk.give(ben="Invited")
    terminal("unlink", desk.program)
    move_there(desk, "ada@example.com", "Attended")
    assert terminal.json("sync")["runs"] == []
    assert desk.here() == {"ada@example.com": "Registered", "ben@example.com": "Invited"}
    assert desk.there() == {"ada@example.com": "Attended"}
    desk.link(desk.campaign)
    desk.sync()
    assert desk.equal() == {"ada@example.com": "Attended", "ben@example.com": "Invited"}


@pytest.mark.parametrize(("amounts", "written"), [(("2.50",), 2), (("10.30", "0.195"), 10), (("3.50",), 4)])
def test_a_cost_is_rounded_once_half_even_to_the_scale_that_the_org_has(
    desk: Desk, amounts: tuple[str, ...], written: int
) -> None:
    """M5.2, S1.1.3: ActualCost has no decimals here; by way of two, 10.495 would be 10.50 and then 11."""
    for number, amount in enumerate(amounts, start=1):
        cost = PeriodCost(month=date(2026, number, 1), amount=Decimal(amount))
        desk.app.registry.set_cost(desk.program, cost)
    desk.link()
    desk.sync()
    assert desk.org.query("SELECT ActualCost FROM Campaign")[0]["ActualCost"] == written
    assert desk.sync().campaign_changes == 0


def test_a_restricted_type_keeps_no_campaign_from_being_made_and_no_member_back(
    desk: Desk, terminal: Terminal
) -> None:
    """M5.1, S1.1.4: the org's own default stands, a problem says the value and the ways out, and one of them solves it."""
    desk.org.control("POST", "/sandbox/switches", {"campaign_type_restricted": True})
    terminal("channel", "create", "Podcast", "--status", "Listener:10", "--status", "Fan:20:success")
    desk.program = "Pod"
    desk.app.registry.create_program("Pod", "Podcast", {})
    desk.give(ada="Listener")
    desk.link()
    assert desk.sync().refused == 1
    assert desk.equal() == {"ada@example.com": "Listener"}
    (problem,) = terminal.json("problems")
    assert problem["message"].startswith("Type: bad value for restricted picklist field: Podcast")
    assert 'campaignsync channel alias "Podcast" VALUE' in problem["message"]
    assert desk.sync().refused == 0
    terminal("channel", "alias", "Podcast", "Webinar")
    desk.sync()
    assert terminal.json("problems") == []
    assert desk.org.query("SELECT Type FROM Campaign")[0]["Type"] == "Webinar"


def test_who_has_no_address_or_shares_one_is_named_by_an_id(desk: Desk, terminal: Terminal) -> None:
    """M1.3, M2.4: a lead without an e-mail address is a member like any other, on either side."""
    desk.link()
    lead = desk.org.create("Lead", LastName="Nameless", Company="Some Company")
    desk.org.create("CampaignMember", CampaignId=desk.campaign, LeadId=lead, Status="Invited")
    twins = [desk.org.add_lead(desk.campaign, "twin@example.com", "Invited", LastName=name) for name in "AB"]
    desk.sync()
    with pytest.raises(UsageError, match="2 people have the address"):
        terminal("member", "set", desk.program, "twin@example.com", "--status", "Attended")
    for who, status in ((lead, "Registered"), (twins[1], "Attended")):
        terminal("member", "set", desk.program, who, "--status", status)
    terminal("member", "remove", desk.program, twins[0])
    desk.sync()
    found = desk.org.query("SELECT LeadId, Status FROM CampaignMember")
    assert {row["LeadId"]: row["Status"] for row in found} == {lead: "Registered", twins[1]: "Attended"}
    with pytest.raises(UsageError, match="is no e-mail address, and no id of somebody we know"):
        terminal("member", "set", desk.program, "nobody", "--status", "Attended")


def test_whoever_comes_by_a_linked_campaign_entered_by_its_program(desk: Desk, terminal: Terminal) -> None:
    """M1.5, M2.1: and keeps that, whatever other programs follow."""
    campaign = desk.org.webinar()
    desk.org.add_lead(campaign, "ada@example.com", "Invited")
    desk.give(ben="Invited")
    desk.link(campaign)
    desk.sync()
    desk.app.registry.create_program("Autumn", "Webinar", {})
    for email in ("ada@example.com", "ben@example.com"):
        desk.app.members.set_status("Autumn", email, "Invited", who="ada")
        assert terminal.json("person", "show", email)["acquisition_program"] == desk.program
