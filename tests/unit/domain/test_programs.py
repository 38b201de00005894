"""Period costs, what the campaign's cost must say, and where a month without a cost reports (M1.6, M5.2, M5.4)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignsync.domain.errors import UsageError
from campaignsync.domain.programs import (
    PeriodCost,
    Rates,
    actual_cost,
    amount,
    cost_report,
    in_decimals,
    month,
    rate,
)

JANUARY, FEBRUARY, MARCH, APRIL, MAY = (date(2026, number, 1) for number in range(1, 6))


def cost(text: str, *, when: date = MARCH, currency: str = "USD") -> PeriodCost:
    return PeriodCost(month=when, amount=Decimal(text), currency=currency)


@pytest.mark.parametrize(
    ("costs", "scale", "expected"),
    [
        pytest.param(["1200.00"], 2, "1200.00", id="one month"),
        pytest.param(["1200.00", "300.50", "0"], 2, "1500.50", id="the sum of all months"),
        pytest.param(["0.1", "0.2"], 2, "0.30", id="exact, as floats are not"),
        pytest.param(["0.125"], 2, "0.12", id="half to the even digit below"),
        pytest.param(["0.135"], 2, "0.14", id="half to the even digit above"),
        pytest.param(["0.004", "0.004"], 2, "0.01", id="the sum is rounded, not each month"),
        pytest.param(["2.5"], 0, "2", id="half-even in whole units"),
        pytest.param(["3.5"], 0, "4", id="half-even in whole units, above"),
        pytest.param(
            ["99999999999999.99", "0.01"], 2, "100000000000000.00", id="as much as a month can cost"
        ),
    ],
)
def test_the_campaign_costs_the_sum_of_all_months_rounded_half_even(
    costs: list[str], scale: int, expected: str
) -> None:
    """M5.2."""
    total = actual_cost(map(cost, costs), currency="USD", scale=scale, had_costs=True, rates=Rates())
    assert str(total) == expected


def test_never_had_a_cost_writes_nothing_and_all_deleted_is_nought() -> None:
    """M5.2."""
    assert actual_cost([], currency="USD", scale=2, had_costs=False, rates=Rates()) is None
    assert actual_cost([], currency="USD", scale=2, had_costs=True, rates=Rates()) == 0


def test_a_cost_in_another_currency_is_never_written_as_it_is() -> None:
    """M5.2."""
    mixed = [cost("1", currency="EUR"), cost("1"), cost("1", currency="CHF")]
    with pytest.raises(UsageError, match="CHF, EUR but the campaign counts in USD"):
        actual_cost(mixed, currency="USD", scale=2, had_costs=True, rates=Rates())


@pytest.mark.parametrize(
    ("differences", "reason"),
    [
        ({"amount": Decimal("-0.01")}, "0 or more"),
        ({"amount": Decimal("NaN")}, "0 or more"),
        ({"amount": Decimal("Infinity")}, "0 or more"),
        ({"amount": Decimal("1E+14")}, "below 100,000,000,000,000"),
        ({"month": date(2026, 3, 2)}, "not its first day"),
        ({"currency": "usd"}, "three capital letters"),
        ({"currency": "$"}, "three capital letters"),
    ],
)
def test_a_cost_that_makes_no_sense_cannot_be_built(differences: dict[str, object], reason: str) -> None:
    """M1.6."""
    with pytest.raises(UsageError, match=reason):
        PeriodCost(**({"month": MARCH, "amount": Decimal(1)} | differences))  # type: ignore[arg-type]


def test_a_month_is_written_with_its_year() -> None:
    assert month(" 2026-03 ") == MARCH


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-3", "2026-13", "2026-00", "03-2026", "0000-01", "2026-03-01"]
)
def test_what_is_no_month_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match="YYYY-MM"):
        month(text)


def test_an_amount_is_written_with_a_point() -> None:
    assert amount(" 1200.50 ") == Decimal("1200.50")


@pytest.mark.parametrize("text", ["", "1,200.00", "1200,00", "much", "1200 USD"])
def test_what_is_no_amount_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match=r"1200\.00"):
        amount(text)


def test_a_month_without_a_cost_reports_into_the_last_with_one_and_before_the_first_into_the_next() -> None:
    """M5.4."""
    costs = [cost("5", when=APRIL), cost("3", when=FEBRUARY)]
    assert cost_report(costs, [JANUARY, FEBRUARY, MARCH, APRIL, MAY]) == {
        JANUARY: FEBRUARY,
        FEBRUARY: FEBRUARY,
        MARCH: FEBRUARY,
        APRIL: APRIL,
        MAY: APRIL,
    }


def test_with_no_cost_at_all_there_is_no_cost_report() -> None:
    """M5.4."""
    assert cost_report([], [JANUARY, FEBRUARY]) == {}


@given(
    st.lists(st.decimals(min_value=0, max_value=10**9, places=4), min_size=1, max_size=24), st.integers(0, 4)
)
def test_the_order_of_the_months_does_not_matter_and_rounding_errs_by_half_a_unit(
    amounts: list[Decimal], scale: int
) -> None:
    """M5.2."""
    costs = [PeriodCost(month=MARCH, amount=each) for each in amounts]
    total = actual_cost(costs, currency="USD", scale=scale, had_costs=True, rates=Rates())
    assert total is not None
    assert total == actual_cost(costs[::-1], currency="USD", scale=scale, had_costs=True, rates=Rates())
    assert abs(total - sum(amounts)) <= Decimal(5).scaleb(-scale - 1)


@pytest.mark.parametrize(
    ("into", "expected"),
    [
        pytest.param("USD", "3.18", id="to the org's own currency"),
        pytest.param("EUR", "2.94", id="from it, and through it"),
        pytest.param("CHF", "2.89", id="none of them is the campaign's"),
    ],
)
def test_costs_of_several_currencies_are_converted_and_rounded_once(into: str, expected: str) -> None:
    """M5.2: 1 EUR is 1.08 USD, 1 CHF is 1.10 USD; the sum is rounded, half-even."""
    rates = Rates(own="USD", worth={"EUR": Decimal("1.08"), "CHF": Decimal("1.10")})
    costs = [cost("1", currency="EUR"), cost("1", currency="CHF"), cost("1")]
    assert str(actual_cost(costs, currency=into, scale=2, had_costs=True, rates=rates)) == expected


@pytest.mark.parametrize("text", ["EUR", "eur=1", "EUR=x", "EUR=0", "EUR=-1", "EUR=NaN", "EURO=1", "=1"])
def test_a_rate_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        rate(text)


def test_a_rate_is_what_one_is_worth_and_nothing_forgets_it() -> None:
    assert rate(" EUR = 1.08 ") == ("EUR", Decimal("1.08"))
    assert rate("EUR=") == ("EUR", None)


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        ("1200.0000", "EUR", "1200.00"),
        ("0.125", "USD", "0.12"),
        ("1200.5", "JPY", "1200"),
        ("1.2345", "KWD", "1.234"),
    ],
)
def test_an_amount_is_shown_with_the_decimals_of_its_currency(amount: str, currency: str, shown: str) -> None:
    """M1.6, M5.4: half-even, as money is rounded elsewhere (M5.2)."""
    assert str(in_decimals(Decimal(amount), currency)) == shown
