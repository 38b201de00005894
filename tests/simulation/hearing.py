"""A listener's life in one thread: what each topic of an org says is taken as it comes and kept as the product keeps it.

Made by `serving`. It is a process of its own, which may be killed before and after each commit; the next one goes on from where
was kept. What it says, keeps and asks for is decided by `runtime.listener` and `salesforce.events`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from campaignsync.domain.errors import RetryableError
from campaignsync.domain.events import TOPICS
from campaignsync.runtime.listener import Said, keep_all, sayings
from campaignsync.salesforce.events import PubSub
from simulation.mortal import Killed, Mortal
from simulation.pubsub import Channel
from simulation.world import World

_SCHEMAS: dict[str, Any] = {}
"""What was parsed once: a schema's id is made of what it says."""


class Hearing:
    """One org's listener."""

    def __init__(self, world: World, moment: Callable[[str, Mortal], None]) -> None:
        self.world = world
        self.process = Mortal(world.store.subscriptions, self._dying(moment))
        self._stop = threading.Event()
        self._deaf_until: dict[str, datetime] = {}
        events = PubSub(world.wire(self.process), world.org.id, "127.0.0.1:1")
        events._channel = Channel(world.bus)  # type: ignore[assignment]
        events._schemas = _SCHEMAS
        world.bus.keepalive_s = 0
        org = world.connection.connection_id
        places = self.process.places(org)
        self._streams: dict[str, Iterator[Said]] = {
            topic: sayings(events, org, topic, places.get(topic), self._stop) for topic in TOPICS
        }

    def _dying(self, moment: Callable[[str, Mortal], None]) -> Callable[[str, Mortal], None]:
        """Moments at which the listener may die as soon as it has kept something of what it heard."""

        def at(name: str, process: Mortal) -> None:
            if name == "after keep" and self.world.listener_dies_keeping:
                self.world.listener_dies_keeping = False
                process.die(Killed)
            moment(name, process)

        return at

    def hear(self) -> None:
        """All that there is to be heard now, topic by topic, kept in one commit for each turn."""
        self.process.require_alive()
        silent: set[str] = set()
        while True:
            said = [self._said(topic) for topic in TOPICS if topic not in silent and not self._deaf(topic)]
            if not said:
                return
            self._keep(said)
            for each in said:
                if each.error is not None:
                    self._deaf_until[each.topic] = self.world.clock.moment + timedelta(
                        seconds=each.again_in_s
                    )
                    self.world.tell(f"not heard: {each.topic} {each.error}")
                elif each.heard and not (each.heard.events or each.heard.opened or each.heard.missed):
                    silent.add(each.topic)

    def _keep(self, said: list[Said]) -> None:
        """Until the database takes it, as the product does."""
        while True:
            try:
                return keep_all(self.process, said)  # type: ignore[arg-type]
            except RetryableError as error:
                self.world.tell(f"not kept: {error}")
                self.world.store.reconnect()
                self.process.mend()
                self.world.clock.advance(1)

    def _said(self, topic: str) -> Said:
        said = next(self._streams[topic])
        if said.heard and (said.heard.events or said.heard.missed):
            self.world.tell(f"heard: {topic} {said.heard.events} {'missed' if said.heard.missed else ''}")
        return said

    def _deaf(self, topic: str) -> bool:
        return self._deaf_until.get(topic, self.world.clock.moment) > self.world.clock.moment

    def hears_again(self) -> datetime | None:
        """When the first of the topics that cannot be heard now is tried again."""
        later = [moment for moment in self._deaf_until.values() if moment > self.world.clock.moment]
        return min(later, default=None)
