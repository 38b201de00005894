"""One clock for both sides: it moves only when the history moves it. The org's own may go wrong beside ours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

BEGIN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class SimulatedClock:
    """Ours when called; `org` is Salesforce's, off by `skew`."""

    def __init__(self) -> None:
        self.moment = BEGIN
        self.skew = timedelta()
        self.jump = timedelta()

    def __call__(self) -> datetime:
        """Our machine's time, which may have been set wrong."""
        return self.moment + self.jump

    def org(self) -> datetime:
        return self.moment + self.skew

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)
