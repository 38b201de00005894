"""`./run bench pages [--size N]`: how long pages take the server with so many members, and how often they ask the database.

The data is made by pages.sql in a database of the benchmarks' own server, and kept for the next time. Pages are asked for in
this process as gunicorn would hand them on; the time is that of the whole request but the socket. p95 is told, and beside it the
CPU of this process and the load, since the wall clock of a shared machine adds its own.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.world import CACHE, Server

RESULT = Path(__file__).with_name("results") / "pages.json"
PROGRAMS = 1_000
PAGES = {
    "home": "/",
    "programs": "/programs/",
    "programs, searched": "/programs/?search=program+9",
    "programs, by tag": "/programs/?tag=Region%3DEMEA&state=active",
    "a program of two fifths of all": "/programs/1/",
    "its members": "/programs/1/members/",
    "its members, far behind": "/programs/1/members/?after={middle}",
    "its members, searched": "/programs/1/members/?search=person+77",
    "its members, of a status": "/programs/1/members/?status=Attended",
    "its costs": "/programs/1/costs/",
    "its history": "/programs/1/history/",
    "its history, where little happened": "/programs/2/history/",
    "its link": "/programs/1/link/",
    "a campaign to link, searched": "/programs/1/link/?connection=org&search=campaign+9",
    "choices of a link": "/programs/1/link/1/",
    "a plan": "/programs/1/plan/1/?errand=1",
    "a plan, searched": "/programs/1/plan/1/?errand=1&search=person+7",
    "a plan that waits for approval": "/programs/1/approval/1/",
    "import": "/programs/1/import/",
    "a program's form": "/programs/1/edit/",
    "a new program": "/programs/new/",
    "deleting a program": "/programs/1/delete/",
    "runs": "/runs/",
    "a run": "/runs/1/",
    "an undo": "/runs/1/undo/?errand=2",
    "an errand": "/errands/3/",
    "approvals": "/approvals/",
    "conflicts": "/conflicts/",
    "conflicts of a program": "/conflicts/?program=1",
    "problems": "/problems/",
    "problems of one cause": "/problems/1/DUPLICATES_DETECTED/",
    "people": "/people/",
    "people, far behind": "/people/?after={middle}",
    "people, searched": "/people/?search=person+771",
    "people, searched for what all have": "/people/?search=example",
    "people, searched for nobody": "/people/?search=nobody+such",
    "a person": "/people/{middle}/",
    "a person's fields": "/people/{middle}/edit/",
    "smart campaigns": "/smart-campaigns/",
    "a smart campaign": "/smart-campaigns/of/Smart 0/",
    "the builder, its count apart": "/smart-campaigns/edit/Smart 0/",
    "a new smart campaign": "/smart-campaigns/new/",
    "an entry's fields": "/smart-campaigns/fields/?entry=filter:Person+Field",
    "reports": "/reports/",
    "reports by channel": "/reports/?by=channel",
    "reports by month": "/reports/?by=month",
    "reports by tag": "/reports/?by=tag+Region",
    "reports as CSV": "/reports/?csv=1",
    "account": "/account/",
    "settings": "/settings/",
    "a connection": "/settings/connections/1/",
    "a new connection": "/settings/connections/new/",
    "a connection's credentials": "/settings/connections/1/credentials/",
    "field mapping": "/settings/connections/1/mapping/",
    "the filter of a mirror": "/settings/connections/1/mirror/",
    "channels": "/settings/channels/",
    "a channel": "/settings/channels/1/",
    "a new channel": "/settings/channels/new/",
    "fields": "/settings/fields/",
    "users": "/settings/users/",
    "API keys": "/settings/keys/",
    "alerts": "/settings/alerts/",
    "audit log": "/settings/audit/",
    "all history": "/settings/history/",
    "all history, of nobody": "/settings/history/?who=nobody",
}
EXEMPT = {
    "welcome/": "there is an admin by then: it only leads on",
    "kept/": "gives a form that was half filled back, and reads nothing else",
    "programs/<int:number>/members.csv": "a download without end: its first lines come at once, the rest as it is read",
    "problems/export.csv": "a download of every open problem",
    "programs/<int:number>/import/<str:token>/": "reads the file that was sent, whatever its size is, and none of the data",
    "programs/<int:number>/link/preview/": "the page of a plan again, made by an errand that asks Salesforce",
    "settings/connections/<int:number>/check/": "doctor: asks Salesforce",
    "settings/connections/<int:number>/member-mapping/": "asks Salesforce",
    "smart-campaigns/preview/<path:name>/": "no page: a part that comes later, and says until then that it is being tried out",
    "healthz": "for machines",
    "readyz": "for machines",
    "metrics": "for machines",
}
"""Addresses that answer and are not measured, each with its reason; what only takes what is sent needs none."""
MOST_MS = 300
"""The p95 that each page keeps within."""
_SQL = Path(__file__).with_suffix(".sql")


@contextmanager
def prepared(server: Server, people: int) -> Iterator[Any]:
    """An installation with so many people, each a member of a program and of its campaign."""
    import psycopg

    from campaignsync.bootstrap import application
    from campaignsync.domain.statuses import DEFAULT_CHANNELS
    from campaignsync.settings import read_settings
    from campaignsync.web.site import site

    name = f"pages{people}"
    url = server.url(name) if server.has(name) else server.make(name)
    os.environ |= {"DATABASE_URL": url, "CAMPAIGNSYNC_SECRET_KEY": "benchmark"}
    settings = read_settings(CACHE / "data")
    with application(settings, migrate=True, site=site(settings.web)) as app:
        from campaignsync.store.models import Person

        if not Person.objects.exists():
            app.registry.add_channels(DEFAULT_CHANNELS)
            with psycopg.connect(url) as session:
                fill(app, session.execute, people=people, programs=PROGRAMS)
            with psycopg.connect(url, autocommit=True) as session:
                session.execute("VACUUM ANALYZE")
            finish(app)
        yield app


def fill(app: Any, execute: Callable[[str], Any], *, people: int, programs: int) -> None:
    """Make the data by SQL; the usual channels are there, and nothing else. `execute` is of one session."""
    from campaignsync.store.tallies import counting

    _define(app, programs // 10)
    execute("SET session_replication_role = replica")
    for statement in _SQL.read_text().format(people=people, programs=programs).split(";\n"):
        if statement.strip():
            execute(statement)
    for tally in ("store_membertally", "store_labeltally"):
        execute(counting(tally))
    execute("SET session_replication_role = DEFAULT")


def _define(app: Any, smart_campaigns: int) -> None:
    somebody = {"filter": "Person Field", "field": "country", "value": ["Germany", "Chad"]}
    flow = [{"action": "Change Data Value", "field": "rating", "value": "Hot"}]
    for number in range(smart_campaigns):
        app.smart_campaigns.save(f"Smart {number}", {"filters": [somebody], "flow": flow}, who="bench")


def finish(app: Any) -> None:
    """Make what SQL cannot: secrets that can be read; the plan of the largest program, which waits for approval and is told by
    errands; an errand that goes on."""
    from campaignsync.runtime.approval import offered
    from campaignsync.runtime.cycle import plan_of
    from campaignsync.store.frames import packed
    from campaignsync.store.models import Connection, Errand
    from campaignsync.store.secrecy import encrypted

    login = {
        "method": "client credentials",
        "login_url": "https://org.example",
        "fields": {"client_id": "bench", "client_secret": "bench"},
    }
    Connection.objects.update(credentials=encrypted(json.dumps(login)))
    link, _ = app.registry.link_of("Program 1")
    app.registry.set_policy(link, {"approval": "each plan"})
    plan = offered(plan_of(app.ledger, app.ledger.link(link)).plan)
    app.approvals.offer(link, plan)
    asked = {"program": "Program 1", "connection": "org", "run": 1}
    told = {"who": "bench", "created_at": datetime.now(UTC), "asked": asked}
    for kind in ("plan", "undo plan"):
        result = {**plan.told, "halted": None}
        Errand.objects.create(kind=kind, state="done", result=result, rows=packed(plan.rows), **told)
    Errand.objects.create(kind="sync", state="running", seen_at=datetime(2100, 1, 1, tzinfo=UTC), **told)


def _visitor() -> Any:
    from django.contrib.auth.models import User
    from django.test import Client

    from campaignsync.store.models import Grant

    user, _ = User.objects.get_or_create(username="bench", is_superuser=True)
    Grant.objects.get_or_create(user=user, folder="", role="admin")
    visitor = Client(SERVER_NAME="localhost")
    visitor.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return visitor


def measure(server: Server, people: int, runs: int) -> list[dict[str, Any]]:
    """Every page so often: what it took in milliseconds, at the median and at p95, and how many queries."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from campaignsync.web.installation import serve

    found = []
    with prepared(server, people) as app:
        serve(app)
        visitor = _visitor()
        for name, address in PAGES.items():
            page = address.format(middle=people // 2)
            with CaptureQueriesContext(connection) as asked:
                answer = visitor.get(page)
                queries = len(asked)
            assert answer.status_code == 200, (page, answer.status_code)
            assert queries, f"{page}: no query was counted, so that the counter must be broken"
            took, cpu = [], []
            for _ in range(runs):
                began, ours = time.perf_counter(), time.process_time()
                visitor.get(page)
                took.append(1000 * (time.perf_counter() - began))
                cpu.append(1000 * (time.process_time() - ours))
            took.sort()
            p95 = took[min(len(took) - 1, int(0.95 * len(took)))]
            row = {"page": name, "address": address, "queries": queries, "runs": runs}
            row |= {
                "median_ms": round(median(took), 1),
                "p95_ms": round(p95, 1),
                "cpu_ms": round(median(cpu), 1),
            }
            print(
                f"{name:<36} median {row['median_ms']:8.1f} ms, p95 {row['p95_ms']:8.1f} ms,"
                f" CPU {row['cpu_ms']:7.1f} ms, {queries} queries",
                flush=True,
            )
            found.append(row)
    return found


def run(server: Server, people: int, runs: int) -> None:
    """Measure, and keep what it came to."""
    rows = measure(server, people, runs)
    slow = [row["page"] for row in rows if row["p95_ms"] > MOST_MS]
    print(
        f"{len(rows) - len(slow)} of {len(rows)} pages keep p95 within {MOST_MS} ms"
        + "".join(f"; not {name}" for name in slow)
    )
    told = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "members": people,
        "programs": PROGRAMS,
        "most_ms": MOST_MS,
        "machine": {"cpus": os.cpu_count(), "load": round(os.getloadavg()[0], 1)},
        "slowest_p95_ms": max(row["p95_ms"] for row in rows),
        "rows": rows,
    }
    RESULT.write_text(json.dumps(told, indent=1) + "\n")
