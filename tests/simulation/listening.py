"""Histories in which nothing but events and marks calls for rounds, and what goes wrong with events and with who listens (S2.7).

`history` widens a share of its histories by it. In all other histories a round comes whether anything calls for it or not.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulation.history import History
    from simulation.world import World

ONE_IN = 10
"""In every so manieth history."""
_MOST_FAULTS = 3
_ENTITIES = ("Campaign", "CampaignMember", "CampaignMemberStatus", "Lead", "Contact")


def widened(history: History, more: Mapping[str, float]) -> History:
    """The history as a listener's, or as it was."""
    from simulation.history import Event

    chance = random.Random(f"listening {history.seed}")
    if chance.random() >= more.get("listening", 1) / ONE_IN:
        return history
    rounds, orgs = len(history.gaps), ["", "west"] if history.given.beside else [""]
    names = list(FAULTS)
    weights = [more.get(name, 1) for name in names]
    added = [
        Event(
            round=chance.randrange(rounds),
            moment=chance.choice((0, 0, chance.randint(1, 60))),
            what=(what := chance.choices(names, weights)[0]),
            args=_drawn(chance, what),
            org=chance.choice(orgs),
        )
        for _ in range(chance.randint(0, _MOST_FAULTS))
    ]
    events = sorted((*history.events, *added), key=lambda event: (event.round, event.moment))
    return replace(history, given=replace(history.given, listens=True), events=tuple(events))


def _drawn(chance: random.Random, what: str) -> Mapping[str, Any]:
    if what in ("event late", "event overtaken"):
        return {"seconds": chance.randint(1, 2000)}
    return {"entity": chance.choice(_ENTITIES)} if what in ("event gap", "event overflow") else {}


def _disturbed(action: str) -> Callable[..., None]:
    def disturb(world: World, seconds: int = 5) -> None:
        world.bus.faults.set([{"action": action, "times": 1, "seconds": seconds}])

    return disturb


def _lost(world: World) -> None:
    """For good: only the safety net makes up for it (M8.1)."""
    world.bus.faults.set([{"action": "lose", "times": 1}])
    world.unheard = True


def _gap(world: World, entity: str) -> None:
    world.bus.tell_gap(entity, [world.org.id], "UPDATE")


def _overflow(world: World, entity: str) -> None:
    world.bus.tell_overflow(entity)
    if f"/data/{entity}ChangeEvent" in world.store.subscriptions.places(world.connection.connection_id):
        world.missed_at = world.clock.moment


def _replay_id_too_old(world: World) -> None:
    """The org was moved to another instance while nobody listened (S2.7.6)."""
    world.bus.take_in()
    world.bus.start_anew()
    world.listener_dies = True
    world.missed_at = world.clock.moment


def _cut(world: World) -> None:
    world.bus.cut_streams()


def _listener_killed(world: World) -> None:
    world.listener_dies = True


def _listener_killed_keeping(world: World) -> None:
    """As soon as it has kept something of what it heard next."""
    world.listener_dies_keeping = True


FAULTS: Mapping[str, Callable[..., None]] = {
    "event lost": _lost,
    "event doubled": _disturbed("double"),
    "event late": _disturbed("delay"),
    "event overtaken": _disturbed("reorder"),
    "event gap": _gap,
    "event overflow": _overflow,
    "place in the stream gone": _replay_id_too_old,
    "stream cut": _cut,
    "listener killed": _listener_killed,
    "listener killed behind a commit": _listener_killed_keeping,
}


def strike(world: World, what: str, args: Mapping[str, Any]) -> bool:
    """Set something to go wrong with events; not where nobody listens."""
    if not world.listens:
        return False
    with world.bus.changed:
        FAULTS[what](world, **args)
    return True
