"""How the rounds of orgs went, which comparison is due, and what is deleted since it was kept long enough.

Called by the worker behind each round and once an hour. The journal is append-only for everybody but `tidy`, which may forget
what is older than an admin wants it kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.db import transaction

from campaignsync.domain.ids import ConnectionId
from campaignsync.domain.service import BEGUN, ROUND_BUCKETS_S, RoundEnd, comparison_due
from campaignsync.settings import Retention
from campaignsync.store import doubts, flow_retention, models, tallies, uploads
from campaignsync.store.frames import execute
from campaignsync.store.jobs import reached

_AT_ONCE = 10_000
_OLD = {
    "runs": (
        "store_run",
        "started_at",
        " AND id NOT IN (SELECT max(id) FROM store_run GROUP BY link_id)",
    ),
    "notices": ("store_notice", "at", " AND settled_at IS NOT NULL"),
    "journal": ("store_journalentry", "at", ""),
}


class Pulses:
    """Counts of rounds in PostgreSQL."""

    def __init__(self, clock: Callable[[], datetime], retention: Retention) -> None:
        self._now = clock
        self._journeys = retention.journeys
        self._kept = {
            "runs": retention.runs,
            "notices": retention.runs,
            "journal": retention.journal,
        }

    def beat(self, org: ConnectionId, end: RoundEnd) -> None:
        """Count a round that has ended."""
        within = [int(end.seconds <= bound) for bound in ROUND_BUCKETS_S]
        with reached():
            execute(
                "INSERT INTO store_pulse AS p (connection_id, rounds, failed, seconds, within, ended_at,"
                " clock_ahead_s) VALUES (%s, 1, %s, %s, %s, %s, %s)"
                " ON CONFLICT (connection_id) DO UPDATE SET"
                " rounds = p.rounds + 1, failed = p.failed + excluded.failed, seconds = p.seconds + excluded.seconds,"
                " within = (SELECT array_agg(a + b ORDER BY n) FROM unnest(p.within, excluded.within)"
                " WITH ORDINALITY u(a, b, n)),"
                " ended_at = excluded.ended_at, clock_ahead_s = coalesce(excluded.clock_ahead_s, p.clock_ahead_s)",
                (
                    org,
                    int(end.failed),
                    end.seconds,
                    within,
                    self._now(),
                    end.clock_ahead_s,
                ),
            )

    def comparison_due(self, org: ConnectionId) -> bool:
        """Whether everything of an org is to be listed whole again."""
        connections = models.Connection.objects.filter(pk=org)
        compared_at = connections.values_list("compared_at", flat=True).get()
        return comparison_due(compared_at, self._now())

    def campaigns(self, org: ConnectionId) -> Sequence[str]:
        """The campaigns of an org whose members are mirrored and that are not deleted."""
        found = models.Campaign.objects.filter(connection_id=org, is_deleted=False, scope="in").order_by("pk")
        return list(found.values_list("salesforce_id", flat=True))

    def comparing(self, org: ConnectionId) -> None:
        """Everything of an org is listed whole from now on; until that is done it is due as before."""
        models.Connection.objects.filter(pk=org, compared_at=None).update(compared_at=BEGUN)
        doubts.doubt_everybody(org)

    def compared(self, org: ConnectionId) -> None:
        """Everything of an org was listed whole; not where a listener has said meanwhile that the org lost track."""
        models.Connection.objects.filter(pk=org, compared_at__isnull=False).update(compared_at=self._now())

    def tidy(self) -> dict[str, int]:
        """Delete what is kept for too long already, in small transactions; how many rows of what. Long tallies
        and doubts are folded, and uploaded files that nobody came back for are gone."""
        with reached():
            tallies.fold_long()
            doubts.fold_long()
            uploads.forget_old(self._now())
        deleted = {what: self._forget(what, kept) for what, kept in self._kept.items() if kept}
        if self._journeys:
            with reached():
                deleted["journeys"] = flow_retention.forget_journeys(self._now() - self._journeys)
        return deleted

    def _forget(self, what: str, kept: timedelta) -> int:
        table, column, besides = _OLD[what]
        deleted = 0
        with reached():
            while True:
                with transaction.atomic():
                    if what == "journal":
                        execute("SELECT set_config('campaignsync.forgets', 'yes', true)")
                    some = execute(
                        f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE {column} < %s{besides}"
                        " ORDER BY id LIMIT %s)",
                        (self._now() - kept, _AT_ONCE),
                    )
                deleted += some
                if some < _AT_ONCE:
                    return deleted
