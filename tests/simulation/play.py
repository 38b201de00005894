"""Plays a history: rounds of a worker, with what happens between any two of its steps; then quiet rounds; then the properties.

Called by the command, by tests and by `shrink`. One thread; the trace of two plays of one history is the same.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import DatabaseError, InterfaceError

from campaignsync.domain.errors import CampaignsyncError, RetryableError
from campaignsync.domain.service import STALE_AFTER_S
from campaignsync.runtime.rounds import run_round
from simulation import flow_properties, listening, properties, serving
from simulation.acts import ACTS, act
from simulation.clock import SimulatedClock
from simulation.faults import DEATHS, FAULTS, cease, strike, struck
from simulation.flow_stores import FlowDump
from simulation.flowing import Flowing
from simulation.history import Event, History
from simulation.mortal import Killed, Mortal
from simulation.serving import Serving, silence
from simulation.stores import Dump, Store
from simulation.universe import Counted, Universe
from simulation.world import World, sizes

SETTLING = 3
"""Whom a round has made a person of ours is compared field by field by the next: three rounds of each org settle all. The next is
quiet, and so is the one behind a round that had nothing to do."""
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
    dumps: list[Dump] = field(default_factory=list)
    """What the store holds of each org."""
    flows: FlowDump | None = None
    """What it holds of flows, where there are any."""


class Worker:
    """A process that runs rounds, and is replaced when it dies."""

    def __init__(self, world: World, play: Play) -> None:
        self.world, self._play = world, play
        self.ledger = Mortal(world.store.ledger, self._moment)
        self.door = world.door(self.ledger)
        self.service = serving.worker(world, self.ledger) if world.listens else None

    def _moment(self, name: str, process: Mortal) -> None:
        self.world.turn(name, process)
        self.world.moment(name, process)
        process.require_alive()

    def mend(self) -> None:
        """Connect again, should the database have ended the session."""
        if self.ledger.broken:
            self.world.store.reconnect()
        self.ledger.mend()

    def serve(self, failures: int) -> bool:
        """One round that was called for, whatever way it ends; whether its job is done."""
        world = self.world
        assert self.service is not None
        try:
            self.service.have_round(world.connection.connection_id, failures)
            world.store.jobs.done(world.connection.connection_id)
        except (Killed, DatabaseError, InterfaceError) as death:
            self._over(death)
            return False
        finally:
            self.mend()
        return True

    def take_over(self) -> bool:
        """Notice that another worker has died, and let its org have another round; whether that was done."""
        assert self.service is not None
        try:
            self.service.take_over()
        except RetryableError:
            return False
        except (Killed, DatabaseError, InterfaceError) as death:
            self._over(death)
            return False
        finally:
            self.mend()
        return True

    def _over(self, death: BaseException) -> None:
        """The process is dead, or it lives and has lost its database."""
        world = self.world
        world.spoilt = True
        if self.ledger.death is not None:
            world.tell(f"worker died: {type(death).__name__}")
            world.bury(self.ledger)
        elif self.ledger.broken:
            world.tell(f"worker lost its database: {type(death).__name__}")
        else:
            raise death

    def round(self) -> None:
        """One round that somebody asks for; whatever way it ends."""
        world = self.world
        try:
            done = run_round(self.door, self.ledger, world.connection)  # type: ignore[arg-type]
            world.tell(f"round: {done.reports!r} {done.people!r}")
        except CampaignsyncError as error:
            world.spoilt = True
            world.tell(f"round failed: {type(error).__name__} {error}")
        except (Killed, DatabaseError, InterfaceError) as death:
            self._over(death)
        finally:
            self.mend()


class Play:
    """One history being played."""

    def __init__(self, history: History, store: Store, clock: SimulatedClock) -> None:
        self.history = history
        givens = [each for each in (history.given, history.given.beside) if each is not None]
        self.universe = Universe(store, clock, orgs=len(givens))
        self.universe.hooks.append(self._at)
        self.worlds = [World(self.universe, given, number) for number, given in enumerate(givens)]
        for world in self.worlds:
            world.work_beside = functools.partial(self._work_beside, world)
        self._due: list[Event] = []
        self._moment = 0
        self._depth = 0
        self._busy = False
        self._spent: dict[str, bool] = {}
        self._workers: dict[str, Worker] = {}
        self.flowing: Flowing | None = None
        self._serving: Serving | None = None

    def run(self) -> Outcome:
        outcome = Outcome(history=self.history, counted=self.universe.counted)
        with sizes(self.history.given), silence():
            try:
                self._run(outcome)
            except Exception as error:
                outcome.violations.append(crash(error))
        outcome.digest, outcome.trace = self.universe.digest(), self.universe.trace
        return outcome

    def _run(self, outcome: Outcome) -> None:
        self._begin()
        for number, gap in enumerate(self.history.gaps):
            self.universe.clock.advance(gap)
            self._due = [event for event in self.history.events if event.round == number]
            outcome.violations += self._round(self.worlds[::-1] if number % 2 else self.worlds)
            for world in self.worlds:
                outcome.violations += properties.after_round(world)
                spent = self._spent[world.name]
                outcome.violations += properties.calls_within_bounds(world, spent=spent, quiet=False)
            self._flows()
            if outcome.violations:
                return
        self._cease(outcome)
        if outcome.violations:
            return
        self._quieten(outcome)
        for world in self.worlds:
            outcome.violations += properties.at_the_end(world)
        outcome.dumps = [world.dump() for world in self.worlds]
        if self.flowing:
            # What the last rounds brought fires, too.
            self._settle_flows()
            outcome.violations += flow_properties.at_the_end(self.flowing, self.worlds[0].dump())
            outcome.flows = self.flowing.store.dump()

    def _begin(self) -> None:
        for world in self.worlds:
            world.begin()
            if self.history.given.listens:
                world.listen()
        self.flowing = Flowing.of(self.history, self.worlds[0])
        if self.history.given.listens:
            self._serving = Serving(self.worlds, self._process_moment, self._serve)

    def _cease(self, outcome: Outcome) -> None:
        """Nothing goes wrong any more; where only events and marks call for rounds, they have called for all that is needed."""
        for world in self.worlds:
            cease(world)
        self._due = []
        if self._serving:
            outcome.violations += self._serving.settle()
            for world in self.worlds:
                outcome.violations += properties.all_was_called_for(world)

    def _flows(self) -> bool:
        """All that is due of flows, where there are any; whether there was something to do."""
        if not self.flowing:
            return False
        self._revive(self.worlds[0])
        worker = self._workers[self.worlds[0].name]
        return self.flowing.run(worker.ledger, worker.door)

    def _settle_flows(self) -> None:
        """Nothing goes wrong any more: rounds and flows, until all is done that either asks of the other."""
        if self.flowing:
            self.flowing.calm = True
            for _ in range(SETTLING):
                idle = self._idle_round()
                if not self._flows() and idle:
                    return

    def _quieten(self, outcome: Outcome) -> None:
        """Rounds until one has nothing to do, or as many as settle all; the one behind it must have nothing to do."""
        self._serving = None
        self._settle_flows()
        for _ in range(SETTLING * len(self.worlds)):
            if self._idle_round():
                break
        outcome.violations += self._quiet_round()

    def _idle_round(self) -> bool:
        """A round of each org that leaves all as it was, what is still to be compared included."""
        before = [world.dump() for world in self.worlds]
        return not self._quiet_round() and before == [world.dump() for world in self.worlds]

    def _quiet_round(self) -> list[str]:
        """A round of each org behind the last fault; what tells that there was something to do."""
        self.universe.clock.advance(BETWEEN_QUIET_S)
        version, changes = self.universe.store.version(), [world.org.changes.last for world in self.worlds]
        self._round(self.worlds)
        found = []
        for world, change in zip(self.worlds, changes, strict=True):
            found += properties.wrote_nothing(world, version, change)
            found += properties.calls_within_bounds(world, spent=False, quiet=True)
            if world.spoilt:
                found.append(f"a quiet round failed: {self.universe.trace[-2:]}")
        return found

    def _round(self, worlds: Sequence[World]) -> list[str]:
        """A round of each org, one behind the other; what is due may happen to any of them between any two steps."""
        self._moment = 0
        self.universe.expected.look_anew()
        for world in worlds:
            world.spoilt, world.calls_of_round, world.wrongs = False, 0, 0
            world.asked.clear()
            self._revive(world)
        self._fire(upto=0, process=None)
        for world in worlds:
            world.calls_of_round = 0
            self._spent[world.name] = world.has_spent()
            if self._serving is None:
                self._workers[world.name].round()
        found = self._serving.pump() if self._serving else []
        self._fire(upto=10**9, process=None)
        for world in worlds:
            self._behind(world)
        found += self._serving.pump() if self._serving else []
        self.universe.tell(f"state {self.universe.store.fingerprint()}")
        return found

    def _serve(self, world: World, failures: int) -> None:
        """A round that was called for; whoever dies of it is replaced by another worker, which notices."""
        self._revive(world)
        done = self._workers[world.name].serve(failures)
        while not done:
            self._revive(world)
            self.universe.clock.advance(STALE_AFTER_S)
            done = self._workers[world.name].take_over()

    def _process_moment(self, name: str, process: Mortal) -> None:
        self.universe.moment(name, process)
        process.require_alive()

    def _revive(self, world: World) -> None:
        """Another process where the last one died."""
        worker = self._workers.get(world.name)
        if worker is None or worker.ledger.death is not None:
            self._workers[world.name] = Worker(world, self)

    def _behind(self, world: World) -> None:
        """What comes as soon as an org's round is over."""
        worker = self._workers[world.name]
        while world.rounds_behind and worker.ledger.death is None and self._serving is None:
            world.rounds_behind -= 1
            worker.round()
        world.rounds_behind = 0
        world.lag_s = 0
        for later in world.later:
            try:
                later()
            except CampaignsyncError as error:
                world.tell(f"refused: {error}")
        world.later.clear()

    def _at(self, name: str, process: Mortal | None) -> None:
        """A moment of the rounds."""
        if not self._due or self._busy or process is None or process.broken:
            return
        for worker in self._workers.values():
            if worker.ledger is process:
                break
        else:
            if self._serving is None or not any(process is each for each in self._serving.processes()):
                return
        self._moment += 1
        self._fire(upto=self._moment, process=process)

    def _fire(self, *, upto: int, process: Mortal | None) -> None:
        while self._due and self._due[0].moment <= upto:
            event = self._due.pop(0)
            self._happen(event, process)

    def _happen(self, event: Event, process: Mortal | None) -> None:
        self._busy = True
        world = next((each for each in self.worlds if each.name == event.org), self.worlds[0])
        # Rows of a bulk job are not read in the call that writes them (docs/critiques.md).
        self.universe.expected.under_way = process is not None
        world.expected.unseen = process is not None and world.given.bulk
        try:
            if event.what in ACTS:
                world.tell(f"{event.what} {dict(event.args)}")
                if act(world, event.what, event.args):
                    world.counted.edits[event.what] += 1
                    for each in self.worlds:
                        each.spoilt = each.spoilt or process is not None
                        each.wrongs += process is not None
            elif event.what in listening.FAULTS:
                if listening.strike(world, event.what, event.args):
                    struck(world, event.what)
            elif event.what in FAULTS:
                strike(world, event.what, event.args)
            elif process is not None:
                DEATHS[event.what](world, event.what, process)
        finally:
            self._busy = False

    def _work_beside(self, world: World) -> None:
        """Another worker, for one round of an org."""
        if self._depth:
            return
        self._depth += 1
        try:
            Worker(world, self).round()
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
    playing = Play(history, store, clock)
    try:
        return playing.run()
    finally:
        for world in playing.worlds:
            world.sales.stop()
