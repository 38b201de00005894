"""Date literals such as TODAY and LAST_N_MONTHS:3: which days they cover, seen from a given day.

Pure calendar; the compiler turns the days into bounds of a comparison. Weeks start on Sunday and fiscal years on
1 January, as in an en_US org that changed nothing. Rests on the SOQL reference, "Date Formats and Date Literals".
"""

import re
from datetime import date, timedelta

_RELATIVE = {"YESTERDAY": -1, "TODAY": 0, "TOMORROW": 1, "LAST": -1, "THIS": 0, "NEXT": 1}
_ONE = re.compile(r"(LAST|THIS|NEXT)_(?:FISCAL_)?(WEEK|MONTH|QUARTER|YEAR)")
_NINETY = re.compile(r"(LAST|NEXT)_(90)_(DAY)S")
_MANY = re.compile(r"(LAST|NEXT)_N_(?:FISCAL_)?(DAY|WEEK|MONTH|QUARTER|YEAR)S:(\d+)")
_AGO = re.compile(r"N_(?:FISCAL_)?(DAY|WEEK|MONTH|QUARTER|YEAR)S_AGO:(\d+)")
_MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}


def days_of(literal: str, today: date) -> tuple[date, date] | None:
    """First day and the day after the last; None when there is no such literal."""
    spelled = literal.upper()
    if spelled in ("YESTERDAY", "TODAY", "TOMORROW"):
        return _span("DAY", today, _RELATIVE[spelled], _RELATIVE[spelled])
    if found := _ONE.fullmatch(spelled):
        return _span(found[2], today, _RELATIVE[found[1]], _RELATIVE[found[1]])
    if found := _NINETY.fullmatch(spelled):
        return _many(found[1], found[3], int(found[2]), today)
    if found := _MANY.fullmatch(spelled):
        return _many(found[1], found[2], int(found[3]), today)
    if found := _AGO.fullmatch(spelled):
        return _span(found[1], today, -int(found[2]), -int(found[2]))
    return None


def _many(direction: str, unit: str, count: int, today: date) -> tuple[date, date]:
    """The last n days include today; all other spans of n units leave the present unit out."""
    if direction == "NEXT":
        return _span(unit, today, 1, count)
    return _span(unit, today, -count, 0 if unit == "DAY" else -1)


def _span(unit: str, today: date, first: int, last: int) -> tuple[date, date]:
    return _start(unit, today, first), _start(unit, today, last + 1)


def _start(unit: str, today: date, steps: int) -> date:
    """The first day of the unit that lies `steps` units after the one of today."""
    if unit == "DAY":
        return today + timedelta(days=steps)
    if unit == "WEEK":
        return today - timedelta(days=today.isoweekday() % 7) + timedelta(weeks=steps)
    size = _MONTHS[unit]
    months = (today.year * 12 + today.month - 1) // size * size + steps * size
    return date(months // 12, months % 12 + 1, 1)
