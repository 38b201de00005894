"""Histories in which programs are linked in two orgs at once (M4.1): each with its own campaigns, links, budget and clock.

`history` widens a share of its histories by it. What happens in the second org has its name; a worker's round of the one may come
in the middle of a round of the other.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulation.history import Event, Given, History, Person

WEST = "west"
ONE_IN = 12
"""In every so manieth history."""
_ANYWHERE = frozenset({"killed", "database restart", "clock jump"})


def widened(history: History, more: Mapping[str, float]) -> History:
    """The history with a second org, or as it was."""
    chance = random.Random(f"two orgs {history.seed}")
    if chance.random() >= more.get("two orgs", 1) / ONE_IN:
        return history
    # Whoever is known by name alone is somebody else in every org (M7.3), and nobody could say who is meant.
    people = tuple(replace(person, nameless=False) for person in history.given.people)
    given = replace(history.given, people=people)
    beside = _given(chance, given, more.get("budget", 1))
    events = tuple(_somewhere(chance, event, beside) for event in history.events)
    whole = replace(history, given=replace(given, beside=beside), events=events)
    return (
        _merged_in_one(chance, whole) if chance.random() < 0.25 * more.get("merged in one org", 1) else whole
    )


def _merged_in_one(chance: random.Random, history: History) -> History:
    """Two people whom both orgs know as two become one record in one of them, and stay two in the other (M7.8)."""
    from simulation.history import Event

    first, second = (person.name for person in history.given.people[:2])

    def both_known(given: Given) -> Given:
        people = tuple(
            replace(person, record="Lead") if person.name in (first, second) else person
            for person in given.people
        )
        return replace(given, people=people)

    assert history.given.beside is not None
    given = replace(both_known(history.given), beside=both_known(history.given.beside))
    merge = Event(
        round=len(history.gaps) - 1,
        moment=0,
        what="there: merge",
        args={"who": first, "into": second},
        org=chance.choice(("", WEST)),
    )
    events = sorted((*history.events, merge), key=lambda event: (event.round, event.moment))
    return replace(history, given=given, events=tuple(events))


def _given(chance: random.Random, given: Given, budgets: float) -> Given:
    linked = {program: how for program, how in given.links.items() if chance.random() < 0.8} or given.links
    return replace(
        given,
        links=linked,
        people=tuple(_person(chance, person, linked) for person in given.people),
        policies={program: chosen for program, chosen in given.policies.items() if program in linked},
        daily_calls=chance.randint(8, 60) if chance.random() < 0.1 * budgets else None,
        skew=chance.randint(-900, 900) if chance.random() < 0.3 else 0,
    )


def _person(chance: random.Random, person: Person, linked: Mapping[str, str]) -> Person:
    """Somebody who may be another record there, or none, and in other campaigns."""
    from simulation.history import STATUSES

    there = {
        program: chance.choice(STATUSES)
        for program, how in linked.items()
        if how == "existing" and chance.random() < 0.5
    }
    known = bool(there) or chance.random() < 0.3
    record = chance.choice(("Lead", "Lead", "Contact")) if known else ""
    return replace(person, here={}, there=there, record=record)


def _somewhere(chance: random.Random, event: Event, beside: Given) -> Event:
    """Half of what happens, happens there."""
    elsewhere = chance.random() < 0.5
    program = event.args.get("program")
    fits = program is None or program in beside.links
    return replace(event, org=WEST) if elsewhere and fits and event.what not in _ANYWHERE else event
