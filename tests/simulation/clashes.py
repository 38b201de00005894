"""Edits of one member on both sides about one round, and what dies beside them: the moments at which sync engines lose changes.

`history` widens a share of its histories by them. The first edit comes before the round or in the round before it, the second
somewhere in its course; the process may be killed, or the database restarted, between the two or soon behind them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulation.history import Event, History

DEATHS = ("killed", "killed", "database restart", "session of the database lost, second worker")
ONE_IN, MOST = 8, 3
"""In every so manieth history, and so many of them there; as many as they ask for in histories for planted bugs (`focus`)."""
LAST_MOMENT = 130
"""A round that creates people and writes members has about so many."""
MIDDLE = 56
"""At about this one the trees of a link are read."""


def clashing(history: History, more: Mapping[str, float]) -> History:
    """The history with some clashes, or as it was."""
    chance = random.Random(f"clashes {history.seed}")
    number = int(more.get("clashes", 0)) or (MOST if chance.random() < 1 / ONE_IN else 0)
    people = [person.name for person in history.given.people if not person.nameless]
    if not people or not number:
        return history
    events = list(history.events)
    for _ in range(number):
        events += _clash(chance, history, chance.choice(people), more.get("deaths", 1))
    events.sort(key=lambda event: (event.round, event.moment))
    return replace(history, events=tuple(events))


def _clash(chance: random.Random, history: History, who: str, deaths: float) -> Iterator[Event]:
    from simulation.history import Event

    number = chance.randrange(len(history.gaps))
    program = chance.choice(list(history.given.links))
    # What a round sees and what it does of it lie about its middle.
    middle = chance.random() < 0.6
    second = max(1, int(chance.gauss(MIDDLE, 8))) if middle else chance.randint(1, LAST_MOMENT)
    sides = chance.choice(
        (("there", "here"), ("there", "here"), ("here", "there"), ("", "here"), ("", "there"))
    )
    for side, moment in zip(sides, (0, second), strict=True):
        if side:
            what, args = _edit(chance, side)
            yield Event(round=number, moment=moment, what=what, args={"who": who, "program": program, **args})
    if chance.random() < 0.5 * deaths:
        dies = second + chance.randint(0, 12)
        yield Event(round=number, moment=dies, what=chance.choice(DEATHS))


def _edit(chance: random.Random, side: str) -> tuple[str, Mapping[str, str]]:
    """Mostly a step, now and then a removal."""
    from simulation.history import STATUSES

    if chance.random() < 0.2:
        return f"{side}: remove", {}
    return f"{side}: set status", {"status": chance.choice(STATUSES)}
