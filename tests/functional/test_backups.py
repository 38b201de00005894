"""A backup is a file, and what happened after it is not lost with the database: Salesforce has it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from campaignsync.runtime.embedded_postgres import embedded_postgres
from sandbox_org import CLIENT_ID, CLIENT_SECRET, SandboxOrg
from shell import Shell


@pytest.fixture
def home(ready_folder: Callable[[str], Path]) -> Iterator[Shell]:
    """An installation whose backup is to be kept."""
    folder = ready_folder("home")
    with embedded_postgres(folder):  # Held open, so that commands find it running.
        shell = Shell(folder)
        shell.well("init")
        yield shell


def test_a_backup_is_restored_elsewhere_and_the_next_sync_finds_what_happened_since(
    org: SandboxOrg, home: Shell, server_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    file = tmp_path / "backup.dump"
    login = ("--url", org.url, "--client-id", CLIENT_ID, "--client-secret", CLIENT_SECRET)
    home.well("connect", "org", *login, "--campaign-sync")
    home.well("program", "create", "Spring", "--channel", "Webinar")
    home.well("member", "set", "Spring", "ada@example.com", "--status", "Invited")
    home.well("link", "Spring", "--create", "Spring 26")
    home.well("sync")
    assert "bytes" in home.well("backup", str(file))
    assert oct(file.stat().st_mode)[-3:] == "600"
    # After the backup: a change here that was synced, one there that was not, a removal and a new member.
    home.well("member", "set", "Spring", "ada@example.com", "--status", "Registered")
    home.well("member", "set", "Spring", "ben@example.com", "--status", "Invited")
    home.well("sync")
    campaign = str(home.json("campaigns")[0]["id"])  # type: ignore[index]
    org.update("CampaignMember", org.member_id(campaign, "ben@example.com"), Status="Attended")

    found = Shell(server_folder("found"))
    shutil.copy(home.data_dir / "secret.key", found.data_dir)
    assert "is restored" in found.well("restore", str(file))
    with embedded_postgres(found.data_dir):
        found.well("migrate")
        found.well("sync")
        listed = found.json("members", "Spring")
    members = {row["email"]: row["status"] for row in listed}  # type: ignore[union-attr]
    assert (
        members == {"ada@example.com": "Registered", "ben@example.com": "Attended"} == org.members(campaign)
    )


def test_no_backup_is_made_or_restored_where_no_database_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody:hush@127.0.0.1:9/none")
    nowhere = Shell(tmp_path)
    status, said = nowhere.refused("restore", "/etc/hostname")
    assert (status, "Check DATABASE_URL" in said, "hush" in said) == (2, True, False)
    status, said = nowhere.refused("backup", str(tmp_path / "x"))
    assert (status, "Connection refused" in said, "hush" in said) == (2, True, False)


def test_a_backup_is_never_restored_over_something(home: Shell, tmp_path: Path) -> None:
    home.well("backup", str(tmp_path / "x"))
    status, said = home.refused("restore", str(tmp_path / "x"))
    assert (status, "into an empty one only" in said) == (2, True)
    status, said = home.refused("backup", str(tmp_path / "no" / "folder"))
    assert (status, "cannot be written" in said) == (2, True)
