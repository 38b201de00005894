"""SOQL text → CompiledQuery: the road through the folder, one SELECT at a time.

Called by whoever runs queries. The text is parsed at most once; names are resolved each time, for they depend on the
org's schema and on who asks. Statements never carry a value of the query, only question marks.
"""

# ruff: noqa: S608 - what is put into statements are names of the schema and aliases made here.

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.org.schema import Field, Schema, SObject
from salesforce_sandbox.org.soql.compiled import CompiledQuery
from salesforce_sandbox.org.soql.conditions import Conditions, Fragment, has_semi_join, joined
from salesforce_sandbox.org.soql.context import Context
from salesforce_sandbox.org.soql.expressions import Expression, expression
from salesforce_sandbox.org.soql.grouping import grouping_sets
from salesforce_sandbox.org.soql.parse import alike_but_for_moments, parse
from salesforce_sandbox.org.soql.refusals import malformed, no_such_child, no_such_object, refuse
from salesforce_sandbox.org.soql.rows import Rows
from salesforce_sandbox.org.soql.selection import MOST_FIELDS_ROWS, Selection, aggregate_values
from salesforce_sandbox.org.soql.shape import Record
from salesforce_sandbox.org.soql.syntax import Call, Literal, Operand, Ordering, Query, Selected

MOST_OFFSET = 2_000
# The query itself and its child subqueries within one another.
MOST_LEVELS = 5
# How ids of owners begin in the scopes that go by them.
_OWNED_BY = {"queue_owned": "00G", "user_owned": "005"}
_AGGREGATES = ("COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX")


def compile_query(
    text: str,
    schema: Schema,
    *,
    now: datetime,
    user_id: str,
    include_deleted: bool = False,
    readable: Callable[[str, str], bool] = lambda sobject, field: True,
) -> CompiledQuery:
    """The query ready to run.

    `now` is aware and in the asker's zone: TODAY begins at its midnight. `include_deleted` is queryAll. What
    `readable(sobject, field)` denies does not exist for this query, and an object whose Id it denies does not either; a list of
    columns is looked up once for all who may read the same.
    """
    memo = schema.memo.given(readable)
    alike, moments = alike_but_for_moments(text)
    key = ("compiled", alike, user_id, include_deleted)
    known: CompiledQuery | None = memo.get(key)
    if known and (again := known.of_other_moments(text)):
        return again
    query = parse(text)
    context = Context(
        text=text,
        schema=schema,
        readable=readable,
        now=now,
        user_id=user_id,
        include_deleted=include_deleted or query.all_rows,
        memo=memo,
    )
    compiled = _compiled(context, query)
    if "'" not in text and not query.says_when and compiled.moments == moments:
        memo.keep(key, compiled)
    return compiled


def _compiled(context: Context, query: Query) -> CompiledQuery:
    sobject = context.object(str(query.sobject))
    if sobject is None:
        raise no_such_object(str(query.sobject), context.text, query.sobject.at)
    if query.offset is not None and query.offset > MOST_OFFSET:
        raise SalesforceError(
            400, "NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {MOST_OFFSET}"
        )
    if _is_bare_count(query):
        return _count(context, query, sobject)
    if query.group_by or any(
        isinstance(item, Selected) and _is_aggregate(item.operand) for item in query.select
    ):
        return _aggregated(context, query, sobject)
    return _listed(context, query, sobject)


def _rows(context: Context, sobject: SObject, query: Query, *, depth: int = 0) -> Rows:
    rows = Rows(context, sobject, query.alias, depth=depth)
    for alias, path in query.related:
        rows.name(alias, path)
    return rows


