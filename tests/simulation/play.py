"""Plays a history: rounds of a worker, with what happens between any two of its steps; then quiet rounds; then the properties.

Called by the command, by tests and by `shrink`. One thread; the trace of two plays of one history is the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from campaignsync.domain.errors import CampaignsyncError
from campaignsync.runtime.rounds import run_round
from simulation import properties
from simulation.acts import ACTS, act
from simulation.clock import SimulatedClock
from simulation.faults import DEATHS, FAULTS, cease, strike
from simulation.history import Event, History
from simulation.mortal import DatabaseGoneError, Killed, Mortal
from simulation.stores import Store
from simulation.world import Counted, World, sizes

SETTLING, QUIET_ROUNDS = 3, 4
"""Whom a round has made a person of ours is compared field by field by the next: three rounds settle all, the fourth is quiet."""
BETWEEN_QUIET_S = 7 * 3600
"""Longer than any refused write waits to be tried again."""


@dataclass
class Outcome:
    """What came of a history."""

    history: History
    violations: list[str] = field(default_factory=list)
    counted: Counted = field(default_factory=Counted)
    digest: str = ""
    trace: list[str] = field(default_factory=list)
    dump: Any = None


class Worker:
    """A process that runs rounds, and is replaced when it dies."""

    def __init__(self, world: World, play: Play) -> None:
        self.world, self._play = world, play
        self.ledger = Mortal(world.store.ledger, self._moment)
        self.door = world.door(self.ledger)

    def _moment(self, name: str, process: Mortal) -> None:
        self.world.moment(name, process)
        process.require_alive()

    def round(self) -> None:
        """One round; whatever way it ends."""
        world = self.world
        try:
            done = run_round(self.door, self.ledger, world.connection)  # type: ignore[arg-type]
            world.tell(f"round: {done.reports!r} {done.people!r}")
        except CampaignsyncError as error:
            world.spoilt = True
            world.tell(f"round failed: {type(error).__name__} {error}")
        except (Killed, DatabaseGoneError) as death:
            world.spoilt = True
            world.tell(f"worker died: {type(death).__name__}")
            world.bury(self.ledger)


class Play:
    """One history being played."""

    def __init__(self, history: History, store: Store, clock: SimulatedClock) -> None:
        self.history = history
        self.world = World(history.given, store, clock)
        self.world.hooks.append(self._at)
        self.world.work_beside = self._work_beside
        self._due: list[Event] = []
        self._moment = 0
        self._depth = 0
        self._busy = False
        self._spent = False
        self._worker: Worker | None = None

    def run(self) -> Outcome:
        outcome = Outcome(history=self.history, counted=self.world.counted)
        with sizes(self.history.given):
            try:
                self._run(outcome)
            except Exception as error:
                outcome.violations.append(crash(error))
        outcome.digest, outcome.trace = self.world.digest(), self.world.trace
        return outcome

    def _run(self, outcome: Outcome) -> None:
        world = self.world
        world.begin()
        for number, gap in enumerate(self.history.gaps):
            world.clock.advance(gap)
            self._due = [event for event in self.history.events if event.round == number]
            self._round()
            outcome.violations += properties.after_round(world)
            outcome.violations += properties.calls_within_bounds(world, spent=self._spent, quiet=False)
            if outcome.violations:
                return
        cease(world)
        self._due = []
        for number in range(QUIET_ROUNDS):
            world.clock.advance(BETWEEN_QUIET_S)
            before = world.store.version(), world.org.changes.last
            self._round()
            if number >= SETTLING:
                outcome.violations += properties.wrote_nothing(world, *before)
                outcome.violations += properties.calls_within_bounds(world, spent=False, quiet=True)
        outcome.violations += properties.at_the_end(world)
        outcome.dump = world.store.dump()

    def _round(self) -> None:
        world = self.world
        self._moment, world.spoilt = 0, False
        if self._worker is None or self._worker.ledger.death is not None:
            self._worker = Worker(world, self)
        self._fire(upto=0, process=None)
        world.calls_of_round = 0
        self._spent = world.store.ledger.budget(world.connection.connection_id).spent
        self._worker.round()
        self._fire(upto=10**9, process=None)
        while world.rounds_behind and self._worker.ledger.death is None:
            world.rounds_behind -= 1
            self._worker.round()
        world.rounds_behind = 0
        world.lag_s = 0
        for later in world.later:
            self._carefully(later)
        world.later.clear()
        world.tell(f"state {world.store.fingerprint()}")

    def _carefully(self, later: Callable[[], None]) -> None:
        try:
            later()
        except CampaignsyncError as error:
            self.world.tell(f"refused: {error}")

    def _at(self, name: str, process: Mortal | None) -> None:
        """A moment of the round."""
        if self._busy or process is None:
            return
        if self._worker is not None and process is self._worker.ledger:
            self._moment += 1
            self._fire(upto=self._moment, process=process)

    def _fire(self, *, upto: int, process: Mortal | None) -> None:
        while self._due and self._due[0].moment <= upto:
            event = self._due.pop(0)
            self._happen(event, process)

    def _happen(self, event: Event, process: Mortal | None) -> None:
        self._busy = True
        world = self.world
        try:
            if event.what in ACTS:
                world.tell(f"{event.what} {dict(event.args)}")
                if act(world, event.what, event.args):
                    world.counted.edits[event.what] += 1
                    world.spoilt = world.spoilt or process is not None
            elif event.what in FAULTS:
                strike(world, event.what, event.args)
            elif process is not None:
                DEATHS[event.what](world, event.what, process)
        finally:
            self._busy = False

    def _work_beside(self) -> None:
        """Another worker, for one round."""
        if self._depth:
            return
        self._depth += 1
        try:
            Worker(self.world, self).round()
        finally:
            self._depth -= 1


def crash(error: BaseException) -> str:
    """An error that nobody may meet, and where it was raised."""
    place = error.__traceback__
    lines = []
    while place is not None:
        code = place.tb_frame.f_code
        lines.append(f"{code.co_filename.rpartition('/')[2]}:{place.tb_lineno} {code.co_name}")
        place = place.tb_next
    return f"crash: {type(error).__name__}: {str(error)[:300]} at {' > '.join(lines[-6:])}"


def play(history: History, store: Store, clock: SimulatedClock) -> Outcome:
    """Play a history against a store that is empty."""
    return Play(history, store, clock).run()
