"""`./run bench pages [--size N]`: how long pages take the server with so many members, and how often they ask the database.

The data is made by pages.sql in a database of the benchmarks' own server, and kept for the next time. Pages are asked for in
this process as gunicorn would hand them on; the time is that of the whole request but the socket. p95 is told, and beside it the
CPU of this process and the load, since the wall clock of a shared machine adds its own.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
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
    "its link": "/programs/1/link/",
    "runs": "/runs/",
    "a run": "/runs/1/",
    "approvals": "/approvals/",
    "conflicts": "/conflicts/",
    "problems": "/problems/",
    "problems of one cause": "/problems/1/DUPLICATES_DETECTED/",
    "people": "/people/",
    "people, far behind": "/people/?after={middle}",
    "people, searched": "/people/?search=person+771",
    "people, searched for what all have": "/people/?search=example",
    "people, searched for nobody": "/people/?search=nobody+such",
    "a person": "/people/{middle}/",
    "smart campaigns": "/smart-campaigns/",
    "reports": "/reports/",
    "reports by channel": "/reports/?by=channel",
    "reports by month": "/reports/?by=month",
    "settings": "/settings/",
    "channels": "/settings/channels/",
    "fields": "/settings/fields/",
    "users": "/settings/users/",
    "alerts": "/settings/alerts/",
    "audit log": "/settings/audit/",
    "all history": "/settings/history/",
}
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
            from campaignsync.store.tallies import counting

            with psycopg.connect(url) as session:
                session.execute("SET session_replication_role = replica")
                for statement in _SQL.read_text().format(people=people, programs=PROGRAMS).split(";\n"):
                    if statement.strip():
                        session.execute(statement)
                for tally in ("store_membertally", "store_labeltally"):
                    session.execute(counting(tally))
            with psycopg.connect(url, autocommit=True) as session:
                session.execute("VACUUM ANALYZE")
        yield app


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
    told = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "members": people,
        "programs": PROGRAMS,
        "machine": {"cpus": os.cpu_count(), "load": round(os.getloadavg()[0], 1)},
        "slowest_p95_ms": max(row["p95_ms"] for row in rows),
        "rows": rows,
    }
    RESULT.write_text(json.dumps(told, indent=1) + "\n")
