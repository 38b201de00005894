"""A listener: hears the change events of orgs, and lets an org have a round for each of them. It looks at nothing itself.

Started by `campaignsync listen`. Each topic of an org has a thread that hears it; one thread keeps what was heard, all that came
meanwhile in one commit, and a stream gives more only when that is done. Several listeners share the orgs: each org has one, and
when that dies another one takes it up where it was kept.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from campaignsync.domain.connections import Connection
from campaignsync.domain.errors import CampaignsyncError, RetryableError, UsageError
from campaignsync.domain.events import BROKEN, REFUSED, TOPICS, Heard
from campaignsync.domain.ids import ConnectionId
from campaignsync.domain.service import LONGEST_BACK_OFF_S, back_off_s
from campaignsync.runtime.service_ports import Events, Subscriptions
from campaignsync.runtime.telemetry import log

LOOKS_EVERY_S = 1.0
"""How soon another listener takes up the orgs of one that died, and new connections are heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a stream has to say: what it heard, or (`error`) that it cannot hear now and tries again later."""

    org: ConnectionId
    topic: str
    heard: Heard | None = None
    error: CampaignsyncError | None = None
    again_in_s: float = 0.0
    kept: threading.Event = field(default_factory=threading.Event)


@dataclass(slots=True)
class _Org:
    """An org that we listen to."""

    connection: Connection
    key: object
    events: Events
    stop: threading.Event
    threads: list[threading.Thread]


@dataclass
class Listener:
    """One process's listener."""

    subscriptions: Subscriptions
    open_events: Callable[[Connection], Events]
    key: Callable[[Connection], object]
    """What a stream was opened with: another key, another stream. UsageError where its secrets cannot be read."""
    revive: Callable[[], None]
    connections: Callable[[], list[Connection]]
    """All connections, or RetryableError while the database is out of reach."""
    stop: threading.Event = field(default_factory=threading.Event)
    _orgs: dict[ConnectionId, _Org] = field(default_factory=dict)
    _said: queue.SimpleQueue[Said] = field(default_factory=queue.SimpleQueue)

    def listen(self) -> None:
        """Listen until told to stop. The database and the orgs may go and come back meanwhile."""
        keeping = threading.Thread(target=self._keep, name="keep", daemon=True)
        keeping.start()
        log().info("listener started")
        while not self.stop.wait(LOOKS_EVERY_S):
            try:
                self._look()
            except RetryableError as error:
                log().warning("listener waits", code=error.code, error=str(error))
                self.revive()
        for org in list(self._orgs):
            self._leave(org)
        keeping.join()
        self.subscriptions.let_go()
        self.subscriptions.leave()
        log().info("listener stopped")

    def _look(self) -> None:
        """Take up the orgs that are ours to hear, and leave those that are not any more."""
        wanted = {c.connection_id: c for c in self.connections() if c.campaign_sync and c.listens}
        ours = self.subscriptions.hold(wanted.keys())
        keys = {org: self._key_of(wanted[org]) for org in ours}
        for org, listening in list(self._orgs.items()):
            if listening.key != keys.get(org):
                self._leave(org)
        for org in ours - self._orgs.keys():
            if keys[org] is not None:
                self._take_up(wanted[org], keys[org])

    def _key_of(self, connection: Connection) -> object:
        """What an org's streams are opened with, or None where it cannot be read: its rounds tell people so."""
        try:
            return self.key(connection)
        except UsageError:
            return None

    def _take_up(self, connection: Connection, key: object) -> None:
        org = connection.connection_id
        places = self.subscriptions.places(org)
        taken = _Org(connection, key, self.open_events(connection), threading.Event(), [])
        for topic in TOPICS:
            thread = threading.Thread(
                target=self._follow, args=(taken, topic, places.get(topic)), name=topic, daemon=True
            )
            taken.threads.append(thread)
            thread.start()
        self._orgs[org] = taken
        log().info("listening", connection=connection.name, from_where_it_was=bool(places))

    def _leave(self, org: ConnectionId) -> None:
        left = self._orgs.pop(org)
        left.stop.set()
        left.events.close()
        for thread in left.threads:
            thread.join()

    def _follow(self, org: _Org, topic: str, place: bytes | None) -> None:
        for said in sayings(org.events, org.connection.connection_id, topic, place, org.stop):
            if said.error is not None:
                log().warning(
                    "not heard",
                    connection=org.connection.name,
                    topic=topic,
                    code=said.error.code,
                    error=str(said.error),
                    again_in_s=said.again_in_s,
                )
            if not self._say(org, said):
                return
            org.stop.wait(said.again_in_s)

    def _say(self, org: _Org, said: Said) -> bool:
        """Have something kept, and wait until it is; False when there is no time for that any more."""
        self._said.put(said)
        while not said.kept.wait(LOOKS_EVERY_S):
            if org.stop.is_set():
                return False
        return True

    def _keep(self) -> None:
        """Keep what streams say, all that came meanwhile in one go, and again until the database takes it."""
        waiting: list[Said] = []
        while not (self.stop.is_set() and not self._orgs):
            waiting += self._taken(block=not waiting)
            try:
                keep_all(self.subscriptions, waiting)
            except RetryableError:
                self.stop.wait(LOOKS_EVERY_S)
                continue
            for said in waiting:
                said.kept.set()
            waiting = []
        self.subscriptions.leave()

    def _taken(self, *, block: bool) -> list[Said]:
        taken = []
        try:
            taken.append(self._said.get(block=block, timeout=LOOKS_EVERY_S if block else None))
            while True:
                taken.append(self._said.get_nowait())
        except queue.Empty:
            return taken


def sayings(
    events: Events, org: ConnectionId, topic: str, place: bytes | None, stop: threading.Event
) -> Iterator[Said]:
    """What a topic of an org says, from a place on, until told to stop. It is asked for more when what it said was kept, and not
    before `again_in_s` have passed."""
    failures = 0
    while not stop.is_set():
        try:
            for heard in events.follow(topic, place, stop):
                yield Said(org=org, topic=topic, heard=heard)
                place = place if heard.replay_id is None else heard.replay_id or None
                failures = failures if heard.opened else 0
        except CampaignsyncError as error:
            if stop.is_set():
                return
            failures += 1
            yield Said(org=org, topic=topic, error=error, again_in_s=_again_in_s(error, failures))


def _again_in_s(error: CampaignsyncError, failures: int) -> float:
    """Soon where time mends it, rarely where a person must."""
    if isinstance(error, RetryableError):
        return max(error.retry_after_s, back_off_s(failures - 1))
    return LONGEST_BACK_OFF_S


def keep_all(subscriptions: Subscriptions, said: Sequence[Said]) -> None:
    """Keep what streams said: of each org all that it heard in one commit, with the call for a round."""
    heard: dict[ConnectionId, dict[str, Heard]] = {}
    for each in said:
        if each.error is not None:
            state = BROKEN if isinstance(each.error, RetryableError) else REFUSED
            subscriptions.tell(each.org, each.topic, state, str(each.error))
        elif each.heard is not None:
            of_org = heard.setdefault(each.org, {})
            of_org[each.topic] = joined(of_org.get(each.topic), each.heard)
    for org, topics in heard.items():
        subscriptions.keep(org, list(topics.values()))


def joined(before: Heard | None, then: Heard) -> Heard:
    """Two things that were heard of a topic, as one."""
    if before is None:
        return then
    return replace(
        then,
        replay_id=before.replay_id if then.replay_id is None else then.replay_id,
        events=before.events + then.events,
        opened=before.opened or then.opened,
        missed=before.missed or then.missed,
    )
