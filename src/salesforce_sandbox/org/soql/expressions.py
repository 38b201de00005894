"""Operands → SQL: plain fields, aggregate functions, date functions and the functions that only dress a value.

Called for SELECT, WHERE, GROUP BY, HAVING and ORDER BY alike. Refuses what a field's describe flags rule out. Rests on
the SOQL reference, "Aggregate Functions" and "Date Functions".
"""

from dataclasses import dataclass, replace
from types import MappingProxyType

from salesforce_sandbox.org.soql.money import in_org_currency, in_user_currency
from salesforce_sandbox.org.soql.places import distance
from salesforce_sandbox.org.soql.refusals import refuse
from salesforce_sandbox.org.soql.rows import Column, Rows
from salesforce_sandbox.org.soql.syntax import Call, Literal, Operand, Path
from salesforce_sandbox.org.soql.values import TYPE_NAMES, kind_of

_AGGREGATES = MappingProxyType(
    {
        "COUNT": "count({x})",
        "COUNT_DISTINCT": "count(DISTINCT {x})",
        "SUM": "sum({x})",
        "AVG": "avg({x})",
        "MIN": "min({x})",
        "MAX": "max({x})",
    }
)
# Times are stored in UTC, and that is the zone in which Salesforce's date functions count, too.
_DATE_PARTS = MappingProxyType(
    {
        "CALENDAR_YEAR": "CAST(substr({x}, 1, 4) AS INTEGER)",
        "CALENDAR_QUARTER": "(CAST(substr({x}, 6, 2) AS INTEGER) + 2) / 3",
        "CALENDAR_MONTH": "CAST(substr({x}, 6, 2) AS INTEGER)",
        "DAY_IN_MONTH": "CAST(substr({x}, 9, 2) AS INTEGER)",
        "DAY_IN_WEEK": "CAST(strftime('%w', substr({x}, 1, 10)) AS INTEGER) + 1",
        "DAY_IN_YEAR": "CAST(strftime('%j', substr({x}, 1, 10)) AS INTEGER)",
        "HOUR_IN_DAY": "CAST(substr({x}, 12, 2) AS INTEGER)",
        "WEEK_IN_MONTH": "(CAST(substr({x}, 9, 2) AS INTEGER) + 6) / 7",
        "WEEK_IN_YEAR": "(CAST(strftime('%j', substr({x}, 1, 10)) AS INTEGER) + 6) / 7",
        "DAY_ONLY": "substr({x}, 1, 10)",
    }
)
# What these make of a value is still the field it is of, and is called by its name.
DRESSINGS = ("TOLABEL", "CONVERTCURRENCY", "FORMAT")
DISTANCE = "DISTANCE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """An operand in SQL. `column` is the field it is about; `kind` is what it compares as."""

    sql: str
    kind: str
    label: str
    at: int
    column: Column | None = None
    whole: bool = False
    aggregate: bool = False
    function: str | None = None

    @property
    def type_name(self) -> str:
        """How refusals name the type that a literal beside this must have."""
        return "int" if self.whole else TYPE_NAMES.get(self.kind, self.kind)

    @property
    def compared(self) -> str:
        """The SQL to compare with: text without regard to case, whatever its column's own collation."""
        if self.kind != "text":
            return self.sql
        sensitive = self.column is not None and self.column.field.case_sensitive
        return f"{self.sql} COLLATE {'BINARY' if sensitive else 'NOCASE'}"


