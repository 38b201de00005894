"""What the client gives and takes, as frozen values. What a newer server tells beyond them is left out."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program; `tags` by name, `links` as the API tells them."""

    number: int
    name: str
    folder: str
    channel: str
    tags: dict[str, str]
    links: list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member of a program; `number` is the person's."""

    number: int
    email: str | None
    first_name: str | None
    last_name: str | None
    company: str | None
    status: str
    member_since: datetime
    reached_success: datetime | None
    custom: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberChange:
    """What is to become of one member."""

    email: str
    status: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    override: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberOutcome:
    """What became of one: with `error`, nothing did."""

    email: str
    before: str | None
    status: str | None
    code: str | None
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What a file brought in; `refused` names lines and reasons."""

    rows: int
    joined: int
    added: int
    moved: int
    unchanged: int
    skipped_back: int
    new_people: int
    refused: list[dict[str, Any]]
    ignored_columns: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A program and a campaign that are kept the same."""

    number: int
    program: str
    program_number: int
    connection: str
    connection_number: int
    campaign_id: str
    campaign: str | None
    state: str
    reason: str | None
    last_run: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """Something that goes to Salesforce: `state` is queued, running, done, failed or died."""

    id: int
    kind: str
    state: str
    done: int
    of: int | None
    created_at: datetime
    ended_at: datetime | None
    result: dict[str, Any] | None
    error: dict[str, Any] | None

    @property
    def over(self) -> bool:
        return self.state not in ("queued", "running")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedMember:
    """One row of a plan."""

    number: int
    email: str | None
    name: str | None
    agreed: str | None
    program: str | None
    campaign: str | None
    verdict: str
    becomes: str | None
    code: str | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingPlan:
    """A plan that waits for a person; `decision` is approved, declined or None."""

    link: int
    program: str
    program_number: int
    connection: str
    connection_number: int
    digest: str
    made_at: datetime
    summary: str | None
    decision: str | None
    decided_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a link."""

    run: int
    program: str
    connection: str
    why: str
    started_at: datetime
    ended_at: datetime | None
    died: bool
    report: dict[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is open for a member, a person, a field or a whole job."""

    number: int
    connection: str
    program: str | None
    noun: str
    email: str | None
    code: str
    message: str
    tries: int
    first_seen: datetime
    last_seen: datetime
    solved_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody in a list; `records` is who they are in each org."""

    number: int
    our_id: str
    email: str | None
    first_name: str | None
    last_name: str | None
    company: str | None
    programs: int
    records: list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A Salesforce org that is connected."""

    number: int
    name: str
    url: str
    user: str
    campaign_sync: bool
    calls_used: int
    daily_calls: int | None
    reserve: int | None
    pace: str
    """full, slow, no backfills, reads only, nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """One change on either side."""

    id: int
    at: datetime
    side: str
    program: str | None
    email: str | None
    noun: str
    old: str | None
    new: str | None
    who: str
    why: str
    run: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """What a program, a channel, a tag or a month came to; money by currency, as text."""

    name: str
    members: int
    successes: int
    costs: dict[str, str]
    cost_per_member: dict[str, str]
    cost_per_success: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SmartCampaign:
    """A smart campaign, and what goes on in it."""

    name: str
    program: str | None
    kind: str
    state: str
    in_flow: int
    went_through: int
    blocked: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """An address that is told of events; `secret` when it was just made."""

    id: int
    url: str
    events: list[str]
    active: bool
    waiting: int
    error: str | None
    secret: str | None = None


def made(kind: type[T], row: Mapping[str, Any]) -> T:
    """A value of a kind from what the API told."""
    known = _times(kind)  # type: ignore[arg-type]  # A class may be hashed.
    told = {name: row[name] for name in known if name in row}
    for name, is_time in known.items():
        if is_time and isinstance(told.get(name), str):
            told[name] = datetime.fromisoformat(told[name])
    return kind(**told)


@cache
def _times(kind: type[Any]) -> dict[str, bool]:
    """The fields of a value, and whether each holds a time."""
    if not is_dataclass(kind):
        raise TypeError(kind.__name__)
    hints = typing.get_type_hints(kind)
    return {each.name: _holds_time(hints[each.name]) for each in fields(kind)}


def _holds_time(hint: Any) -> bool:
    return hint is datetime or (isinstance(hint, types.UnionType) and datetime in hint.__args__)
