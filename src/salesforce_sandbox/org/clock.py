"""The org's own clock: it runs with the machine's, can be moved ahead, or stands where a simulation puts it.

Everything in the org that needs the time asks this clock and no other, so that 72 hours can pass in a test at once.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from salesforce_sandbox.org.soql.values import stored_moment


def _machine_time() -> datetime:
    return datetime.now(UTC)


class Clock:
    """`source` gives aware moments; `advance` adds to them until a reset."""

    def __init__(self, source: Callable[[], datetime] = _machine_time) -> None:
        self._source = source
        self._ahead = timedelta()

    def now(self) -> datetime:
        return self._source() + self._ahead

    def advance(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)

    def reset(self) -> None:
        """Show the source's own time again."""
        self._ahead = timedelta()

    def stamp(self) -> str:
        """Now as system fields store it: whole seconds of UTC (S1.5.1)."""
        return stored_moment(self.now().replace(microsecond=0))
