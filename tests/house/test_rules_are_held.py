"""Every numbered rule of the contract about programs, campaigns, people and members is held by a test that cites it.

A rule is cited by its number in the docstring of a test or of a file of tests, alone (M7.8) or in a range (M7.7–M7.9). Rules that
no test can hold, or that other work holds, stand below, each with the reason.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
_RULES_OF = {1: 8, 2: 7, 3: 4, 4: 7, 5: 4, 6: 9, 7: 11, 8: 3, 9: 8, 10: 7}
RULES = {f"M{part}.{rule}" for part, last in _RULES_OF.items() for rule in range(1, last + 1)} | {"M11"}

NOT_HELD_BY_A_TEST = {
    "M1.1": "a definition: program, channel, program type",
    "M1.3": "a definition: member, and Not in Program as the absence of membership",
    "M1.7": "a definition: link and sync user",
    "M10.4": "a reference: what else is triggered and filtered is named where smart campaigns are asked for",
}
_CITED = re.compile(r"\bM(\d+)\.(\d+)(?:\s*[–-]\s*M\1\.(\d+))?|\b(M11)\b")


def docstrings(path: Path) -> Iterator[str]:
    """What the file, its tests and their neighbours say of themselves."""
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef):
            yield ast.get_docstring(node) or ""


def cited() -> set[str]:
    found: set[str] = set()
    for path in TESTS.rglob("test_*.py"):
        if path != Path(__file__).resolve():
            for text in docstrings(path):
                for part, first, last, whole in _CITED.findall(text):
                    found |= (
                        {whole}
                        if whole
                        else {f"M{part}.{n}" for n in range(int(first), int(last or first) + 1)}
                    )
    return found


def test_every_rule_is_cited_by_a_test_or_has_a_reason_not_to_be() -> None:
    assert sorted(RULES - cited() - NOT_HELD_BY_A_TEST.keys()) == []


def test_no_test_cites_a_rule_that_does_not_exist() -> None:
    assert sorted(cited() - RULES) == []


def test_every_reason_is_about_a_rule() -> None:
    assert NOT_HELD_BY_A_TEST.keys() - RULES == set()
