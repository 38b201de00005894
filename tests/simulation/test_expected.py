"""The judge of histories and failover runs: what may have become of a member, and what only a lost edit explains."""

from __future__ import annotations

import pytest

from simulation.expected import Expected

PROGRAM, WHO = "Spring", "kim"


def may_be(*edits: str, under_way: bool = True) -> set[str | None]:
    """What a member may be in the end who was edited like this: 'here Invited', 'there Attended'."""
    leg = Expected(1, under_way=under_way).legs[0]
    leg.linked(PROGRAM)
    for edit in edits:
        side, _, status = edit.partition(" ")
        edited = {"here": leg.edited_here, "there": leg.edited_there}[side]
        edited(PROGRAM, WHO, None if status == "removed" else status)
    return leg.settled(PROGRAM, WHO)


def test_an_edit_here_that_changed_nothing_may_come_before_a_round_that_brings_what_it_saw() -> None:
    """The round saw Attended, sales took it back, marketing set what was there already, and then the round came to its end."""
    edits = ("here Invited", "there Attended", "there Invited", "here Invited")
    assert may_be(*edits) == {"Invited", "Attended"}
    assert may_be(*edits, under_way=False) == {"Invited"}


@pytest.mark.parametrize("under_way", [True, False])
@pytest.mark.parametrize(
    ("edits", "becomes"),
    [
        (("here Invited", "here Registered"), {"Registered"}),
        (("here Invited", "there Registered"), {"Registered"}),
        (("there Invited", "there Attended"), {"Attended"}),
        (("here Invited", "there Registered", "here Attended"), {"Attended"}),
        (("here Invited", "here Registered", "there Attended"), {"Attended"}),
        (("there Attended", "there Invited"), {"Attended", "Invited"}),
    ],
)
def test_a_lost_edit_is_never_what_may_be(edits: tuple[str, ...], becomes: set[str], under_way: bool) -> None:
    assert may_be(*edits, under_way=under_way) == becomes


def test_a_round_that_looked_before_a_removal_may_bring_what_it_saw_over_an_edit_made_since() -> None:
    """The further step wins (M4.5), and the next round finds that further step removed (M6.4): seed 60,080."""
    edits = ("there No Show", "there removed", "here Invited")
    assert may_be(*edits) == {"Invited", None}
    assert may_be(*edits, under_way=False) == {"Invited"}


def test_what_was_edited_before_a_round_is_seen_by_it() -> None:
    expected = Expected(1)
    leg = expected.legs[0]
    leg.linked(PROGRAM)
    leg.edited_there(PROGRAM, WHO, "No Show")
    expected.under_way = True
    leg.edited_there(PROGRAM, WHO, None)
    expected.look_anew()
    leg.edited_here(PROGRAM, WHO, "Invited")
    assert leg.settled(PROGRAM, WHO) == {"Invited"}


def test_an_edit_that_was_written_over_is_lost_only_with_the_answer_that_knew_of_it() -> None:
    expected = Expected(1)
    leg = expected.legs[0]
    leg.linked(PROGRAM)
    leg.edited_here(PROGRAM, WHO, "Registered")
    expected.under_way = True
    leg.edited_there(PROGRAM, WHO, "Attended")
    assert leg.settled(PROGRAM, WHO) == {"Attended"}
    expected.answer_lost()
    assert leg.settled(PROGRAM, WHO) == {"Attended", "Registered"}
    expected.look_anew()
    leg.edited_there(PROGRAM, WHO, "Attended")
    assert leg.settled(PROGRAM, WHO) == {"Attended"}
