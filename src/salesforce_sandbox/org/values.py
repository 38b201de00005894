"""What callers send → what the tables store, or the refusal that real orgs give.

JSON, SOAP and CSV come through the same door, so every type also accepts its text. Rests on the REST guide, "Data Types",
and on S0.7 (e-mail addresses are stored in lower case), S1.1.5, S1.5.2.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, TypeAlias

import orjson

from salesforce_sandbox.org.errors import SalesforceError, UnreadableError
from salesforce_sandbox.org.schema import Field
from salesforce_sandbox.org.soql.values import record_id, stored_moment

Convert: TypeAlias = Callable[[Any], Any]

_EMAIL = re.compile(r"[^\s@,;()<>\[\]\"]+@[^\s@,;()<>\[\]\"]+\.[^\s@.,;()<>\[\]\"]+")
_TOKENS = {str: "VALUE_STRING", int: "VALUE_NUMBER_INT", float: "VALUE_NUMBER_FLOAT", bool: "VALUE_BOOLEAN"}
_NUMBERS = ("int", "double", "currency", "percent")


def converter(field: Field, key_prefixes: tuple[str, ...] = ()) -> Convert:
    """The function that turns what callers send for the field into what is stored; it raises SalesforceError.

    `key_prefixes` are those of the objects a reference may point at; none accepts any id.
    """
    if field.type == "boolean":
        return lambda value: _boolean(field, value)
    if field.type in _NUMBERS:
        return lambda value: _number(field, value)
    if field.type in ("date", "datetime"):
        return lambda value: _time(field, value)
    if field.type in ("reference", "id"):
        return lambda value: _reference(field, key_prefixes, value)
    if field.restricted_picklist:
        known = {entry.value.lower(): entry.value for entry in field.picklist_values if entry.active}
        return lambda value: _restricted(field, known, value)
    if field.type == "email":
        return lambda value: _email(field, value)
    return lambda value: _text(field, value)


def read_id(value: Any, label: str, field: str, key_prefixes: tuple[str, ...] = ()) -> str:
    """An id of one of these kinds in 18 letters; SalesforceError MALFORMED_ID for anything else."""
    text = str(value).strip()
    found = record_id(text)
    if found is None or (key_prefixes and found[:3] not in key_prefixes):
        raise SalesforceError(400, "MALFORMED_ID", f"{label}: id value of incorrect type: {text}", (field,))
    return found


def wrong_kind(field: Field, value: Any) -> UnreadableError:
    """In the recorded words; where in its body the value stands, only the wire knows (`wire.messages.placed`)."""
    if isinstance(value, dict | list):
        found = f"START_{'ARRAY' if isinstance(value, list) else 'OBJECT'} value"
    else:
        found = f"{_TOKENS[type(value)]} value {orjson.dumps(value).decode().strip(chr(34))}"
        found += " or request may be missing a required field"
    message = f"Cannot deserialize instance of {field.type} from {found}"
    return UnreadableError(400, "JSON_PARSER_ERROR", message, (field.name,))


def _boolean(field: Field, value: Any) -> int:
    if isinstance(value, bool):
        return int(value)
    if value is None or value == "":
        # Salesforce has no empty checkbox: an emptied one is off.
        return 0
    text = str(value).strip().lower()
    if text not in ("true", "false", "1", "0"):
        raise wrong_kind(field, value)
    return int(text in ("true", "1"))


def _number(field: Field, value: Any) -> int | float | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool) or (field.type == "int" and "." in str(value)):
        raise wrong_kind(field, value)
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        raise wrong_kind(field, value) from None
    most = field.digits if field.type == "int" else field.precision - field.scale
    if not number.is_finite() or (most and abs(number) >= 10**most):
        message = f"{field.label}: value outside of valid range on numeric field: {value}"
        raise SalesforceError(400, "NUMBER_OUTSIDE_VALID_RANGE", message, (field.name,))
    if field.type == "int":
        return int(number)
    return float(number.quantize(Decimal(1).scaleb(-field.scale), ROUND_HALF_UP))


def _time(field: Field, value: Any) -> str | None:
    if value is None or value == "":
        return None
    text = str(value).strip()
    try:
        if field.type == "date":
            return date.fromisoformat(text[:10]).isoformat()
        at = datetime.fromisoformat(text.upper() if "T" in text.upper() else f"{text}T00:00:00")
        return stored_moment(at if at.tzinfo else at.replace(tzinfo=UTC))
    except ValueError:
        raise wrong_kind(field, value) from None


def _reference(field: Field, key_prefixes: tuple[str, ...], value: Any) -> str | None:
    if value is None or value == "":
        return None
    return read_id(value, field.label, field.name, key_prefixes)


def _text(field: Field, value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, dict | list):
        raise wrong_kind(field, value)
    text = (str(value).lower() if isinstance(value, bool) else str(value)).strip()
    if field.length and len(text) > field.length:
        message = f"{field.label}: data value too large: {text} (max length={field.length})"
        raise SalesforceError(400, "STRING_TOO_LONG", message, (field.name,))
    return text or None


def _email(field: Field, value: Any) -> str | None:
    text = _text(field, value)
    if text is not None and not _EMAIL.fullmatch(text):
        message = f"{field.label}: invalid email address: {text}"
        raise SalesforceError(400, "INVALID_EMAIL_ADDRESS", message, (field.name,))
    return text.lower() if text else None


def _restricted(field: Field, known: dict[str, str], value: Any) -> str | None:
    text = _text(field, value)
    if text is None:
        return None
    chosen = [known.get(part.strip().lower()) for part in text.split(";")]
    if field.type != "multipicklist":
        chosen = [known.get(text.lower())]
    if None in chosen:
        message = f"{field.label}: bad value for restricted picklist field: {text}"
        raise SalesforceError(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, (field.name,))
    return ";".join(str(part) for part in chosen)
