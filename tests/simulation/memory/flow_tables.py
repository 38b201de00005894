"""What the twin remembers of smart campaigns: definitions, who is where in a flow, what was done, what Salesforce is to do.

Used by the other `flow_` modules of this folder, beside `Tables`. A turn is one commit: `whole` undoes it when its process dies.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from simulation.memory.tables import Tables


@dataclass
class SmartRow:
    """A smart campaign."""

    number: int
    name: str
    definition: Mapping[str, Any]
    state: str = "inactive"
    reason: str | None = None
    since_entry: int = 0
    priority: int = 5


@dataclass
class JourneyRow:
    """A person on the way through a flow."""

    number: int
    smart: int
    person: int
    entry: int | None
    event: Mapping[str, Any]
    chain: tuple[int, ...]
    priority: int
    entered_at: datetime
    position: int = 0
    state: str = "ready"
    due_at: datetime | None = None


@dataclass(frozen=True)
class ResultRow:
    """What became of a step for a person."""

    journey: int
    smart: int
    person: int
    step: int
    action: str
    outcome: str
    message: str
    object: str
    value: str | None
    at: datetime


@dataclass
class CommandRow:
    """What a flow wants of Salesforce for one person."""

    number: int
    journey: int
    person: int
    connection: int
    verb: str
    campaign_id: str
    status: str | None
    implied: bool
    noted_at: datetime
    due_at: datetime
    sent_at: datetime | None = None
    tries: int = 0


@dataclass
class FlowTables:
    """All of it."""

    tables: Tables
    smart: dict[int, SmartRow] = field(default_factory=dict)
    journeys: dict[int, JourneyRow] = field(default_factory=dict)
    results: list[ResultRow] = field(default_factory=list)
    commands: dict[int, CommandRow] = field(default_factory=dict)
    waiting_entries: dict[int, datetime] = field(default_factory=dict)
    lists: dict[str, set[int]] = field(default_factory=dict)
    read_until: int = 0

    def __post_init__(self) -> None:
        self.tables.awaited = lambda connection, campaign: any(
            (each.connection, each.campaign_id) == (connection, campaign) for each in self.commands.values()
        )

    @contextlib.contextmanager
    def whole(self) -> Iterator[None]:
        """All that happens in here, or nothing of it."""
        before = copy.deepcopy((_state(self.tables, ("now",)), _state(self, ("tables",))))
        try:
            yield
        except BaseException:
            for of, kept in zip((self.tables, self), before, strict=True):
                vars(of).update(kept)
            raise

    def goes_on(self, smart: int) -> bool:
        """Whether people of a smart campaign may go on."""
        return self.smart[smart].state != "halted"

    def now_is(self, person: int) -> int:
        """Whom somebody was merged into, else themselves."""
        row = self.tables.people.get(person)
        return person if row is None or row.merged_into is None else row.merged_into


def _state(of: Any, besides: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in vars(of).items() if name not in besides}
