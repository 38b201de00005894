"""What `runtime.ports.Ledger` promises of a lead who was deleted and comes back under whatever record (M7.7-M7.9), asked of the
store and of its twin: the membership that went with the lead was removed by nobody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import polars as pl
import pytest

from campaign_words import Linked, counts, delta, lead, member, whole_list
from simulation.contract_words import planned, see

ADA, BEN = "person1@example.com", "person2@example.com"
CONTACT = "003000000000001AAA"


def agree(linked: Linked) -> None:
    """Ada is a member on both sides, and Ben is known."""
    ledger = linked.app.ledger
    see(linked, member(1, "Invited"), member(2, "Invited"))
    linked.app.members.set_status("Spring", ADA, "Invited", who="marketing")
    linked.app.members.set_status("Spring", BEN, "Invited", who="marketing")
    with ledger.run(linked.link, "test") as run:
        ledger.agree(run, ledger.trees(linked.link).program)
    linked.app.members.remove("Spring", BEN, who="marketing")
    linked.app.ledger.mirror_whole(linked.connection.connection_id, whole_list(member(1, "Invited")))
    with ledger.run(linked.link, "test") as run:
        ben = linked.app.directory.find(BEN)
        nothing = pl.DataFrame({"person_id": [ben], "status": [None]}, schema_overrides={"status": pl.String})
        ledger.agree(run, nothing)


def people_seen(linked: Linked, *people: dict[str, object]) -> None:
    """A look that brings leads and contacts alone."""
    ledger, org = linked.app.ledger, linked.connection.connection_id
    ledger.mirror(org, delta(people=list(people), member_counts=counts(0)))
    ledger.follow_people(org)


def delete(linked: Linked) -> None:
    """Ada's lead goes to the bin, and her membership with it."""
    people_seen(linked, lead(1, is_deleted=True))
    linked.app.ledger.mirror_whole(linked.connection.connection_id, whole_list())
    assert planned(linked) == ([], [])


def undeleted(linked: Linked) -> None:
    people_seen(linked, lead(1))


def undeleted_and_converted(linked: Linked) -> None:
    contact = lead(1, salesforce_id=CONTACT, kind="contact")
    people_seen(linked, lead(1, is_converted=True, converted_contact_id=CONTACT), contact)


def undeleted_and_merged_there(linked: Linked) -> None:
    people_seen(linked, lead(1, is_deleted=True, master_record_id=lead(2)["salesforce_id"]), lead(2))


BACK = [undeleted, undeleted_and_converted, undeleted_and_merged_there]


@pytest.mark.parametrize("back", BACK, ids=lambda back: back.__name__.replace("_", " "))
def test_whoever_is_back_without_their_membership_gets_it_anew(
    linked: Linked, back: Callable[[Linked], None]
) -> None:
    agree(linked)
    delete(linked)
    back(linked)
    assert planned(linked) == ([], ["Invited"])


@pytest.mark.parametrize("back", BACK, ids=lambda back: back.__name__.replace("_", " "))
def test_whoever_is_back_with_their_membership_keeps_what_was_agreed(
    linked: Linked, back: Callable[[Linked], None]
) -> None:
    """The status there is an edit of somebody's, not one of two lists that meet (M4.5)."""
    agree(linked)
    linked.app.members.set_status("Spring", ADA, "Registered", who="marketing")
    delete(linked)
    record = {
        undeleted: {},
        undeleted_and_converted: {"contact_id": CONTACT},
        undeleted_and_merged_there: {"lead_id": lead(2)["salesforce_id"]},
    }[back]
    seen = replace(delta(member(1, "Invited", **record)), people=delta().people)
    linked.app.ledger.mirror(linked.connection.connection_id, seen)
    back(linked)
    assert planned(linked) == ([], ["Registered"])
