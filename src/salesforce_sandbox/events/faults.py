"""Faults of the stream on demand: events that get lost, doubled, late or disordered, the same way with the same seed.

Set through /sandbox/events or `EventBus.faults`; the bus asks once for each event of a captured entity. A rule is
`{"match": {...}, "action": ..., "times": n}`; a match may name `entity`, `change_type`, `nth` (which of the matching
events, one number or several) and `probability`. The first rule that fires decides.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from salesforce_sandbox.events.grouping import ChangeEvent

# `delay` holds an event and all behind it for `seconds`, `reorder` lets the next event go first (or passes after as long),
# `gap` and `overflow` put such an event in its place, `cut` ends the first stream that comes to it.
Action: TypeAlias = Literal["lose", "double", "delay", "reorder", "gap", "overflow", "cut"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    action: Action
    seconds: float


@dataclass(slots=True)
class _Rule:
    stated: Mapping[str, Any]
    seen: int = 0
    fired: int = 0

    def fires(self, event: ChangeEvent, chance: random.Random) -> bool:
        match = self.stated.get("match", {})
        if match.get("entity", event.entity) != event.entity:
            return False
        if match.get("change_type", event.change_type) != event.change_type:
            return False
        self.seen += 1
        nth = match.get("nth", self.seen)
        if self.seen not in (nth if isinstance(nth, list) else [nth]):
            return False
        if self.fired >= self.stated.get("times", self.fired + 1):
            return False
        if chance.random() >= match.get("probability", 1):
            return False
        self.fired += 1
        return True


class Faults:
    """The rules in force and the chance they share."""

    def __init__(self) -> None:
        self.set(())

    def set(self, rules: Sequence[Mapping[str, Any]], seed: int = 1) -> None:
        """Replaces the rules and starts chance anew; ValueError for an action that is none."""
        for rule in rules:
            if rule.get("action") not in get_args(Action):
                message = (
                    f"a fault's action is one of {', '.join(get_args(Action))}, not {rule.get('action')}"
                )
                raise ValueError(message)
        self._seed = seed
        self._chance = random.Random(seed)  # noqa: S311 - replayable on purpose
        self._rules = [_Rule(rule) for rule in rules]

    def stated(self) -> dict[str, Any]:
        rules = [{**rule.stated, "seen": rule.seen, "fired": rule.fired} for rule in self._rules]
        return {"seed": self._seed, "rules": rules}

    def decide(self, event: ChangeEvent) -> Fault | None:
        """What goes wrong with this event."""
        for rule in self._rules:
            if rule.fires(event, self._chance):
                return Fault(action=rule.stated["action"], seconds=float(rule.stated.get("seconds", 5)))
        return None
