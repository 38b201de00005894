"""A full disk: changes are refused in words, it is named wherever people look, and all goes on by itself once there is room."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ready_database import make_ready
from service_run import ServiceRun
from waiting import until


@pytest.fixture
def small_disk(server_folder: Callable[[str], Path]) -> Iterator[Path]:
    """A folder on a disk of its own, with room for a database and little else."""
    folder = server_folder("small")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("only root may make a small disk")
    yield make_ready(folder)
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(file: Path) -> None:
    with file.open("wb", buffering=0) as full:
        try:
            while full.write(b"x" * 65536):
                pass
        except OSError:
            return


def health(data_dir: Path) -> str:
    asked = [sys.executable, "-m", "campaignsync.cli", "--data-dir", str(data_dir), "health"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout


def test_on_a_full_disk_nothing_is_half_done_and_all_goes_on_when_there_is_room(small_disk: Path) -> None:
    run = ServiceRun(small_disk, orgs=1, workers=1, latency_ms=0, channel="Webinar")
    try:
        run.until_heard()
        run.clerk.insist("set", program="org0", email="ada@example.com", status="Registered")
        run.until_equal()
        fill(small_disk / "filler")
        done, refused, number = [], "", 0
        while not refused:
            email = f"p{number}@example.com"
            said = run.clerk.say("set", program="org0", email=email, status="Registered")
            done += [email] if "done" in said else []
            refused, number = said.get("unknown", ""), number + 1
        assert "No space left on device" in refused
        assert "DISK_FULL" in health(small_disk)
        run.kill_database()
        until(lambda: "unknown" in run.clerk.say("members", program="org0"), "a database that cannot start")
        (small_disk / "filler").unlink()
        run.clerk.insist("set", program="org0", email="late@example.com", status="Registered")
        run.until_equal()
        there = run.orgs["org0"].members(run.campaigns["org0"])
        assert {"ada@example.com", "late@example.com", *done} == set(there)
        until(lambda: run.clerk.wish("problems") == [], "the end of the alarm", every_s=0.3)
        assert [part.process.poll() for part in run.parts] == [None, None]
    finally:
        run.stop()
