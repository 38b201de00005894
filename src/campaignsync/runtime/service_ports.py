"""What a service that is always on needs of its doors, as protocols: the queue of rounds, the pulse of orgs, their events.

Like `ports`, of which this is the part that the engine itself does without: a round by hand and a simulation need none of it.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from campaignsync.domain.events import Heard
from campaignsync.domain.health import Check, Facts
from campaignsync.domain.ids import ConnectionId, LinkId
from campaignsync.domain.service import RoundEnd, Swept


class Jobs(Protocol):
    """The queue of rounds. RetryableError when the database is out of reach."""

    def wake(self, org: ConnectionId, *, hurry: bool = False) -> None:
        """Let an org have a round as soon as a worker is free; `hurry` ends a back-off, too."""

    def put_off(self, org: ConnectionId, until: datetime, *, failures: int) -> None:
        """Let an org have its next round at a moment and not before, whatever marks it meanwhile."""

    def instead(
        self, org: ConnectionId, links: Collection[LinkId] | None = None
    ) -> contextlib.AbstractContextManager[None]:
        """A round in here, of these links or of all, is the one that waited for a worker: when it is done, that need not be."""

    def due(self) -> Sequence[ConnectionId]:
        """The orgs whose schedule has come round (domain.budget)."""

    def sweep(self) -> Sequence[Swept]:
        """Take the jobs of dead workers, and those that failed by what nobody foresaw, out of the way of their orgs, and let
        these have others in the same commit: at once where a worker died, after a back-off where it failed."""

    def leave(self) -> None:
        """This thread needs the database no more."""

    def work(
        self, carry_out: Callable[[ConnectionId, int], None], *, at_once: int, stop: threading.Event
    ) -> None:
        """Carry out jobs, so many at once, until told to stop; jobs that were begun are ended first."""


class Pulses(Protocol):
    """How the rounds of orgs go, and housekeeping."""

    def beat(self, org: ConnectionId, end: RoundEnd) -> None:
        """Count a round that has ended."""

    def comparison_due(self, org: ConnectionId) -> bool:
        """Whether everything of an org is to be listed whole again."""

    def campaigns(self, org: ConnectionId) -> Sequence[str]:
        """The mirrored campaigns of an org that are not deleted."""

    def comparing(self, org: ConnectionId) -> None:
        """Everything of an org is listed whole from now on; until that is done it is due as before."""

    def compared(self, org: ConnectionId) -> None:
        """Everything of an org was listed whole: not due any more, unless the org lost track since `comparing` (S2.7.5)."""

    def tidy(self) -> Mapping[str, int]:
        """Delete what is kept for too long already; how many rows of what."""


class Vitals(Protocol):
    """How an installation is. RetryableError when the database is out of reach."""

    def facts(self) -> Facts:
        """Everything as it stands."""

    def sound(self, checks: Iterable[Check]) -> None:
        """Keep what has turned ill as problems of orgs, and solve what is well again (domain.health.ALARMS)."""


class Secrets(Protocol):
    """All secrets at rest."""

    def rotate(self) -> int:
        """Encrypt all secrets anew with the key in use, or none of them; how many. UsageError where one cannot be read."""

    def require_one_key(self) -> None:
        """UsageError while something can be read with an old key only."""


class Subscriptions(Protocol):
    """How far the events of orgs were heard. RetryableError when the database is out of reach."""

    def hold(self, orgs: Collection[ConnectionId]) -> frozenset[ConnectionId]:
        """Those of these orgs that are ours to listen to: nobody else does, until we die or hold others."""

    def let_go(self) -> None:
        """What was held, others may listen to; told by the thread that held it."""

    def places(self, org: ConnectionId) -> Mapping[str, bytes]:
        """How far each topic was heard, where it was."""

    def keep(self, org: ConnectionId, heard: Collection[Heard]) -> None:
        """Keep how far was heard and let the org have a round: one commit. What was missed calls for a comparison."""

    def tell(self, org: ConnectionId, topic: str, state: str, message: str) -> None:
        """Keep that a topic is not heard now, and why."""

    def leave(self) -> None:
        """This thread needs the database no more."""


class Events(Protocol):
    """The events of one org. RetryableError when the stream breaks, UsageError when it is refused."""

    def topics(self) -> Mapping[str, str | None]:
        """Each topic of the contract (S2.7.2) and why it cannot be heard, or None."""

    def follow(self, topic: str, replay_id: bytes | None, stop: threading.Event) -> Iterator[Heard]:
        """What is heard behind a place (None: from now on), until told to stop. No more is asked for than was taken."""

    def close(self) -> None:
        """End all streams."""
