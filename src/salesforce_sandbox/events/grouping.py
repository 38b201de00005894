"""From changes to events: what one transaction did, as the events that subscribers get of it (S2.7.3, S2.7.5).

Called by the bus for each lot of committed changes. Alike changes of one transaction are one event with several record
ids; a transaction counts its events over all objects, captured or not. Pure: no clock, no chance.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from types import MappingProxyType
from typing import Any

from salesforce_sandbox.events.schemas import OVERFLOW
from salesforce_sandbox.org.changes import Change, Commit

NO_VALUES: Mapping[str, Any] = MappingProxyType({})
NO_RECORD = "000000000000000AAA"
# A merged event stays far below the size at which it would have to become a gap event.
MOST_MERGED = 200
_FIRST_COMMIT_NUMBER = 1_100_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeEvent:
    """One event. `values` are the fields it sets, in stored form; `change_type` may also be a gap."""

    entity: str
    change_type: str
    record_ids: tuple[str, ...]
    values: Mapping[str, Any]
    commit: Commit
    sequence: int
    commit_number: int

    def gap(self) -> "ChangeEvent":
        """The event that says only that these records changed."""
        kind = self.change_type if self.change_type.startswith("GAP_") else f"GAP_{self.change_type}"
        return replace(self, change_type=kind, values=NO_VALUES)

    def overflow(self) -> "ChangeEvent":
        """The event that says only that records of this entity changed."""
        return replace(self, change_type=OVERFLOW, record_ids=(NO_RECORD,), values=NO_VALUES)


def events_of(changes: Iterable[Change], overflow_after: int) -> Iterator[ChangeEvent]:
    """The events of whole transactions, in order. A transaction overflows after so many changes."""
    for _, of_one in groupby(changes, key=lambda change: change.commit.transaction_key):
        yield from _events_of_transaction(list(of_one), overflow_after)


def _events_of_transaction(changes: Sequence[Change], overflow_after: int) -> Iterator[ChangeEvent]:
    captured, beyond = _until_overflow(changes, overflow_after)
    commit_number = _FIRST_COMMIT_NUMBER + changes[0].number
    sequence = 0
    for alike in _merged(captured):
        sequence += 1
        yield _event(alike, sequence, commit_number)
    first_of: dict[str, Change] = {}
    for change in beyond:
        first_of.setdefault(change.entity, change)
    for change in first_of.values():
        sequence += 1
        yield _event([change], sequence, commit_number).overflow()


def _until_overflow(
    changes: Sequence[Change], overflow_after: int
) -> tuple[Sequence[Change], Sequence[Change]]:
    """Of an update each field counts, of everything else the record."""
    if sum(len(change.values) + 1 for change in changes) <= overflow_after:
        return changes, ()
    counted = 0
    for index, change in enumerate(changes):
        counted += len(change.values) if change.change_type == "UPDATE" else 1
        if counted > overflow_after:
            return changes[:index], changes[index:]
    return changes, ()


def _merged(changes: Sequence[Change]) -> list[list[Change]]:
    merged: list[list[Change]] = []
    latest: dict[tuple[Any, ...], list[Change]] = {}
    for change in changes:
        kind = (change.entity, change.change_type, *change.values.items())
        alike = latest.get(kind)
        if alike is None or len(alike) == MOST_MERGED:
            alike = latest[kind] = []
            merged.append(alike)
        alike.append(change)
    return merged


def _event(alike: Sequence[Change], sequence: int, commit_number: int) -> ChangeEvent:
    first = alike[0]
    return ChangeEvent(
        entity=first.entity,
        change_type=first.change_type,
        record_ids=tuple(change.record_id for change in alike),
        values=first.values,
        commit=first.commit,
        sequence=sequence,
        commit_number=commit_number,
    )
