"""People as pages show them."""

from __future__ import annotations

from typing import Any

from campaignsync.store.frames import rows
from campaignsync.store.searching import beginnings, matches


def people(search: str, *, after: int, limit: int) -> list[dict[str, Any]]:
    """People in the order in which we came to know them, behind number `after`: number, email, first_name, last_name, company,
    title, programs, kinds (what they are in Salesforce). `search` is beginnings of words (store.searching)."""
    words = beginnings(search)
    narrowed = f" AND {matches('p')}" if words else ""
    return rows(
        "WITH page AS (SELECT p.id, p.email, p.first_name, p.last_name, p.company, p.title FROM store_person p"
        f" WHERE p.merged_into_id IS NULL AND p.id > %(after)s{narrowed}"
        " ORDER BY p.id LIMIT %(limit)s)"
        " SELECT p.id AS number, p.email, p.first_name, p.last_name, p.company, p.title,"
        " (SELECT count(*) FROM store_programmember m WHERE m.person_id = p.id) AS programs,"
        " coalesce((SELECT array_agg(DISTINCT i.kind) FROM store_personidentity i WHERE i.person_id = p.id"
        "  AND NOT i.is_deleted), '{}') AS kinds FROM page p ORDER BY p.id",
        {"words": words, "after": after, "limit": limit},
    )


def campaigns_of(person: int) -> list[dict[str, Any]]:
    """The campaigns in which somebody is, linked or not: connection, campaign, campaign_id, status, has_responded, program."""
    return rows(
        "SELECT x.name AS connection, coalesce(c.name, m.campaign_id) AS campaign, m.campaign_id, m.status, m.has_responded,"
        " p.name AS program, p.id AS program_id FROM store_personidentity i JOIN store_connection x ON x.id = i.connection_id"
        " JOIN store_campaignmember m ON m.connection_id = i.connection_id AND coalesce(m.contact_id, m.lead_id) ="
        " i.salesforce_id"
        " LEFT JOIN store_campaign c ON c.connection_id = m.connection_id AND c.salesforce_id = m.campaign_id"
        " LEFT JOIN store_link l ON l.connection_id = m.connection_id AND l.campaign_id = m.campaign_id"
        " LEFT JOIN store_program p ON p.id = l.program_id WHERE i.person_id = %s ORDER BY campaign LIMIT 200",
        (person,),
    )
