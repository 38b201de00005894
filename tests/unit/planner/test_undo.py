"""The inverse of a run: back to what was, except where somebody has changed something since."""

from __future__ import annotations

from itertools import product

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignsync.domain.ids import RunId
from campaignsync.domain.labels import LabelMapping
from campaignsync.domain.links import LinkPolicy, Removal, StepBack, Winner
from campaignsync.domain.trees import RUN_MEMBERS, RunChanges
from campaignsync.planner.decide import Verdict
from campaignsync.planner.plan import Plan
from campaignsync.planner.reconcile import reconcile
from campaignsync.planner.undo import inverse
from planner_words import LIVE_EVENT, Statuses, campaign_statuses, link_facts, three_trees

RUN = RunId(7)
Change = tuple[str, int, str | None, str | None]
PLACES = st.sampled_from([None, *LIVE_EVENT.names])
PEOPLE = st.dictionaries(st.integers(1, 9), st.tuples(PLACES, PLACES, PLACES), max_size=9)
POLICIES = [
    LinkPolicy(winner=winner, step_back=step_back, removed_in_program=removal, removed_in_campaign=removal)
    for winner, step_back, removal in product(Winner, StepBack, Removal)
]


def done(*changes: Change, fields: frozenset[str] = frozenset()) -> RunChanges:
    """What the journal tells of a run: side, person, old, new."""
    members = pl.DataFrame(list(changes), schema=RUN_MEMBERS, orient="row")
    people = three_trees(program=dict.fromkeys(members["person_id"].to_list(), "")).people
    return RunChanges(members=members, people=people, fields=fields)


def carried_out(plan: Plan, program: Statuses, campaign: Statuses) -> tuple[dict[int, str], dict[int, str]]:
    """Both sides after a plan."""
    sides = (dict(program), dict(campaign))
    for rows, side in zip((plan.for_program, plan.for_campaign), sides, strict=True):
        for person, status in rows.select("person_id", "becomes").rows():
            if status is None:
                side.pop(person, None)
            else:
                side[person] = status
    return sides


@given(people=PEOPLE, policy=st.sampled_from(POLICIES))
def test_a_run_and_its_undo_leave_both_sides_as_they_were(
    people: dict[int, tuple[str | None, str | None, str | None]], policy: LinkPolicy
) -> None:
    facts = link_facts(policy=policy)
    agreed, program, campaign = (
        {person: row[tree] for person, row in people.items() if row[tree] is not None} for tree in range(3)
    )
    plan = reconcile(facts, three_trees(agreed=agreed, program=program, campaign=campaign))
    sides = carried_out(plan, program, campaign)
    changes = [
        (name, person, before.get(person), after.get(person))
        for name, before, after in zip(("program", "campaign"), (program, campaign), sides, strict=True)
        for person in before.keys() | after.keys()
        if before.get(person) != after.get(person)
    ]
    undone = inverse(facts, three_trees(program=sides[0], campaign=sides[1]), RUN, done(*changes))
    assert carried_out(undone, *sides) == (program, campaign)
    assert undone.counts[Verdict.HOLD] == 0
    assert undone.members.height == len(changes)


@pytest.mark.parametrize("side", ["program", "campaign"])
@pytest.mark.parametrize(
    ("old", "new", "now"),
    [
        ("Invited", "Registered", "Attended"),
        ("Invited", "Registered", None),
        (None, "Registered", "Attended"),
        ("Invited", None, "Registered"),
    ],
)
def test_what_has_changed_since_stays_and_is_named(
    side: str, old: str | None, new: str | None, now: str | None
) -> None:
    trees = three_trees(**{side: {} if now is None else {1: now}})
    plan = inverse(link_facts(), trees, RUN, done((side, 1, old, new)))
    row = plan.members.row(0, named=True)
    assert (row["verdict"], row["code"]) == (Verdict.HOLD, "CHANGED_SINCE")
    assert f"{now or 'no member'}".strip("'") in row["reason"]
    assert row["email"] == "person1@example.com"
    assert plan.writes_nothing


def test_labels_that_mean_the_same_are_no_change() -> None:
    """M4.3, M4.4: the journal tells labels as Salesforce spells them."""
    facts = link_facts(
        statuses=campaign_statuses("Invited", "registered", "Waitlisted", "Came"),
        mapped=(LabelMapping(label="Came", status="Attended", written=True),),
    )
    plan = inverse(facts, three_trees(campaign={1: "Came"}), RUN, done(("campaign", 1, "registered", "Came")))
    assert plan.for_campaign["becomes"].to_list() == ["Registered"]


def test_a_status_that_is_no_more_cannot_come_back() -> None:
    """S0.2: Salesforce would store its default instead."""
    facts = link_facts(statuses=campaign_statuses("Invited", "Attended"))
    plan = inverse(
        facts, three_trees(campaign={1: "Attended"}), RUN, done(("campaign", 1, "Registered", "Attended"))
    )
    assert plan.members.row(0, named=True)["code"] == "NO_SUCH_STATUS"


def test_fields_that_follow_the_program_are_left_to_it() -> None:
    """M5."""
    plan = inverse(link_facts(), three_trees(), RUN, done(fields=frozenset({"ActualCost"})))
    assert plan.writes_nothing
    assert "change the program instead" in str(plan.fields[0].held)
