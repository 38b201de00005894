"""Programs and their period costs (M1.1, M1.6, M5.2, M5.4)."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
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
        currency_code(self.currency)


_WITHOUT, _WITH_THREE = (
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF",
    "BHD IQD JOD KWD LYD OMR TND",
)
_DECIMALS = dict.fromkeys(_WITHOUT.split(), 0) | dict.fromkeys(_WITH_THREE.split(), 3)
"""The decimals of currencies that do not have two (ISO 4217)."""


def in_decimals(amount: Decimal, currency: str) -> Decimal:
    """An amount with as many decimals as its currency has, rounded half-even."""
    return amount.quantize(Decimal(1).scaleb(-_DECIMALS.get(currency, 2)), rounding=ROUND_HALF_EVEN)


def currency_code(text: str) -> str:
    """A currency's three capital letters (ISO 4217)."""
    if not _CURRENCY.fullmatch(text):
        raise UsageError(f"'{text}' is no currency code: three capital letters are wanted, such as EUR.")
    return text


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What one unit of a currency is worth in an org's own currency, as its admin says (M5.2)."""

    own: str = DEFAULT_CURRENCY
    worth: Mapping[str, Decimal] = field(default_factory=dict)

    def factor(self, currency: str, into: str) -> Decimal | None:
        """What an amount is multiplied by; None where nobody has said a rate."""
        if currency == into:
            return Decimal(1)
        known = {**self.worth, self.own: Decimal(1)}
        return known[currency] / known[into] if {currency, into} <= known.keys() else None


def rate(text: str) -> tuple[str, Decimal | None]:
    """A rate written as EUR=1.08, or as EUR= where it shall be forgotten."""
    currency, equals, worth = (part.strip() for part in text.partition("="))
    if not equals or not _CURRENCY.fullmatch(currency):
        raise UsageError(
            f"'{text}' is no rate: write it as EUR=1.08, three capital letters and what one is worth."
        )
    if not worth:
        return currency, None
    value = amount(worth)
    if not value.is_finite() or value <= 0:
        raise UsageError(f"A rate of {worth} makes no sense: it must be more than 0.")
    return currency, value


def actual_cost(
    costs: Iterable[PeriodCost], *, currency: str, scale: int, had_costs: bool, rates: Rates
) -> Decimal | None:
    """What Campaign.ActualCost must say, or None when nothing is to be written (M5.2).

    The sum of all months, rounded half-even to the field's `scale`. Never had a cost: None. Had some and all were
    deleted: 0. UsageError when a cost is in another currency than the campaign's and no rate is known.
    """
    costs = list(costs)
    if not costs:
        return Decimal(0) if had_costs else None
    factors = {each: rates.factor(each, currency) for each in {cost.currency for cost in costs}}
    unknown = sorted(each for each, factor in factors.items() if factor is None)
    if unknown:
        raise UsageError(
            f"Period costs are in {', '.join(unknown)} but the campaign counts in {currency}: the cost is not written until"
            f" a rate is given, with: campaignsync connect NAME --rate {unknown[0]}=WORTH; or, where all the org counts in"
            f" {unknown[0]}, that is said, with: campaignsync connect NAME --currency {unknown[0]} (M5.2)"
        )
    total = sum((cost.amount * (factors[cost.currency] or 1) for cost in costs), Decimal(0))
    return total.quantize(Decimal(1).scaleb(-scale), rounding=ROUND_HALF_EVEN)


def cost_report(costs: Iterable[PeriodCost], months: Iterable[date]) -> dict[date, date]:
    """For each of these months the month whose cost it reports into; empty while there is no cost at all (M5.4).

    That is the last month with a cost up to it, or for months before the first cost the first.
    """
    costed = sorted({cost.month for cost in costs})
    return {each: costed[max(bisect_right(costed, each) - 1, 0)] for each in months if costed}


MOST_TOKENS, LONGEST_TOKEN = 1_000, 10_000


def program_tokens(tokens: Mapping[str, str]) -> dict[str, str]:
    """What `{{my.NAME}}` stands for in the smart campaigns of a program, tidied; UsageError for what cannot stand in braces."""
    found = {name.strip(): str(value) for name, value in tokens.items()}
    for name, value in found.items():
        if not name or "{" in name or "}" in name or len(name) > 200:
            raise UsageError(f"'{name}' is no name for a token: it stands in braces, as in {{{{my.room}}}}.")
        if len(value) > LONGEST_TOKEN or "\x00" in value:
            raise UsageError(
                f"The token '{name}' holds more than {LONGEST_TOKEN:,} characters, or one that no text holds."
            )
    if len(found) > MOST_TOKENS:
        raise UsageError(f"A program has {MOST_TOKENS:,} tokens at the most.")
    return found
