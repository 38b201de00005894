"""The SELECT list of one query → SQL columns and the shape of its records.

Called by the compiler, once for the query and once for each child subquery. Column 0 is always the row's own Id, for
records carry their url whether or not the Id was asked for.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from salesforce_sandbox.org.schema import Field, SObject
from salesforce_sandbox.org.soql.conditions import Fragment
from salesforce_sandbox.org.soql.expressions import DISTANCE, DRESSINGS, Expression, expression
from salesforce_sandbox.org.soql.formats import formatter
from salesforce_sandbox.org.soql.refusals import malformed, no_such_object, refuse, selected_twice
from salesforce_sandbox.org.soql.rows import Column, Rows, Source
from salesforce_sandbox.org.soql.shape import (
    Cell,
    Children,
    Choice,
    Compound,
    Parent,
    Record,
    Value,
    record_of,
)
from salesforce_sandbox.org.soql.syntax import Call, Path, Query, Selected, Subselect, TypeOf

MOST_FIELDS_ROWS = 200
_ADDRESS_PARTS = (
    "City",
    "Country",
    "GeocodeAccuracy",
    "Latitude",
    "Longitude",
    "PostalCode",
    "State",
    "Street",
)
_CONVERTERS: dict[str, Callable[[Any], Any]] = {
    # Subtotals have no value where they sum over a checkbox.
    "boolean": lambda value: None if value is None else bool(value),
    **dict.fromkeys(("double", "currency", "percent"), lambda value: None if value is None else float(value)),
}

ChildSelect = Callable[[Query, Rows], tuple[Fragment, str, Record]]


@dataclass(slots=True)
class _Branch:
    """A record under construction: cells by name, parents as further branches."""

    source: Source
    cells: dict[str, "Cell | _Branch"] = field(default_factory=dict)


class Selection:
    """Collects the columns of one SELECT list; read `columns`, `flat` and `record()` when all is added."""

    def __init__(self, rows: Rows, query: Query, child_select: ChildSelect) -> None:
        self._rows = rows
        self._context = rows.context
        self._query = query
        self._child_select = child_select
        self._indexes: dict[str, int] = {}
        self.columns: list[Fragment] = []
        # The plain columns in the order asked for, for answers without nesting: dotted name, place, field.
        self.flat: list[tuple[str, int, Field]] = []
        self.features: set[str] = set()
        self._root = _Branch(rows.root)
        self._own_id = self._index(Fragment(sql=rows.root.id_sql))
        for item in query.select:
            self._add(item)

    def record(self) -> Record:
        return record_of(self._rows.sobject, self._own_id, self._finished(self._root))

    def _add(self, item: Selected | Subselect | TypeOf) -> None:
        if isinstance(item, Subselect):
            self._add_children(item.query)
        elif isinstance(item, TypeOf):
            self._add_choice(item)
        elif isinstance(item.operand, Call) and item.operand.function == "FIELDS":
            self._add_fields(item.operand)
        else:
            self._add_expression(expression(self._rows, item.operand), item.alias)

    def _add_expression(self, asked: Expression, alias: str | None) -> None:
        if asked.function == DISTANCE:
            unnamed = sum(name.startswith("expr") for name in self._root.cells)
            self._place_once(
                Value(name=alias or f"expr{unnamed}", index=self._index(Fragment(sql=asked.sql)), number=True)
            )
            return
        column = asked.column
        assert column  # noqa: S101 - without GROUP BY and aggregates every expression is about a column
        if asked.kind == "address":
            self._place(column, self._compound(column))
            return
        if asked.function and asked.function not in DRESSINGS:
            message = f"Field must be grouped or aggregated: {asked.label}"
            raise refuse("MALFORMED_QUERY", message, self._context.text, asked.at)
        if alias and not asked.function:
            message = "only aggregate expressions use field aliasing"
            raise refuse("MALFORMED_QUERY", message, self._context.text, asked.at)
        index = self._index(Fragment(sql=asked.sql))
        value = Value(
            name=alias or column.field.name, index=index, convert=_converter(asked), field=column.field
        )
        self.flat.append((alias or column.name, index, column.field))
        self._place(column, value)

    def _place(self, column: Column, cell: Cell) -> None:
        branch = self._branch(column.source)
        if cell.name in branch.cells:
            raise selected_twice(column.name)
        branch.cells[cell.name] = cell

    def _place_once(self, cell: Cell) -> None:
        """Puts a child result, or a value that no field stands behind, into the record itself."""
        if cell.name in self._root.cells:
            raise selected_twice(cell.name)
        self._root.cells[cell.name] = cell

    def _branch(self, source: Source) -> _Branch:
        branch = self._root
        for depth, name in enumerate(source.path, start=1):
            if name not in branch.cells:
                branch.cells[name] = _Branch(self._rows.source(source.path[:depth], 0))
            branch = branch.cells[name]  # type: ignore[assignment]
        return branch

    def _finished(self, branch: _Branch) -> tuple[Cell, ...]:
        return tuple(
            self._parent(name, cell) if isinstance(cell, _Branch) else cell
            for name, cell in branch.cells.items()
        )

    def _parent(self, name: str, branch: _Branch) -> Parent:
        source = branch.source
        record = Record(
            type=source.entity,
            id_index=self._index(Fragment(sql=source.id_sql)),
            objects={sobject.key_prefix: sobject.name for sobject, _ in source.rows},
            cells=self._finished(branch),
        )
        assert source.reference  # noqa: S101 - only the root has none
        return Parent(name=name, record=record, reference=source.reference)

    def _compound(self, column: Column) -> Compound:
        """An address from whichever of its parts the asker may read."""
        self.features.add("compound")
        prefix = column.field.name.removesuffix("Address")
        sobject, alias = column.source.rows[0]
        found = [(part, self._context.field(sobject, prefix + part)) for part in _ADDRESS_PARTS]
        parts = [
            (part[0].lower() + part[1:], self._index(Fragment(sql=each.sql(alias))))
            for part, each in found
            if each
        ]
        return Compound(name=column.field.name, parts=tuple(parts), field=column.field)

    def _add_fields(self, call: Call) -> None:
        """FIELDS(ALL), FIELDS(STANDARD) or FIELDS(CUSTOM)."""
        which = str(call.arguments[0]).upper() if len(call.arguments) == 1 else ""
        if which not in ("ALL", "STANDARD", "CUSTOM"):
            message = "The SOQL FIELDS function must be ALL, CUSTOM or STANDARD"
            raise refuse("MALFORMED_QUERY", message, self._context.text, call.at)
        if which != "STANDARD" and not (self._query.limit and self._query.limit <= MOST_FIELDS_ROWS):
            raise malformed(f"The SOQL FIELDS function must have a LIMIT of at most {MOST_FIELDS_ROWS}")
        if which != "STANDARD":
            self.features.add("unbounded")
        sobject = self._rows.sobject
        for each in sobject.fields:
            if self._context.field(sobject, each.name) and (
                which == "ALL" or each.custom == (which == "CUSTOM")
            ):
                self._add_expression(expression(self._rows, Path(parts=(each.name,), at=call.at)), None)

    def _add_children(self, query: Query) -> None:
        self.features.add("subselect")
        rows, name, record = self._child_select(query, self._rows)
        self._place_once(Children(name=name, index=self._index(rows), record=record))

    def _add_choice(self, choice: TypeOf) -> None:
        self.features.add("typeof")
        source = self._rows.source(choice.relationship.parts, choice.relationship.at)
        by_name = {sobject.name.lower(): (sobject, alias) for sobject, alias in source.rows}
        id_index = self._index(Fragment(sql=source.id_sql))
        branches = {}
        for named, paths in choice.whens:
            if str(named).lower() not in by_name:
                raise no_such_object(str(named), self._context.text, named.at)
            sobject, alias = by_name[str(named).lower()]
            cells = tuple(self._branch_value(sobject, alias, path) for path in paths)
            branches[sobject.key_prefix] = record_of(sobject, id_index, cells)
        columns = [
            self._rows.column(replace(path, parts=(*source.path, *path.parts))) for path in choice.otherwise
        ]
        otherwise = Record(
            type=source.entity,
            id_index=id_index,
            objects={sobject.key_prefix: sobject.name for sobject, _ in source.rows},
            cells=tuple(
                Value(name=each.field.name, index=self._index(Fragment(sql=each.sql)), field=each.field)
                for each in columns
            ),
        )
        chosen = Choice(name=source.path[-1], id_index=id_index, branches=branches, otherwise=otherwise)
        branch = self._branch(self._rows.source(source.path[:-1], choice.relationship.at))
        if chosen.name in branch.cells:
            raise selected_twice(chosen.name)
        branch.cells[chosen.name] = chosen

    def _branch_value(self, sobject: SObject, alias: str, path: Path) -> Value:
        asked = self._context.need_field(sobject, str(path), path.at)
        index = self._index(Fragment(sql=asked.sql(alias)))
        return Value(name=asked.name, index=index, convert=_CONVERTERS.get(asked.type), field=asked)

    def _index(self, column: Fragment) -> int:
        """The place of a column among the columns read; the same column is read once."""
        if column.sql not in self._indexes:
            self._indexes[column.sql] = len(self.columns)
            self.columns.append(column)
        return self._indexes[column.sql]


def aggregate_values(expressions: list[tuple[Expression, str | None]]) -> list[Value]:
    """The cells of an aggregate result, in order; what has no alias and is no field is called expr0, expr1 …"""
    cells: list[Value] = []
    unnamed = 0
    for index, (asked, alias) in enumerate(expressions):
        column = None if asked.aggregate or asked.function else asked.column
        name = alias or (column.field.name if column else f"expr{unnamed}")
        unnamed += alias is None and column is None
        if any(cell.name == name for cell in cells):
            raise malformed(f"duplicate alias: {name}")
        cells.append(
            Value(
                name=name,
                index=index,
                convert=_converter(asked),
                field=column.field if column else None,
                display=asked.label,
                number=asked.kind == "number",
            )
        )
    return cells


def _converter(asked: Expression) -> Callable[[Any], Any] | None:
    """How a stored value becomes the answered one."""
    shown = asked.column.field if asked.column else None
    if asked.function == "TOLABEL" and shown and shown.picklist_values:
        labels = {entry.value: entry.label for entry in shown.picklist_values}
        return lambda value: labels.get(value, value)
    if asked.function == "FORMAT":
        return formatter(asked)
    if asked.kind == "number":
        return None if asked.whole else _CONVERTERS["double"]
    return _CONVERTERS.get(asked.kind)
