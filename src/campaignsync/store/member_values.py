"""Compares the custom fields of members on both sides of a link, and keeps what was changed and agreed on (M6.8).

Called by the ledger inside its transactions. Only members whom both sides have are compared, and only fields that were read: one
that was never read is missing in the mirror, and no value of anybody.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import polars as pl
from django.db import transaction

from campaignsync.domain.links import Winner
from campaignsync.domain.member_values import (
    HELD_VALUES,
    RUN_VALUES,
    VALUE_CHANGES,
    VALUE_DIFFERENCES,
    ValueBatch,
    ValuesCompared,
)
from campaignsync.domain.problems import Direction, ProblemNoun
from campaignsync.store import mirror
from campaignsync.store.acting import alone
from campaignsync.store.frames import execute, query, table, temporary
from campaignsync.store.journal import note
from campaignsync.store.member_fields import mappings
from campaignsync.store.models import Link
from campaignsync.store.person_fields import not_stored, refusals
from campaignsync.store.problems import Concern, keep, solve

_SIDES = (
    "(SELECT DISTINCT ON (m.person_id, f.name) a.id AS agreement_id, m.person_id, i.kind, i.salesforce_id,"
    " c.salesforce_id AS campaign_member_id, f.name AS field, a.custom->>f.name AS agreed, m.custom->>f.name AS ours,"
    " c.custom->>f.name AS theirs FROM store_programmember m"
    " JOIN store_agreement a ON a.link_id = %(link)s AND a.person_id = m.person_id"
    " JOIN store_personidentity i ON i.connection_id = %(connection)s AND i.person_id = m.person_id AND NOT i.is_deleted"
    " JOIN store_campaignmember c ON c.connection_id = i.connection_id AND c.campaign_id = %(campaign)s"
    " AND coalesce(c.contact_id, c.lead_id) = i.salesforce_id"
    " JOIN unnest(%(fields)s::text[]) f(name) ON c.custom ? f.name WHERE m.program_id = %(program)s"
    " ORDER BY m.person_id, f.name, c.salesforce_id) v"
)
"""Each mapped field of each member whom both sides have."""


def values_of(link: Link) -> Concern:
    """The custom fields of a linked program's members."""
    return Concern(noun=ProblemNoun.MEMBER_FIELD, connection=link.connection_id, link=link.pk)


def compare(link: Link, now: datetime) -> ValuesCompared:
    """Where the two sides differ, and what is held back; from one snapshot."""
    with transaction.atomic():
        differences = query(
            "SELECT v.person_id, p.email, v.kind, v.salesforce_id, v.campaign_member_id, v.field, v.agreed, v.ours, v.theirs"
            f" FROM {_SIDES} JOIN store_person p ON p.id = v.person_id WHERE v.ours IS DISTINCT FROM v.theirs",
            _where(link),
            VALUE_DIFFERENCES,
        )
        held = query(
            "SELECT person_id, wanted, message FROM store_problem WHERE link_id = %s AND noun = %s AND solved_at IS NULL"
            " AND direction = %s AND (retry_at IS NULL OR retry_at > %s)",
            (link.pk, ProblemNoun.MEMBER_FIELD.value, Direction.TO_CAMPAIGN.value, now),
            HELD_VALUES,
        )
    return ValuesCompared(differences=differences, held=held)


def done_by(link: Link, run: int, engines: Sequence[str]) -> pl.DataFrame:
    """What a run did itself (RUN_VALUES)."""
    return query(
        "SELECT j.side, v.person_id, p.email, v.kind, v.salesforce_id, v.campaign_member_id, v.field, v.agreed, v.ours, v.theirs,"
        " j.old, j.new FROM (SELECT side, person_id, noun, (array_agg(old ORDER BY id))[1] AS old,"
        "  (array_agg(new ORDER BY id DESC))[1] AS new FROM store_journalentry WHERE run_id = %(run)s AND who = ANY(%(engines)s)"
        f"  GROUP BY side, person_id, noun) j JOIN {_SIDES} ON v.person_id = j.person_id AND v.field = j.noun"
        " JOIN store_person p ON p.id = v.person_id",
        {**_where(link), "run": run, "engines": list(engines)},
        RUN_VALUES,
    )


def change(link: Link, changes: pl.DataFrame) -> int:
    """Our side follows (VALUE_CHANGES), unless it was changed meanwhile; how many members did. What it becomes is agreed on."""
    alone("members", link.program_id)
    temporary("changes", changes.select(*VALUE_CHANGES))
    done = execute(
        "UPDATE store_programmember m SET custom = jsonb_strip_nulls(m.custom || n.values) FROM"
        " (SELECT o.id, jsonb_object_agg(c.field, c.becomes) AS values FROM changes c JOIN store_programmember o"
        "  ON o.program_id = %s AND o.person_id = c.person_id AND o.custom->>c.field IS NOT DISTINCT FROM c.was GROUP BY o.id) n"
        " WHERE n.id = m.id",
        (link.program_id,),
    )
    _agree(
        "SELECT a.id AS agreement_id, c.field, c.becomes AS value FROM changes c JOIN store_agreement a ON a.link_id = %s"
        " AND a.person_id = c.person_id JOIN store_programmember m ON m.program_id = %s AND m.person_id = c.person_id"
        " AND m.custom->>c.field IS NOT DISTINCT FROM c.becomes",
        (link.pk, link.program_id),
    )
    return done


