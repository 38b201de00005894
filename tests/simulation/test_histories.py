"""Whole histories hold, and a history is the same whenever its seed is played."""

from __future__ import annotations

import os

from simulation.clock import SimulatedClock
from simulation.history import made_from
from simulation.many import Sum, play_many
from simulation.narrate import documents, history_of
from simulation.play import Outcome, play
from simulation.stores import InMemory

HISTORIES = int(os.environ.get("CAMPAIGNSYNC_SIMULATED_HISTORIES", "300"))


def played(seed: int) -> Outcome:
    clock = SimulatedClock()
    return play(made_from(seed), InMemory(clock), clock)


def test_histories_lose_nothing() -> None:
    whole = Sum()
    for part in play_many(range(HISTORIES)):
        whole.add(part)
    print("\n".join(whole.lines()))
    assert whole.violations == {}
    assert whole.histories == HISTORIES


def test_a_seed_is_the_same_history_byte_for_byte() -> None:
    for seed in range(5):
        first, second = played(seed), played(seed)
        assert first.trace == second.trace
        assert first.digest == second.digest


def test_a_history_that_is_told_as_a_scenario_is_that_history() -> None:
    for seed in range(30):
        history = made_from(seed)
        read = history_of(*documents(history))
        assert (read.given, read.events, read.gaps) == (history.given, history.events, history.gaps)
