"""DISTANCE(Address, GEOLOCATION(48.1, 11.6), 'km') → SQL: how far a record's address lies from a place.

Called by expressions. Rests on the SOQL reference, "Location-Based SOQL Queries": an address and a place, in miles or kilometres,
compared by < and > alone.
"""

from salesforce_sandbox.org.soql.refusals import refuse
from salesforce_sandbox.org.soql.rows import Rows
from salesforce_sandbox.org.soql.syntax import Call, Literal, Path

# The radius of the earth in the units that DISTANCE knows.
_RADIUS = {"mi": 3958.8, "km": 6371.0}
_PLACE = ("GEOLOCATION", 2)


def distance(rows: Rows, call: Call) -> str:
    """The SQL of a call of DISTANCE; SalesforceError for one that is none."""
    if len(call.arguments) != 3:
        raise _malformed(rows, call, "DISTANCE takes an address, a place and a unit")
    first, second, unit = call.arguments
    if not isinstance(first, Path):
        first, second = second, first
    if not isinstance(unit, Literal) or unit.text.lower() not in _RADIUS:
        raise _malformed(rows, call, "The unit of DISTANCE is 'mi' or 'km'")
    if not isinstance(first, Path) or not isinstance(second, Call):
        raise _malformed(rows, call, "DISTANCE takes an address and a GEOLOCATION")
    latitude, longitude = _place(rows, second)
    column = rows.column(first)
    if column.field.type != "address":
        message = f"field '{column.field.name}' does not support DISTANCE"
        raise refuse("MALFORMED_QUERY", message, rows.context.text, first.at)
    sobject, alias = column.source.rows[0]
    prefix = column.field.name.removesuffix("Address")
    parts = [sobject.field(f"{prefix}{part}") for part in ("Latitude", "Longitude")]
    listed = ", ".join(part.sql(alias) if part else "NULL" for part in parts)
    # Two numbers that have been read as such: they can carry nothing of the query but themselves.
    return f"distance({listed}, {latitude!r}, {longitude!r}, {_RADIUS[unit.text.lower()]!r})"


def _place(rows: Rows, call: Call) -> tuple[float, float]:
    numbers = [
        float(each.text) for each in call.arguments if isinstance(each, Literal) and each.kind == "number"
    ]
    if (call.function, len(numbers)) != _PLACE or not (abs(numbers[0]) <= 90 and abs(numbers[1]) <= 180):
        raise _malformed(rows, call, "GEOLOCATION takes a latitude and a longitude")
    return numbers[0], numbers[1]


def _malformed(rows: Rows, call: Call, message: str) -> Exception:
    return refuse("MALFORMED_QUERY", message, rows.context.text, call.at)
