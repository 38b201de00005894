"""Campaigns as somebody looks for one to link."""

from __future__ import annotations

from typing import Any

from campaignsync.store.frames import rows
from campaignsync.store.scope import INSIDE


def campaigns(connection: int, search: str, limit: int) -> list[dict[str, Any]]:
    """Campaigns of an org by name, the active ones first: id, name, type, is_active, start_date, members, program. `search` is a
    part of the name, or an id; by its whole id one is found that the connection's filter leaves out (M3.4)."""
    return rows(
        "WITH page AS (SELECT c.* FROM store_campaign c WHERE c.connection_id = %(connection)s AND NOT c.is_deleted"
        " AND (%(search)s = '' OR strpos(lower(c.name), lower(%(search)s)) > 0 OR starts_with(c.salesforce_id, %(search)s))"
        " AND (c.scope <> 'out' OR length(%(search)s) >= 15 AND starts_with(c.salesforce_id, %(search)s))"
        " ORDER BY c.is_active DESC NULLS LAST, lower(c.name), c.salesforce_id LIMIT %(limit)s)"
        " SELECT c.salesforce_id AS id, c.name, c.type, c.is_active, c.start_date, (SELECT count(*) FROM store_campaignmember m"
        "  WHERE m.connection_id = c.connection_id AND m.campaign_id = c.salesforce_id) AS members, p.name AS program,"
        " p.id AS program_id FROM page c LEFT JOIN store_link l ON l.connection_id = c.connection_id"
        " AND l.campaign_id = c.salesforce_id LEFT JOIN store_program p ON p.id = l.program_id"
        " ORDER BY c.is_active DESC NULLS LAST, lower(c.name), c.salesforce_id",
        {"connection": connection, "search": search, "limit": limit},
    )


def seen_campaigns(connection: int, *, outside: bool) -> list[dict[str, Any]]:
    """All campaigns seen in an org by name: id, name, type, is_active, mirrored, members, program (linked with); those that the
    filter of the mirror leaves out only with `outside`."""
    return rows(
        f"SELECT c.salesforce_id AS id, c.name, c.type, c.is_active, c.scope IN {INSIDE} AS mirrored,"
        " (SELECT count(*) FROM store_campaignmember m WHERE m.connection_id = c.connection_id"
        "  AND m.campaign_id = c.salesforce_id) AS members, p.name AS program"
        " FROM store_campaign c LEFT JOIN store_link l ON l.connection_id = c.connection_id"
        " AND l.campaign_id = c.salesforce_id LEFT JOIN store_program p ON p.id = l.program_id"
        " WHERE c.connection_id = %s AND NOT c.is_deleted AND (%s OR c.scope <> 'out') ORDER BY c.name, c.salesforce_id",
        (connection, outside),
    )
