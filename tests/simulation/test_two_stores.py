"""The twin of the store says what PostgreSQL says: the same history on either is the same, call by call and line by line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from campaignsync.bootstrap import Application
from simulation.clock import SimulatedClock
from simulation.history import made_from
from simulation.play import Outcome, play
from simulation.stores import Dump, InMemory, Store

SEEDS = (
    *((seed, {}) for seed in range(5_000, 5_004)),
    (5_004, {"two orgs": 99}),
    (5_005, {"filtering": 99}),
    *((seed, {"listening": 99, "two orgs": 6}) for seed in range(5_006, 5_009)),
)
"""Each with what happens more often in it."""


def played(seed: int, focus: Mapping[str, float], store: Callable[[SimulatedClock], Store]) -> Outcome:
    clock = SimulatedClock()
    return play(made_from(seed, focus=focus), store(clock), clock)


def named(dump: Dump) -> dict[str, Any]:
    """What a store holds with people by name: two stores may number them otherwise."""
    names = {
        number: str(row.get("email") or row.get("last_name") or f"merged into {row['merged_into']}")
        for number, row in dump.people.items()
    }

    def who(line: dict[str, Any]) -> dict[str, Any]:
        return {**line, "person": names.get(line["person"], line["person"])}

    return {
        "people": sorted(
            ({k: v for k, v in row.items() if k != "merged_into"} for row in dump.people.values()), key=str
        ),
        "members": {p: {names[n]: s for n, s in rows.items()} for p, rows in dump.members.items()},
        "agreed": {p: {names[n]: s for n, s in rows.items()} for p, rows in dump.agreed.items()},
        "identities": {names[n]: row for n, row in dump.identities.items()},
        "links": {
            p: {**row, "intents": {names[n]: s for n, s in row["intents"].items()}}
            for p, row in dump.links.items()
        },
        "mirrored": {record: who(row) for record, row in dump.mirrored.items()},
        "problems": sorted((who(row) for row in dump.problems), key=str),
        "journal": sorted((who(row) for row in dump.journal), key=str),
    }


@pytest.fixture
def in_postgres(app: Application) -> Callable[[SimulatedClock], Store]:
    from simulation.postgres import InPostgres

    class Compared(InPostgres):
        """Whose processes die with their sessions, as those of the twin do."""

        restarts_for_real = False

    return Compared


@pytest.mark.parametrize(("seed", "focus"), SEEDS)
def test_a_history_ends_alike_in_both_stores(
    in_postgres: Callable[[SimulatedClock], Store], seed: int, focus: Mapping[str, float]
) -> None:
    ours, theirs = played(seed, focus, InMemory), played(seed, focus, in_postgres)
    assert theirs.violations == []
    assert ours.violations == []
    assert [named(each) for each in ours.dumps] == [named(each) for each in theirs.dumps]
    assert ours.trace == theirs.trace
