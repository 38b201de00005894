"""Smart campaigns as values: who is meant, what is done with them, and when (M9, M10).

Read from a definition by `automation.reading`, turned into SQL by `store.filtering`, carried out by `runtime.flow_runner`.
Names are
as people typed them: a campaign by its name or id in Salesforce, a program, a list or another smart campaign by its name. Whether
they exist is asked when they are used, since that changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

import polars as pl

from campaignsync.domain.trees import Schema

Scalar = str | int | float | bool


class Operator(StrEnum):
    """How a value is compared. Text compares without regard to case; several values are one of them, or none of them."""

    IS = "is"
    IS_NOT = "is not"
    IS_EMPTY = "is empty"
    IS_NOT_EMPTY = "is not empty"
    CONTAINS = "contains"
    NOT_CONTAINS = "does not contain"
    STARTS_WITH = "starts with"
    NOT_STARTS_WITH = "does not start with"
    AT_LEAST = "at least"
    AT_MOST = "at most"
    MORE_THAN = "more than"
    LESS_THAN = "less than"
    BETWEEN = "between"
    BEFORE = "before"
    AFTER = "after"
    ON = "on"
    IN_PAST = "in past"
    NOT_IN_PAST = "not in past"
    IN_NEXT = "in next"


class ValueType(StrEnum):
    """What kind of value is compared, and so by which operators."""

    TEXT = "text"
    NUMBER = "number"
    TRUTH = "truth"
    TIME = "time"
    NAME = "name"
    """A campaign, program, list: by name or id, compared whole."""
    FIELD = "field"
    """The name of a field of people; says what is compared, and is not compared itself."""


_TEXT_OPERATORS = (
    Operator.IS,
    Operator.IS_NOT,
    Operator.IS_EMPTY,
    Operator.IS_NOT_EMPTY,
    Operator.CONTAINS,
    Operator.NOT_CONTAINS,
    Operator.STARTS_WITH,
    Operator.NOT_STARTS_WITH,
)
_TIME_OPERATORS = (
    Operator.ON,
    Operator.BEFORE,
    Operator.AFTER,
    Operator.BETWEEN,
    Operator.IN_PAST,
    Operator.NOT_IN_PAST,
    Operator.IN_NEXT,
    Operator.IS_EMPTY,
    Operator.IS_NOT_EMPTY,
)
OPERATORS: Mapping[ValueType, tuple[Operator, ...]] = {
    ValueType.TEXT: (*_TEXT_OPERATORS, *(each for each in _TIME_OPERATORS if each not in _TEXT_OPERATORS)),
    ValueType.NUMBER: (
        Operator.IS,
        Operator.IS_NOT,
        Operator.AT_LEAST,
        Operator.AT_MOST,
        Operator.MORE_THAN,
        Operator.LESS_THAN,
        Operator.BETWEEN,
        Operator.IS_EMPTY,
        Operator.IS_NOT_EMPTY,
    ),
    ValueType.TRUTH: (Operator.IS, Operator.IS_NOT),
    ValueType.TIME: _TIME_OPERATORS,
    ValueType.NAME: (Operator.IS, Operator.IS_NOT),
    ValueType.FIELD: (Operator.IS,),
}
"""Dates in fields of people are text, written year first: so text compares by time as well."""


KEYS = ("program", "priority", "qualification", "tokens", "schedule", "triggers", "filters", "logic", "flow")
"""What a definition may hold, in the order in which people read it."""
_FIRST = ("if", "trigger", "filter", "action")
_LAST = ("choices", "otherwise")


def in_order(definition: Mapping[str, Any]) -> dict[str, Any]:
    """A definition with its entries in the order in which people read them; a database keeps none."""
    return {
        key: _in_order(definition[key])
        for key in (*KEYS, *sorted(definition.keys() - set(KEYS)))
        if key in definition
    }


def _in_order(value: Any) -> Any:
    if isinstance(value, list):
        return [_in_order(each) for each in value]
    if not isinstance(value, dict):
        return value
    rank = {key: place for place, key in enumerate((*_FIRST, None, *_LAST))}
    return {
        key: _in_order(value[key]) for key in sorted(value, key=lambda key: (rank.get(key, rank[None]), key))
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """An operator with its values; a span of time is a number of hours."""

    operator: Operator
    values: tuple[Scalar, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A filter with its constraints, or with `negated` whoever it does not find."""

    filter: str
    constraints: Mapping[str, Comparison] = field(default_factory=dict)
    negated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Logic:
    """How filters are joined: `parts` are numbers of filters, from 0, or joined again."""

    word: str
    """and, or, not"""
    parts: tuple[Logic | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """A kind of change with its constraints."""

    trigger: str
    constraints: Mapping[str, Comparison] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmartList:
    """Who is meant: triggers by OR, filters by the logic; no filter finds everybody (M10.7)."""

    triggers: tuple[Trigger, ...] = ()
    filters: tuple[Condition, ...] = ()
    logic: Logic = Logic(word="and", parts=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """`if condition … then values`; values None: do nothing (M9.7)."""

    condition: Condition
    values: Mapping[str, Scalar] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A flow action: the first choice whose condition fits, else `values`; None: do nothing."""

    action: str
    values: Mapping[str, Scalar] | None
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Qualification:
    """How often a person may go through: once, every time, or again after so many hours (M10.6)."""

    word: str = "once"
    again_after: timedelta | None = None
    """None: never again; zero: every time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """When a batch runs: once at a moment, or by a rule (RFC 5545) from then on, at that time of the day in that zone."""

    start: datetime
    """Without a zone: what a clock on the wall there shows."""
    zone: str = "UTC"
    rule: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SmartCampaign:
    """A smart campaign as it is defined."""

    name: str
    program: str | None = None
    smart_list: SmartList
    flow: tuple[Step, ...]
    qualification: Qualification = Qualification()
    schedule: Recurrence | None = None
    priority: int = 5
    tokens: Mapping[str, str] = field(default_factory=dict)
    """What {{my.NAME}} stands for."""

    @property
    def is_trigger(self) -> bool:
        return bool(self.smart_list.triggers)


class SmartCampaignState(StrEnum):
    """Whether a smart campaign takes people in."""

    INACTIVE = "inactive"
    ACTIVE = "active"
    HALTED = "halted"
    """By us, with a reason; a person activates it again."""


class JourneyState(StrEnum):
    """Where a person is in a flow."""

    READY = "ready"
    WAITING = "waiting"
    SENT = "sent"
    """A command of theirs is under way; they go on when it is settled."""
    DONE = "done"
    ABORTED = "aborted"
    GONE = "gone"


class Outcome(StrEnum):
    """What became of a step for a person."""

    DONE = "done"
    SKIPPED = "skipped"
    REFUSED = "refused"
    FAILED = "failed"


EVENTS: Schema = {
    "entry_id": pl.Int64,
    "trigger": pl.String,  # which trigger the change may fire, by its name
    "person_id": pl.Int64,
    "campaign_id": pl.String,
    "campaign": pl.String,
    "type": pl.String,
    "program": pl.String,
    "channel": pl.String,
    "field": pl.String,  # a field of a person, or the smart campaign that is requested
    "old": pl.String,
    "new": pl.String,
    "responded": pl.Boolean,
    "success": pl.Boolean,
}
"""Changes out of the journal, one by one, in the order in which they are to fire."""

FIRED: Schema = {"smart_campaign_id": pl.Int64, "entry_id": pl.Int64, "person_id": pl.Int64}

LOOP_ROUNDS = 3
"""So often may a person come back into a smart campaign by what it did itself."""
LOOP_PER_HOUR = 20
"""So often an hour may a person enter a smart campaign by triggers, whatever the cause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    """A smart campaign whose triggers are listened to, and the last entry of the journal before it was activated."""

    smart_campaign_id: int
    since_entry: int
    triggers: tuple[Trigger, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """People at the same step of the same flow, to be taken through it together."""

    smart_campaign_id: int
    definition: Mapping[str, Any]
    name: str
    position: int
    people: int
    program: str | None
    program_dates: tuple[date | None, date | None]
    program_tokens: Mapping[str, str]
    """What {{my.NAME}} stands for in all smart campaigns of the program."""
    implied: bool
    """Whether a step may do in Salesforce what it implies: not in a program that is linked (M4.6)."""
