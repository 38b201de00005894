"""Reads the three trees of a link from one snapshot of the database, as columns; the database itself leaves out whoever is the
same in all three, so that what travels is what may have to be done.

Called through `Ledger`. Whoever is a deleted lead or contact by now is in none of the trees: the membership stays in the program
without a counterpart, and is neither a removal nor anybody to be created anew (M7.9).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

import polars as pl
from django.db import connection, transaction

from campaignsync.domain.links import LinkEndedError
from campaignsync.domain.problems import Direction, ProblemNoun
from campaignsync.domain.trees import HELD, PEOPLE, SIDE_BY_SIDE, Trees
from campaignsync.store.doubts import Doubts, seen, settle
from campaignsync.store.facts import campaign_statuses, vocabulary
from campaignsync.store.frames import execute, query, rows
from campaignsync.store.models import Link
from campaignsync.store.people import VALUES

_STANDING = (
    "AND NOT EXISTS (SELECT FROM store_personidentity i WHERE i.person_id = t.person_id AND i.connection_id = %(connection)s"
    " AND i.is_deleted)"
)


def read_trees(link: int, now: datetime, also: Collection[int] = ()) -> Trees:
    """The trees of a link, but for whoever is the same in all three, unless they are `also` wanted. A link on trial is seen by
    its own transaction alone, which is read in as it is.

    Only whoever is in doubt is joined; behind the snapshot is kept which of those doubts stand (store.doubts).
    """
    on_trial = connection.in_atomic_block
    with transaction.atomic():
        if not on_trial:
            execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        # Both ends as the snapshot has them: which label means what is part of whether two sides are the same.
        row = Link.objects.select_related("program__channel", "connection").filter(pk=link).first()
        if row is None:
            raise LinkEndedError
        doubts = seen(link)
        unlike, nobodys = _unlike(row, doubts, also)
        trees = _trees(row, unlike, now)
    if not (on_trial or also):
        with transaction.atomic():
            settle(link, doubts, set(unlike["person_id"]), nobodys)
    return trees


def _trees(link: Link, unlike: pl.DataFrame, now: datetime) -> Trees:
    mark = rows("SELECT version FROM store_mark WHERE link_id = %s", (link.pk,))
    return Trees(
        agreed=_side(unlike, "agreed"),
        program=_side(unlike, "program"),
        campaign=unlike.drop_nulls("campaign").select(
            "person_id", pl.col("campaign").alias("status"), "campaign_member_id"
        ),
        people=read_people(link, unlike["person_id"].unique()),
        held=pl.concat([_held_members(link, now), _held_people(link, now)]),
        sizes=_sizes(link, unlike),
        mark=mark[0]["version"] if mark else None,
    )


def _unlike(link: Link, doubts: Doubts, also: Collection[int]) -> tuple[pl.DataFrame, frozenset[str]]:
    """Whose three sides differ (SIDE_BY_SIDE), and the records of members who are nobody's yet."""
    asked = {**_parameters(link), "also": list(also)}
    if doubts.everybody:
        found = query(_UNLIKE, asked, {**SIDE_BY_SIDE, "who": pl.String})
        strangers = found.filter(pl.col("person_id").is_null())
        return found.drop_nulls("person_id").drop("who"), frozenset(strangers["who"].drop_nulls())
    of_records = query(_PEOPLE_OF, {**asked, "records": list(doubts.records)}, _JOINED)
    strangers = of_records.filter(pl.col("person_id").is_null() & pl.col("member"))
    people = doubts.people.union(also, of_records["person_id"].drop_nulls())
    found = query(_UNLIKE_AMONG, {**asked, "people": sorted(people)}, SIDE_BY_SIDE)
    return found, frozenset(strangers["who"])


def overlooked(link: int) -> set[int | str]:
    """Who would have to be in doubt and is not: people who differ on the sides of a link, and members who are nobody's yet. There
    is nobody at any time; tests ask, since finding out takes what doubts spare."""
    row, doubts = Link.objects.select_related("program__channel", "connection").get(pk=link), seen(link)
    some, known = _unlike(row, doubts, ())
    everybody, nobodys = _unlike(row, replace(doubts, everybody=True), ())
    return {*set(everybody["person_id"]) - set(some["person_id"]), *nobodys - known}


