"""Reads the definition of a smart campaign: from plain values, as YAML, JSON and pages bring them, to `SmartCampaign`.

Called whenever a definition is saved, shown, previewed or carried out. What makes no sense is a WrongEntryError whose path says
where, such as flow / 2 / status. Whether the campaigns and programs it names exist is not asked here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date, datetime
from functools import partial
from typing import Any, TypeVar

from campaignsync.automation.catalogue import (
    ACTIONS_BY_NAME,
    FILTERS_BY_NAME,
    TRIGGERS_BY_NAME,
    Entry,
    Wanted,
)
from campaignsync.automation.logic import read_logic
from campaignsync.automation.qualification import read_qualification, read_span
from campaignsync.automation.schedule import read_recurrence
from campaignsync.automation.tokens import check_tokens, differs
from campaignsync.domain.configuration import WrongEntryError
from campaignsync.domain.errors import UsageError
from campaignsync.domain.fields import STANDARD_FIELDS, ValueKind
from campaignsync.domain.smart_campaigns import (
    KEYS,
    OPERATORS,
    Choice,
    Comparison,
    Condition,
    Logic,
    Operator,
    Recurrence,
    Scalar,
    SmartCampaign,
    SmartList,
    Step,
    Trigger,
    ValueType,
)
from campaignsync.domain.statuses import folded

Path = tuple[str, ...]
T = TypeVar("T")
Fields = Mapping[str, ValueKind]
"""The custom fields of people that there are; None: whatever a definition names is taken for one."""
Mine = Collection[str] | None
CREATED = "created"
LONGEST_TEXT, MOST_STEPS, MOST_FILTERS, MOST_VALUES = 10_000, 100, 100, 10_000
_STANDARD = {field.name: field.kind for field in STANDARD_FIELDS}
_TYPES = {
    ValueKind.TEXT: ValueType.TEXT,
    ValueKind.NUMBER: ValueType.NUMBER,
    ValueKind.BOOLEAN: ValueType.TRUTH,
}
_SPANS = (Operator.IN_PAST, Operator.NOT_IN_PAST, Operator.IN_NEXT)
_EMPTY = (Operator.IS_EMPTY, Operator.IS_NOT_EMPTY)


def read_definition(
    name: str, definition: Any, fields: Fields | None = None, mine: Mine = ()
) -> SmartCampaign:
    """A smart campaign from plain values; WrongEntryError for what makes no sense, with its path. `mine` are the tokens of its
    program; with None no token is asked for, as when it is carried out: a token that is gone fails a step, and no more."""
    whole = _mapping(definition, ())
    _only(whole, KEYS, ())
    tokens = {
        str(key): _text(value, ("tokens", str(key)))
        for key, value in _mapping(whole.get("tokens"), ("tokens",)).items()
    }
    known = None if mine is None else {*mine, *tokens}
    _check_mine(tokens, known, fields)
    return SmartCampaign(
        name=name,
        program=None if whole.get("program") is None else _text(whole["program"], ("program",)),
        smart_list=read_smart_list(whole, fields),
        flow=tuple(_flow(whole.get("flow"), known, fields)),
        qualification=_at(
            ("qualification",), lambda: read_qualification(str(whole.get("qualification") or "once"))
        ),
        schedule=_schedule(whole.get("schedule")),
        priority=_priority(whole.get("priority", 5)),
        tokens=tokens,
    )


def read_smart_list(whole: Mapping[str, Any], fields: Fields | None = None) -> SmartList:
    """The triggers, filters and logic of a definition."""
    triggers = tuple(_triggers(whole.get("triggers"), fields))
    filters = tuple(
        read_condition(each, fields, ("filters", str(place + 1)))
        for place, each in enumerate(_listed(whole.get("filters"), ("filters",), MOST_FILTERS))
    )
    text = str(whole.get("logic") or "ALL")
    # Without filters everybody is meant, and there is nothing that a logic could join.
    joined = filters or folded(text) not in ("all", "any")
    logic = _at(("logic",), lambda: read_logic(text, len(filters))) if joined else Logic(word="and", parts=())
    return SmartList(triggers=triggers, filters=filters, logic=logic)


def _triggers(value: Any, fields: Fields | None) -> Iterator[Trigger]:
    for place, each in enumerate(_listed(value, ("triggers",), MOST_FILTERS)):
        path = ("triggers", str(place + 1))
        entry, rest, _ = _entry(each, "trigger", TRIGGERS_BY_NAME, path)
        yield Trigger(trigger=entry.name, constraints=_constraints(entry, rest, fields, path))


def read_condition(value: Any, fields: Fields | None, path: Path) -> Condition:
    """A filter; `Not` before its name turns it round."""
    entry, rest, negated = _entry(value, "filter", FILTERS_BY_NAME, path)
    return Condition(filter=entry.name, constraints=_constraints(entry, rest, fields, path), negated=negated)


def _entry(
    value: Any, key: str, entries: Mapping[str, Entry], path: Path
) -> tuple[Entry, dict[str, Any], bool]:
    whole = _mapping(value, path)
    name = whole.pop(key, None)
    if not isinstance(name, str):
        raise WrongEntryError(
            (*path, key), f"the name of a {key} is wanted, such as {next(iter(entries.values())).name}"
        )
    found, negated = entries.get(folded(name)), False
    if found is None and key == "filter" and folded(name).startswith("not "):
        found, negated = entries.get(folded(name)[4:]), True
    if found is None:
        raise WrongEntryError(
            (*path, key),
            f"there is no {key} '{name}'. There are: {', '.join(e.name for e in entries.values())}",
        )
    return found, whole, negated


def _constraints(
    entry: Entry, values: Mapping[str, Any], fields: Fields | None, path: Path
) -> dict[str, Comparison]:
    _only(values, tuple(entry.wants), path)
    for name, wanted in entry.wants.items():
        if wanted.required and values.get(name) is None:
            raise WrongEntryError((*path, name), f"is wanted: {wanted.says}")
    kinds = None
    if "field" in values:
        kinds = _at((*path, "field"), lambda: _types_of(values["field"], fields, entry))
    return {
        name: _at((*path, name), partial(_comparison, value, _kinds(entry.wants[name], name, kinds)))
        for name, value in values.items()
        if value is not None
    }


def _kinds(wanted: Wanted, name: str, of_field: tuple[ValueType, ...] | None) -> tuple[ValueType, ...]:
    return of_field if name == "value" and of_field else (wanted.type,)


def _types_of(name: Any, fields: Fields | None, entry: Entry) -> tuple[ValueType, ...]:
    """How the values of a field of people compare."""
    if not isinstance(name, str):
        raise UsageError("the name of a field is wanted")
    if name == CREATED and entry.name == "Person Field":
        return (ValueType.TIME,)
    if name in _STANDARD:
        return (_TYPES[_STANDARD[name]],)
    if fields is None:
        return (ValueType.TEXT, ValueType.NUMBER, ValueType.TRUTH)
    if name not in fields:
        raise UsageError(f"there is no field '{name}' of people. List them with: campaignsync fields")
    return (_TYPES[fields[name]],)


def _comparison(value: Any, types: tuple[ValueType, ...]) -> Comparison:
    """`X` and `[X, Y]` mean `is`; `{operator: value}` says which operator."""
    if not isinstance(value, Mapping):
        first = Operator.ON if types == (ValueType.TIME,) else Operator.IS
        value = {first.value: value}
    if len(value) != 1:
        raise UsageError("one operator with its value is wanted")
    ((word, given),) = value.items()
    allowed = [operator for kind in types for operator in OPERATORS[kind]]
    if word not in allowed:
        raise UsageError(f"'{word}' does not compare here; what does: {', '.join(dict.fromkeys(allowed))}")
    operator = Operator(word)
    values = tuple(given) if isinstance(given, list | tuple) else (given,)
    return Comparison(operator=operator, values=_values(operator, values, types))


def _values(operator: Operator, values: tuple[Any, ...], types: tuple[ValueType, ...]) -> tuple[Scalar, ...]:
    if operator in _EMPTY:
        return ()
    if not 0 < len(values) <= MOST_VALUES:
        raise UsageError(f"1 to {MOST_VALUES:,} values are wanted")
    several = operator in (Operator.IS, Operator.IS_NOT, Operator.CONTAINS, Operator.NOT_CONTAINS)
    several = several or operator in (Operator.STARTS_WITH, Operator.NOT_STARTS_WITH)
    if len(values) != (2 if operator is Operator.BETWEEN else 1) and not several:
        raise UsageError(
            "two values are wanted, as a list" if operator is Operator.BETWEEN else "one value is wanted"
        )
    if operator in _SPANS:
        return (read_span(str(values[0])).total_seconds() / 3600,)
    made = tuple(_value(each, _type_for(operator, types)) for each in values)
    if operator is Operator.BETWEEN and made[0] > made[1]:  # type: ignore[operator]
        raise UsageError(f"nothing is between {made[0]} and {made[1]}: the smaller one comes first")
    return made


def _type_for(operator: Operator, types: tuple[ValueType, ...]) -> ValueType:
    times = (Operator.ON, Operator.BEFORE, Operator.AFTER)
    if operator in times or (operator is Operator.BETWEEN and types[0] in (ValueType.TIME, ValueType.TEXT)):
        return ValueType.TIME
    return next(kind for kind in types if operator in OPERATORS[kind])


def _value(value: Any, kind: ValueType) -> Scalar:
    if kind is ValueType.TRUTH:
        if not isinstance(value, bool):
            raise UsageError("true or false is wanted")
        return value
    if kind is ValueType.NUMBER:
        return _number(value)
    if kind is ValueType.TIME:
        return _time(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float) or len(str(value)) > LONGEST_TEXT:
        raise UsageError(f"text is wanted, of {LONGEST_TEXT:,} characters at the most")
    if "\x00" in str(value):
        raise UsageError("text holds a character that no text holds")
    return str(value)


def _number(value: Any) -> float:
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise UsageError(f"'{value}' is no number")
    return number


def _time(value: Any) -> str:
    """A day or a moment as text that compares by its order."""
    if isinstance(value, date | datetime):
        value = value.isoformat()
    try:
        return (
            datetime.fromisoformat(str(value).strip()).isoformat()
            if len(str(value)) > 10
            else date.fromisoformat(str(value)).isoformat()
        )
    except ValueError:
        raise UsageError(f"'{value}' is no day: one such as 2026-05-01 is wanted") from None


def _flow(value: Any, tokens: Mine, fields: Fields | None) -> Iterator[Step]:
    for place, each in enumerate(_listed(value, ("flow",), MOST_STEPS)):
        path = ("flow", str(place + 1))
        entry, rest, _ = _entry(each, "action", ACTIONS_BY_NAME, path)
        choices = _listed(rest.pop("choices", None), (*path, "choices"), MOST_FILTERS)
        nothing = _nothing(rest, "otherwise", path)
        made = tuple(
            _choice(entry, rest, choice, (*path, "choices", str(number + 1)), fields, tokens)
            for number, choice in enumerate(choices)
        )
        values = _action_values(entry, rest, path, tokens, fields, complete=not nothing)
        yield Step(action=entry.name, values=None if nothing else values, choices=made)


def _choice(
    entry: Entry,
    base: Mapping[str, Any],
    choice: Any,
    path: Path,
    fields: Fields | None,
    tokens: Mine,
) -> Choice:
    whole = _mapping(choice, path)
    condition = read_condition(whole.pop("if", None), fields, (*path, "if"))
    if _nothing(whole, "do", path):
        return Choice(condition=condition, values=None)
    return Choice(
        condition=condition,
        values=_action_values(entry, {**base, **whole}, path, tokens, fields, complete=True),
    )


def _nothing(whole: dict[str, Any], key: str, path: Path) -> bool:
    word = whole.pop(key, None)
    if word is None:
        return False
    if str(word).strip().lower() not in ("nothing", "do nothing"):
        raise WrongEntryError((*path, key), "nothing is all that may stand here")
    return True


def _action_values(
    entry: Entry,
    values: Mapping[str, Any],
    path: Path,
    tokens: Mine,
    fields: Fields | None,
    *,
    complete: bool,
) -> dict[str, Scalar]:
    _only(values, tuple(entry.wants), path)
    found: dict[str, Scalar] = {}
    for name, wanted in entry.wants.items():
        if values.get(name) is None:
            if wanted.required and complete:
                raise WrongEntryError((*path, name), f"is wanted: {wanted.says}")
            continue
        found[name] = _at((*path, name), partial(_action_value, values[name], wanted, tokens, fields))
    if complete:
        _at(path, lambda: _check_action(entry, found, fields))
    return found


def _action_value(value: Any, wanted: Wanted, tokens: Mine, fields: Fields | None) -> Scalar:
    if wanted.type is ValueType.NUMBER:
        return _number(value)
    if isinstance(value, bool):
        value = "true" if value else "false"
    text = str(_value(value, ValueType.TEXT))
    if wanted.tokens and wanted.type is ValueType.NAME and differs(text):
        raise UsageError("it must be the same for everybody: no token of persons and triggers may stand here")
    if wanted.tokens:
        check_tokens(text, tokens, None if fields is None else fields.__contains__)
    elif "{{" in text:
        raise UsageError("no token may stand here")
    return text


def _check_action(entry: Entry, values: Mapping[str, Scalar], fields: Fields | None) -> None:
    """What an action wants of its values together."""
    if entry.name == "Wait":
        if ("for" in values) == ("until" in values):
            raise UsageError("either `for` a span or `until` a day is wanted")
        if "for" in values and read_span(str(values["for"])).total_seconds() <= 0:
            raise UsageError("a wait is longer than nothing")
        if not 0 <= float(values.get("hour", 0)) < 24:
            raise UsageError("an hour is between 0 and 23")
    if entry.name == "Change Data Value":
        _types_of(values["field"], fields, entry)
        if values["field"] == "email":
            raise UsageError("an e-mail address is who somebody is; no flow changes it")


def _check_mine(tokens: Mapping[str, str], mine: Mine, fields: Fields | None) -> None:
    known = None if fields is None else fields.__contains__
    for name, text in tokens.items():
        _at(("tokens", name), partial(check_tokens, text, mine, known))


def _schedule(value: Any) -> Recurrence | None:
    if value is None:
        return None
    path = ("schedule",)
    whole = _mapping(value, path)
    _only(whole, ("start", "zone", "repeat"), path)
    if whole.get("start") is None:
        raise WrongEntryError((*path, "start"), "is wanted: a moment such as 2026-05-01 09:00")
    repeat = None if whole.get("repeat") is None else str(whole["repeat"])
    return _at(path, lambda: read_recurrence(str(whole["start"]), str(whole.get("zone") or "UTC"), repeat))


def _priority(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 10:
        raise WrongEntryError(("priority",), "1, the first, to 10, the last, is wanted")
    return value


def _at(path: Path, read: Callable[[], T]) -> T:
    """What `read` gives; what it complains of is said to be at the path."""
    try:
        return read()
    except WrongEntryError:
        raise
    except UsageError as error:
        raise WrongEntryError(path, str(error)) from None


def _mapping(value: Any, path: Path) -> dict[str, Any]:
    if value is None and path:
        return {}
    if not isinstance(value, Mapping):
        raise WrongEntryError(path, "a mapping is wanted")
    return {str(key): entry for key, entry in value.items()}


def _listed(value: Any, path: Path, most: int) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list | tuple) or len(value) > most:
        raise WrongEntryError(path, f"a list of {most} entries at the most is wanted")
    return list(value)


def _only(values: Mapping[str, Any], allowed: tuple[str, ...], path: Path) -> None:
    for key in values:
        if key not in allowed:
            raise WrongEntryError(
                (*path, key), f"is not known; what may stand here is {', '.join(allowed) or 'nothing'}"
            )


def _text(value: Any, path: Path) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float) or not str(value).strip():
        raise WrongEntryError(path, "text is wanted")
    return str(_at(path, lambda: _value(value, ValueType.TEXT))).strip()
