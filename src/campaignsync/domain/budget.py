"""How often an org is asked, and how many API calls a day that may take (docs/adr/0008).

The calls of an org are everybody's who works with it. Below four fifths of the budget rounds keep their schedule; from there on
they come once an hour at the most; from nine tenths on first loads wait, from nineteen twentieths on all writing does; what is
over the budget does not begin. Calls are counted by hours of UTC over 24 hours, as Salesforce counts its own limit, and an hour
counts until all of it is a day ago.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from campaignsync.domain.errors import RetryableError, UsageError
from campaignsync.domain.observation import ApiUsage

DAY, HOUR = timedelta(hours=24), timedelta(hours=1)
SLOW_FROM, NO_FIRST_LOAD_FROM, READS_ONLY_FROM = 0.8, 0.9, 0.95
SLOW = HOUR
SAFETY_NET = timedelta(minutes=5)
"""How often a new connection has a round that nothing called for (M8.1)."""
_WORTH_SHARING = 100
"""Of fewer calls, the last twentieth is hardly one link's."""
_SHORTEST, _LONGEST = timedelta(minutes=1), timedelta(days=7)
_UNITS = {"m": timedelta(minutes=1), "h": HOUR, "d": DAY}
_TEXT = re.compile(r"([1-9]\d{0,3})([mhd])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """One org's schedule and budget as they stand at a moment."""

    at: datetime
    every: timedelta | None = None
    """None: a round comes only when somebody asks for it."""
    round_at: datetime | None = None
    """When the last round began."""
    daily_calls: int | None = None
    """None: as many as it takes."""
    calls: Mapping[datetime, int] = field(default_factory=dict)
    """By the hour they were made in."""
    reserve: int | None = None
    """Of the org's own calls a day, those that are for others (S2.2.9); None: we do not look at the org's limit."""
    usage: ApiUsage | None = None
    """What the whole org has used, as its last answer told; None before the first answer."""

    @property
    def share(self) -> float:
        """How much is used: of our own budget, or of what the org has beyond the reserve, whichever is nearer its end."""
        shares = [0.0]
        if self.daily_calls is not None and self.daily_calls >= _WORTH_SHARING:
            shares.append(self.used / self.daily_calls)
        if self.reserve is not None and self.usage is not None:
            shares.append(self.usage.used / max(self.usage.allowed - self.reserve, 1))
        return max(shares)

    def reason_to_hold(self, *, first_load: bool) -> str | None:
        """Why a link waits that nobody asked for by name: near the end first loads do, then all that writes does. None: it may
        run. Looks go on as long as there are calls at all."""
        if self.share >= READS_ONLY_FROM:
            return f"{self.share:.0%} of the API calls are used: until there are more, it is only looked."
        if first_load and self.share >= NO_FIRST_LOAD_FROM:
            return f"{self.share:.0%} of the API calls are used: first loads wait until there are more."
        return None

    @property
    def used(self) -> int:
        """The calls of the last 24 hours."""
        return sum(self._counted.values())

    @property
    def _counted(self) -> dict[datetime, int]:
        return {hour: calls for hour, calls in self.calls.items() if hour + HOUR + DAY > self.at}

    @property
    def spent(self) -> bool:
        return self.daily_calls is not None and self.used >= self.daily_calls

    @property
    def frees_up(self) -> datetime:
        """The first moment at which there are calls left."""
        left, moment = self.used, self.at
        for hour, calls in sorted(self._counted.items()):
            if self.daily_calls is None or left < self.daily_calls:
                break
            left, moment = left - calls, hour + HOUR + DAY
        return moment

    @property
    def next_round(self) -> datetime | None:
        """When the next round is due; None without a schedule."""
        if self.every is None:
            return None
        pause = max(self.every, SLOW) if self.slow else self.every
        due = self.round_at + pause if self.round_at else self.at
        return max(due, self.frees_up)

    @property
    def slow(self) -> bool:
        """Whether so little is left that rounds come rarely."""
        return self.daily_calls is not None and self.used >= SLOW_FROM * self.daily_calls

    @property
    def not_before(self) -> datetime:
        """The first moment at which a change may have a round of its own, whatever the schedule says."""
        slowed = self.round_at + SLOW if self.slow and self.round_at else self.at
        return max(slowed, self.frees_up)

    @property
    def due(self) -> bool:
        return self.next_round is not None and self.next_round <= self.at

    def require(self, connection: str) -> None:
        """RetryableError when the budget is spent, or the org has no more left than the reserve."""
        usage, reserve = self.usage, self.reserve
        if usage is not None and reserve is not None and usage.allowed - usage.used <= reserve:
            raise RetryableError(
                f"The org of connection '{connection}' has used {usage.used:,} of its {usage.allowed:,} API calls of 24 hours;"
                f" {reserve:,} are kept for others. Keep fewer with: campaignsync connect {connection} --reserve N",
                retry_after_s=HOUR.total_seconds(),
                code="BUDGET_SPENT",
            )
        if self.spent:
            raise RetryableError(
                f"Connection '{connection}' has used {self.used:,} of its {self.daily_calls:,} API calls of 24 hours and waits"
                f" until {self.frees_up:%Y-%m-%d %H:%M} UTC."
                f" Give it more with: campaignsync connect {connection} --daily-calls N",
                retry_after_s=(self.frees_up - self.at).total_seconds(),
                code="BUDGET_SPENT",
            )


def pause(text: str) -> timedelta | None:
    """A time between rounds as it is typed, such as 5m, 2h, 1d; `off` is None."""
    if text == "off":
        return None
    found = _TEXT.fullmatch(text)
    every = int(found[1]) * _UNITS[found[2]] if found else timedelta()
    if not _SHORTEST <= every <= _LONGEST:
        raise UsageError(f"'{text}' is no time between rounds: write it as 5m, 2h or 1d, up to 7d, or off.")
    return every


def pause_text(every: timedelta | None) -> str:
    """A time between rounds as it is typed."""
    if every is None:
        return "off"
    unit = next(each for each in ("d", "h", "m") if not every % _UNITS[each])
    return f"{every // _UNITS[unit]}{unit}"
