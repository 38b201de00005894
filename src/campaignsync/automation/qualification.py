"""How often a person may go through a smart campaign: once, every time, once every so long (M10.6).

Spans are counted in hours; a month has 30 days. Used by `reading`; the store keeps who went through and when.
"""

from __future__ import annotations

import re
from datetime import timedelta

from campaignsync.domain.errors import UsageError
from campaignsync.domain.smart_campaigns import Qualification

_HOURS = {"minute": 1 / 60, "hour": 1, "day": 24, "week": 24 * 7, "month": 24 * 30}
_SPAN = re.compile(r"(-?)\s*(\d{1,6})\s+([a-z]+?)s?", re.IGNORECASE)
_LONGEST = timedelta(days=36_500)


def read_span(text: str) -> timedelta:
    """A span such as `3 days`; a minus before it turns it round."""
    found = _SPAN.fullmatch(text.strip())
    if found is None or found[3].lower() not in _HOURS:
        raise UsageError(
            f"'{text}' is no span of time: a number and {', '.join(f'{each}s' for each in _HOURS)} are wanted"
        )
    span = timedelta(hours=int(found[2]) * _HOURS[found[3].lower()])
    if span > _LONGEST:
        raise UsageError(f"'{text}' is over 100 years")
    return -span if found[1] else span


def read_qualification(text: str) -> Qualification:
    """once · every time · every 3 days"""
    word = " ".join(text.lower().split())
    if word == "once":
        return Qualification()
    if word == "every time":
        return Qualification(word=word, again_after=timedelta())
    if word.startswith("every "):
        span = read_span(
            word.removeprefix("every ") if word[6:7].isdigit() else f"1 {word.removeprefix('every ')}"
        )
        if span >= timedelta(hours=1):
            return Qualification(word=word, again_after=span)
    raise UsageError(
        f"'{text}' is no qualification rule: once, every time, or every so many hours, days, weeks or months is wanted"
    )
