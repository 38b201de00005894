"""Is it well? What is looked at, from when on it is not well any more, and what to do about it. Pure; the store gathers the
facts.

One judgement for everybody who asks: `status`, `doctor`, the addresses for machines, metrics, and the alarms that people are
told of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from campaignsync.domain.budget import Budget, Pace
from campaignsync.domain.events import OPEN, REFUSED
from campaignsync.domain.ids import ConnectionId
from campaignsync.domain.observation import ApiUsage


class Level(StrEnum):
    """How it is; the last is the worst."""

    WELL = "well"
    WATCH = "watch"
    ILL = "ill"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """From when on people are told. An admin sets them (settings)."""

    lag: timedelta = timedelta(minutes=15)
    """How long a change may wait for its round."""
    backlog: int = 100_000
    """How many records may wait in one org."""
    calls_left: float = 0.10
    """The share of the org's own API calls of 24 hours below which they are low."""
    clock: timedelta = timedelta(minutes=2)
    """How far our clock may be from an org's or the database's: a login by JWT breaks at about three minutes."""
    disk_free: float = 0.05
    """The share of the disk below which it is as good as full."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrgFacts:
    """One synced org as it stands."""

    connection_id: ConnectionId
    name: str
    every: timedelta | None = None
    round_at: datetime | None = None
    waiting_since: datetime | None = None
    """When the round was called for that has not ended yet."""
    backlog: int = 0
    links: Mapping[str, int] = field(default_factory=dict)
    """How many links are in each state."""
    problems: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """How many are open, by noun and code."""
    jobs_message: str = ""
    """The latest open problem that keeps rounds from being done, in its own words."""
    jobs_code: str = ""
    streams: Mapping[str, int] = field(default_factory=dict)
    """How many topics are in each state; empty where nobody listens."""
    streams_message: str = ""
    listens: bool = True
    calls_used: int | None = None
    calls_allowed: int | None = None
    budget_used: int = 0
    budget: int | None = None
    reserve: int | None = None
    """Of the org's own calls, those for others."""
    told_at: datetime | None = None
    """When the org told of its calls."""
    clock_ahead_s: float | None = None
    rounds: int = 0
    failed: int = 0
    seconds: float = 0.0
    within: tuple[int, ...] = ()
    moved: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """Records that moved in the last full hour and this one, by object and direction."""

    def calls(self, at: datetime) -> Budget:
        """The budget of API calls as it stands, without its schedule."""
        told = self.calls_used is not None and self.calls_allowed is not None
        return Budget(
            at=at,
            daily_calls=self.budget,
            calls={at: self.budget_used},
            reserve=self.reserve,
            usage=ApiUsage(used=self.calls_used or 0, allowed=self.calls_allowed or 0) if told else None,
            told_at=self.told_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The whole installation as it stands."""

    at: datetime
    workers: int = 0
    jobs_waiting: int = 0
    jobs_running: int = 0
    database_clock_ahead_s: float = 0.0
    """How far our clock is ahead of the database's."""
    disk_free: float | None = None
    """The share of the disk that is free, where the data are on this machine."""
    notices_waiting: int = 0
    orgs: tuple[OrgFacts, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at; `org` is None for the installation. `code` is what metrics and alarms call it."""

    code: str
    level: Level
    said: str
    to_do: str = ""
    org: ConnectionId | None = None
    name: str = ""


ALARMS = ("LAG", "BACKLOG", "CALLS_LOW", "CLOCK_SKEW", "NOT_HEARD", "DISK_FULL")
"""Codes of checks that people are told of when they turn ill and when they are well again. What keeps rounds from being done,
and links that wait, are problems by themselves already."""


def judged(facts: Facts, bounds: Thresholds) -> list[Check]:
    """Everything that was looked at, of the installation first, then org by org."""
    return [
        *_installation(facts, bounds),
        *(check for org in facts.orgs for check in _org(org, facts, bounds)),
    ]


def worst(checks: Iterable[Check]) -> Level:
    """How it is on the whole."""
    order = list(Level)
    return max((check.level for check in checks), key=order.index, default=Level.WELL)


def _installation(facts: Facts, bounds: Thresholds) -> Iterator[Check]:
    alone = not facts.workers
    yield Check(
        code="WORKERS",
        level=Level.WATCH if alone else Level.WELL,
        said="no worker is at work" if alone else f"{facts.workers} at work, {facts.jobs_waiting} orgs wait",
        to_do="campaignsync serve, or campaignsync worker" if alone else "",
    )
    skewed = abs(facts.database_clock_ahead_s) > bounds.clock.total_seconds()
    yield Check(
        code="DATABASE_CLOCK",
        level=Level.ILL if skewed else Level.WELL,
        said=f"our clock is {facts.database_clock_ahead_s:+.0f} s from the database's",
        to_do="set the clocks of both machines by NTP" if skewed else "",
    )
    if facts.disk_free is not None:
        full = facts.disk_free < bounds.disk_free
        yield Check(
            code="DISK_FULL",
            level=Level.ILL if full else Level.WELL,
            said=f"{facts.disk_free:.0%} of the disk are free",
            to_do="make room, or keep runs and the journal for fewer days (docs/operate.md)" if full else "",
        )


def _org(org: OrgFacts, facts: Facts, bounds: Thresholds) -> Iterator[Check]:
    for look in (_rounds, _lag, _backlog, _links, _calls, _clock, _events):
        code, level, said, to_do = look(org, facts, bounds)
        yield Check(code=code, level=level, said=said, to_do=to_do, org=org.connection_id, name=org.name)


Judgement = tuple[str, Level, str, str]


def _rounds(org: OrgFacts, facts: Facts, bounds: Thresholds) -> Judgement:
    if org.jobs_code:
        more = f"campaignsync doctor --connection {org.name}"
        return "ROUNDS", Level.ILL, f"{org.jobs_code}: {org.jobs_message}", more
    if org.round_at is None:
        return "ROUNDS", Level.WATCH, "no round yet", "campaignsync sync"
    return "ROUNDS", Level.WELL, f"the last one {_ago(facts.at - org.round_at)} ago", ""


def _lag(org: OrgFacts, facts: Facts, bounds: Thresholds) -> Judgement:
    waits = facts.at - org.waiting_since if org.waiting_since else timedelta()
    if waits > bounds.lag:
        to_do = "see whether a worker is at work, and: campaignsync problems --noun job"
        return "LAG", Level.ILL, f"a change has waited for {_ago(waits)}", to_do
    return (
        "LAG",
        Level.WELL,
        f"a change waits for {_ago(waits)}" if waits else "nothing waits for a round",
        "",
    )


def _backlog(org: OrgFacts, facts: Facts, bounds: Thresholds) -> Judgement:
    much = org.backlog > bounds.backlog
    said = f"{org.backlog:,} records wait"
    return "BACKLOG", Level.ILL if much else Level.WELL, said, "campaignsync backlog" if much else ""


def _links(org: OrgFacts, facts: Facts, bounds: Thresholds) -> Judgement:
    waiting = {state: number for state, number in org.links.items() if state != "active"}
    said = ", ".join(f"{number} {state}" for state, number in sorted(org.links.items())) or "none yet"
    to_do = "campaignsync problems --noun job" if waiting else ""
    return "LINKS", Level.WATCH if waiting else Level.WELL, said, to_do


def _calls(org: OrgFacts, facts: Facts, bounds: Thresholds) -> Judgement:
    if org.budget is not None and org.budget_used >= org.budget:
        to_do = f"campaignsync connect {org.name} --daily-calls N"
        return "CALLS_LOW", Level.ILL, f"the budget of {org.budget:,} calls is spent", to_do
    budget = org.calls(facts.at)
    if budget.pace > Pace.FULL:
        level = Level.WATCH if budget.pace < Pace.READS_ONLY else Level.ILL
        to_do = f"see who uses them, or campaignsync connect {org.name} --daily-calls N, or --reserve N"
        return "CALLS_LOW", level, budget.said or "", to_do
    if not org.calls_allowed or org.calls_used is None:
        return "CALLS_LOW", Level.WELL, f"{org.budget_used:,} used in 24 hours", ""
    left = max(org.calls_allowed - org.calls_used, 0)
    low = left < org.calls_allowed * bounds.calls_left
    said = f"{left:,} of the org's {org.calls_allowed:,} are left, {org.budget_used:,} were ours"
    return "CALLS_LOW", Level.ILL if low else Level.WELL, said, "see who else uses them" if low else ""


def _clock(org: OrgFacts, facts: Facts, bounds: Thresholds) -> Judgement:
    ahead = org.clock_ahead_s or 0.0
    skewed = abs(ahead) > bounds.clock.total_seconds()
    to_do = "set the clock of this machine by NTP" if skewed else ""
    return "CLOCK_SKEW", Level.ILL if skewed else Level.WELL, f"ours is {ahead:+.0f} s from the org's", to_do


def _events(org: OrgFacts, facts: Facts, bounds: Thresholds) -> Judgement:
    polled = f"looked at every {_ago(org.every)}" if org.every else "looked at when somebody asks"
    if not org.listens:
        return "NOT_HEARD", Level.WELL, f"not wanted; {polled}", ""
    if not org.streams:
        return (
            "NOT_HEARD",
            Level.WATCH,
            f"nobody listens; {polled}",
            "campaignsync serve, or campaignsync listen",
        )
    if set(org.streams) == {OPEN}:
        return "NOT_HEARD", Level.WELL, f"all {org.streams[OPEN]} topics are heard", ""
    # Without the entitlement an org is polled, and that is that; what was heard once and is not any more, is for a person.
    level = Level.WATCH if org.streams.get(REFUSED) else Level.ILL
    return "NOT_HEARD", level, f"{org.streams_message}; {polled}", "campaignsync doctor"


def _ago(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{max(seconds, 0)} s"
