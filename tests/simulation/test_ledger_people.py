"""What `runtime.ports.Ledger` promises of people and their fields (M7), asked of the store and of its twin."""

from __future__ import annotations

import polars as pl
import pytest

from campaign_words import Linked, delta, lead, member
from campaignsync.domain.fields import (
    PERSON_CHANGES,
    PERSON_OUTCOMES,
    PERSON_WRITES,
    STANDARD_FIELDS,
    Access,
    FieldRule,
    PersonBatch,
)
from campaignsync.domain.links import Winner
from campaignsync.domain.matching import MATCHES
from campaignsync.domain.people import PersonKind
from campaignsync.domain.problems import RECORD_PROBLEMS
from campaignsync.domain.trees import SALESFORCE_PEOPLE
from campaignsync.planner.member_fields import VALUES
from simulation.contract_words import problems, see
from simulation.test_ledger_contract import ADA, person

RULES = tuple(
    FieldRule(field=field, kind=kind, access=Access.WRITE) for kind in PersonKind for field in STANDARD_FIELDS
)
LEAD = str(lead(1)["salesforce_id"])


def ada_with(linked: Linked, **fields: object) -> int:
    """Ada is in the campaign, and her lead says this; she becomes one of ours with it."""
    ledger, org = linked.app.ledger, linked.connection.connection_id
    ledger.mirror(org, delta(member(1, "Invited"), people=[lead(1, **fields)]))
    ledger.adopt_people(linked.link)
    return person(linked, ADA)


def differences(linked: Linked) -> dict[str, tuple[str | None, str | None, str | None]]:
    """By field of whoever is compared now: agreed, ours, theirs."""
    found = linked.app.ledger.compare_people(linked.connection.connection_id, RULES).differences
    return {row["field"]: (row["agreed"], row["ours"], row["theirs"]) for row in found.to_dicts()}


def settle(linked: Linked, waiting: pl.DataFrame | None = None) -> None:
    ledger, org = linked.app.ledger, linked.connection.connection_id
    compared = ledger.compare_people(org, RULES).compared
    nothing = pl.DataFrame(schema=RECORD_PROBLEMS)
    solved = [] if waiting is not None else compared["person_id"].to_list()
    ledger.settle_people(org, compared, nothing if waiting is None else waiting, solved, RULES)


def test_whoever_is_made_of_a_record_is_agreed_on_at_once(linked: Linked) -> None:
    """M7.4: nobody has to compare them, and whoever changes on either side from then on is the one who changed."""
    ledger, org = linked.app.ledger, linked.connection.connection_id
    ledger.mirror(org, delta(member(1, "Invited"), people=[lead(1, title=" Countess ", city="Paris")]))
    ledger.adopt_people(linked.link, RULES)
    assert ledger.compare_people(org, RULES).compared.is_empty()
    ledger.mirror_people(
        org, pl.DataFrame([lead(1, title="Lady", city=None, state="N/A")], schema=SALESFORCE_PEOPLE)
    )
    assert differences(linked) == {
        "title": ("Countess", "Countess", "Lady"),
        "city": ("Paris", "Paris", None),
        "state": (None, None, "N/A"),
    }
    assert ledger.compare_people(org, RULES).differences["met"].to_list() == [True] * 3


@pytest.mark.parametrize("known", [True, False])
def test_who_was_ours_before_or_has_nothing_to_compare_is_still_to_be_compared(
    linked: Linked, *, known: bool
) -> None:
    """M7.4: only what was taken from a record is the record's."""
    ledger, org = linked.app.ledger, linked.connection.connection_id
    if known:
        linked.app.members.set_status("Spring", ADA, "Invited", who="marketing")
    ledger.mirror(org, delta(member(1, "Invited"), people=[lead(1, title="Countess")]))
    ledger.adopt_people(linked.link, RULES if known else ())
    assert ledger.compare_people(org, RULES).compared["person_id"].to_list() == [person(linked, ADA)]
    assert set(ledger.compare_people(org, RULES).differences["met"]) == ({False} if known else set())


