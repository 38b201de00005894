"""WHERE and HAVING → SQL with bound parameters.

Salesforce knows no third truth value: a comparison with null is simply false, `!=` and NOT IN hold for null, and an
empty text is null. So each comparison here is written to hold or not to hold, and NOT is `IS NOT TRUE`. Rests on the
SOQL reference, "Comparison Operators" and "Querying with NULL".
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.org.soql import periods, values
from salesforce_sandbox.org.soql.expressions import DISTANCE, Expression, expression
from salesforce_sandbox.org.soql.money import RATE_OF_CODE, rate
from salesforce_sandbox.org.soql.refusals import malformed, refuse, wrong_type
from salesforce_sandbox.org.soql.rows import Rows
from salesforce_sandbox.org.soql.syntax import AllOf, AnyOf, Comparison, Condition, Literal, Negation, Query

LONGEST_STRING = 4_000
_EQUALITY = ("=", "!=", "IN", "NOT IN")
_RANGES = (*_EQUALITY, "<", "<=", ">", ">=")
_OPERATORS = {
    "text": (*_RANGES, "LIKE"),
    "id": _RANGES,
    "boolean": _EQUALITY,
    "number": _RANGES,
    "date": _RANGES,
    "datetime": _RANGES,
}
# Which literals each kind of field takes, beside null.
_LITERALS = {
    "text": ("string",),
    "id": ("string",),
    "boolean": ("boolean",),
    "number": ("number", "currency"),
    "date": ("date", "period"),
    "datetime": ("datetime", "period"),
}
_QUOTED_KINDS = ("text", "id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """A piece of SQL and the values of its question marks, in order."""

    sql: str
    params: tuple[Any, ...] = ()


Subselect = Callable[[Query], tuple[Fragment, Expression]]


def joined(word: str, fragments: Iterable[Fragment]) -> Fragment:
    """Fragments with AND or OR between them, in parentheses."""
    listed = list(fragments)
    sql = f" {word} ".join(fragment.sql for fragment in listed)
    return Fragment(sql=f"({sql})", params=tuple(value for fragment in listed for value in fragment.params))


_ONLY_AT_THE_TOP = (
    "Semi join sub-selects are only allowed at the top level WHERE expressions"
    " and not in nested WHERE expressions."
)


class Conditions:
    """Compiles the conditions over one SELECT's rows.

    `subselect` compiles the SELECT of a semi-join. In HAVING, `grouped` holds the SQL of what is grouped by; in WHERE it
    is None, and there are no aggregates.
    """

    def __init__(self, rows: Rows, subselect: Subselect, grouped: frozenset[str] | None = None) -> None:
        self._rows = rows
        self._context = rows.context
        self._text = rows.context.text
        self._subselect = subselect
        self._grouped = grouped

    def fragment(self, condition: Condition) -> Fragment:
        if isinstance(condition, AllOf):
            return joined("AND", map(self.fragment, condition.conditions))
        if isinstance(condition, AnyOf):
            if any(
                isinstance(each, Comparison) and isinstance(each.value, Query)
                for each in condition.conditions
            ):
                raise malformed("Semi join sub-selects are not allowed with the 'OR' operator")
            if has_semi_join(condition):
                raise malformed(_ONLY_AT_THE_TOP)
            return joined("OR", map(self.fragment, condition.conditions))
        if isinstance(condition, Negation):
            return _opposite(self.fragment(condition.condition))
        return self._comparison(condition)

    def _comparison(self, comparison: Comparison) -> Fragment:
        left, operator, value = (
            expression(self._rows, comparison.operand),
            comparison.operator,
            comparison.value,
        )
        self._check_place(left)
        self._check_operator(left, operator)
        if isinstance(value, Query):
            return self._semi_join(left, operator, value)
        if operator in ("INCLUDES", "EXCLUDES"):
            assert isinstance(value, tuple)  # noqa: S101 - the grammar knows only lists here
            return self._multipicklist(left, operator, value)
        if isinstance(value, tuple):
            return self._in(left, operator, value)
        if value.kind == "period":
            return self._period(left, operator, value)
        if value.kind == "currency" and left.column and (of_row := rate(self._rows, left.column)):
            amount = self._value(left, operator, value)
            return _compare_amounts(f"{left.sql} / {of_row}", operator, value.text[:3].upper(), amount)
        return _compare(left, operator, self._value(left, operator, value))

    def _check_place(self, left: Expression) -> None:
        """Refuses fields that can not be filtered and what does not belong into WHERE or HAVING."""
        field = left.column.field if left.column else None
        if field and (not field.filterable or left.kind == "address"):
            message = f"field '{field.name}' can not be filtered in a query call"
            raise refuse("INVALID_FIELD", message, self._text, left.at)
        if self._grouped is None and left.aggregate:
            message = "aggregate functions are not allowed in the WHERE clause"
            raise refuse("MALFORMED_QUERY", message, self._text, left.at)
        if self._grouped is not None and not left.aggregate and left.sql not in self._grouped:
            raise refuse(
                "MALFORMED_QUERY", f"Field must be grouped or aggregated: {left.label}", self._text, left.at
            )

    def _check_operator(self, left: Expression, operator: str) -> None:
        if left.column and left.column.field.type == "multipicklist":
            allowed: tuple[str, ...] = ("=", "!=", "INCLUDES", "EXCLUDES")
        elif left.function == DISTANCE:
            allowed = ("<", ">")
        else:
            allowed = _OPERATORS[left.kind]
        if operator not in allowed:
            self._refuse_operator(left)

    def _refuse_operator(self, left: Expression) -> None:
        kind = left.column.field.type if left.column and left.kind == "text" else left.kind
        message = f"invalid operator on {kind} field"
        raise refuse("INVALID_QUERY_FILTER_OPERATOR", message, self._text, left.at)

    def _value(self, left: Expression, operator: str, literal: Literal) -> Any:
        """The literal as it is stored; None for null."""
        if literal.kind == "null":
            return None
        if literal.kind not in _LITERALS[left.kind]:
            raise self._wrong_type(left, literal)
        if literal.kind in ("number", "currency"):
            return values.number(literal.text)
        if literal.kind == "boolean":
            return int(literal.text.lower() == "true")
        if literal.kind == "string":
            return self._string(left, operator, literal)
        value = values.day(literal.text) if literal.kind == "date" else values.moment(literal.text)
        if value is None:
            raise refuse("MALFORMED_QUERY", f"Invalid {literal.kind}: {literal.text}", self._text, literal.at)
        return values.Said.by(value, literal.at, len(literal.text)) if literal.kind == "datetime" else value

    def _string(self, left: Expression, operator: str, literal: Literal) -> str | None:
        if len(literal.text) > LONGEST_STRING:
            raise malformed(f"A string in a WHERE clause cannot be longer than {LONGEST_STRING} characters.")
        if escape := values.bad_escape(literal.text):
            message = f"Illegal character sequence '{escape}' in string literal."
            raise malformed(f"Invalid string literal '{literal.text}'. {message}")
        if left.kind == "id":
            if (record_id := values.record_id(literal.text)) is None:
                message = f"invalid ID field: {literal.text}"
                raise refuse("INVALID_QUERY_FILTER_OPERATOR", message, self._text, left.at)
            return record_id
        if operator == "LIKE":
            return values.like_pattern(literal.text)
        return values.unescaped(literal.text) or None

    def _wrong_type(self, left: Expression, literal: Literal) -> SalesforceError:
        if literal.kind == "period" and periods.days_of(literal.text, self._context.now.date()) is None:
            return refuse("MALFORMED_QUERY", f"unexpected token: '{literal.text}'", self._text, literal.at)
        return wrong_type(left.label, left.type_name, left.kind in _QUOTED_KINDS, self._text, left.at)

    def _period(self, left: Expression, operator: str, literal: Literal) -> Fragment:
        if literal.kind not in _LITERALS[left.kind]:
            raise self._wrong_type(left, literal)
        days = periods.days_of(literal.text, self._context.now.date())
        if days is None:
            raise refuse("MALFORMED_QUERY", f"unexpected token: '{literal.text}'", self._text, literal.at)
        if left.kind == "date":
            bounds = tuple(each.isoformat() for each in days)
        else:
            bounds = tuple(values.midnight(each, self._context.now) for each in days)
        return _within(left.sql, operator, *bounds)

    def _in(self, left: Expression, operator: str, literals: tuple[Literal, ...]) -> Fragment:
        periods_named = [literal for literal in literals if literal.kind == "period"]
        if periods_named:
            within = joined("OR", (self._period(left, "=", literal) for literal in periods_named))
            return (
                within
                if operator == "IN"
                else Fragment(sql=f"({within.sql} IS NOT TRUE)", params=within.params)
            )
        listed = [self._value(left, operator, literal) for literal in literals]
        return _among(left, operator, listed)

    def _multipicklist(self, left: Expression, operator: str, literals: tuple[Literal, ...]) -> Fragment:
        """`'a;b', 'c'`: both a and b, or c."""
        has_entry = f"instr(lower(';' || {left.sql} || ';'), lower(?)) > 0"
        either = []
        for literal in literals:
            wanted = str(self._value(left, "=", literal) or "").split(";")
            either.append(joined("AND", (Fragment(sql=has_entry, params=(f";{each};",)) for each in wanted)))
        found = joined("OR", either)
        return found if operator == "INCLUDES" else _opposite(found)

    def _semi_join(self, left: Expression, operator: str, query: Query) -> Fragment:
        inner, selected = self._subselect(query)
        if left.kind != "id" or selected.kind != "id":
            field = left.label if left.kind != "id" else selected.label
            raise malformed(f"Semi join sub-selects can only query id fields, cannot use: '{field}'")
        if query.sobject.parts[-1].lower() == self._rows.sobject.name.lower():
            raise malformed("The inner and outer selects should not be on the same object type")
        if not _targets(left) & _targets(selected):
            raise malformed(
                f"The selected field '{selected.label}' in the subquery and the left operand field in the where "
                f"expression in the outer query '{left.label}' should point to the same object type"
            )
        found = Fragment(sql=f"{left.sql} IN ({inner.sql})", params=inner.params)
        return found if operator == "IN" else _opposite(found)


def has_semi_join(condition: Condition) -> bool:
    """Whether any part of a condition compares with a SELECT."""
    if isinstance(condition, Comparison):
        return isinstance(condition.value, Query)
    if isinstance(condition, Negation):
        return has_semi_join(condition.condition)
    return any(map(has_semi_join, condition.conditions))


def _targets(side: Expression) -> set[str]:
    """The objects whose ids the column holds."""
    assert side.column  # noqa: S101 - only columns are of kind id
    field, source = side.column.field, side.column.source
    return set(field.reference_to) if field.reference_to else {sobject.name for sobject, _ in source.rows}


def _compare(left: Expression, operator: str, value: Any) -> Fragment:
    if left.kind == "boolean":
        # Also where an outer join found no row, a checkbox is not checked.
        return Fragment(sql=f"coalesce({left.sql}, 0) {operator} ?", params=(value or 0,))
    if _needs_folding(left, value) and operator in ("LIKE", "=", "!="):
        holds = {"=": "IS ?", "!=": "IS NOT ?"}.get(operator, "LIKE ? ESCAPE '\\'")
        return Fragment(sql=f"fold({left.sql}) {holds}", params=(value.lower(),))
    if operator == "LIKE":
        return Fragment(sql=f"{left.compared} LIKE ? ESCAPE '\\'", params=(value,))
    if operator in ("=", "!="):
        return Fragment(sql=f"{left.compared} {'IS' if operator == '=' else 'IS NOT'} ?", params=(value,))
    return Fragment(sql=f"{left.compared} {operator} ?", params=(value,))


def _needs_folding(left: Expression, value: Any) -> bool:
    """Whether the case of letters beyond A to Z is at stake, which SQLite's own comparison of texts does not see past."""
    sensitive = left.column is not None and left.column.field.case_sensitive
    return left.kind == "text" and isinstance(value, str) and not value.isascii() and not sensitive


