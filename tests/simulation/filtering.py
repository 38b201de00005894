"""Histories in which an admin narrows the mirror of an org, and a campaign that nobody links is inside or outside (M3.4).

`history` widens a share of its histories by it: the filter may be there before the first look, it is changed and lifted, and the
other campaign, "Fair", is set active and inactive, given types, and people come and go in it. What must be true of it is in
`properties.mirrored_as_filtered`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulation.history import Event, Given, History

FAIR = "Fair"
ONE_IN = 12
"""In every so manieth history."""
_MOST_EVENTS = 6
_FILTERS: tuple[Mapping[str, Any], ...] = (
    {},
    {"active_only": True},
    {"types": ["conference"]},
    {"types": ["Webinar", "Conference"], "active_only": True},
    {"created_since": "2020-01-01"},
    {"created_since": "2038-01-01"},
)


def widened(history: History, more: Mapping[str, float]) -> History:
    """The history with a filter, or as it was."""
    chance = random.Random(f"filtering {history.seed}")
    if chance.random() >= more.get("filtering", 1) / ONE_IN or has_flows(history.seed):
        return history
    added = list(_happening(chance, history))
    events = sorted((*history.events, *added), key=lambda event: (event.round, event.moment))
    return replace(history, given=_given(chance, history.given), events=tuple(events))


def has_flows(seed: int) -> bool:
    """Whether a history has smart campaigns: what fires those must be mirrored, so that nothing is narrowed there."""
    from simulation.flowing import ONE_IN as FLOWS_ONE_IN

    return not random.Random(f"flows {seed}").randrange(FLOWS_ONE_IN)


def _given(chance: random.Random, given: Given) -> Given:
    from simulation.history import STATUSES

    people = tuple(
        replace(person, there={**person.there, FAIR: chance.choice(STATUSES)})
        if person.record and chance.random() < 0.5
        else person
        for person in given.people
    )
    return replace(given, people=people, unlinked=(FAIR,), mirror_filter=chance.choice(_FILTERS))


def _happening(chance: random.Random, history: History) -> Iterator[Event]:
    from simulation.history import STATUSES, Event

    known = [person.name for person in history.given.people if person.record]
    for _ in range(chance.randint(1, _MOST_EVENTS)):
        what = chance.choice(("filter", "filter", "active", "type", "member", "gone"))
        if what in ("member", "gone") and not known:
            continue
        of_fair: dict[str, Any] = {"program": FAIR}
        told: dict[str, tuple[str, dict[str, Any]]] = {
            "filter": ("here: set filter", {"chosen": chance.choice(_FILTERS)}),
            "active": ("there: set active", {**of_fair, "active": chance.random() < 0.5}),
            "type": (
                "there: set type or cost",
                {**of_fair, "Type": chance.choice(("Webinar", "Conference"))},
            ),
        }
        if known:
            who = {**of_fair, "who": chance.choice(known)}
            told["member"] = ("there: set status", {**who, "status": chance.choice(STATUSES)})
            told["gone"] = ("there: remove", who)
        name, args = told[what]
        moment = chance.choice((0, 0, chance.randint(1, 60)))
        yield Event(round=chance.randrange(len(history.gaps)), moment=moment, what=name, args=args)
