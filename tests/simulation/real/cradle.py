"""A process that is ready to sync and bears children which do: a child costs a fork, not a second of imports.

`python cradle.py DATA_FOLDER PROGRAM` says `ready`. For each line that it reads it bears a child that does one round, says the
child's number, and, when the child is over, how it ended. It opens no connection and starts no thread, so that forking is safe.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ["POLARS_MAX_THREADS"] = "1"

from campaignsync import bootstrap
from campaignsync.runtime.embedded_postgres import embedded_postgres
from campaignsync.runtime.rounds import run_round
from campaignsync.settings import Settings
from campaignsync.store import django_settings


def main() -> None:
    settings = Settings(data_dir=Path(sys.argv[1]))
    with embedded_postgres(settings.data_dir) as url:
        django_settings.configure(url, settings.secret_keys)
        app = bootstrap._wired(settings)
        say("ready")
        for _ in sys.stdin:
            child = os.fork()
            if not child:
                live(app, sys.argv[2])
            say(str(child))
            _, status = os.waitpid(child, 0)
            say(str(os.waitstatus_to_exitcode(status)))


def live(app: bootstrap.Application, program: str) -> None:
    """The child's life: one round."""
    code = 1
    try:
        link, connection = app.registry.link_of(program)
        run_round(app.door(connection), app.ledger, connection, links=[link])
        code = 0
    finally:
        os._exit(code)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
