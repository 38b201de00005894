"""What requests and lists have in common: strict bodies, bounded numbers, text that a database can keep, pages and cursors."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Any, Generic, TypeVar

from ninja import Query, Schema
from pydantic import AfterValidator, ConfigDict, Field, model_validator

from campaignsync.domain.errors import UsageError

T = TypeVar("T")
LARGEST = 2**63 - 1
MOST = 200
"""How many rows a page has at the most."""


def _without_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("NUL characters are not taken")
    return text


Text = Annotated[str, AfterValidator(_without_nul), Field(max_length=2000)]
Name = Annotated[str, AfterValidator(_without_nul), Field(min_length=1, max_length=255)]
Email = Annotated[str, AfterValidator(_without_nul), Field(min_length=3, max_length=320)]
Number = Annotated[int, Field(ge=1, le=LARGEST)]
Cursor = Annotated[str | None, Query(None, max_length=40, description="`next` of the page before.")]
Limit = Annotated[int, Query(50, ge=1, le=MOST, description="How many rows the page has at the most.")]


class Body(Schema):
    """A body of a request: what is not known is refused rather than ignored."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _has_no_nul(cls, values: Any) -> Any:
        _look_through(values)
        return values


def _look_through(value: Any) -> None:
    """ValueError where any text within is one that no database keeps."""
    if isinstance(value, str):
        _without_nul(value)
    elif isinstance(value, dict):
        for key, each in value.items():
            _look_through(key)
            _look_through(each)
    elif isinstance(value, list):
        for each in value:
            _look_through(each)


class Page(Schema, Generic[T]):
    """Some rows of a list, and the cursor of the page behind them; null: there is none."""

    items: list[T]
    next: str | None


def page(rows: Sequence[dict[str, Any]], limit: int, key: str = "number") -> dict[str, Any]:
    """A page of at most `limit` of these rows, of which there is one more where there is a page behind it."""
    shown = list(rows[:limit])
    return {"items": shown, "next": _cursor(shown[-1][key]) if len(rows) > limit else None}


def _cursor(number: int) -> str:
    return base64.urlsafe_b64encode(b"n%d" % number).decode().rstrip("=")


def position(cursor: str | None, start: T) -> int | T:
    """Where a page begins; `start` for the first. UsageError for what is no cursor."""
    if not cursor:
        return start
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        number = int(raw[1:]) if raw[:1] == b"n" and raw[1:].isdigit() else -1
    except (binascii.Error, ValueError):
        number = -1
    if not 0 <= number <= LARGEST:
        raise UsageError("This is no cursor: take `next` of the page before, as it came.")
    return number
