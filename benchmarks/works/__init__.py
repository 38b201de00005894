"""The works of the page: what is done, to a world of which size, by us and by whoever else can do it (docs/benchmarks.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benchmarks import flows
from benchmarks.rows import Asked, Row
from benchmarks.works.adding import w3, w4
from benchmarks.works.changing import w5, w6, w8
from benchmarks.works.hostile import w7
from benchmarks.works.lanes import SIZES, lanes
from benchmarks.works.pulling import w1, w2
from benchmarks.world import Server

Work = Callable[[Server, int, Asked], Iterator[Row]]


def _in_flows(work: str) -> Work:
    """A work about smart campaigns; see `benchmarks.flows`."""
    return lambda server, size, asked: (Row(**each) for each in flows.rows_of(work, size))


WORKS: dict[str, tuple[Work, tuple[int, ...]]] = {
    "W1": (w1, (10_000, 100_000, 1_000_000)),
    "W2": (w2, (1_000_000,)),
    "W3": (w3, (10_000,)),
    "W4": (w4, (10_000, 100_000)),
    "W5": (w5, (10_000, 100_000, 1_000_000)),
    "W6": (w6, (500, 5_000)),
    "W7": (w7, (10_000,)),
    "W8": (w8, (10_000, 100_000, 1_000_000)),
    "LANES": (lanes, SIZES),
    "F1": (_in_flows("F1"), (1_000_000,)),
    "F2": (_in_flows("F2"), (100_000,)),
}
