"""Reads the three trees of a link from one snapshot of the database, as columns.

Called through `Ledger`. Whoever is a deleted lead or contact by now is in none of the trees: the membership stays in the program
without a counterpart, and is neither a removal nor anybody to be created anew (M7.9).
"""

from __future__ import annotations

from datetime import datetime

import polars as pl
from django.db import connection, transaction

from campaignsync.domain.problems import Direction, ProblemNoun
from campaignsync.domain.trees import AGREED, CAMPAIGN, HELD, PEOPLE, PROGRAM, Trees
from campaignsync.store.frames import execute, query, rows
from campaignsync.store.models import Link
from campaignsync.store.people import VALUES

_STANDING = (
    "AND NOT EXISTS (SELECT FROM store_personidentity i WHERE i.person_id = t.person_id AND i.connection_id = %s"
    " AND i.is_deleted)"
)


def read_trees(link: Link, now: datetime) -> Trees:
    """The trees of a link. A link on trial is seen by its own transaction alone, which is read in as it is."""
    on_trial = connection.in_atomic_block
    with transaction.atomic():
        if not on_trial:
            execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        agreed = query(
            f"SELECT t.person_id, t.status FROM store_agreement t WHERE t.link_id = %s {_STANDING}",
            (link.pk, link.connection_id),
            AGREED,
        )
        program = query(
            "SELECT t.person_id, s.name AS status FROM store_programmember t"
            f" JOIN store_progressionstatus s ON s.id = t.status_id WHERE t.program_id = %s {_STANDING}",
            (link.program_id, link.connection_id),
            PROGRAM,
        )
        campaign = query(
            "SELECT t.person_id, coalesce(m.status, '') AS status, m.salesforce_id AS campaign_member_id"
            " FROM store_campaignmember m JOIN store_personidentity t ON t.connection_id = m.connection_id"
            " AND t.salesforce_id = coalesce(m.contact_id, m.lead_id)"
            f" WHERE m.connection_id = %s AND m.campaign_id = %s {_STANDING}",
            (link.connection_id, link.campaign_id, link.connection_id),
            CAMPAIGN,
        )
        held = pl.concat([_held_members(link, now), _held_people(link, now)])
        people = read_people(
            link, pl.concat([agreed["person_id"], program["person_id"], campaign["person_id"]]).unique()
        )
        mark = rows("SELECT version FROM store_mark WHERE link_id = %s", (link.pk,))
    return Trees(
        agreed=agreed,
        program=program,
        campaign=campaign,
        people=people,
        held=held,
        mark=mark[0]["version"] if mark else None,
    )


def _held_members(link: Link, now: datetime) -> pl.DataFrame:
    return query(
        "SELECT person_id, wanted, message FROM store_problem WHERE link_id = %s AND noun = %s"
        " AND solved_at IS NULL AND direction = %s AND (retry_at IS NULL OR retry_at > %s)",
        (link.pk, ProblemNoun.MEMBER.value, Direction.TO_CAMPAIGN.value, now),
        HELD,
    )


def _held_people(link: Link, now: datetime) -> pl.DataFrame:
    """Whom Salesforce took as no lead cannot become a member either, until what was to be written changes."""
    return query(
        "SELECT q.person_id, s.name AS wanted, q.message FROM store_problem q JOIN store_person p ON p.id = q.person_id"
        " JOIN store_programmember m ON m.person_id = q.person_id AND m.program_id = %s"
        " JOIN store_progressionstatus s ON s.id = m.status_id WHERE q.connection_id = %s AND q.noun = %s"
        f" AND q.solved_at IS NULL AND (q.retry_at IS NULL OR q.retry_at > %s) AND q.wanted = {VALUES}"
        " AND NOT EXISTS (SELECT FROM store_personidentity i WHERE i.connection_id = q.connection_id"
        " AND i.person_id = q.person_id)",
        (link.program_id, link.connection_id, ProblemNoun.PERSON.value, now),
        HELD,
    )


def read_people(link: Link, people: pl.Series) -> pl.DataFrame:
    """Who these people are, in the link's org too (PEOPLE)."""
    return query(
        "SELECT p.id AS person_id, p.email, NULLIF(concat_ws(' ', p.first_name, p.last_name), '') AS name,"
        " i.kind, i.salesforce_id FROM store_person p LEFT JOIN store_personidentity i"
        " ON i.person_id = p.id AND i.connection_id = %s WHERE p.id = ANY(%s)",
        (link.connection_id, people.to_list()),
        PEOPLE,
    )
