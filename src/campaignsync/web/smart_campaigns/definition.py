"""A definition as text that people read and write, and entries of it made from the fields of a form.

The text is YAML, as in docs/smart_campaigns.md. What may stand in it is told by `automation.catalogue`, and judged by
`runtime.smart_campaigns`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml
from django.utils.translation import gettext as _

from campaignsync.automation.catalogue import ACTIONS, FILTERS, TRIGGERS, Entry
from campaignsync.domain.errors import UsageError
from campaignsync.domain.smart_campaigns import OPERATORS, Operator

LARGEST = 64 * 1024
KINDS: Mapping[str, tuple[str, tuple[Entry, ...]]] = {
    "trigger": ("triggers", TRIGGERS),
    "filter": ("filters", FILTERS),
    "action": ("flow", ACTIONS),
}
_ORDER = (
    "program",
    "tokens",
    "triggers",
    "filters",
    "logic",
    "qualification",
    "schedule",
    "priority",
    "flow",
)
_ALONE = (Operator.IS_EMPTY, Operator.IS_NOT_EMPTY)


class _Loader(yaml.SafeLoader):
    """Texts that look like dates stay texts."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - as the class above has it.
        first: [(tag, regexp) for tag, regexp in found if tag != "tag:yaml.org,2002:timestamp"]
        for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def read(text: str) -> dict[str, Any]:
    """The definition that a text holds; UsageError with the line of what is wrong."""
    if len(text) > LARGEST:
        raise UsageError(_("The definition is too long."))
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text)):
            raise UsageError(_("Anchors and aliases are not taken."))
        found = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader.
    except yaml.YAMLError as error:
        raise UsageError(" ".join(str(error).split())) from None
    if not isinstance(found or {}, dict):
        raise UsageError(_("A definition has entries such as triggers, filters and flow."))
    return found or {}


def written(definition: Mapping[str, Any]) -> str:
    """A definition as text, in the order in which people tell it."""
    known = [name for name in _ORDER if name in definition]
    ordered = {name: _led(definition[name]) for name in [*known, *(definition.keys() - set(known))]}
    return yaml.safe_dump(ordered, sort_keys=False, allow_unicode=True, width=100)


def _led(entries: Any) -> Any:
    """Entries of a list, each led by what it is."""
    if not isinstance(entries, list):
        return entries
    leads = [
        next((kind for kind in KINDS if isinstance(each, dict) and kind in each), None) for each in entries
    ]
    return [{lead: each[lead], **each} if lead else each for lead, each in zip(leads, entries, strict=True)]


def entry(kind: str, name: str) -> Entry:
    """What the catalogue says of a trigger, a filter or an action; UsageError for none."""
    _list, entries = KINDS.get(kind, ("", ()))
    found = next((each for each in entries if each.name == name), None)
    if found is None:
        raise UsageError(_("Choose what to add."))
    return found


def wants(found: Entry, kind: str) -> list[dict[str, Any]]:
    """The fields of an entry, as a form shows them; only conditions have operators."""
    return [
        {
            "name": name,
            "says": wanted.says,
            "required": wanted.required,
            "operators": [] if kind == "action" else [each.value for each in OPERATORS[wanted.type]],
        }
        for name, wanted in found.wants.items()
    ]


def added(definition: dict[str, Any], kind: str, name: str, given: Mapping[str, str]) -> dict[str, Any]:
    """The definition with one entry more, made from what a form holds: `value NAME` and `operator NAME`."""
    found, (where, _entries) = entry(kind, name), KINDS[kind]
    made: dict[str, Any] = {kind: found.name}
    for each in found.wants:
        value, word = given.get(f"value {each}", "").strip(), given.get(f"operator {each}", "")
        if word in _ALONE:
            made[each] = {word: True}
        elif value:
            typed: Any = [part.strip() for part in value.split("|")] if "|" in value else value
            made[each] = typed if word in ("", Operator.IS.value) else {word: typed}
    return {**definition, where: [*(definition.get(where) or []), made]}