def _compare_amounts(left: str, operator: str, code: str, amount: float) -> Fragment:
    """A literal such as EUR5000 compares by what it is worth; a currency the org does not have, with nothing."""
    holds = {"=": "IS", "!=": "IS NOT"}.get(operator, operator)
    return Fragment(sql=f"({left}) {holds} (? / {RATE_OF_CODE})", params=(amount, code))


def _within(sql: str, operator: str, start: str, end: str) -> Fragment:
    """A comparison with a span of days: its whole counts for = and !=, its nearer edge for the others."""
    if operator in ("=", "!="):
        within = Fragment(sql=f"({sql} >= ? AND {sql} < ?)", params=(start, end))
        return within if operator == "=" else _opposite(within)
    compared = {"<": ("<", start), "<=": ("<", end), ">": (">=", end), ">=": (">=", start)}
    sign, bound = compared[operator]
    return Fragment(sql=f"{sql} {sign} ?", params=(bound,))


def _among(left: Expression, operator: str, listed: list[Any]) -> Fragment:
    """One parameter for the whole list, so that SQLite's limit on parameters is none on ids."""
    sql = f"{left.compared} IN (SELECT value FROM json_each(?))"  # noqa: S608 - made of schema names
    folded = [value.lower() for value in listed if _needs_folding(left, value)]
    plain = [value for value in listed if value is not None and not _needs_folding(left, value)]
    params: tuple[str, ...] = (orjson.dumps(plain).decode(),)
    if folded:
        sql = f"({sql} OR fold({left.sql}) IN (SELECT value FROM json_each(?)))"  # noqa: S608 - likewise
        params = (*params, orjson.dumps(folded).decode())
    if None in listed:
        sql = f"({sql} OR {left.sql} IS NULL)"
    found = Fragment(sql=sql, params=params)
    return found if operator == "IN" else _opposite(found)


def _opposite(fragment: Fragment) -> Fragment:
    return Fragment(sql=f"({fragment.sql} IS NOT TRUE)", params=fragment.params)
