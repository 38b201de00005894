"""The harness finds every bug that is planted, within the number of histories that is stated for it."""

from __future__ import annotations

import pytest

from simulation.clock import SimulatedClock
from simulation.history import made_from
from simulation.many import where_polars_works
from simulation.planted import PLANTED, Planted
from simulation.planted_service import OF_SERVICE
from simulation.play import play
from simulation.stores import InMemory

FIRST = 100_000


def found_after(bug: Planted) -> int | None:
    """In which history a bug is found, counted from 1. A patch that does not fit any more crashes, and has found nothing."""
    for number in range(bug.seeds):
        clock = SimulatedClock()
        with bug.patch():
            outcome = play(made_from(FIRST + number, focus=bug.focus), InMemory(clock), clock)
        found = [each for each in outcome.violations if not each.startswith("crash: ")]
        if found:
            print(f"{bug.name}: found in history {number + 1}: {found[0][:200]}")
            return number + 1
    return None


@pytest.mark.parametrize("bug", [*PLANTED, *OF_SERVICE], ids=lambda bug: bug.name)
def test_a_planted_bug_is_found(bug: Planted) -> None:
    assert where_polars_works(lambda: found_after(bug)) is not None, f"not found in {bug.seeds} histories"
