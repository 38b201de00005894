"""What people set up, do and look at, by `Registry`, `Members`, `Directory` and `Views`: as far as histories use those, the store
and its twin keep the same promises."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from campaign_words import CAMPAIGN_ID, SYNC_USER, Linked, member
from campaignsync.domain.errors import RetryableError, UsageError
from campaignsync.domain.fields import STANDARD_FIELDS
from campaignsync.domain.labels import LabelMapping
from campaignsync.domain.links import Winner
from campaignsync.domain.people import LeadRules
from campaignsync.domain.programs import PeriodCost
from campaignsync.domain.registrants import read_registrants
from simulation.conftest import LOGIN
from simulation.contract_words import journal, see
from simulation.test_ledger_contract import ADA, BEN

MARCH = date(2026, 3, 1)
TITLE = next(field for field in STANDARD_FIELDS if field.name == "title")


def settled(linked: Linked) -> None:
    """Whatever marked the link was planned."""
    mark = linked.app.ledger.trees(linked.link).mark
    if mark is not None:
        linked.app.ledger.settle_mark(linked.link, mark)
    assert not due(linked)


def due(linked: Linked) -> bool:
    return linked.link in linked.app.ledger.links_due(linked.connection.connection_id)


def test_an_org_is_what_it_was_connected_as(linked: Linked) -> None:
    registry, org = linked.app.registry, linked.connection.connection_id
    assert registry.connection("org") == registry.connection_of(org)
    assert registry.connection("org").user == SYNC_USER
    assert registry.login(org) == LOGIN
    assert tuple(registry.person_fields(org)) == STANDARD_FIELDS


CHOICES: dict[str, Callable[[Any, Linked], object]] = {
    "how leads are made": lambda registry, linked: registry.set_lead_rules(
        linked.connection.connection_id, LeadRules(default_company="Northwind")
    ),
    "a rate": lambda registry, linked: registry.set_currency(
        linked.connection.connection_id, None, {"EUR": Decimal("1.1")}
    ),
    "a policy": lambda registry, linked: registry.set_policy(linked.link, {"winner": "program"}),
    "labels": lambda registry, linked: registry.set_labels(
        linked.link, [LabelMapping(label="Came", status="Attended")]
    ),
    "a cost": lambda registry, linked: registry.set_cost(
        "Spring", PeriodCost(month=MARCH, amount=Decimal(10), currency="USD")
    ),
    "removals": lambda registry, linked: registry.resume(linked.link),
}


@pytest.mark.parametrize("what", CHOICES)
def test_what_an_admin_chooses_makes_the_link_due(linked: Linked, what: str) -> None:
    see(linked)
    settled(linked)
    CHOICES[what](linked.app.registry, linked)
    assert due(linked)


def test_what_was_chosen_is_what_a_plan_knows(linked: Linked) -> None:
    see(linked)
    for chosen in CHOICES.values():
        chosen(linked.app.registry, linked)
    facts = linked.app.ledger.link(linked.link)
    assert facts.leads.default_company == "Northwind"
    assert facts.rates.worth == {"EUR": Decimal("1.1")}
    assert facts.policy.winner is Winner.PROGRAM
    assert facts.mapped == (LabelMapping(label="Came", status="Attended"),)
    assert [cost.amount for cost in facts.costs] == [10]
    assert facts.removals_allowed


def test_costs_come_and_go_by_month(linked: Linked) -> None:
    """M5.2."""
    registry = linked.app.registry
    for amount in (10, 20):
        registry.set_cost("Spring", PeriodCost(month=MARCH, amount=Decimal(amount), currency="USD"))
    assert [(cost.month, cost.amount) for cost in registry.costs("Spring")] == [(MARCH, 20)]
    registry.remove_cost("Spring", MARCH)
    assert list(registry.costs("Spring")) == []
    with pytest.raises(UsageError):
        registry.remove_cost("Spring", MARCH)


def test_a_program_is_linked_once_in_an_org_until_it_is_unlinked(linked: Linked) -> None:
    registry, org = linked.app.registry, linked.connection.connection_id
    assert (registry.program("Spring")["name"], registry.program_channel("Spring").name) == (
        "Spring",
        "Webinar",
    )
    assert registry.link_of("Spring")[0] == linked.link
    with pytest.raises(UsageError):
        registry.require_unlinked("Spring", org)
    with pytest.raises(UsageError):
        registry.create_link("Spring", org, CAMPAIGN_ID, ())
    registry.unlink(linked.link)
    registry.require_unlinked("Spring", org)
    with pytest.raises(UsageError):
        registry.link_of("Spring")


def test_campaigns_to_link_are_those_that_stand_with_their_labels(linked: Linked) -> None:
    registry, org = linked.app.registry, linked.connection.connection_id
    see(linked, member(1, "Invited"), member(2, "Maybe"))
    assert [(each["id"], each["name"]) for each in registry.campaigns(org)] == [(CAMPAIGN_ID, "Spring")]
    statuses, carried = registry.campaign_labels(org, CAMPAIGN_ID)
    assert {each.label for each in statuses} == {"Invited", "Registered", "No Show", "Attended"}
    assert carried == {"Invited": 1, "Maybe": 1}


def test_no_campaign_is_being_made_where_none_was_intended(linked: Linked) -> None:
    registry, org = linked.app.registry, linked.connection.connection_id
    with registry.making_campaign(org):
        assert registry.intended_campaign("Spring", org) is None
        registry.forget_campaign_intent("Spring", org)
    assert registry.intended_campaign("Spring", org) is None


def test_members_are_set_imported_listed_and_removed(linked: Linked) -> None:
    members, channel = linked.app.members, linked.app.registry.program_channel("Spring")
    members.set_status("Spring", ADA, "Invited", who="marketing")
    text = f"Email,Program Status\n{BEN},Registered\n"
    read = read_registrants(text.encode(), channel=channel, status=None)
    members.import_people("Spring", read.people, who="marketing")
    assert linked.statuses() == {ADA: "Invited", BEN: "Registered"}
    members.remove("Spring", ADA, who="marketing")
    assert linked.statuses() == {BEN: "Registered"}
    assert journal(linked) == [
        ("program", None, "Invited"),
        ("program", None, "Registered"),
        ("program", "Invited", None),
    ]


def test_people_are_found_and_changed_one_by_one(linked: Linked) -> None:
    linked.app.members.set_status("Spring", ADA, "Invited", who="marketing")
    directory, org = linked.app.directory, linked.connection.connection_id
    number = directory.find(ADA)
    directory.change(number, {TITLE: "Countess"}, who="marketing")
    assert linked.app.dump(org).people[number]["title"] == "Countess"  # type: ignore[attr-defined]
    with pytest.raises(UsageError):
        directory.find("nobody@example.com")


def test_what_happened_and_what_is_open_can_be_looked_at(linked: Linked) -> None:
    views, ledger, org = linked.app.views, linked.app.ledger, linked.connection.connection_id
    linked.app.members.set_status("Spring", ADA, "Invited", who="marketing")
    (line,) = [each for each in linked.journal() if each["noun"] == "member"]
    assert (line["email"], line["new"], line["who"]) == (ADA, "Invited", "marketing")
    ledger.job_failed(org, linked.link, RetryableError("no answer", retry_after_s=60, code="UNREACHABLE"))
    assert [each["code"] for each in views.problems("Spring")] == ["UNREACHABLE"]
    assert views.retry_problems("Spring") == 0, "a round comes by itself"
