"""How long a change takes from the commit on one side until it is to be seen on the other, and what it costs.

`./run latency [SECONDS]`: 50 changes a second, half on each side of one org, for two minutes, each API call taking 20 ms; a
service of one worker and one listener. Half of the members are changed here and half there, each back and forth between two
statuses of one step. Times count from before the change is sent until a look, ten times a second, first shows it: they are
upper bounds.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from service_run import Clerk, ServiceRun, keep, service_run

A_SECOND, LATENCY_MS, MEMBERS, USUAL_S = 50, 20, 600, 120.0
WANTED_P50_S, WANTED_P99_S = 0.5, 2.0
STATUSES = ("Registered", "Waitlisted")
WRITERS_THERE = 4
_HERE = """SELECT p.email, s.name AS status FROM store_programmember m JOIN store_person p ON p.id = m.person_id
    JOIN store_progressionstatus s ON s.id = m.status_id"""
Look = Callable[[], Mapping[str, str]]
Change = Callable[[str, str], object]


@dataclass
class Watched:
    """The side to which changes come: what is waited for there, and how long it took."""

    look: Look
    waiting: dict[str, tuple[str, float]] = field(default_factory=dict)
    took: list[float] = field(default_factory=list)
    overtaken: int = 0
    guard: threading.Lock = field(default_factory=threading.Lock)
    stop: threading.Event = field(default_factory=threading.Event)

    def expect(self, email: str, status: str) -> None:
        with self.guard:
            # A change that is overtaken by the next of the same member cannot be told from it: neither is measured.
            if self.waiting.pop(email, None):
                self.overtaken += 1
            else:
                self.waiting[email] = (status, time.monotonic())

    def watch(self) -> None:
        while not self.stop.wait(0.1):
            asked = time.monotonic()
            seen, at = self.look(), time.monotonic()
            with self.guard:
                for email, (status, since) in list(self.waiting.items()):
                    if since < asked and seen.get(email) == status:
                        self.took.append(at - since)
                        del self.waiting[email]


def keep_changing(emails: Sequence[str], change: Change, seen: Watched, seconds: float, rate: float) -> None:
    """Change one after another at a steady rate."""
    began = time.monotonic()
    for number in range(int(seconds * rate)):
        time.sleep(max(began + number / rate - time.monotonic(), 0))
        email = emails[number % len(emails)]
        status = STATUSES[(number // len(emails) + 1) % 2]
        seen.expect(email, status)
        change(email, status)


def measure(data_dir: Path, *, seconds: float) -> dict[str, Any]:
    """Run it; the figures."""
    with service_run(data_dir, orgs=1, workers=1, latency_ms=LATENCY_MS, channel="Live Event") as run:
        run.until_heard()
        emails = [f"p{number}@example.com" for number in range(MEMBERS)]
        for email in emails:
            run.clerk.insist("set", program="org0", email=email, status=STATUSES[0])
        run.until_equal()
        observer = Clerk(data_dir)
        try:
            return _measured(run, observer, emails, seconds)
        finally:
            observer.stop()


def _measured(run: ServiceRun, observer: Clerk, emails: Sequence[str], seconds: float) -> dict[str, Any]:
    org, campaign = run.orgs["org0"], run.campaigns["org0"]
    found = org.query(f"SELECT Id, Lead.Email FROM CampaignMember WHERE CampaignId = '{campaign}'")
    ids = {row["Lead"]["Email"]: row["Id"] for row in found}
    here = Watched(lambda: {row["email"]: row["status"] for row in observer.wish("query", sql=_HERE)})
    there = Watched(lambda: org.members(campaign))
    ours, theirs = emails[: MEMBERS // 2], emails[MEMBERS // 2 :]
    rate, each = A_SECOND / 2, len(theirs) // WRITERS_THERE

    def change_here(email: str, status: str) -> None:
        run.clerk.wish("set", program="org0", email=email, status=status)

    def change_there(email: str, status: str) -> None:
        org.update("CampaignMember", ids[email], Status=status)

    jobs = [threading.Thread(target=keep_changing, args=(ours, change_here, there, seconds, rate))]
    for number in range(WRITERS_THERE):
        some = theirs[number * each : (number + 1) * each]
        arguments = (some, change_there, here, seconds, rate / WRITERS_THERE)
        jobs.append(threading.Thread(target=keep_changing, args=arguments))
    watching = [threading.Thread(target=side.watch) for side in (here, there)]
    before, began = _calls(observer), time.monotonic()
    for thread in (*watching, *jobs):
        thread.start()
    for thread in jobs:
        thread.join()
    loaded = time.monotonic() - began
    run.until_equal()
    for side in (here, there):
        side.stop.set()
    for thread in watching:
        thread.join()
    calls = _calls(observer) - before
    changes = len(here.took) + len(there.took) + here.overtaken + there.overtaken
    rounds = [line["seconds"] for line in run.workers[0].lines() if line.get("event") == "round"]
    return {
        "seconds_of_load": round(loaded, 1),
        "changes": changes,
        "changes_a_second": round(changes / loaded, 1),
        "latency_ms": LATENCY_MS,
        "to_program": _told(here),
        "to_salesforce": _told(there),
        "api_calls": calls,
        "api_calls_a_change": round(calls / changes, 3),
        "rounds": len(rounds),
        "round_p50_s": round(_share(rounds, 0.5), 2),
        "wanted": {"p50_s": WANTED_P50_S, "p99_s": WANTED_P99_S},
    }


def _calls(observer: Clerk) -> int:
    return int(
        observer.wish("query", sql="SELECT coalesce(sum(calls), 0)::bigint AS calls FROM store_apicalls")[0][
            "calls"
        ]
    )


def _told(side: Watched) -> dict[str, float]:
    return {
        "p50_s": round(_share(side.took, 0.5), 2),
        "p99_s": round(_share(side.took, 0.99), 2),
        "seen": len(side.took),
        "overtaken": side.overtaken,
    }


def told_in_words(found: dict[str, Any]) -> str:
    """What was measured, as lines of text."""
    ways = (("Salesforce → program", found["to_program"]), ("program → Salesforce", found["to_salesforce"]))
    many = f"{found['changes']} changes in {found['seconds_of_load']:.0f} s ({found['changes_a_second']:.0f} a second)"
    lines = [
        f"{what}: p50 {way['p50_s']:.2f} s, p99 {way['p99_s']:.2f} s (wanted: {WANTED_P50_S} s, {WANTED_P99_S} s),"
        f" {way['seen']} seen, {way['overtaken']} overtaken by their next change"
        for what, way in ways
    ]
    calls = f"{found['api_calls']} API calls, {found['api_calls_a_change']} a change"
    rounds = f"{found['rounds']} rounds, {found['round_p50_s']:.2f} s in the median"
    return "\n".join([f"{many}, {found['latency_ms']} ms an API call", *lines, calls, rounds])


def _share(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(int(len(values) * share), len(values) - 1)] if values else float("nan")


def main(arguments: list[str]) -> int:
    """Run it once; 1 when it took longer than is wanted. What a whole run measured is kept."""
    seconds = float(arguments[0]) if arguments else USUAL_S
    with tempfile.TemporaryDirectory(prefix="campaignsync-latency-", ignore_cleanup_errors=True) as folder:
        inner = Path(folder) / "data"
        inner.mkdir()
        found = measure(inner, seconds=seconds)
    if seconds >= USUAL_S:
        keep("latency", found)
    print(told_in_words(found))
    ways = (found["to_program"], found["to_salesforce"])
    return any(way["p50_s"] > WANTED_P50_S or way["p99_s"] > WANTED_P99_S for way in ways)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
