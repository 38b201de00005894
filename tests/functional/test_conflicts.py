"""A person decides a conflict, for either side, and both sides follow (M6.2, M6.3)."""

from __future__ import annotations

import pytest

from campaignsync.domain.errors import UsageError
from desk import Desk
from terminal import Terminal


@pytest.fixture
def terminal(desk: Desk) -> Terminal:
    return Terminal(desk.app)


@pytest.fixture
def torn(desk: Desk) -> Desk:
    """Three members who are one thing here and another there, and both want to be asked; ada was moved back there."""
    desk.give(ada="Registered", ben="Invited", cora="Invited")
    desk.link()
    desk.sync()
    link, _ = desk.app.registry.link_of(desk.program)
    desk.app.registry.set_policy(link, {"winner": "ask", "step_back": "ask"})
    desk.give(ben="Attended", cora="Attended")
    for name, status in (("ada", "Invited"), ("ben", "Registered"), ("cora", "Registered")):
        member = desk.org.member_id(desk.campaign, f"{name}@example.com")
        desk.org.update("CampaignMember", member, Status=status)
    assert desk.sync().conflicts == 3
    return desk


@pytest.mark.parametrize(
    ("side", "statuses"),
    [
        ("--program", ("Registered", "Attended", "Attended")),
        ("--campaign", ("Invited", "Registered", "Registered")),
    ],
)
def test_all_conflicts_are_decided_for_one_side_a_step_back_too(
    torn: Desk, terminal: Terminal, side: str, statuses: tuple[str, ...]
) -> None:
    rows = terminal.json("resolve", torn.program, side, "--all")
    assert tuple(row["becomes"] for row in rows) == statuses
    assert terminal.json("problems") == []
    assert torn.plan().plan.conflicts.is_empty()
    assert torn.sync().conflicts == 0
    assert tuple(torn.equal().values()) == statuses
    assert torn.sync().campaign_changes == 0


def test_one_is_decided_and_the_others_still_wait(torn: Desk, terminal: Terminal) -> None:
    terminal("resolve", torn.program, " Ben@Example.com", "--program")
    torn.sync()
    assert torn.here()["ben@example.com"] == torn.there()["ben@example.com"] == "Attended"
    assert [row["email"] for row in terminal.json("problems", "--code", "conflict")] == [
        "ada@example.com",
        "cora@example.com",
    ]


@pytest.mark.parametrize("side", ["program", "campaign"])
def test_the_journal_says_who_decided(torn: Desk, terminal: Terminal, side: str) -> None:
    terminal("resolve", torn.program, "ben@example.com", f"--{side}")
    last = torn.app.views.journal(torn.program, email="ben@example.com", limit=1)[0]
    assert last["why"] == f"conflict decided for the {side}"
    assert last["who"] != "campaign sync"


def test_a_decision_that_the_campaign_has_outrun_is_judged_anew(torn: Desk, terminal: Terminal) -> None:
    """Nothing is written over what nobody saw."""
    member = torn.org.member_id(torn.campaign, "ben@example.com")
    torn.org.update("CampaignMember", member, Status="No Show")
    terminal("resolve", torn.program, "ben@example.com", "--program")
    assert torn.sync().conflicts == 3


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("ada@example.com",), "--program or --campaign"),
        (("ada@example.com", "--program", "--campaign"), "--program or --campaign"),
        (("--program",), "e-mail addresses, or --all"),
        (("dan@example.com", "--program"), "dan@example.com: no conflict in program 'Spring Webinar'"),
    ],
)
def test_an_unclear_decision_is_refused(
    torn: Desk, terminal: Terminal, arguments: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(UsageError, match=sentence):
        terminal("resolve", torn.program, *arguments)


def test_a_program_without_conflicts_says_so(desk: Desk, terminal: Terminal) -> None:
    desk.link()
    assert terminal("resolve", desk.program, "--all", "--program") == (
        "Program 'Spring Webinar' has no conflicts.\n"
    )