_JOINED = {"who": pl.String, "person_id": pl.Int64, "member": pl.Boolean}
_PEOPLE_OF = (
    "SELECT w.who, i.person_id, EXISTS (SELECT FROM store_campaignmember m WHERE m.connection_id = %(connection)s"
    " AND m.campaign_id = %(campaign)s AND coalesce(m.contact_id, m.lead_id) = w.who) AS member"
    " FROM unnest(%(records)s::text[]) w(who) LEFT JOIN store_personidentity i ON i.connection_id = %(connection)s"
    " AND i.salesforce_id = w.who"
)
_AGREED = f"SELECT t.person_id, t.status FROM store_agreement t WHERE t.link_id = %(link)s {_STANDING}"
_PROGRAM = (
    "SELECT t.person_id, s.name AS status FROM store_programmember t"
    f" JOIN store_progressionstatus s ON s.id = t.status_id WHERE t.program_id = %(program)s {_STANDING}"
)
_MEANT = (
    "(SELECT unnest(%(labels)s::text[]) AS label, unnest(%(names)s::text[]) AS name) v ON v.label = m.status"
)
_CAMPAIGN = (
    "SELECT t.person_id, coalesce(m.status, '') AS status, coalesce(v.name, m.status, '') AS meaning, m.salesforce_id,"
    " coalesce(m.contact_id, m.lead_id) AS who FROM store_campaignmember m {join} store_personidentity t"
    " ON t.connection_id = m.connection_id AND t.salesforce_id = coalesce(m.contact_id, m.lead_id)"
    f" LEFT JOIN {_MEANT} WHERE m.connection_id = %(connection)s AND m.campaign_id = %(campaign)s {_STANDING}"
)
# Whoever is a member twice, as the lead and as the contact it became (S1.3.4), shows both rows or none.
_TWICE = (
    "SELECT m.contact_id FROM store_campaignmember m WHERE m.connection_id = %(connection)s AND m.campaign_id = %(campaign)s"
    " AND m.lead_id IS NOT NULL AND m.contact_id IS NOT NULL AND EXISTS (SELECT FROM store_campaignmember o"
    " WHERE o.connection_id = m.connection_id AND o.campaign_id = m.campaign_id AND o.id <> m.id"
    " AND coalesce(o.contact_id, o.lead_id) = m.contact_id)"
)
_DIFFER = "(a.status = p.status AND p.status = c.meaning) IS NOT TRUE"
_UNLIKE = (
    "SELECT person_id, a.status AS agreed, p.status AS program, c.status AS campaign, c.salesforce_id AS campaign_member_id,"
    f" c.who FROM ({_AGREED}) a FULL JOIN ({_PROGRAM}) p USING (person_id)"
    f" FULL JOIN ({_CAMPAIGN.format(join='LEFT JOIN')}) c USING (person_id)"
    f" WHERE {_DIFFER} OR c.who IN ({_TWICE}) OR person_id = ANY(%(also)s)"
)
# Each of these people is looked up on each side by an index (OFFSET keeps the planner from joining whole sides instead).
_UNLIKE_AMONG = (
    "SELECT t.person_id, a.status, p.status, c.status, c.salesforce_id FROM unnest(%(people)s::bigint[]) t(person_id)"
    " LEFT JOIN LATERAL (SELECT g.status FROM store_agreement g WHERE g.link_id = %(link)s AND g.person_id = t.person_id"
    " OFFSET 0) a ON true LEFT JOIN LATERAL (SELECT g.status_id FROM store_programmember g"
    " WHERE g.program_id = %(program)s AND g.person_id = t.person_id OFFSET 0) g ON true"
    " LEFT JOIN (SELECT id, name AS status FROM store_progressionstatus) p ON p.id = g.status_id"
    " LEFT JOIN LATERAL (SELECT coalesce(m.status, '') AS status, coalesce(v.name, m.status, '') AS meaning, m.salesforce_id,"
    " count(*) OVER () > 1 AND bool_or(m.lead_id IS NOT NULL AND m.contact_id IS NOT NULL) OVER () AS twice"
    " FROM store_personidentity i JOIN store_campaignmember m ON m.connection_id = i.connection_id"
    " AND m.campaign_id = %(campaign)s AND coalesce(m.contact_id, m.lead_id) = i.salesforce_id"
    f" LEFT JOIN {_MEANT} WHERE i.connection_id = %(connection)s AND i.person_id = t.person_id OFFSET 0) c ON true"
    f" WHERE ({_DIFFER} OR c.twice OR t.person_id = ANY(%(also)s))"
    f" AND (a.status IS NOT NULL OR p.status IS NOT NULL OR c.status IS NOT NULL) {_STANDING}"
)


def _sizes(link: Link, unlike: pl.DataFrame) -> dict[str, int]:
    """How many members each tree has, counted as far as safety can ask (planner.safety): whether a side that somebody left has
    anybody, and whether so many are agreed on that whoever may be removed is no more than the share that is let go."""
    one_side_left = pl.col("program").is_null() | pl.col("campaign").is_null()
    leaving = unlike.filter(pl.col("agreed").is_not_null() & one_side_left).height
    if not leaving:
        return {}
    enough = int(leaving / link.removal_share) + 1 if link.removal_share > 0 else None
    (found,) = rows(_SIZES, {**_parameters(link), "enough": enough})
    return found


_COUNTED = "(SELECT count(*) FROM (SELECT FROM ({}) s LIMIT {}) counted)"
_SIZES = (
    f"SELECT {_COUNTED.format(_AGREED, '%(enough)s')} AS agreed, {_COUNTED.format(_PROGRAM, 1)} AS program,"
    f" {_COUNTED.format(_CAMPAIGN.format(join='JOIN'), 1)} AS campaign"
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
