"""A whole service as processes of their own: orgs, workers, a listener, a database, and somebody who works on programs.

Used by the failover test, and by `./run failover` and `./run latency`, which run for longer and print what they measured.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from eventful_org import EventfulOrg
from waiting import until

TESTS = Path(__file__).parent


class Part:
    """One `campaignsync worker` or `listen`, its log in a file."""

    def __init__(self, data_dir: Path, folder: Path, name: str, *command: str) -> None:
        self.name, self.command = (
            name,
            [sys.executable, "-m", "campaignsync.cli", "--data-dir", str(data_dir), *command],
        )
        self.log = folder / f"{name}.log"
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """End in good order; the exit code."""
        self.process.terminate()
        return self.process.wait(timeout=120)

    def lines(self) -> list[dict[str, Any]]:
        """What it said, as far as it was JSON."""
        found = []
        for line in self.log.read_text(encoding="utf-8", errors="replace").splitlines():
            with contextlib.suppress(json.JSONDecodeError):
                found.append(json.loads(line))
        return [each for each in found if isinstance(each, dict)]


class Clerk:
    """Somebody who works on programs, in a process of their own."""

    def __init__(self, data_dir: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(TESTS / "clerk.py"), str(data_dir)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def wish(self, do: str, **what: object) -> Any:
        """What a wish came to; None where nobody knows, since the database was away."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"do": do, **what}) + "\n")
        self.process.stdin.flush()
        said = json.loads(self.process.stdout.readline())
        # A step back is refused where a worker was faster; everything else is a mistake of the test.
        assert "refused" not in said or do == "set", said
        return said.get("done")

    def insist(self, do: str, **what: object) -> Any:
        """Wish until it is fulfilled."""
        return until(lambda: [said] if (said := self.wish(do, **what)) is not None else None, do)[0]

    def stop(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self.process.stdout.close()


class ServiceRun:
    """Orgs, workers and a listener over one embedded database."""

    def __init__(self, data_dir: Path, *, orgs: int, workers: int, latency_ms: int, channel: str) -> None:
        self.data_dir = data_dir
        self.folder = data_dir.parent
        arguments = ("--latency-ms", str(latency_ms))
        self.orgs = {f"org{n}": EventfulOrg("--org-number", str(n), *arguments) for n in range(orgs)}
        self.clerk = Clerk(data_dir)
        self.campaigns = {
            name: self.clerk.insist("found", name=name, url=org.url, events=org.events, channel=channel)
            for name, org in self.orgs.items()
        }
        self.workers = [
            Part(data_dir, self.folder, f"worker{n}", "worker", "--at-once", "2") for n in range(workers)
        ]
        self.listener = Part(data_dir, self.folder, "listener", "listen")

    @property
    def parts(self) -> list[Part]:
        return [*self.workers, self.listener]

    def kill_database(self) -> None:
        """The server's first process dies without a word."""
        pid = int((self.data_dir / "postgres" / "postmaster.pid").read_text().splitlines()[0])
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def until_heard(self) -> None:
        """Wait until all topics of all orgs are heard."""
        wanted = 5 * len(self.orgs)
        sql = "SELECT count(*) AS number FROM store_subscription WHERE state = 'open'"
        until(lambda: (self.clerk.wish("query", sql=sql) or [{}])[0].get("number") == wanted, "all topics")

    def until_equal(self) -> None:
        """Wait until both sides of each org are the same and nothing is left to do."""
        for name, org in self.orgs.items():
            until(
                lambda name=name, org=org: (
                    self.clerk.wish("members", program=name) == org.members(self.campaigns[name])
                ),
                f"both sides of {name} equal",
                every_s=0.3,
            )
        until(lambda: self.clerk.wish("busy") == 0, "the end of all rounds", every_s=0.2)

    def takeovers(self, kills: list[float]) -> list[float]:
        """How long after the death of its worker each job that was under way went to another, in seconds."""
        swept = sorted(
            _seconds(line["timestamp"])
            for part in self.workers
            for line in part.lines()
            if line.get("event") == "job taken over" and not line["failed"]
        )
        return [
            min(after)
            for killed in kills
            if (after := [at - killed for at in swept if 0 <= at - killed < 30])
        ]

    def stop(self) -> None:
        for part in self.parts:
            part.stop()
        self.clerk.stop()
        for org in self.orgs.values():
            org.stop()


def _seconds(timestamp: str) -> float:
    return datetime.fromisoformat(timestamp).timestamp()


@contextlib.contextmanager
def service_run(
    data_dir: Path, *, orgs: int, workers: int, latency_ms: int = 0, channel: str = "Webinar"
) -> Iterator[ServiceRun]:
    """A service that runs until the block ends."""
    run = ServiceRun(data_dir, orgs=orgs, workers=workers, latency_ms=latency_ms, channel=channel)
    try:
        yield run
    finally:
        run.stop()


def now() -> float:
    """Seconds since 1970, as logs tell them."""
    return time.time()
