"""What people take back later: links made again, campaigns undeleted, statuses added and rules dropped again.

`history` widens its histories by it. Each of these edits finds something to do only behind its opposite, so that drawn by itself
it would hardly ever happen.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulation.history import Event, History

OPPOSITES: Mapping[str, str] = {
    "here: unlink": "here: link",
    "here: set cost": "here: remove cost",
    "there: delete campaign": "there: undelete campaign",
    "there: remove status": "there: add status",
    "there: validation rule": "there: no validation rule",
    "there: delete person": "there: undelete person",
}
_KEPT = ("program", "who", "label", "month")
"""What an opposite is told of what it takes back."""


def widened(history: History, more: Mapping[str, float]) -> History:
    """The history with half of what may be taken back taken back, in the same round or in a later one; as it was where it is
    made for planted bugs (`focus`), which are to be found in few."""
    if more:
        return history
    chance = random.Random(f"taken back {history.seed}")
    added = list(_opposites(chance, history))
    events = sorted((*history.events, *added), key=lambda event: (event.round, event.moment))
    return replace(history, events=tuple(events)) if added else history


def _opposites(chance: random.Random, history: History) -> Iterator[Event]:
    for event in history.events:
        if event.what in OPPOSITES and chance.random() < 0.5:
            args = {name: event.args[name] for name in _KEPT if name in event.args}
            if event.what == "there: validation rule":
                args = {}
            last = len(history.gaps) - 1
            later = chance.randint(min(event.round + 1, last), last)
            moment = 0 if later > event.round else event.moment + chance.randint(1, 60)
            yield replace(event, round=later, moment=moment, what=OPPOSITES[event.what], args=args)
