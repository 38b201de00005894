"""`campaignsync serve`: everything on one machine in one process tree, from start to a stop in good order."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from campaignsync.runtime.embedded_postgres import embedded_postgres
from eventful_org import EventfulOrg
from service_run import Clerk, Part
from waiting import until


@pytest.fixture
def org() -> Iterator[EventfulOrg]:
    org = EventfulOrg()
    yield org
    org.stop()


def children(parent: int) -> list[int]:
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(parent)], capture_output=True, text=True, check=False
    )
    return [int(pid) for pid in listed.stdout.split()]


ONE = (("serve", "--port", "0"),)
APART = (("web", "--port", "0"), ("worker",), ("listen",))


@pytest.mark.parametrize("commands", [ONE, APART], ids=["in one process tree", "in parts"])
def test_all_of_it_brings_changes_across_and_ends_in_good_order(
    org: EventfulOrg, ready_folder: Callable[[str], Path], commands: tuple[tuple[str, ...], ...]
) -> None:
    """On one machine or on several, it is the same: pages, worker and listener, each the very command."""
    data_dir = ready_folder("serve")
    clerk = Clerk(data_dir)
    campaign = clerk.insist("found", name="org0", url=org.url, events=org.events, channel="Webinar")
    parts = [Part(data_dir, data_dir.parent, command[0], *command) for command in commands]

    def said() -> list[str]:
        return "".join(part.log.read_text() for part in parts).splitlines()

    try:
        clerk.insist("set", program="org0", email="ada@example.com", status="Registered")
        until(lambda: org.members(campaign).get("ada@example.com") == "Registered", "Ada, there")
        sql = "SELECT count(*) AS number FROM store_subscription WHERE state = 'open'"
        until(lambda: clerk.wish("query", sql=sql)[0]["number"] == 5, "all topics")
        org.update("CampaignMember", org.member_id(campaign, "ada@example.com"), Status="Attended")
        until(lambda: clerk.wish("members", program="org0") == {"ada@example.com": "Attended"}, "Ada, here")
        opened = until(lambda: [line for line in said() if line.startswith("Open http")], "the pages")
        assert requests.get(opened[0].split()[1] + "readyz", timeout=60).json()["ready"] is True
        running = [pid for part in parts for pid in (children(part.process.pid) or [part.process.pid])]
        assert len(running) == 3
    finally:
        statuses = [part.stop() for part in parts]
        clerk.stop()
    assert statuses == [0] * len(parts), said()
    assert [pid for pid in running if Path(f"/proc/{pid}").exists()] == []
    events = [line.get("event") for part in parts for line in part.lines()]
    assert {"worker stopped", "listener stopped"} <= set(events)


def test_a_part_that_dies_is_started_again(org: EventfulOrg, ready_folder: Callable[[str], Path]) -> None:
    data_dir = ready_folder("again")
    serving = subprocess.Popen(
        [sys.executable, "-m", "campaignsync.cli", "--data-dir", str(data_dir), "serve", "--port", "0"],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    assert serving.stderr is not None
    started: list[tuple[str, int]] = []
    try:
        for line in serving.stderr:
            told = json.loads(line) if line.startswith("{") else {}
            if told.get("event") == "part started":
                started.append((told["part"], told["pid"]))
                if len(started) == 3:
                    os.kill(dict(started)["listener"], signal.SIGKILL)
            if len(started) == 4:
                break
    finally:
        serving.terminate()
        serving.communicate(timeout=120)
    assert [name for name, _ in started].count("listener") == 2


def test_what_runs_for_long_waits_for_a_database_that_is_not_there_yet(
    server_folder: Callable[[str], Path],
    ready_folder: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Machines come back in any order, and a server that recovers lets nobody in for a while."""
    data_dir, database = server_folder("early"), ready_folder("database")
    with embedded_postgres(database) as url:
        monkeypatch.setenv("DATABASE_URL", url)
    parts = [Part(data_dir, data_dir.parent, command[0], *command) for command in APART]

    def says(part: Part, text: str) -> bool:
        return text in part.log.read_text(encoding="utf-8")

    try:
        for part in parts:
            until(lambda part=part: says(part, "waiting for the database"), f"{part.name}, waiting")
        with embedded_postgres(database):
            for part, begun in zip(parts, ("Open http", "worker started", "listener started"), strict=True):
                until(lambda part=part, begun=begun: says(part, begun), f"{part.name}, at work")
            assert [part.stop() for part in parts] == [0, 0, 0]
    finally:
        for part in parts:
            part.kill()
