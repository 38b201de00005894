"""What the simulation found is told with the scenario or the test that holds it, and each of those is there; what was played of
the long run is added up as it is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "simulation.md").read_text("utf-8")
FOUND = [line for line in PAGE.partition("## What it found")[2].splitlines() if line.startswith("| ")][2:]

PLAYED = re.findall(r"^\| ([\d,]+) to ([\d,]+) \|", PAGE.partition("## The long run")[2], re.MULTILINE)


def number(told: str) -> int:
    return int(told.replace(",", ""))


def test_a_seed_counts_once_however_often_it_was_played() -> None:
    seeds = {seed for first, last in PLAYED for seed in range(number(first), number(last) + 1)}
    told = re.search(r"Played so far: ([\d,]+) of 1,000,000", PAGE)
    assert told is not None
    assert number(told[1]) == len(seeds)


def all_tests() -> str:
    return "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))


@pytest.mark.parametrize("line", FOUND, ids=lambda line: line[2:50])
def test_what_was_found_names_the_scenario_or_the_test_that_holds_it(line: str) -> None:
    _, _, _, held, _ = line.split("|")
    named = re.findall(r"`([\w/.]+)`", held)
    assert named, "a bug without a scenario or a test of its own"
    for each in named:
        is_scenario = (ROOT / "tests" / "scenario" / each / "steps.yaml").exists()
        assert is_scenario or f"def {each}(" in all_tests(), f"{each} is neither a scenario nor a test"
