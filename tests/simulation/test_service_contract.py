"""What `runtime.service_ports` promises of the queue of rounds, of pulses and of places in streams, asked of the store and of its
twin."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from campaign_words import CAMPAIGN_ID, Linked, campaigns, delta
from campaignsync.domain.events import Heard
from campaignsync.domain.service import COMPARED_EVERY, RoundEnd
from simulation.clock import BEGIN
from simulation.contract_words import see

TOPIC = "/data/CampaignMemberChangeEvent"
LATER = BEGIN + timedelta(hours=1)
LONG_AFTER = datetime(2027, 1, 1, tzinfo=UTC)


def of(linked: Linked) -> Any:
    """The store, in which there are the ports of the service, too; no round waits."""
    while linked.app.jobs.take(LONG_AFTER):  # type: ignore[attr-defined]
        linked.app.jobs.done(linked.connection.connection_id)  # type: ignore[attr-defined]
    return linked.app


def test_an_org_that_is_woken_has_one_round_however_often_it_is(linked: Linked) -> None:
    store, org = of(linked), linked.connection.connection_id
    store.jobs.wake(org)
    store.jobs.wake(org)
    assert store.jobs.take(BEGIN) == (org, 0)
    assert store.jobs.take(BEGIN) is None, "one at a time, and none is left"


def test_who_is_put_off_waits_until_then_or_for_somebody_in_a_hurry(linked: Linked) -> None:
    store, org = of(linked), linked.connection.connection_id
    store.jobs.put_off(org, LATER, failures=3)
    store.jobs.wake(org)
    assert store.jobs.take(BEGIN) is None, "a mark ends no back-off"
    assert store.jobs.next_due() == LATER
    store.jobs.wake(org, hurry=True)
    assert store.jobs.take(BEGIN) is not None


def test_no_schedule_has_come_round_where_there_is_none(linked: Linked) -> None:
    store, org = of(linked), linked.connection.connection_id
    store.registry.set_pace(org, {"every_s": None})
    assert list(store.jobs.due()) == []


def test_rounds_that_have_ended_are_counted_and_old_counts_tidied_away(linked: Linked) -> None:
    store, org = of(linked), linked.connection.connection_id
    store.pulses.beat(org, RoundEnd(seconds=1.5, failed=False))
    assert sum(store.pulses.tidy().values()) == 0, "nothing is old"


def test_an_org_is_compared_once_in_a_while(linked: Linked) -> None:
    store, org = of(linked), linked.connection.connection_id
    assert store.pulses.comparison_due(org)
    store.pulses.comparing(org)
    store.pulses.compared(org)
    assert not store.pulses.comparison_due(org)
    assert timedelta(0) < COMPARED_EVERY


def test_campaigns_that_were_deleted_are_compared_no_more(linked: Linked) -> None:
    store, org = of(linked), linked.connection.connection_id
    see(linked)
    assert list(store.pulses.campaigns(org)) == [CAMPAIGN_ID]
    store.ledger.mirror(org, delta(campaigns=campaigns(is_deleted=True)))
    assert list(store.pulses.campaigns(org)) == []


def test_how_far_was_heard_and_the_round_it_calls_for_are_kept_together(linked: Linked) -> None:
    store, org = of(linked), linked.connection.connection_id
    store.subscriptions.keep(org, [Heard(topic=TOPIC, replay_id=b"7")])
    assert (store.subscriptions.places(org), store.jobs.take(BEGIN)) == ({TOPIC: b"7"}, None)
    store.subscriptions.keep(org, [Heard(topic=TOPIC, replay_id=b"8", events=1)])
    assert (store.subscriptions.places(org), store.jobs.take(BEGIN)) == ({TOPIC: b"8"}, (org, 0))


def test_a_topic_that_is_not_heard_keeps_its_place(linked: Linked) -> None:
    store, org = of(linked), linked.connection.connection_id
    store.subscriptions.keep(org, [Heard(topic=TOPIC, replay_id=b"7")])
    store.subscriptions.tell(org, TOPIC, "off", "The org does not offer it.")
    assert store.subscriptions.places(org) == {TOPIC: b"7"}


def test_what_was_missed_calls_for_a_comparison(linked: Linked) -> None:
    store, org = of(linked), linked.connection.connection_id
    store.pulses.comparing(org)
    store.pulses.compared(org)
    store.subscriptions.keep(org, [Heard(topic=TOPIC, replay_id=None, missed=True)])
    assert store.pulses.comparison_due(org)


def test_the_round_of_a_worker_that_died_is_had_by_another(linked: Linked) -> None:
    """In PostgreSQL the queue knows by signs of life who died (tests/store/test_jobs.py); nobody has died here."""
    store = of(linked)
    assert list(store.jobs.sweep()) == []
