"""Throughput, backlog, time to drain and trend from hourly counts (M8.3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignsync.domain.backlog import METRICS, STEPS, TRAFFIC, hour_of, metrics, trend

NOW = datetime(2026, 3, 29, 12, 30, tzinfo=UTC)  # The day on which Europe's clocks go forward.
LANE = ("CampaignMember", "to Salesforce")

Counted = tuple[float, int, int | None]
"""How many hours ago, what moved in that hour, what waited at its last count."""


def traffic(*counted: Counted, link: int = 1, lane: tuple[str, str] = LANE) -> pl.DataFrame:
    rows = []
    for hours, moved, waiting in counted:
        at = NOW - timedelta(hours=hours)
        rows.append((link, *lane, hour_of(at), moved, waiting, None if waiting is None else at))
    return pl.DataFrame(rows, schema=TRAFFIC, orient="row")


def measured(*counted: Counted) -> dict[str, object]:
    return metrics(traffic(*counted), NOW).row(0, named=True)


@pytest.mark.parametrize(
    ("counted", "most", "least", "average"),
    [
        ([(0, 240, None)], 240, 0, 10),
        ([(hours, 10, None) for hours in range(24)], 10, 10, 10),
        ([(0, 24, None), (23, 72, None)], 72, 0, 4),
        ([(24, 999, None), (30, 999, None)], 0, 0, 0),
    ],
)
def test_throughput_is_of_the_last_24_hours_those_without_traffic_included(
    counted: list[Counted], most: int, least: int, average: float
) -> None:
    found = measured(*counted)
    assert (found["max_per_hour"], found["min_per_hour"], found["average_per_hour"]) == (most, least, average)


@pytest.mark.parametrize(
    ("counted", "backlog", "hours"),
    [
        ([(0, 240, 50)], 50, 5.0),
        ([(0, 240, 0)], 0, 0.0),
        ([(0, 0, 50)], 50, None),  # Nothing moves: nobody can say when it ends.
        ([(0, 0, 0)], 0, 0.0),
        ([(1, 240, 50), (0, 0, None)], 50, 5.0),  # What was counted holds until it is counted again.
    ],
)
def test_the_time_to_drain_is_the_backlog_by_the_average(
    counted: list[Counted], backlog: int, hours: float | None
) -> None:
    found = measured(*counted)
    assert (found["backlog"], found["hours_to_drain"]) == (backlog, hours)


@pytest.mark.parametrize(
    ("counted", "state"),
    [
        ([(7, 0, 5), (0, 0, 6)], "growing"),
        ([(7, 0, 5), (0, 0, 5)], "normal"),
        ([(7, 0, 5), (0, 0, 4)], "normal"),
        ([(7, 0, 5), (5, 0, 9), (0, 0, 6)], "growing"),
        ([(7, 0, 5), (5, 0, 9), (0, 0, 5)], "normal"),
        ([(5, 0, 5), (0, 0, 9)], "normal"),  # Nobody knows what it was six hours ago.
    ],
)
def test_a_backlog_that_is_more_than_six_hours_ago_is_growing(counted: list[Counted], state: str) -> None:
    assert measured(*counted)["state"] == state


def test_links_are_added_up_and_lanes_are_not() -> None:
    both = pl.concat(
        [
            traffic((0, 24, 3), link=1),
            traffic((0, 48, 4), link=2),
            traffic((0, 24, 9), lane=("Lead", "to Salesforce")),
        ]
    )
    rows = metrics(both, NOW).select("object", "backlog", "average_per_hour").rows()
    assert rows == [("CampaignMember", 7, 3.0), ("Lead", 9, 1.0)]


def test_where_nothing_was_counted_there_is_nothing_to_tell() -> None:
    nothing = pl.DataFrame(schema=TRAFFIC)
    assert metrics(nothing, NOW).schema == METRICS
    assert {waiting for _, waiting in trend(nothing, NOW)} == {None}


def test_the_trend_has_steps_of_four_hours_over_five_days_in_utc_the_last_of_them_now() -> None:
    steps = trend(traffic((100, 0, 7), (9, 0, 20), (0, 0, 3)), NOW)
    ends = [end for end, _ in steps]
    assert ends[-1] == NOW
    assert ends[-2] == datetime(2026, 3, 29, 12, tzinfo=UTC)
    assert ends[0] == NOW.replace(minute=0) - timedelta(hours=4 * 28)
    assert [waiting for _, waiting in steps][:5] == [None, None, None, None, 7]
    assert [waiting for _, waiting in steps][-5:] == [7, 20, 20, 20, 3]


COUNTS = st.lists(
    st.tuples(st.floats(0, 140), st.integers(0, 10**6), st.none() | st.integers(0, 10**6)),
    min_size=1,
    max_size=40,
    unique_by=lambda counted: hour_of(NOW - timedelta(hours=counted[0])),
)


@given(COUNTS)
def test_the_laws_of_the_metrics(counted: list[Counted]) -> None:
    found = measured(*counted)
    assert found["min_per_hour"] <= found["average_per_hour"] <= found["max_per_hour"]  # type: ignore[operator]
    recent = [
        moved
        for hours, moved, _ in counted
        if hour_of(NOW) - hour_of(NOW - timedelta(hours=hours)) < timedelta(days=1)
    ]
    assert found["average_per_hour"] == pytest.approx(sum(recent) / 24)
    latest = [waiting for _, _, waiting in sorted(counted) if waiting is not None]
    assert found["backlog"] == (latest[0] if latest else 0)
    steps = trend(traffic(*counted), NOW)
    assert len(steps) == STEPS
    assert (steps[-1][1] or 0) == found["backlog"]
