"""Describes as JSON, written and read once: a fifth of a megabyte each, and the same in every history.

Called by `wire` for each answer. An org's describe stays one value as long as its schema does; its text and what that text says
are kept with it. Whoever is given what it says leaves it as it is, as the engine does, which keeps of it what it needs.
"""

from __future__ import annotations

from typing import Any

import orjson

MOST_KEPT = 200
_KEPT: dict[int, tuple[Any, bytes, Any]] = {}


def answer(body: Any) -> tuple[bytes, Any] | None:
    """The text of an answer that holds describes among others, and what it says; None of any other answer."""
    parts = body.get("compositeResponse") if isinstance(body, dict) else None
    if not parts or not any(_is_describe(part["body"]) for part in parts):
        return None
    written, said = [], []
    for part in parts:
        if _is_describe(part["body"]):
            text, meant = _kept(part["body"])
            written.append({**part, "body": orjson.Fragment(text)})
            said.append({**_again({**part, "body": None}), "body": meant})
        else:
            written.append(part)
            said.append(_again(part))
    return orjson.dumps({"compositeResponse": written}), {"compositeResponse": said}


def _is_describe(body: Any) -> bool:
    return isinstance(body, dict) and "childRelationships" in body


def _kept(body: Any) -> tuple[bytes, Any]:
    kept = _KEPT.get(id(body))
    if kept is None:
        if len(_KEPT) >= MOST_KEPT:
            _KEPT.clear()
        text = orjson.dumps(body)
        # With the value itself, so that no other one takes its place in memory.
        kept = _KEPT[id(body)] = body, text, orjson.loads(text)
    return kept[1], kept[2]


def _again(value: Any) -> Any:
    """As it is behind its way through JSON."""
    return orjson.loads(orjson.dumps(value))
