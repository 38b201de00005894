"""Writes the journal where no trigger does: people who are found, followed, joined, and their fields (M7, M8).

Called by the other modules of the store inside `acting`, which tells who does it, why and in which run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from campaignsync.store.frames import execute, rows
from campaignsync.store.triggers import COLUMNS, JOURNAL_LOCK, JOURNAL_SEQUENCE, NOW, RUN, TOLD, WHY


def note(select: str, parameters: Sequence[Any] = (), *, campaign: str = "") -> None:
    """Enter the rows of a SELECT: side, connection_id, person_id, noun, record_id, old, new, why (null: as `acting` told); about
    a campaign's members where one is named."""
    execute(
        f"INSERT INTO store_journalentry {COLUMNS} SELECT {NOW}, {TOLD}, coalesce(r.why, {WHY}), {RUN}, r.side,"
        " r.connection_id, NULL, %s, r.person_id, r.noun, r.record_id, r.old, r.new FROM"
        f" ({select}) r",
        (campaign, *parameters),
    )


def last_entry() -> int:
    """The latest number of an entry that was given to anybody, committed or not."""
    (row,) = rows(
        f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS entry_id FROM {JOURNAL_SEQUENCE}"
    )
    return int(row["entry_id"])


def committed_until() -> int:
    """The latest entry of which it is certain that no earlier one can still appear.

    Numbers are given before they are committed, so that a reader who went by numbers alone would pass over an entry whose writer
    is slow. So every writer holds a lock that shows from where on it writes, taken before its first number and let go when its
    rows are to be seen (`triggers.tell_readers`). Numbers given before we look, and below all of those locks, are settled. The
    order of the three looks matters: numbers first, then locks, then, by whoever calls this, the entries, in a new snapshot.
    """
    given = last_entry()
    (row,) = rows(
        "SELECT min((classid::bigint << 32 | objid::bigint) & ((1::bigint << 48) - 1)) AS entry_id FROM pg_locks"
        " WHERE locktype = 'advisory' AND objsubid = 1 AND classid::bigint >> 16 = %s"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        (JOURNAL_LOCK,),
    )
    return given if row["entry_id"] is None else min(given, int(row["entry_id"]))
