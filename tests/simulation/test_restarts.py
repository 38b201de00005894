"""PostgreSQL ends the sessions of a process that goes on: whatever it was at, nothing is lost (the real thing; `test_two_stores`
has processes die with their sessions)."""

from __future__ import annotations

from campaignsync.bootstrap import Application
from simulation.clock import SimulatedClock
from simulation.history import made_from
from simulation.play import play
from simulation.postgres import InPostgres

FOCUS = {"database restart": 25, "listening": 4}
SEEDS = range(7_000, 7_004)


def test_a_process_whose_sessions_end_goes_on_and_loses_nothing(app: Application) -> None:
    restarts = 0
    for seed in SEEDS:
        clock = SimulatedClock()
        outcome = play(made_from(seed, focus=FOCUS), InPostgres(clock), clock)
        restarts += sum("lost its database" in line or "not kept" in line for line in outcome.trace)
        assert outcome.violations == [], f"seed {seed}"
    assert restarts > 0
