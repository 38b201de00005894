"""When a batch runs: once at a moment, or again and again at a time of the day in a time zone (M10.5).

A rule is RFC 5545's, such as FREQ=WEEKLY;BYDAY=MO,TH, or a word: daily, weekly, monthly, weekdays. It is reckoned by the clock on
the wall, so that 9:00 stays 9:00 when summer time begins and ends: a time that a day leaves out moves on by as much as the clock
does, and one that a day has twice is the first. Nobody looks for a moment further ahead than the calendar takes to repeat itself.
"""

from __future__ import annotations

from datetime import MAXYEAR, UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil.rrule import rrule, rrulebase, rrulestr

from campaignsync.domain.errors import UsageError
from campaignsync.domain.smart_campaigns import Recurrence

WORDS = {
    "daily": "FREQ=DAILY",
    "weekdays": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
    "weekly": "FREQ=WEEKLY",
    "monthly": "FREQ=MONTHLY",
}
_OFTEN = ("SECONDLY", "MINUTELY")
_APART = ("DTSTART", "RDATE", "EXDATE", "EXRULE", "BYEASTER")
"""What is in no rule: dates stand apart, and Easter, which no standard knows, comes back in no span of years."""
EARLIEST, LATEST = 1970, 2999
"""The years a schedule may begin in: a rule is counted from its start, so that one of the year 1 would be counted for seconds."""
CALENDAR_YEARS = 400
"""After so many years each date falls on the same day of the week again, leap years included."""
AHEAD_YEARS = 50
"""So far ahead a moment is looked for at least; and 449 years at the most."""


def zone_of(name: str) -> ZoneInfo:
    """A time zone by its name; UsageError when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(f"there is no time zone '{name}'; Europe/Berlin is one") from None


def read_recurrence(start: str, zone: str, repeat: str | None) -> Recurrence:
    """A schedule as it is typed; UsageError for what makes no sense."""
    try:
        at = datetime.fromisoformat(start.strip())
    except ValueError:
        raise UsageError(f"'{start}' is no moment: one such as 2026-05-01 09:00 is wanted") from None
    if not EARLIEST <= at.year <= LATEST:
        raise UsageError(f"'{start}' is not taken: a schedule begins in the years {EARLIEST} to {LATEST}")
    if at.tzinfo is not None:
        raise UsageError("the moment stands without an offset, as a clock in the zone shows it")
    zone_of(zone)
    rule = None if repeat is None else WORDS.get(repeat.strip().lower(), repeat.strip())
    made = Recurrence(start=at, zone=zone, rule=rule)
    if rule:
        _require_sense(made)
    return made


def _require_sense(recurrence: Recurrence) -> None:
    rule = (recurrence.rule or "").upper()
    if (
        any(word in rule for word in (*_OFTEN, *_APART))
        or len(rule.split()) != 1
        or ("UNTIL" in rule and "Z" in rule)
        or ("HOURLY" in rule and "BYSETPOS" in rule)
    ):
        raise UsageError(
            f"'{recurrence.rule}' is no rule that is taken: hourly is the most often, and the start stands apart"
        )
    try:
        comes = next(iter(_reckoned(recurrence, recurrence.start.year)[0]), None) is not None
    except (ValueError, TypeError, KeyError, IndexError):
        words = ", ".join(WORDS)
        raise UsageError(
            f"'{recurrence.rule}' is no rule: {words}, or one such as FREQ=WEEKLY;BYDAY=MO,TH is wanted"
        ) from None
    if not comes:
        raise UsageError(
            f"'{recurrence.rule}' never comes: from {recurrence.start:%Y-%m-%d} on there is no day that fits it"
        )


def next_at(recurrence: Recurrence, after: datetime) -> datetime | None:
    """The first moment behind `after` at which the batch is to run, in UTC; None when there is none any more."""
    zone = zone_of(recurrence.zone)
    if recurrence.rule is None:
        once = _moment(recurrence.start, zone)
        return once if once > after else None
    wall = after.astimezone(zone).replace(tzinfo=None)
    rule, years = _reckoned(recurrence, max(wall.year, recurrence.start.year))
    # A time that a day has twice or not at all makes the wall clock run ahead of the moment, or behind it, by an hour or so.
    wall = wall.replace(hour=0, minute=0, second=0, microsecond=0)
    found = rule.after(_later(wall, years), inc=True)
    while found is not None:
        moment = _moment(_later(found, -years), zone)
        if moment > after:
            return moment
        found = rule.after(found)
    return None


def _reckoned(recurrence: Recurrence, year: int) -> tuple[rrulebase, int]:
    """The rule, to be looked at from a year on, and how many years later than it says it is reckoned; ValueError, TypeError and
    KeyError for what is none.

    dateutil looks for a date until the year 9999, which takes it seconds and more where there is none. So a rule is moved to the
    last years before that in which all its dates fall as they do in its own.
    """
    text = recurrence.rule or ""
    rule = rrulestr(text, dtstart=recurrence.start, cache=False)
    years = max(0, (MAXYEAR - AHEAD_YEARS - year) // CALENDAR_YEARS * CALENDAR_YEARS)
    if not isinstance(rule, rrule) or "BYEASTER" in text.upper():
        return rule, 0  # Nobody may say so any more, but some have.
    until: datetime | None = rule._until  # noqa: SLF001
    if until is not None:
        until = None if until.year + years > MAXYEAR else _later(until, years)
    return rule.replace(dtstart=_later(recurrence.start, years), until=until), years


def _later(wall: datetime, years: int) -> datetime:
    return wall.replace(year=wall.year + years)


def _moment(wall: datetime, zone: ZoneInfo) -> datetime:
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