def expression(rows: Rows, operand: Operand | Literal) -> Expression:
    """The operand over these rows; SalesforceError when there is no such field or function, or it does not fit."""
    if isinstance(operand, Path):
        return _plain(rows, operand)
    if isinstance(operand, Literal):
        raise refuse("MALFORMED_QUERY", f"unexpected token: '{operand.text}'", rows.context.text, operand.at)
    name = operand.function
    if name.startswith("FISCAL_"):
        name = name.replace("FISCAL_", "CALENDAR_")
    if name in _AGGREGATES:
        return _aggregate(rows, operand)
    if name in _DATE_PARTS:
        return _date_part(rows, operand, name)
    if name in DRESSINGS and len(operand.arguments) == 1:
        return _dressed(rows, operand.arguments[0], name)
    if name == DISTANCE:
        sql = distance(rows, operand)
        return Expression(sql=sql, kind="number", label=str(operand), at=operand.at, function=name)
    if name == "GROUPING" and len(operand.arguments) == 1:
        return _grouping(rows, operand)
    at = operand.at + len(operand.function)
    raise refuse("MALFORMED_QUERY", "unexpected token: '('", rows.context.text, at)


def _dressed(rows: Rows, operand: Operand | Literal, name: str) -> Expression:
    inner = expression(rows, operand)
    if name == "CONVERTCURRENCY" and inner.column and not inner.aggregate:
        inner = replace(inner, sql=in_user_currency(rows, inner.column, inner.sql))
    # FORMAT(convertCurrency(x)) is still shown as a text.
    return replace(inner, function="FORMAT" if inner.function == "FORMAT" else name)


def _plain(rows: Rows, path: Path) -> Expression:
    column = rows.column(path)
    field = column.field
    return Expression(
        sql=column.sql,
        kind=kind_of(field),
        label=field.name,
        at=path.at,
        column=column,
        whole=field.type == "int",
    )


def _aggregate(rows: Rows, call: Call) -> Expression:
    text = rows.context.text
    if len(call.arguments) != 1:
        raise refuse("MALFORMED_QUERY", "unexpected token: ')'", text, call.at + len(call.function) + 1)
    inner = expression(rows, call.arguments[0])
    counts = call.function.startswith("COUNT")
    needs_number = call.function in ("SUM", "AVG")
    groupable = inner.column is not None and inner.column.field.aggregatable and not inner.aggregate
    if not groupable or (needs_number and inner.kind != "number"):
        message = f"field {inner.label} does not support aggregate operator {call.function}"
        raise refuse("MALFORMED_QUERY", message, text, call.at)
    amount = inner.sql
    if not counts and inner.column and not inner.function:
        amount = in_org_currency(rows, inner.column, inner.sql)
    return replace(
        inner,
        sql=_AGGREGATES[call.function].format(x=amount),
        kind="number" if counts else inner.kind,
        whole=counts or (inner.whole and call.function != "AVG"),
        label=f"{call.function.lower()}({inner.label})",
        at=call.at,
        aggregate=True,
    )


def _grouping(rows: Rows, call: Call) -> Expression:
    """Whether a row is a subtotal over the field; the compiler, which knows the grouping sets, puts 0 or 1 there."""
    inner = expression(rows, call.arguments[0])
    sql, label = f"GROUPING({inner.sql})", f"grouping({inner.label})"
    return replace(
        inner,
        sql=sql,
        label=label,
        kind="number",
        whole=True,
        at=call.at,
        aggregate=True,
        function="GROUPING",
    )


def _date_part(rows: Rows, call: Call, name: str) -> Expression:
    text = rows.context.text
    inner = call.arguments[0] if len(call.arguments) == 1 else None
    if isinstance(inner, Call) and inner.function == "CONVERTTIMEZONE" and len(inner.arguments) == 1:
        inner = inner.arguments[0]
    if not isinstance(inner, Path):
        raise refuse("MALFORMED_QUERY", f"{call.function} takes one date field", text, call.at)
    plain = _plain(rows, inner)
    if plain.kind not in ("date", "datetime"):
        message = f"field {plain.label} does not support function {call.function}"
        raise refuse("MALFORMED_QUERY", message, text, call.at)
    return replace(
        plain,
        sql=_DATE_PARTS[name].format(x=plain.sql),
        kind="date" if name == "DAY_ONLY" else "number",
        whole=name != "DAY_ONLY",
        label=f"{call.function}({plain.label})",
        at=call.at,
        function=call.function,
    )
