"""What one run of one program came to, and how it was asked for; made by the works, kept as JSON, printed in a line."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from benchmarks.machine import Cost, cpu_of_database, run
from benchmarks.world import DATABASE, Org, ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One run of one program on one work."""

    work: str
    program: str
    size: int
    latency_ms: int
    wall_s: float
    cpu_s: float
    rss_mb: float
    calls: int
    by_kind: dict[str, int]
    bytes: int
    sandbox_cpu_s: float = 0.0
    """What answering cost the sandbox, which is in the wall clock of everybody and in nobody's CPU."""
    database_cpu_s: float = 0.0
    """What it cost the database server, which is in nobody's CPU either: what is done there is not done for nothing."""
    came_of_it: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def judged(self, **came: Any) -> Row:
        """The same, and what came of it."""
        return replace(self, came_of_it={**self.came_of_it, **came})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How often and how slow: runs, the latencies to run at, and whether peers run beside us."""

    runs: int
    latencies: Sequence[int]
    peers: bool = True


def measured(work: str, program: str, size: int, org: Org, do: Callable[[], Cost]) -> Row:
    """Do it, and ask the org what it counted."""
    org.forget_calls()
    before = cpu_of_database(DATABASE)
    cost = do()
    return Row(
        work=work,
        program=program,
        size=size,
        latency_ms=org.latency_ms,
        wall_s=cost.wall_s,
        cpu_s=cost.cpu_s,
        rss_mb=cost.rss_mb,
        database_cpu_s=round(cpu_of_database(DATABASE) - before, 2),
        **org.counted(),
    )


def sync(url: str, *arguments: str) -> Callable[[], Cost]:
    """Our sync as a process of its own; RuntimeError when it fails, or halts a link."""
    command, surroundings = ours(url, "sync", "--json", *arguments)
    return lambda: run(command, surroundings)


def told(row: Row) -> str:
    """A row in a line."""
    return (
        f"{row.work} {row.program:<18} {row.size:>9,} at {row.latency_ms:>3} ms: wall {row.wall_s:8.2f} s, CPU"
        f" {row.cpu_s:7.2f} s (database {row.database_cpu_s:.2f} s), {row.rss_mb:6.0f} MB,"
        f" {row.calls:>4} calls, {row.bytes:>12,} bytes {json.dumps(row.came_of_it)}"
    )
