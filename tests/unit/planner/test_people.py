"""What becomes of one field of one person, by exhaustion: every pair of edits, every direction, every winner (M7.4, M7.5)."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import polars as pl
import pytest

from campaignsync.domain.fields import (
    PERSON_DIFFERENCES,
    STANDARD_FIELDS,
    Access,
    FieldDirection,
    FieldRule,
    FieldWinner,
    PeopleCompared,
    wanted_text,
)
from campaignsync.domain.people import PersonKind
from campaignsync.planner.people import FieldVerdict, PeoplePlan, plan_people

TITLE = next(field for field in STANDARD_FIELDS if field.name == "title")
VALUES = (None, "a", "b", "c")
HELD = {"person_id": pl.Int64, "wanted": pl.String, "message": pl.String}
Triple = tuple[str | None, str | None, str | None]


def rule(
    direction: FieldDirection = FieldDirection.BOTH,
    winner: FieldWinner = FieldWinner.DEFAULT,
    kind: PersonKind = PersonKind.LEAD,
    access: Access = Access.WRITE,
) -> FieldRule:
    return FieldRule(field=replace(TITLE, direction=direction, winner=winner), kind=kind, access=access)


def plan(
    chosen: FieldRule, *triples: Triple, held: tuple[str, str] | None = None, **more: object
) -> PeoplePlan:
    """The plan for people number 1, 2, … whose titles are (agreed, ours, theirs)."""
    rows = [
        {
            "person_id": number,
            "kind": chosen.kind.value,
            "field": "title",
            "agreed": agreed,
            "ours": ours,
            "theirs": theirs,
            "taken": False,
            "met": True,
            **more,
        }
        for number, (agreed, ours, theirs) in enumerate(triples, start=1)
    ]
    kept = [{"person_id": 1, "wanted": held[0], "message": held[1]}] if held else []
    compared = PeopleCompared(
        compared=pl.DataFrame(schema={"person_id": pl.Int64, "changes": pl.Int64}),
        differences=pl.DataFrame(rows, schema=PERSON_DIFFERENCES),
        held=pl.DataFrame(kept, schema=HELD),
    )
    return plan_people(compared, [chosen])


def verdict(chosen: FieldRule, triple: Triple) -> tuple[str, str | None]:
    (row,) = plan(chosen, triple).fields.to_dicts()
    return row["verdict"], row["becomes"]


@pytest.mark.parametrize(
    ("chosen", "triple", "expected"),
    [
        (rule(), ("a", "a", "b"), ("to person", "b")),
        (rule(), ("a", "b", "a"), ("to Salesforce", "b")),
        (rule(), ("a", None, "a"), ("to Salesforce", None)),
        (rule(), ("a", "a", None), ("to person", None)),
        (rule(), ("a", "b", "c"), ("to Salesforce", "b")),
        (rule(kind=PersonKind.CONTACT), ("a", "b", "c"), ("to person", "c")),
        (rule(winner=FieldWinner.OURS, kind=PersonKind.CONTACT), ("a", "b", "c"), ("to Salesforce", "b")),
        (rule(winner=FieldWinner.SALESFORCE), ("a", "b", "c"), ("to person", "c")),
        (rule(), (None, "a", None), ("to Salesforce", "a")),
        (rule(), (None, None, "a"), ("to person", "a")),
        (rule(FieldDirection.TO_SALESFORCE), ("a", "a", "b"), ("nothing", None)),
        (
            rule(FieldDirection.TO_SALESFORCE, kind=PersonKind.CONTACT),
            ("a", "b", "c"),
            ("to Salesforce", "b"),
        ),
        (rule(FieldDirection.FROM_SALESFORCE), ("a", "b", "a"), ("nothing", None)),
        (rule(FieldDirection.FROM_SALESFORCE), ("a", "b", "c"), ("to person", "c")),
        (rule(access=Access.READ), ("a", "b", "a"), ("nothing", None)),
        (rule(access=Access.READ), ("a", "b", "c"), ("to person", "c")),
    ],
)
def test_what_becomes_of_a_difference(
    chosen: FieldRule, triple: Triple, expected: tuple[str, str | None]
) -> None:
    assert verdict(chosen, triple) == expected


EVERY_RULE = [
    rule(*each) for each in product(FieldDirection, FieldWinner, PersonKind, (Access.READ, Access.WRITE))
]


@pytest.mark.parametrize("chosen", EVERY_RULE)
def test_a_lone_edit_is_never_lost_nothing_is_invented_and_a_second_look_finds_nothing_to_do(
    chosen: FieldRule,
) -> None:
    for agreed, ours, theirs in product(VALUES, repeat=3):
        if ours == theirs:
            continue
        decided, becomes = verdict(chosen, (agreed, ours, theirs))
        if decided == "nothing":
            assert not (chosen.to_person and theirs != agreed)
            assert not (chosen.to_salesforce and ours != agreed)
            continue
        assert becomes == (ours if decided == "to Salesforce" else theirs)
        if ours == agreed:
            assert (decided, becomes) == ("to person", theirs)
        if theirs == agreed:
            assert (decided, becomes) == ("to Salesforce", ours)


def test_what_was_refused_waits_with_salesforces_words_while_just_that_would_be_written() -> None:
    """docs/adr/0004."""
    held = (wanted_text({"title": "b"}), "No bosses.")
    (row,) = plan(rule(), ("a", "b", "a"), held=held).fields.to_dicts()
    assert (row["verdict"], row["code"], row["reason"]) == ("hold", "REFUSED_BEFORE", "No bosses.")
    (row,) = plan(rule(), ("a", "c", "a"), held=held).fields.to_dicts()
    assert (row["verdict"], row["becomes"]) == ("to Salesforce", "c")


def test_a_refusal_keeps_nothing_back_that_comes_from_salesforce() -> None:
    held = (wanted_text({"title": "b"}), "No bosses.")
    assert plan(rule(), ("a", "a", "c"), held=held).counts["to person"] == 1


def test_somebody_elses_address_waits_for_a_person() -> None:
    """M2.4."""
    made = plan(rule(), ("a", "a", "b"), taken=True)
    assert made.of(FieldVerdict.HOLD)["code"].to_list() == ["EMAIL_TAKEN"]
    assert made.waiting.select("person_id", "wanted", "retriable").rows() == [(1, "b", True)]
    assert made.unsettled == [1]


def test_a_plan_counts_every_verdict() -> None:
    counts = plan(rule(), ("a", "a", "b"), ("a", "b", "a")).counts
    assert counts == {"to person": 1, "to Salesforce": 1, "nothing": 0, "hold": 0}
