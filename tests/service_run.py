"""A whole service as processes of their own: orgs, workers, a listener, a database, somebody who works on programs, and in each
org a user who is not the one that syncs.

Used by the failover test, and by `./run failover` and `./run latency`, which run for longer and print what they measured.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eventful_org import EventfulOrg
from spoken_to import SpokenTo
from waiting import until

TESTS = Path(__file__).parent
RESULTS = TESTS.parent / "benchmarks" / "results"


class Part:
    """One `campaignsync worker` or `listen`, its log in a file."""

    def __init__(self, data_dir: Path, folder: Path, name: str, *command: str) -> None:
        self.name, self.command = (
            name,
            [sys.executable, "-m", "campaignsync.cli", "--data-dir", str(data_dir), *command],
        )
        self.log = folder / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start it, unless it is at work: who was killed twice in a row is to return twice."""
        if self.process and self.process.poll() is None:
            return
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """End in good order; the exit code."""
        assert self.process
        self.process.terminate()
        return self.process.wait(timeout=120)

    def lines(self) -> list[dict[str, Any]]:
        """What it said, as far as it was JSON."""
        found = []
        for line in self.log.read_text(encoding="utf-8", errors="replace").splitlines():
            with contextlib.suppress(json.JSONDecodeError):
                found.append(json.loads(line))
        return [each for each in found if isinstance(each, dict)]


@dataclass(frozen=True)
class Takeover:
    """From the last sign of life of a dead worker to the beginning of the round that another one had."""

    silent_from: float
    until: float

    @property
    def seconds(self) -> float:
        return self.until - self.silent_from

    def within(self, at: float) -> bool:
        return self.silent_from <= at <= self.until


class Clerk:
    """Somebody who works on programs, in a process of their own."""

    def __init__(self, data_dir: Path) -> None:
        self._process = SpokenTo(TESTS / "clerk.py", str(data_dir))

    def say(self, do: str, **what: object) -> dict[str, Any]:
        """What a wish came to: `done`, `refused`, or `unknown`, since the database was away."""
        said: dict[str, Any] = json.loads(self._process.ask(json.dumps({"do": do, **what})))
        # A step back is refused (M2.3); every other refusal is a mistake of the test.
        assert "refused" not in said or do == "set", said
        return said

    def wish(self, do: str, **what: object) -> Any:
        """What came of a wish that was fulfilled, otherwise None."""
        return self.say(do, **what).get("done")

    def insist(self, do: str, **what: object) -> Any:
        """Wish until it is fulfilled."""
        return until(lambda: [said] if (said := self.wish(do, **what)) is not None else None, do)[0]

    def stop(self) -> None:
        self._process.over()


class ServiceRun:
    """Orgs, workers and a listener over one embedded database."""

    def __init__(self, data_dir: Path, *, orgs: int, workers: int, latency_ms: int, channel: str) -> None:
        self.data_dir = data_dir
        self.folder = data_dir.parent
        arguments = ("--latency-ms", str(latency_ms))
        self.orgs = {f"org{n}": EventfulOrg("--org-number", str(n), *arguments) for n in range(orgs)}
        for name, org in self.orgs.items():
            org.act_as(f"sales@{name}.example")
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
        """Wait until both sides of each org are the same and nothing is left to do; whoever differs to the end is told of."""
        for name in self.orgs:
            try:
                until(lambda name=name: not self.differing(name), f"both sides of {name} equal", every_s=0.3)
            except AssertionError as never:
                never.add_note(self.told_of(name))
                raise
        until(lambda: self.clerk.wish("busy") == 0, "the end of all rounds", every_s=0.2)

    def differing(self, name: str) -> Mapping[str, tuple[object, object]]:
        """Each who stands otherwise on the two sides, with their statuses in the program and in the campaign."""
        here, there = self.clerk.wish("members", program=name), self.orgs[name].members(self.campaigns[name])
        if here is None:  # The database is away.
            return {"nobody knows": (None, None)}
        return {
            email: (here.get(email), there.get(email))
            for email in here.keys() | there.keys()
            if here.get(email) != there.get(email)
        }

    def told_of(self, name: str) -> str:
        """Who differs, what the journal, the marks, the jobs and the problems tell, and what was logged last."""
        differing = self.differing(name)
        told = [f"{email}: {sides}" for email, sides in differing.items()]
        for table in (
            "procrastinate_jobs",
            "store_mark",
            "store_problem",
            "store_subscription",
            "store_link",
        ):
            rows = self.clerk.wish("query", sql=f"SELECT * FROM {table} ORDER BY 1 DESC LIMIT 12") or []
            told += [f"{table}: {row}" for row in rows]
        for email in list(differing)[:5]:
            told += self.history(email)
        for part in self.parts:
            told += [f"{part.log.name}: {line}" for line in part.lines()[-12:]]
        return "\n".join(told)

    def history(self, email: str) -> list[str]:
        """What the journal tells of somebody, from the beginning on."""
        sql = (
            "SELECT j.at, j.side, j.who, j.why, j.run_id, j.old, j.new FROM store_journalentry j JOIN store_person p"
            f" ON p.id = j.person_id WHERE p.email = '{email}' ORDER BY j.id"
        )
        return [f"{email}: {row}" for row in self.clerk.wish("query", sql=sql) or []]

    def takeovers(self) -> list[Takeover]:
        """How long the jobs of dead workers had to wait."""
        lines = [line for part in self.workers for line in part.lines()]
        began = {
            name: sorted(
                _seconds(line["timestamp"]) - line["seconds"]
                for line in lines
                if line.get("event") == "round" and line["connection"] == name
            )
            for name in self.orgs
        }
        found = []
        for line in lines:
            # A job that failed, or whose worker gave itself up when its database went away, waited for nobody's death.
            if line.get("event") != "job taken over" or line["failed"] or line["silent_s"] is None:
                continue
            swept = _seconds(line["timestamp"])
            of_org = began[list(self.orgs)[line["connection_id"] - 1]]
            next_round = next((at for at in of_org if at >= swept), swept)
            found.append(Takeover(silent_from=swept - line["silent_s"], until=next_round))
        return found

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


def keep(name: str, found: dict[str, Any]) -> None:
    """Keep what was measured, and on which machine, beside the results of the other benchmarks."""
    machine = {
        "cpus": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
    }
    at = datetime.now(UTC).isoformat(timespec="seconds")
    RESULTS.joinpath(f"{name}.json").write_text(
        json.dumps({"at": at, "machine": machine, **found}, indent=1) + "\n", encoding="utf-8"
    )
