"""What becomes of one custom field of one member, by exhaustion: every pair of edits, every winner, either kind (M6.3, M6.8)."""

from __future__ import annotations

from itertools import product

import polars as pl
import pytest

from campaignsync.domain.fields import wanted_text
from campaignsync.domain.links import Winner
from campaignsync.domain.member_values import HELD_VALUES, VALUE_DIFFERENCES, ValuesCompared
from campaignsync.planner.decide import Verdict
from campaignsync.planner.member_fields import for_campaign, for_program, plan_values, unsettled, waiting

VALUES = (None, "a", "b", "c")
TRIPLES = [triple for triple in product(VALUES, repeat=3) if triple[1] != triple[2]]

EDITED_HERE = TRIPLES.index(("a", "b", "a")) + 1


def compared(kind: str = "lead", held: tuple[str, str] | None = None) -> ValuesCompared:
    """Person number 1, 2, … with one field that is (agreed, ours, theirs)."""
    rows = [
        {
            "person_id": number,
            "kind": kind,
            "campaign_member_id": f"00v{number}",
            "field": "Diet",
            "agreed": agreed,
            "ours": ours,
            "theirs": theirs,
        }
        for number, (agreed, ours, theirs) in enumerate(TRIPLES, start=1)
    ]
    waits = [{"person_id": EDITED_HERE, "wanted": held[0], "message": held[1]}] if held else []
    return ValuesCompared(
        differences=pl.DataFrame(rows, schema=VALUE_DIFFERENCES), held=pl.DataFrame(waits, schema=HELD_VALUES)
    )


def verdict(agreed: str | None, ours: str | None, theirs: str | None, winner: Winner, kind: str) -> Verdict:
    if theirs == agreed:
        return Verdict.TO_CAMPAIGN
    if ours == agreed:
        return Verdict.TO_PROGRAM
    if winner is Winner.ASK:
        return Verdict.CONFLICT
    ours_wins = winner is Winner.PROGRAM or (winner is Winner.FURTHER and kind == "lead")
    return Verdict.TO_CAMPAIGN if ours_wins else Verdict.TO_PROGRAM


@pytest.mark.parametrize("winner", Winner)
@pytest.mark.parametrize("kind", ["lead", "contact"])
def test_a_lone_edit_is_never_lost_and_two_are_judged_by_the_winner(winner: Winner, kind: str) -> None:
    plan = plan_values(compared(kind), winner)
    found = dict(plan.select("person_id", "verdict").rows())
    assert found == {number: verdict(*triple, winner, kind) for number, triple in enumerate(TRIPLES, start=1)}
    both = {**dict.fromkeys(for_program(plan)["person_id"]), **dict.fromkeys(for_campaign(plan)["person_id"])}
    assert both.keys() | set(waiting(plan)["person_id"]) == found.keys()
    assert (
        plan.filter(pl.col("verdict") == Verdict.TO_PROGRAM)
        .select(pl.col("becomes").eq_missing(pl.col("theirs")).all())
        .item()
    )
    assert (
        plan.filter(pl.col("verdict") == Verdict.TO_CAMPAIGN)
        .select(pl.col("becomes").eq_missing(pl.col("ours")).all())
        .item()
    )


def test_what_was_refused_waits_as_long_as_just_that_would_be_written() -> None:
    """docs/adr/0004."""
    same = plan_values(compared(held=(wanted_text({"Diet": "b"}), "too long")), Winner.PROGRAM)
    other = plan_values(compared(held=(wanted_text({"Diet": "another"}), "too long")), Winner.PROGRAM)
    verdicts = [dict(plan.select("person_id", "verdict").rows())[EDITED_HERE] for plan in (same, other)]
    assert verdicts == [Verdict.HOLD, Verdict.TO_CAMPAIGN]
    assert EDITED_HERE in unsettled(same)
