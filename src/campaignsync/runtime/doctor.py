"""Finds out why no campaigns are seen, in the order an admin would look (M3.3), and what ails this machine.

Called by the command line, the pages and the API by way of `bootstrap`, so that all three tell the same. Whatever is not well in
the org hides what comes after it, which is then named as not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace

from campaignsync.domain.budget import Budget, pause_text
from campaignsync.domain.connections import Connection
from campaignsync.domain.errors import CampaignsyncError
from campaignsync.domain.health import Check, Level, Thresholds
from campaignsync.domain.people import SalesforceField
from campaignsync.runtime.ports import SalesforceDoor
from campaignsync.runtime.service_ports import Events

_READ: Mapping[str, tuple[str, ...]] = {
    "Campaign": ("Name", "Type", "IsActive", "ActualCost"),
    "CampaignMemberStatus": ("CampaignId", "Label", "IsDefault", "HasResponded"),
    "CampaignMember": ("CampaignId", "LeadId", "ContactId", "Status"),
    "Lead": ("LastName", "Company", "Email", "IsConverted", "ConvertedContactId"),
    "Contact": ("LastName", "Email"),
}
_CREATED = {
    "Campaign": ("Name",),
    "CampaignMemberStatus": ("Label",),
    "CampaignMember": ("CampaignId",),
    "Lead": ("LastName",),
}
_CHANGED = {"Campaign": ("Type", "ActualCost"), "CampaignMember": ("Status",)}
_NO_API = ("API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED")
_LOW = 0.10
"""From this share of the day's API calls on, what is left is called low."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to look at: whether it is well (None: not looked at), what was seen, what to do, and where in Salesforce."""

    check: str
    well: bool | None = None
    seen: str = "not looked at"
    to_do: str = ""
    setup: str = ""


def diagnosis(
    connection: Connection,
    door: SalesforceDoor,
    open_events: Callable[[], Events],
    *,
    budget: Budget,
    bounds: Thresholds,
    checks: Iterable[Check],
) -> list[Finding]:
    """All there is to look at: the org, our clock as soon as the org told the time, its events, and this machine."""
    found = examine(connection, door)
    well = all(finding.well for finding in found)
    # A login by JWT fails where our clock is wrong: whoever looks for its cause must see it.
    if door.clock_ahead_s is not None:
        found.append(clock(door.clock_ahead_s, bounds.clock.total_seconds()))
    if well:
        with closing(open_events()) as events:
            found.append(hearing(connection, events, pause_text(budget.every)))
    if door.api_usage is not None:
        found.append(pace(replace(budget, usage=door.api_usage, told_at=None)))
    return [*found, *machine(checks)]


def examine(connection: Connection, door: SalesforceDoor) -> list[Finding]:
    """What was looked at, up to and with the first thing that is not well, and what could not be looked at because of it."""
    found: list[Finding] = []
    for check, look in _CHECKS.items():
        if any(not finding.well for finding in found):
            found.append(Finding(check=check))
        else:
            found.append(look(check, connection, door))
    return found


def hearing(connection: Connection, events: Events, every: str) -> Finding:
    """Whether the org's change events can be heard, or that it is looked at by its schedule instead, which is well, too."""
    check = "change events"
    if not connection.listens:
        return Finding(check=check, well=True, seen=f"not wanted: the org is looked at every {every}")
    deaf = {topic: why for topic, why in events.topics().items() if why}
    if not deaf:
        return Finding(check=check, well=True, seen="all five objects tell of their changes at once")
    names = ", ".join(topic.removeprefix("/data/").removesuffix("ChangeEvent") for topic in deaf)
    return Finding(
        check=check,
        well=True,
        seen=f"not heard: {names}, so the org is looked at every {every} ({next(iter(deaf.values()))})",
        to_do="select these objects for change data capture, and give the sync user View All on them",
        setup=_page(connection, "CdcObjectEnablement"),
    )


def pace(budget: Budget) -> Finding:
    """What the calls that are left are for. That they are short is no fault of the set-up."""
    return Finding(check="budget of calls", well=True, seen=budget.said or "all that is due is done")


def clock(ahead_s: float, bound_s: float) -> Finding:
    """Whether our clock is the org's, near enough."""
    skewed = abs(ahead_s) > bound_s
    return Finding(
        check="clock",
        well=not skewed,
        seen=f"ours is {ahead_s:+.0f} s from the org's",
        to_do="set the clock of this machine by NTP" if skewed else "",
    )


def machine(checks: Iterable[Check]) -> list[Finding]:
    """What ails this installation itself, whatever the org: its disk, the clock of its database."""
    names = {"DISK_FULL": "disk", "DATABASE_CLOCK": "clock of the database"}
    return [
        Finding(check=names[each.code], well=each.level is Level.WELL, seen=each.said, to_do=each.to_do)
        for each in checks
        if each.code in names
    ]


def _switch(check: str, connection: Connection, door: SalesforceDoor) -> Finding:
    on = connection.campaign_sync
    to_do = "" if on else f"campaignsync connect {connection.name} --campaign-sync"
    return Finding(check=check, well=on, seen=f"switched {'on' if on else 'off'}", to_do=to_do)


