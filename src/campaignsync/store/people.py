"""Joins people of ours to leads and contacts, many at once (M2.4, M7.3, M7.7)."""

from __future__ import annotations

import polars as pl

from campaignsync.domain.trees import PERSON_FIELDS
from campaignsync.store.acting import alone
from campaignsync.store.frames import bulk, execute, temporary

_OTHER_FIELDS = ", ".join(f'"{name}"' for name in PERSON_FIELDS if name != "email")


def adopt(connection: int, campaign_id: str) -> None:
    """Make every lead and contact in a campaign a person of ours, found by e-mail address before made.

    A person who is a lead in our memory and a contact by now becomes the contact (M7.7). Of several leads and contacts with one
    address, contacts come first and each takes one person who has no record in this org yet; the rest become people of their own.
    """
    alone("people")
    _follow_conversions(connection, campaign_id)
    execute("DROP TABLE IF EXISTS strangers")
    execute(
        "CREATE TEMPORARY TABLE strangers ON COMMIT DROP AS"
        " SELECT DISTINCT p.salesforce_id, p.kind, NULLIF(lower(trim(p.email)), '') AS email, NULL::bigint AS person_id"
        " FROM store_campaignmember m JOIN store_salesforceperson p ON p.connection_id = m.connection_id"
        " AND p.salesforce_id = coalesce(m.contact_id, m.lead_id)"
        " WHERE m.connection_id = %s AND m.campaign_id = %s AND NOT EXISTS (SELECT FROM store_personidentity i"
        " WHERE i.connection_id = m.connection_id AND i.salesforce_id = p.salesforce_id)",
        (connection, campaign_id),
    )
    execute("ANALYZE strangers")
    execute(
        "UPDATE strangers s SET person_id = pair.person_id FROM ("
        " SELECT r.salesforce_id, f.id AS person_id FROM"
        " (SELECT salesforce_id, email, row_number() OVER (PARTITION BY email ORDER BY kind, salesforce_id) AS place"
        "  FROM strangers) r JOIN"
        " (SELECT id, email, row_number() OVER (PARTITION BY email ORDER BY id) AS place FROM store_person p"
        "  WHERE email IN (SELECT email FROM strangers) AND NOT EXISTS (SELECT FROM store_personidentity i"
        "  WHERE i.connection_id = %s AND i.person_id = p.id)) f USING (email, place)) pair"
        " WHERE pair.salesforce_id = s.salesforce_id",
        (connection,),
    )
    execute(
        "UPDATE strangers SET person_id = nextval(pg_get_serial_sequence('store_person', 'id')) WHERE person_id IS NULL"
    )
    bulk(
        "store_person",
        f"INSERT INTO store_person (id, email, {_OTHER_FIELDS}, custom, created_at)"
        f" SELECT s.person_id, s.email, {_OTHER_FIELDS}, '{{}}'::jsonb, clock_timestamp() FROM strangers s"
        f" JOIN (SELECT salesforce_id, {_OTHER_FIELDS} FROM store_salesforceperson WHERE connection_id = %s) p"
        " USING (salesforce_id) WHERE NOT EXISTS (SELECT FROM store_person o WHERE o.id = s.person_id)",
        (connection,),
    )
    bulk(
        "store_personidentity",
        "INSERT INTO store_personidentity (connection_id, person_id, salesforce_id, kind)"
        " SELECT %s, person_id, salesforce_id, kind FROM strangers",
        (connection,),
    )


def _follow_conversions(connection: int, campaign_id: str) -> None:
    """Where several leads became one contact, the person we know longest becomes it; a contact is one person's only."""
    execute(
        "UPDATE store_personidentity i SET salesforce_id = became.contact_id, kind = 'contact' FROM"
        " (SELECT DISTINCT ON (m.contact_id) l.id, m.contact_id FROM store_campaignmember m JOIN store_personidentity l"
        "  ON l.connection_id = m.connection_id AND l.salesforce_id = m.lead_id"
        "  WHERE m.connection_id = %s AND m.campaign_id = %s AND NOT EXISTS (SELECT FROM store_personidentity o"
        "  WHERE o.connection_id = m.connection_id AND o.salesforce_id = m.contact_id)"
        "  AND m.contact_id IS NOT NULL ORDER BY m.contact_id, l.person_id) became WHERE became.id = i.id",
        (connection, campaign_id),
    )


def join_matches(connection: int, matches: pl.DataFrame) -> None:
    """Join people to the records they were found to be (MATCHES)."""
    temporary("matches", matches)
    execute(
        "INSERT INTO store_personidentity (connection_id, person_id, salesforce_id, kind)"
        " SELECT %s, person_id, salesforce_id, kind FROM matches",
        (connection,),
    )
