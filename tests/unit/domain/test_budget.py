"""An org is asked as often as was said, less often when most of its calls are used, and not at all when they are spent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignsync.domain.backlog import hour_of
from campaignsync.domain.budget import Budget, pause, pause_text
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
        assert budgets[899].reason_to_hold(first_load=True) is None
        assert "first loads" in str(budgets[900].reason_to_hold(first_load=True))
        assert budgets[900].reason_to_hold(first_load=False) is None
        assert "only looked" in str(budgets[950].reason_to_hold(first_load=False))


def test_what_is_kept_for_others_is_not_touched() -> None:
    at = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    with pytest.raises(RetryableError, match="4,000 are kept for others"):
        Budget(at=at, reserve=4_000, usage=ApiUsage(used=1_000, allowed=5_000)).require("org")
    Budget(at=at, usage=ApiUsage(used=4_999, allowed=5_000)).require("org")
