"""The judge of histories and failover runs: what may have become of a member, and what only a lost edit explains."""

from __future__ import annotations

import pytest

from simulation.expected import Expected

PROGRAM, WHO = "Spring", "kim"


def may_be(*edits: str, looks_grow_old: bool = True) -> set[str | None]:
    """What a member may be in the end who was edited like this: 'here Invited', 'there Attended'."""
    leg = Expected(1, looks_grow_old=looks_grow_old).legs[0]
    leg.linked(PROGRAM)
    for edit in edits:
        side, _, status = edit.partition(" ")
        {"here": leg.edited_here, "there": leg.edited_there}[side](PROGRAM, WHO, status)
    return leg.settled(PROGRAM, WHO)


def test_an_edit_here_that_changed_nothing_may_come_before_a_round_that_brings_what_it_saw() -> None:
    """The round saw Attended, sales took it back, marketing set what was there already, and then the round came to its end."""
    edits = ("here Invited", "there Attended", "there Invited", "here Invited")
    assert may_be(*edits) == {"Invited", "Attended"}
    assert may_be(*edits, looks_grow_old=False) == {"Invited"}


@pytest.mark.parametrize("looks_grow_old", [True, False])
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
def test_a_lost_edit_is_never_what_may_be(
    edits: tuple[str, ...], becomes: set[str], looks_grow_old: bool
) -> None:
    assert may_be(*edits, looks_grow_old=looks_grow_old) == becomes
