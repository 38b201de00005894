"""Whoever waits for a long command sees rows, API calls and the time left; nobody else does, and JSON stays JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from campaignsync.runtime.embedded_postgres import embedded_postgres
from sandbox_org import CLIENT_ID, CLIENT_SECRET, SandboxOrg
from shell import Seen, Shell

PEOPLE = 300
FLOW = """
filters: [{filter: Member of Program, program: Spring}]
flow: [{action: Change Program Status, program: Spring, status: Responded}]
"""


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory, sandbox: SandboxOrg) -> Iterator[Shell]:
    """An org with a campaign of some hundreds, and a program of its statuses."""
    sandbox.reset()
    sandbox.control("POST", "/sandbox/seed", {"crowd": {"campaigns": 1, "leads": PEOPLE}})
    folder = tmp_path_factory.mktemp("watched")
    with embedded_postgres(folder):
        shell = Shell(folder)
        shell.well("init")
        login = ("--url", sandbox.url, "--client-id", CLIENT_ID, "--client-secret", CLIENT_SECRET)
        shell.well("connect", "org", *login, "--campaign-sync")
        shell.well("channel", "create", "Crowd", "--status", "Sent:10", "--status", "Responded:20:success")
        shell.well("program", "create", "Spring", "--channel", "Crowd")
        yield shell


def told(seen: Seen, columns: int) -> list[str]:
    """The lines of the bar: each fits into the terminal, and each has rows, calls and a time."""
    bars = [line.strip() for line in seen.lines if "calls" in line]
    assert bars, seen.lines
    assert all(len(line) <= columns for line in seen.lines if not line.startswith("{")), seen.lines
    return bars


def test_every_long_command_tells_how_far_it_is_and_its_json_is_json(
    shell: Shell, sandbox: SandboxOrg, tmp_path: Path
) -> None:
    (campaign,) = sandbox.query("SELECT Id FROM Campaign")
    file = tmp_path / "people.csv"
    file.write_text("Email,Last Name\n" + "".join(f"n{n}@example.com,N{n}\n" for n in range(PEOPLE)))
    definition = tmp_path / "flow.yaml"
    definition.write_text(FLOW)
    shell.well("smart", "save", "Responders", str(definition))

    def watched(columns: int, *command: str) -> tuple[list[str], object]:
        seen = shell.watched(columns, *command, "--json")
        assert seen.code == 0, seen
        return told(seen, columns), json.loads(seen.out)

    bars, _ = watched(120, "link", "Spring", "--campaign", campaign["Id"], "--dry-run")
    assert all("reading" in bar and "rows" in bar and "API calls" in bar for bar in bars)
    assert all(bar.endswith((" left", " s so far")) for bar in bars)
    shell.well("link", "Spring", "--campaign", campaign["Id"])
    bars, _ = watched(100, "sync")
    assert f"{PEOPLE}/{PEOPLE} rows" in " ".join(bars)
    bars, _ = watched(60, "import-members", "Spring", str(file), "--status", "Sent")
    assert f"{PEOPLE}/{PEOPLE} rows, 0 API calls" in " ".join(bars)
    bars, second = watched(45, "sync")
    assert f"{PEOPLE}/{PEOPLE} " in " ".join(bars)
    assert [run["changes"]["campaign"] for run in second["runs"]] == [PEOPLE]  # type: ignore[index, call-overload]
    watched(100, "sync", "--full")
    unseen = shell.run("sync", "--full", "--json")
    assert (json.loads(unseen.stdout)["failed"], unseen.stderr) == ([], ""), (
        "a pipe gets the answer and nothing else"
    )
    runs: list[dict[str, Any]] = shell.json("runs", "Spring")  # type: ignore[assignment]
    wrote = next(each for each in runs if (each["report"] or {}).get("campaign_changes") == PEOPLE)
    bars, _ = watched(100, "undo", str(wrote["run"]), "--yes")
    assert "taking back" in " ".join(bars)
    bars, _ = watched(100, "smart", "run", "Responders", "--yes")
    assert f"{2 * PEOPLE}/? rows" in " ".join(bars)
    watched(100, "flows", "run")
