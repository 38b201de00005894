"""Whole histories hold, and a history is the same whenever its seed is played."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from campaignsync.bootstrap import Application
from simulation import described
from simulation.clock import SimulatedClock
from simulation.history import made_from
from simulation.many import played as all_played
from simulation.narrate import documents, history_of
from simulation.play import Outcome, play
from simulation.stores import InMemory

HISTORIES = int(os.environ.get("CAMPAIGNSYNC_SIMULATED_HISTORIES", "100"))
CHUNK = 50
"""So many are one test: as many tests as keep all processes of a run busy to its end."""


def played(seed: int) -> Outcome:
    clock = SimulatedClock()
    return play(made_from(seed), InMemory(clock), clock)


@pytest.mark.parametrize("first", range(0, HISTORIES, CHUNK))
def test_histories_lose_nothing(
    app: Application, first: int, record_property: Callable[[str, Any], None]
) -> None:
    """The figures of all chunks are summed up at the end of the run (tests/conftest.py)."""
    from simulation.postgres import InPostgres

    done = all_played(range(first, min(first + CHUNK, HISTORIES)), InPostgres)
    record_property("simulated", done.told())
    replay = "\n".join(f"./run simulate --seed {seed}: {found}" for seed, found in done.violations.items())
    assert not done.violations, replay


def test_a_seed_is_the_same_history_byte_for_byte() -> None:
    for seed in range(5):
        first, second = played(seed), played(seed)
        assert first.trace == second.trace
        assert first.digest == second.digest


def test_describes_stay_what_they_said_to_the_first_who_read_them() -> None:
    """They are read once for all histories (`described`): nobody may change them."""
    played(1)
    kept = list(described._KEPT.values())
    assert kept
    assert all(text == orjson.dumps(said) == orjson.dumps(body) for body, text, said in kept)


def test_a_history_that_is_told_as_a_scenario_is_that_history() -> None:
    for seed in range(30):
        history = made_from(seed)
        read = history_of(*documents(history))
        assert (read.given, read.events, read.gaps) == (history.given, history.events, history.gaps)
