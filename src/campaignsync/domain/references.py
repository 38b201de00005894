"""What the definition of a smart campaign names: campaigns, programs, lists and so on, each found again under another name.

Used by the store, which keeps the id of each beside the definition and hands definitions out with the names of today. Names are
where the catalogue has them; a text with tokens names nothing that is the same for everybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_NAMES = ("campaign", "program", "channel", "list", "connection", "smart campaign")
_STATUSES = ("status", "new status", "previous status")
_OF = ("campaign", "program", "channel")
"""Whose statuses are meant, the first that is named."""
_LISTS = ("triggers", "filters", "flow")


@dataclass(frozen=True, slots=True)
class Reference:
    """A name in a definition. `noun` is campaign, program, channel, list, connection, smart campaign, or `status of` one of the
    first three, which `of` names."""

    noun: str
    name: str
    of: str = ""


def plain(name: str) -> str:
    """A name as the database compares it: trimmed and in small letters."""
    return name.strip().lower()


Now = Callable[[Reference], str]
"""What something is called now."""


def references(definition: Mapping[str, Any]) -> list[Reference]:
    """All that a definition names, folded, each once."""
    found: dict[Reference, None] = {}

    def note(reference: Reference) -> str:
        found[Reference(reference.noun, plain(reference.name), plain(reference.of))] = None
        return reference.name

    renamed(definition, note)
    return list(found)


def renamed(definition: Mapping[str, Any], now: Now) -> dict[str, Any]:
    """The definition with each name as it is now."""
    made = dict(definition)
    if isinstance(made.get("program"), str):
        made["program"] = now(Reference("program", made["program"]))
    for part in _LISTS:
        entries = made.get(part)
        if isinstance(entries, list):
            made[part] = [_entry(each, {}, now) for each in entries]
    return made


def _entry(entry: Any, base: Mapping[str, Any], now: Now) -> Any:
    """A trigger, a filter, an action or a choice; what a choice leaves out stands in its step."""
    if not isinstance(entry, dict):
        return entry
    whole = {**base, **entry}
    made = {key: _value(key, value, whole, now) for key, value in entry.items()}
    if isinstance(entry.get("if"), dict):
        made["if"] = _entry(entry["if"], {}, now)
    if isinstance(entry.get("choices"), list):
        made["choices"] = [_entry(each, entry, now) for each in entry["choices"]]
    return made


def _value(key: str, value: Any, whole: Mapping[str, Any], now: Now) -> Any:
    if key in _NAMES:
        return _each(value, lambda name: now(Reference(key, name)))
    if key in _STATUSES:
        noun, of = next(((noun, name) for noun in _OF for name in _alone(whole.get(noun))), ("", ""))
        if noun:
            return _each(value, lambda name: now(Reference(f"status of {noun}", name, of)))
    return value


def _each(value: Any, now: Callable[[str], str]) -> Any:
    """A name, several, or either behind an operator that compares names whole."""
    if isinstance(value, str):
        return value if "{{" in value else now(value)
    if isinstance(value, list):
        return [_each(each, now) for each in value]
    if isinstance(value, dict):
        return {word: _each(part, now) if word in ("is", "is not") else part for word, part in value.items()}
    return value


def _alone(value: Any) -> Iterator[str]:
    """The one thing that is named, where it is one."""
    if isinstance(value, dict):
        value = value.get("is")
    if isinstance(value, list) and len(value) == 1:
        (value,) = value
    if isinstance(value, str) and "{{" not in value:
        yield value
