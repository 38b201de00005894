"""Joins people of ours to leads and contacts of an org, many at once (M2.4, M7.3, M7.11).

Called by the ledger inside its transactions. Who cannot be joined is a problem of noun `person`, which says what we wanted to
write; it keeps them back until that changes or is due (docs/adr/0004).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import polars as pl

from campaignsync.domain.fields import FieldRule
from campaignsync.domain.problems import Direction
from campaignsync.domain.trees import LEAD_WRITES, PERSON_FIELDS, UTC_TIME
from campaignsync.store.acting import alone
from campaignsync.store.following import land
from campaignsync.store.frames import bulk, execute, micros, query, table, temporary
from campaignsync.store.journal import note
from campaignsync.store.person_fields import agreed_as_made
from campaignsync.store.problems import keep, people_of, solve

_PAIRS = ", ".join(f"'{name}', p.{name}" for name in PERSON_FIELDS)
VALUES = f"jsonb_strip_nulls(jsonb_build_object({_PAIRS}) || p.custom)::text"
"""What person p's fields hold, as the text of a JSON object."""
_OTHER_FIELDS = ", ".join(f'"{name}"' for name in PERSON_FIELDS if name != "email")
_STRANGERS = (
    # Who is nobody's record is found first: they are few, and joined row by row to the mirror, whatever the planner believes.
    "WITH nobodys AS MATERIALIZED (SELECT m.connection_id, coalesce(m.contact_id, m.lead_id) AS salesforce_id"
    " FROM store_campaignmember m WHERE m.connection_id = %(connection)s AND m.campaign_id = %(campaign)s"
    " AND (%(among)s::text[] IS NULL OR coalesce(m.contact_id, m.lead_id) = ANY(%(among)s)) AND NOT EXISTS"
    " (SELECT FROM store_personidentity i WHERE i.connection_id = m.connection_id"
    " AND i.salesforce_id = coalesce(m.contact_id, m.lead_id)))"
    " SELECT DISTINCT p.salesforce_id, p.kind, NULLIF(lower(trim(p.email)), '') AS email, p.system_modstamp AS seen_at"
    " FROM nobodys n JOIN store_salesforceperson p ON p.connection_id = n.connection_id"
    " AND p.salesforce_id = n.salesforce_id AND p.system_modstamp IS NOT NULL"
    " AND (p.is_converted OR p.is_deleted) IS NOT TRUE"
)
"""The leads and contacts in a campaign of an org whom nobody of ours is joined to; `among` these, or all."""

_UNMATCHED = (
    "FROM store_person p WHERE p.id = ANY(%s) AND NOT EXISTS (SELECT FROM store_personidentity i"
    " WHERE i.person_id = p.id AND i.connection_id = %s) ORDER BY p.id"
)


