"""Blocks in which one process is alone with an org or a link: what holds until it leaves them, or until it is dead.

The twin's ledger hands them out. They are objects, not generators: one that a dead process leaves open must do nothing whenever
Python comes to throw it away.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from campaignsync.domain.errors import RetryableError
from campaignsync.domain.ids import LinkId, RunId

if TYPE_CHECKING:
    from simulation.memory.ledger import MemoryLedger


class Turn(contextlib.AbstractContextManager[None]):
    """Nobody else is in here for the same thing."""

    def __init__(self, taken: set[tuple[str, int]], what: str, number: int, retry_after_s: float) -> None:
        self._taken, self._key, self._retry_after_s = taken, (what, number), retry_after_s

    def __enter__(self) -> None:
        if self._key in self._taken:
            raise RetryableError(
                f"Another run of this {self._key[0]} is under way; try again when it has ended.",
                retry_after_s=self._retry_after_s,
            )
        self._taken.add(self._key)

    def __exit__(self, *_: object) -> None:
        self.let_go()

    def let_go(self) -> None:
        """The lock goes, as it does with the session of a process that died, and nothing else is done."""
        self._taken.discard(self._key)


class RunUnderWay(contextlib.AbstractContextManager[RunId]):
    """A run of a link, which says that it ended when it does."""

    def __init__(self, ledger: MemoryLedger, link: LinkId, why: str) -> None:
        self._ledger, self._link, self._why = ledger, link, why
        self._turn = Turn(ledger.taken, "link", link, 5)
        self._run = RunId(0)

    def __enter__(self) -> RunId:
        self._turn.__enter__()
        try:
            self._run = self._ledger.begin_run(self._link, self._why)
        except BaseException:
            self.let_go()
            raise
        return self._run

    def __exit__(self, *_: object) -> None:
        self._ledger.end_run(self._run)
        self.let_go()

    def let_go(self) -> None:
        self._turn.let_go()