def _listed(context: Context, query: Query, sobject: SObject) -> CompiledQuery:
    """A query for records."""
    if query.having is not None:
        raise malformed("having clause requires a group by clause")
    rows, chosen = _chosen(context, query, sobject)
    where = _where(rows, query)
    order = _order(rows, query.order_by)
    limit = _limit(query)
    select = chosen.select
    features = chosen.features | ({"offset"} if query.offset else set())
    return CompiledQuery(
        sobject=sobject,
        sql=f"SELECT {select.sql} FROM {rows.sql}{where.sql}{order}{limit.sql}",
        params=(*select.params, *where.params, *limit.params),
        count_sql=f"SELECT count(*) FROM (SELECT 1 FROM {rows.sql}{where.sql}{limit.sql})",
        count_params=(*where.params, *limit.params),
        record=chosen.record,
        flat_columns=chosen.flat,
        features=frozenset(features),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    """What the list of columns of a query comes to. `aliases` is how many it took."""

    select: Fragment
    record: Record
    flat: tuple[tuple[str, int, Field], ...]
    features: frozenset[str]
    aliases: int


def _chosen(context: Context, query: Query, sobject: SObject) -> tuple[Rows, _Chosen]:
    """The rows of a query, with what its list of columns joins, and the list; of plain columns as remembered, where they are."""
    plain = all(isinstance(item, Selected) for item in query.select)
    few = query.limit is not None and query.limit <= MOST_FIELDS_ROWS
    # Texts alike share their list: telling that it is the same one is quicker than comparing names.
    key = ("select", sobject.name, query.alias, id(query.select), few)
    if plain and (known := context.memo.get(key)) and known[0] is query.select:
        _, rows, chosen = known
        for _ in range(chosen.aliases):
            context.alias()
        return rows.within(context), chosen
    rows = _rows(context, sobject, query)
    selection = Selection(rows, query, _children)
    record = selection.record()
    chosen = _Chosen(
        select=Fragment(
            sql=", ".join(column.sql for column in selection.columns),
            params=tuple(value for column in selection.columns for value in column.params),
        ),
        record=record,
        flat=tuple(selection.flat),
        features=frozenset(selection.features),
        aliases=next(context.aliases) + 1,
    )
    if plain:
        context.memo.keep(key, (query.select, rows.within(context), chosen))
    return rows, chosen


def _count(context: Context, query: Query, sobject: SObject) -> CompiledQuery:
    """SELECT COUNT() FROM …"""
    if query.group_by:
        raise malformed("Grouped query must have at least one field or aggregate other than COUNT()")
    if query.order_by:
        raise malformed("COUNT() cannot be used with an ORDER BY clause; use COUNT(fieldName) instead")
    rows = _rows(context, sobject, query)
    where, limit = _where(rows, query), _limit(query)
    sql = f"SELECT count(*) FROM (SELECT 1 FROM {rows.sql}{where.sql}{limit.sql})"
    params = (*where.params, *limit.params)
    return CompiledQuery(
        sobject=sobject,
        sql=sql,
        params=params,
        count_sql=sql,
        count_params=params,
        record=Record(type="AggregateResult", id_index=None, objects={}, cells=()),
        flat_columns=(),
        features=frozenset({"aggregate"}),
        bare_count=True,
    )


def _aggregated(context: Context, query: Query, sobject: SObject) -> CompiledQuery:
    """A query with GROUP BY or aggregate functions."""
    rows = _rows(context, sobject, query)
    operands, sets = grouping_sets(query.group_by)
    groups = {operand: _groupable(rows, operand).sql for operand in operands}
    grouped = frozenset(groups.values())
    selected = [_grouped(rows, item, grouped) for item in query.select]
    cells = aggregate_values(selected)
    where = _where(rows, query)
    having = Fragment(sql="")
    if query.having is not None:
        condition = _conditions(rows, grouped).fragment(query.having)
        having = replace(condition, sql=f" HAVING {condition.sql}")
    named = {cell.name.lower(): asked for cell, (asked, _) in zip(cells, selected, strict=True)}
    ordered = _ordered_by(rows, query.order_by, named, grouped)
    limit = _limit(query)
    columns = [asked.sql for asked, _ in selected] + [by.sql for by, _ in ordered]
    rest = f" FROM {rows.sql}{where.sql}{{group_by}}{having.sql}"
    branches = [_branch(columns, rest, grouped, [groups[operand] for operand in kept]) for kept in sets]
    names = ", ".join(f"c{index}" for index in range(len(selected)))
    order = [
        _order_term(rows, replace(by, sql=f"c{index}"), ordering)
        for index, (by, ordering) in enumerate(ordered, start=len(selected))
    ]
    order_by = f" ORDER BY {', '.join(order)}" if order else ""
    return CompiledQuery(
        sobject=sobject,
        sql=f"SELECT {names} FROM ({' UNION ALL '.join(branches)}){order_by}{limit.sql}",
        params=(*(where.params + having.params) * len(sets), *limit.params),
        count_sql=None,
        count_params=(),
        record=Record(type="AggregateResult", id_index=None, objects={}, cells=tuple(cells)),
        flat_columns=(),
        features=frozenset({"aggregate"}),
    )


def _branch(columns: list[str], rest: str, grouped: frozenset[str], kept: list[str]) -> str:
    """The SELECT of one grouping set: what it does not group by is null, and GROUPING says so."""
    listed = ", ".join(
        f"{'NULL' if sql in grouped and sql not in kept else sql} AS c{index}"
        for index, sql in enumerate(columns)
    )
    # A constant makes one group of all rows, which is none when there are no rows.
    by = ", ".join(kept) or "''"
    text = f"SELECT {listed}" + rest.format(group_by=f" GROUP BY {by}" if grouped else "")
    for sql in grouped:
        text = text.replace(f"GROUPING({sql})", str(int(sql not in kept)))
    return text


def _is_aggregate(operand: Operand | Literal) -> bool:
    if not isinstance(operand, Call):
        return False
    return operand.function in _AGGREGATES or any(_is_aggregate(inner) for inner in operand.arguments)


def _is_bare_count(query: Query) -> bool:
    (first, *others) = query.select
    is_count = (
        isinstance(first, Selected) and isinstance(first.operand, Call) and first.operand.function == "COUNT"
    )
    return is_count and not first.operand.arguments and not others  # type: ignore[union-attr]


def _groupable(rows: Rows, operand: Operand) -> Expression:
    group = expression(rows, operand)
    column = group.column
    if column and not group.function and not column.field.groupable:
        message = f"field '{column.field.name}' can not be grouped in a query call"
        raise refuse("MALFORMED_QUERY", message, rows.context.text, group.at)
    return group


def _grouped(rows: Rows, item: Any, grouped: frozenset[str]) -> tuple[Expression, str | None]:
    """A selected item of an aggregate query: an aggregate, or one of what is grouped by."""
    if not isinstance(item, Selected):
        raise malformed("Grouped queries can not select child rows or TYPEOF")
    asked = expression(rows, item.operand)
    is_grouping = asked.function == "GROUPING"
    of = expression(rows, item.operand.arguments[0]) if is_grouping else asked  # type: ignore[union-attr]
    if not of.aggregate and of.sql not in grouped:
        message = f"Field must be grouped or aggregated: {asked.label}"
        raise refuse("MALFORMED_QUERY", message, rows.context.text, asked.at)
    return asked, item.alias


def _children(query: Query, parent: Rows) -> tuple[Fragment, str, Record]:
    """A child subquery as one column: a JSON array of the child rows."""
    context = parent.context
    name = query.sobject.parts[-1]
    children = context.schema.children(parent.sobject.name)
    child = next((each for each in children if each.name and each.name.lower() == name.lower()), None)
    sobject = context.object(child.child) if child else None
    if child is None or sobject is None or not context.field(sobject, child.field):
        raise no_such_child(name, context.text, query.sobject.at)
    if parent.depth + 1 >= MOST_LEVELS:
        raise malformed(f"Parent-child relationship queries can have at most {MOST_LEVELS} levels")
    if query.group_by or any(
        isinstance(item, Selected) and _is_aggregate(item.operand) for item in query.select
    ):
        raise malformed("Aggregate functions are not allowed in child subqueries")
    rows = _rows(context, sobject, query, depth=parent.depth + 1)
    selection = Selection(rows, query, _children)
    record = selection.record()
    belongs = Fragment(sql=f'{rows.alias}."{child.field}" = {parent.alias}."Id"')
    where = _where(rows, query, belongs)
    order, limit = _order(rows, query.order_by), _limit(query)
    names = [f"c{index}" for index in range(len(selection.columns))]
    columns = ", ".join(
        f"{column.sql} AS {name}" for column, name in zip(selection.columns, names, strict=True)
    )
    inner = f"SELECT {columns} FROM {rows.sql}{where.sql}{order}{limit.sql}"
    sql = f"(SELECT json_group_array(json_array({', '.join(names)})) FROM ({inner}))"
    inner_params = tuple(value for column in selection.columns for value in column.params)
    return Fragment(sql=sql, params=(*inner_params, *where.params, *limit.params)), str(child.name), record


def _semi_join(context: Context, query: Query) -> tuple[Fragment, Expression]:
    """The SELECT of `IN (SELECT …)`; its nulls match nothing, whether asked for or against."""
    sobject = context.object(str(query.sobject))
    if sobject is None:
        raise no_such_object(str(query.sobject), context.text, query.sobject.at)
    (item, *others) = query.select
    if others or not isinstance(item, Selected):
        raise malformed("Semi join sub-selects must select exactly one field")
    if query.where and has_semi_join(query.where):
        raise malformed("Nesting of semi join sub-selects is not supported")
    rows = _rows(context, sobject, query)
    asked = expression(rows, item.operand)
    where = _where(rows, query, Fragment(sql=f"{asked.sql} IS NOT NULL"))
    order, limit = _order(rows, query.order_by) if query.limit else "", _limit(query)
    inner = f"SELECT {asked.sql} FROM {rows.sql}{where.sql}{order}{limit.sql}"
    return Fragment(sql=inner, params=(*where.params, *limit.params)), asked


def _conditions(rows: Rows, grouped: frozenset[str] | None = None) -> Conditions:
    return Conditions(rows, lambda query: _semi_join(rows.context, query), grouped)


def _where(rows: Rows, query: Query, *further: Fragment) -> Fragment:
    """WHERE with what the query says and what always holds: deleted rows are unseen, scopes narrow."""
    parts = list(further)
    if not rows.context.include_deleted and rows.sobject.field("IsDeleted"):
        parts.append(Fragment(sql=f'{rows.alias}."IsDeleted" = 0'))
    if query.scope:
        parts += _scope(rows, query.scope.lower())
    if query.where is not None:
        parts.append(_conditions(rows).fragment(query.where))
    if not parts:
        return Fragment(sql="")
    both = joined("AND", parts)
    return replace(both, sql=f" WHERE {both.sql}")


def _scope(rows: Rows, scope: str) -> list[Fragment]:
    """USING SCOPE: of the scopes that the object's describe lists, those by owner narrow the rows."""
    if scope != "everything" and scope not in map(str.lower, rows.sobject.scopes):
        raise malformed(f"The scope {scope} is not supported for {rows.sobject.name}")
    owner = f'{rows.alias}."OwnerId"'
    if scope == "mine" and rows.sobject.field("OwnerId"):
        return [Fragment(sql=f"{owner} = ?", params=(rows.context.user_id,))]
    if scope in _OWNED_BY:
        return [Fragment(sql=f"{owner} LIKE ?", params=(f"{_OWNED_BY[scope]}%",))]
    return []


def _order(rows: Rows, orderings: tuple[Ordering, ...]) -> str:
    """ORDER BY, nulls first unless said otherwise, and by Id at last, so that pages agree with each other."""
    terms = [_order_term(rows, expression(rows, ordering.operand), ordering) for ordering in orderings]
    return " ORDER BY " + ", ".join([*terms, f'{rows.alias}."Id"'])


def _ordered_by(
    rows: Rows, orderings: tuple[Ordering, ...], named: dict[str, Expression], grouped: frozenset[str]
) -> list[tuple[Expression, Ordering]]:
    """What orders an aggregate query: the selected expressions by name, aggregates, and what is grouped by."""
    found = []
    for ordering in orderings:
        by = named.get(str(ordering.operand).lower()) or expression(rows, ordering.operand)
        if not by.aggregate and by.sql not in grouped:
            message = f"Ordered field must be grouped or aggregated: {by.label}"
            raise refuse("MALFORMED_QUERY", message, rows.context.text, by.at)
        found.append((by, ordering))
    return found


def _order_term(rows: Rows, by: Expression, ordering: Ordering) -> str:
    if by.column and not by.aggregate and not by.column.field.sortable:
        message = f"field '{by.column.field.name}' can not be sorted in a query call"
        raise refuse("MALFORMED_QUERY", message, rows.context.text, by.at)
    direction = " DESC" if ordering.descending else ""
    # SQLite puts nulls first when ascending anyhow; saying so would keep it from using an index.
    nulls = {(False, True): " NULLS LAST", (True, False): " NULLS FIRST"}
    return f"{by.sql}{direction}{nulls.get((ordering.descending, ordering.nulls_last), '')}"


def _limit(query: Query) -> Fragment:
    if query.limit is None and query.offset is None:
        return Fragment(sql="")
    unlimited = -1
    limit = unlimited if query.limit is None else query.limit
    return Fragment(sql=" LIMIT ? OFFSET ?", params=(limit, query.offset or 0))
