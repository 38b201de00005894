"""A backup is a file, and what happened after it is not lost with the database: Salesforce has it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from sandbox_org import CLIENT_ID, CLIENT_SECRET, SandboxOrg
from shell import Shell


def test_a_backup_is_restored_elsewhere_and_the_next_sync_finds_what_happened_since(
    org: SandboxOrg, server_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    lost, file = Shell(server_folder("lost")), tmp_path / "backup.dump"
    lost.well("init")
    login = ("--url", org.url, "--client-id", CLIENT_ID, "--client-secret", CLIENT_SECRET)
    lost.well("connect", "org", *login, "--campaign-sync")
    lost.well("program", "create", "Spring", "--channel", "Webinar")
    lost.well("member", "set", "Spring", "ada@example.com", "--status", "Invited")
    lost.well("link", "Spring", "--create", "Spring 26")
    lost.well("sync")
    assert "bytes" in lost.well("backup", str(file))
    assert oct(file.stat().st_mode)[-3:] == "600"
    # After the backup: a change here that was synced, one there that was not, a removal and a new member.
    lost.well("member", "set", "Spring", "ada@example.com", "--status", "Registered")
    lost.well("member", "set", "Spring", "ben@example.com", "--status", "Invited")
    lost.well("sync")
    campaign = str(lost.json("campaigns")[0]["id"])  # type: ignore[index]
    org.update("CampaignMember", org.member_id(campaign, "ben@example.com"), Status="Attended")

    found = Shell(server_folder("found"))
    shutil.copy(lost.data_dir / "secret.key", found.data_dir)
    assert "is restored" in found.well("restore", str(file))
    found.well("migrate")
    found.well("sync")
    members = {row["email"]: row["status"] for row in found.json("members", "Spring")}  # type: ignore[union-attr]
    assert (
        members == {"ada@example.com": "Registered", "ben@example.com": "Attended"} == org.members(campaign)
    )


def test_a_backup_is_never_restored_over_something(
    org: SandboxOrg, server_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    used = Shell(server_folder("used"))
    used.well("init")
    used.well("backup", str(tmp_path / "x"))
    status, said = used.refused("restore", str(tmp_path / "x"))
    assert (status, "into an empty one only" in said) == (2, True)
    status, said = used.refused("backup", str(tmp_path / "no" / "folder"))
    assert (status, "cannot be written" in said) == (2, True)
