"""Forgets what flows did to whom once it was kept for long enough, but not that somebody went through: M10.6 asks for that.

Called by `store.pulse`. Who is still in a flow stays, with all that was done to them; a person who went through `once` is not
let in again, and how many went through stays known.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from campaignsync.store.frames import execute, rows, table

_AT_ONCE = 10_000
_AT_LEAST = timedelta(days=8)
"""By what flows did within a week circles are recognised (store.flow_entry)."""


def forget_journeys(before: datetime) -> int:
    """Journeys that ended before then, with their results, in small transactions; how many."""
    forgotten = 0
    while some := _some(before):
        forgotten += some
    return forgotten


def _some(before: datetime) -> int:
    with transaction.atomic():
        (clock,) = rows("SELECT now() AS now")
        table(
            "forgotten",
            "SELECT id, smart_campaign_id, person_id, entered_at, state FROM store_journey"
            " WHERE state IN ('done', 'aborted', 'gone') AND ended_at < least(%s, %s) ORDER BY id LIMIT %s FOR UPDATE",
            (before, clock["now"] - _AT_LEAST, _AT_ONCE),
        )
        execute(
            "INSERT INTO store_passage AS p (smart_campaign_id, person_id, times, last_at) SELECT smart_campaign_id, person_id,"
            " count(*) FILTER (WHERE state = 'done'), max(entered_at) FROM forgotten GROUP BY 1, 2"
            " ON CONFLICT (smart_campaign_id, person_id) DO UPDATE SET times = p.times + excluded.times,"
            " last_at = greatest(p.last_at, excluded.last_at)"
        )
        execute("DELETE FROM store_stepresult r USING forgotten f WHERE r.journey_id = f.id")
        return execute("DELETE FROM store_journey j USING forgotten f WHERE j.id = f.id")
