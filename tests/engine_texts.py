"""The texts of the engine as they stand in its modules: what tests of the pages read to know all that it may say."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import campaignsync

ROOT = Path(campaignsync.__file__).parent
ROOMS = ("domain", "planner", "automation", "salesforce", "store", "runtime")


def modules() -> Iterator[tuple[str, ast.AST]]:
    """Each module of the engine, by its path within the package."""
    for room in ROOMS:
        for module in sorted((ROOT / room).rglob("*.py")):
            if "migrations" not in module.parts:
                name = module.relative_to(ROOT).as_posix()
                yield name, ast.parse(module.read_text("utf-8"), name)


def template(node: ast.AST) -> str | None:
    """A text with {1}, {2} … where something is filled in, as the catalogue has it."""
    if isinstance(node, ast.Constant):
        return _numbered(node.value) if isinstance(node.value, str) else None
    if not isinstance(node, ast.JoinedStr):
        return None
    parts = [str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values]
    return _numbered("".join(parts))


def _numbered(text: str) -> str:
    pieces = text.split("{}")
    return pieces[0] + "".join(f"{{{place}}}{piece}" for place, piece in enumerate(pieces[1:], 1))


def texts(tree: ast.AST) -> Iterator[ast.AST]:
    """Texts, whole ones only: not the pieces of an f-string."""
    if isinstance(tree, ast.JoinedStr):
        yield tree
        for part in tree.values:
            if isinstance(part, ast.FormattedValue):
                yield from texts(part.value)
    elif isinstance(tree, ast.Constant):
        yield tree
    else:
        documented = isinstance(tree, ast.Module | ast.ClassDef | ast.FunctionDef)
        for child in ast.iter_child_nodes(tree):
            if not (documented and isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)):
                yield from texts(child)