def record(link: Link, writes: pl.DataFrame, batch: ValueBatch, now: datetime) -> int:
    """What was written (VALUE_WRITES) and read back; how many members were stored as wanted.

    As for people: a value that Salesforce stored in a rendition of its own is a change made there, which our side follows; one
    that it did not store at all is a problem.
    """
    mirror.merge(link.connection_id, mirror.MEMBER, batch.members)
    known = batch.outcomes.filter("known")
    taken = known.filter(pl.col("code").is_null())
    temporary("written", writes.join(taken.select("person_id"), on="person_id").select(*VALUE_CHANGES))
    table(
        "found",
        "SELECT v.agreement_id, w.*, v.theirs,"
        " v.theirs IS DISTINCT FROM w.becomes AND v.theirs IS NOT DISTINCT FROM w.was AS lost"
        f" FROM written w JOIN {_SIDES} ON v.person_id = w.person_id AND v.field = w.field",
        _where(link),
    )
    _agree("SELECT agreement_id, field, CASE WHEN lost THEN theirs ELSE becomes END AS value FROM found")
    lost = query(
        "SELECT person_id, field, theirs FROM found WHERE lost",
        (),
        {"person_id": pl.Int64, "field": pl.String, "theirs": pl.String},
    )
    refused = writes.join(known.filter(pl.col("code").is_not_null()), on="person_id")
    problems = [refusals(refused), refusals(not_stored(writes.join(lost, on=["person_id", "field"])))]
    stored = sorted(set(taken["person_id"]) - set(lost["person_id"]))
    solve(values_of(link), stored, now)
    keep(values_of(link), pl.concat(problems), Direction.TO_CAMPAIGN, now)
    return len(stored)


def settle(link: Link, waiting: pl.DataFrame, unsettled: Collection[int], now: datetime) -> None:
    """What is the same on both sides is agreed on; what waits for a person is kept (RECORD_PROBLEMS), and the problems of whoever
    is not `unsettled` are solved."""
    sides = _where(link)
    table(
        "same",
        f"SELECT * FROM {_SIDES} WHERE v.ours IS NOT DISTINCT FROM v.theirs AND v.agreed IS DISTINCT FROM v.ours",
        sides,
    )
    _agree("SELECT agreement_id, field, ours AS value FROM same")
    keep(values_of(link), waiting, Direction.FOR_A_PERSON, now)
    execute(
        "UPDATE store_problem SET solved_at = %s WHERE link_id = %s AND noun = %s AND solved_at IS NULL"
        " AND NOT person_id = ANY(%s)",
        (now, link.pk, ProblemNoun.MEMBER_FIELD.value, list(unsettled)),
    )


def decide(link: Link, conflicts: pl.DataFrame, winner: Winner, now: datetime) -> None:
    """What the loser says counts as agreed on, so that the other side is who edited."""
    loser, won = ("ours", "theirs") if winner is Winner.CAMPAIGN else ("theirs", "ours")
    temporary(
        "decided",
        conflicts.select("person_id", "field", pl.col(loser).alias("value"), pl.col(won).alias("won")),
    )
    note(
        "SELECT 'program' AS side, %s AS connection_id, person_id, 'decision' AS noun, field AS record_id, value AS old,"
        " won AS new, NULL::text AS why FROM decided",
        (link.connection_id,),
        campaign=link.campaign_id,
    )
    solve(values_of(link), conflicts["person_id"].unique().to_list(), now)
    _agree(
        "SELECT a.id AS agreement_id, d.field, d.value FROM decided d JOIN store_agreement a ON a.link_id = %s"
        " AND a.person_id = d.person_id",
        (link.pk,),
    )
    execute(
        "INSERT INTO store_mark (link_id, why, noted_at) VALUES (%s, 'decision', %s)"
        " ON CONFLICT (link_id) DO UPDATE SET noted_at = excluded.noted_at",
        (link.pk, now),
    )


def _agree(rows: str, parameters: Sequence[object] = ()) -> None:
    """Remember values (agreement_id, field, value) as what both sides last had in common."""
    execute(
        "UPDATE store_agreement a SET custom = jsonb_strip_nulls(a.custom || n.values) FROM"
        f" (SELECT agreement_id, jsonb_object_agg(field, value) AS values FROM ({rows}) r GROUP BY agreement_id) n"
        " WHERE a.id = n.agreement_id",
        parameters,
    )


def _where(link: Link) -> dict[str, object]:
    fields = [each.field.name for each in mappings(link.connection) if each.off is None]
    return {
        "link": link.pk,
        "connection": link.connection_id,
        "campaign": link.campaign_id,
        "program": link.program_id,
        "fields": fields,
    }
