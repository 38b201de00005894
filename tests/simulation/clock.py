"""One clock for all sides: it moves only when the history moves it. Ours may be set wrong, and an org's own be off from it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

BEGIN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class SimulatedClock:
    """Ours when called; `moment` is the time as it is."""

    def __init__(self) -> None:
        self.moment = BEGIN
        self.jump = timedelta()

    def __call__(self) -> datetime:
        """Our machine's time, which may have been set wrong."""
        return self.moment + self.jump

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)
