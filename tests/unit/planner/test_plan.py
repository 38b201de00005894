"""A plan is a value: sorted, countable, with a digest that says what would be done and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import polars as pl
import pytest

from campaignsync.domain.ids import LinkId
from campaignsync.domain.programs import PeriodCost, month
from campaignsync.domain.runs import FieldRefusal, LinkFacts
from campaignsync.domain.trees import Trees
from campaignsync.planner.plan import Plan
from campaignsync.planner.reconcile import reconcile
from planner_words import link_facts, three_trees

FACTS = link_facts(campaign_fields={"Type": "Other", "ActualCost": None})
TREES = three_trees(
    agreed={1: "Invited", 2: "Invited", 3: "Invited", 4: "Invited", 6: "Invited"},
    program={1: "Invited", 2: "Attended", 3: "Registered", 5: "On a Whim", 6: "Attended"},
    campaign={1: "Attended", 2: "Invited", 3: "Waitlisted", 5: "On a Whim", 6: "Attended", 7: "On a Whim"},
)


def planned(facts: LinkFacts = FACTS, trees: Trees = TREES) -> Plan:
    return reconcile(facts, trees)


def test_a_plan_shows_each_side_and_what_waits_by_itself() -> None:
    plan = planned()
    assert plan.for_program.select("person_id", "becomes").rows() == [(1, "Attended")]
    assert plan.for_campaign.select("person_id", "becomes").rows() == [(2, "Attended")]
    assert plan.agreements.select("person_id", "becomes").rows() == [
        (4, None),
        (5, "On a Whim"),
        (6, "Attended"),
    ]
    assert plan.conflicts["person_id"].to_list() == [3]
    assert plan.waiting.select("person_id", "code").rows() == [(3, "CONFLICT"), (7, "UNKNOWN_STATUS")]
    assert not plan.writes_nothing


def test_counts_name_every_verdict() -> None:
    assert planned().counts == {
        "agree": 3,
        "to program": 1,
        "to campaign": 1,
        "nothing": 0,
        "conflict": 1,
        "hold": 1,
        "fields": 1,
    }


def test_members_are_sorted_by_verdict_and_person() -> None:
    members = planned().members.select("verdict", "person_id")
    assert members.equals(members.sort("verdict", "person_id"))


def test_only_moving_what_is_agreed_writes_nothing() -> None:
    assert planned(link_facts(), three_trees(program={1: "Invited"}, campaign={1: "Invited"})).writes_nothing


def test_a_held_field_is_no_write_and_waits_with_its_reason() -> None:
    facts = replace(FACTS, refused_fields={"Type": FieldRefusal(value="Live Event", message="bad value")})
    plan = planned(facts, three_trees())
    assert plan.writes_nothing
    assert plan.waiting.rows() == [(None, "FIELD_TYPE", "bad value", None)]


def test_problems_of_whoever_waits_or_is_written_are_not_solved_by_the_plan() -> None:
    assert sorted(planned().unsettled.rows(), key=str) == [
        (2, None),
        (3, "CONFLICT"),
        (7, "UNKNOWN_STATUS"),
        (None, "FIELD_TYPE"),
    ]


# The digest.


def renamed(trees: Trees) -> Trees:
    return replace(
        trees,
        people=trees.people.with_columns(
            pl.lit("Somebody").alias("name"), pl.lit(None, pl.String).alias("email")
        ),
    )


SAME: list[Callable[[], Plan]] = [
    planned,
    lambda: planned(trees=renamed(TREES)),
    lambda: planned(replace(FACTS, program="Spring Fair, renamed", campaign="Renamed too")),
    lambda: planned(replace(FACTS, costs=(), had_costs=False)),
    lambda: planned(trees=replace(TREES, program=TREES.program.reverse(), campaign=TREES.campaign.reverse())),
    lambda: planned(
        trees=three_trees_with(
            "agreed", {8: "Invited"}, "program", {8: "Invited"}, "campaign", {8: "Invited"}
        )
    ),
]


def three_trees_with(*changes: object) -> Trees:
    """TREES with more members: the name of a tree and whom it gets besides, again and again."""
    extra: dict[str, dict[int, str]] = dict(zip(changes[::2], changes[1::2], strict=True))  # type: ignore[arg-type]
    wider = three_trees(**extra)  # type: ignore[arg-type]
    return replace(
        TREES,
        **{
            name: pl.concat([getattr(TREES, name), getattr(wider, name)])
            for name in ("agreed", "program", "campaign", "people")
        },
    )


@pytest.mark.parametrize("plan", SAME)
def test_plans_that_do_the_same_are_equal(plan: Callable[[], Plan]) -> None:
    """Names, the order of rows and members at rest do not matter."""
    assert plan() == planned()
    assert plan().digest() == planned().digest()
    assert hash(plan()) == hash(planned())


MARCH = PeriodCost(month=month("2026-03"), amount=Decimal(100))
OTHERS: dict[str, Callable[[], Plan]] = {
    "another link": lambda: planned(replace(FACTS, link_id=LinkId(2))),
    "another campaign": lambda: planned(replace(FACTS, campaign_id="701000000000002AAA")),
    "one member more": lambda: planned(trees=three_trees_with("program", {8: "Invited"})),
    "another person": lambda: planned(trees=three_trees_with("program", {9: "Invited"})),
    "another status": lambda: planned(trees=three_trees_with("program", {8: "Attended"})),
    "the other side": lambda: planned(trees=three_trees_with("campaign", {8: "Invited"})),
    "a cost": lambda: planned(replace(FACTS, costs=(MARCH,), had_costs=True)),
    "another cost": lambda: planned(replace(FACTS, costs=(MARCH, MARCH), had_costs=True)),
    "another type": lambda: planned(replace(FACTS, channel=replace(FACTS.channel, campaign_type="Fair"))),
    "another type before": lambda: planned(
        replace(FACTS, campaign_fields={"Type": None, "ActualCost": None})
    ),
    "a write that waits": lambda: planned(
        trees=replace(TREES, held=three_trees(held=[(2, "Attended", "Locked.")]).held)
    ),
}


@pytest.mark.parametrize("other", OTHERS)
def test_plans_that_do_something_else_differ(other: str) -> None:
    plan = OTHERS[other]()
    assert plan != planned()
    assert sum(each() == plan for each in OTHERS.values()) == 1


def test_a_label_cannot_look_like_an_absence() -> None:
    """Salesforce stores any text as a label where a campaign has no default (S0.2)."""
    absent = planned(FACTS, three_trees(program={1: "Invited"}))
    for label in ("", "null", "None"):
        empty = planned(FACTS, three_trees(program={1: "Invited"}, campaign=[(1, label, "00v1")]))
        nameless = replace(
            empty,
            members=empty.members.with_columns(
                absent.members["campaign_member_id"], absent.members["verdict"], absent.members["becomes"]
            ),
        )
        assert nameless.digest() != absent.digest()


def test_a_plan_is_equal_to_nothing_but_a_plan() -> None:
    assert planned() != planned().digest()
