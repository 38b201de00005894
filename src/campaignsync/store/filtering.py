"""Filters as SQL: conditions and their logic become one WHERE over people, with every value bound (M10.2, M10.7).

Called by the other modules of smart campaigns. Each condition about memberships is an EXISTS over the person, which PostgreSQL
answers by an index for one person and by a hash for a million. Names of campaigns are looked up first, in one small query
each, so that the planner knows how many members they have.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from campaignsync.domain.errors import UsageError
from campaignsync.domain.fields import STANDARD_FIELDS, ValueKind
from campaignsync.domain.smart_campaigns import Comparison, Condition, Logic, Operator, SmartList
from campaignsync.store.frames import execute, rows

_KINDS = {field.name: field.kind for field in STANDARD_FIELDS}
_TURNED_ROUND = {
    Operator.IS_NOT: Operator.IS,
    Operator.NOT_CONTAINS: Operator.CONTAINS,
    Operator.NOT_STARTS_WITH: Operator.STARTS_WITH,
    Operator.NOT_IN_PAST: Operator.IN_PAST,
    Operator.IS_NOT_EMPTY: Operator.IS_EMPTY,
}
_NUMBER = r"^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?$"
_CUSTOM = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}")
_COMPARED = {
    Operator.AT_LEAST: ">=",
    Operator.AT_MOST: "<=",
    Operator.MORE_THAN: ">",
    Operator.LESS_THAN: "<",
}


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of SQL and the values to bind."""

    text: str
    values: tuple[Any, ...] = ()


def generous() -> None:
    """Let this transaction hash a million people in memory, rather than look each of them up."""
    execute("SET LOCAL work_mem = '256MB'")


def people_who(smart_list: SmartList, now: datetime) -> Sql:
    """A condition on person `p` that holds for whom the filters find."""
    return joined(smart_list.logic, [condition(each, now) for each in smart_list.filters])


def joined(logic: Logic, parts: Sequence[Sql]) -> Sql:
    """Conditions joined as the logic says."""
    inner = [parts[part] if isinstance(part, int) else joined(part, parts) for part in logic.parts]
    values = tuple(value for each in inner for value in each.values)
    if logic.word == "not":
        return Sql(f"NOT ({inner[0].text})", values)
    word = f" {logic.word.upper()} "
    return Sql(word.join(f"({each.text})" for each in inner) or "true", values)


def condition(wanted: Condition, now: datetime) -> Sql:
    """One filter as a condition on person `p`; it is true or false, never neither."""
    made = _FILTERS[wanted.filter](wanted, now)
    text = f"coalesce(({made.text}), false)"
    return Sql(f"NOT {text}" if wanted.negated else text, made.values)


@dataclass
class _Where:
    """Conditions that are gathered one by one."""

    now: datetime
    texts: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def add(self, text: str, *values: Any) -> None:
        self.texts.append(text)
        self.values.extend(values)

    def compare(self, comparison: Comparison | None, made: Any, expression: str) -> None:
        """Compare an expression of a kind, where that is asked for."""
        if comparison is not None:
            sql: Sql = made(expression, comparison, self.now)
            self.add(sql.text, *sql.values)

    def sql(self, head: str) -> Sql:
        return Sql(f"EXISTS ({head} AND {' AND '.join(self.texts) or 'true'})", tuple(self.values))


def text_is(expression: str, comparison: Comparison, now: datetime) -> Sql:
    """How text compares: trimmed, without regard to case; dates in it by their order."""
    if comparison.operator in _TURNED_ROUND:
        return _turned(text_is, expression, comparison, now)
    folded = f"lower(trim({expression}))"
    values = [str(value).strip().lower() for value in comparison.values]
    match comparison.operator:
        case Operator.IS if not isinstance(comparison.values[0], float):
            return Sql(f"{folded} = ANY(%s)", (values,))
        case Operator.IS_EMPTY:
            return Sql(f"coalesce(trim({expression}), '') = ''")
        case Operator.CONTAINS:
            return Sql(f"{folded} LIKE ANY(%s)", ([f"%{_escaped(value)}%" for value in values],))
        case Operator.STARTS_WITH:
            return Sql(f"{folded} LIKE ANY(%s)", ([f"{_escaped(value)}%" for value in values],))
        case Operator.IN_PAST | Operator.IN_NEXT:
            pass
        case _ if comparison.operator in _COMPARED or isinstance(comparison.values[0], float):
            return number_is(expression, comparison, now)
    return _text_time(f'left(trim({expression}), 10) COLLATE "C"', comparison, now)


def _text_time(day: str, comparison: Comparison, now: datetime) -> Sql:
    """Days that are written year first compare as text."""
    there = f"{day} ~ '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}$' AND {day}"
    first, last = _span(comparison, now)
    if first is not None and last is not None:
        return Sql(f"{there} BETWEEN %s AND %s", (first[:10], last[:10]))
    return (
        Sql(f"{there} > %s", (first[:10],)) if first is not None else Sql(f"{there} < %s", (str(last)[:10],))
    )


