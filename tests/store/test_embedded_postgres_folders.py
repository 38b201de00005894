"""The embedded server lives in whatever folder it is given, and a first start that is killed spoils none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from campaignsync.runtime.embedded_postgres import embedded_postgres

ASK = """
import sys, psycopg
from pathlib import Path
from campaignsync.runtime.embedded_postgres import embedded_postgres
with embedded_postgres(Path(sys.argv[1])) as url, psycopg.connect(url) as connection:
    print(connection.execute("SELECT 42").fetchone()[0])
"""


def answers(folder: Path) -> bool:
    with embedded_postgres(folder) as url, psycopg.connect(url) as connection:
        return connection.execute("SELECT 1").fetchone() == (1,)


# The long one has too many bytes for a socket, though not too many characters.
@pytest.mark.parametrize("name", ['it\'s a "folder" $HOME %s', "ü" * 40])
def test_a_name_that_a_shell_or_a_socket_would_stumble_over_is_no_hindrance(
    server_folder: Callable[[str], Path], name: str
) -> None:
    assert answers(server_folder("odd") / name)


def test_processes_with_other_folders_for_temporary_files_find_the_same_server(
    server_folder: Callable[[str], Path],
) -> None:
    folder, other = server_folder("x" * 120), server_folder("other")
    with embedded_postgres(folder):
        asked = subprocess.run(
            [sys.executable, "-c", ASK, str(folder)],
            env={**os.environ, "TMPDIR": str(other)},
            capture_output=True,
            text=True,
            check=True,
        )
    assert asked.stdout.strip() == "42"


def test_a_first_start_that_is_killed_is_begun_again(server_folder: Callable[[str], Path]) -> None:
    folder = server_folder("killed")
    half_made = folder / "postgres.new" / "PG_VERSION"
    starting = subprocess.Popen([sys.executable, "-c", ASK, str(folder)], start_new_session=True)
    deadline = time.monotonic() + 60
    while not half_made.exists() and time.monotonic() < deadline:
        pass
    os.killpg(starting.pid, signal.SIGKILL)
    starting.wait()
    assert half_made.exists()
    assert answers(folder)
