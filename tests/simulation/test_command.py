"""`./run simulate` plays on all cores for as many histories, or as long, as it is told, and prints what they came to."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]


def simulate(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "simulation", *arguments],
        cwd=TESTS,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_so_many_seeds_are_played_and_no_more() -> None:
    told = simulate("--first", "1", "--seeds", "6")
    assert "histories: 6 in" in told
    assert "violations: 0" in told
    assert re.search(r"edits: \d+\n .*\d  (here|there): ", told)
    assert re.search(r"faults: \d+\n", told)


def test_with_minutes_it_plays_until_they_are_over_and_says_how_many() -> None:
    told = simulate("--first", "1", "--minutes", "0.01")
    played = re.search(r"histories: (\d+) in", told)
    assert played is not None
    assert int(played[1]) > 0
    assert "violations: 0" in told


def test_one_seed_is_told_line_by_line_and_alike_each_time() -> None:
    first, second = simulate("--seed", "7"), simulate("--seed", "7")
    assert first == second
    assert "round: " in first
