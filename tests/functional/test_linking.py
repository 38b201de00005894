"""Linking a program: what a preview shows and leaves alone, and what a new campaign is made with (M4)."""

from __future__ import annotations

import csv
from io import StringIO

import pytest

from campaignsync.domain.errors import UsageError
from campaignsync.store.frames import rows
from desk import Desk
from terminal import Terminal


@pytest.fixture
def terminal(desk: Desk) -> Terminal:
    return Terminal(desk.app)


def everything_kept(desk: Desk) -> list[object]:
    """Whatever a link would leave behind, here and in Salesforce."""
    return [
        desk.app.views.status(),
        rows("SELECT id FROM store_person ORDER BY id"),
        desk.here(),
        desk.org.query("SELECT Id, SystemModstamp FROM Campaign ORDER BY Id"),
        desk.org.query("SELECT Id, SystemModstamp FROM CampaignMemberStatus ORDER BY Id"),
        desk.org.query("SELECT Id, SystemModstamp FROM CampaignMember ORDER BY Id"),
        desk.org.query("SELECT Id, SystemModstamp FROM Lead ORDER BY Id"),
    ]


def test_a_preview_shows_the_union_of_both_lists_and_keeps_nothing(desk: Desk, terminal: Terminal) -> None:
    """M4.5: the plan is shown first."""
    campaign = desk.org.webinar()
    desk.org.add_lead(campaign, "ada@example.com", "Attended")
    desk.org.add_lead(campaign, "ben@example.com", "Invited")
    desk.give(ben="Registered", cora="Invited")
    before = everything_kept(desk)
    said = terminal("link", desk.program, "--campaign", campaign, "--dry-run")
    for line in (
        "The labels fit.",
        "Changes: 1 in the program, 2 in the campaign's members, 1 in its fields.",
        "+ ada@example.com: Attended  (added to the campaign)",
        "~ ben@example.com: Invited → Registered  (added on both sides, 'Registered' of the program wins over 'Invited')",
        "+ cora@example.com: Invited  (added to the program)",
    ):
        assert line in said
    assert everything_kept(desk) == before
    with pytest.raises(UsageError, match="is not linked"):
        terminal("plan", desk.program)


def test_the_link_begins_with_the_plan_that_its_preview_showed(desk: Desk, terminal: Terminal) -> None:
    """M4.5."""
    campaign = desk.org.webinar("Invited", "Registered", "Live", "Unused")
    desk.org.add_lead(campaign, "ada@example.com", "Live")
    desk.give(ada="Registered", cora="No Show")
    wish = ("link", desk.program, "--campaign", campaign, "--map", "Live=Attended", "--create-statuses")
    preview = terminal.json(*wish, "--dry-run")
    assert (preview["fits"], [each["label"] for each in preview["warnings"]]) == (True, ["Unused"])
    terminal(*wish)
    plan = terminal.json("plan", desk.program)
    assert plan["members"] == preview["plan"]["members"]
    assert plan["counts"] == preview["plan"]["counts"]


def test_a_preview_of_what_does_not_fit_says_so_with_the_ways_out(desk: Desk, terminal: Terminal) -> None:
    """M4.3, M4.4."""
    campaign = desk.org.webinar("Invited", "Registered", "Live")
    desk.org.add_lead(campaign, "ada@example.com", "Live")
    wish = ("link", desk.program, "--campaign", campaign, "--dry-run")
    said = terminal(*wish)
    assert "This would be refused" in said
    assert "'Live': the channel lacks it, 1 members carry it" in said
    assert f'campaignsync link "Spring Webinar" --campaign {campaign} --create-statuses' in said
    told = terminal.json(*wish)
    assert (told["fits"], told["plan"]["counts"]["hold"]) == (False, 1)


def test_a_preview_as_csv_has_a_row_for_everybody_who_would_change(desk: Desk, terminal: Terminal) -> None:
    desk.give(ben="Registered", cora="Invited")
    text = terminal("link", desk.program, "--create", "Spring", "--dry-run", "--csv")
    rows = list(csv.DictReader(StringIO(text)))
    assert [(row["email"], row["becomes"]) for row in rows] == [
        ("ben@example.com", "Registered"),
        ("cora@example.com", "Invited"),
    ]


def test_a_campaign_that_would_be_made_is_previewed_and_not_made(desk: Desk, terminal: Terminal) -> None:
    """M4.2, M4.5."""
    desk.give(ada="Registered")
    before = everything_kept(desk)
    said = terminal("link", desk.program, "--create", "Spring 2026", "--dry-run")
    assert "Plan for program 'Spring Webinar' and campaign 'Spring 2026' (new)" in said
    assert "Changes: 0 in the program, 1 in the campaign's members, 0 in its fields." in said
    assert everything_kept(desk) == before


def test_a_preview_of_a_campaign_that_is_linked_already_is_refused(desk: Desk, terminal: Terminal) -> None:
    """M4.1."""
    desk.link()
    desk.app.registry.create_program("Autumn", "Webinar", {})
    with pytest.raises(UsageError, match="linked with program 'Spring Webinar' already"):
        terminal("link", "Autumn", "--campaign", desk.campaign, "--dry-run")
