"""Every work of `./run bench` at a tiny size, so that none rots: it runs to its end, what came of it is right, and calls are few.

The figures of docs/benchmarks.md are of other sizes; here nothing is timed and no peer takes part.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SIZES = {"W6": 3}
USUAL = 60
WRONG = ("only there", "only here", "missed", "ghosts", "twice", "wrong")
CALLS = {
    "W1": {"campaignsync": 5},
    "W3": {"campaignsync": 7, "collections only": 7},
    "W4": {"campaignsync": 8},
    "W5": {"campaignsync": 8, "only the changed": 8},
    "W6": {"2 a campaign": 2, "20 a campaign": 2},
    "W8": {"campaignsync": 5, "floor": 10},
}
"""By program, the most calls that a work may take at that size."""


@pytest.fixture(scope="module")
def works(server_folder: Callable[[str], Path]) -> Iterator[tuple[ModuleType, Any]]:
    """The works, and the database server on which they run."""
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(Path(__file__).parents[2]))
        patched.setenv("CAMPAIGNSYNC_BENCH_DIR", str(server_folder("benchmarks")))
        # A world that is made tells its certificate to every process that is started from here.
        for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
            patched.setenv(name, os.environ.get(name, ""))
        from benchmarks import works
        from benchmarks.prepare import prepare
        from benchmarks.world import database_server

        with database_server() as server:
            # Whatever is made from it is up to date then, which each database would have to be brought to.
            prepare("analyse", server.url("template1"))
            yield works, server


@pytest.mark.parametrize("work", CALLS)
def test_a_work_is_done_rightly_and_in_few_calls(work: str, works: tuple[ModuleType, Any]) -> None:
    from benchmarks.rows import Asked

    module, server = works
    do, _ = module.WORKS[work]
    rows = list(do(server, SIZES.get(work, USUAL), Asked(runs=1, latencies=[0], peers=False)))
    assert {row.program for row in rows} == set(CALLS[work])
    assert {row.program: row.calls for row in rows if row.calls > CALLS[work][row.program]} == {}
    assert [row.came_of_it for row in rows if any(row.came_of_it.get(name) for name in WRONG)] == []
