"""The house rules that no linter holds: sizes, docstrings, circles, what the project never says.

Bounds may only be tightened. Each test names the file and the number, so that the mending is plain.
"""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(path for path in (ROOT / "src").rglob("*.py") if "migrations" not in path.parts)
PYTHON = [*SOURCES, *sorted((ROOT / "tests").rglob("*.py"))]
LONGEST_FILE, LONGEST_FUNCTION, MOST_PARAMETERS = 600, 70, 6


@pytest.fixture(scope="module", autouse=True)
def nothing_kept() -> Iterator[None]:
    """Millions of nodes would make every later look for garbage in this process slow."""
    yield
    parsed.cache_clear()


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [
        node for node in ast.walk(parsed(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_no_file_is_over_600_lines() -> None:
    long = {
        name(path): count
        for path in PYTHON
        if (count := len(path.read_text("utf-8").splitlines())) > LONGEST_FILE
    }
    assert long == {}


def test_no_function_is_over_70_lines() -> None:
    long = {
        f"{name(path)}:{function.name}": length
        for path in PYTHON
        for function in functions(path)
        if (length := (function.end_lineno or 0) - function.lineno + 1) > LONGEST_FUNCTION
    }
    assert long == {}


def test_no_function_takes_more_than_six_parameters() -> None:
    """A command of a command line is counted apart: each of its options is a parameter."""
    many = {}
    for path in SOURCES:
        if path.parts[-2] == "cli" or path.name == "main.py":
            continue
        for function in functions(path):
            wanted = [
                a.arg for a in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
            ]
            if len([each for each in wanted if each not in ("self", "cls")]) > MOST_PARAMETERS:
                many[f"{name(path)}:{function.name}"] = len(wanted)
    assert many == {}


def test_every_module_says_what_it_is() -> None:
    silent = [
        name(path)
        for path in PYTHON
        if path.read_text("utf-8").strip() and not ast.get_docstring(parsed(path))
    ]
    assert silent == []


@pytest.mark.parametrize("package", ["campaignsync", "salesforce_sandbox"])
def test_no_module_imports_itself_round_a_circle(package: str) -> None:
    """Type-only imports count too: a circle of types is a circle of thoughts."""
    graph = grimp.build_graph(package, include_external_packages=False, cache_dir=None)
    reached = {module: graph.find_downstream_modules(module) for module in graph.modules}
    assert [module for module, others in sorted(reached.items()) if module in others] == []


def test_broad_excepts_stand_nowhere() -> None:
    broad = [
        f"{name(path)}:{node.lineno}"
        for path in SOURCES
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or getattr(node.type, "id", "") in {"Exception", "BaseException"})
    ]
    assert broad == []


def test_names_say_what_a_thing_is() -> None:
    vague = {"utils", "helpers", "manager", "info", "data", "handle", "util", "helper", "misc", "common"}
    assert [name(path) for path in PYTHON if path.stem in vague or path.parent.name in vague] == []


def test_tracked_files_name_no_machine_and_no_package_index() -> None:
    forbidden = r"/(work|farm)/|/tmp/[b]ash|python[h]osted|pypi\.org|registry\.npmjs"
    found = subprocess.run(
        ["git", "grep", "-nIE", forbidden, "--", "."],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.stdout == ""


def test_every_verb_of_run_is_listed_by_it() -> None:
    script = (ROOT / "run").read_text("utf-8")
    verbs = set(re.findall(r"^    ([a-z]+)\) ", script, flags=re.MULTILINE))
    listed = subprocess.run(
        ["sh", str(ROOT / "run"), "help"], capture_output=True, text=True, check=True
    ).stderr
    assert verbs
    assert [verb for verb in sorted(verbs) if f"  {verb} " not in listed] == []
