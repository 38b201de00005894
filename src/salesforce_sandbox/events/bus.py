"""EventBus: one org's change data capture, from its log of changes to what subscribers may read.

Made with the sandbox; subscriptions and control resources act on it. It takes changes in when somebody asks for them,
never while they are committed. Whoever calls holds `changed`, which is the org's own lock, and asks for a topic's entities
or a managed subscription first. A restart of the org empties
the stream and brings back every setting, as moving an org to another instance resets its stream (S2.7.6).
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from salesforce_sandbox.events.faults import Faults
from salesforce_sandbox.events.grouping import NO_RECORD, NO_VALUES, ChangeEvent, events_of
from salesforce_sandbox.events.refusals import Refusal
from salesforce_sandbox.events.schemas import CHANGE_TYPES, EventSchema, event_name, event_schema
from salesforce_sandbox.events.stream import Entry, Stream
from salesforce_sandbox.org.accounting import DELIVERED_EVENTS
from salesforce_sandbox.org.changes import Commit
from salesforce_sandbox.org.org import Org

SELECTED = ("Campaign", "CampaignMember", "CampaignMemberStatus", "Contact", "Lead")
SUPPORTED = frozenset({*SELECTED, "Account", "Opportunity", "User"})
# Of a whole org, unless it has bought more (S0.17).
MOST_SELECTED = 5
ALL_CHANGES = "/data/ChangeEvents"
CHANNEL = "__chn"

Preset = Literal["LATEST", "EARLIEST", "CUSTOM"]


@dataclass(slots=True, kw_only=True)
class ManagedSubscription:
    """A subscription whose place the org remembers; `recovering` after its place was lost (S2.7.1)."""

    id: str
    developer_name: str
    topic: str
    default_replay: Preset = "LATEST"
    error_recovery_replay: Preset = "LATEST"
    committed: bytes = b""
    recovering: bool = False


class EventBus:
    """`keepalive_s` is how long a subscriber waits at most; 270 is promised, about 60 has been measured."""

    keepalive_s: float
    overflow_after: int
    selected: tuple[str, ...]
    # Channels of one's own by name, as in Sync__chn, and the entities of each (S2.7.2).
    channels: dict[str, tuple[str, ...]]

    def __init__(self, org: Org) -> None:
        self.org = org
        self.changed = threading.Condition(org.lock)
        self.faults = Faults()
        self.managed: list[ManagedSubscription] = []
        self.cuts = 0
        self._stream = Stream(org.clock)
        self._taken = 0
        self._schemas: dict[str, EventSchema] = {}
        self._begin()
        org.changes.on_commit(self.wake)

    def wake(self) -> None:
        """Lets subscribers look anew."""
        with self.changed:
            self.changed.notify_all()

    def take_in(self) -> None:
        """Publishes what has been committed since the last time."""
        if self._ground is not self.org.ground:
            self._begin()
        changes = self.org.changes.since(self._taken)
        self._taken = self.org.changes.last
        for event in events_of(changes, self.overflow_after):
            if event.entity in self.captured:
                self._stream.push(event, self.faults.decide(event))
        self._stream.settle()

    def select(self, entities: Iterable[str], most: int = MOST_SELECTED) -> None:
        """Chooses the entities that are captured from now on; ValueError when they cannot be."""
        self.take_in()
        chosen = tuple(dict.fromkeys(entities))
        self._judge(chosen, self.channels, most)
        self.selected = chosen

    def open_channels(self, channels: Mapping[str, Iterable[str]], most: int = MOST_SELECTED) -> None:
        """Makes these the channels of one's own; ValueError when they cannot be: their entities count like selected ones."""
        self.take_in()
        chosen = {name: tuple(dict.fromkeys(entities)) for name, entities in channels.items()}
        wrong = [name for name in chosen if not name.endswith(CHANNEL)]
        if wrong:
            message = f"the name of a channel ends with {CHANNEL}, unlike {', '.join(wrong)}"
            raise ValueError(message)
        self._judge(self.selected, chosen, most)
        self.channels = chosen

    @property
    def captured(self) -> set[str]:
        """The entities of all channels, the standard one included."""
        return {*self.selected, *(entity for entities in self.channels.values() for entity in entities)}

    def _judge(self, selected: tuple[str, ...], channels: Mapping[str, tuple[str, ...]], most: int) -> None:
        named = list(dict.fromkeys([*selected, *(e for entities in channels.values() for e in entities)]))
        wrong = [each for each in named if not self._supported(each)]
        if wrong or len(named) > most:
            message = f"at most {most} entities can be captured, of those with change events, not {', '.join(wrong or named)}"
            raise ValueError(message)

    def tell_gap(self, entity: str, record_ids: Sequence[str], change_type: str) -> None:
        """Publishes a gap event: records changed, and nothing more is said."""
        if change_type not in CHANGE_TYPES:
            message = f"a change is one of {', '.join(CHANGE_TYPES)}, not {change_type}"
            raise ValueError(message)
        self._tell(self._out_of_nowhere(entity, tuple(record_ids), change_type).gap())

    def tell_overflow(self, entity: str) -> None:
        """Publishes an overflow event: any record of the entity may have changed."""
        self._tell(self._out_of_nowhere(entity, (NO_RECORD,), "UPDATE").overflow())

    def cut_streams(self) -> None:
        """Ends every open stream."""
        self.cuts += 1
        self.changed.notify_all()

    def start_anew(self) -> None:
        """Empties the stream, as moving an org to another instance does: no replay id of before fits any more (S2.7.6)."""
        self._stream.forget()

    def entities(self, topic: str) -> tuple[str, ...]:
        """Which entities' events a topic carries; Refusal when there is no such topic."""
        self.take_in()
        if topic == ALL_CHANGES:
            return self.selected
        if topic.removeprefix("/data/") in self.channels:
            return self.channels[topic.removeprefix("/data/")]
        for entity in self.selected:
            sobject = self.org.schema.find(entity)
            if sobject and topic == f"/data/{event_name(sobject)}":
                return (entity,)
        raise Refusal("topic_unknown", org=self.tenant, topic=topic)

    def mixes(self, topic: str) -> bool:
        """Whether a topic is a channel of several entities, which everybody may open: it carries to each what they may see."""
        return topic == ALL_CHANGES or topic.endswith(CHANNEL)

    @property
    def tenant(self) -> str:
        return f"CORE/prod/{self.org.id}"

    def managed_subscription(self, subscription_id: str, developer_name: str) -> ManagedSubscription:
        """The managed subscription of that id or name; Refusal when there is none."""
        self.take_in()
        for managed in self.managed:
            if managed.id == subscription_id or managed.developer_name == developer_name:
                return managed
        raise Refusal("subscription_unknown", subscription=subscription_id or developer_name)

    def start(self, preset: Preset, replay_id: bytes) -> int:
        """The place after which a subscription begins; Refusal for a replay id that is no more or never was."""
        if preset == "LATEST":
            return self._stream.tip()
        if preset == "EARLIEST":
            return 0
        if not replay_id:
            raise Refusal("replay_missing")
        place = self._stream.place(replay_id)
        if place is None:
            raise Refusal("replay_corrupted")
        return place

    def after(self, place: int) -> Iterator[Entry]:
        """What is behind a place, oldest first."""
        return self._stream.after(place)

    def tip(self) -> int:
        return self._stream.tip()

    def next_due(self) -> float | None:
        """In how many seconds something that is held will go on."""
        due = self._stream.next_due
        return None if due is None else (due - self.org.clock.now()).total_seconds()

    def schema(self, entity: str) -> EventSchema:
        """The schema of the entity's events as the object is now."""
        sobject = self.org.schema.find(entity)
        if sobject is None:
            raise KeyError(entity)
        if self._made.get(entity, (-1, ""))[0] != self.org.schema.version:
            made = event_schema(sobject)
            self._schemas[made.id] = made
            self._made[entity] = (self.org.schema.version, made.id)
        return self._schemas[self._made[entity][1]]

    def known_schema(self, schema_id: str) -> EventSchema:
        """Any schema that events were ever written with; Refusal when there is none of that id."""
        self.take_in()
        for entity in self.captured:
            self.schema(entity)
        if schema_id not in self._schemas:
            raise Refusal("schema_unknown", schema=schema_id)
        return self._schemas[schema_id]

    def lets_in(self, token: str) -> bool:
        """Whether a session still lives; unlike a call of the API, a stream does not keep it alive."""
        session = self.org.access.sessions.get(token)
        return session is not None and session.expires > self.org.clock.now()

    def readable(self, user_id: str) -> Callable[[str, str], bool]:
        return self.org.access.readable(user_id)

    def may_capture(self, user_id: str, entity: str) -> bool:
        """Whether a user may see an entity's events: who may read it, and all rows of it (S2.7.7)."""
        return all(self.org.access.may(user_id, entity, right) for right in ("read", "view_all"))

    def deliverable(self) -> int:
        """How many events the org's allocation still allows."""
        accounting = self.org.accounting
        return accounting.limits[DELIVERED_EVENTS] - accounting.used(DELIVERED_EVENTS)

    def charge(self, events: int) -> None:
        self.org.accounting.spend(DELIVERED_EVENTS, events)

    def _begin(self) -> None:
        self._ground = self.org.ground
        self._stream.forget()
        self._made: dict[str, tuple[int, str]] = {}
        self.faults.set(())
        self.managed.clear()
        self.selected, self.channels = SELECTED, {}
        self.keepalive_s = 60
        self.overflow_after = 100_000

    def _supported(self, entity: str) -> bool:
        return entity in SUPPORTED or (entity.endswith("__c") and self.org.schema.find(entity) is not None)

    def _out_of_nowhere(self, entity: str, record_ids: tuple[str, ...], change_type: str) -> ChangeEvent:
        """An event that no transaction of the org made."""
        self.take_in()
        commit = Commit(
            transaction_key=f"00000000-0000-0000-0000-{self._stream.tip():012x}",
            at=self.org.clock.now(),
            user_id="",
            origin="",
        )
        return ChangeEvent(
            entity=entity,
            change_type=change_type,
            record_ids=record_ids,
            values=NO_VALUES,
            commit=commit,
            sequence=1,
            commit_number=self._stream.tip(),
        )

    def _tell(self, event: ChangeEvent) -> None:
        if event.entity not in self.captured:
            message = f"{event.entity} is not captured; {', '.join(sorted(self.captured))} are"
            raise ValueError(message)
        self._stream.push(event, None)
        self.changed.notify_all()
