"""What smart campaigns cost: filters over many people, changes against many smart campaigns, and a batch through three steps.

The works F1 and F2 of `./run bench`, each in a process of its own: `python -m benchmarks.flows F1 --size 1000000`, which prints
a row a line. It makes an installation in a temporary folder and a sandbox beside it, and speaks with the product as its runner
does.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.world import CLIENT_ID, CLIENT_SECRET, Org
from campaignsync.bootstrap import Application, application
from campaignsync.domain.connections import Login, LoginMethod
from campaignsync.domain.statuses import DEFAULT_CHANNELS
from campaignsync.runtime.cycle import look
from campaignsync.runtime.flow_runner import FlowReport, advance, read_journal, run_flows
from campaignsync.settings import Settings

_PEOPLE = (
    "INSERT INTO store_person (email, last_name, company, country, employees, custom, created_at)"
    " SELECT 'p' || n || '@example.com',"
    " 'Person ' || n, 'Company ' || n %% 1000, (ARRAY['Germany', 'Austria', 'France', 'Chad'])[n %% 4 + 1], n %% 5000,"
    " jsonb_build_object('pet', CASE WHEN n %% 3 = 0 THEN 'dog' ELSE 'cat' END), now() - n %% 365 * interval '1 day'"
    " FROM generate_series(1, %s) n"
)
_MEMBERS = (
    "INSERT INTO store_programmember (program_id, person_id, status_id, member_since, origin,"
    " custom) SELECT %s, id, %s, now(), 'import',"
    " '{}' FROM store_person WHERE id %% 2 = 0"
)
FILTERS: dict[str, list[dict[str, Any]]] = {
    "one field": [{"filter": "Person Field", "field": "country", "value": "Germany"}],
    "a field, a program and a number": [
        {"filter": "Person Field", "field": "country", "value": {"is not": "Chad"}},
        {"filter": "Member of Program", "program": "Crowd", "status": "Invited"},
        {"filter": "Person Field", "field": "employees", "value": {"between": [1000, 2000]}},
    ],
    "not in a program": [{"filter": "Not Member of Program", "program": "Crowd"}],
    "history of campaigns": [{"filter": "Was Added to SFDC Campaign", "when": {"in past": "30 days"}}],
}


@contextmanager
def installation() -> Iterator[tuple[Application, Org]]:
    """An empty installation that is connected to an empty org."""
    org = Org("--seed", "empty")
    try:
        org.slow(0)
        with (
            tempfile.TemporaryDirectory() as folder,
            application(Settings(data_dir=Path(folder) / "data")) as app,
        ):
            app.registry.add_channels(DEFAULT_CHANNELS)
            login = Login(
                method=LoginMethod.CLIENT_CREDENTIALS,
                login_url=org.url,
                fields={"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET},
            )
            door = app.new_door(login)
            app.registry.save_connection(
                "org", login, instance_url=door.instance_url, campaign_sync=True, user=door.sync_user()
            )
            yield app, org
    finally:
        org.stop()


@dataclass(frozen=True, slots=True)
class Took:
    """What something took, and what came of it."""

    wall_s: float
    cpu_s: float
    came: Any

    def each_second(self, number: int) -> int:
        return round(number / self.wall_s)


def timed(work: Callable[[], Any]) -> Took:
    began, cpu = time.perf_counter(), time.process_time()
    done = work()
    return Took(round(time.perf_counter() - began, 3), round(time.process_time() - cpu, 3), done)


def row(
    work: str, program: str, size: int, took: Took, *, counted: Any = None, **came: Any
) -> dict[str, Any]:
    """A row of a work, as `benchmarks.works.Row` has it."""
    return {
        "work": work,
        "program": program,
        "size": size,
        "latency_ms": 0,
        "wall_s": took.wall_s,
        "cpu_s": took.cpu_s,
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        **(counted or {"calls": 0, "by_kind": {}, "bytes": 0}),
        "came_of_it": came,
    }


def prepare(app: Application, people: int) -> None:
    """So many people, half of them members of a program."""
    from campaignsync.store.frames import execute, rows

    app.registry.create_program("Crowd", "Webinar", {})
    execute(_PEOPLE, (people,))
    execute("ANALYZE store_person")
    (invited,) = rows(
        "SELECT id FROM store_progressionstatus WHERE name = 'Invited'"
        " AND channel_id = (SELECT channel_id FROM store_program)"
    )
    (program,) = rows("SELECT id FROM store_program")
    execute(_MEMBERS, (program["id"], invited["id"]))
    execute("ANALYZE store_programmember")


CAMPAIGNS = (10, 50, 200)
"""How many smart campaigns are active while the same changes are read."""
CHANGES = 20_000


def f1(people: int) -> Iterator[dict[str, Any]]:
    """So many people: whom filters find, and the same changes against ever more smart campaigns, of which one is concerned."""
    with installation() as (app, _org):
        prepare(app, people)
        for name, conditions in FILTERS.items():
            took = timed(lambda: app.smart_campaigns.count(conditions))  # noqa: B023 - it is called at once.
            yield row("F1", f"count: {name}", people, took, found=took.came["people"])
        for campaigns in CAMPAIGNS:
            yield from triggers(app, people, campaigns)


def triggers(app: Application, people: int, campaigns: int) -> Iterator[dict[str, Any]]:
    """Changes of members are read, then whom they brought is taken through two steps."""
    _active(app, campaigns)
    changes = min(CHANGES, people // 4)
    flows = app.smart_campaigns.flows
    for _ in range(2):
        # What came before, and how long it takes to find nothing: what each turn costs by itself.
        idle = timed(lambda: _all(lambda: read_journal(flows, FlowReport())))
    _change_members(changes)
    report = FlowReport()
    reading = timed(lambda: _all(lambda: read_journal(flows, report)))
    walking = timed(lambda: _all(lambda: advance(flows, report)))
    yield row(
        "F1",
        "changes are read",
        campaigns,
        reading,
        people=people,
        changes=report.changes,
        compared=report.comparisons,
        idle_ms=round(1000 * idle.wall_s, 1),
        entered=report.entered,
        changes_a_second=reading.each_second(report.changes),
        evaluations_a_second=reading.each_second(report.changes * campaigns),
    )
    yield row(
        "F1",
        "steps are walked",
        campaigns,
        walking,
        people=people,
        steps=report.steps,
        steps_a_second=walking.each_second(report.steps),
    )


def _active(app: Application, campaigns: int) -> None:
    """So many smart campaigns and no others, the first of which listens to the program that changes."""
    smart = app.smart_campaigns
    for found in smart.list():
        smart.deactivate(found["name"])
    told = f"Of {campaigns} {{{{trigger.new}}}}"
    for number in range(campaigns):
        program = "Crowd" if number == 0 else f"Program {number}"
        everywhere = {
            "filter": "Person Field",
            "field": "country",
            "value": ["Germany", "Austria", "France", "Chad"],
        }
        definition = {
            "triggers": [{"trigger": "Program Status is Changed", "program": program}],
            "filters": [everywhere],
            "qualification": "every time",
            "flow": [
                {"action": "Change Data Value", "field": "status", "value": told},
                {"action": "Change Data Value", "field": "rating", "value": told},
            ],
        }
        smart.save(f"{campaigns}: {number}", definition, who="bench")
        smart.activate(f"{campaigns}: {number}")


def _change_members(changes: int) -> None:
    """So many members get another status, in one statement."""
    from campaignsync.store.frames import execute

    statuses = "FROM store_progressionstatus s WHERE s.channel_id = (SELECT channel_id FROM store_program)"
    execute(
        "UPDATE store_programmember SET status_id = CASE status_id WHEN (SELECT min(status_id) FROM store_programmember)"
        f" THEN (SELECT max(id) {statuses}) ELSE (SELECT min(id) {statuses}) END"
        " WHERE id IN (SELECT id FROM store_programmember ORDER BY id LIMIT %s)",
        (changes,),
    )


def _all(turn: Callable[[], Any]) -> None:
    while turn():
        pass


def f2(people: int) -> Iterator[dict[str, Any]]:
    """So many people through three steps, two of them in Salesforce, which knows none of them: leads, members, statuses."""
    with installation() as (app, org):
        prepare(app, people)
        campaign = org.call("POST", "/sobjects/Campaign", {"Name": "Bench", "IsActive": True})["id"]
        connection = app.registry.connection("org")
        look(app.door(connection), app.ledger, connection.connection_id)
        definition = {
            "filters": [{"filter": "Person Field", "field": "created", "value": {"is not empty": True}}],
            "qualification": "every time",
            "flow": [
                {"action": "Add to SFDC Campaign", "campaign": campaign, "status": "Sent"},
                {"action": "Change Data Value", "field": "notes", "value": "in the bench"},
                {"action": "Change Status in SFDC Campaign", "campaign": campaign, "status": "Responded"},
            ],
        }
        app.smart_campaigns.save("Batch", definition, who="bench")
        yield _batch(app, org, people, "everybody is new there")
        # Once more, where Salesforce knows everybody: sent back first, so that the same work is done but for the leads.
        definition["flow"] = [
            {"action": "Remove from SFDC Campaign", "campaign": campaign},
            *definition["flow"][1:],
        ]
        app.smart_campaigns.save("Batch", definition, who="bench")
        yield _batch(app, org, people, "everybody is there")


def _batch(app: Application, org: Org, people: int, what: str) -> dict[str, Any]:
    org.forget_calls()
    before = _outcomes(app)

    def through() -> FlowReport:
        app.smart_campaigns.run("Batch", who="bench")
        return run_flows(app.flow_doors)

    took = timed(through)
    counted = org.counted()
    outcomes = {key: number - before.get(key, 0) for key, number in _outcomes(app).items()}
    return row(
        "F2",
        what,
        people,
        took,
        counted=counted,
        commands=took.came.commands,
        failures=took.came.failures,
        **{key: number for key, number in sorted(outcomes.items()) if number},
    )


def _outcomes(app: Application) -> dict[str, int]:
    found = app.smart_campaigns.results("Batch")["steps"]
    return {f"{each['action']}: {each['outcome']}": each["people"] for each in found}


def rows_of(work: str, size: int) -> Iterator[dict[str, Any]]:
    """The rows of a work that runs in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.flows", work, "--size", str(size)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            yield json.loads(line)
    if process.returncode:
        raise SystemExit(f"{work} ended with {process.returncode}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("work", choices=("F1", "F2"))
    parser.add_argument("--size", type=int, required=True)
    asked = parser.parse_args()
    for each in (f1 if asked.work == "F1" else f2)(asked.size):
        print(json.dumps(each), flush=True)


if __name__ == "__main__":
    main()
