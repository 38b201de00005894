"""`./run bench [WORK ...] [--size N] [--runs R] [--latency MS ...] [--no-peers]`: runs works and writes what they came to."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import pages
from benchmarks.page import write_page
from benchmarks.rows import Asked, told
from benchmarks.works import WORKS
from benchmarks.world import database_server

RESULTS = Path(__file__).with_name("results")
PAGES = "pages"
"""What measures the pages: benchmarks.pages."""
SERVICE = ("latency", "failover")
"""What measures a whole service as processes of their own: programs beside the tests, which keep their own results."""


def main() -> None:
    """Each work at its usual sizes, or all at one."""
    parser = argparse.ArgumentParser(prog="./run bench", description="Whole processes against the sandbox.")
    parser.add_argument(
        "works",
        nargs="*",
        metavar="WORK",
        help=f"some of {', '.join([*WORKS, PAGES, *SERVICE])}; all when left out",
    )
    parser.add_argument("--size", type=int, nargs="*", help="members, or links for W6")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument(
        "--latency", type=int, nargs="*", default=[0, 120], help="milliseconds of each answer"
    )
    parser.add_argument("--no-peers", action="store_true")
    chosen = parser.parse_args()
    asked = Asked(runs=chosen.runs, latencies=chosen.latency, peers=not chosen.no_peers)
    works = chosen.works or [*WORKS, PAGES, *SERVICE]
    for name in (name for name in works if name.lower() in SERVICE):
        _measure_service(name.lower())
    with database_server() as server:
        if PAGES in (name.lower() for name in works):
            pages.run(server, (chosen.size or [1_000_000])[0], max(chosen.runs, 20))
        for name in (name for name in works if name.lower() not in (*SERVICE, PAGES)):
            work, sizes = WORKS[name.upper()]
            rows = []
            for size in chosen.size or sizes:
                for row in work(server, size, asked):
                    print(told(row), flush=True)
                    rows.append(row.as_json())
            _keep(name.upper(), rows)
    write_page(RESULTS)


def _measure_service(name: str) -> None:
    tests = Path(__file__).parents[1] / "tests"
    subprocess.run([sys.executable, f"{name}.py"], cwd=tests, check=False)


def _keep(work: str, rows: list[dict[str, object]]) -> None:
    """What a work came to, with the machine it ran on, beside what was measured at other sizes before."""
    file = RESULTS / f"{work}.json"
    before = json.loads(file.read_text())["rows"] if file.exists() else []
    measured = {(row["size"], row["latency_ms"]) for row in rows}
    machine = {
        "cpus": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
    }
    whole = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine,
        "rows": [row for row in before if (row["size"], row["latency_ms"]) not in measured] + rows,
    }
    file.write_text(json.dumps(whole, indent=1) + "\n")


main()
