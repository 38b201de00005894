"""SOQL made safely: whatever a person or Salesforce typed is quoted, lists are cut to what an address may hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import quote

_ESCAPES = {
    "\\": "\\\\",
    "'": "\\'",
    '"': '\\"',
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\b": "\\b",
    "\f": "\\f",
}
_PLAIN_IN_ADDRESS = "(),'=<>!*:"
_SPELLED = re.compile(rf"[A-Za-z0-9_.~%{re.escape(_PLAIN_IN_ADDRESS)}-]*")
LONGEST_ADDRESS = 14_000
"""Bytes of an address and its query; Salesforce takes 16,384 with the headers (S2.2.2)."""
LONGEST_LIST = 10_000
"""Bytes that the values of one list may take of it; the longest list of fields takes under 2,000."""


def text(value: str) -> str:
    """A text literal."""
    return "'" + "".join(_ESCAPES.get(character, character) for character in value) + "'"


def moment(value: datetime) -> str:
    """A moment, in UTC and to the second."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def listed(values: Iterable[str]) -> str:
    """A list for IN."""
    return "(" + ",".join(text(value) for value in values) + ")"


def lists(values: Iterable[str]) -> Iterator[Sequence[str]]:
    """The values, each once, in as few lists as fit an address."""
    part: list[str] = []
    length = 0
    for value in sorted(set(values)):
        size = len(in_address(text(value))) + 1
        if part and length + size > LONGEST_LIST:
            yield part
            part, length = [], 0
        part.append(value)
        length += size
    if part:
        yield part


def in_address(soql: str) -> str:
    """A query as part of an address."""
    spelled = soql.replace(" ", "%20").replace("@", "%40")
    # Of most queries that is all, and `quote` looks at every letter by itself.
    return spelled if _SPELLED.fullmatch(spelled) and "%" not in soql else quote(soql, safe=_PLAIN_IN_ADDRESS)


_spelled = lru_cache(maxsize=64)(in_address)
"""A look asks what the last one asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A query for rows of one object, deleted ones too where that is wanted."""

    of: str
    soql: str
    order: str = ""
    limit: int | None = None
    deleted_too: bool = False
    may_fail: bool = False
    """Whether an error is as good as no answer."""

    @property
    def path(self) -> str:
        """Where it is asked, behind the version."""
        order = f" ORDER BY {self.order}" if self.order else ""
        limit = "" if self.limit is None else f" LIMIT {self.limit}"
        return f"/{'queryAll' if self.deleted_too else 'query'}?q={_spelled(self.soql + order + limit)}"
