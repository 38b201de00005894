"""When a link halts rather than remove (M6.6)."""

from __future__ import annotations

import pytest

from campaignsync.domain.links import LinkPolicy, Removal, SafetyLimits
from campaignsync.domain.runs import LinkFacts
from campaignsync.domain.trees import Trees
from campaignsync.planner.reconcile import reconcile
from campaignsync.planner.safety import reason_to_halt
from planner_words import link_facts, three_trees

KEEP = LinkPolicy(removed_in_program=Removal.KEEP, removed_in_campaign=Removal.KEEP)


def halted(trees: Trees, facts: LinkFacts | None = None) -> str | None:
    facts = facts or link_facts()
    return reason_to_halt(reconcile(facts, trees), facts, trees)


def members(number: int, *, start: int = 0) -> dict[int, str]:
    return dict.fromkeys(range(start, number), "Invited")


def gone(agreed: int, *, from_campaign: int = 0, from_program: int = 0) -> Trees:
    """So many agreed members; the first of them are gone from the program, the last of them from the campaign."""
    return three_trees(
        agreed=members(agreed),
        program=members(agreed, start=from_program),
        campaign=members(agreed - from_campaign),
    )


@pytest.mark.parametrize(
    ("agreed", "gone_there", "halts"),
    [
        pytest.param(100, 30, False, id="30 percent exactly"),
        pytest.param(100, 31, True, id="over 30 percent and over 10"),
        pytest.param(110, 33, False, id="30 percent exactly, of a number that floats get wrong"),
        pytest.param(20, 10, False, id="half of them, but 10 only"),
        pytest.param(20, 11, True, id="half of them, and 11"),
        pytest.param(1000, 300, False, id="many, but no more than 30 percent"),
        pytest.param(5, 4, False, id="all but one of a few"),
        pytest.param(0, 0, False, id="nobody at all"),
    ],
)
def test_more_than_the_share_and_more_than_the_number_halt_the_link(
    agreed: int, gone_there: int, halts: bool
) -> None:
    """M6.6, on either side."""
    assert bool(halted(gone(agreed, from_campaign=gone_there))) == halts
    assert bool(halted(gone(agreed, from_program=gone_there))) == halts


def test_removals_of_both_sides_are_counted_together() -> None:
    """M6.6: of the link's members, in one round."""
    reason = halted(gone(100, from_campaign=20, from_program=20))
    assert reason is not None
    assert reason.startswith(
        "40 of 100 members would be removed in one round, 20 from the program and 20 from the campaign:"
        " more than 10 and more than 30%."
    )


def test_the_message_names_the_next_commands() -> None:
    reason = str(halted(gone(100, from_campaign=50)))
    assert 'campaignsync plan "Spring Fair"' in reason
    assert 'campaignsync sync "Spring Fair" --allow-removals' in reason


@pytest.mark.parametrize("side", ["program", "campaign"])
def test_a_side_that_is_suddenly_empty_halts_the_link(side: str) -> None:
    """M6.6: from two members on; the only one may just leave."""
    assert str(halted(gone(2, **{f"from_{side}": 2}))).startswith(
        f"The {side} is suddenly empty: all of its 2 agreed members are gone."
    )
    assert halted(gone(1, **{f"from_{side}": 1})) is None


def test_a_side_that_is_empty_halts_the_link_even_when_everybody_would_come_back() -> None:
    """Members that were changed on the other side outlive a removal (M6.4), but nobody removes all of them by intent."""
    trees = three_trees(agreed=members(5), program=dict.fromkeys(range(5), "Attended"))
    assert "campaign is suddenly empty" in str(halted(trees))


def test_both_sides_suddenly_empty_halt_the_link_too() -> None:
    assert halted(three_trees(agreed=members(5))) is not None


def test_two_lists_that_meet_for_the_first_time_halt_nothing() -> None:
    """M4.5."""
    assert halted(three_trees(program=members(50))) is None
    assert halted(three_trees(campaign=members(50))) is None


def test_removals_that_are_kept_apart_by_choice_halt_nothing() -> None:
    """M6.4: nobody would be removed, this round or any other."""
    facts = link_facts(policy=KEEP)
    assert halted(gone(100, from_campaign=100), facts) is None
    assert halted(gone(100, from_program=50), facts) is None


def test_removals_that_salesforce_refused_halt_nothing_again() -> None:
    refused = [(person, None, "Locked.") for person in range(100)]
    trees = three_trees(agreed=members(100), campaign=members(100), held=refused)
    assert halted(trees) is None


def test_a_person_may_let_the_link_go_on() -> None:
    assert halted(gone(100, from_campaign=100), link_facts(removals_allowed=True)) is None


def test_the_limits_are_settings() -> None:
    """M6.6."""
    strict = link_facts(limits=SafetyLimits(removal_share=0.01, removal_number=0))
    lax = link_facts(limits=SafetyLimits(removal_share=0.9, removal_number=10))
    assert halted(gone(50, from_campaign=1), strict) is not None
    assert halted(gone(50, from_campaign=40), lax) is None
