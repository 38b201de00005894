"""SOQL made safely: whatever a person or Salesforce typed is quoted, lists are cut to what an address may hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
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
LONGEST_LIST = 10_000
"""Bytes that the values of one list may take in an address; the whole address may have 16,384 (S2.2.2)."""


def text(value: str) -> str:
    """A text literal."""
    return "'" + "".join(_ESCAPES.get(character, character) for character in value) + "'"


def moment(value: datetime) -> str:
    """A moment, in UTC and to the second."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def listed(values: Iterable[str]) -> str:
    """A list for IN."""
    return "(" + ",".join(text(value) for value in values) + ")"


def lists(values: Iterable[str], longest: int = LONGEST_LIST) -> Iterator[Sequence[str]]:
    """The values in as few lists as fit an address."""
    part: list[str] = []
    length = 0
    for value in sorted(set(values)):
        size = len(quote(text(value))) + 3
        if part and length + size > longest:
            yield part
            part, length = [], 0
        part.append(value)
        length += size
    if part:
        yield part
