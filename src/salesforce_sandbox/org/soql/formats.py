"""FORMAT(): values as people in the United States write them, the one locale this org's users have.

Called by the SELECT list. Rests on the SOQL reference, "FORMAT ()".
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from salesforce_sandbox.org.soql.expressions import Expression


def formatter(asked: Expression) -> Callable[[Any], str | None]:
    """What makes the text of a stored value; nothing of nothing."""
    field = asked.column.field if asked.column else None
    kind, scale = (field.type, field.scale) if field else (asked.kind, 0)
    if asked.kind == "number":
        sign, end = ("$" if kind == "currency" else ""), ("%" if kind == "percent" else "")
        digits = 0 if asked.whole else scale
        return _unless_null(lambda value: f"{'-' * (value < 0)}{sign}{abs(value):,.{digits}f}{end}")
    if asked.kind == "date":
        return _unless_null(lambda value: _day(date.fromisoformat(value)))
    if asked.kind == "datetime":
        return _unless_null(lambda value: _moment(datetime.fromisoformat(value)))
    return _unless_null(str)


def _unless_null(made: Callable[[Any], str]) -> Callable[[Any], str | None]:
    return lambda value: None if value is None else made(value)


def _day(on: date) -> str:
    return f"{on.month}/{on.day}/{on.year}"


def _moment(at: datetime) -> str:
    return f"{_day(at.date())}, {at.hour % 12 or 12}:{at:%M %p}"
