"""Three workers, two orgs, and a load on both sides while workers, the listener and PostgreSQL are killed at random.

`./run failover [SECONDS]` runs it for five minutes unless told otherwise; the suite runs a short one. At the end both sides
are equal, nobody is there twice, and every change that anybody was told was done is there: statuses only move forward, so that
the one that a member must have is the furthest that either side was given.
"""

from __future__ import annotations

import random
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from zlib import crc32

from service_run import ServiceRun, now, service_run

STATUSES = ("Invited", "Registered", "No Show", "Attended")
STATED_S = 15.0
"""Within which a dead worker's job is promised to be taken over (docs/operate.md)."""


@dataclass
class Told:
    """What each side was given and said to have done: program → address → the furthest step."""

    certain: dict[str, dict[str, int]] = field(default_factory=dict)
    possible: dict[str, dict[str, int]] = field(default_factory=dict)
    changes: int = 0
    deeds: list[tuple[float, str, str, str, int]] = field(default_factory=list)

    def note(self, program: str, email: str, step: int, *, certain: bool) -> None:
        self.changes += certain
        for told in (self.certain, self.possible) if certain else (self.possible,):
            known = told.setdefault(program, {})
            known[email] = max(known.get(email, 0), step)


def change_something(run: ServiceRun, told: Told, chance: random.Random, number: int) -> None:
    """A new member or a step forward, each member on one side only: an edit in Salesforce between a round's look and its write is
    written over (docs/critiques.md), which no death brings about and this is not to measure."""
    program = chance.choice(sorted(run.orgs))
    known = sorted(told.certain.get(program, {}))
    email = f"p{number}@example.com" if not known or chance.random() < 0.3 else chance.choice(known)
    step = min(told.possible.get(program, {}).get(email, -1) + 1, len(STATUSES) - 1)
    if crc32(email.encode()) % 2:
        done = run.clerk.wish("set", program=program, email=email, status=STATUSES[step])
        told.note(program, email, step, certain=done is not None)
        told.deeds.append((now(), program, email, "here" if done else "perhaps here", step))
    else:
        change_there(run, told, program, email, step)


def change_there(run: ServiceRun, told: Told, program: str, email: str, step: int) -> None:
    org, campaign = run.orgs[program], run.campaigns[program]
    rows = org.query(
        f"SELECT Id, Status FROM CampaignMember WHERE CampaignId = '{campaign}'"
        f" AND (Lead.Email = '{email}' OR Contact.Email = '{email}')"
    )
    if rows:
        step = max(step, STATUSES.index(rows[0]["Status"]))
        org.update("CampaignMember", rows[0]["Id"], Status=STATUSES[step])
        told.note(program, email, step, certain=True)
        told.deeds.append((now(), program, email, "there", step))
    elif email not in told.possible.get(program, {}):
        # Known to nobody yet: otherwise both sides would make the same person, which is nobody's mistake but ours.
        org.add_lead(campaign, email, STATUSES[step])
        told.note(program, email, step, certain=True)


def kill_something(run: ServiceRun, chance: random.Random, deaths: Counter[str], kills: list[float]) -> None:
    """One of them dies without a word, and is started again a moment later, as a service manager would."""
    victim = chance.choice(["worker", "worker", "worker", "listener", "database"])
    deaths[victim] += 1
    if victim == "database":
        run.kill_database()
        return
    part = run.listener if victim == "listener" else chance.choice(run.workers)
    if victim == "worker":
        kills.append(now())
    part.kill()
    threading.Timer(chance.uniform(1, 4), part.start).start()


def fail_over(data_dir: Path, *, seconds: float, every_s: float, seed: int) -> str:
    """Run it; a line of what was measured. AssertionError when something is lost, twice or not equal."""
    chance, told, deaths, kills = random.Random(seed), Told(), Counter[str](), list[float]()
    with service_run(data_dir, orgs=2, workers=3) as run:
        run.until_heard()
        pause, number = threading.Event(), 0
        ends, dies = now() + seconds, now() + every_s
        while now() < ends:
            change_something(run, told, chance, number)
            number += 1
            if now() > dies:
                kill_something(run, chance, deaths, kills)
                dies = now() + chance.uniform(0.5, 1.5) * every_s
            pause.wait(0.05)
        pause.wait(5)  # Until the last of those that were killed is started again.
        began = now()
        run.until_equal()
        settled = now() - began
        require_nothing_lost(run, told)
        rounds = sum(line.get("event") == "round" for part in run.workers for line in part.lines())
        taken = run.takeovers(kills)
    slowest = f"{max(taken):.1f} s at the most" if taken else "none was under way"
    return (
        f"failover, seed {seed}: {seconds:.0f} s of load, {told.changes} changes, killed: {dict(deaths)}, {rounds} rounds;"
        f" equal {settled:.1f} s after the last change; {len(taken)} takeovers, {slowest}"
    )


def require_nothing_lost(run: ServiceRun, told: Told) -> None:
    for program, org in run.orgs.items():
        there = org.members(run.campaigns[program])  # Fails when somebody is there twice.
        assert there == run.clerk.wish("members", program=program)
        certain, possible = told.certain.get(program, {}), told.possible.get(program, {})
        wrong = {
            email: (there.get(email), STATUSES[step])
            for email, step in certain.items()
            if email not in there or not step <= STATUSES.index(there[email]) <= possible[email]
        }
        assert wrong == {}, (
            f"lost in {program}: {wrong}\n{history(run, wrong)}\n{[d for d in told.deeds if d[2] in wrong]}"
        )
        leads = Counter(row["Email"] for row in org.query("SELECT Email FROM Lead WHERE IsConverted = false"))
        assert [email for email, number in leads.items() if number > 1] == []


def history(run: ServiceRun, emails: Iterable[str]) -> str:
    """What the journal tells of these people, for whoever has to find out what went wrong."""
    lines = []
    for email in emails:
        sql = (
            "SELECT j.at, j.side, j.who, j.why, j.run_id, j.old, j.new FROM store_journalentry j JOIN store_person p"
            f" ON p.id = j.person_id WHERE p.email = '{email}' ORDER BY j.id"
        )
        lines += [f"{email}: {row}" for row in run.clerk.wish("query", sql=sql) or []]
    return "\n".join(lines)


if __name__ == "__main__":
    wanted = float(sys.argv[1]) if len(sys.argv) > 1 else 300.0
    with tempfile.TemporaryDirectory(prefix="campaignsync-failover-", ignore_cleanup_errors=True) as folder:
        inner = Path(folder) / "data"
        inner.mkdir()
        print(fail_over(inner, seconds=wanted, every_s=5.0, seed=random.SystemRandom().randrange(10**6)))
