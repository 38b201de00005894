"""Subscription: one subscriber's stream without its wire: what was asked for, what is due, where it stands.

The server feeds it requests and sends what it hands out; a simulation may do the same. Whoever calls holds the bus's
`changed`. Rests on the guide's "Pull Subscription and Flow Control" and the comments of the public .proto file.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from salesforce_sandbox.events.bus import EventBus, ManagedSubscription
from salesforce_sandbox.events.refusals import Refusal
from salesforce_sandbox.events.schemas import EventSchema
from salesforce_sandbox.events.stream import Entry

# Whoever asks for more is taken to have asked for this much.
MOST_REQUESTED = 100
_PRESETS = ("LATEST", "EARLIEST", "CUSTOM")


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """What becomes of a managed subscriber's wish to have its place remembered. `error` is empty when it is."""

    request_id: str
    replay_id: bytes
    at_ms: int
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What is due to a subscriber: events with their schemas, or none, which keeps the stream alive."""

    events: tuple[tuple[Entry, EventSchema], ...]
    readable: Callable[[str, str], bool]
    latest: bytes
    pending: int
    commitment: Commitment | None = None


class Subscription:
    """What Subscribe does. A Refusal out of `receive` or `due` ends the stream."""

    def __init__(self, bus: EventBus, token: str, user_id: str) -> None:
        self._bus = bus
        self._token = token
        self._user_id = user_id
        self._topic = ""
        self._place = 0
        self._pending = 0
        self._cuts = bus.cuts
        self._sent_at = bus.org.clock.now()

    def receive(self, request: Any) -> None:
        """Takes a FetchRequest: the first opens the subscription, every one asks for events."""
        if not self._topic:
            self._authorize(request.topic_name)
            self._place = self._bus.start(_PRESETS[request.replay_preset], request.replay_id)  # type: ignore[arg-type]
            self._topic = request.topic_name
        elif request.topic_name not in ("", self._topic):
            raise Refusal("topic_changed", topic=self._topic, other=request.topic_name)
        self._ask(request.num_requested)

    def due(self) -> Delivery | None:
        """What is to be sent now, if anything."""
        if self._cuts != self._bus.cuts:
            raise Refusal("unavailable")
        if not self._topic:
            return None
        if not self._bus.lets_in(self._token):
            raise Refusal("auth")
        found = self._scan() if self._pending else []
        return self._deliver(found) if found or self._silence_left_s() <= 0 else None

    def waits_s(self) -> float:
        """In how many seconds of the org's time something may become due without a change of records."""
        held = self._bus.next_due() if self._pending else None
        return self._silence_left_s() if held is None else min(self._silence_left_s(), held)

    def _silence_left_s(self) -> float:
        since = self._bus.org.clock.now() - self._sent_at
        return (timedelta(seconds=self._bus.keepalive_s) - since).total_seconds()

    def _authorize(self, topic: str) -> None:
        entities = self._bus.entities(topic)
        if not self._bus.mixes(topic) and not self._bus.may_capture(self._user_id, entities[0]):
            raise Refusal("no_permission", topic=topic)

    def _ask(self, number: int) -> None:
        if number <= 0:
            raise Refusal("nothing_requested", number=number)
        self._pending = min(self._pending + number, MOST_REQUESTED)

    def _scan(self) -> list[Entry]:
        """The next events of the topic, as many as are wanted; moves on to the last one looked at."""
        wanted = {
            each for each in self._bus.entities(self._topic) if self._bus.may_capture(self._user_id, each)
        }
        room = min(self._pending, self._bus.deliverable())
        found: list[Entry] = []
        for entry in self._bus.after(self._place):
            if entry.event and entry.event.entity in wanted:
                if entry.cuts or len(found) >= room:
                    break
                found.append(entry)
            self._place = entry.number
        else:
            return found
        if found:
            return found
        if entry.cuts:
            entry.cuts = False
            raise Refusal("unavailable")
        raise Refusal("limit_exceeded")

    def _deliver(self, found: list[Entry]) -> Delivery:
        if not found and self._pending:
            # Everything up to the tip has been looked at.
            self._place = self._bus.tip()
        self._bus.charge(len(found))
        self._pending -= len(found)
        return self._delivery(found)

    def _delivery(self, found: list[Entry], commitment: Commitment | None = None) -> Delivery:
        self._sent_at = self._bus.org.clock.now()
        return Delivery(
            events=tuple((each, self._bus.schema(each.event.entity)) for each in found if each.event),
            readable=self._bus.readable(self._user_id),
            latest=Entry(self._place, self._sent_at, None).replay_id,
            pending=self._pending,
            commitment=commitment,
        )


class ManagedSubscriber(Subscription):
    """What ManagedSubscribe does: the org says where to begin, and the subscriber how far it has come."""

    def __init__(self, bus: EventBus, token: str, user_id: str) -> None:
        super().__init__(bus, token, user_id)
        self._managed: ManagedSubscription | None = None
        self._commitments: deque[Commitment] = deque()

    def receive(self, request: Any) -> None:
        """Takes a ManagedFetchRequest; one that only commits asks for no events."""
        if self._managed is None:
            self._managed = self._bus.managed_subscription(request.subscription_id, request.developer_name)
            self._authorize(self._managed.topic)
            self._place = self._begin(self._managed)
            self._topic = self._managed.topic
        commits = request.HasField("commit_replay_id_request")
        if commits:
            self._commit(self._managed, request.commit_replay_id_request)
        if request.num_requested or not commits:
            self._ask(request.num_requested)

    def due(self) -> Delivery | None:
        if self._commitments:
            return self._delivery([], self._commitments.popleft())
        return super().due()

    def _begin(self, managed: ManagedSubscription) -> int:
        """A place that is gone ends the first attempt; the next begins where the subscription says for such a case."""
        if managed.recovering:
            managed.recovering, managed.committed = False, b""
            return self._bus.start(managed.error_recovery_replay, b"")
        if not managed.committed:
            return self._bus.start(managed.default_replay, b"")
        try:
            return self._bus.start("CUSTOM", managed.committed)
        except Refusal:
            managed.recovering = True
            raise

    def _commit(self, managed: ManagedSubscription, request: Any) -> None:
        try:
            self._bus.start("CUSTOM", request.replay_id)
            managed.committed, error = request.replay_id, ""
        except Refusal as refusal:
            error = str(refusal)
        self._commitments.append(
            Commitment(
                request_id=request.commit_request_id,
                replay_id=request.replay_id,
                at_ms=int(self._bus.org.clock.now().timestamp() * 1000),
                error=error,
            )
        )
