"""What docs/delta.md says is held by tests that are there, each named beside it, and by the rules of the contract it cites."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "delta.md").read_text("utf-8")
TABLE = PAGE.partition("## Which test holds what")[2].partition("## Sources")[0]
SAID = [line for line in TABLE.splitlines() if line.startswith("| ")][2:]
WRITTEN = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))


@pytest.mark.parametrize("line", SAID, ids=lambda line: line[2:50])
def test_what_is_said_of_finding_changes_names_tests_that_are_there(line: str) -> None:
    named = re.findall(r"`(test_\w+)`", line)
    assert named, "nothing holds it"
    assert [each for each in named if f"def {each}(" not in WRITTEN] == []


def test_the_rules_of_the_contract_about_finding_changes_are_cited() -> None:
    assert {"S0.1", "S0.14", "S0.15", "S0.16", "S2.6.1"} <= set(re.findall(r"S\d+(?:\.\d+)+", PAGE))
    assert len(SAID) > 30
