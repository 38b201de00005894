"""A history as a scenario that a person can read and that can be saved, changed by hand and played again (tests/scenario).

A scenario is a folder of `given.yaml` (who and what is there at first), `steps.yaml` (what happens, round by round) and
`expected.yaml` (what must be there in the end). `./run simulate` prints the first two of a history that failed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from simulation.history import Event, Given, History, Person


def told(history: History, violations: list[str]) -> str:
    """A failing history as text."""
    given, steps = documents(history)
    found = "\n".join(f"# {line}" for line in violations)
    return (
        f"# Found by seed {history.seed}, made as small as it gets. Save it as a folder under tests/scenario.\n{found}\n"
        f"# given.yaml\n{_yaml(given)}# steps.yaml\n{_yaml(steps)}"
    )


def _yaml(document: Any) -> str:
    return str(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110))


def _given(given: Given) -> dict[str, Any]:
    people = {
        person.name: {
            name: value
            for name, value in (
                ("salesforce", person.record),
                ("without e-mail", person.nameless),
                ("in the program", dict(person.here)),
                ("in the campaign", dict(person.there)),
            )
            if value
        }
        for person in given.people
    }
    more = {
        "policies": {k: dict(v) for k, v in given.policies.items() if v},
        "salesforce switches": dict(given.switches),
        "external id field": given.external_id,
        "bulk from two rows": given.bulk,
        "only events and marks call for rounds": given.listens,
        "campaigns nobody links": list(given.unlinked),
        "mirrored are only": dict(given.mirror_filter),
        "daily calls": given.daily_calls,
        "salesforce clock ahead by seconds": given.skew,
    }
    return {"links": dict(given.links), "people": people, **{k: v for k, v in more.items() if v}}


def documents(history: History) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """`given` and `steps` of a history."""
    first = _given(history.given)
    if history.given.beside is not None:
        first["another org"] = _given(history.given.beside)
    rounds = [
        {
            "round after seconds": gap,
            "happens": [_step(event) for event in history.events if event.round == number],
        }
        for number, gap in enumerate(history.gaps)
    ]
    return first, rounds


def _step(event: Event) -> dict[str, Any]:
    when = "before it" if event.moment == 0 else f"at moment {event.moment}"
    more = {"with": dict(event.args), "in": event.org}
    return {"when": when, "what": event.what, **{name: told for name, told in more.items() if told}}


def history_of(given: Mapping[str, Any], steps: list[Mapping[str, Any]]) -> History:
    """The history that a scenario tells."""
    events = tuple(
        Event(
            round=number,
            moment=0 if step["when"] == "before it" else int(step["when"].rpartition(" ")[2]),
            what=step["what"],
            args=step.get("with", {}),
            org=step.get("in", ""),
        )
        for number, each in enumerate(steps)
        for step in each.get("happens", [])
    )
    return History(
        seed=0,
        given=_read_given(given),
        gaps=tuple(each["round after seconds"] for each in steps),
        events=events,
    )


def _read_given(given: Mapping[str, Any]) -> Given:
    people = tuple(
        Person(
            name=name,
            record=told.get("salesforce", ""),
            nameless=told.get("without e-mail", False),
            here=told.get("in the program", {}),
            there=told.get("in the campaign", {}),
        )
        for name, told in given["people"].items()
    )
    another = given.get("another org")
    return Given(
        people=people,
        links=given["links"],
        policies=given.get("policies", {}),
        switches=given.get("salesforce switches", {}),
        external_id=given.get("external id field", False),
        bulk=given.get("bulk from two rows", False),
        listens=given.get("only events and marks call for rounds", False),
        daily_calls=given.get("daily calls"),
        skew=given.get("salesforce clock ahead by seconds", 0),
        unlinked=tuple(given.get("campaigns nobody links", ())),
        mirror_filter=given.get("mirrored are only", {}),
        beside=_read_given(another) if another else None,
    )


def read_scenario(folder: Path) -> History:
    """The history of a saved scenario."""
    given, steps = (
        yaml.safe_load((folder / f"{name}.yaml").read_text("utf-8")) for name in ("given", "steps")
    )
    return history_of(given, steps)
