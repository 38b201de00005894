"""W7: adding and changing while nearly everything goes wrong, killed again and again in the middle of writing.

The sandbox's own log of changes and our journal tell how many rows were written on either side; at every thousandth, counted over
all lives, the command is killed. Bulk jobs take their time, so that it dies in the middle of them. Judged when it is calm.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import psycopg

from benchmarks import judging
from benchmarks.machine import Cost, cpu_of_database, run, waited
from benchmarks.prepare import prepare
from benchmarks.rows import Asked, Row
from benchmarks.works.adding import _file, people_of
from benchmarks.works.changing import change_both, judged
from benchmarks.world import DATABASE, Org, Server, org_of, ours

WRITES_A_LIFE = 1_000
_ROUNDS = 60
_RULES = [
    {"match": {"path": "/composite$", "probability": 0.02}, "action": {"drop": "after"}},
    {"match": {"path": "/jobs/", "method": "PATCH", "probability": 0.02}, "action": {"drop": "after"}},
    {"match": {"path": "/jobs/", "probability": 0.02}, "action": {"drop": "before"}},
    {
        "match": {"path": "/composite/sobjects", "probability": 0.05},
        "action": {"error": {"code": "UNABLE_TO_LOCK_ROW"}},
    },
    {"match": {"probability": 0.02}, "action": {"expire_session": True}},
    {"match": {"method": "GET", "probability": 0.02}, "action": {"status": 503, "body": "html"}},
]
_SLOW = {"batch_rows": 1_000, "seconds_per_step": 0.4}
_LOCKED = {"code": "UNABLE_TO_LOCK_ROW", "message": "unable to obtain exclusive access", "tries": 3}


@dataclass(slots=True, kw_only=True)
class _Lives:
    """What the command's lives have cost, and how each ended."""

    org: Org
    url: str
    costs: list[Cost] = field(default_factory=list)
    deaths: int = 0
    next_death: int = 0

    def written(self) -> int:
        """How many rows were written so far: there, and in the program."""
        with psycopg.connect(self.url) as session:
            found = session.execute(
                "SELECT count(*) FROM store_journalentry WHERE side = 'program'"
            ).fetchone()
        assert found is not None
        return self.org.changes() + int(found[0])

    def live(self) -> bool:
        """One life; whether it was killed."""
        command, surroundings = ours(self.url, "sync", "--json")
        self.next_death = self.next_death or self.written() + WRITES_A_LIFE
        child = subprocess.Popen(
            command,
            env={**os.environ, **surroundings},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        began = time.monotonic()
        killed = False
        while not killed and child.returncode is None:
            ended, status, usage = os.wait4(child.pid, os.WNOHANG)
            if ended:
                break
            if self.written() >= self.next_death:
                child.send_signal(signal.SIGKILL)
                _, status, usage = os.wait4(child.pid, 0)
                killed = True
                self.next_death = self.written() + WRITES_A_LIFE
            else:
                time.sleep(0.02)
        self.costs.append(waited(child, status, usage, time.monotonic() - began))
        self.deaths += killed
        return killed

    def to_the_end(self) -> None:
        """As many lives as it takes until one has nothing left to write."""
        for _ in range(_ROUNDS):
            before = self.written()
            run(*ours(self.url, "problems", "--retry"), tolerant=True)
            if not self.live() and self.written() == before and self.costs[-1].exit_code == 0:
                return
        raise RuntimeError(f"W7: after {_ROUNDS} lives there is still something to be written")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trouble:
    """What goes wrong in an org, by another chance in each run."""

    org: Org
    chance: int
    latency_ms: int

    def begin(self, *, refused_of: int) -> None:
        """One in so many rows of a job is refused by a lock, and all the rest goes wrong besides."""
        slow = [{"match": {}, "action": {"latency_ms": self.latency_ms}}] if self.latency_ms else []
        self.org.control("POST", "faults", {"seed": 7 + self.chance, "rules": [*_RULES, *slow]})
        self.org.control("POST", "bulk", {**_SLOW, "refusals": [{**_LOCKED, "nth": refused_of}]})

    def end(self) -> None:
        """It is calm again."""
        for calm in ("faults", "bulk", "locks"):
            self.org.control("DELETE", calm)


def w7(server: Server, size: int, asked: Asked) -> Iterator[Row]:
    """Adding by e-mail, then changes on both sides; each run goes wrong in another way."""
    seed, wanted = people_of(size)
    with org_of(seed) as org:
        for latency in asked.latencies:
            for chance in range(asked.runs):
                org.begin()
                campaign = org.campaign("W7", ("Sent", "Responded", "Visited"))
                url = server.make("hostile")
                prepare("connect", url, org=org.address)
                prepare("link", url, campaigns={"W7": campaign})
                prepare("members", url, program="W7", file=_file(wanted))
                trouble = _Trouble(org=org, chance=chance, latency_ms=latency)
                yield _adding(trouble, url, campaign, wanted)
                yield _changing(trouble, url, campaign, size)


def _adding(trouble: _Trouble, url: str, campaign: str, wanted: dict[str, str]) -> Row:
    row = _lived("adding", len(wanted), trouble, url)
    return row.judged(**judging.as_wanted(trouble.org, campaign, wanted))


def _changing(trouble: _Trouble, url: str, campaign: str, size: int) -> Row:
    org = trouble.org
    org.later(3_600)
    conflicts = change_both(org, url, size // 4, size // 50)
    locked = judging.statuses_of(org, campaign)["id"].gather_every(20).to_list()
    org.control("POST", "locks", {"ids": locked, "seconds": 20})
    row = _lived("changing", size, trouble, url)
    return row.judged(**judged(judging.sides(org, url, campaign), conflicts))


def _lived(phase: str, size: int, trouble: _Trouble, url: str) -> Row:
    """Life after life, first in trouble, then to a quiet end."""
    org = trouble.org
    org.forget_calls()
    before = cpu_of_database(DATABASE)
    lives = _Lives(org=org, url=url)
    trouble.begin(refused_of=2)
    lives.live()
    trouble.begin(refused_of=20)
    lives.to_the_end()
    in_trouble = lives.deaths
    trouble.end()
    lives.to_the_end()
    costs = lives.costs
    return Row(
        work="W7",
        program=f"campaignsync, {phase}",
        size=size,
        latency_ms=trouble.latency_ms,
        wall_s=round(sum(cost.wall_s for cost in costs), 1),
        cpu_s=round(sum(cost.cpu_s for cost in costs), 1),
        rss_mb=max(cost.rss_mb for cost in costs),
        database_cpu_s=round(cpu_of_database(DATABASE) - before, 2),
        came_of_it={"deaths": in_trouble, "lives": len(costs)},
        **org.counted(),
    )