def _login(check: str, connection: Connection, door: SalesforceDoor) -> Finding:
    try:
        user = door.sync_user()
    except CampaignsyncError as error:
        if error.code not in _NO_API:
            return Finding(
                check=check,
                well=False,
                seen=str(error),
                to_do="campaignsync connect, with the right credentials",
                setup=_page(connection, "ConnectedApplication"),
            )
        return Finding(check=check, well=True, seen="the credentials are taken")
    return Finding(check=check, well=True, seen=f"as {user.username} in org {user.organization_id}")


def _api_right(check: str, connection: Connection, door: SalesforceDoor) -> Finding:
    try:
        door.sync_user()
    except CampaignsyncError as error:
        return Finding(
            check=check,
            well=False,
            seen=str(error),
            to_do="give the sync user's profile or a permission set of theirs API Enabled",
            setup=_page(connection, "EnhancedProfiles"),
        )
    return Finding(check=check, well=True, seen="yes")


def _marketing_user(check: str, connection: Connection, door: SalesforceDoor) -> Finding:
    user = door.sync_user()
    if user.is_marketing_user:
        return Finding(check=check, well=True, seen="yes")
    return Finding(
        check=check,
        well=False,
        seen=f"{user.username} is no Marketing User, so campaigns stay closed (S0.6)",
        to_do="edit the sync user and tick Marketing User",
        setup=_page(connection, "ManageUsers"),
    )


def _objects_and_fields(check: str, connection: Connection, door: SalesforceDoor) -> Finding:
    missing = [lack for name in _READ for lack in _lacks(name, door)]
    if not missing:
        return Finding(check=check, well=True, seen="all that is needed can be read and written")
    return Finding(
        check=check,
        well=False,
        seen="; ".join(missing),
        to_do="give the sync user these in a permission set: objects, and their fields",
        setup=_page(connection, "PermSets"),
    )


def _lacks(name: str, door: SalesforceDoor) -> Iterator[str]:
    """What the sync user may not do with an object (S1.5.3)."""
    try:
        fields = {each.name: each for each in door.fields_of(name)}
    except CampaignsyncError:
        yield f"{name} cannot be seen"
        return
    kinds: tuple[tuple[str, tuple[str, ...], Callable[[SalesforceField], bool]], ...] = (
        ("seen", _READ[name], lambda field: True),
        ("set on a new one", _CREATED.get(name, ()), lambda field: field.createable),
        ("changed", _CHANGED.get(name, ()), lambda field: field.updateable),
    )
    for verb, wanted, may in kinds:
        # What cannot be seen is told once, not for each thing that cannot be done with it either.
        closed = [
            each
            for each in wanted
            if (each not in fields if verb == "seen" else each in fields and not may(fields[each]))
        ]
        if closed:
            yield f"{', '.join(f'{name}.{each}' for each in closed)} cannot be {verb}"


def _campaigns(check: str, connection: Connection, door: SalesforceDoor) -> Finding:
    rows, active = door.visible_rows(), door.active_campaigns()
    number, members = rows["Campaign"], rows["CampaignMember"]
    seen = (
        f"{number:,} campaign{'' if number == 1 else 's'}, {active:,} of them active,"
        f" {members:,} member{'' if members == 1 else 's'}"
    )
    if rows["Campaign"]:
        return Finding(check=check, well=True, seen=seen)
    return Finding(
        check=check,
        well=False,
        seen="the org has no campaigns that the sync user sees",
        to_do="create one, share them with the sync user, or have one made: campaignsync link PROGRAM --create NAME",
        setup=f"{connection.instance_url}/lightning/o/Campaign/list",
    )


def _filter(check: str, connection: Connection, door: SalesforceDoor) -> Finding:
    chosen = connection.mirror_filter
    if not chosen.narrows:
        return Finding(
            check=check, well=True, seen="none: all campaigns that the sync user sees are mirrored"
        )
    lacking = sorted(
        {each.lower() for each in chosen.record_types} - {each.lower() for each in door.record_types()}
    )
    inside, seen = door.campaigns_within(chosen), door.visible_rows()["Campaign"]
    said = f"{inside:,} of {seen:,} campaigns fit ({chosen}); linked ones are mirrored whatever it says"
    if lacking:
        said += f"; the org has no record type {' or '.join(lacking)}"
    return Finding(
        check=check,
        well=inside > 0,
        seen=said,
        to_do="" if inside else f"let more in: campaignsync mirror --connection {connection.name} --all",
    )


def _limits(check: str, connection: Connection, door: SalesforceDoor) -> Finding:
    usage = door.api_usage
    if usage is None:
        return Finding(check=check, well=True, seen="the org tells none")
    left = max(usage.allowed - usage.used, 0)
    seen = f"{left:,} of the {usage.allowed:,} calls that the org has in 24 hours are left"
    if left > usage.allowed * _LOW:
        return Finding(check=check, well=True, seen=seen)
    return Finding(
        check=check,
        well=False,
        seen=seen,
        to_do=f"see who uses them, or give the sync fewer: campaignsync connect {connection.name} --daily-calls N",
        setup=_page(connection, "CompanyProfileInfo"),
    )


def _page(connection: Connection, node: str) -> str:
    """A page of the org's Setup."""
    return f"{connection.instance_url}/lightning/setup/{node}/home"


_CHECKS: Mapping[str, Callable[[str, Connection, SalesforceDoor], Finding]] = {
    "campaign sync": _switch,
    "login": _login,
    "API right": _api_right,
    "Marketing User": _marketing_user,
    "objects and fields": _objects_and_fields,
    "campaigns": _campaigns,
    "filter of the mirror": _filter,
    "API calls": _limits,
}
