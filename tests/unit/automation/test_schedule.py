"""When batches run, and how often a person may go through: zones, summer time, spans (M10.5, M10.6)."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, time, timedelta

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given
from hypothesis import strategies as st

from campaignsync.automation.qualification import read_qualification, read_span
from campaignsync.automation.schedule import next_at, read_recurrence
from campaignsync.domain.errors import UsageError


def moments(start: str, zone: str, repeat: str | None, after: str, number: int) -> list[str]:
    """The next so many moments, as UTC."""
    recurrence = read_recurrence(start, zone, repeat)
    at: datetime | None = datetime.fromisoformat(after).replace(tzinfo=UTC)
    found = []
    for _ in range(number):
        assert at is not None
        at = next_at(recurrence, at)
        if at is None:
            break
        found.append(f"{at:%m-%d %H:%M}")
    return found


@pytest.mark.parametrize(
    ("start", "zone", "repeat", "after", "wanted"),
    [
        # 9:00 stays 9:00 on the wall when summer time begins on 29 March 2026 and ends on 25 October.
        ("2026-03-27 09:00", "Europe/Berlin", "daily", "2026-03-27 12:00", ["03-28 08:00", "03-29 07:00"]),
        ("2026-03-27 09:00", "Europe/Berlin", "daily", "2026-10-23 12:00", ["10-24 07:00", "10-25 08:00"]),
        # 2:30 is left out on 29 March: it runs at 3:30 of summer time, and on every other day at 2:30.
        ("2026-03-27 02:30", "Europe/Berlin", "daily", "2026-03-28 12:00", ["03-29 01:30", "03-30 00:30"]),
        # 2:30 is there twice on 25 October: it runs once, at the first.
        ("2026-10-24 02:30", "Europe/Berlin", "daily", "2026-10-24 12:00", ["10-25 00:30", "10-26 01:30"]),
        ("2026-03-06 18:00", "UTC", "weekdays", "2026-03-06 17:00", ["03-06 18:00", "03-09 18:00"]),
        ("2026-01-31 06:00", "UTC", "monthly", "2026-01-31 06:00", ["03-31 06:00", "05-31 06:00"]),
        (
            "2026-03-02 06:00",
            "UTC",
            "FREQ=WEEKLY;BYDAY=MO,TH;COUNT=3",
            "2026-03-01 00:00",
            ["03-02 06:00", "03-05 06:00"],
        ),
        # It began long ago, and is to come as it did.
        ("1970-01-01 06:00", "UTC", "weekdays", "2026-03-06 07:00", ["03-09 06:00", "03-10 06:00"]),
        ("2026-03-02 06:00", "America/New_York", None, "2026-03-01 00:00", ["03-02 11:00"]),
        ("2026-03-02 06:00", "UTC", None, "2026-03-02 06:00", []),
    ],
)
def test_a_batch_runs_by_the_clock_on_the_wall(
    start: str, zone: str, repeat: str | None, after: str, wanted: list[str]
) -> None:
    assert moments(start, zone, repeat, after, 2) == wanted


@pytest.mark.parametrize(
    ("start", "zone", "repeat"),
    [
        ("tomorrow", "UTC", None),
        ("2026-03-02T06:00+01:00", "UTC", None),
        ("2026-03-02 06:00", "Europe/Nowhere", None),
        ("2026-03-02 06:00", "../../etc/passwd", None),
        ("2026-03-02 06:00", "UTC", "often"),
        ("2026-03-02 06:00", "UTC", "FREQ=SECONDLY"),
        ("2026-03-02 06:00", "UTC", "FREQ=DAILY RDATE:20260301T000000"),
        ("2026-03-02 06:00", "UTC", "FREQ=YEARLY;BYEASTER=1"),
        ("2026-03-02 06:00", "UTC", "FREQ=HOURLY;BYSETPOS=3"),
        ("0001-01-01 09:00", "UTC", "FREQ=HOURLY"),
        ("9999-12-31 23:00", "America/New_York", None),
    ],
)
def test_a_schedule_that_makes_no_sense_is_refused(start: str, zone: str, repeat: str | None) -> None:
    with pytest.raises(UsageError):
        read_recurrence(start, zone, repeat)


@pytest.mark.parametrize(
    ("start", "repeat"),
    [
        ("2026-03-02 06:00", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"),
        ("2026-03-02 06:00", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"),
        ("2026-03-02 06:00", "FREQ=HOURLY;BYMONTH=2,4;BYMONTHDAY=31"),
        ("2026-03-02 06:00", "FREQ=DAILY;UNTIL=20260301T000000"),
        # Each second week, counted from a Tuesday, never is it a Monday.
        ("2026-03-03 06:00", "FREQ=DAILY;INTERVAL=14;BYDAY=MO"),
        # 29 February of 3600 would be the first: nobody looks that far, and so no process is kept busy.
        ("2100-01-01 06:00", "FREQ=YEARLY;INTERVAL=500;BYMONTH=2;BYMONTHDAY=29"),
    ],
)
def test_a_schedule_that_never_comes_is_refused_and_says_so(start: str, repeat: str) -> None:
    with pytest.raises(UsageError, match="never comes: from 2"):
        read_recurrence(start, "UTC", repeat)


@given(
    start=st.dates(date(1970, 1, 1), date(2399, 12, 31)).map(lambda day: datetime.combine(day, time(9, 30))),
    repeat=st.sampled_from(
        [
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
            "FREQ=YEARLY;BYWEEKNO=53;BYDAY=SU",
            "FREQ=MONTHLY;INTERVAL=7;BYDAY=-1FR",
            "FREQ=WEEKLY;INTERVAL=3;BYDAY=MO,TH;COUNT=40",
            "FREQ=DAILY;INTERVAL=11;UNTIL=24050101T000000",
        ]
    ),
)
def test_dates_are_those_that_the_rule_has_in_the_years_of_its_start(start: datetime, repeat: str) -> None:
    """The calendar of another four hundred years is this one: leap years, days of the week and weeks of the year."""
    recurrence = read_recurrence(start.isoformat(" "), "UTC", repeat)
    at, found = start.replace(tzinfo=UTC) - timedelta(days=2), list[datetime]()
    while (following := next_at(recurrence, at)) and len(found) < 5:
        found.append(at := following)
    plainly = itertools.islice(rrulestr(repeat, dtstart=start), 5)
    assert [each.replace(tzinfo=None) for each in found] == list(plainly)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("3 days", 72),
        ("1 week", 168),
        ("2 months", 1440),
        ("1 hour", 1),
        ("-2 days", -48),
        ("90 minutes", 1.5),
    ],
)
def test_spans_are_counted_in_hours_and_a_month_is_30_days(text: str, hours: float) -> None:
    """M10.6."""
    assert read_span(text) == timedelta(hours=hours)


def test_once_is_the_default_and_rules_say_how_often() -> None:
    """M10.6."""
    assert read_qualification("once").again_after is None
    assert read_qualification("Every Time").again_after == timedelta()
    assert read_qualification("every 3 days").again_after == timedelta(days=3)
    assert read_qualification("every week").again_after == timedelta(days=7)


@pytest.mark.parametrize(
    "text", ["never", "every", "every 0 days", "every -1 days", "3 days", "every 99999999 days"]
)
def test_other_rules_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        read_qualification(text)
