"""Steps: a job's work in pieces, carried out when the org's bulk rules say they are due.

The work is an iterator each of whose items is one step. Nothing runs by itself: whoever serves requests asks jobs to
catch up, so that a job goes on whether or not its owner looks at it, and a simulation decides when.
"""

from collections.abc import Iterator
from datetime import datetime

from salesforce_sandbox.org.bulk.rules import BulkRules


class Steps:
    """The work of one job or batch, begun at `since`."""

    def __init__(self, work: Iterator[None], since: datetime) -> None:
        self._work = work
        self._since = since
        self._made = 0
        self.reads = 0
        self.over = False

    def catch_up(self, rules: BulkRules, now: datetime) -> None:
        """Makes the steps that are due."""
        while not self.over and self._made < rules.steps_due(self.reads, self._since, now):
            self._made += 1
            self.over = next(self._work, self) is self

    def stop(self) -> None:
        """Leaves what has not been done."""
        self.over = True
