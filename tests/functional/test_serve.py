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

from eventful_org import EventfulOrg
from service_run import Clerk
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


def test_all_of_it_in_one_process_tree_brings_changes_across_and_ends_in_good_order(
    org: EventfulOrg, server_folder: Callable[[str], Path]
) -> None:
    data_dir = server_folder("serve")
    clerk = Clerk(data_dir)
    campaign = clerk.insist("found", name="org0", url=org.url, events=org.events, channel="Webinar")
    log = data_dir.parent / "serve.log"
    with log.open("wb") as writes:
        serving = subprocess.Popen(
            [sys.executable, "-m", "campaignsync.cli", "--data-dir", str(data_dir), "serve", "--port", "0"],
            stdout=writes,
            stderr=writes,
        )
    try:
        clerk.insist("set", program="org0", email="ada@example.com", status="Registered")
        until(lambda: org.members(campaign).get("ada@example.com") == "Registered", "Ada, there")
        sql = "SELECT count(*) AS number FROM store_subscription WHERE state = 'open'"
        until(lambda: clerk.wish("query", sql=sql)[0]["number"] == 5, "all topics")
        org.update("CampaignMember", org.member_id(campaign, "ada@example.com"), Status="Attended")
        until(lambda: clerk.wish("members", program="org0") == {"ada@example.com": "Attended"}, "Ada, here")
        opened = until(
            lambda: [line for line in log.read_text().splitlines() if line.startswith("Open http")],
            "the pages",
        )
        assert requests.get(opened[0].split()[1] + "readyz", timeout=60).json()["ready"] is True
        parts = children(serving.pid)
        assert len(parts) == 3
    finally:
        serving.send_signal(signal.SIGTERM)
        status = serving.wait(timeout=120)
        clerk.stop()
    assert status == 0, log.read_text()
    assert [pid for pid in parts if Path(f"/proc/{pid}").exists()] == []
    events = [json.loads(line).get("event") for line in log.read_text().splitlines() if line.startswith("{")]
    assert {"worker stopped", "listener stopped"} <= set(events)


def test_a_part_that_dies_is_started_again(org: EventfulOrg, server_folder: Callable[[str], Path]) -> None:
    data_dir = server_folder("again")
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