def _span(comparison: Comparison, now: datetime) -> tuple[str | None, str | None]:
    """The first and the last day that fit; of `before` and `after` only one, and without that day itself."""
    values = comparison.values
    match comparison.operator:
        case Operator.BEFORE:
            return None, str(values[0])
        case Operator.AFTER:
            return str(values[0]), None
        case Operator.IN_PAST:
            return (now - _hours(comparison)).isoformat(), now.isoformat()
        case Operator.IN_NEXT:
            return now.isoformat(), (now + _hours(comparison)).isoformat()
    return str(values[0]), str(values[-1])


def number_is(expression: str, comparison: Comparison, now: datetime) -> Sql:
    """How numbers compare; what is no number compares as nothing."""
    if comparison.operator in _TURNED_ROUND:
        return _turned(number_is, expression, comparison, now)
    if comparison.operator is Operator.IS_EMPTY:
        return Sql(f"coalesce(trim(({expression})::text), '') = ''")
    number = f"(CASE WHEN ({expression})::text ~ '{_NUMBER}' THEN ({expression})::text::numeric END)"
    if comparison.operator is Operator.IS:
        return Sql(f"{number} = ANY(%s::numeric[])", ([str(value) for value in comparison.values],))
    if comparison.operator is Operator.BETWEEN:
        return Sql(f"{number} BETWEEN %s AND %s", comparison.values)
    return Sql(f"{number} {_COMPARED[comparison.operator]} %s", comparison.values)


def truth_is(expression: str, comparison: Comparison, now: datetime) -> Sql:
    """How yes and no compare; what is neither is no."""
    if comparison.operator is Operator.IS_NOT:
        return _turned(truth_is, expression, comparison, now)
    return Sql(f"coalesce({expression}, false) = ANY(%s)", (list(comparison.values),))


def time_is(expression: str, comparison: Comparison, now: datetime) -> Sql:
    """How moments compare; a day is one of UTC."""
    if comparison.operator in _TURNED_ROUND:
        return _turned(time_is, expression, comparison, now)
    if comparison.operator is Operator.IS_EMPTY:
        return Sql(f"{expression} IS NULL")
    if comparison.operator is Operator.IN_PAST:
        return Sql(f"{expression} BETWEEN %s AND %s", (now - _hours(comparison), now))
    if comparison.operator is Operator.IN_NEXT:
        return Sql(f"{expression} BETWEEN %s AND %s", (now, now + _hours(comparison)))
    first, last = (_moment(value) for value in _span(comparison, now))
    if last is None:
        return Sql(f"{expression} >= %s", (first[1],))  # type: ignore[index]
    if first is None:
        return Sql(f"{expression} < %s", (last[0],))
    return Sql(f"{expression} >= %s AND {expression} < %s", (first[0], last[1]))


def _moment(value: str | None) -> tuple[datetime, datetime] | None:
    """Where a day or a moment begins, and where it has ended."""
    if value is None:
        return None
    at = datetime.fromisoformat(value)
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return at, at + (timedelta(days=1) if len(value) == 10 else timedelta(microseconds=1))


def _hours(comparison: Comparison) -> timedelta:
    return timedelta(hours=float(comparison.values[0]))


def _turned(made: Any, expression: str, comparison: Comparison, now: datetime) -> Sql:
    turned = Comparison(operator=_TURNED_ROUND[comparison.operator], values=comparison.values)
    inner: Sql = made(expression, turned, now)
    return Sql(f"NOT coalesce({inner.text}, false)", inner.values)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def campaigns_meant(constraints: Mapping[str, Comparison], now: datetime) -> list[str] | None:
    """The ids of the campaigns that are meant by name, id or type; None where any is."""
    if not {"campaign", "type"} & constraints.keys():
        return None
    where = _Where(now, ["NOT is_deleted"])
    if named := constraints.get("campaign"):
        values = [str(value).strip().lower() for value in named.values]
        found = "(lower(trim(name)) = ANY(%s) OR lower(salesforce_id) = ANY(%s))"
        where.add(f"NOT {found}" if named.operator is Operator.IS_NOT else found, values, values)
    where.compare(constraints.get("type"), text_is, "type")
    sql = f"SELECT salesforce_id FROM store_campaign WHERE {' AND '.join(where.texts)}"
    return [row["salesforce_id"] for row in rows(sql, where.values)]


