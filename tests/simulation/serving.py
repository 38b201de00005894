"""The service that is always on, in one thread: rounds come only when something calls for them, as they do in `runtime.worker`.

`play` uses it for histories that listen: a change here calls for a round by its mark, a change in Salesforce by its event, a
round that failed by its back-off, one that died by whoever notices. There is no schedule: what nothing calls for is not done.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import structlog

from campaignsync.domain.ids import ConnectionId
from campaignsync.runtime.worker import Doors, Worker
from simulation.hearing import Hearing
from simulation.memory.service import MemoryOutbox
from simulation.mortal import DatabaseGoneError, Killed, Mortal
from simulation.world import World

MOST_TURNS = 60
"""No history calls for so many rounds one behind the other."""


def worker(world: World, ledger: Mortal) -> Worker:
    """The product's worker, in a process that may die between any two commits."""
    nothing: Any = None
    return Worker(
        doors=Doors(
            registry=world.store.registry,
            ledger=ledger,  # type: ignore[arg-type]
            jobs=ledger.beside(world.store.jobs),  # type: ignore[arg-type]
            pulses=ledger.beside(world.store.pulses),  # type: ignore[arg-type]
            vitals=nothing,
            thresholds=nothing,
            outbox=MemoryOutbox(),  # type: ignore[arg-type]
            outlets=(),
            open_door=lambda connection: world.door(ledger),
            revive=lambda: None,
            key=lambda connection: connection.connection_id,
            now=world.clock,
            run_flows=lambda stopped: None,
        )
    )


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """A service logs each round; nobody reads that of a history."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.configure(**before)


class Serving:
    """The listeners and workers of a history. `have` has a round of an org after so many that failed."""

    def __init__(
        self,
        worlds: Sequence[World],
        moment: Callable[[str, Mortal], None],
        have: Callable[[World, int], None],
    ) -> None:
        self._worlds = {world.connection.connection_id: world for world in worlds}
        self._store, self._clock = worlds[0].store, worlds[0].clock
        self._moment, self._have = moment, have
        self._hearings: dict[ConnectionId, Hearing] = {}

    def pump(self) -> list[str]:
        """Hear all that there is and have all rounds that are called for now; what is wrong, if they never end."""
        for _ in range(MOST_TURNS):
            for world in self._worlds.values():
                self._hear(world)
            taken = self._store.jobs.take(self._clock())
            if taken is None:
                return []
            org, failures = taken
            self._have(self._worlds[org], failures)
        return ["rounds call for rounds without an end"]

    def processes(self) -> list[Mortal]:
        return [hearing.process for hearing in self._hearings.values()]

    def _hear(self, world: World) -> None:
        org = world.connection.connection_id
        try:
            if world.listener_dies:
                world.listener_dies = False
                self._hearings.pop(org, None)
            if org not in self._hearings:
                self._hearings[org] = Hearing(world, self._moment)
            self._hearings[org].hear()
        except (Killed, DatabaseGoneError) as death:
            world.tell(f"listener died: {type(death).__name__}")
            self._hearings.pop(org, None)

    def settle(self) -> list[str]:
        """Let the time come for all that waits, until nothing does."""
        for _ in range(MOST_TURNS):
            if found := self.pump():
                return found
            later = [
                *self._times_to_hear(),
                *([due - self._clock()] if (due := self._store.jobs.next_due()) else []),
            ]
            if not later:
                return []
            self._clock.advance(max(min(later), timedelta(seconds=1)).total_seconds())
            self._store.jobs.sweep()
        return ["rounds wait without an end"]

    def _times_to_hear(self) -> list[timedelta]:
        later = [timedelta(seconds=s) for w in self._worlds.values() if (s := w.bus.next_due()) is not None]
        again = [hearing.hears_again() for hearing in self._hearings.values()]
        return later + [moment - self._clock.moment for moment in again if moment]