def test_whoever_is_found_is_joined_and_known_from_then_on(linked: Linked) -> None:
    """M7.3."""
    ledger, org = linked.app.ledger, linked.connection.connection_id
    linked.app.members.set_status("Spring", ADA, "Invited", who="marketing")
    ada = person(linked, ADA)
    assert ledger.known_ids(org, [LEAD]) == frozenset()
    ledger.match_people(org, pl.DataFrame([(ada, LEAD, "lead", 1)], schema=MATCHES, orient="row"), None)
    assert ledger.known_ids(org, [LEAD, "00Q000000000009AAA"]) == {LEAD}
    assert ledger.identities(org, [ada])["salesforce_id"].to_list() == [LEAD]


def test_fields_are_compared_until_both_sides_are_settled(linked: Linked) -> None:
    """M7.4."""
    ledger, org = linked.app.ledger, linked.connection.connection_id
    ada = ada_with(linked, title="Countess")
    settle(linked)
    assert ledger.compare_people(org, RULES).compared.is_empty(), "what was compared is not compared again"
    ledger.mirror_people(org, pl.DataFrame([lead(1, title="Lady")], schema=SALESFORCE_PEOPLE))
    assert differences(linked) == {"title": ("Countess", "Countess", "Lady")}
    rows = [(ada, "title", "Countess", "Lady"), (ada, "city", "Paris", "London")]
    ledger.change_people(org, pl.DataFrame(rows, schema=PERSON_CHANGES, orient="row"), RULES)
    assert differences(linked) == {}, "it follows"
    held = linked.app.dump(org).people[ada]  # type: ignore[attr-defined]
    assert (held["title"], held.get("city")) == ("Lady", None), "unless it was changed meanwhile"


def test_what_was_written_to_a_record_is_agreed_on_and_a_refusal_is_a_problem(linked: Linked) -> None:
    """M7.4, M8.2."""
    ledger, org = linked.app.ledger, linked.connection.connection_id
    ada = ada_with(linked, title="Countess")
    settle(linked)
    number = linked.app.directory.find(ADA)
    title = next(field for field in STANDARD_FIELDS if field.name == "title")
    linked.app.directory.change(number, {title: "Lady"}, who="marketing")
    assert differences(linked) == {"title": ("Countess", "Lady", "Countess")}
    row = (ada, "lead", LEAD, "title", "Countess", "Lady")
    writes = pl.DataFrame([row], schema=PERSON_WRITES, orient="row")

    def answer(title: str, code: str | None) -> PersonBatch:
        outcomes = pl.DataFrame(
            [(ada, code, code and "Not on Sundays.", False, True)], schema=PERSON_OUTCOMES, orient="row"
        )
        return PersonBatch(
            outcomes=outcomes, people=pl.DataFrame([lead(1, title=title)], schema=SALESFORCE_PEOPLE)
        )

    ledger.record_people(org, writes, answer("Countess", "FIELD_CUSTOM_VALIDATION_EXCEPTION"), RULES)
    assert problems(linked) == ["FIELD_CUSTOM_VALIDATION_EXCEPTION"]
    ledger.record_people(org, writes, answer("Lady", None), RULES)
    assert differences(linked) == {}
    settle(linked)
    assert problems(linked) == []


def test_what_waits_for_somebody_is_kept_when_people_were_compared(linked: Linked) -> None:
    """M2.4."""
    ada = ada_with(linked, title="Countess")
    taken = (ada, "EMAIL_TAKEN", "Another person here has the address.", "ben@example.com", True)
    settle(linked, pl.DataFrame([taken], schema=RECORD_PROBLEMS, orient="row"))
    assert problems(linked) == ["EMAIL_TAKEN"]


def test_no_mapped_fields_of_members_are_nothing_to_compare_or_to_decide(linked: Linked) -> None:
    """M6.8: mapped ones are held by tests/functional/test_member_fields.py and tests/store."""
    ledger = linked.app.ledger
    see(linked, member(1, "Invited"))
    assert ledger.compare_values(linked.link).differences.is_empty()
    ledger.decide_values(linked.link, pl.DataFrame(schema=VALUES), Winner.PROGRAM, "marketing")
    assert ledger.compare_values(linked.link).differences.is_empty()
