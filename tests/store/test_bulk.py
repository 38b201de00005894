"""Very many rows are one statement, also on a connection that has seen none so far: what is linear must stay linear."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from campaign_words import Linked, counts, delta, member
from campaignsync.store.frames import execute, rows

MANY = 30_000


def test_a_change_of_very_many_members_is_noted_in_one_go_after_a_statement_that_touched_none(
    linked: Linked,
) -> None:
    """Kept plans for no rows took hours for these; the limit only keeps a failure from taking them too."""
    ledger, connection_id = linked.app.ledger, linked.connection.connection_id
    seen = delta(*(member(number, "Invited") for number in range(MANY)), member_counts=counts(MANY))
    ledger.mirror(connection_id, seen)
    moved = replace(seen, members=seen.members.with_columns(pl.lit("Attended").alias("status")))
    execute("SET statement_timeout = '120s'")
    try:
        ledger.mirror(connection_id, moved)
        ledger.adopt_people(linked.link)
    finally:
        execute("RESET statement_timeout")
    noted = rows(
        "SELECT count(*) AS changes FROM store_journalentry WHERE old = 'Invited' AND new = 'Attended'"
    )
    assert noted == [{"changes": MANY}]
    assert ledger.trees(linked.link).campaign["status"].unique().to_list() == ["Attended"]
