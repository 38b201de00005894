"""Finds out why no campaigns are seen, in the order an admin would look (M3.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from campaignsync.domain.connections import Connection
from campaignsync.domain.errors import CampaignsyncError
from campaignsync.domain.observation import CURSOR_OBJECTS
from campaignsync.runtime.ports import SalesforceDoor


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at: whether it is well, what was seen, and what to do if it is not."""

    check: str
    well: bool
    seen: str
    to_do: str = ""


def examine(connection: Connection, door: SalesforceDoor) -> list[Finding]:
    """What was looked at, up to and with the first thing that is not well."""
    findings = []
    for finding in _findings(connection, door):
        findings.append(finding)
        if not finding.well:
            break
    return findings


def _findings(connection: Connection, door: SalesforceDoor) -> Iterator[Finding]:
    yield Finding(
        check="campaign sync",
        well=connection.campaign_sync,
        seen="switched on" if connection.campaign_sync else "switched off",
        to_do=f"campaignsync connect {connection.name} --campaign-sync",
    )
    try:
        user = door.sync_user()
    except CampaignsyncError as error:
        yield Finding(
            check="login",
            well=False,
            seen=str(error),
            to_do="campaignsync connect, with the right credentials",
        )
        return
    yield Finding(check="login", well=True, seen=f"as {user.username} in org {user.organization_id}")
    yield Finding(
        check="Marketing User",
        well=user.is_marketing_user,
        seen="yes"
        if user.is_marketing_user
        else f"{user.username} is not a Marketing User, so campaigns stay closed (S0.6)",
        to_do="Salesforce Setup > Users > Users > edit the sync user > tick Marketing User"
        f" ({connection.instance_url}/lightning/setup/ManageUsers/home)",
    )
    try:
        rows = door.visible_rows()
    except CampaignsyncError as error:
        yield Finding(
            check="objects and fields",
            well=False,
            seen=str(error),
            to_do=f"give the sync user's profile or permission set read on {', '.join(CURSOR_OBJECTS)} and their fields"
            f" ({connection.instance_url}/lightning/setup/PermSets/home)",
        )
        return
    yield Finding(check="objects and fields", well=True, seen="readable")
    yield Finding(
        check="campaigns",
        well=rows["Campaign"] > 0,
        seen=f"{rows['Campaign']} campaigns, {rows['CampaignMember']} members",
        to_do="create a campaign in Salesforce, or let one be created: campaignsync link PROGRAM --create NAME",
    )
    yield Finding(check="API calls", well=True, seen=f"{door.api_calls} used by this look")
