"""The listener: a change in Salesforce calls for a round at once, and nothing is lost whoever loses track of what."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest

from campaignsync.bootstrap import Application
from campaignsync.domain.errors import RetryableError
from campaignsync.domain.events import TOPICS, Heard
from campaignsync.domain.ids import ConnectionId
from campaignsync.runtime.listener import joined, sayings
from campaignsync.salesforce.events import PubSub
from campaignsync.salesforce.org import SalesforceOrg
from campaignsync.salesforce.wire import Wire
from desk import Desk, login
from eventful_org import EventfulOrg
from waiting import meanwhile, until

MEMBERS = "/data/CampaignMemberChangeEvent"


@pytest.fixture(scope="module")
def eventful() -> Iterator[EventfulOrg]:
    org = EventfulOrg()
    yield org
    org.stop()


@pytest.fixture
def desk(app: Application, eventful: EventfulOrg) -> Desk:
    eventful.reset()
    door = app.new_door(login(eventful))
    app.registry.save_connection(
        "org", login(eventful), instance_url=door.instance_url, campaign_sync=True, user=door.sync_user()
    )
    app.registry.set_pubsub(app.registry.connection("org").connection_id, eventful.events)
    app.registry.create_program("Spring Webinar", "Webinar", {})
    desk = Desk(app=app, connection=app.registry.connection("org"), org=eventful)
    desk.give(ada="Registered")
    desk.link()
    desk.sync()
    forget_jobs()
    return desk


def rows(sql: str) -> list[dict[str, Any]]:
    from campaignsync.store.frames import rows

    return rows(sql)


def forget_jobs() -> None:
    from campaignsync.store.frames import execute

    execute("DELETE FROM procrastinate_jobs")


def states() -> dict[str, str]:
    return {row["topic"]: row["state"] for row in rows("SELECT topic, state FROM store_subscription")}


def woken() -> bool:
    return bool(rows("SELECT id FROM procrastinate_jobs"))


def open_everywhere() -> bool:
    return states() == dict.fromkeys(TOPICS, "open")


def places() -> dict[str, bytes]:
    found = rows("SELECT topic, replay_id FROM store_subscription WHERE replay_id IS NOT NULL")
    return {row["topic"]: bytes(row["replay_id"]) for row in found}


@pytest.fixture
def listening(desk: Desk) -> Iterator[Callable[[], Any]]:
    """Starts a listener and waits until it hears; what it calls for at first is forgotten."""

    def start() -> Any:
        listener = desk.app.listener()
        return meanwhile(listener.listen, listener.stop)

    return start


class LeftWhileItOpens(PubSub):
    """The events of an org that a listener leaves between the opening of a channel and the call on it."""

    opened, left_at = 0, 0
    stop = threading.Event()

    def _opened(self) -> grpc.Channel:
        channel = super()._opened()
        self.opened += 1
        if self.opened == self.left_at:
            self.stop.set()
            self.close()
        return channel


@pytest.mark.parametrize(("left_at", "heard"), [(1, 0), (2, 1)])
def test_a_channel_that_is_closed_while_a_stream_opens_ends_quietly(
    eventful: EventfulOrg, left_at: int, heard: int
) -> None:
    """The first call on it asks for the topic, the second is the stream. Who did not mean to leave hears of a broken stream."""
    org = ConnectionId(1)
    user = SalesforceOrg(login(eventful)).sync_user()
    events = LeftWhileItOpens(Wire(login(eventful)), user.organization_id, eventful.events)
    events.left_at, events.stop = left_at, threading.Event()
    said = list(sayings(events, org, MEMBERS, None, events.stop))
    assert [each.error for each in said] == [None] * heard
    events.opened = 0
    with pytest.raises(RetryableError, match="ended the stream of"):
        list(events.follow(MEMBERS, None, threading.Event()))


def attend(desk: Desk) -> None:
    desk.org.update("CampaignMember", desk.org.member_id(desk.campaign, "ada@example.com"), Status="Attended")


def test_a_change_in_salesforce_calls_for_a_round_at_once(desk: Desk, listening: Callable[[], Any]) -> None:
    """S2.7.1, S2.7.2."""
    with listening():
        until(open_everywhere, "all five topics")
        until(woken, "the round that a stream begins with")
        forget_jobs()
        attend(desk)
        until(woken, "the round for Ada")
        until(lambda: MEMBERS in places(), "the place, kept in the same commit")
    assert desk.sync().program_changes == 1


def test_what_happened_while_nobody_listened_is_heard_from_where_it_was(
    desk: Desk, listening: Callable[[], Any]
) -> None:
    with listening():
        until(open_everywhere, "all five topics")
        attend(desk)
        until(lambda: MEMBERS in places(), "a place")
    before = places()[MEMBERS]
    desk.org.update("CampaignMember", desk.org.member_id(desk.campaign, "ada@example.com"), Status="No Show")
    with listening():
        until(lambda: places()[MEMBERS] != before, "what was missed")


@pytest.mark.parametrize(
    "loss",
    [
        lambda desk: desk.org.control("POST", "/sandbox/events/overflow", {"entity": "CampaignMember"}),
        lambda desk: rows("UPDATE store_subscription SET replay_id = 'older than all' RETURNING id"),
    ],
    ids=["an overflow", "a replay id that is too old"],
)
def test_what_the_org_lost_track_of_calls_for_a_comparison(
    desk: Desk, listening: Callable[[], Any], loss: Callable[[Desk], object]
) -> None:
    """S0.19, S2.7.5."""
    with listening():
        until(open_everywhere, "all five topics")
        attend(desk)
        until(lambda: MEMBERS in places(), "a place")
    desk.app.pulses.comparing(desk.connection.connection_id)
    desk.app.pulses.compared(desk.connection.connection_id)
    forget_jobs()
    loss(desk)
    with listening():
        until(
            lambda: desk.app.pulses.comparison_due(desk.connection.connection_id), "the call for a comparison"
        )
        assert woken()
    worker = desk.app.worker()
    worker.have_round(desk.connection.connection_id, 0)
    assert not desk.app.pulses.comparison_due(desk.connection.connection_id)


def test_a_gap_calls_for_a_round(desk: Desk, listening: Callable[[], Any]) -> None:
    """S2.7.5: the round reads by the time of the last change, so that it needs no event's contents."""
    with listening():
        until(open_everywhere, "all five topics")
        until(woken, "the round that a stream begins with")
        forget_jobs()
        member = desk.org.member_id(desk.campaign, "ada@example.com")
        desk.org.control("POST", "/sandbox/events/gap", {"entity": "CampaignMember", "ids": [member]})
        until(woken, "a round")


