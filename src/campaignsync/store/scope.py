"""Which campaigns are inside a connection's filter, and keeps the members of no others (M3.4, docs/adr/0015).

Called by the mirror and through `Ledger`. All campaigns and what they offer their members are mirrored, since they are few and
show who comes in; the members of those outside are not. Who leaves leaves without a word in the journal, and who comes in is
read whole, as at a first read: neither is a change that anybody made; nor is it when members went with a campaign that was
deleted and do not come back with it (M6.9). Nothing of it is kept as work to do: what is left to read or to delete is seen
from what is there, so that a process that dies in the middle is followed by one that goes on.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, time

import polars as pl

from campaignsync.domain.mirror_filter import MirrorFilter, MirrorScope
from campaignsync.domain.observation import Delta
from campaignsync.store import models
from campaignsync.store.frames import execute, rows

AT_ONCE = 50_000
"""Members that are deleted in one commit."""
INSIDE = ("in", "returning")
"""The scopes of campaigns whose members are mirrored; written into a statement, a list of SQL as it is."""
_CALLED_FOR = (
    "(EXISTS (SELECT FROM store_link l WHERE l.connection_id = c.connection_id AND l.campaign_id = c.salesforce_id)"
    " OR EXISTS (SELECT FROM store_command k WHERE k.connection_id = c.connection_id AND k.campaign_id = c.salesforce_id))"
)
"""Whatever the filter says: a campaign that is linked, and one that a flow waits for."""
_FITS = (
    "coalesce((NOT %(active_only)s OR c.is_active)"
    " AND (%(types)s::text[] = '{}' OR lower(trim(c.type)) = ANY(%(types)s))"
    " AND (%(record_types)s::text[] = '{}' OR lower(trim(c.record_type)) = ANY(%(record_types)s))"
    " AND (%(since)s::timestamptz IS NULL OR c.created_date >= %(since)s), false)"
)


def mirror_filter(connection: int) -> MirrorFilter:
    """The filter of a connection."""
    kept = models.Connection.objects.filter(pk=connection).values_list("mirror_filter", flat=True).first()
    return MirrorFilter.of(kept or {})


def mirror_scope(connection: int) -> MirrorScope:
    """The filter of a connection, and which campaigns it does not concern."""
    chosen = mirror_filter(connection)
    if not chosen.narrows:
        return MirrorScope()
    found = rows(
        f"SELECT c.salesforce_id FROM store_campaign c WHERE c.connection_id = %(connection)s AND {_CALLED_FOR}"
        f" AND NOT {_FITS} ORDER BY c.salesforce_id",
        {"connection": connection, **_wanted(chosen)},
    )
    return MirrorScope(chosen=chosen, besides=tuple(row["salesforce_id"] for row in found))


def judge(connection: int) -> None:
    """Say of each campaign whether it is inside: one that comes in is `entering` until its members were listed whole."""
    chosen = mirror_filter(connection)
    if not chosen.narrows:
        execute(
            "UPDATE store_campaign SET scope = 'entering' WHERE connection_id = %s AND scope = 'out'",
            (connection,),
        )
        return
    execute(
        f"UPDATE store_campaign t SET scope = CASE WHEN w.wanted THEN 'entering' ELSE 'out' END FROM (SELECT c.id, ({_FITS} OR"
        f" {_CALLED_FOR}) AS wanted FROM store_campaign c WHERE c.connection_id = %(connection)s AND NOT c.is_deleted) w"
        " WHERE w.id = t.id AND (t.scope = 'out') = w.wanted",
        {"connection": connection, **_wanted(chosen)},
    )


def _wanted(chosen: MirrorFilter) -> dict[str, object]:
    since = chosen.created_since
    return {
        "active_only": chosen.active_only,
        "types": [each.lower() for each in chosen.types],
        "record_types": [each.lower() for each in chosen.record_types],
        "since": datetime.combine(since, time(), UTC) if since else None,
    }


def of_members_inside(connection: int) -> str:
    """The condition for seen members (seen) to be mirrored. With a filter, a campaign must be known to be inside; one that is
    coming in is listed whole, and what else is seen of it is no change."""
    of_campaign = f"SELECT FROM store_campaign g WHERE g.connection_id = {int(connection)} AND g.salesforce_id = seen.campaign_id"
    if mirror_filter(connection).narrows:
        return f"EXISTS ({of_campaign} AND g.scope IN {INSIDE})"
    return f"NOT EXISTS ({of_campaign} AND g.scope NOT IN {INSIDE})"


def to_be_counted(connection: int) -> str:
    """The condition for a campaign (o) whose number of members is to be that of the mirror."""
    known = "o.scope" if mirror_filter(connection).narrows else "coalesce(o.scope, 'in')"
    return f"{known} IN {INSIDE}"


def enter_empty(connection: int, delta: Delta) -> None:
    """A campaign that comes in and has no members is inside at once: whoever is added from now on is a change."""
    if coming := entering(connection):
        empty = delta.status_counts.join(delta.member_counts, on="campaign_id", how="anti")["campaign_id"]
        left = rows(
            "SELECT campaign_id FROM store_mirrorcount WHERE connection_id = %s AND object = 'CampaignMember' AND rows > 0",
            (connection,),
        )
        entered(connection, coming & frozenset(empty) - {row["campaign_id"] for row in left})


def entering(connection: int) -> frozenset[str]:
    """The campaigns that are coming in."""
    found = models.Campaign.objects.filter(connection_id=connection, scope="entering")
    return frozenset(found.values_list("salesforce_id", flat=True))


def entered(connection: int, campaigns: frozenset[str]) -> None:
    """The members of these campaigns were listed whole: they are inside from now on."""
    models.Campaign.objects.filter(connection_id=connection, salesforce_id__in=campaigns).update(scope="in")


def note_returning(connection: int, campaigns: pl.DataFrame) -> None:
    """Of seen campaigns, those that were deleted and are there again are `returning` until their members were listed whole:
    whoever is missing then went with the campaign, and was removed by nobody (M6.9, S1.1.8). Call it before they are merged."""
    there = campaigns.filter(~pl.col("is_deleted"))["id"].to_list()
    if not there:
        return
    execute(
        "UPDATE store_campaign c SET scope = 'returning' WHERE c.connection_id = %s AND c.salesforce_id = ANY(%s)"
        " AND c.is_deleted AND c.scope = 'in' AND EXISTS (SELECT FROM store_campaignmember m"
        " WHERE m.connection_id = c.connection_id AND m.campaign_id = c.salesforce_id)",
        (connection, there),
    )


def returned(connection: int, campaigns: Collection[str]) -> None:
    """The members of these campaigns were listed whole: whoever is missing from now on was removed."""
    back = models.Campaign.objects.filter(connection_id=connection, salesforce_id__in=campaigns)
    back.filter(scope="returning").update(scope="in")


def call_in(connection: int, campaign: str) -> bool:
    """Somebody asks for a campaign by name: whether it was outside, and is to be listed whole now. Without a link it is out again
    at the next look."""
    outside = models.Campaign.objects.filter(connection_id=connection, salesforce_id=campaign).exclude(
        scope__in=INSIDE
    )
    return bool(outside.update(scope="entering"))


def prune(connection: int) -> bool:
    """Delete some members of campaigns that are outside, and the people of nobody; whether there may be more. The caller has
    said `silently`."""
    outside = rows(
        "SELECT n.campaign_id, n.rows FROM store_mirrorcount n JOIN store_campaign c ON c.connection_id = n.connection_id"
        " AND c.salesforce_id = n.campaign_id WHERE n.connection_id = %s AND n.object = 'CampaignMember' AND n.rows > 0"
        " AND c.scope = 'out' ORDER BY n.campaign_id",
        (connection,),
    )
    if not outside:
        return False
    execute(
        "DELETE FROM store_campaignmember WHERE id IN (SELECT id FROM store_campaignmember WHERE connection_id = %s"
        " AND campaign_id = ANY(%s) LIMIT %s)",
        (connection, [row["campaign_id"] for row in outside], AT_ONCE),
    )
    more = sum(row["rows"] for row in outside) > AT_ONCE
    if not more:
        execute(
            "DELETE FROM store_salesforceperson p WHERE p.connection_id = %s AND NOT EXISTS (SELECT FROM store_personidentity i"
            " WHERE i.connection_id = p.connection_id AND i.salesforce_id = p.salesforce_id) AND NOT EXISTS (SELECT FROM"
            " store_campaignmember m WHERE m.connection_id = p.connection_id"
            " AND coalesce(m.contact_id, m.lead_id) = p.salesforce_id)",
            (connection,),
        )
    return bool(more)


def silently() -> None:
    """What is deleted of the mirror in the rest of the transaction is no change in Salesforce: the journal says nothing of it."""
    execute("SELECT set_config('campaignsync.prunes', 'yes', true)")
