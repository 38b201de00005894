"""Literals of a query → values as the tables store them, and the kinds of fields they may be compared with.

Called by `conditions` and `columns`. Never raises for what it cannot read: it returns None and the caller, who knows the
field and the place, words the refusal.
"""

import re
from datetime import UTC, date, datetime, time
from types import MappingProxyType

from salesforce_sandbox.org.schema import Field

# What a field's type compares as; every type that is not here is text.
KINDS = MappingProxyType(
    {
        "id": "id",
        "reference": "id",
        "boolean": "boolean",
        "int": "number",
        "double": "number",
        "currency": "number",
        "percent": "number",
        "date": "date",
        "datetime": "datetime",
        "address": "address",
    }
)
# How refusals name the type a literal should have had.
TYPE_NAMES = MappingProxyType({"id": "ID", "datetime": "dateTime", "text": "string", "number": "double"})

_ESCAPES = {
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "b": "\b",
    "f": "\f",
    "'": "'",
    '"': '"',
    "\\": "\\",
    "_": "_",
    "%": "%",
}
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ID = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?")
# The letter that stands for five characters, by which of them are capitals.
_SUFFIXES = {
    f"{number:05b}"[::-1].encode(): letter for number, letter in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345")
}
_CAPITALS = bytes(b"01"[chr(code).isupper()] for code in range(256))


def kind_of(field: Field) -> str:
    return KINDS.get(field.type, "text")


def bad_escape(text: str) -> str | None:
    """The first escape sequence the language does not have."""
    for found in _ESCAPE.finditer(text):
        if found[1] not in _ESCAPES and len(found[1]) == 1:
            return found[0]
    return None


def unescaped(text: str) -> str:
    """The characters a string literal stands for."""
    return _ESCAPE.sub(lambda found: _character(found[1]), text) if "\\" in text else text


def like_pattern(text: str) -> str:
    """The literal as an SQL LIKE pattern whose escape character is the backslash."""

    def escaped(found: re.Match[str]) -> str:
        return found[0] if found[1] in "_%\\" else _character(found[1])

    return _ESCAPE.sub(escaped, text) if "\\" in text else text


def record_id(text: str) -> str | None:
    """An id in its 18-character form; None when the text cannot be one."""
    if not _ID.fullmatch(text):
        return None
    if len(text) == 18:
        return text
    capitals = text.encode().translate(_CAPITALS)
    return text + _SUFFIXES[capitals[:5]] + _SUFFIXES[capitals[5:10]] + _SUFFIXES[capitals[10:]]


def stored_moment(moment: datetime) -> str:
    """A moment as tables store it: UTC, so that the order of texts is the order of time."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "+0000")


class Said(str):
    """A value of a literal that stands at `at` in a query's text, and takes so many characters there."""

    at: int
    length: int

    @classmethod
    def by(cls, value: str, at: int, length: int) -> "Said":
        said = cls(value)
        said.at, said.length = at, length
        return said


def moment(text: str) -> str | None:
    """A datetime literal in stored form."""
    try:
        return stored_moment(datetime.fromisoformat(text.upper()))
    except ValueError:
        return None


def day(text: str) -> str | None:
    """A date literal in stored form."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return None


def midnight(on: date, now: datetime) -> str:
    """The start of a day in the zone of `now`, in stored form."""
    return stored_moment(datetime.combine(on, time(), now.tzinfo))


def number(text: str) -> int | float:
    """A number literal; a currency code before it says only what the amount is already in."""
    digits = text.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return float(digits) if any(c in digits for c in ".eE") else int(digits)


def _character(escape: str) -> str:
    return chr(int(escape[1:], 16)) if len(escape) == 5 else _ESCAPES.get(escape, escape)