def adopt(
    connection: int,
    campaign_id: str,
    now: datetime,
    *,
    program: int | None = None,
    among: Collection[str] | None = None,
    rules: Collection[FieldRule] = (),
) -> None:
    """Make every lead and contact in a campaign a person of ours, found by e-mail address before made; `among` which of them are
    all who may be nobody's yet. Whoever is made enters by way of the linked program (M1.5), and what these rules compare is
    agreed on at once, since it was taken from the record.

    A person who is a lead in our memory and whose membership is a contact's by now is the contact (M7.7): the member may tell
    before the lead does. Of several leads and contacts with one address, contacts come first, then the latest changed (M7.3), and
    each takes one person who has no record in this org yet; the rest become people of their own.
    """
    alone("people")
    landing = table(
        "landing",
        "SELECT DISTINCT ON (i.person_id) i.person_id, m.lead_id AS old_id, m.contact_id AS new_id, 'converted' AS how"
        " FROM store_campaignmember m JOIN store_personidentity i ON i.connection_id = m.connection_id"
        " AND i.salesforce_id = m.lead_id WHERE m.connection_id = %s AND m.campaign_id = %s AND m.contact_id IS NOT NULL"
        " ORDER BY i.person_id, m.contact_id",
        (connection, campaign_id),
    )
    if landing:
        land(connection, now)
    if not _strangers(connection, campaign_id, among):
        return
    table(
        "adopted",
        "SELECT salesforce_id, email, coalesce(ours, nextval(pg_get_serial_sequence('store_person', 'id'))) AS person_id,"
        " ours IS NULL AS made FROM (SELECT s.salesforce_id, s.email, f.id AS ours FROM (SELECT *, row_number()"
        "  OVER (PARTITION BY email ORDER BY kind, seen_at DESC NULLS LAST, salesforce_id) AS place FROM strangers) s LEFT JOIN"
        " (SELECT id, email, row_number() OVER (PARTITION BY email ORDER BY id) AS place FROM store_person p"
        "  WHERE email IN (SELECT email FROM strangers) AND NOT EXISTS (SELECT FROM store_personidentity i"
        "  WHERE i.connection_id = %s AND i.person_id = p.id)) f USING (email, place) ORDER BY s.salesforce_id) found",
        (connection,),
    )
    bulk(
        "store_person",
        f"INSERT INTO store_person (id, email, {_OTHER_FIELDS}, custom, created_at, acquisition_program_id)"
        f" SELECT a.person_id, a.email, {_OTHER_FIELDS}, '{{}}'::jsonb, clock_timestamp(), %s FROM adopted a"
        f" JOIN (SELECT salesforce_id, {_OTHER_FIELDS} FROM store_salesforceperson WHERE connection_id = %s) m"
        " USING (salesforce_id) WHERE a.made",
        (program, connection),
    )
    bulk(
        "store_personidentity",
        "INSERT INTO store_personidentity (connection_id, person_id, salesforce_id, kind, agreed, changes)"
        " SELECT m.connection_id, a.person_id, m.salesforce_id, m.kind, agreed.values,"
        " CASE WHEN agreed.values IS NULL THEN 1 ELSE 0 END FROM adopted a JOIN store_salesforceperson m"
        " ON m.connection_id = %s AND m.salesforce_id = a.salesforce_id JOIN store_connection x ON x.id = m.connection_id"
        f" CROSS JOIN LATERAL (SELECT CASE WHEN a.made THEN {agreed_as_made(rules)} END) agreed(values)",
        (connection,),
    )


def _strangers(connection: int, campaign_id: str, among: Collection[str] | None) -> int:
    """Make the temporary table `strangers`; how many there are."""
    these = None if among is None else list(among)
    return table("strangers", _STRANGERS, {"connection": connection, "campaign": campaign_id, "among": these})


def recognise(entries: Collection[int]) -> int:
    """Join members of campaigns that nobody is linked with to people whom we know by their e-mail address, so that what these
    entries of the journal tell of them is told of those people (M10.3, M7.3); how many. Nobody is made."""
    alone("people")
    return bulk(
        "store_personidentity",
        "INSERT INTO store_personidentity (connection_id, person_id, salesforce_id, kind)"
        " SELECT DISTINCT ON (p.connection_id, f.id) p.connection_id, f.id, p.salesforce_id, p.kind FROM store_journalentry e"
        " JOIN store_campaignmember m ON m.connection_id = e.connection_id AND m.salesforce_id = e.record_id"
        " JOIN store_salesforceperson p ON p.connection_id = m.connection_id"
        " AND p.salesforce_id = coalesce(m.contact_id, m.lead_id) AND p.system_modstamp IS NOT NULL"
        " AND (p.is_converted OR p.is_deleted) IS NOT TRUE"
        " JOIN store_person f ON f.email = NULLIF(lower(trim(p.email)), '') AND f.merged_into_id IS NULL WHERE e.id = ANY(%s)"
        " AND NOT EXISTS (SELECT FROM store_link l WHERE l.connection_id = e.connection_id AND l.campaign_id = e.campaign_id)"
        " AND NOT EXISTS (SELECT FROM store_personidentity i WHERE i.connection_id = p.connection_id"
        "  AND (i.salesforce_id = p.salesforce_id OR i.person_id = f.id))"
        " ORDER BY p.connection_id, f.id, p.kind, p.system_modstamp DESC, p.salesforce_id ON CONFLICT DO NOTHING",
        (list(entries),),
    )


def unmatched(connection: int, people: Collection[int]) -> pl.DataFrame:
    """Of these people, those without a record in the org (LEAD_WRITES)."""
    fields = ", ".join(f'p."{name}"' for name in PERSON_FIELDS)
    return query(
        f"SELECT p.id AS person_id, p.our_id, {fields}, p.custom {_UNMATCHED}",
        (list(people), connection),
        LEAD_WRITES,
    )


