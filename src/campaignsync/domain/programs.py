"""Programs and their period costs (M1.1, M1.6, M5.2, M5.4)."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

from campaignsync.domain.errors import UsageError

_MONTH = re.compile(r"([1-9]\d{3})-(0[1-9]|1[0-2])")
_CURRENCY = re.compile(r"[A-Z]{3}")
DEFAULT_CURRENCY = "USD"
_TOO_MUCH = Decimal(10) ** 14
"""S1.1.3: a currency field holds 18 digits, of which ours keeps four for fractions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodCost:
    """Money spent on a program in one month; may be an estimate and be edited later (M1.6)."""

    month: date
    """The first day of the month."""
    amount: Decimal
    currency: str = DEFAULT_CURRENCY
    note: str = ""

    def __post_init__(self) -> None:
        if self.month.day != 1:
            raise UsageError(f"A period cost is for a whole month: {self.month} is not its first day.")
        if not self.amount.is_finite() or not 0 <= self.amount < _TOO_MUCH:
            raise UsageError(
                f"A period cost of {self.amount} makes no sense: it must be 0 or more, and below {_TOO_MUCH:,}."
            )
        if not _CURRENCY.fullmatch(self.currency):
            raise UsageError(
                f"'{self.currency}' is no currency code: three capital letters are wanted, such as EUR."
            )


def month(text: str) -> date:
    """The first day of a month written as YYYY-MM."""
    found = _MONTH.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"'{text}' is no month: write it as YYYY-MM, such as 2026-03.")
    return date(int(found[1]), int(found[2]), 1)


def amount(text: str) -> Decimal:
    """An amount of money written with a point and no thousands separator."""
    try:
        return Decimal(text.strip())
    except InvalidOperation:
        raise UsageError(f"'{text}' is no amount: write it with a point, such as 1200.00.") from None


def actual_cost(costs: Iterable[PeriodCost], *, currency: str, scale: int, had_costs: bool) -> Decimal | None:
    """What Campaign.ActualCost must say, or None when nothing is to be written (M5.2).

    The sum of all months, rounded half-even to the field's `scale`. Never had a cost: None. Had some and all were
    deleted: 0. UsageError when a cost is in another currency than the campaign's and no rate is known.
    """
    costs = list(costs)
    if not costs:
        return Decimal(0) if had_costs else None
    foreign = sorted({cost.currency for cost in costs} - {currency})
    if foreign:
        raise UsageError(
            f"Period costs are in {', '.join(foreign)} but the campaign counts in {currency}: the cost is not written"
            " until they are in one currency (M5.2)."
        )
    total = sum((cost.amount for cost in costs), Decimal(0))
    return total.quantize(Decimal(1).scaleb(-scale), rounding=ROUND_HALF_EVEN)


def cost_report(costs: Iterable[PeriodCost], months: Iterable[date]) -> dict[date, date]:
    """For each of these months the month whose cost it reports into; empty while there is no cost at all (M5.4).

    That is the last month with a cost up to it, or for months before the first cost the first.
    """
    costed = sorted({cost.month for cost in costs})
    return {each: costed[max(bisect_right(costed, each) - 1, 0)] for each in months if costed}
