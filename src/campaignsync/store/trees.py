"""Reads the three trees of a link from one snapshot of the database, as columns; the database itself leaves out whoever is the
same in all three, so that what travels is what may have to be done.

Called through `Ledger`. Whoever is a deleted lead or contact by now is in none of the trees: the membership stays in the program
without a counterpart, and is neither a removal nor anybody to be created anew (M7.9).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import polars as pl
from django.db import connection, transaction

from campaignsync.domain.problems import Direction, ProblemNoun
from campaignsync.domain.trees import HELD, PEOPLE, SIDE_BY_SIDE, Trees
from campaignsync.store.facts import campaign_statuses, vocabulary
from campaignsync.store.frames import execute, query, rows
from campaignsync.store.models import Link
from campaignsync.store.people import VALUES

_STANDING = (
    "AND NOT EXISTS (SELECT FROM store_personidentity i WHERE i.person_id = t.person_id AND i.connection_id = %(connection)s"
    " AND i.is_deleted)"
)


def read_trees(link: Link, now: datetime, also: Collection[int] = ()) -> Trees:
    """The trees of a link, but for whoever is the same in all three, unless they are `also` wanted. A link on trial is seen by
    its own transaction alone, which is read in as it is."""
    on_trial = connection.in_atomic_block
    with transaction.atomic():
        if not on_trial:
            execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        unlike = query(_UNLIKE, {**_parameters(link), "also": list(also)}, SIDE_BY_SIDE)
        held = pl.concat([_held_members(link, now), _held_people(link, now)])
        people = read_people(link, unlike["person_id"].unique())
        (sizes,) = rows(_SIZES, _parameters(link))
        mark = rows("SELECT version FROM store_mark WHERE link_id = %s", (link.pk,))
    return Trees(
        agreed=_side(unlike, "agreed"),
        program=_side(unlike, "program"),
        campaign=unlike.drop_nulls("campaign").select(
            "person_id", pl.col("campaign").alias("status"), "campaign_member_id"
        ),
        people=people,
        held=held,
        sizes=sizes,
        mark=mark[0]["version"] if mark else None,
    )


_AGREED = f"SELECT t.person_id, t.status FROM store_agreement t WHERE t.link_id = %(link)s {_STANDING}"
_PROGRAM = (
    "SELECT t.person_id, s.name AS status FROM store_programmember t"
    f" JOIN store_progressionstatus s ON s.id = t.status_id WHERE t.program_id = %(program)s {_STANDING}"
)
_CAMPAIGN = (
    "SELECT t.person_id, coalesce(m.status, '') AS status, coalesce(v.name, m.status, '') AS meaning, m.salesforce_id,"
    " t.salesforce_id AS who FROM store_campaignmember m JOIN store_personidentity t ON t.connection_id = m.connection_id"
    " AND t.salesforce_id = coalesce(m.contact_id, m.lead_id)"
    " LEFT JOIN (SELECT unnest(%(labels)s::text[]) AS label, unnest(%(names)s::text[]) AS name) v ON v.label = m.status"
    f" WHERE m.connection_id = %(connection)s AND m.campaign_id = %(campaign)s {_STANDING}"
)
# Whoever is a member twice, as the lead and as the contact it became (S1.3.4), shows both rows or none.
_MAYBE_TWICE = (
    "SELECT contact_id FROM store_campaignmember WHERE connection_id = %(connection)s AND campaign_id = %(campaign)s"
    " AND lead_id IS NOT NULL AND contact_id IS NOT NULL"
)
_UNLIKE = (
    "SELECT person_id, a.status AS agreed, p.status AS program, c.status AS campaign, c.salesforce_id AS campaign_member_id"
    f" FROM ({_AGREED}) a FULL JOIN ({_PROGRAM}) p USING (person_id) FULL JOIN ({_CAMPAIGN}) c USING (person_id)"
    " WHERE (a.status = p.status AND p.status = c.meaning) IS NOT TRUE"
    f" OR c.who IN ({_MAYBE_TWICE}) OR person_id = ANY(%(also)s)"
)
_SIZES = (
    f"SELECT (SELECT count(*) FROM ({_AGREED}) a) AS agreed, (SELECT count(*) FROM ({_PROGRAM}) p) AS program,"
    f" (SELECT count(*) FROM ({_CAMPAIGN}) c) AS campaign"
)


def _parameters(link: Link) -> dict[str, object]:
    """The link, and which labels of its campaign mean a status of another name: rows are compared by what they mean (M4.4)."""
    labels = {status.label for status in campaign_statuses(link.connection_id, link.campaign_id)}
    meant = {label: name for label, name in vocabulary(link).spelling(labels).items() if label != name}
    return {
        "link": link.pk,
        "connection": link.connection_id,
        "program": link.program_id,
        "campaign": link.campaign_id,
        "labels": list(meant),
        "names": list(meant.values()),
    }


def _side(unlike: pl.DataFrame, side: str) -> pl.DataFrame:
    return unlike.drop_nulls(side).select("person_id", pl.col(side).alias("status")).unique()


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
