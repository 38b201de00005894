"""A handful of records as rows of ours, value by value: the same as what `fields` has Polars make of whole columns.

Used by `fields.frame` for pages of a few rows, which most pages are: saying what is wanted of thirty columns takes longer than
making fifty rows of them by hand. It knows nothing of what is mapped; tests hold that both ways come to the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from campaignsync.domain.trees import UTC_TIME, Schema

FEW = 50
Value = Callable[[Mapping[str, Any]], Any]
_PLAIN_FROM, _PLAIN_BELOW = 1e-4, 1e15
"""Between these, a number's shortest digits are written without an exponent, whoever writes them."""


class OutOfRangeError(ValueError):
    """A number that is spelled in more than one way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FewRecords:
    """How a record of one object becomes a row: the frame's schema, and by its columns what makes the values."""

    schema: Mapping[str, Any]
    values: Sequence[tuple[str, Value]]

    @classmethod
    def of(
        cls,
        schema: Schema,
        paths: Mapping[str, str],
        *,
        money: Collection[str],
        otherwise: Mapping[str, object],
    ) -> FewRecords:
        """`paths` lead to the fields by column, `money` are columns of amounts, `otherwise` is what an empty column says."""
        values = {
            name: _value(kind, _field(paths[name]), is_money=name in money) if name in paths else _empty
            for name, kind in schema.items()
        }
        filled = {name: _filled(values[name], said) for name, said in otherwise.items()}
        return cls(schema=dict(schema), values=tuple((values | filled).items()))

    def frame(self, records: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
        """All of them; OutOfRangeError where an amount is so large or small that its digits are for columns to say."""
        rows = [{name: value(record) for name, value in self.values} for record in records]
        return pl.from_dicts(rows, schema=self.schema)


def _empty(_: Mapping[str, Any]) -> None:
    """Of a column that no field fills."""


def _filled(value: Value, otherwise: object) -> Value:
    def filled(record: Mapping[str, Any]) -> Any:
        found = value(record)
        return otherwise if found is None else found

    return filled


def _field(path: str) -> Value:
    """A field of a record; `path` may lead through one relationship, such as Account.Name."""
    first, _, second = path.partition(".")
    if not second:
        return lambda record: record.get(first)
    return lambda record: (record.get(first) or _NOTHING).get(second)


_NOTHING: Mapping[str, Any] = {}


def _value(kind: object, field: Value, *, is_money: bool) -> Value:
    if is_money:
        return _told(field, _digits)
    if kind == UTC_TIME:
        return _told(field, datetime.fromisoformat)
    if kind == pl.Date:
        return _told(field, date.fromisoformat)
    return _told(field, int) if kind == pl.Int64 else field


def _told(field: Value, read: Callable[[Any], Any]) -> Value:
    def value(record: Mapping[str, Any]) -> Any:
        found = field(record)
        return None if found is None else read(found)

    return value


def _digits(amount: float) -> str:
    """The shortest digits of an amount."""
    amount = float(amount)
    if amount and not _PLAIN_FROM <= abs(amount) < _PLAIN_BELOW:
        raise OutOfRangeError(amount)
    return repr(amount).removesuffix(".0")
