"""Which campaigns are inside a connection's filter, as `store.scope` says: who leaves is forgotten in silence, who comes in is
listed whole (M3.4).

Called by the twin's mirror and ledger.
"""

from __future__ import annotations

from datetime import UTC, datetime, time

import polars as pl

from campaignsync.domain.mirror_filter import MirrorFilter, MirrorScope
from campaignsync.domain.observation import Delta
from simulation.memory.tables import Row, Tables, who_is


def mirror_scope(tables: Tables, connection: int) -> MirrorScope:
    """The filter of a connection, and which campaigns it does not concern."""
    chosen = _chosen(tables, connection)
    if not chosen.narrows:
        return MirrorScope()
    besides = (
        row["id"]
        for (of, _), row in tables.campaigns.items()
        if of == connection and _called_for(tables, connection, row["id"]) and not _fits(chosen, row)
    )
    return MirrorScope(chosen=chosen, besides=tuple(sorted(besides)))


def judge(tables: Tables, connection: int) -> None:
    """Say of each campaign whether it is inside: one that comes in is `entering` until its members were listed whole."""
    chosen = _chosen(tables, connection)
    for key, row in tables.campaigns.items():
        if key[0] != connection or (chosen.narrows and row["is_deleted"]):
            continue
        wanted = not chosen.narrows or _fits(chosen, row) or _called_for(tables, connection, row["id"])
        if (tables.scopes.get(key) == "out") == wanted:
            tables.scopes[key] = "entering" if wanted else "out"


def is_inside(tables: Tables, connection: int, campaign: str) -> bool:
    """Whether the members of a campaign are mirrored: where anything is left out, it must be known to be inside."""
    key = connection, campaign
    known = key in tables.campaigns or not _chosen(tables, connection).narrows
    return known and tables.scopes.get(key, "returning") == "returning"


def enter_empty(tables: Tables, connection: int, delta: Delta) -> None:
    """A campaign that comes in and has no members is inside at once."""
    held = {row["campaign_id"] for (of, _), row in tables.members.items() if of == connection}
    counted = set(delta.member_counts["campaign_id"]) | held
    entered(
        tables, connection, (entering(tables, connection) & set(delta.status_counts["campaign_id"])) - counted
    )


def entering(tables: Tables, connection: int) -> frozenset[str]:
    """The campaigns that are coming in."""
    return frozenset(
        campaign
        for (of, campaign), scope in tables.scopes.items()
        if of == connection and scope == "entering"
    )


def entered(tables: Tables, connection: int, campaigns: frozenset[str]) -> None:
    for campaign in campaigns:
        tables.scopes.pop((connection, campaign), None)


def note_returning(tables: Tables, connection: int, campaigns: pl.DataFrame) -> None:
    """Campaigns that were deleted and are there again are `returning` until their members were listed whole."""
    for campaign, is_deleted in zip(campaigns["id"], campaigns["is_deleted"], strict=True):
        key = connection, campaign
        if (
            not is_deleted
            and tables.campaigns.get(key, {}).get("is_deleted")
            and any(tables.of_campaign(*key))
        ):
            tables.scopes.setdefault(key, "returning")


def returning(tables: Tables, connection: int) -> frozenset[str]:
    """The campaigns that are back from the bin, and whose members were not listed since."""
    return frozenset(
        campaign
        for (of, campaign), scope in tables.scopes.items()
        if of == connection and scope == "returning"
    )


def call_in(tables: Tables, connection: int, campaign: str) -> bool:
    """Somebody asks for a campaign by name: whether it was outside, and is to be listed whole now."""
    outside = tables.scopes.get((connection, campaign), "returning") != "returning"
    if outside:
        tables.scopes[connection, campaign] = "entering"
    return outside


def prune(tables: Tables, connection: int) -> None:
    """Forget the members of campaigns that are outside, and the people of nobody."""
    outside = [
        key
        for key, row in tables.members.items()
        if key[0] == connection and tables.scopes.get((connection, row["campaign_id"])) == "out"
    ]
    for key in outside:
        del tables.members[key]
    if outside:
        held = {who_is(row) for (of, _), row in tables.members.items() if of == connection}
        ours = {row.salesforce_id for (of, _), row in tables.identities.items() if of == connection}
        for key in [key for key in tables.salesforce_people if key[0] == connection]:
            if key[1] not in held | ours:
                del tables.salesforce_people[key]


def _chosen(tables: Tables, connection: int) -> MirrorFilter:
    return tables.connections[connection].mirror_filter


def _called_for(tables: Tables, connection: int, campaign: str) -> bool:
    linked = any(True for _ in tables.links_of_campaign(connection, campaign))
    return linked or tables.awaited(connection, campaign)


def _fits(chosen: MirrorFilter, row: Row) -> bool:
    since = datetime.combine(chosen.created_since, time(), UTC) if chosen.created_since else None
    return (
        (not chosen.active_only or bool(row["is_active"]))
        and _among(chosen.types, row["type"])
        and _among(chosen.record_types, row["record_type"])
        and (since is None or (row["created_date"] is not None and row["created_date"] >= since))
    )


def _among(names: tuple[str, ...], name: str | None) -> bool:
    return not names or (name is not None and name.strip().lower() in {each.lower() for each in names})
