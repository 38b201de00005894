"""Databases that are at their newest state before anybody asks: made once for a whole run of the tests, then copied.

Used by the fixtures of `tests/conftest.py` and by whoever needs a database of its own. All processes of a run share one original,
which the first that needs it makes through the very road of a first start. What is about that road itself takes an empty folder
(`server_folder`) instead. It must never be written to once it is made.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tempfile
from pathlib import Path

_ORIGINAL = "CAMPAIGNSYNC_TESTS_ORIGINAL"
_SETS_OF_DJANGO = ("django_migrations", "django_content_type", "auth_permission")
_BIG_BYTES = 4 << 20


def share_original() -> tempfile.TemporaryDirectory[str] | None:
    """The place of this run's original, for this process and all that it starts; None where a parent has set it already."""
    if _ORIGINAL in os.environ:
        return None
    place = tempfile.TemporaryDirectory(prefix="campaignsync-original-", ignore_cleanup_errors=True)
    os.environ[_ORIGINAL] = place.name
    return place


def make_ready(data_dir: Path) -> Path:
    """Put a copy of the original into an empty data folder; the same folder."""
    place = Path(os.environ[_ORIGINAL])
    with (place / "door").open("w") as door:
        fcntl.flock(door, fcntl.LOCK_EX)
        if not (place / "made").exists():
            # In a process of its own, since a process has one database for all of its life.
            subprocess.run([sys.executable, __file__, str(place / "first")], check=True)
            (place / "made").touch()
    subprocess.run(
        ["cp", "-a", "--reflink=auto", str(place / "first" / "postgres"), str(data_dir)], check=True
    )
    return data_dir


def unhurry(url: str) -> None:
    """Let a server wait for no disk: no test takes the power away, and what a killed server wrote, the machine still has."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as session:
        session.execute("ALTER SYSTEM SET fsync = off")
        session.execute("SELECT pg_reload_conf()")


def _first_start(data_dir: Path) -> None:
    # Whoever shares the original, or copies it, does without all of this.
    from campaignsync.bootstrap import application
    from campaignsync.runtime.embedded_postgres import embedded_postgres
    from campaignsync.settings import Settings
    from campaignsync.web.site import site

    settings = Settings(data_dir=data_dir)
    with embedded_postgres(data_dir) as url:
        unhurry(url)
        with application(settings, site=site(settings.web)):
            """It is up to date."""


def empty_tables() -> None:
    """Take out all rows but those that Django keeps of the code itself; ids begin at one again.

    Emptying 80 tables file by file takes a tenth of a second, whatever is in them; deleting the few rows of most tests takes
    two thousandths. The journal refuses both; only here is it made to take it.
    """
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        names = [name for name in connection.introspection.table_names(cursor) if name not in _SETS_OF_DJANGO]
        cursor.execute(
            "SELECT max(pg_relation_size(name::regclass)) FROM unnest(%s::text[]) AS name", (names,)
        )
        (biggest,) = cursor.fetchone()
        if biggest > _BIG_BYTES:
            cursor.execute(f"TRUNCATE {', '.join(names)} RESTART IDENTITY")
        else:
            cursor.execute(";".join(f"DELETE FROM {name}" for name in names))
            cursor.execute(
                "SELECT setval(quote_ident(sequencename)::regclass, 1, false) FROM pg_sequences"
                " WHERE schemaname = 'public' AND last_value IS NOT NULL AND sequencename NOT LIKE ALL (%s::text[])",
                ([f"{name}%" for name in _SETS_OF_DJANGO],),
            )
        cursor.execute("SET session_replication_role = DEFAULT")


if __name__ == "__main__":
    _first_start(Path(sys.argv[1]))
