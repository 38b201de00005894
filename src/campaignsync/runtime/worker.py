"""A worker: has the rounds of orgs as the queue hands them out, and looks once a second after what nobody else would.

Started by `campaignsync worker`, as many and on as many machines as there are. It holds nothing that would be lost with it: a
round that dies is had again by another worker. What goes wrong with a round decides by its error's policy when the next one
comes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from campaignsync.domain.connections import Connection
from campaignsync.domain.errors import CampaignsyncError, RetryableError
from campaignsync.domain.health import Thresholds, judged
from campaignsync.domain.ids import ConnectionId
from campaignsync.domain.service import RoundEnd, again_after_s, back_off_s
from campaignsync.runtime.comparing import compare
from campaignsync.runtime.notice_ports import Outbox, Outlet
from campaignsync.runtime.notices import deliver
from campaignsync.runtime.ports import Ledger, Registry, SalesforceDoor
from campaignsync.runtime.rounds import Round, failure_kept, run_round
from campaignsync.runtime.service_ports import Jobs, Pulses, Vitals
from campaignsync.runtime.telemetry import log, span

LOOKS_EVERY_S = 1.0
_EXAMINES_EVERY_S, _TIDIES_EVERY_S = 30.0, 3600.0
_DOOR_KEPT_S = 600.0
"""A door keeps its login and what it knows of fields; so long may a change of rights in Salesforce stay unseen."""


class HandedOver(Exception):  # noqa: N818 - it is no error: another worker goes on.
    """This worker must stop and a round is not done: what is left of it is another's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """The doors a worker goes through."""

    registry: Registry
    ledger: Ledger
    jobs: Jobs
    pulses: Pulses
    vitals: Vitals
    thresholds: Thresholds
    outbox: Outbox
    outlets: Sequence[Outlet]
    open_door: Callable[[Connection], SalesforceDoor]
    revive: Callable[[], None]
    """Starts our own database server again where it died."""
    key: Callable[[Connection], object]
    """What a door was opened with: another key, another door."""
    now: Callable[[], datetime]
    run_flows: Callable[[Callable[[], bool]], Mapping[str, object] | None]
    """Does what is due of all flows, until told to stop between two turns; what it came to, None where nothing was due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    key: object
    door: SalesforceDoor
    since: float


@dataclass
class Worker:
    """One process's worker."""

    doors: Doors
    stop: threading.Event = field(default_factory=threading.Event)
    hands_over: threading.Event = field(default_factory=threading.Event)
    """Set when waiting is over: rounds under way end at their next call and are left to others."""
    _kept: dict[ConnectionId, _Kept] = field(default_factory=dict)
    _examined: float = -_EXAMINES_EVERY_S
    _tidied: float = -_TIDIES_EVERY_S

    def work(self, *, at_once: int) -> None:
        """Work until told to stop. The database may go and come back meanwhile."""
        looking = threading.Thread(target=self._look_after, name="look after", daemon=True)
        looking.start()
        flowing = threading.Thread(target=self._run_flows, name="flows", daemon=True)
        flowing.start()
        log().info("worker started", at_once=at_once)
        while not self.stop.is_set():
            try:
                self.doors.jobs.work(self.have_round, at_once=at_once, stop=self.stop)
            except RetryableError as error:
                log().warning("worker waits", code=error.code, error=str(error))
                self.stop.wait(error.retry_after_s)
                self.doors.revive()
        looking.join()
        flowing.join()
        log().info("worker stopped")

    def have_round(self, org: ConnectionId, failures: int) -> None:
        """Have a round of an org, after so many that failed in a row."""
        connection = self.doors.registry.connection_of(org)
        if connection is None or not connection.campaign_sync:
            return
        budget = self.doors.ledger.budget(org)
        if budget.not_before > budget.at:
            self.doors.jobs.put_off(org, budget.not_before, failures=failures)
            return
        began = time.monotonic()
        door, error = None, None
        with span("round", connection=connection.name):
            try:
                with failure_kept(self.doors.ledger, org):
                    door = self._door(connection)
                done = self._round(connection, door)
                told = _summary(done)
                if done.left_open:
                    # A write that never arrived brings no event, and what was read back is nobody's change any more.
                    self._again(org, back_off_s(failures), failures)
            except CampaignsyncError as caught:
                error = caught
                told = self._put_off(connection, caught, failures)
        end = RoundEnd(
            seconds=time.monotonic() - began,
            failed=error is not None,
            clock_ahead_s=door.clock_ahead_s if door else None,
        )
        self.doors.pulses.beat(org, end)
        tell = log().warning if error else log().info
        tell("round", connection=connection.name, seconds=round(end.seconds, 3), **told)

    def _round(self, connection: Connection, door: SalesforceDoor) -> Round:
        doors = self.doors
        try:
            done = run_round(door, doors.ledger, connection, tell=self._tell)
            # Behind the round, so that nobody's change waits for it; what it finds is for one more round.
            if doors.pulses.comparison_due(connection.connection_id) and compare(
                door, doors.ledger, doors.pulses, connection
            ):
                doors.jobs.wake(connection.connection_id)
            return done
        finally:
            deliver(doors.outbox, doors.outlets)

    def _put_off(
        self, connection: Connection, error: CampaignsyncError, failures: int
    ) -> Mapping[str, object]:
        after_s = again_after_s(error, failures)
        self._kept.pop(connection.connection_id, None)
        self._again(connection.connection_id, after_s, failures)
        return {"code": error.code, "error": str(error), "failures": failures + 1, "again_in_s": after_s}

    def _again(self, org: ConnectionId, after_s: float, failures: int) -> None:
        """Have another round later, as one more that left something undone."""
        until = self.doors.now() + timedelta(seconds=after_s)
        self.doors.jobs.put_off(org, until, failures=failures + 1)

    def _door(self, connection: Connection) -> SalesforceDoor:
        """A door to an org: the one that is open already, while nothing of what it was opened with has changed."""
        key, now = self.doors.key(connection), time.monotonic()
        kept = self._kept.get(connection.connection_id)
        if kept is None or kept.key != key or now - kept.since > _DOOR_KEPT_S:
            kept = _Kept(key=key, door=self.doors.open_door(connection), since=now)
            self._kept[connection.connection_id] = kept
        return kept.door

    def _tell(self, done: int, of: int, calls: int) -> None:
        if self.hands_over.is_set():
            raise HandedOver

    def _look_after(self) -> None:
        while not self.stop.wait(LOOKS_EVERY_S):
            try:
                self.look_after()
            except RetryableError as error:
                log().debug("looking after waits", error=str(error))
        self.doors.jobs.leave()

    def _run_flows(self) -> None:
        """Once a second what is due of flows: all workers may, since each turn of flows is one commit by one at a time."""
        while not self.stop.wait(LOOKS_EVERY_S):
            try:
                told = self.doors.run_flows(self.stop.is_set)
            except CampaignsyncError as error:
                log().warning("flows wait", code=error.code, error=str(error))
                self.stop.wait(LOOKS_EVERY_S)
            else:
                if told:
                    log().info("flows", **told)
        self.doors.jobs.leave()

    def take_over(self) -> None:
        """Let others have the jobs of the dead, and let orgs have rounds whose schedule says so."""
        doors = self.doors
        for swept in doors.jobs.sweep():
            log().warning(
                "job taken over",
                connection_id=swept.connection_id,
                failed=swept.failed,
                silent_s=swept.silent_s,
            )
        for org in doors.jobs.due():
            doors.jobs.wake(org)

    def look_after(self) -> None:
        """See to jobs and schedules, and from time to time to how everything is and what is kept for too long."""
        doors = self.doors
        self.take_over()
        if time.monotonic() - self._examined > _EXAMINES_EVERY_S:
            self._examined = time.monotonic()
            doors.vitals.sound(judged(doors.vitals.facts(), doors.thresholds))
            deliver(doors.outbox, doors.outlets)
        if time.monotonic() - self._tidied > _TIDIES_EVERY_S:
            self._tidied = time.monotonic()
            deleted = doors.pulses.tidy()
            if any(deleted.values()):
                log().info("tidied", **deleted)


def _summary(done: Round) -> Mapping[str, object]:
    """What the log says of a round."""
    return {
        "api_calls": done.api_calls,
        "links": len(done.reports),
        "program_changes": sum(each.program_changes for each in done.reports),
        "campaign_changes": sum(each.campaign_changes for each in done.reports),
        "refused": sum(each.refused for each in done.reports),
        "conflicts": sum(each.conflicts for each in done.reports),
        "left_open": done.left_open,
        "halted": sum(each.halted is not None for each in done.reports),
        "people": done.people.here + done.people.there,
        **({"paced": done.paced} if done.paced else {}),
    }
