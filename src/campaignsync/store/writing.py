"""Keeps what a run did: our own members, what was agreed, what was intended, what became of it.

Called through `Ledger`, each function inside one transaction of `acting`. Frames come in as temporary tables; every statement
works on all rows at once.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from campaignsync.domain.errors import CHANGED_MEANWHILE
from campaignsync.domain.labels import Vocabulary
from campaignsync.domain.membership import Origin
from campaignsync.domain.problems import Direction
from campaignsync.domain.steps import texts_in
from campaignsync.store.acting import alone
from campaignsync.store.frames import bulk, execute, query, temporary
from campaignsync.store.models import Link
from campaignsync.store.problems import keep, members_of, solve

_REMEMBER = (
    "INSERT INTO store_agreement (link_id, person_id, status) SELECT %s, person_id, status FROM {table}"
    " WHERE status IS NOT NULL ON CONFLICT (link_id, person_id) DO UPDATE SET status = excluded.status"
    " WHERE store_agreement.status IS DISTINCT FROM excluded.status"
)
_FORGET = "DELETE FROM store_agreement a USING {table} t WHERE a.link_id = %s AND a.person_id = t.person_id AND t.status IS NULL"

_LABELS = ("wanted", "status", "agreed")
_UNHEARD = {
    "person_id": pl.Int64,
    **dict.fromkeys(_LABELS, pl.String),
    **dict.fromkeys(("there", "ours", "looked"), pl.Boolean),
}

_COMMITS_LATE = timedelta(minutes=15)
"""Longer than a transaction may take in Salesforce, and than the delta looks back for late commits (S0.15)."""


def change_members(link: Link, changes: pl.DataFrame, now: datetime) -> int:
    """Our side follows: who was planned with the status `was` gets `status`, or leaves. How many did.

    Whoever was changed here since the plan was made is left alone; the next round sees both changes. Success is dated by the
    first time it is reached and stays (M1.4); whoever comes back starts over (M2.6).
    """
    alone("members", link.program_id)
    temporary("changes", changes)
    execute(
        "DELETE FROM store_programmember m USING changes c, store_progressionstatus o WHERE m.program_id = %s"
        " AND m.person_id = c.person_id AND c.status IS NULL AND o.id = m.status_id AND o.name = c.was",
        (link.program_id,),
    )
    execute(
        "UPDATE store_programmember m SET status_id = s.id, reached_success_at ="
        " CASE WHEN s.success THEN coalesce(m.reached_success_at, %s) ELSE m.reached_success_at END"
        " FROM changes c, store_progressionstatus s, store_progressionstatus o WHERE m.program_id = %s"
        " AND m.person_id = c.person_id AND s.channel_id = %s AND s.name = c.status AND o.id = m.status_id AND o.name = c.was",
        (now, link.program_id, link.program.channel_id),
    )
    bulk(
        "store_programmember",
        "INSERT INTO store_programmember (program_id, person_id, status_id, member_since, reached_success_at, origin)"
        " SELECT %s, c.person_id, s.id, %s, CASE WHEN s.success THEN %s::timestamptz END, %s FROM changes c"
        " JOIN store_progressionstatus s ON s.channel_id = %s AND s.name = c.status"
        # Whoever was merged into somebody else since the plan was made is a member under that name.
        " JOIN store_person p ON p.id = c.person_id AND p.merged_into_id IS NULL WHERE c.was IS NULL"
        " ON CONFLICT (program_id, person_id) DO NOTHING",
        (link.program_id, now, now, Origin.CAMPAIGN.value, link.program.channel_id),
    )
    left_alone = execute(
        "DELETE FROM changes c WHERE c.status IS DISTINCT FROM (SELECT s.name FROM store_programmember m"
        " JOIN store_progressionstatus s ON s.id = m.status_id WHERE m.program_id = %s AND m.person_id = c.person_id)",
        (link.program_id,),
    )
    bulk("store_agreement", _REMEMBER.format(table="changes"), (link.pk,))
    execute(_FORGET.format(table="changes"), (link.pk,))
    return changes.height - left_alone


def agree(link: Link, agreed: pl.DataFrame) -> None:
    """Both sides are the same already (person_id, status): the memory follows, and nothing is intended any more."""
    temporary("agreed", agreed)
    bulk("store_agreement", _REMEMBER.format(table="agreed"), (link.pk,))
    execute(_FORGET.format(table="agreed"), (link.pk,))
    execute(
        "DELETE FROM store_intent i USING agreed a WHERE i.link_id = %s AND i.person_id = a.person_id",
        (link.pk,),
    )


def decide_for_program(link: Link, conflicts: pl.DataFrame, who: str, now: datetime) -> None:
    """What the campaign says counts as agreed (person_id, program, campaign), so that the program is who edited."""
    temporary("decided", conflicts.select("person_id", "program", pl.col("campaign").alias("status")))
    execute(_REMEMBER.format(table="decided"), (link.pk,))
    execute(
        "INSERT INTO store_journalentry (at, who, why, side, connection_id, program_id, campaign_id, person_id, noun, record_id,"
        " old, new) SELECT %s, %s, 'conflict decided for the program', 'program', %s, %s, %s, person_id, 'decision', '',"
        " status, program FROM decided",
        (now, who, link.connection_id, link.program_id, link.campaign_id),
    )
    execute(
        "INSERT INTO store_mark (link_id, why, noted_at) VALUES (%s, 'decision', %s)"
        " ON CONFLICT (link_id) DO UPDATE SET noted_at = excluded.noted_at",
        (link.pk, now),
    )


def intend(link: Link, wanted: pl.DataFrame, now: datetime) -> None:
    """What is about to be written (person_id, status) is committed first."""
    temporary("wanted", wanted)
    bulk(
        "store_intent",
        "INSERT INTO store_intent (link_id, person_id, wanted, at) SELECT %s, person_id, status, %s FROM wanted"
        " ON CONFLICT (link_id, person_id) DO UPDATE SET wanted = excluded.wanted, at = excluded.at, looked = false",
        (link.pk, now),
    )


def settle(link: Link, sync_user_id: str, vocabulary: Vocabulary, now: datetime) -> None:
    """Writes that nobody heard of, judged by the mirror: where we wrote last, what the row says is our own write, failed or not
    (S0.2); a row that says what we wanted in the first look since took our write, whoever touched it, as a flip of what counts as
    responded does (S1.2.7); whom we meant to remove and who is gone, we removed. The agreed state becomes that, and nobody's edit
    is in it. What has not been seen done by the time that Salesforce commits late was not done."""
    unheard = query(
        "SELECT t.person_id, t.wanted, m.status, a.status AS agreed, m.salesforce_id IS NOT NULL AS there,"
        " coalesce(m.last_modified_by_id = %s, false) AS ours, t.looked FROM store_intent t JOIN store_personidentity i"
        " ON i.connection_id = %s AND i.person_id = t.person_id AND NOT i.is_deleted LEFT JOIN store_campaignmember m"
        " ON m.connection_id = i.connection_id AND m.campaign_id = %s AND coalesce(m.contact_id, m.lead_id) = i.salesforce_id"
        " LEFT JOIN store_agreement a ON a.link_id = t.link_id AND a.person_id = t.person_id WHERE t.link_id = %s",
        (sync_user_id, link.connection_id, link.campaign_id, link.pk),
        _UNHEARD,
    )
    spelling = vocabulary.spelling(texts_in(unheard.select(_LABELS).get_columns()))
    as_wanted = ~pl.col("looked") & (pl.col("status") == pl.col("wanted"))
    done = (
        pl.when(pl.col("wanted").is_null())
        .then(~pl.col("there"))
        .otherwise(pl.col("status").is_not_null() & (pl.col("ours") | as_wanted))
    )
    news = pl.col("status").ne_missing(pl.col("agreed"))
    judged = unheard.with_columns(pl.col(_LABELS).replace(spelling)).filter(done & news)
    if not judged.is_empty():
        temporary("judged", judged.select("person_id", "status").unique("person_id"))
        execute(_REMEMBER.format(table="judged"), (link.pk,))
        execute(_FORGET.format(table="judged"), (link.pk,))
    execute(
        "DELETE FROM store_intent WHERE link_id = %s AND (person_id = ANY(%s) OR at < %s)",
        (link.pk, judged["person_id"].to_list(), now - _COMMITS_LATE),
    )
    execute("UPDATE store_intent SET looked = true WHERE link_id = %s AND NOT looked", (link.pk,))


def record_outcomes(link: Link, outcomes: pl.DataFrame, now: datetime) -> int:
    """The agreed state moves to what was read back, for writes that Salesforce took; refusals become problems. How many were
    stored as wanted."""
    known = outcomes.filter("known")
    taken = known.filter(pl.col("code").is_null())
    temporary("taken", taken.select("person_id", pl.col("found").alias("status")))
    execute(_REMEMBER.format(table="taken"), (link.pk,))
    execute(_FORGET.format(table="taken"), (link.pk,))
    heard_of = known["person_id"].to_list()
    execute("DELETE FROM store_intent WHERE link_id = %s AND person_id = ANY(%s)", (link.pk, heard_of))
    as_wanted = pl.col("found").eq_missing(pl.col("wanted"))
    solve(members_of(link), taken.filter(as_wanted)["person_id"].to_list(), now)
    turned = taken.filter(~as_wanted).with_columns(
        pl.lit("STATUS_NOT_STORED").alias("code"),
        pl.format(
            "Salesforce stored {} instead of {}.", _named(pl.col("found")), _named(pl.col("wanted"))
        ).alias("message"),
        pl.lit(value=False).alias("retriable"),
    )
    refused = pl.concat([known.filter(pl.col("code") != CHANGED_MEANWHILE), turned])
    keep(members_of(link), refused, Direction.TO_CAMPAIGN, now)
    return taken.height - turned.height


def _named(status: pl.Expr) -> pl.Expr:
    return pl.when(status.is_null()).then(pl.lit("no member")).otherwise(pl.format("'{}'", status))
