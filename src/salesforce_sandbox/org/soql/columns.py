"""The `columnMetadata` answer to `?columns=true` (S2.2.5): what each selected column is, without any row.

Called through `CompiledQuery.columns`. Undocumented by Salesforce; shaped as the sf command's own exemplars are.
"""

from typing import Any

from salesforce_sandbox.org.schema import Field
from salesforce_sandbox.org.soql.shape import Cell, Children, Choice, Parent, Record, Value
from salesforce_sandbox.org.soql.values import kind_of

_APEX_TYPES = {
    "id": "Id",
    "boolean": "Boolean",
    "number": "Double",
    "date": "Date",
    "datetime": "Datetime",
    "address": "Address",
    "text": "String",
}


def columns_of(record: Record) -> list[dict[str, Any]]:
    return [_column(cell) for cell in record.cells]


def _column(cell: Cell) -> dict[str, Any]:
    if isinstance(cell, Children):
        return _described(cell.name, aggregate=True, join_columns=columns_of(cell.record))
    if isinstance(cell, Parent):
        return _described(cell.name, foreign_key=cell.reference.name, join_columns=columns_of(cell.record))
    if isinstance(cell, Choice):
        return _described(cell.name)
    if isinstance(cell, Value) and cell.field is None:
        return _described(
            cell.name, aggregate=True, display=cell.display, kind="number" if cell.number else None
        )
    field: Field = cell.field  # type: ignore[attr-defined]
    described = _described(cell.name, kind=kind_of(field), display=field.name)
    apex = "Integer" if field.type == "int" else _APEX_TYPES[kind_of(field)]
    described |= {"apexType": apex, "custom": field.custom}
    return described | {"insertable": field.createable, "updatable": field.updateable}


def _described(
    name: str,
    *,
    aggregate: bool = False,
    kind: str | None = None,
    display: str | None = None,
    foreign_key: str | None = None,
    join_columns: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    return {
        "aggregate": aggregate,
        "apexType": None,
        "booleanType": kind == "boolean",
        "columnName": name,
        "custom": False,
        "displayName": display or name,
        "foreignKeyName": foreign_key,
        "insertable": False,
        "joinColumns": join_columns or [],
        "numberType": kind == "number",
        "textType": kind == "text",
        "updatable": False,
    }
