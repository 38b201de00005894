"""The org's own clock: it runs with the machine's, can be moved ahead, or stands where a simulation puts it.

Everything in the org that needs the time asks this clock and no other, so that 72 hours can pass in a test at once.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from salesforce_sandbox.org.soql.values import stored_moment


def _machine_time() -> datetime:
    return datetime.now(UTC)


class Clock:
    """`source` gives aware moments; `advance`, `set` and `stand` make it differ from them until a reset."""

    def __init__(self, source: Callable[[], datetime] = _machine_time) -> None:
        self._source = source
        self._ahead = timedelta()
        self._stopped_at: datetime | None = None

    def now(self) -> datetime:
        return (self._stopped_at or self._source()) + self._ahead

    def advance(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)

    def set(self, at: datetime) -> None:
        """Shows that moment now, whether it goes on or stands."""
        self._ahead += at - self.now()

    def stand(self, *, still: bool) -> None:
        """Stands at what it shows until it is advanced or set, or goes on from there."""
        shown = self.now()
        self._stopped_at, self._ahead = shown if still else None, timedelta()
        self.set(shown)

    def reset(self) -> None:
        """Show the source's own time again."""
        self._stopped_at, self._ahead = None, timedelta()

    def stamp(self) -> str:
        """Now as system fields store it: whole seconds of UTC (S1.5.1)."""
        return stored_moment(self.now().replace(microsecond=0))
