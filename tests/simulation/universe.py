"""What all orgs of a history have in common: our installation, the clock, what may be true, and the trace of all that happened.

`World` is one org and what we have with it; worlds of one history share a `Universe`. What happens is told to the trace, line by
line; two plays of one history have the same trace, byte for byte.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from simulation.clock import SimulatedClock
from simulation.expected import Expected
from simulation.mortal import Mortal

_OUR_ID = re.compile(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass
class Counted:
    """What a history came to, for the figures that are printed."""

    calls: int = 0
    edits: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)


class Universe:
    """Shared by the worlds of one history."""

    def __init__(self, store: Any, clock: SimulatedClock, *, orgs: int) -> None:
        self.store, self.clock = store, clock
        self.expected = Expected(orgs)
        self.trace: list[str] = []
        self.counted = Counted()
        self.hooks: list[Any] = []
        """Called at each moment with its name and the process, if there is one."""
        self.accepted_back: set[str] = set()
        """Programs whose admin let steps back be accepted, at any time."""
        self.entered: Counter[str] = Counter()
        """How often somebody was made a lead or contact by people, in whatever org, by what they are known by there."""
        self._our_ids: dict[bytes, int] = {}

    def moment(self, name: str, process: Mortal | None) -> None:
        """Between any two steps: here people act and things go wrong."""
        for hook in self.hooks:
            hook(name, process)

    def tell(self, line: str) -> None:
        self.trace.append(f"{self.clock.moment.isoformat()} {line}")

    def digest(self) -> str:
        """The fingerprint of all that happened."""
        return hashlib.sha256("\n".join(self.trace).encode()).hexdigest()

    def without_chance(self, body: bytes) -> bytes:
        """Our ids of people are drawn at random by the database: they are told by the order in which they came."""

        def numbered(found: re.Match[bytes]) -> bytes:
            number = self._our_ids.setdefault(found[0], len(self._our_ids) + 1)
            return f"our id {number}".encode()

        return _OUR_ID.sub(numbered, body)
