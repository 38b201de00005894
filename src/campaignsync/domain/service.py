"""What a service that is always on counts with: how soon a dead worker is noticed, when a failed round comes again.

Used by the worker, the queue and the listener. Times are bounds that docs/operate.md promises; nobody needs to tune them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from campaignsync.domain.errors import CampaignsyncError, RetryableError, UnknownOutcomeError
from campaignsync.domain.ids import ConnectionId

HEARTBEAT_S = 2.0
STALE_AFTER_S = 10.0
"""A worker that gave no sign of life for so long is dead, and its org goes to another."""
TAKEN_OVER_WITHIN_S = 15.0
"""What we promise of a takeover, from the last sign of life until another worker begins the round: the silence, a look every
second, and room for a busy machine. While the database is away nobody can take over anything; that time comes on top."""
COMPARED_EVERY = timedelta(days=1)
"""Once a day everything is listed whole: what no event and no look told is found then, at the latest."""
BEGUN = datetime(1970, 1, 1, tzinfo=UTC)
"""Kept as the time of the last comparison while the first is under way, or the first since the org lost track: long ago, so that
it is due till it is done, and not nothing, which is what is kept when the org loses track (again) meanwhile."""
LONGEST_BACK_OFF_S = 300.0
"""Whatever was wrong, it may be mended: we look again every five minutes at the least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """A job that came to no good end: it failed, or (not `failed`) its worker died."""

    connection_id: ConnectionId
    failures: int
    failed: bool
    silent_s: float | None = None
    """How long its worker had given no sign of life by then; None where it was struck off the list of workers already."""


def comparison_due(compared_at: datetime | None, now: datetime) -> bool:
    """Whether all of an org is to be listed whole again: never was, long ago, or at a time to come by a clock set wrong."""
    return compared_at is None or abs(now - compared_at) > COMPARED_EVERY


def back_off_s(failures: int) -> float:
    """How long to wait after so many failures in a row: 1 s, 2 s, 4 s and so on, five minutes at the most."""
    return min(2.0 ** min(failures, 16), LONGEST_BACK_OFF_S)


def again_after_s(error: CampaignsyncError, failures: int) -> float:
    """When a failed round comes again: soon where time mends it, in five minutes where a person must (the error's policy)."""
    match error:
        case RetryableError():
            return min(max(error.retry_after_s, back_off_s(failures)), LONGEST_BACK_OFF_S)
        case UnknownOutcomeError():
            return back_off_s(failures)
        case _:
            return LONGEST_BACK_OFF_S


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundEnd:
    """What a round that has ended leaves to be counted."""

    seconds: float
    failed: bool
    clock_ahead_s: float | None = None
    """How far our clock is ahead of the org's, as its last answer told."""


ROUND_BUCKETS_S = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)
"""Rounds are counted by whether they took no longer than each of these."""
