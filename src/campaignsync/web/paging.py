"""Lists by keyset: a page of rows, and from where the next one goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A page of a list; `following` is what the next one begins behind, `first` whether nothing comes before."""

    rows: list[dict[str, Any]]
    following: Any = None
    first: bool = True


def listed(
    request: HttpRequest, read: Callable[[str, int], list[dict[str, Any]]], key: str, size: int = PAGE
) -> Listed:
    """The page that is asked for with `?after=`; `read` takes that and how many."""
    after = request.GET.get("after", "")
    rows = read(after, size + 1)
    more = len(rows) > size
    rows = rows[:size]
    return Listed(rows=rows, following=rows[-1][key] if more else None, first=not after)


def sliced(rows: Sequence[dict[str, Any]], key: str) -> Callable[[str, int], list[dict[str, Any]]]:
    """Reads pages of a list that is held whole, which is no longer than people make things by hand."""

    def read(after: str, limit: int) -> list[dict[str, Any]]:
        places = [place for place, row in enumerate(rows) if str(row[key]) == after]
        start = places[0] + 1 if places else 0
        return list(rows[start : start + limit])

    return read


def whole(text: str, default: int = 0) -> int:
    """A number that stands in an address; what is none counts as the default."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else default
