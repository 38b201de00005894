"""Prepares a database for a work, past the commands: a connection, programs, links, members. Nothing of it is measured.

Run as a process of its own, `python -m benchmarks.prepare STEP DATABASE_URL` with JSON on its standard input, since
Django has one database a process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from campaignsync.bootstrap import Application, application
from campaignsync.domain.connections import Login, LoginMethod
from campaignsync.domain.statuses import Channel, ProgressionStatus
from campaignsync.settings import Settings

CHANNEL = "Crowd"
SIX = ("Invited", "Opened", "Registered", "No Show", "Attended", "Won")
_STATUSES = {
    "two": (("Sent", 0), ("Responded", 10)),
    "crowd": (("Sent", 0), ("Responded", 10), ("Visited", 10)),  # Two of one step can clash (M6.3).
    "six": tuple((label, 10 * place) for place, label in enumerate(SIX)),
}


def prepare(step: str, url: str, **asked: object) -> None:
    """Take a step in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.prepare", step, url]
    surroundings = {**os.environ, "CAMPAIGNSYNC_SECRET_KEY": "benchmark"}
    subprocess.run(
        command,
        check=True,
        input=json.dumps(asked),
        text=True,
        cwd=Path(__file__).resolve().parents[1],
        env=surroundings,
    )


def connect(app: Application, org: str) -> None:
    """A connection to a sandbox, campaign sync switched on, and the channels."""
    login = Login(
        method=LoginMethod.CLIENT_CREDENTIALS,
        login_url=org,
        fields={"client_id": "sandbox-client", "client_secret": "sandbox-secret"},
    )
    door = app.new_door(login)
    app.registry.save_connection(
        "org", login, instance_url=door.instance_url, campaign_sync=True, user=door.sync_user()
    )
    known = {channel.name for channel in app.registry.channels()}
    for name, labels in _STATUSES.items():
        if f"{CHANNEL} {name}" in known:
            continue
        furthest = max(step for _, step in labels)
        statuses = tuple(
            ProgressionStatus(name=label, step=step, success=step == furthest) for label, step in labels
        )
        app.registry.add_channels(
            [Channel(name=f"{CHANNEL} {name}", program_type="event", statuses=statuses)]
        )


def look(app: Application) -> None:
    """Read what there is, and do nothing about it."""
    from campaignsync.runtime.cycle import look as look_at

    connection = app.registry.connection("org")
    look_at(app.door(connection), app.ledger, connection.connection_id)


def link(app: Application, campaigns: dict[str, str], channel: str = "crowd") -> None:
    """A program of each name, linked with the campaign of that id."""
    connection = app.registry.connection("org").connection_id
    for name, campaign in campaigns.items():
        app.registry.create_program(name, f"{CHANNEL} {channel}", {})
        app.registry.create_link(name, connection, campaign)


def members(app: Application, program: str, file: str) -> None:
    """Put the people of a file, `email,status` a line, into a program."""
    import polars as pl

    from campaignsync.domain.registrants import REGISTRANTS

    rows = pl.read_csv(file, has_header=False, new_columns=["email", "program_status"])
    people = rows.select(
        *(
            pl.col(name).cast(kind) if name in rows.columns else pl.lit(None, kind).alias(name)
            for name, kind in REGISTRANTS.items()
        )
    )
    app.members.import_people(program, people, who="benchmark")


def sql(app: Application, statements: list[str]) -> None:
    """Statements, each one committed: changes of our side at their cheapest, and through the triggers all the same."""
    from django.db import connection

    for statement in statements:
        with connection.cursor() as cursor:
            cursor.execute(statement)


def analyse(app: Application) -> None:
    """What autovacuum would have done by the time."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


_STEPS: dict[str, Any] = {each.__name__: each for each in (connect, look, link, members, sql, analyse)}

if __name__ == "__main__":
    _, wanted, database = sys.argv
    data = Settings(data_dir=Path(".cache/benchmarks/data").resolve(), database_url=database)
    with application(data, migrate=True, who="benchmark") as opened:
        began = datetime.now(UTC)
        _STEPS[wanted](opened, **json.load(sys.stdin))
