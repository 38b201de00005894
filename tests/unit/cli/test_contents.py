"""What `--help` tells without loading anything is what there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from campaignsync.cli.contents import LINES, VERBS, loaded
from shell import Shell

HEAVY = {"polars", "django", "psycopg", "requests", "pydantic", "rich", "structlog", "yaml", "cryptography"}


@pytest.mark.parametrize("module", VERBS)
def test_the_list_of_verbs_is_what_the_modules_have(module: str) -> None:
    assert sorted(loaded(module)) == sorted(VERBS[module])


def test_a_line_fits_beside_its_verb() -> None:
    widest = max(len(verb) for verb in LINES)
    assert [line for line in LINES.values() if widest + 4 + len(line) > 78] == []


def test_help_loads_nothing_that_it_does_not_show(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    assert "Make both sides the same." in shell.well("--help")
    assert {name.partition(".")[0] for name in shell.loaded("--help")} & HEAVY == set()
