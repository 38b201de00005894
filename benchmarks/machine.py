"""Runs one program to its end and tells what it cost: wall clock, CPU of it alone, its peak of memory.

Used by the works. The CPU and the memory are what the kernel counted for that one child and whatever it waited for itself;
the database server and the sandbox are other processes and are not in it.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_WAITER = str(Path(__file__).with_name("waiter.py"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one process cost. `rss_mb` is its peak of resident memory; `said` what it printed."""

    wall_s: float
    cpu_s: float
    rss_mb: float
    exit_code: int
    said: str = ""


def run(
    command: Sequence[object], surroundings: Mapping[str, str] | None = None, *, tolerant: bool = False
) -> Cost:
    """Run a program; RuntimeError with its last words when it says that it failed, unless one is `tolerant` (halts, exit code 3,
    are for the caller)."""
    with (
        tempfile.TemporaryFile("w+") as out,
        tempfile.TemporaryFile("w+") as errors,
        tempfile.NamedTemporaryFile() as told,
    ):
        subprocess.run(
            [sys.executable, "-S", "-E", _WAITER, told.name, *map(str, command)],
            env={**os.environ, **(surroundings or {})},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=errors,
            check=True,
        )
        out.seek(0)
        errors.seek(0)
        cost = Cost(**json.load(told), said=out.read())
        complained = errors.read()
    if cost.exit_code not in (0, 3) and not tolerant:
        raise RuntimeError(f"{command} ended with {cost.exit_code}: {complained[-2000:]}")
    return cost


def waited(child: subprocess.Popen[str], status: int, usage: resource.struct_rusage, wall_s: float) -> Cost:
    """What a child cost that was waited for. Its peak of memory is no less than that of this process when it was started."""
    child.returncode = os.waitstatus_to_exitcode(status)
    return Cost(
        wall_s=round(wall_s, 3),
        cpu_s=round(usage.ru_utime + usage.ru_stime, 3),
        rss_mb=round(usage.ru_maxrss / 1024, 1),
        exit_code=child.returncode,
    )


def cpu_of_database(folder: Path) -> float:
    """The CPU seconds of a PostgreSQL server up to now, with all that it started; 0 where none runs in this folder."""
    file = folder / "postmaster.pid"
    if not file.exists():
        return 0.0
    first = file.read_text().split()[0]
    children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
    own = _ticks(first)
    # Who has ended is counted by the server itself, who lives is not.
    return (sum(own) + sum(sum(_ticks(child)[:2]) for child in children)) / os.sysconf("SC_CLK_TCK")


def _ticks(process: str) -> list[int]:
    """Its own user and system time, and those of children that have ended."""
    try:
        return [
            int(each) for each in Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:15]
        ]
    except FileNotFoundError:
        return [0, 0, 0, 0]
