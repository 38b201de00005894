"""What smart campaigns cost: filters over many people, changes against many smart campaigns, and a batch through three steps.

Run by itself: `python -m benchmarks.flows --people 1000000 --campaigns 200 --changes 20000 --batch 100000`; prints JSON. It
makes an installation of its own in a temporary folder and a sandbox beside it, and speaks with the product as its runner does.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    done = work()
    return round(time.perf_counter() - began, 3), done


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


def filters(app: Application) -> dict[str, Any]:
    """How long it takes to count whom filters find."""
    found = {}
    for name, conditions in FILTERS.items():
        seconds, counted = timed(lambda: app.smart_campaigns.count(conditions))  # noqa: B023 - it is called at once.
        found[name] = {"seconds": seconds, "people": counted["people"]}
    return found


def triggers(app: Application, campaigns: int, changes: int) -> dict[str, Any]:
    """Changes of members against so many smart campaigns that are active, of which one concerns them; then their flow."""
    from campaignsync.store.frames import execute

    smart = app.smart_campaigns
    for found in smart.list():
        smart.deactivate(found["name"])
    for number in range(campaigns):
        program = "Crowd" if number == 0 else f"Program {number}"
        definition = {
            "triggers": [{"trigger": "Program Status is Changed", "program": program}],
            "filters": [
                {
                    "filter": "Person Field",
                    "field": "country",
                    "value": ["Germany", "Austria", "France", "Chad"],
                }
            ],
            "qualification": "every time",
            "flow": [
                {
                    "action": "Change Data Value",
                    "field": "status",
                    "value": f"Of {campaigns} {{{{trigger.new}}}}",
                },
                {
                    "action": "Change Data Value",
                    "field": "rating",
                    "value": f"Of {campaigns} {{{{trigger.new}}}}",
                },
            ],
        }
        smart.save(f"{campaigns}: {number}", definition, who="bench")
        smart.activate(f"{campaigns}: {number}")
    execute(
        "UPDATE store_programmember SET status_id = CASE status_id WHEN (SELECT min(status_id) FROM store_programmember)"
        " THEN (SELECT max(id) FROM store_progressionstatus s WHERE s.channel_id = (SELECT channel_id FROM store_program))"
        " ELSE (SELECT min(id) FROM store_progressionstatus s WHERE s.channel_id = (SELECT channel_id FROM store_program)) END"
        " WHERE id IN (SELECT id FROM store_programmember ORDER BY id LIMIT %s)",
        (changes,),
    )
    report = FlowReport()
    flows = smart.flows
    reading, _ = timed(lambda: _all(lambda: read_journal(flows, report)))
    walking, _ = timed(lambda: _all(lambda: advance(flows, report)))
    return {
        "campaigns": campaigns,
        "changes": report.changes,
        "entered": report.entered,
        "reading_s": reading,
        "changes_a_second": round(report.changes / reading),
        "steps": report.steps,
        "walking_s": walking,
        "steps_a_second": round(report.steps / walking),
    }


def _all(turn: Callable[[], Any]) -> None:
    while turn():
        pass


def batch(app: Application, org: Org, people: int) -> dict[str, Any]:
    """So many people through three steps, two of them in Salesforce."""
    campaign = org.call("POST", "/sobjects/Campaign", {"Name": "Bench", "IsActive": True})["id"]
    connection = app.registry.connection("org")
    look(app.door(connection), app.ledger, connection.connection_id)
    last = f"p{people}@example.com"
    definition = {
        "filters": [{"filter": "Person Field", "field": "created", "value": {"is not empty": True}}],
        "flow": [
            {"action": "Add to SFDC Campaign", "campaign": campaign, "status": "Sent"},
            {"action": "Change Data Value", "field": "notes", "value": "in the bench"},
            {"action": "Change Status in SFDC Campaign", "campaign": campaign, "status": "Responded"},
        ],
    }
    from campaignsync.store.frames import execute

    execute("DELETE FROM store_programmember")
    execute("DELETE FROM store_person WHERE id > (SELECT id FROM store_person WHERE email = %s)", (last,))
    app.smart_campaigns.save("Batch", definition, who="bench")
    org.forget_calls()
    entering, entered = timed(lambda: app.smart_campaigns.run("Batch", who="bench"))
    seconds, report = timed(lambda: run_flows(app.flow_doors))
    steps = {
        (row["step"], row["outcome"]): row["people"] for row in app.smart_campaigns.results("Batch")["steps"]
    }
    return {
        "people": entered,
        "entering_s": entering,
        "seconds": seconds,
        "commands": report.commands,
        **org.counted(),
        "steps": {f"{step} {outcome}": number for (step, outcome), number in sorted(steps.items())},
        "failures": report.failures,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    for name, number in (("people", 100_000), ("campaigns", 200), ("changes", 20_000), ("batch", 10_000)):
        parser.add_argument(f"--{name}", type=int, default=number)
    asked = parser.parse_args()
    with installation() as (app, org):
        seconds, _ = timed(lambda: prepare(app, asked.people))
        print(json.dumps({"people": asked.people, "prepared_s": seconds}), flush=True)
        print(json.dumps({"filters": filters(app)}), flush=True)
        for campaigns in (max(asked.campaigns // 10, 1), asked.campaigns):
            print(json.dumps({"triggers": triggers(app, campaigns, asked.changes)}), flush=True)
        print(json.dumps({"batch": batch(app, org, asked.batch)}), flush=True)


if __name__ == "__main__":
    main()
