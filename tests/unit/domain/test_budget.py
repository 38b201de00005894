"""An org is asked as often as was said, less often when most of its calls are used, and not at all when they are spent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignsync.domain.backlog import hour_of
from campaignsync.domain.budget import Budget, Pace, pause, pause_text
from campaignsync.domain.errors import RetryableError, UsageError
from campaignsync.domain.observation import ApiUsage

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


def budget(daily_calls: int | None, *used: tuple[float, int], every: int = 5, ago: float = 6) -> Budget:
    """Calls as (hours ago, how many); a round every so many minutes, the last so many minutes ago."""
    return Budget(
        at=NOW,
        every=timedelta(minutes=every),
        round_at=NOW - timedelta(minutes=ago),
        daily_calls=daily_calls,
        calls={hour_of(NOW - timedelta(hours=hours)): calls for hours, calls in used},
    )


@pytest.mark.parametrize(
    ("held", "next_round", "due"),
    [
        (budget(None, (1, 10**6)), NOW, True),
        (budget(None, ago=4), NOW + timedelta(minutes=1), False),
        (budget(100, (1, 79)), NOW, True),
        (budget(100, (1, 80)), NOW + timedelta(minutes=54), False),  # Once an hour from four fifths on.
        (budget(100, (1, 80), every=240), NOW + timedelta(minutes=234), False),
        (budget(100, (1, 80), ago=60), NOW, True),
        (budget(100, (1, 100), ago=60), datetime(2026, 3, 2, 12, tzinfo=UTC), False),
        (budget(100, (26, 1000)), NOW, True),
        (Budget(at=NOW, every=timedelta(hours=1)), NOW, True),  # Never had a round.
        (Budget(at=NOW), None, False),
    ],
)
def test_the_next_round(held: Budget, next_round: datetime | None, due: bool) -> None:
    assert (held.next_round, held.due) == (next_round, due)


@pytest.mark.parametrize(
    ("used", "frees_up"),
    [
        ([(1, 100)], datetime(2026, 3, 2, 12, tzinfo=UTC)),
        ([(20, 30), (1, 70)], datetime(2026, 3, 1, 17, tzinfo=UTC)),
        ([(20, 30), (10, 60), (1, 110)], datetime(2026, 3, 2, 12, tzinfo=UTC)),
        ([(23.9, 1), (1, 99)], datetime(2026, 3, 1, 13, tzinfo=UTC)),
    ],
)
def test_a_spent_budget_says_what_is_used_and_when_it_frees_up(
    used: list[tuple[float, int]], frees_up: datetime
) -> None:
    with pytest.raises(
        RetryableError, match=f"of its 100 API calls.*until {frees_up:%Y-%m-%d %H:%M} UTC"
    ) as told:
        budget(100, *used).require("org")
    assert told.value.code == "BUDGET_SPENT"
    assert told.value.retry_after_s == (frees_up - NOW).total_seconds()


@given(
    st.lists(st.tuples(st.floats(0, 30), st.integers(0, 200)), max_size=12),
    st.none() | st.integers(1, 500),
)
def test_the_laws_of_the_budget(used: list[tuple[float, int]], daily: int | None) -> None:
    held = budget(daily, *used)
    assert held.frees_up >= NOW
    assert held.spent == (held.frees_up > NOW)
    later = Budget(at=held.frees_up, daily_calls=daily, calls=held.calls)
    assert not later.spent
    if not held.spent:
        held.require("org")


@pytest.mark.parametrize("text", ["1m", "5m", "90m", "2h", "1d", "7d", "off"])
def test_a_pause_reads_as_it_is_written(text: str) -> None:
    assert pause_text(pause(text)) == text


@pytest.mark.parametrize("text", ["", "0m", "5", "5s", "8d", "-5m", "5 m", "soon"])
def test_what_is_no_pause_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no time between rounds"):
        pause(text)


def test_near_the_end_of_what_there_is_first_loads_wait_and_then_all_writing() -> None:
    """Of our own budget, and of what the org has beyond the reserve (S2.2.9), whichever is nearer its end."""
    at = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    own = {
        used: Budget(at=at, daily_calls=1_000, calls={at.replace(minute=0): used}) for used in (899, 900, 950)
    }
    org = {
        used: Budget(at=at, reserve=4_000, usage=ApiUsage(used=used, allowed=5_000))
        for used in (899, 900, 950)
    }
    for budgets in (own, org):
        assert budgets[899].reason_to_hold(backfill=True) is None
        assert "first loads" in str(budgets[900].reason_to_hold(backfill=True))
        assert budgets[900].reason_to_hold(backfill=False) is None
        assert "only looked" in str(budgets[950].reason_to_hold(backfill=False))


def test_what_is_kept_for_others_is_not_touched() -> None:
    at = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    with pytest.raises(RetryableError, match="4,000 are kept for others"):
        Budget(at=at, reserve=4_000, usage=ApiUsage(used=1_000, allowed=5_000)).require("org")
    Budget(at=at, usage=ApiUsage(used=4_999, allowed=5_000)).require("org")


@pytest.mark.parametrize(
    ("ours", "others", "limit", "daily", "reserve", "pace"),
    [
        (0, 0, 5_000, None, None, Pace.FULL),
        (4_999, 0, 5_000, None, None, Pace.FULL),  # Nothing was asked of us.
        (0, 5_000, 5_000, None, None, Pace.FULL),
        # Our own budget.
        (799, 0, 5_000, 1_000, None, Pace.FULL),
        (800, 0, 5_000, 1_000, None, Pace.SLOW),
        (900, 0, 5_000, 1_000, None, Pace.NO_BACKFILLS),
        (950, 0, 5_000, 1_000, None, Pace.READS_ONLY),
        (1_000, 0, 5_000, 1_000, None, Pace.NOTHING),
        # What the org has beyond the reserve, whoever used it.
        (0, 799, 5_000, None, 4_000, Pace.FULL),
        (0, 800, 5_000, None, 4_000, Pace.SLOW),
        (400, 400, 5_000, None, 4_000, Pace.SLOW),
        (0, 900, 5_000, None, 4_000, Pace.NO_BACKFILLS),
        (0, 950, 5_000, None, 4_000, Pace.READS_ONLY),
        (0, 1_000, 5_000, None, 4_000, Pace.NOTHING),
        (0, 4_800, 5_000, None, 0, Pace.READS_ONLY),
        (0, 0, 5_000, None, 5_000, Pace.NOTHING),  # All of it is for others.
        (0, 0, 5_000, None, 9_000, Pace.NOTHING),
        # Whichever is nearer its end.
        (100, 800, 5_000, 1_000, 4_000, Pace.NO_BACKFILLS),
        (950, 0, 50_000, 1_000, 4_000, Pace.READS_ONLY),
        (100, 3_900, 5_000, 1_000, 900, Pace.READS_ONLY),
        (1_000, 0, 50_000, 1_000, 4_000, Pace.NOTHING),
        # Of very few calls a day the last twentieth is hardly one link's.
        (95, 0, 5_000, 99, None, Pace.SLOW),
        (99, 0, 5_000, 99, None, Pace.NOTHING),
        (95, 900, 5_000, 99, 4_000, Pace.READS_ONLY),
    ],
)
def test_the_pace_by_what_we_and_others_have_used(
    ours: int, others: int, limit: int, daily: int | None, reserve: int | None, pace: Pace
) -> None:
    """S2.2.9: what the org has used is everybody's calls, ours as well."""
    held = Budget(
        at=NOW,
        every=timedelta(minutes=5),
        round_at=NOW - timedelta(minutes=6),
        daily_calls=daily,
        calls={hour_of(NOW): ours},
        reserve=reserve,
        usage=ApiUsage(used=ours + others, allowed=limit),
    )
    assert held.pace is pace
    assert held.slow == (pace >= Pace.SLOW) == (not held.due)
    assert (held.reason_to_hold(backfill=True) is None) == (pace < Pace.NO_BACKFILLS)
    assert (held.reason_to_hold(backfill=False) is None) == (pace < Pace.READS_ONLY)
    assert (held.said is None) == (pace is Pace.FULL)
    if pace is Pace.NOTHING:
        with pytest.raises(RetryableError):
            held.require("org")
    else:
        held.require("org")


