"""Custom fields of program members: their kinds, their values, and which fields of Salesforce they may be joined with (M6.8).

Used by the import, the commands, the store and the Salesforce door. A value is kept as its canonical text, the same whichever
side it came from, so that a difference in spelling is no difference (S0.7). No value is null; a checkbox that is not ticked has
none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from urllib.parse import urlsplit

import polars as pl

from campaignsync.domain.errors import UsageError
from campaignsync.domain.ids import salesforce_id
from campaignsync.domain.people import SalesforceField, looks_like_email


class FieldKind(StrEnum):
    """What a field holds."""

    TEXT = "text"
    PICKLIST = "picklist"
    PHONE = "phone"
    EMAIL = "email"
    REFERENCE = "reference"
    INTEGER = "integer"
    FLOAT = "float"
    CHECKBOX = "checkbox"
    URL = "url"
    DATE = "date"
    DATETIME = "datetime"

    @property
    def is_number(self) -> bool:
        return self in (FieldKind.INTEGER, FieldKind.FLOAT)


MOST_DIGITS = 15
"""A number of Salesforce is a double: more digits than these do not come back as they were sent."""
_TICKED, _UNTICKED = ("true", "yes", "y", "1", "x", "on"), ("false", "no", "n", "0", "off")
_STRINGS = frozenset(("string", "textarea", "picklist", "phone", "email", "reference"))
_NUMBERS = frozenset(("int", "double", "currency", "percent"))
_TYPES: Mapping[FieldKind, frozenset[str]] = {
    **dict.fromkeys(
        (FieldKind.TEXT, FieldKind.PICKLIST, FieldKind.PHONE, FieldKind.EMAIL, FieldKind.REFERENCE), _STRINGS
    ),
    FieldKind.INTEGER: _NUMBERS,
    FieldKind.FLOAT: _NUMBERS,
    FieldKind.CHECKBOX: frozenset(("boolean",)),
    FieldKind.URL: frozenset(("url",)),
    FieldKind.DATE: frozenset(("date",)),
    FieldKind.DATETIME: frozenset(("datetime",)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberField:
    """A field that the members of programs may have a value of."""

    name: str
    kind: FieldKind


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldMapping:
    """A member field and the field of CampaignMember it is kept the same with; `off` says why it no longer is."""

    field: MemberField
    salesforce_field: str
    off: str | None = None

    def fault(self, seen: Iterable[SalesforceField]) -> str | None:
        """Why the fields of CampaignMember, as the sync user sees them, do not allow this, or None."""
        wanted, kind = self.salesforce_field.lower(), self.field.kind
        found = next((each for each in seen if each.name.lower() == wanted), None)
        if found is None:
            return f"the sync user sees no field '{self.salesforce_field}' of CampaignMember"
        if not found.name.endswith("__c"):
            return f"'{found.name}' is one of Salesforce's own fields, and not for us to write"
        if not (found.updateable and found.createable):
            return f"the sync user may not edit '{found.name}'"
        if found.type not in _TYPES[kind] or (
            kind.is_number and (found.scale > 0) is (kind is FieldKind.INTEGER)
        ):
            decimals = f" with {found.scale} decimals" if found.type in _NUMBERS else ""
            return f"'{found.name}' is a {found.type}{decimals}, and '{self.field.name}' is a {kind}"
        return None


def field_named(name: str, fields: Iterable[MemberField]) -> MemberField:
    """A field by its name, however it is spelled; UsageError when there is none."""
    known = list(fields)
    found = next((each for each in known if each.name.casefold() == name.strip().casefold()), None)
    if found is None:
        names = ", ".join(each.name for each in known) or "none"
        raise UsageError(
            f"There is no member field '{name}' (there are: {names})."
            f' Make it with: campaignsync member-field add "{name}" --kind text'
        )
    return found


def canonical(kind: FieldKind, typed: str) -> str | None:
    """A value as it is kept, from what somebody typed; None for nothing. UsageError when it is none of its kind."""
    text = typed.strip()
    if not text:
        return None
    try:
        return _READ[kind](text)
    except (ValueError, OverflowError, UsageError):
        raise UsageError(f"'{text[:80]}' is no {kind}: {_EXPECTED[kind]}.") from None


def normalised(kind: FieldKind, value: pl.Expr) -> pl.Expr:
    """Values that Salesforce sent as they are kept: numbers by their shortest digits, e-mail addresses lower-cased, times to
    the second, text trimmed (S0.7). The values are booleans for a checkbox, floats for a number, and text otherwise."""
    match kind:
        case FieldKind.CHECKBOX:
            return pl.when(value).then(pl.lit("true"))
        case FieldKind.INTEGER:
            return value.round().cast(pl.Int64).cast(pl.String)
        case FieldKind.FLOAT:
            return value.cast(pl.String).str.strip_suffix(".0").replace("-0", "0")
        case FieldKind.DATETIME:
            moment = value.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%#z", time_unit="us", time_zone="UTC")
            return moment.dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    text = value.str.replace_all("\r\n", "\n", literal=True).str.strip_chars()
    shown = text.str.to_lowercase() if kind is FieldKind.EMAIL else text
    return pl.when(shown != "").then(shown)


def _number(kind: FieldKind, text: str) -> str:
    value = float(int(text)) if kind is FieldKind.INTEGER else float(text)
    if (
        not math.isfinite(value)
        or sum(map(str.isdigit, text.lower().partition("e")[0].lstrip("+-0."))) > MOST_DIGITS
    ):
        raise ValueError
    return str(pl.select(normalised(kind, pl.lit(value, pl.Float64))).item())


def _ticked(text: str) -> str | None:
    word = text.casefold()
    if word not in _TICKED + _UNTICKED:
        raise ValueError
    return "true" if word in _TICKED else None


def _email(text: str) -> str:
    if not looks_like_email(text):
        raise ValueError
    return text.lower()


def _phone(text: str) -> str:
    if not any(map(str.isdigit, text)):
        raise ValueError
    return text


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc or any(map(str.isspace, text)):
        raise ValueError
    return text


def _moment(text: str) -> str:
    read = datetime.fromisoformat(text)
    if read.tzinfo is None:
        raise ValueError
    return read.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def _text(text: str) -> str:
    if "\x00" in text:
        raise ValueError
    return text.replace("\r\n", "\n")


_READ: Mapping[FieldKind, Callable[[str], str | None]] = {
    FieldKind.TEXT: _text,
    FieldKind.PICKLIST: _text,
    FieldKind.PHONE: _phone,
    FieldKind.EMAIL: _email,
    FieldKind.REFERENCE: salesforce_id,
    FieldKind.INTEGER: lambda text: _number(FieldKind.INTEGER, text),
    FieldKind.FLOAT: lambda text: _number(FieldKind.FLOAT, text),
    FieldKind.CHECKBOX: _ticked,
    FieldKind.URL: _url,
    FieldKind.DATE: lambda text: date.fromisoformat(text).isoformat(),
    FieldKind.DATETIME: _moment,
}
_EXPECTED: Mapping[FieldKind, str] = {
    **dict.fromkeys(FieldKind, "a text without NUL characters is wanted"),
    FieldKind.PHONE: "a number with at least one digit is wanted",
    FieldKind.EMAIL: "an address such as ada@example.com is wanted",
    FieldKind.REFERENCE: "the 15 or 18 characters of a Salesforce id are wanted",
    FieldKind.INTEGER: f"a number without decimals, of at most {MOST_DIGITS} digits, is wanted",
    FieldKind.FLOAT: f"a number such as 12.5, of at most {MOST_DIGITS} digits, is wanted",
    FieldKind.CHECKBOX: "yes or no is wanted",
    FieldKind.URL: "an address that begins with https:// is wanted",
    FieldKind.DATE: "a day such as 2026-03-31 is wanted",
    FieldKind.DATETIME: "a moment with its zone, such as 2026-03-31T09:00:00Z, is wanted",
}
