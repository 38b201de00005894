"""How often an org is asked, and how many API calls a day that may take (docs/adr/0008).

The calls of an org are everybody's who works with it. Below four fifths of what we may use rounds keep their schedule; from there
on they come once an hour at the most; from nine tenths on backfills wait, from nineteen twentieths on all writing does; what is
over the budget does not begin. What we may use ends with our own budget or with what the org has beyond the reserve for others,
whichever ends sooner. Calls are counted by hours of UTC over 24 hours, as Salesforce counts its own limit, and an hour counts
until all of it is a day ago.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum

from campaignsync.domain.errors import RetryableError, UsageError
from campaignsync.domain.observation import ApiUsage

DAY, HOUR = timedelta(hours=24), timedelta(hours=1)
SLOW_FROM, NO_BACKFILLS_FROM, READS_ONLY_FROM = 0.8, 0.9, 0.95
SLOW = HOUR
BACKFILL_FROM_ROWS = 2_000
"""From so many members more on one side than on the other on, a link is a backfill, as one is that never ran."""
HELD = "BUDGET_HELD"
"""The code of what is not done yet since what is left is for something else."""
TOLD_HOLDS = HOUR
"""How long what the org told of its own use is believed; then it is asked again, by a look."""
SAFETY_NET = timedelta(minutes=5)
"""How often a new connection has a round that nothing called for (M8.1)."""
_WORTH_SHARING = 100
"""Of fewer calls, the last twentieth is hardly one link's."""
_SHORTEST, _LONGEST = timedelta(minutes=1), timedelta(days=7)
_UNITS = {"m": timedelta(minutes=1), "h": HOUR, "d": DAY}
_TEXT = re.compile(r"([1-9]\d{0,3})([mhd])")


class Pace(IntEnum):
    """What may be done with the API calls that there still are, from all to nothing."""

    FULL = 0
    SLOW = 1
    NO_BACKFILLS = 2
    READS_ONLY = 3
    NOTHING = 4

    @property
    def words(self) -> str:
        """As it is written in JSON and in metrics: `reads only`."""
        return self.name.lower().replace("_", " ")


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
    """What the whole org has used, as one of its answers told; None before the first answer."""
    told_at: datetime | None = None
    """When it told so; None: just now."""

    @property
    def share(self) -> float:
        """How much is used: of our own budget, or of what the org has beyond the reserve, whichever is nearer its end."""
        return max(self._own_share, self._share_of_org)

    @property
    def _own_share(self) -> float:
        return self.used / self.daily_calls if self.daily_calls else 0.0

    @property
    def _told(self) -> ApiUsage | None:
        """What the org told of its use, where that still holds and there is a reserve to be kept."""
        old = self.told_at is not None and self.at - self.told_at >= TOLD_HOLDS
        return None if old or self.reserve is None else self.usage

    @property
    def _share_of_org(self) -> float:
        told, reserve = self._told, self.reserve or 0
        return told.used / max(told.allowed - reserve, 1) if told else 0.0

    @property
    def pace(self) -> Pace:
        """What may be done with what is left. Of very few calls a day the last twentieth is hardly one link's, so that such a
        budget only slows down and ends."""
        if self.spent or self._reserve_reached:
            return Pace.NOTHING
        few = self.daily_calls is not None and self.daily_calls < _WORTH_SHARING
        share = self._share_of_org if few else self.share
        if share >= READS_ONLY_FROM:
            return Pace.READS_ONLY
        if share >= NO_BACKFILLS_FROM:
            return Pace.NO_BACKFILLS
        return Pace.SLOW if self.share >= SLOW_FROM else Pace.FULL

    @property
    def said(self) -> str | None:
        """What the pace means, in a sentence with its numbers; None at full pace."""
        meaning = _MEANING.get(self.pace)
        return f"{self._counted_as}{meaning}." if meaning else None

    @property
    def _counted_as(self) -> str:
        """How much is used of what."""
        told = self._told
        if told and self._share_of_org >= self._own_share:
            of, used = told.allowed - (self.reserve or 0), told.used
            whose = f"API calls that the org has beyond the {self.reserve:,} for others"
        else:
            of, used, whose = self.daily_calls or 0, self.used, "API calls of our budget"
        return f"{used:,} of the {of:,} {whose} are used ({used / max(of, 1):.0%})"

    def reason_to_hold(self, *, backfill: bool) -> str | None:
        """Why a link waits that nobody asked for by name: near the end backfills do, then all that writes does. None: it may
        run. Looks go on as long as there are calls at all."""
        held = self.pace >= Pace.READS_ONLY or (backfill and self.pace >= Pace.NO_BACKFILLS)
        return self.said if held else None

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
        return self.pace >= Pace.SLOW

    @property
    def _reserve_reached(self) -> bool:
        told = self._told
        return told is not None and told.allowed - told.used <= (self.reserve or 0)

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
        told = self._told
        if told is not None and self._reserve_reached:
            raise RetryableError(
                f"The org of connection '{connection}' has used {told.used:,} of its {told.allowed:,} API calls of 24 hours;"
                f" {self.reserve:,} are kept for others. It is asked again within an hour."
                f" Keep fewer with: campaignsync connect {connection} --reserve N",
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


_SELDOM = "a round comes once an hour at the most"
_MEANING = {
    Pace.SLOW: f": {_SELDOM}",
    Pace.NO_BACKFILLS: f": first loads wait until there are more, and other backfills; {_SELDOM}",
    Pace.READS_ONLY: f": until there are more, it is only looked, and {_SELDOM}",
    Pace.NOTHING: ": nothing begins until there are more",
}


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
