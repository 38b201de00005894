"""Plays many histories on all cores and adds up what they came to: the command and the tests call it.

Each process plays histories one after another in one thread; a seed's history is the same whoever plays it.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import math
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field, fields
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
FEW_COLLECTIONS = (50_000, 20, 10)
"""What a history leaves in circles is little, and looking for it after every 700 objects takes a fortieth of all work."""
CHUNK = 25
ONE_IN = 200
"""Every so manieth history is played on PostgreSQL."""


@dataclass
class Sum:
    """What many histories came to."""

    histories: int = 0
    on_postgres: int = 0
    calls: int = 0
    edits: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    violations: dict[int, list[str]] = field(default_factory=dict)
    cpu_s: float = 0
    began: float = field(default_factory=time.time)
    ended: float = field(default_factory=time.time)

    def add(self, other: Sum) -> None:
        self.histories += other.histories
        self.on_postgres += other.on_postgres
        self.calls += other.calls
        self.edits += other.edits
        self.faults += other.faults
        self.violations |= other.violations
        self.cpu_s += other.cpu_s
        self.began, self.ended = min(self.began, other.began), max(self.ended, other.ended)

    def told(self) -> dict[str, Any]:
        """All of it as JSON may carry it."""
        return {each.name: _plain(getattr(self, each.name)) for each in fields(self)}

    @classmethod
    def of(cls, parts: Iterable[Mapping[str, Any]]) -> Sum:
        """All that several have told, together."""
        whole = cls(began=math.inf, ended=0)
        for told in parts:
            counted = {name: Counter(told[name]) for name in ("edits", "faults")}
            violations = {int(seed): found for seed, found in told["violations"].items()}
            whole.add(cls(**{**told, **counted, "violations": violations}))
        return whole

    def lines(self) -> Iterator[str]:
        """The figures that are printed."""
        seconds = self.ended - self.began
        yield (
            f"histories: {self.histories:,} in {seconds:,.0f} s ({self.histories / max(seconds, 0.001):,.1f} a second;"
            f" {1000 * self.cpu_s / max(self.histories, 1):,.0f} ms of CPU each), {self.on_postgres:,} of them on PostgreSQL;"
            f" calls to Salesforce: {self.calls:,}"
        )
        edits, faults = kinds()
        yield f"edits: {self.edits.total():,}" + _by_kind(self.edits, edits)
        yield f"faults: {self.faults.total():,}" + _by_kind(self.faults, faults)
        yield f"violations: {len(self.violations)}"


def _plain(value: Any) -> Any:
    return {str(key): each for key, each in value.items()} if isinstance(value, dict) else value


def kinds() -> tuple[frozenset[str], frozenset[str]]:
    """All kinds of edits and of faults that there are."""
    from simulation import faults, listening
    from simulation.acts import ACTS

    return frozenset(ACTS), frozenset({*faults.FAULTS, *faults.DEATHS, *listening.FAULTS})


def _by_kind(counted: Counter[str], every: frozenset[str]) -> str:
    """Each kind, and those that never came to pass with a nought."""
    never = sorted(every - counted.keys())
    told = [*counted.most_common(), *((kind, 0) for kind in never)]
    return "".join(f"\n  {number:>9,}  {kind}" for kind, number in told)


def play_seeds(seeds: Sequence[int], in_postgres: Callable[[Any], Any] | None = None) -> Sum:
    """Play these, one after another, in this process; `in_postgres` makes an empty store there, unless a server of our own
    shall."""
    from simulation.clock import SimulatedClock
    from simulation.history import made_from
    from simulation.play import play
    from simulation.stores import InMemory

    _look_through_little()
    done, began = Sum(), time.process_time()
    for seed in seeds:
        clock = SimulatedClock()
        on_postgres = seed % ONE_IN == 0
        store = (in_postgres or _in_postgres())(clock) if on_postgres else InMemory(clock)
        outcome = play(made_from(seed), store, clock)
        done.histories += 1
        done.on_postgres += on_postgres
        done.calls += outcome.counted.calls
        done.edits += outcome.counted.edits
        done.faults += outcome.counted.faults
        if outcome.violations:
            done.violations[seed] = outcome.violations
    done.cpu_s, done.ended = time.process_time() - began, time.time()
    return done


@functools.cache
def _look_through_little() -> None:
    """What is there before a process's first history is there behind its last one: nobody need look through it time and again.
    Once only, since what histories have left by then would stay for ever."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*FEW_COLLECTIONS)


@functools.cache
def _in_postgres() -> Callable[[Any], Any]:
    """What makes an empty store in PostgreSQL: a server of this process's own, as long as it lives."""
    from ready_database import share_original
    from simulation.postgres import installation

    stack = contextlib.ExitStack()
    atexit.register(stack.close)
    stack.enter_context(share_original() or contextlib.nullcontext())
    whole = stack.enter_context(
        tempfile.TemporaryDirectory(prefix="campaignsync-simulation-", ignore_cleanup_errors=True)
    )
    folder = Path(tempfile.mkdtemp(dir=whole)) / "installation"
    folder.mkdir()
    return stack.enter_context(installation(folder))


def play_many(
    seeds: Iterable[int], *, until: float | None = None, workers: int | None = None
) -> Iterator[Sum]:
    """Play them all, or as many as there is time for until a moment of the monotonic clock; yields as parts are done."""
    from ready_database import share_original

    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    parts = _parts(seeds)
    with (
        share_original() or contextlib.nullcontext(),
        ProcessPoolExecutor(workers or os.cpu_count(), mp_context=get_context("spawn")) as pool,
    ):
        running: set[Future[Sum]] = set()
        while True:
            while len(running) < 2 * (workers or os.cpu_count() or 1):
                part = next(parts, None) if until is None or time.monotonic() < until else None
                if part is None:
                    break
                running.add(pool.submit(played, part))
            if not running:
                return
            ended, running = wait(running, return_when=FIRST_COMPLETED)
            for each in ended:
                yield each.result()


def played(seeds: Sequence[int], in_postgres: Callable[[Any], Any] | None = None) -> Sum:
    """Play these; those in memory where Polars works, since a connection to PostgreSQL is of the thread that it is closed in."""
    done = play_seeds([seed for seed in seeds if seed % ONE_IN == 0], in_postgres)
    done.add(where_polars_works(lambda: play_seeds([seed for seed in seeds if seed % ONE_IN])))
    return done


def where_polars_works(play: Callable[[], T]) -> T:
    """Play in the thread that Polars works in, which is one (POLARS_MAX_THREADS): else each of a history's hundreds of steps goes
    over there and back."""
    import polars as pl

    done: list[T] = []
    failed: list[BaseException] = []

    def playing(column: pl.Series) -> pl.Series:
        try:
            done.append(play())
        except BaseException as error:
            failed.append(error)
        return column

    # Of one column alone Polars would make do with the thread that asks.
    there = pl.lit(0).map_batches(playing, return_dtype=pl.Int32)
    pl.select(there, pl.lit(0).alias("beside"))
    if failed:
        raise failed[0]
    return done[0]


def _parts(seeds: Iterable[int]) -> Iterator[list[int]]:
    part: list[int] = []
    for seed in seeds:
        part.append(seed)
        if len(part) == CHUNK:
            yield part
            part = []
    if part:
        yield part
