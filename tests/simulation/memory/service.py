"""The twins of what a service that is always on needs of the store: the queue of rounds, pulses, places in streams (`store.jobs`,
`store.pulse`, `store.subscriptions`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from campaignsync.domain.events import Heard
from campaignsync.domain.ids import ConnectionId
from campaignsync.domain.service import BEGUN, RoundEnd, Swept, comparison_due
from simulation.memory.tables import Tables


class MemoryJobs:
    """The queue of rounds: one an org may wait, and one may be had."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    def wake(self, org: ConnectionId, *, hurry: bool = False) -> None:
        self.tables.wake(org)
        if hurry:
            self.tables.waiting[org].due = None

    def put_off(self, org: ConnectionId, until: datetime, *, failures: int) -> None:
        self.tables.wake(org, until, failures)

    def due(self) -> Sequence[ConnectionId]:
        """Histories that listen have no schedule."""
        return ()

    def sweep(self) -> Sequence[Swept]:
        had = self.tables.had
        self.tables.had = {}
        for org in had:
            self.tables.wake(org)
        return [
            Swept(connection_id=ConnectionId(org), failures=each.failures, failed=False)
            for org, each in had.items()
        ]

    def take(self, now: datetime) -> tuple[ConnectionId, int] | None:
        """What a worker does that is free: the round that may begin, and how many failed before it."""
        for org, each in sorted(self.tables.waiting.items()):
            if org not in self.tables.had and (each.due is None or each.due <= now):
                self.tables.had[org] = self.tables.waiting.pop(org)
                return ConnectionId(org), each.failures
        return None

    def done(self, org: ConnectionId) -> None:
        """A round is over, whichever way."""
        self.tables.had.pop(org, None)

    def next_due(self) -> datetime | None:
        """When the first of the rounds that wait may begin."""
        return min((each.due or self.tables.now() for each in self.tables.waiting.values()), default=None)


class MemoryPulses:
    """Which comparison is due."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    def beat(self, org: ConnectionId, end: RoundEnd) -> None:
        """How long rounds take is nothing that histories know."""

    def comparison_due(self, org: ConnectionId) -> bool:
        compared_at = self.tables.connections[org].compared_at
        return comparison_due(compared_at, self.tables.now())

    def campaigns(self, org: ConnectionId) -> Sequence[str]:
        rows = [row for (of, _), row in self.tables.campaigns.items() if of == org]
        scopes = self.tables.scopes
        return [row["id"] for row in rows if not row["is_deleted"] and (org, row["id"]) not in scopes]

    def comparing(self, org: ConnectionId) -> None:
        row = self.tables.connections[org]
        row.compared_at = row.compared_at or BEGUN
        for link in self.tables.links.values():
            if link.connection == org:
                link.doubts = None

    def compared(self, org: ConnectionId) -> None:
        row = self.tables.connections[org]
        row.compared_at = row.compared_at and self.tables.now()

    def tidy(self) -> Mapping[str, int]:
        return {}


class MemorySubscriptions:
    """Places in streams."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    def places(self, org: ConnectionId) -> Mapping[str, bytes]:
        return {topic: place for (of, topic), place in self.tables.places.items() if of == org and place}

    def keep(self, org: ConnectionId, heard: Collection[Heard]) -> None:
        for each in heard:
            if each.replay_id is not None:
                self.tables.places[org, each.topic] = each.replay_id or None
        if any(each.missed for each in heard):
            self.tables.connections[org].compared_at = None
        if any(each.events or each.opened or each.missed for each in heard):
            self.tables.wake(org)

    def tell(self, org: ConnectionId, topic: str, state: str, message: str) -> None:
        """Whether a topic is heard is for pages, and no part of what the twin remembers."""


class MemoryOutbox:
    """Nobody is told anything."""

    def take(self) -> list[Any]:
        return []

    def post_events(self) -> None:
        """There are no webhooks."""
