"""A process that is ready to work and bears children which do: a child costs a fork, not a second of imports.

`python cradle.py DATA_FOLDER round PROGRAM`, or `… flows`, says `ready`. For each line that it reads, by how many seconds the
clock is ahead, it bears a child that does one round, or all that is due of flows; says the child's number, and, when the child
is over, how it ended. It opens no connection and starts no thread, so that forking is safe.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

os.environ["POLARS_MAX_THREADS"] = "1"

from campaignsync import bootstrap
from campaignsync.runtime.embedded_postgres import embedded_postgres
from campaignsync.runtime.flow_runner import run_flows
from campaignsync.runtime.rounds import run_round
from campaignsync.settings import Settings
from campaignsync.store import django_settings

ahead = timedelta()


def main() -> None:
    global ahead
    settings = Settings(data_dir=Path(sys.argv[1]))
    with embedded_postgres(settings.data_dir) as url:
        django_settings.configure(url, settings.secret_keys)
        bootstrap._now = lambda: datetime.now(UTC) + ahead
        app = bootstrap._wired(settings)
        say("ready")
        for line in sys.stdin:
            ahead = timedelta(seconds=int(line))
            child = os.fork()
            if not child:
                live(app, WORKS[sys.argv[2]])
            say(str(child))
            _, status = os.waitpid(child, 0)
            say(str(os.waitstatus_to_exitcode(status)))


def live(app: bootstrap.Application, work: Callable[[bootstrap.Application], object]) -> None:
    """The child's life."""
    code = 1
    try:
        work(app)
        code = 0
    finally:
        os._exit(code)


def one_round(app: bootstrap.Application) -> None:
    link, connection = app.registry.link_of(sys.argv[3])
    run_round(app.door(connection), app.ledger, connection, links=[link])


def flows(app: bootstrap.Application) -> None:
    run_flows(app.flow_doors)


WORKS = {"round": one_round, "flows": flows}


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