def test_a_stream_that_is_cut_is_taken_up_again(desk: Desk, listening: Callable[[], Any]) -> None:
    with listening():
        until(open_everywhere, "all five topics")
        desk.org.control("POST", "/sandbox/events/cut")
        until(lambda: "broken" in states().values(), "the break")
        until(open_everywhere, "all five topics again")
        forget_jobs()
        attend(desk)
        until(woken, "the round for Ada")


def test_an_org_that_captures_too_little_is_polled_and_says_so(
    desk: Desk, listening: Callable[[], Any]
) -> None:
    """S0.17."""
    desk.org.control("POST", "/sandbox/events", {"selected": ["Lead", "Contact"]})
    with listening():
        until(lambda: list(states().values()).count("refused") == 3, "three refusals")
    message = rows("SELECT message FROM store_subscription WHERE state = 'refused' LIMIT 1")[0]["message"]
    assert "NOT_FOUND" in message


def test_an_ended_session_is_renewed(desk: Desk, listening: Callable[[], Any]) -> None:
    with listening():
        until(open_everywhere, "all five topics")
        desk.org.control("DELETE", "/sandbox/sessions")
        desk.org.forget_token()
        desk.org.control("POST", "/sandbox/events/cut")
        until(lambda: "broken" in states().values(), "the break")
        until(open_everywhere, "all five topics again")


def test_two_listeners_share_the_orgs_and_the_second_takes_over_from_the_first(desk: Desk) -> None:
    first, second = desk.app.listener(), desk.app.listener()
    org = desk.connection.connection_id
    assert first.subscriptions.hold([org]) == {org}
    assert second.subscriptions.hold([org]) == frozenset()
    first.subscriptions.let_go()
    until(lambda: second.subscriptions.hold([org]) == {org}, "the takeover")
    second.subscriptions.let_go()


def test_what_is_heard_of_a_topic_before_it_is_kept_is_one_thing() -> None:
    lost = Heard(topic=MEMBERS, replay_id=b"", missed=True)
    opened = Heard(topic=MEMBERS, replay_id=None, opened=True)
    events = Heard(topic=MEMBERS, replay_id=b"7", events=2)
    assert joined(joined(opened, lost), events) == Heard(
        topic=MEMBERS, replay_id=b"7", events=2, opened=True, missed=True
    )
    assert joined(events, opened).replay_id == b"7"