def still_unmatched(connection: int, people: pl.Series) -> pl.Series:
    """Their numbers alone, in order."""
    found = query(
        f"SELECT p.id AS person_id {_UNMATCHED}", (people.to_list(), connection), {"person_id": pl.Int64}
    )
    return found["person_id"]


def join_matches(connection: int, matches: pl.DataFrame, now: datetime) -> None:
    """Join people to the records they were found or made to be (MATCHES). The journal notes who had several to choose from."""
    alone("people")
    temporary("matches", matches)
    execute(
        "INSERT INTO store_personidentity (connection_id, person_id, salesforce_id, kind)"
        " SELECT %s, m.person_id, m.salesforce_id, m.kind FROM matches m JOIN store_person p ON p.id = m.person_id",
        (connection,),
    )
    execute(
        "INSERT INTO store_salesforceperson (connection_id, salesforce_id, kind) SELECT %s, salesforce_id, kind FROM matches"
        " ON CONFLICT DO NOTHING",
        (connection,),
    )
    note(
        "SELECT 'campaign' AS side, %s AS connection_id, person_id, 'person' AS noun, salesforce_id AS record_id,"
        " NULL AS old, kind AS new, format('%%s leads and contacts have the e-mail address: this one was chosen', several)"
        " AS why FROM matches WHERE several > 1",
        (connection,),
    )
    _heard_of(connection, matches["person_id"].to_list())
    solve(people_of(connection), matches["person_id"].to_list(), now)


def intended(connection: int) -> pl.DataFrame:
    """Leads that we were about to make and never heard of: person_id, at."""
    return query(
        f"SELECT person_id, {micros('at')} AS at FROM store_leadintent WHERE connection_id = %s",
        (connection,),
        {"person_id": pl.Int64, "at": UTC_TIME},
    )


def in_question(connection: int, campaign_id: str, among: Collection[str] | None) -> pl.DataFrame:
    """The intended ones without a record (LEAD_WRITES), when somebody in the campaign is nobody of ours: maybe one of them."""
    unheard = intended(connection)["person_id"].to_list()
    if not unheard or not _strangers(connection, campaign_id, among):
        return pl.DataFrame(schema=LEAD_WRITES)
    return unmatched(connection, unheard)


def intend(connection: int, people: Collection[int], now: datetime) -> None:
    """These leads are about to be made. Who was intended before keeps the earlier time: the lead may be as old."""
    execute(
        "INSERT INTO store_leadintent (connection_id, person_id, at) SELECT %s, id, %s FROM store_person WHERE id = ANY(%s)"
        " ON CONFLICT (connection_id, person_id) DO NOTHING",
        (connection, now, list(people)),
    )


def refuse(connection: int, refused: pl.DataFrame, now: datetime) -> None:
    """Keep that Salesforce took these people as no leads (LEAD_OUTCOMES), and in which words."""
    people = refused["person_id"].to_list()
    wanted = query(
        f"SELECT p.id AS person_id, {VALUES} AS wanted FROM store_person p WHERE p.id = ANY(%s)",
        (people,),
        {"person_id": pl.Int64, "wanted": pl.String},
    )
    keep(people_of(connection), refused.join(wanted, on="person_id"), Direction.TO_SALESFORCE, now)
    _heard_of(connection, people)


def solve_unwanted(connection: int, now: datetime) -> None:
    """Nobody need be made a lead any more who is in no linked program."""
    execute(
        "UPDATE store_problem q SET solved_at = %s WHERE q.connection_id = %s AND q.noun = 'person' AND q.solved_at IS NULL"
        " AND NOT EXISTS (SELECT FROM store_personidentity i WHERE i.connection_id = q.connection_id"
        " AND i.person_id = q.person_id) AND NOT EXISTS (SELECT FROM store_programmember m JOIN store_link l"
        " ON l.program_id = m.program_id AND l.connection_id = q.connection_id WHERE m.person_id = q.person_id)",
        (now, connection),
    )


def _heard_of(connection: int, people: Collection[int]) -> None:
    execute(
        "DELETE FROM store_leadintent WHERE connection_id = %s AND person_id = ANY(%s)",
        (connection, list(people)),
    )
