"""Three trees in, one plan out: the decision table by columns, spelling, what waits, and the fields of the campaign."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal
from types import FrameType

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignsync.domain.labels import LabelMapping
from campaignsync.domain.links import FieldEdit, LinkPolicy, Winner
from campaignsync.domain.programs import PeriodCost
from campaignsync.domain.runs import FieldAgreement, FieldRefusal, LinkFacts
from campaignsync.domain.statuses import Channel, ProgressionStatus
from campaignsync.domain.trees import REFUSED_BEFORE, Trees
from campaignsync.planner.decide import Rules, Verdict, decide
from campaignsync.planner.plan import MEMBERS, FieldChange
from campaignsync.planner.reconcile import reconcile
from planner_words import LIVE_EVENT, campaign_statuses, link_facts, three_trees

FACTS = link_facts()


def verdicts(facts: LinkFacts, trees: Trees) -> dict[int, tuple[str, str | None]]:
    """By person, what happens to whom and what they become."""
    rows = reconcile(facts, trees).members.select("person_id", "verdict", "becomes").rows()
    return {person: (verdict, becomes) for person, verdict, becomes in rows}


def test_whoever_is_the_same_in_all_three_trees_is_not_in_the_plan() -> None:
    same = {1: "Invited", 2: "Attended"}
    assert reconcile(FACTS, three_trees(agreed=same, program=same, campaign=same)).members.is_empty()


def test_three_empty_trees_make_an_empty_plan_of_the_usual_columns() -> None:
    plan = reconcile(FACTS, three_trees())
    assert plan.members.schema == pl.Schema(MEMBERS)
    assert plan.writes_nothing


def test_every_difference_is_one_row_with_the_person_and_the_reason() -> None:
    trees = three_trees(agreed={1: "Invited"}, program={1: "Invited"}, campaign={1: "Attended"})
    assert reconcile(FACTS, trees).members.to_dicts() == [
        {
            "person_id": 1,
            "email": "person1@example.com",
            "name": "Person 1",
            "kind": "lead",
            "salesforce_id": "00Q1",
            "campaign_member_id": "00v1",
            "agreed": "Invited",
            "program": "Invited",
            "campaign": "Attended",
            "verdict": "to program",
            "becomes": "Attended",
            "code": None,
            "reason": "changed in the campaign",
        }
    ]


STATUS = st.sampled_from([None, "Invited", "Registered", "Waitlisted", "Attended", "On a Whim"])
POPULATIONS = st.lists(
    st.tuples(STATUS, STATUS.filter(lambda status: status != "On a Whim"), STATUS), max_size=40
)
POLICIES = st.builds(LinkPolicy, winner=st.sampled_from(Winner))


def trees_of(population: list[tuple[str | None, str | None, str | None]]) -> Trees:
    """Person n has the n-th state."""
    agreed, program, campaign = (
        {person: state[side] for person, state in enumerate(population) if state[side] is not None}
        for side in range(3)
    )
    return three_trees(agreed=agreed, program=program, campaign=campaign)  # type: ignore[arg-type]


@given(POPULATIONS, POLICIES)
def test_columns_decide_as_the_table_does_member_by_member(
    population: list[tuple[str | None, str | None, str | None]], policy: LinkPolicy
) -> None:
    rules = Rules.of(LIVE_EVENT, policy)
    expected = {}
    for person, state in enumerate(population):
        if len(set(state)) > 1:
            decision = decide(*state, rules)
            expected[person] = (decision.verdict.value, decision.becomes)
    assert verdicts(link_facts(policy=policy), trees_of(population)) == expected


@given(POPULATIONS, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_nothing(
    population: list[tuple[str | None, str | None, str | None]], random: st.RandomType
) -> None:
    trees = trees_of(population)
    seed = random.randrange(2**32)
    shuffled = replace(
        trees,
        **{
            name: getattr(trees, name).sample(fraction=1, shuffle=True, seed=seed)
            for name in ("agreed", "program", "campaign", "people")
        },
    )
    plan, again = reconcile(FACTS, trees), reconcile(FACTS, shuffled)
    assert plan.digest() == again.digest()
    assert plan.members.equals(again.members)


@given(POPULATIONS, POLICIES)
def test_carrying_the_plan_out_leaves_nothing_to_write(
    population: list[tuple[str | None, str | None, str | None]], policy: LinkPolicy
) -> None:
    """A second sync writes nothing, and what waits goes on waiting untouched."""
    facts = link_facts(policy=policy)
    states = dict(enumerate(population))
    for person, (verdict, becomes) in verdicts(facts, trees_of(population)).items():
        if verdict in (Verdict.AGREE, Verdict.TO_PROGRAM, Verdict.TO_CAMPAIGN):
            states[person] = (becomes, becomes, becomes)
    second = reconcile(facts, trees_of(list(states.values())))
    assert second.writes_nothing
    assert second.agreements.is_empty()


# Spelling (M4.3).


def test_a_difference_in_case_or_spaces_is_no_difference() -> None:
    """M4.3; for a label that the channel lacks too."""
    trees = three_trees(
        agreed={1: "Invited", 2: "On a whim"},
        program={1: "Invited", 2: "On a whim"},
        campaign={1: " INVITED ", 2: "on a Whim"},
    )
    assert reconcile(FACTS, trees).members.is_empty()


def test_the_program_gets_a_status_in_the_spelling_of_its_channel() -> None:
    """M4.3."""
    assert verdicts(FACTS, three_trees(campaign={1: "attended "})) == {1: ("to program", "Attended")}


LIVE = (
    LabelMapping(label="Attended Live", status="Attended"),
    LabelMapping(label="Watched Later", status="Attended"),
)
MAPPED = link_facts(
    mapped=LIVE,
    statuses=campaign_statuses("Invited", "Registered", "Waitlisted", "Attended Live", "Watched Later"),
)


def test_labels_that_mean_the_same_are_the_same_in_every_tree() -> None:
    """M4.4: renaming one into another, with the members following, changes nothing (S1.2.8)."""
    trees = three_trees(
        agreed={1: "Attended", 2: "Attended Live", 3: "Watched Later"},
        program={1: "Attended", 2: "Attended", 3: "Attended"},
        campaign={1: "Watched Later", 2: "watched later", 3: "Attended Live"},
    )
    assert reconcile(MAPPED, trees).members.is_empty()


def test_a_mapped_label_moves_the_program_and_one_label_is_written_for_its_status() -> None:
    """M4.4."""
    trees = three_trees(
        agreed={1: "Registered", 2: "Registered"},
        program={1: "Registered", 2: "Attended"},
        campaign={1: "Watched Later", 2: "Registered"},
    )
    assert verdicts(MAPPED, trees) == {1: ("to program", "Attended"), 2: ("to campaign", "Attended")}
    assert MAPPED.label("Attended") == "Attended Live"


def test_a_label_whose_mapping_was_taken_away_holds_who_carries_it() -> None:
    """M6.5: nobody is moved to another label for that."""
    trees = three_trees(agreed={1: "Attended"}, program={1: "Attended"}, campaign={1: "Watched Later"})
    assert verdicts(FACTS, trees) == {1: ("hold", None)}


# What cannot or may not be written.


def test_a_label_that_the_campaign_lacks_is_held_and_never_written() -> None:
    """S0.2: Salesforce would store the default status instead, without a word."""
    facts = link_facts(statuses=campaign_statuses("invited", "Registered", "Waitlisted"))
    trees = three_trees(program={1: "Attended", 2: "Invited"})
    plan = reconcile(facts, trees)
    assert verdicts(facts, trees) == {1: ("hold", "Attended"), 2: ("to campaign", "Invited")}
    assert plan.waiting.select("person_id", "code", "wanted").rows() == [(1, "UNKNOWN_STATUS", "Attended")]


def test_a_label_that_the_channel_lacks_holds_its_member_and_others_go_on() -> None:
    """M6.5."""
    trees = three_trees(campaign={1: "On a Whim", 2: "Invited"})
    assert verdicts(FACTS, trees) == {1: ("hold", None), 2: ("to program", "Invited")}


@pytest.mark.parametrize(
    ("wanted", "program", "verdict"),
    [
        pytest.param("Registered", {1: "Registered"}, "hold", id="the same write waits"),
        pytest.param("REGISTERED", {1: "Registered"}, "hold", id="in whatever spelling it was sent"),
        pytest.param("Invited", {1: "Registered"}, "to campaign", id="another status is tried at once"),
        pytest.param(None, {1: "Registered"}, "to campaign", id="a refused removal keeps no status back"),
        pytest.param(None, {}, "hold", id="the same removal waits"),
        pytest.param("Registered", {}, "to campaign", id="a refused status keeps no removal back"),
    ],
)
def test_a_refused_write_waits_until_it_is_due_or_another_is_wanted(
    wanted: str | None, program: dict[int, str], verdict: str
) -> None:
    trees = three_trees(
        agreed={1: "Attended"}, program=program, campaign={1: "Attended"}, held=[(1, wanted, "Too late.")]
    )
    plan = reconcile(FACTS, trees)
    assert plan.members["verdict"].to_list() == [verdict]
    if verdict == "hold":
        assert plan.waiting.rows() == [(1, REFUSED_BEFORE, "Too late.", program.get(1))]


def test_a_refused_write_keeps_no_change_of_the_program_back() -> None:
    trees = three_trees(
        agreed={1: "Invited"},
        program={1: "Invited"},
        campaign={1: "Registered"},
        held=[(1, "Registered", "Locked.")],
    )
    assert verdicts(FACTS, trees) == {1: ("to program", "Registered")}


def test_of_a_lead_and_the_contact_it_became_the_further_row_counts() -> None:
    """S1.3.4."""
    twice = [
        (1, "Invited", "00v1"),
        (1, "Attended", "00v2"),
        (1, "On a Whim", "00v3"),
        (2, "Invited", "00v5"),
    ]
    plan = reconcile(FACTS, three_trees(campaign=[*twice, (2, "Invited", "00v4")]))
    assert plan.members.select("person_id", "campaign", "campaign_member_id").rows() == [
        (1, "Attended", "00v2"),
        (2, "Invited", "00v4"),
    ]


# Perturbation: one change on one side of a link at rest makes exactly one row.


@given(st.integers(1, 30), st.sampled_from(["Invited", "Registered", "Attended", None]), st.booleans())
def test_one_change_makes_one_row_at_most_about_that_member(
    person: int, status: str | None, ours: bool
) -> None:
    rest = dict.fromkeys(range(1, 31), "Registered")
    changed = {**rest, person: status} if status else {each: rest[each] for each in rest if each != person}
    trees = three_trees(
        agreed=rest,
        program=changed if ours else rest,
        campaign=rest if ours else changed,  # type: ignore[arg-type]
    )
    plan = reconcile(FACTS, trees)
    assert plan.members["person_id"].to_list() == ([] if status == "Registered" else [person])
    assert plan.for_program.height + plan.for_campaign.height == (status != "Registered")


# Size.


def calls_made(facts: LinkFacts, trees: Trees) -> Counter[str]:
    """How often each function of ours is called while a plan is made."""
    counted: Counter[str] = Counter()

    def count(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_globals.get("__name__", "").startswith("campaignsync."):
            counted[frame.f_code.co_name] += 1

    sys.setprofile(count)
    try:
        reconcile(facts, trees)
    finally:
        sys.setprofile(None)
    return counted


def crowd(size: int) -> Trees:
    """People 0 to size, of whom every second changed in one of a dozen ways."""
    labels = [*LIVE_EVENT.names, "On a Whim", None]
    person = pl.int_range(size, eager=True).alias("person_id")

    def tree(step: int) -> pl.DataFrame:
        label = pl.Series(labels, dtype=pl.String).gather((person // step) % len(labels))
        return pl.DataFrame({"person_id": person, "status": label}).drop_nulls()

    campaign = tree(2).with_columns(("00v" + pl.col("person_id").cast(pl.String)).alias("campaign_member_id"))
    return replace(
        three_trees(),
        agreed=tree(1),
        program=tree(3).filter(pl.col("status") != "On a Whim"),
        campaign=campaign,
    )


def test_python_is_called_once_a_distinct_difference_however_many_members_there_are() -> None:
    """One rule, any size: a million members cost the same calls as a thousand."""
    thousand, million = calls_made(FACTS, crowd(1_000)), calls_made(FACTS, crowd(1_000_000))
    assert million == thousand
    triples = reconcile(FACTS, crowd(1_000)).members.select("agreed", "program", "campaign").n_unique()
    assert thousand["decide"] == triples


# Type and cost, one way (M5).

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
COSTS = (PeriodCost(month=MARCH, amount=Decimal("1200.00")), PeriodCost(month=APRIL, amount=Decimal("0.125")))
NO_COST: dict[str, object] = {"Type": "Live Event", "ActualCost": None}


def fields(**differences: object) -> tuple[FieldChange, ...]:
    return reconcile(link_facts(**differences), three_trees()).fields


def test_the_channel_and_the_sum_of_all_months_go_to_the_campaign() -> None:
    """M5.1, M5.2: half-even."""
    assert fields(costs=COSTS, had_costs=True, campaign_fields={"Type": None, "ActualCost": Decimal(7)}) == (
        FieldChange(name="Type", old=None, new="Live Event"),
        FieldChange(name="ActualCost", old=Decimal(7), new=Decimal("1200.12")),
    )


def test_a_program_that_never_cost_anything_writes_no_cost() -> None:
    """M5.2."""
    assert fields(campaign_fields={**NO_COST, "ActualCost": Decimal(500)}) == ()


def test_when_all_costs_were_deleted_the_cost_is_nought() -> None:
    """M5.2."""
    assert fields(had_costs=True, campaign_fields={**NO_COST, "ActualCost": Decimal(500)}) == (
        FieldChange(name="ActualCost", old=Decimal(500), new=Decimal(0)),
    )


def test_equal_amounts_of_other_spelling_are_equal() -> None:
    assert (
        fields(costs=COSTS[:1], had_costs=True, campaign_fields={**NO_COST, "ActualCost": Decimal("1.2E+3")})
        == ()
    )


ROUNDED = FieldAgreement(written=Decimal("1200.12"), found=Decimal(1200))


@pytest.mark.parametrize(
    ("found", "choice", "written"),
    [
        pytest.param(Decimal(1200), FieldEdit.PUT_BACK, False, id="as Salesforce rounded it"),
        pytest.param(Decimal(1200), FieldEdit.KEEP, False, id="as Salesforce rounded it, edits kept"),
        pytest.param(Decimal(999), FieldEdit.PUT_BACK, True, id="an edit is put back"),
        pytest.param(Decimal(999), FieldEdit.KEEP, False, id="an edit is kept"),
    ],
)
def test_an_edit_in_salesforce_is_put_back_or_kept(found: Decimal, choice: FieldEdit, written: bool) -> None:
    """M5.2, M5.3."""
    changes = fields(
        costs=COSTS,
        had_costs=True,
        campaign_fields={**NO_COST, "ActualCost": found},
        agreed_fields={"ActualCost": ROUNDED},
        policy=LinkPolicy(field_edit=choice),
    )
    assert bool(changes) == written


def test_an_edit_that_was_kept_gives_way_when_ours_changes() -> None:
    """M5.3."""
    assert fields(
        costs=COSTS[:1],
        had_costs=True,
        campaign_fields={**NO_COST, "ActualCost": Decimal(999)},
        agreed_fields={"ActualCost": ROUNDED},
        policy=LinkPolicy(field_edit=FieldEdit.KEEP),
    ) == (FieldChange(name="ActualCost", old=Decimal(999), new=Decimal("1200.00")),)


def test_another_currency_holds_the_cost_and_members_go_on() -> None:
    """M5.2."""
    plan = reconcile(
        link_facts(costs=COSTS, had_costs=True, campaign_currency="EUR"), three_trees(program={1: "Invited"})
    )
    assert [change.name for change in plan.fields] == ["ActualCost"]
    assert plan.field_writes == ()
    assert plan.for_campaign.height == 1
    [(person, code, message, _)] = plan.waiting.rows()
    assert (person, code) == (None, "FIELD_ACTUALCOST")
    assert "USD" in message
    assert "EUR" in message


def test_a_channel_with_a_long_name_and_no_alias_holds_the_type() -> None:
    """M5.1."""
    long = Channel(
        name="Breakfast briefings with customers abroad",
        statuses=(ProgressionStatus(name="Member", step=10),),
    )
    [change] = fields(channel=long)
    assert change.name == "Type"
    assert change.old == change.new == "Live Event"
    assert "campaignsync channel alias" in str(change.held)


def test_a_type_that_salesforce_refused_waits_until_ours_is_another() -> None:
    """M5.1."""
    refused = {
        "Type": FieldRefusal(
            value="Live Event", message="bad value for restricted picklist field: Live Event"
        )
    }
    fair = replace(LIVE_EVENT, campaign_type="Fair")
    was: dict[str, object] = {"Type": "Other", "ActualCost": None}
    assert [change.held for change in fields(campaign_fields=was, refused_fields=refused)] == [
        refused["Type"].message
    ]
    assert [change.held for change in fields(campaign_fields=was, refused_fields=refused, channel=fair)] == [
        None
    ]
