"""What moves and what waits is counted as it happens, by object and direction, and told (M8.3)."""

from __future__ import annotations

import pytest

from desk import Desk
from terminal import Terminal

Lane = tuple[str, str]
LEADS, MEMBERS, CAMPAIGNS = ((name, "to Salesforce") for name in ("Lead", "CampaignMember", "Campaign"))
MEMBERS_HERE = ("CampaignMember", "from Salesforce")


@pytest.fixture
def terminal(desk: Desk) -> Terminal:
    return Terminal(desk.app)


def lanes(terminal: Terminal, *arguments: str) -> dict[Lane, tuple[int, int]]:
    """What moved in the busiest hour, and what waits."""
    rows = terminal.json("backlog", *arguments)["org"]["metrics"]
    return {(row["object"], row["direction"]): (row["max_per_hour"], row["backlog"]) for row in rows}


def lock(desk: Desk) -> None:
    desk.org.control("POST", "/sandbox/locks", {"ids": [desk.campaign], "seconds": 3600})


def test_where_nothing_was_counted_that_is_said(desk: Desk, terminal: Terminal) -> None:
    assert terminal("backlog").startswith("Nothing has been counted yet.")


def test_what_a_first_sync_moves_is_counted_once(desk: Desk, terminal: Terminal) -> None:
    desk.give(ada="Registered", ben="Invited")
    desk.link(desk.org.webinar())
    for _ in range(3):
        desk.sync()
    assert lanes(terminal) == {LEADS: (2, 0), MEMBERS: (2, 0), CAMPAIGNS: (1, 0)}
    in_salesforce = desk.org.member_id(desk.campaign, "ada@example.com")
    desk.org.update("CampaignMember", in_salesforce, Status="Attended")
    desk.sync()
    assert lanes(terminal)[MEMBERS_HERE] == (1, 0)


def test_what_was_refused_waits_until_it_is_taken(desk: Desk, terminal: Terminal) -> None:
    desk.give(ada="Registered", ben="Invited")
    desk.link()
    lock(desk)
    desk.sync()
    desk.sync()
    assert lanes(terminal)[MEMBERS] == (0, 2)
    assert terminal.json("backlog")["org"]["trend"][-1]["backlog"] == 2
    assert "nothing moves" in terminal("backlog")
    desk.org.control("DELETE", "/sandbox/locks")
    terminal("problems", "--retry")
    desk.sync()
    assert lanes(terminal)[MEMBERS] == (2, 0)


def test_the_changes_of_a_halted_link_wait(desk: Desk, terminal: Terminal) -> None:
    """M6.6."""
    desk.give(**{f"person{number}": "Registered" for number in range(3)})
    desk.link()
    desk.sync()
    for name in range(3):
        member = desk.org.member_id(desk.campaign, f"person{name}@example.com")
        desk.org.delete("CampaignMember", member)
    assert desk.sync().halted
    assert lanes(terminal, desk.program)[MEMBERS_HERE] == (0, 3)


def test_nothing_waits_for_a_link_that_is_no_more(desk: Desk, terminal: Terminal) -> None:
    desk.give(ada="Registered")
    desk.link()
    lock(desk)
    desk.sync()
    terminal("unlink", desk.program)
    assert lanes(terminal)[MEMBERS] == (0, 0)


def test_the_command_shows_a_table_and_a_trend(desk: Desk, terminal: Terminal) -> None:
    desk.give(ada="Registered")
    desk.link()
    desk.sync()
    shown = terminal("backlog", "--connection", "org")
    assert "CampaignMember to Salesforce" in shown
    assert "by steps of four hours" in shown


def test_custom_fields_of_members_wait_and_move_as_their_members_do(desk: Desk, terminal: Terminal) -> None:
    """M6.8, M8.3: a member waits once in each direction, whatever of them differs."""
    for name in ("Diet__c", "Size__c"):
        field = {"object": "CampaignMember", "name": name, "type": "string(20)"}
        desk.org.control("POST", "/sandbox/seed", {"fields": [field]})
        terminal("member-field", "add", name[:4])
        terminal("member-field", "map", name[:4], name)
    desk.give(ada="Registered", ben="Invited")
    desk.link()
    desk.sync()
    desk.sync()
    lock(desk)
    terminal("member", "set", desk.program, "ada@example.com", "--field", "Diet=vegan", "--field", "Size=M")
    member = desk.org.member_id(desk.campaign, "ben@example.com")
    desk.org.control("DELETE", "/sandbox/locks")
    desk.org.update("CampaignMember", member, Diet__c="none")
    lock(desk)
    desk.sync()
    before = lanes(terminal)
    desk.sync()
    assert (lanes(terminal)[MEMBERS][1], before[MEMBERS_HERE][0]) == (1, 1)
    desk.org.control("DELETE", "/sandbox/locks")
    terminal("problems", "--retry")
    desk.sync()
    desk.sync()
    assert lanes(terminal)[MEMBERS][1] == 0
