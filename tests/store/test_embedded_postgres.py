"""The embedded server: there for whoever needs it, shared, gone with the last, and none the worse for a kill -9."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from campaignsync.domain.errors import UsageError
from campaignsync.runtime.embedded_postgres import embedded_postgres

# A process that opens the server, says so, and waits to be told to leave.
USER = """
import sys, psycopg
from pathlib import Path
from campaignsync.runtime.embedded_postgres import embedded_postgres
with embedded_postgres(Path(sys.argv[1])) as url:
    with psycopg.connect(url) as connection:
        print(connection.execute("select pg_postmaster_start_time()::text").fetchone()[0], flush=True)
    sys.stdin.readline()
"""


def user(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", USER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd="/",
    )


def heard(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def leave(process: subprocess.Popen[str]) -> None:
    process.communicate("\n", timeout=30)


def runs(folder: Path) -> bool:
    return (folder / "postgres" / "postmaster.pid").exists()


@pytest.fixture
def folder(server_folder: Callable[[str], Path]) -> Path:
    return server_folder("a folder with spaces")


def test_several_commands_share_one_server_and_the_last_one_stops_it(folder: Path) -> None:
    first = user(folder)
    started = heard(first)
    second = user(folder)
    assert heard(second) == started
    leave(first)
    assert runs(folder)
    leave(second)
    assert not runs(folder)


def test_a_killed_command_leaves_a_server_that_the_next_one_uses_and_stops(folder: Path) -> None:
    killed = user(folder)
    started = heard(killed)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert runs(folder)
    following = user(folder)
    assert heard(following) == started
    leave(following)
    assert not runs(folder)


def test_a_killed_server_comes_back_with_what_was_committed(folder: Path) -> None:
    with embedded_postgres(folder) as url, psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    with embedded_postgres(folder) as url:
        postmaster = int((folder / "postgres" / "postmaster.pid").read_text().split()[0])
        subprocess.run(["kill", "-9", str(postmaster)], check=True)
        deadline = time.monotonic() + 30
        while (Path("/proc") / str(postmaster)).exists() and time.monotonic() < deadline:
            pass
    with embedded_postgres(folder) as url, psycopg.connect(url) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_a_path_too_long_for_a_socket_is_no_hindrance(server_folder: Callable[[str], Path]) -> None:
    folder = server_folder("x" * 120)
    with embedded_postgres(folder) as url, psycopg.connect(url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_folder_that_cannot_be_written_is_named_with_the_ways_out() -> None:
    with (
        pytest.raises(
            UsageError, match="--data-dir or CAMPAIGNSYNC_DATA_DIR, or give a server with DATABASE_URL"
        ),
        embedded_postgres(Path("/proc/nowhere")),
    ):
        pass
