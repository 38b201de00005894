"""The stream of published events: places in it, what is still kept, and what is on its way with faults.

Used by the bus alone. Places grow and have holes, as replay ids do; a place may also be empty, so that whoever sees no
events for long still gets fresh replay ids. What is older than 72 hours is gone (S0.19).
"""

import random
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from salesforce_sandbox.events.faults import Fault
from salesforce_sandbox.events.grouping import ChangeEvent
from salesforce_sandbox.org.changes import MOST_KEPT
from salesforce_sandbox.org.clock import Clock

KEPT_FOR = timedelta(hours=72)
# A replay id handed out while nothing happens is at most this old.
FRESH_FOR = timedelta(minutes=1)
_ID_TAIL = b"\0\0"


@dataclass(slots=True)
class Entry:
    """A place in the stream. `cuts` ends the first stream that comes to it."""

    number: int
    at: datetime
    event: ChangeEvent | None
    cuts: bool = False

    @property
    def replay_id(self) -> bytes:
        return self.number.to_bytes(8, "big") + _ID_TAIL


class Stream:
    """Events in the order of their publication."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._number = 1_000
        # Any step would do; subscribers must not be able to count on one.
        self._steps = random.Random(1)  # noqa: S311 - replayable on purpose
        self._entries: list[Entry] = []
        # Held until a moment, and holding all behind them.
        self._held: deque[tuple[datetime, ChangeEvent, Fault | None]] = deque()
        self._overtaken: tuple[datetime, ChangeEvent] | None = None

    def forget(self) -> None:
        """Starts anew; the numbers go on, so that no replay id of before fits."""
        self._entries.clear()
        self._held.clear()
        self._overtaken = None

    def push(self, event: ChangeEvent, fault: Fault | None) -> None:
        """Publishes an event, with what goes wrong with it."""
        if fault and fault.action == "lose":
            return
        due = event.commit.at
        if fault and fault.action == "delay":
            due += timedelta(seconds=fault.seconds)
        self._held.append((due, event, fault))

    def settle(self) -> None:
        """Lets through what is due, and forgets what is too old."""
        now = self._clock.now()
        while self._held and self._held[0][0] <= now:
            _, event, fault = self._held.popleft()
            self._let_through(event, fault)
        if self._overtaken and self._overtaken[0] <= now:
            self._pass_overtaken()
        oldest = next((i for i, each in enumerate(self._entries) if each.at > now - KEPT_FOR), None)
        oldest = len(self._entries) if oldest is None else oldest
        del self._entries[: max(oldest, len(self._entries) - MOST_KEPT)]

    @property
    def next_due(self) -> datetime | None:
        """When something held will go on."""
        waiting = [self._held[0][0]] if self._held else []
        return min(waiting + ([self._overtaken[0]] if self._overtaken else []), default=None)

    def tip(self) -> int:
        """The newest place, made fresh."""
        now = self._clock.now()
        if not self._entries or self._entries[-1].at < now - FRESH_FOR:
            self._append(None, now)
        return self._entries[-1].number

    def after(self, number: int) -> Iterator[Entry]:
        """What is kept behind a place, oldest first."""
        first = bisect_right(self._entries, number, key=lambda each: each.number)
        return (self._entries[index] for index in range(first, len(self._entries)))

    def place(self, replay_id: bytes) -> int | None:
        """The place that a replay id names, if it is still there."""
        number = int.from_bytes(replay_id[:8], "big")
        index = bisect_right(self._entries, number, key=lambda each: each.number) - 1
        known = index >= 0 and self._entries[index].replay_id == replay_id
        return number if known else None

    def _let_through(self, event: ChangeEvent, fault: Fault | None) -> None:
        action = fault.action if fault else None
        if fault and action == "reorder" and not self._overtaken:
            self._overtaken = (event.commit.at + timedelta(seconds=fault.seconds), event)
            return
        shown = event.gap() if action == "gap" else event.overflow() if action == "overflow" else event
        self._append(shown, event.commit.at, cuts=action == "cut")
        if action == "double":
            self._append(shown, event.commit.at)
        if self._overtaken:
            self._pass_overtaken()

    def _pass_overtaken(self) -> None:
        assert self._overtaken is not None  # noqa: S101 - whoever calls has looked
        event = self._overtaken[1]
        self._overtaken = None
        self._append(event, event.commit.at)

    def _append(self, event: ChangeEvent | None, at: datetime, *, cuts: bool = False) -> None:
        self._number += self._steps.randint(1, 9)
        self._entries.append(Entry(self._number, at, event, cuts))
