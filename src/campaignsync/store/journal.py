"""Writes the journal where no trigger does: people who are found, followed, joined, and their fields (M7, M8).

Called by the other modules of the store inside `acting`, which tells who does it, why and in which run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from campaignsync.store.frames import execute
from campaignsync.store.triggers import COLUMNS, NOW, RUN, TOLD, WHY


def note(rows: str, parameters: Sequence[Any] = (), *, campaign: str = "") -> None:
    """Enter the rows of a SELECT: side, connection_id, person_id, noun, record_id, old, new, why (null: as `acting` told); about
    a campaign's members where one is named."""
    execute(
        f"INSERT INTO store_journalentry {COLUMNS} SELECT {NOW}, {TOLD}, coalesce(r.why, {WHY}), {RUN}, r.side,"
        " r.connection_id, NULL, %s, r.person_id, r.noun, r.record_id, r.old, r.new FROM"
        f" ({rows}) r",
        (campaign, *parameters),
    )
