"""The log of committed changes: what change data capture tells its subscribers (S2.7.3), in the order of commits.

Written by transactions when they commit, read by the event bus. Several changes to one record in one transaction are one
entry. Entries live in memory and are dropped oldest first beyond MOST_KEPT; nobody else forgets them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

ChangeType: TypeAlias = Literal["CREATE", "UPDATE", "DELETE", "UNDELETE"]

MOST_KEPT = 400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """What all changes of one transaction share. `origin` names the API and the client they came by, if any (S2.2.13)."""

    transaction_key: str
    at: datetime
    user_id: str
    origin: str


@dataclass(frozen=True, slots=True)
class Change:
    """One record's change. `values` are the fields it set, in stored form: on CREATE those that are not null."""

    number: int
    commit: Commit
    sequence: int
    entity: str
    change_type: ChangeType
    record_id: str
    values: Mapping[str, Any]


class ChangeLog:
    """`number` of changes grows by one for ever, also over a reset; `last` is the newest number."""

    def __init__(self) -> None:
        self.last = 0
        self._kept: list[Change] = []
        self._listeners: list[Callable[[], None]] = []

    def append(
        self, commit: Commit, changes: Iterable[tuple[str, ChangeType, str, Mapping[str, Any]]]
    ) -> None:
        for sequence, (entity, change_type, record_id, values) in enumerate(changes, start=1):
            self.last += 1
            self._kept.append(Change(self.last, commit, sequence, entity, change_type, record_id, values))
        if len(self._kept) > 2 * MOST_KEPT:
            del self._kept[:-MOST_KEPT]
        for listener in self._listeners:
            listener()

    def since(self, number: int, most: int | None = None) -> Sequence[Change]:
        """The changes after that number, oldest first, as far as they are kept."""
        if not self._kept:
            return []
        start = max(0, number + 1 - self._kept[0].number)
        return self._kept[start : None if most is None else start + most]

    @property
    def first_kept(self) -> int:
        """The number of the oldest change that is still here; one past the newest when none is."""
        return self._kept[0].number if self._kept else self.last + 1

    def forget(self) -> None:
        self._kept.clear()

    def on_commit(self, listener: Callable[[], None]) -> None:
        """Calls `listener` after each commit, on the committing thread and under the org's lock: it must only wake."""
        self._listeners.append(listener)
