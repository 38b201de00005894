"""A plan for reading: text, JSON, CSV, and back from a saved file."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from decimal import Decimal

import polars as pl
import pytest

from campaignsync.domain.errors import UsageError
from campaignsync.domain.links import LinkPolicy, Removal
from campaignsync.domain.programs import PeriodCost, month
from campaignsync.planner.explain import SavedPlan, as_csv, as_json, as_text, read_saved, summary
from campaignsync.planner.plan import Plan
from campaignsync.planner.reconcile import reconcile
from planner_words import link_facts, three_trees

PLAN = reconcile(
    link_facts(
        costs=(PeriodCost(month=month("2026-03"), amount=Decimal("1200.00")),),
        had_costs=True,
        policy=LinkPolicy(removed_in_program=Removal.KEEP),
    ),
    three_trees(
        agreed={1: "Invited", 2: "Invited", 3: "Invited", 4: "Invited", 7: "Invited"},
        program={1: "Invited", 2: "Attended", 3: "Registered", 4: "Invited", 6: "Invited"},
        campaign={1: "Attended", 2: "Invited", 3: "Waitlisted", 5: "On a Whim", 7: "Invited"},
    ),
)


def crowd(size: int) -> Plan:
    return reconcile(link_facts(), three_trees(program=dict.fromkeys(range(size), "Invited")))


def test_the_text_says_the_sum_first_and_then_what_happens_where() -> None:
    assert as_text(PLAN) == (
        "Plan for program 'Spring Fair' and campaign 'Spring Fair 2026' (701000000000001AAA)\n"
        "Changes: 2 in the program, 2 in the campaign's members, 1 in its fields. Conflicts: 1. Waiting: 1. Kept apart: 1.\n"
        "  ActualCost: (empty) → 1200.00\n"
        "In the program (2):\n"
        "  ~ person1@example.com: Invited → Attended  (changed in the campaign)\n"
        "  - person4@example.com: was Invited  (removed from the campaign)\n"
        "In the campaign (2):\n"
        "  ~ person2@example.com: Invited → Attended  (changed in the program)\n"
        "  + person6@example.com: Invited  (added to the program)\n"
        "Conflicts, for a person to decide (1):\n"
        "  person3@example.com: changed on both sides: 'Registered' in the program, 'Waitlisted' in the campaign,"
        " of equal steps\n"
        "Waiting (1):\n"
        "  person5@example.com: the channel has no status 'On a Whim': change it in Salesforce, or say what it means:"
        ' campaignsync labels "Spring Fair" --map LABEL=STATUS\n'
        f"Digest {PLAN.digest()}\n"
    )


def test_a_long_list_is_cut_and_says_how_much_is_left_out() -> None:
    lines = as_text(crowd(5_008)).splitlines()
    assert len(lines) < 30
    assert "In the campaign (5,008):" in lines
    assert "  … and 4,988 more" in lines
    assert not any("more" in line for line in as_text(crowd(20)).splitlines())


def test_a_plan_with_nothing_to_do_says_so() -> None:
    assert summary(crowd(0)) == "Nothing to do: both sides are the same."
    apart = reconcile(
        link_facts(policy=LinkPolicy(removed_in_campaign=Removal.KEEP)),
        three_trees(agreed={1: "Invited"}, program={1: "Invited"}),
    )
    assert summary(apart) == "Nothing to do: both sides are the same, but for 1 kept apart."


def test_somebody_without_an_address_is_called_by_name_or_number() -> None:
    plan = crowd(2)
    names = pl.Series(["Ada", None], dtype=pl.String)
    nameless = replace(plan, members=plan.members.with_columns(email=pl.lit(None, pl.String), name=names))
    assert "  + Ada: Invited" in as_text(nameless)
    assert "  + person 1: Invited" in as_text(nameless)


def test_a_name_cannot_command_the_terminal() -> None:
    plan = crowd(1)
    rude = replace(plan, members=plan.members.with_columns(email=pl.lit("\x1b[2Jada\r\n@example.com")))
    assert (
        "  + \N{REPLACEMENT CHARACTER}[2Jada\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}@example.com:"
        in as_text(rude)
    )


def test_json_holds_the_whole_plan_and_its_digest() -> None:
    saved = as_json(PLAN)
    assert json.loads(json.dumps(saved)) == saved
    assert {
        key: saved[key]
        for key in ("format", "program", "campaign_id", "campaign", "digest", "counts", "fields")
    } == {
        "format": "campaignsync plan 1",
        "program": "Spring Fair",
        "campaign_id": "701000000000001AAA",
        "campaign": "Spring Fair 2026",
        "digest": PLAN.digest(),
        "counts": PLAN.counts,
        "fields": [{"name": "ActualCost", "old": None, "new": "1200.00", "held": None}],
    }
    assert saved["members"] == PLAN.members.drop("person_id").to_dicts()


def test_a_saved_plan_is_read_back() -> None:
    assert read_saved(json.dumps(as_json(PLAN))) == SavedPlan(
        connection="main", program="Spring Fair", digest=PLAN.digest()
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no JSON",
        "[]",
        "null",
        "{}",
        '{"format": "campaignsync plan 1"}',
        json.dumps({**as_json(PLAN), "format": "campaignsync plan 2"}),
        json.dumps({**as_json(PLAN), "digest": None}),
    ],
)
def test_a_file_that_is_no_saved_plan_is_refused_with_the_next_command(text: str) -> None:
    with pytest.raises(UsageError, match="campaignsync plan PROGRAM --out FILE"):
        read_saved(text)


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_a_cell_of_the_csv_is_never_a_formula(name: str) -> None:
    plan = crowd(1)
    [row] = csv.DictReader(
        io.StringIO(as_csv(replace(plan, members=plan.members.with_columns(name=pl.lit(name)))), newline="")
    )
    assert row["name"] == f"'{name}"


def test_the_csv_leaves_other_cells_as_they_are() -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(PLAN))))
    assert [row["email"] for row in rows] == PLAN.members["email"].to_list()
    assert [row["person_id"] for row in rows] == [str(person) for person in PLAN.members["person_id"]]
    assert [row["becomes"] or None for row in rows] == PLAN.members["becomes"].to_list()
