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


REPEATS = ("daily", "weekdays", "weekly", "monthly")
_SETTINGS = ("program", "qualification", "logic")


def steps(definition: Mapping[str, Any]) -> list[str]:
    """The actions of the flow, in order; none while the text makes no sense."""
    flow = definition.get("flow")
    return (
        [str(each.get("action", "")) for each in flow if isinstance(each, dict)]
        if isinstance(flow, list)
        else []
    )


def added(definition: dict[str, Any], kind: str, name: str, given: Mapping[str, str]) -> dict[str, Any]:
    """The definition with one entry more, made from what a form holds: `value NAME` and `operator NAME`. A filter with a `step`
    is the condition of one more choice of that step, and `then` says what the step does for them."""
    found, (where, _entries) = entry(kind, name), KINDS[kind]
    made: dict[str, Any] = {kind: found.name}
    for each in found.wants:
        value, word = given.get(f"value {each}", "").strip(), given.get(f"operator {each}", "")
        if word in _ALONE:
            made[each] = {word: True}
        elif value:
            typed: Any = [part.strip() for part in value.split("|")] if "|" in value else value
            made[each] = typed if word in ("", Operator.IS.value) else {word: typed}
    if kind == "filter" and given.get("negated"):
        made[kind] = f"Not {found.name}"
    if kind == "filter" and given.get("step"):
        return _with_choice(definition, given["step"], made, given.get("then", ""))
    return {**definition, where: [*(definition.get(where) or []), made]}


def _with_choice(
    definition: dict[str, Any], step: str, condition: dict[str, Any], then: str
) -> dict[str, Any]:
    flow = list(definition.get("flow") or [])
    if not step.isdecimal() or not 1 <= int(step) <= len(flow) or not isinstance(flow[int(step) - 1], dict):
        raise UsageError(_("There is no step %(step)s in the flow: add it first.") % {"step": step})
    whole = dict(flow[int(step) - 1])
    choice = {"if": condition, **_then(str(whole.get("action", "")), then)}
    flow[int(step) - 1] = {**whole, "choices": [*(whole.get("choices") or []), choice]}
    return {**definition, "flow": flow}


def _then(action: str, text: str) -> dict[str, Any]:
    """What a step does for those whom a choice fits: NAME=VALUE lines, or nothing at all."""
    if not text.strip():
        return {"do": "nothing"}
    known, values = entry("action", action).wants, dict[str, Any]()
    for line in text.splitlines():
        name, equals, value = (part.strip() for part in line.partition("="))
        if line.strip() and not (equals and name in known):
            raise UsageError(
                _("'%(line)s' is no value of %(action)s: NAME=VALUE is wanted, with one of %(names)s.")
                % {"line": line.strip(), "action": action, "names": ", ".join(known)}
            )
        if line.strip():
            values[name] = value
    return values


def settings(definition: Mapping[str, Any]) -> dict[str, str]:
    """What the form of settings shows of a definition."""
    schedule = definition.get("schedule")
    schedule = schedule if isinstance(schedule, dict) else {}
    return {
        **{name: str(definition.get(name) or "") for name in _SETTINGS},
        "priority": str(definition.get("priority") or ""),
        "start": str(schedule.get("start") or "").replace(" ", "T")[:16],
        "zone": str(schedule.get("zone") or ""),
        "repeat": str(schedule.get("repeat") or ""),
    }


def settled(definition: dict[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
    """The definition with what was changed in the form of settings since it was shown: `NAME` is not `was NAME` any more. What is
    emptied is left out; what was changed in the text meanwhile stays."""
    shown = settings(definition)
    now = {name: given.get(name, "").strip() for name in shown if given.get(name) != given.get(f"was {name}")}
    made = {key: value for key, value in definition.items() if key not in now}
    made |= {name: now[name] for name in _SETTINGS if now.get(name)}
    if now.get("priority"):
        if not now["priority"].isdecimal():
            raise UsageError(_("The priority is a number from 1, the first, to 10, the last."))
        made["priority"] = int(now["priority"])
    if now.keys() & {"start", "zone", "repeat"}:
        made.pop("schedule", None)
        schedule = {name: now.get(name, shown[name]) for name in ("start", "zone", "repeat")}
        if schedule["start"]:
            schedule["start"] = schedule["start"].replace("T", " ")
            made["schedule"] = {name: value for name, value in schedule.items() if value}
        elif schedule["repeat"]:
            raise UsageError(_("A schedule needs a day and a time to begin."))
    return made
