"""What `runtime.ports.Ledger` promises of links, runs and what they leave behind, asked of the store and of its twin."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import polars as pl

from campaign_words import CAMPAIGN_ID, SYNC_USER, Linked, member
from campaignsync.domain.backlog import MEMBERS_THERE
from campaignsync.domain.errors import RetryableError
from campaignsync.domain.links import LinkState, Winner
from campaignsync.domain.observation import WholeLists
from campaignsync.domain.runs import FieldAgreement, FieldRefusal, RunReport
from campaignsync.domain.trees import CAMPAIGN_MEMBERS, CAMPAIGN_STATUSES
from campaignsync.planner.plan import WAITING
from simulation.contract_words import problems, see
from simulation.test_ledger_contract import ADA, BEN, agreed, batch, in_a_run, outcome, person

REPORT = RunReport(program="Spring", connection="org")


def test_links_are_told_with_what_keeps_them_waiting(linked: Linked) -> None:
    ledger, org = linked.app.ledger, linked.connection.connection_id
    assert ledger.links(org) == (linked.link,)
    assert ledger.standing(org)[linked.link].halted is None
    ledger.stop(linked.link, LinkState.HALTED, "too many removals")
    assert ledger.links(org) == (linked.link,), "whatever its state"
    assert ledger.standing(org)[linked.link].halted == "too many removals"


def test_a_link_is_a_backfill_until_it_ran_to_its_end(linked: Linked) -> None:
    ledger = linked.app.ledger
    see(linked, member(1, "Invited"))
    assert ledger.is_backfill(linked.link)
    in_a_run(linked, lambda run: ledger.finish(run, REPORT))
    assert not ledger.is_backfill(linked.link)


def test_few_campaigns_are_counted_as_one_page_and_listed_whole(linked: Linked) -> None:
    ledger, org = linked.app.ledger, linked.connection.connection_id
    see(linked, member(1, "Invited"))
    assert tuple(ledger.campaign_bounds(org)) == ()
    assert ledger.big_campaigns(org, [CAMPAIGN_ID]) == frozenset()


def test_whose_member_is_in_no_list_is_looked_up(linked: Linked) -> None:
    """S0.1, M7.9: whether they are gone themselves decides what their leaving means."""
    see(linked, member(1, "Invited"), member(2, "Invited"))
    left = WholeLists(
        members_of=frozenset({CAMPAIGN_ID}),
        members=pl.DataFrame([member(1, "Invited")], schema=CAMPAIGN_MEMBERS),
        statuses_of=frozenset(),
        statuses=pl.DataFrame(schema=CAMPAIGN_STATUSES),
    )
    gone = linked.app.ledger.people_vanished(linked.connection.connection_id, left)
    assert gone == [member(2, "")["lead_id"]]


def test_what_a_run_did_is_told_and_what_others_did_meanwhile_is_not(linked: Linked) -> None:
    ledger = linked.app.ledger
    see(linked, member(1, "Invited"), member(2, "Invited"))
    ada = person(linked, ADA)
    done = batch(
        outcome(ada, "Attended", campaign_member_id=member(1, "")["id"]),
        members=[member(1, "Attended", last_modified_by_id=SYNC_USER.user_id)],
    )
    with ledger.run(linked.link, "sync") as run:
        ledger.record_members(run, done)
        linked.app.members.set_status("Spring", BEN, "Invited", who="marketing")
        told = ledger.changes_of(run, SYNC_USER.user_id)
    assert told.members.rows() == [("campaign", ada, "Invited", "Attended")]
    assert told.people["email"].to_list() == [ADA]


def test_a_run_that_was_let_go_on_puts_its_link_to_rights(linked: Linked) -> None:
    """M6.6: removals are allowed once."""
    ledger = linked.app.ledger
    ledger.stop(linked.link, LinkState.HALTED, "too many removals")
    linked.app.registry.resume(linked.link)
    in_a_run(linked, lambda run: ledger.finish(run, REPORT))
    facts = ledger.link(linked.link)
    assert (facts.state, facts.removals_allowed) == (LinkState.ACTIVE, False)
    assert problems(linked) == []


def test_what_waits_for_a_person_is_a_problem_until_no_plan_waits_for_it(linked: Linked) -> None:
    """M8.2."""
    ledger = linked.app.ledger
    see(linked, member(1, "Invited"))
    ada = person(linked, ADA)
    rows = [(ada, "CONFLICT", "changed on both sides", None), (None, "FIELD_TYPE", "no such type", None)]
    waiting = pl.DataFrame(rows, schema=WAITING, orient="row")
    in_a_run(linked, lambda run: ledger.hold(run, waiting, waiting.select("person_id", "code")))
    assert problems(linked) == ["CONFLICT", "FIELD_TYPE"]
    fields = waiting.filter(pl.col("person_id").is_null())
    in_a_run(linked, lambda run: ledger.hold(run, fields, fields.select("person_id", "code")))
    assert problems(linked) == ["FIELD_TYPE"]
    nobody = waiting.clear()
    in_a_run(linked, lambda run: ledger.hold(run, nobody, nobody.select("person_id", "code")))
    assert problems(linked) == []


def test_a_field_that_was_refused_is_a_problem_until_it_is_written(linked: Linked) -> None:
    """M5.1, M5.3."""
    ledger = linked.app.ledger
    see(linked)
    refusal = FieldRefusal(value="Webinar", message="bad value for restricted picklist")
    in_a_run(linked, lambda run: ledger.record_field_refusal(run, "Type", refusal))
    assert ledger.link(linked.link).refused_fields == {"Type": refusal}
    assert problems(linked) == ["FIELD_TYPE"]
    written = FieldAgreement(written="Webinar", found="Webinar")
    in_a_run(linked, lambda run: ledger.record_field(run, "Type", written))
    facts = ledger.link(linked.link)
    assert (facts.agreed_fields, facts.campaign_fields["Type"]) == ({"Type": written}, "Webinar")
    assert facts.refused_fields == {}
    assert problems(linked) == []
    cost = FieldAgreement(written=Decimal("1.005"), found=Decimal("1.01"))
    in_a_run(linked, lambda run: ledger.record_field(run, "ActualCost", cost))
    assert ledger.link(linked.link).agreed_fields["ActualCost"] == cost


def test_what_waits_is_counted_and_moves_nothing(linked: Linked) -> None:
    """M8.3."""
    ledger = linked.app.ledger
    see(linked, member(1, "Invited"))
    in_a_run(linked, lambda run: ledger.count_waiting(run, {MEMBERS_THERE: 3}))
    assert agreed(linked) == {}
    assert problems(linked) == []


def test_a_conflict_is_decided_for_either_side(linked: Linked) -> None:
    """M6.3."""
    ledger = linked.app.ledger
    for winner, here, there in (
        (Winner.CAMPAIGN, "Registered", None),
        (Winner.PROGRAM, "Invited", "Registered"),
    ):
        who, number = (ADA, 1) if winner is Winner.CAMPAIGN else (BEN, 2)
        see(linked, member(1, "Registered"), member(2, "Registered"))
        linked.app.members.set_status("Spring", who, "Invited", who="marketing")
        ada = person(linked, who)
        rows = [(ada, "CONFLICT", f"changed on both sides {number}", None)]
        waiting = pl.DataFrame(rows, schema=WAITING, orient="row")
        keep = waiting.select("person_id", "code")
        in_a_run(linked, lambda run, waiting=waiting, keep=keep: ledger.hold(run, waiting, keep))
        conflicts = pl.DataFrame({"person_id": [ada], "program": ["Invited"], "campaign": ["Registered"]})
        ledger.decide_conflicts(linked.link, conflicts, winner, "marketing")
        assert linked.statuses()[who] == here
        assert agreed(linked).get(who) == (there or here)
        assert problems(linked) == []


def test_why_a_round_could_not_be_done_is_kept_until_one_is(linked: Linked) -> None:
    """M8.2: of the org, and of a link by itself."""
    ledger, org = linked.app.ledger, linked.connection.connection_id
    unreachable = RetryableError("no answer", retry_after_s=60, code="UNREACHABLE")
    ledger.job_failed(org, None, unreachable)
    ledger.job_failed(org, linked.link, RetryableError("locked", retry_after_s=60, code="LOCKED"))
    assert problems(linked) == ["LOCKED", "UNREACHABLE"]
    ledger.round_done(org)
    assert problems(linked) == ["LOCKED"]
    in_a_run(linked, lambda run: ledger.finish(run, replace(REPORT)))
    assert problems(linked) == []


def test_who_has_which_status_here_by_now_is_told_without_a_plan(linked: Linked) -> None:
    """What a plan took from the program may have changed since."""
    ledger = linked.app.ledger
    see(linked, member(1, "Invited"), member(2, "Invited"))
    linked.app.members.set_status("Spring", ADA, "Registered", who="marketing")
    ada, ben = person(linked, ADA), person(linked, BEN)
    assert ledger.statuses_here(linked.link, [ada, ben]) == {ada: "Registered"}
    linked.app.members.remove("Spring", ADA, who="marketing")
    assert ledger.statuses_here(linked.link, [ada, ben]) == {}
    assert ledger.statuses_here(linked.link, []) == {}