@given(
    st.integers(0, 6_000),
    st.integers(0, 6_000),
    st.integers(1, 6_000),
    st.none() | st.integers(1, 6_000),
    st.none() | st.integers(0, 6_000),
)
def test_more_calls_never_quicken_the_pace(
    ours: int, others: int, limit: int, daily: int | None, reserve: int | None
) -> None:
    def held(more: int) -> Budget:
        usage = ApiUsage(used=ours + others + more, allowed=limit)
        return Budget(at=NOW, daily_calls=daily, calls={NOW: ours + more}, reserve=reserve, usage=usage)

    paces = [held(more).pace for more in (0, 1, 100, 5_000)]
    assert paces == sorted(paces)


def test_what_an_org_told_is_believed_for_an_hour() -> None:
    """So that a reserve that is reached costs a look an hour, and is left behind when others' calls are a day old."""

    def held(minutes: int) -> Budget:
        told = ApiUsage(used=1_000, allowed=5_000)
        return Budget(at=NOW, reserve=4_000, usage=told, told_at=NOW - timedelta(minutes=minutes))

    assert held(59).pace is Pace.NOTHING
    assert held(60).pace is Pace.FULL
    with pytest.raises(RetryableError, match="asked again within an hour"):
        held(59).require("org")
    held(60).require("org")


def test_a_sentence_tells_of_what_is_nearer_its_end() -> None:
    used = ApiUsage(used=820, allowed=5_000)
    of_org = Budget(at=NOW, daily_calls=1_000, calls={hour_of(NOW): 100}, reserve=4_000, usage=used)
    ours = replace(of_org, calls={hour_of(NOW): 900})
    assert of_org.said == (
        "820 of the 1,000 API calls that the org has beyond the 4,000 for others are used (82%):"
        " a round comes once an hour at the most."
    )
    assert ours.said == (
        "900 of the 1,000 API calls of our budget are used (90%): first loads wait until there are more,"
        " and other backfills; a round comes once an hour at the most."
    )
