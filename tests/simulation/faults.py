"""What goes wrong, by name: on the way to Salesforce, in the org, with our process, our database and the clocks.

Called by `play` at a moment; a fault that is set for the next call waits in `world.meddling`. A fault counts when it struck.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.wire.faults import Fault
from salesforce_sandbox.wire.messages import Request, Response, error_body
from simulation.mortal import DatabaseGoneError, Killed, Mortal
from simulation.wire import Lost
from simulation.world import World

UNANSWERED = "5xx after it was done"
"""Done, and what is answered tells nothing of it."""
_HTML = b"<html><body><h1>Service unavailable</h1></body></html>"
_TOKEN = "/services/oauth2/"


def _next_call(world: World, name: str, wrong: Callable[[Request], Any], times: int = 1) -> None:
    """Something is wrong with the next call, or the next few."""
    left = times

    def meddle(request: Request) -> Any:
        nonlocal left
        verdict = wrong(request)
        if verdict is None:
            return None
        left -= 1
        if left <= 0:
            world.meddling.remove(meddle)
        struck(world, name)
        if verdict is Lost.AFTER or name == UNANSWERED:
            world.expected.whole.answer_lost()
        return verdict

    world.meddling.append(meddle)


def struck(world: World, name: str) -> None:
    world.counted.faults[name] += 1
    world.spoilt = True
    world.wrongs += 1
    world.tell(f"fault: {name}")


def _refused(world: World, name: str) -> None:
    _next_call(world, name, lambda request: Lost.NEVER_SENT)


def _lost_before(world: World, name: str) -> None:
    _next_call(world, name, lambda request: Lost.BEFORE)


def _lost_after(world: World, name: str) -> None:
    _next_call(world, name, lambda request: Lost.AFTER)


def _slow(world: World, name: str, seconds: int) -> None:
    """Longer than we wait: done, and no answer."""

    def slowly(request: Request) -> Any:
        world.clock.advance(seconds)
        return Lost.AFTER if seconds > 120 else Fault()

    _next_call(world, name, slowly)


def _broken(world: World, name: str, status: int) -> None:
    page = Response(status=status, body=_HTML, media_type="text/html")
    _next_call(world, name, lambda request: page)


def _broken_after(world: World, name: str) -> None:
    def done_and_broken(request: Request) -> Any:
        world.sales.sandbox.answer(request, Fault())
        return Response(status=503, body=_HTML, media_type="text/html")

    _next_call(world, name, done_and_broken)


def _session_expired(world: World, name: str) -> None:
    def expired(request: Request) -> Any:
        return None if request.path.startswith(_TOKEN) else Fault(expire_session=True)

    _next_call(world, name, expired)


def _row_lock(world: World, name: str, program: str, seconds: int) -> None:
    until = world.org.clock.now() + timedelta(seconds=seconds)
    world.org.admin.locks[world.campaigns[program]] = until
    struck(world, name)


def _api_limit(world: World, name: str, calls: int) -> None:
    limit = SalesforceError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
    page = Response(status=403, body=error_body(limit))

    def spent(request: Request) -> Any:
        return None if request.path.startswith(_TOKEN) else page

    _next_call(world, name, spent, calls)


def _commit_lag(world: World, name: str, seconds: int) -> None:
    """What people do there shows up as older than it is (S0.16), until the round is over; see `acts`."""
    world.lag_s = seconds
    struck(world, name)


def _clock_skew(world: World, name: str, seconds: int) -> None:
    """Salesforce's clock runs ahead of ours by more; it never goes back."""
    world.skew += timedelta(seconds=seconds)
    struck(world, name)


def _clock_jump(world: World, name: str, seconds: int) -> None:
    world.clock.jump += timedelta(seconds=seconds)
    struck(world, name)


def _bulk_partly_refused(world: World, name: str, who: str) -> None:
    records = world.records(who)
    if records and world.given.bulk:
        world.org.admin.locks[records[0][1]] = world.org.clock.now() + timedelta(minutes=10)
        struck(world, name)


def _bulk_slow(world: World, name: str, reads: int) -> None:
    if world.given.bulk:
        world.sales.control("POST", "/sandbox/bulk", {"reads_per_step": reads})
        world.looks_a_step = reads
        struck(world, name)


def _killed(world: World, name: str, process: Mortal) -> None:
    struck(world, name)
    world.expected.whole.answer_lost()
    process.die(Killed)


def _database_restart(world: World, name: str, process: Mortal) -> None:
    struck(world, name)
    world.expected.whole.answer_lost()
    if world.store.restarts_for_real:
        process.sever(world.store.end_sessions)
    else:
        process.die(DatabaseGoneError)


def _second_worker(world: World, name: str, process: Mortal) -> None:
    """Another process begins a round of the same org in the middle of this one."""
    struck(world, name)
    world.work_beside()


def _split(world: World, name: str, process: Mortal) -> None:
    """This process loses its session of the database, and with it its locks, without hearing of it yet; another does a whole
    round meanwhile."""
    struck(world, name)
    world.expected.whole.answer_lost()
    process.death = DatabaseGoneError
    world.bury(process)
    world.work_beside()


# An event only wakes: all that can go wrong with events is when rounds come.


def _events_lost(world: World, name: str) -> None:
    """Nobody wakes the worker: the round comes with the safety net, five minutes later (M8.1)."""
    world.clock.advance(300)
    struck(world, name)


def _events_late(world: World, name: str, seconds: int) -> None:
    world.clock.advance(seconds)
    struck(world, name)


def _round_too_many(world: World, name: str) -> None:
    """Doubled, or heard anew from the beginning: a round comes that nothing calls for."""
    world.rounds_behind += 1
    struck(world, name)


def _round_too_soon(world: World, name: str) -> None:
    """The later event is heard first: a round comes before what the earlier one tells of has happened."""
    struck(world, name)
    world.work_beside()


FAULTS: Mapping[str, Callable[..., None]] = {
    "events lost": _events_lost,
    "events late": _events_late,
    "events doubled": _round_too_many,
    "replay id too old": _round_too_many,
    "events out of order": _round_too_soon,
    "connection refused": _refused,
    "lost before it was done": _lost_before,
    "lost after it was done": _lost_after,
    "slow": _slow,
    "5xx": _broken,
    "5xx after it was done": _broken_after,
    "session expired": _session_expired,
    "row lock": _row_lock,
    "API limit": _api_limit,
    "commit lag": _commit_lag,
    "clock skew": _clock_skew,
    "clock jump": _clock_jump,
    "bulk partly refused": _bulk_partly_refused,
    "bulk slow": _bulk_slow,
}
DEATHS: Mapping[str, Callable[[World, str, Mortal], None]] = {
    "killed": _killed,
    "database restart": _database_restart,
    "second worker": _second_worker,
    "session of the database lost, second worker": _split,
}


def strike(world: World, what: str, args: Mapping[str, Any]) -> None:
    """Set something to go wrong."""
    FAULTS[what](world, what, **args)


def cease(world: World) -> None:
    """Nothing goes wrong any more."""
    world.meddling.clear()
    world.org.admin.locks.clear()
    world.lag_s = 0
    world.clock.jump = timedelta()
    world.org.admin.validation.clear()
    world.sales.control("DELETE", "/sandbox/bulk")
    world.looks_a_step = 1
    world.store.registry.set_pace(world.connection.connection_id, {"daily_calls": None})
