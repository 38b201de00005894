"""What `runtime.ports.Ledger` promises, asked of both that keep it: the store in PostgreSQL and the twin that histories run on.

Histories compare the two as a whole (`test_two_stores`); here each promise is asked for by itself, step by step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from campaign_words import CAMPAIGN_ID, SEEN_AT, SYNC_USER, Linked, counts, delta, lead, member
from campaignsync.domain.errors import RetryableError
from campaignsync.domain.events import Heard
from campaignsync.domain.fields import STANDARD_FIELDS, Access, FieldRule
from campaignsync.domain.ids import RunId
from campaignsync.domain.links import LinkState
from campaignsync.domain.matching import MATCHES
from campaignsync.domain.observation import WholeLists
from campaignsync.domain.people import PersonKind
from campaignsync.domain.runs import REASONS, FieldAgreement, FieldRefusal, MemberBatch
from campaignsync.domain.trees import (
    CAMPAIGN_MEMBERS,
    CAMPAIGN_STATUSES,
    LEAD_OUTCOMES,
    MEMBER_OUTCOMES,
    MEMBER_WRITES,
    SALESFORCE_PEOPLE,
)
from campaignsync.planner.people import plan_people
from simulation.contract_words import journal, listed, see

TITLE = next(field for field in STANDARD_FIELDS if field.name == "title")
ADA, BEN = "person1@example.com", "person2@example.com"


def person(linked: Linked, email: str) -> int:
    people = linked.app.ledger.trees(linked.link).people
    return int(people.filter(pl.col("email") == email)["person_id"].item())


def agreed(linked: Linked) -> dict[str, str]:
    """What both sides agreed on, by e-mail: trees need to hold only whom they differ about."""
    held = linked.app.dump(linked.connection.connection_id)  # type: ignore[attr-defined]
    return {held.people[number]["email"]: status for number, status in held.agreed["Spring"].items()}


def outcome(who: int, wanted: str | None, **fields: object) -> dict[str, object]:
    usual = {"person_id": who, "wanted": wanted, "found": wanted, "known": True, "retriable": False}
    return {**usual, **fields}


def batch(*outcomes: dict[str, object], members: list[dict[str, object]] | None = None) -> MemberBatch:
    return MemberBatch(
        outcomes=pl.DataFrame(list(outcomes), schema=MEMBER_OUTCOMES),
        members=pl.DataFrame(members or [], schema=CAMPAIGN_MEMBERS),
    )


def frame(*members: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame(list(members), schema=CAMPAIGN_MEMBERS)


def written(who: int, wanted: str | None) -> MemberBatch:
    """What the plan wanted of somebody for a reason of its own, done."""
    done = batch(outcome(who, wanted, campaign_member_id=member(1, "")["id"]))
    return replace(
        done, reasons=pl.DataFrame([(who, "changed in the program")], schema=REASONS, orient="row")
    )


def in_a_run(linked: Linked, act: Callable[[Any], None]) -> None:
    with linked.app.ledger.run(linked.link, "sync") as run:
        act(run)


def test_what_a_look_brings_is_the_campaigns_tree_and_the_cursor_moves_with_it(linked: Linked) -> None:
    see(linked, member(1, "Invited"), member(2, "Attended"))
    assert linked.tree("campaign") == {ADA: "Invited", BEN: "Attended"}
    assert linked.app.ledger.cursor(linked.connection.connection_id) == delta().cursor
    # What one look brings is one moment: its lines have no order among themselves.
    assert sorted(journal(linked), key=str) == [
        ("campaign", None, "Attended"),
        ("campaign", None, "Invited"),
    ]


def test_what_was_seen_before_is_told_once(linked: Linked) -> None:
    see(linked, member(1, "Invited"))
    see(linked, member(1, "Invited"))
    assert journal(linked) == [("campaign", None, "Invited")]


def test_only_a_whole_list_says_who_is_gone(linked: Linked) -> None:
    """S0.1: counts say where somebody is gone, never who."""
    ledger, org = linked.app.ledger, linked.connection.connection_id
    see(linked, member(1, "Invited"), member(2, "Invited"))
    fewer = delta(member_counts=counts(1))
    ledger.mirror(org, fewer)
    assert linked.tree("campaign") == {ADA: "Invited", BEN: "Invited"}
    assert ledger.campaigns_to_list(org, fewer)[0] == {CAMPAIGN_ID}
    left = WholeLists(
        members_of=frozenset({CAMPAIGN_ID}),
        members=pl.DataFrame([member(1, "Invited")], schema=CAMPAIGN_MEMBERS),
        statuses_of=frozenset(),
        statuses=pl.DataFrame(schema=CAMPAIGN_STATUSES),
    )
    ledger.mirror_whole(org, left)
    assert linked.tree("campaign") == {ADA: "Invited"}


def test_a_list_of_ids_tells_who_is_new_and_who_is_gone(linked: Linked) -> None:
    """S0.1: of a big campaign only ids are listed whole."""
    ledger, org = linked.app.ledger, linked.connection.connection_id
    see(linked, member(1, "Invited"), member(2, "Invited"))
    one, two, three = (str(member(number, "")["id"]) for number in (1, 2, 3))
    assert ledger.compare_members(org, CAMPAIGN_ID, [listed(three), listed(one)]) == ([three], [two])
    assert ledger.compare_members(org, CAMPAIGN_ID, [listed()]) == ([], [one, two])
    lists = WholeLists(
        members_of=frozenset({CAMPAIGN_ID}),
        members=pl.DataFrame([member(3, "Attended")], schema=CAMPAIGN_MEMBERS),
        statuses=pl.DataFrame(schema=CAMPAIGN_STATUSES),
        gone=(two,),
    )
    assert ledger.people_vanished(org, lists) == [lead(2)["salesforce_id"]]
    ledger.mirror_whole(org, lists)
    assert linked.tree("campaign") == {ADA: "Invited"}


def test_a_link_is_due_until_the_mark_that_was_seen_is_taken_away_and_no_later_one(linked: Linked) -> None:
    ledger, org = linked.app.ledger, linked.connection.connection_id
    see(linked, member(1, "Invited"))
    seen = ledger.trees(linked.link).mark
    assert seen is not None
    linked.app.members.set_status("Spring", BEN, "Invited", who="marketing")
    ledger.settle_mark(linked.link, seen)
    assert ledger.links_due(org) == (linked.link,)
    latest = ledger.trees(linked.link).mark
    assert latest is not None
    ledger.settle_mark(linked.link, latest)
    assert ledger.links_due(org) == ()


def test_our_side_follows_only_whom_nobody_moved_meanwhile(linked: Linked) -> None:
    see(linked, member(1, "Registered"), member(2, "Registered"))
    for who in (ADA, BEN):
        linked.app.members.set_status("Spring", who, "Invited", who="marketing")
    ada, ben = person(linked, ADA), person(linked, BEN)
    linked.app.members.set_status("Spring", BEN, "Attended", who="marketing")
    rows = [(each, "Invited", "Registered", "changed in the campaign") for each in (ada, ben)]
    changes = pl.DataFrame(rows, schema=["person_id", "was", "status", "why"], orient="row")
    in_a_run(linked, lambda run: linked.app.ledger.change_program(run, changes))
    assert linked.statuses() == {ADA: "Registered", BEN: "Attended"}
    assert agreed(linked) == {ADA: "Registered"}


def test_agreed_moves_to_what_was_read_back_and_a_refusal_is_a_problem(linked: Linked) -> None:
    """S0.2, M8.2."""
    see(linked, member(1, "Invited"), member(2, "Invited"))
    ada, ben = person(linked, ADA), person(linked, BEN)
    answered = batch(
        outcome(ada, "Attended", found="Invited", campaign_member_id=member(1, "")["id"]),
        outcome(
            ben,
            "Attended",
            found="Invited",
            campaign_member_id=member(2, "")["id"],
            code="FIELD_CUSTOM_VALIDATION_EXCEPTION",
            message="Not on Sundays.",
        ),
    )
    in_a_run(linked, lambda run: linked.app.ledger.record_members(run, answered))
    assert agreed(linked) == {ADA: "Invited"}
    held = linked.app.dump(linked.connection.connection_id).problems  # type: ignore[attr-defined]
    assert {(each["person"], each["code"]) for each in held} == {
        (ada, "STATUS_NOT_STORED"),
        (ben, "FIELD_CUSTOM_VALIDATION_EXCEPTION"),
    }


def test_a_write_that_nobody_heard_of_is_settled_by_who_changed_the_row_last(linked: Linked) -> None:
    """S0.2: as it is there, by us: agreed on; by somebody else: an edit."""
    ledger = linked.app.ledger
    see(linked, member(1, "Invited"), member(2, "Invited"))
    ada, ben = person(linked, ADA), person(linked, BEN)
    in_a_run(
        linked,
        lambda run: ledger.agree(run, pl.DataFrame({"person_id": [ada, ben], "status": ["Invited"] * 2})),
    )
    writes = [
        {
            "person_id": who,
            "campaign_member_id": member(number, "")["id"],
            "salesforce_id": lead(number)["salesforce_id"],
            "kind": "lead",
            "status": "Attended",
        }
        for who, number in ((ada, 1), (ben, 2))
    ]
    in_a_run(linked, lambda run: ledger.intend_members(run, pl.DataFrame(writes, schema=MEMBER_WRITES)))
    see(linked, member(1, "Registered", last_modified_by_id=SYNC_USER.user_id), member(2, "Registered"))
    ledger.settle_intents(linked.link, SYNC_USER.user_id)
    assert agreed(linked) == {ADA: "Registered", BEN: "Invited"}


def test_a_lead_that_was_intended_stays_so_until_it_is_heard_of(linked: Linked) -> None:
    """M7.11."""
    ledger, org = linked.app.ledger, linked.connection.connection_id
    linked.app.members.set_status("Spring", ADA, "Invited", who="marketing")
    ada = person(linked, ADA)
    assert ledger.unmatched(org, [ada])["person_id"].to_list() == [ada]
    nobody = 10**6
    assert ledger.still_unmatched(org, pl.Series([ada, nobody])).to_list() == [ada]
    ledger.intend_leads(org, [ada])
    unheard = {"person_id": ada, "known": False, "retriable": False, "message": "no answer"}
    ledger.record_leads(org, pl.DataFrame([unheard], schema=LEAD_OUTCOMES), None)
    assert ledger.open_lead_intents(org)["person_id"].to_list() == [ada]
    made = {"person_id": ada, "known": True, "retriable": False, "salesforce_id": lead(1)["salesforce_id"]}
    ledger.record_leads(org, pl.DataFrame([made], schema=LEAD_OUTCOMES), None)
    assert ledger.open_lead_intents(org).is_empty()
    assert ledger.unmatched(org, [ada]).is_empty()
    assert ledger.still_unmatched(org, pl.Series([ada, nobody])).is_empty()
    assert ledger.identities(org, [ada])["salesforce_id"].to_list() == [made["salesforce_id"]]


def test_a_lead_that_was_intended_is_in_question_when_a_stranger_comes_into_the_campaign(
    linked: Linked,
) -> None:
    """M7.11: whoever came in may be who was made; asked before strangers are made people, and of nobody who is known by now."""
    ledger, org = linked.app.ledger, linked.connection.connection_id
    linked.app.members.set_status("Spring", ADA, "Invited", who="marketing")
    linked.app.members.set_status("Spring", BEN, "Invited", who="marketing")
    ledger.intend_leads(org, [person(linked, ADA), person(linked, BEN)])
    ledger.match_people(
        org,
        pl.DataFrame(
            [(person(linked, BEN), lead(2)["salesforce_id"], "lead", 1)], schema=MATCHES, orient="row"
        ),
        None,
    )
    assert ledger.leads_in_question(linked.link).is_empty(), "nobody came in"
    ledger.mirror(org, delta(member(2, "Invited")))
    assert ledger.leads_in_question(linked.link).is_empty(), "nobody came in who is unknown"
    ledger.mirror(
        org, delta(member(1, "Invited"), member(2, "Invited"), people=[lead(1, is_deleted=True), lead(2)])
    )
    assert ledger.leads_in_question(linked.link).is_empty(), "whoever is deleted is made nobody"
    ledger.mirror(
        org, delta(member(1, "Invited"), member(2, "Invited"), people=[lead(1, email=None), lead(2)])
    )
    assert ledger.leads_in_question(linked.link)["email"].to_list() == [ADA]
    ledger.adopt_people(linked.link)
    assert ledger.leads_in_question(linked.link).is_empty(), "the stranger is somebody now"


def test_nobody_is_alone_with_an_org_or_a_link_twice(linked: Linked) -> None:
    ledger, org = linked.app.ledger, linked.connection.connection_id
    with ledger.alone(org), pytest.raises(RetryableError), ledger.alone(org):
        raise AssertionError("two rounds of one org")
    with ledger.run(linked.link, "sync"), pytest.raises(RetryableError), ledger.run(linked.link, "sync"):
        raise AssertionError("two runs of one link")
    with ledger.alone(org), ledger.run(linked.link, "sync"):
        """Whoever left is out of the way at once."""


def test_jobs_are_open_until_they_are_forgotten(linked: Linked) -> None:
    ledger, org = linked.app.ledger, linked.connection.connection_id
    for job in ("750000000000001AAA", "750000000000002AAA"):
        ledger.note_job(org, job)
    assert set(ledger.open_jobs(org)) == {"750000000000001AAA", "750000000000002AAA"}
    ledger.forget_jobs(org)
    assert ledger.open_jobs(org) == ()


def test_calls_are_charged_to_a_budget_that_is_spent_by_them(linked: Linked) -> None:
    ledger, org = linked.app.ledger, linked.connection.connection_id
    linked.app.registry.set_pace(org, {"daily_calls": 5})
    ledger.begin_round(org)
    ledger.charge(org, 4)
    assert not ledger.budget(org).spent
    ledger.charge(org, 1)
    assert ledger.budget(org).spent


def test_a_link_that_is_stopped_says_why(linked: Linked) -> None:
    ledger = linked.app.ledger
    ledger.stop(linked.link, LinkState.HALTED, "too many removals")
    facts = ledger.link(linked.link)
    assert (facts.state, facts.reason) == (LinkState.HALTED, "too many removals")
    held = linked.app.dump(linked.connection.connection_id).problems  # type: ignore[attr-defined]
    assert [each["code"] for each in held] == ["LINK_HALTED"]


@pytest.mark.parametrize("gone", [True, False])
def test_a_person_deleted_in_salesforce_is_flagged_and_joined_again_when_undeleted(
    linked: Linked, gone: bool
) -> None:
    """M7.9: no removal from the program."""
    ledger, org = linked.app.ledger, linked.connection.connection_id
    see(linked, member(1, "Invited"))
    linked.app.members.set_status("Spring", ADA, "Invited", who="marketing")
    ledger.mirror_people(org, pl.DataFrame([lead(1, is_deleted=True)], schema=delta().people.schema))
    ledger.follow_people(org)
    if not gone:
        ledger.mirror_people(org, pl.DataFrame([lead(1)], schema=delta().people.schema))
        ledger.follow_people(org)
    known = linked.app.dump(org).identities  # type: ignore[attr-defined]
    assert [bool(row["is_deleted"]) for row in known.values()] == [gone]
    assert linked.statuses() == {ADA: "Invited"}


@pytest.mark.parametrize("seen_before", [True, False])
def test_whoever_arrives_at_another_record_is_compared_with_it(linked: Linked, seen_before: bool) -> None:
    """M7.8: though that record has not changed since it was mirrored."""
    ledger, org = linked.app.ledger, linked.connection.connection_id
    see(linked, member(1, "Invited"))
    if seen_before:
        mirror_leads(linked, lead(2))
    ada = person(linked, ADA)
    assert compare(linked) == [ada]
    assert compare(linked) == []
    mirror_leads(linked, lead(1, is_deleted=True, master_record_id=lead(2)["salesforce_id"]))
    ledger.follow_people(org)
    assert compare(linked) == [ada]


def mirror_leads(linked: Linked, *leads: dict[str, object]) -> None:
    people = pl.DataFrame(list(leads), schema=SALESFORCE_PEOPLE)
    linked.app.ledger.mirror_people(linked.connection.connection_id, people)


def compare(linked: Linked) -> list[int]:
    """Whose fields are compared, which are equal."""
    ledger, org = linked.app.ledger, linked.connection.connection_id
    rules = [FieldRule(field=TITLE, kind=PersonKind.LEAD, access=Access.WRITE)]
    compared = ledger.compare_people(org, rules)
    ledger.settle_people(org, compared.compared, plan_people(compared, rules).waiting, (), rules)
    return compared.compared["person_id"].to_list()


WRITTEN_BY_A_ROUND: dict[str, Callable[[Any, RunId, int], None]] = {
    "members of the campaign, for the run's own reason": lambda ledger, run, ada: ledger.record_members(
        run, batch(outcome(ada, "Attended"), members=[member(1, "Attended")])
    ),
    "members of the campaign, for a reason of each": lambda ledger, run, ada: ledger.record_members(
        run, replace(written(ada, "Attended"), members=frame(member(1, "Attended")))
    ),
    "members that are gone": lambda ledger, run, ada: ledger.record_members(run, written(ada, None)),
    "members of the program": lambda ledger, run, ada: ledger.change_program(
        run,
        pl.DataFrame(
            {
                "person_id": [ada],
                "was": pl.Series([None], dtype=pl.String),
                "status": ["Invited"],
                "why": ["added"],
            }
        ),
    ),
    "a field of the campaign": lambda ledger, run, ada: ledger.record_field(
        run, "Type", FieldAgreement(written="Webinar", found="Webinar")
    ),
    "a refusal of a field": lambda ledger, run, ada: ledger.record_field_refusal(
        run, "Type", FieldRefusal(value="Webinar", message="restricted")
    ),
    "what is agreed": lambda ledger, run, ada: ledger.agree(
        run, pl.DataFrame({"person_id": [ada], "status": ["Invited"]})
    ),
    "an intent": lambda ledger, run, ada: ledger.intend_members(
        run,
        pl.DataFrame(
            [
                {
                    "person_id": ada,
                    "salesforce_id": lead(1)["salesforce_id"],
                    "kind": "lead",
                    "status": "Attended",
                }
            ],
            schema=MEMBER_WRITES,
        ),
    ),
}


@pytest.mark.parametrize("what", WRITTEN_BY_A_ROUND)
def test_what_a_round_writes_itself_calls_for_no_other_round_of_its_org(linked: Linked, what: str) -> None:
    """It would bring nothing and cost an org two calls, each time."""
    see(linked, member(1, "Invited"))
    jobs, org = linked.app.jobs, linked.connection.connection_id
    assert had(linked) == [org], "the new link called for the round that is under way now"
    ada = person(linked, ADA)
    in_a_run(linked, lambda run: WRITTEN_BY_A_ROUND[what](linked.app.ledger, run, ada))
    assert jobs.next_due() is None
    linked.app.members.set_status("Spring", BEN, "Invited", who="marketing")
    assert had(linked) == [org], "what anybody else writes calls for one"


def test_what_says_whether_an_org_must_be_compared_makes_no_link_due(linked: Linked) -> None:
    """No plan is made of it: thousands of links would be planned for nothing, once a day and whenever events are missed."""
    see(linked, member(1, "Invited"))
    app, org = linked.app, linked.connection.connection_id
    app.ledger.settle_mark(linked.link, app.ledger.trees(linked.link).mark or 0)
    app.subscriptions.keep(org, [Heard(topic="/data/LeadChangeEvent", replay_id=None, missed=True)])  # type: ignore[attr-defined]
    app.pulses.comparing(org)
    app.pulses.compared(org)
    assert app.ledger.links_due(org) == ()


def test_what_the_org_loses_track_of_in_the_midst_of_a_comparison_calls_for_another(linked: Linked) -> None:
    """S2.7.5: what was listed before it may have changed since."""
    app, org = linked.app, linked.connection.connection_id
    app.pulses.comparing(org)
    assert app.pulses.comparison_due(org), "whoever dies of it has not compared"
    app.subscriptions.keep(org, [Heard(topic="/data/LeadChangeEvent", replay_id=b"1", missed=True)])  # type: ignore[attr-defined]
    app.pulses.compared(org)
    assert app.pulses.comparison_due(org)
    app.pulses.comparing(org)
    app.pulses.compared(org)
    assert not app.pulses.comparison_due(org)


def test_whose_round_it_is_stays_known_while_whole_lists_say_who_is_gone(linked: Linked) -> None:
    """S0.1, M7.9."""
    see(linked, member(1, "Invited"), member(2, "Invited"))
    ledger, org = linked.app.ledger, linked.connection.connection_id
    ledger.mirror_people(org, pl.DataFrame([lead(1, is_deleted=True)], schema=delta().people.schema))
    had(linked)
    nobody = WholeLists(
        members_of=frozenset({CAMPAIGN_ID}),
        members=pl.DataFrame(schema=CAMPAIGN_MEMBERS),
        statuses_of=frozenset(),
        statuses=pl.DataFrame(schema=CAMPAIGN_STATUSES),
    )
    ledger.mirror_whole(org, nobody)
    assert had(linked) == []


def had(linked: Linked) -> list[int]:
    """The orgs whose rounds wait; they are had now."""
    jobs, orgs = linked.app.jobs, []  # type: ignore[attr-defined]
    while taken := jobs.take(SEEN_AT):
        orgs.append(taken[0])
        jobs.done(taken[0])
    return orgs
