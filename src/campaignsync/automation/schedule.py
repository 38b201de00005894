"""When a batch runs: once at a moment, or again and again at a time of the day in a time zone (M10.5).

A rule is RFC 5545's, such as FREQ=WEEKLY;BYDAY=MO,TH, or a word: daily, weekly, monthly, weekdays. It is reckoned by the clock on
the wall, so that 9:00 stays 9:00 when summer time begins and ends: a time that a day leaves out moves on by as much as the clock
does, and one that a day has twice is the first.
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil.rrule import rrulestr

from campaignsync.domain.errors import UsageError
from campaignsync.domain.smart_campaigns import Recurrence

WORDS = {
    "daily": "FREQ=DAILY",
    "weekdays": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
    "weekly": "FREQ=WEEKLY",
    "monthly": "FREQ=MONTHLY",
}
_OFTEN = ("SECONDLY", "MINUTELY")


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
        any(word in rule for word in _OFTEN)
        or "\n" in rule
        or "DTSTART" in rule
        or ("UNTIL" in rule and "Z" in rule)
    ):
        raise UsageError(
            f"'{recurrence.rule}' is no rule that is taken: hourly is the most often, and the start stands apart"
        )
    try:
        found = rrulestr(recurrence.rule or "", dtstart=recurrence.start, cache=False)
        next(iter(found))
    except (ValueError, TypeError, KeyError, StopIteration, IndexError):
        words = ", ".join(WORDS)
        raise UsageError(
            f"'{recurrence.rule}' is no rule: {words}, or one such as FREQ=WEEKLY;BYDAY=MO,TH is wanted"
        ) from None


def next_at(recurrence: Recurrence, after: datetime) -> datetime | None:
    """The first moment behind `after` at which the batch is to run, in UTC; None when there is none any more."""
    zone = zone_of(recurrence.zone)
    if recurrence.rule is None:
        once = _moment(recurrence.start, zone)
        return once if once > after else None
    rule = rrulestr(recurrence.rule, dtstart=recurrence.start, cache=False)
    wall = after.astimezone(zone).replace(tzinfo=None)
    # A time that a day has twice or not at all makes the wall clock run ahead of the moment, or behind it, by an hour or so.
    wall = wall.replace(hour=0, minute=0, second=0, microsecond=0)
    while True:
        found = rule.after(wall, inc=True)
        if found is None:
            return None
        moment = _moment(found, zone)
        if moment > after:
            return moment
        wall = found
        following = rule.after(wall)
        if following is None:
            return None
        wall = following


def _moment(wall: datetime, zone: ZoneInfo) -> datetime:
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