def _member_of_campaign(wanted: Condition, now: datetime) -> Sql:
    where, asked = _Where(now), wanted.constraints
    campaigns = campaigns_meant(asked, now)
    if campaigns is not None:
        where.add("m.campaign_id = ANY(%s)", campaigns)
    where.compare(asked.get("status"), text_is, "m.status")
    where.compare(asked.get("responded"), truth_is, "m.has_responded")
    where.compare(asked.get("date added"), time_is, "m.created_date")
    return where.sql(
        "SELECT FROM store_personidentity i JOIN store_campaignmember m ON m.connection_id = i.connection_id"
        " AND coalesce(m.contact_id, m.lead_id) = i.salesforce_id WHERE i.person_id = p.id"
    )


_CHANGES = {
    "Was Added to SFDC Campaign": "e.old IS NULL AND e.new IS NOT NULL",
    "Was Removed from SFDC Campaign": "e.new IS NULL AND e.why <> 'went with the person in Salesforce'",
    "Status Was Changed in SFDC Campaign": "e.old IS NOT NULL AND e.new IS NOT NULL",
}


def _was_changed(wanted: Condition, now: datetime) -> Sql:
    where, asked = _Where(now), wanted.constraints
    where.add(f"e.side = 'campaign' AND e.noun = 'member' AND {_CHANGES[wanted.filter]}")
    campaigns = campaigns_meant(asked, now)
    if campaigns is not None:
        where.add("e.campaign_id = ANY(%s)", campaigns)
    old_status = wanted.filter == "Was Removed from SFDC Campaign"
    where.compare(asked.get("status"), text_is, "e.old" if old_status else "e.new")
    where.compare(asked.get("new status"), text_is, "e.new")
    where.compare(asked.get("previous status"), text_is, "e.old")
    where.compare(asked.get("when"), time_is, "e.at")
    return where.sql("SELECT FROM store_journalentry e WHERE e.person_id = p.id")


def _member_of_program(wanted: Condition, now: datetime) -> Sql:
    where, asked = _Where(now), wanted.constraints
    where.compare(asked.get("program"), text_is, "g.name")
    where.compare(asked.get("channel"), text_is, "h.name")
    where.compare(asked.get("status"), text_is, "s.name")
    where.compare(asked.get("success"), truth_is, "(m.reached_success_at IS NOT NULL)")
    where.compare(asked.get("member since"), time_is, "m.member_since")
    return where.sql(
        "SELECT FROM store_programmember m JOIN store_program g ON g.id = m.program_id"
        " JOIN store_channel h ON h.id = g.channel_id JOIN store_progressionstatus s ON s.id = m.status_id"
        " WHERE m.person_id = p.id"
    )


def _person_field(wanted: Condition, now: datetime) -> Sql:
    name = str(wanted.constraints["field"].values[0])
    comparison = wanted.constraints["value"]
    if name == "created":
        return time_is("p.created_at", comparison, now)
    if name in _KINDS:
        by_kind = {ValueKind.TEXT: text_is, ValueKind.NUMBER: number_is, ValueKind.BOOLEAN: truth_is}
        return by_kind[_KINDS[name]](f'p."{name}"', comparison, now)
    stored = custom_field(name)
    if comparison.values and isinstance(comparison.values[0], bool):
        return truth_is(f"({stored} = 'true')", comparison, now)
    return text_is(stored, comparison, now)


def custom_field(name: str) -> str:
    """SQL for what a custom field of person `p` holds; UsageError for what cannot be the name of one."""
    if not _CUSTOM.fullmatch(name):
        raise UsageError(f"There is no field '{name}' of people. List them with: campaignsync fields")
    return f"(p.custom->>'{name}')"


def _member_of_list(wanted: Condition, now: datetime) -> Sql:
    where = _Where(now)
    where.compare(wanted.constraints.get("list"), text_is, "l.name")
    return where.sql(
        "SELECT FROM store_listmember m JOIN store_peoplelist l ON l.id = m.list_id WHERE m.person_id = p.id"
    )


def _known_to_salesforce(wanted: Condition, now: datetime) -> Sql:
    where = _Where(now, ["NOT i.is_deleted"])
    where.compare(wanted.constraints.get("connection"), text_is, "x.name")
    where.compare(wanted.constraints.get("kind"), text_is, "i.kind")
    return where.sql(
        "SELECT FROM store_personidentity i JOIN store_connection x ON x.id = i.connection_id WHERE i.person_id = p.id"
    )


_FILTERS = {
    "Member of SFDC Campaign": _member_of_campaign,
    "Was Added to SFDC Campaign": _was_changed,
    "Was Removed from SFDC Campaign": _was_changed,
    "Status Was Changed in SFDC Campaign": _was_changed,
    "Member of Program": _member_of_program,
    "Program Status": _member_of_program,
    "Person Field": _person_field,
    "Member of List": _member_of_list,
    "Known to Salesforce": _known_to_salesforce,
}
FILTERS_WITH_SQL = frozenset(_FILTERS)
