"""What programs came to by the rules of period costs: months roll back and forward, people count once, money is never mixed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignsync.domain.programs import PeriodCost, cost_report
from campaignsync.domain.reports import MONTHS, Performance, performance

JANUARY, FEBRUARY, MARCH, APRIL, MAY = (date(2026, number, 1) for number in range(1, 6))


def cost(when: date, text: str, currency: str = "EUR") -> PeriodCost:
    return PeriodCost(month=when, amount=Decimal(text), currency=currency)


@dataclass(frozen=True)
class Told:
    """A program as a test tells it: by month, who came, who succeeded, what it cost."""

    name: str = "Fair"
    tag: str = ""
    members: Mapping[date, int] = field(default_factory=dict)
    successes: Mapping[date, int] = field(default_factory=dict)
    costs: Sequence[PeriodCost] = ()

    def rows(self, program: int) -> list[tuple[object, ...]]:
        paid = {each.month: each for each in self.costs}
        return [
            (
                *(program, self.name, "Tradeshow", self.tag, month),
                *(self.members.get(month, 0), self.successes.get(month, 0)),
                *((paid[month].amount, paid[month].currency) if month in paid else (None, None)),
            )
            # As they come, in no order.
            for month in {*self.members, *self.successes, *paid}
        ]


def months(*programs: Told) -> pl.DataFrame:
    rows = [row for place, each in enumerate(programs, start=1) for row in each.rows(place)]
    return pl.DataFrame(rows, schema=MONTHS, orient="row")


program = Told


def by_month(*programs: Told, **span: date) -> dict[str, tuple[int, int, dict[str, str]]]:
    return {
        row.name: (
            row.members,
            row.successes,
            {name: f"{paid.normalize():f}" for name, paid in row.costs.items()},
        )
        for row in performance(months(*programs), by="month", **span)
    }


def test_a_month_without_a_cost_rolls_back_into_the_last_that_has_one() -> None:
    """M5.4"""
    fair = program(
        members={FEBRUARY: 10, MARCH: 4, APRIL: 1}, successes={APRIL: 3}, costs=[cost(FEBRUARY, "500")]
    )
    assert by_month(fair) == {"2026-02": (15, 3, {"EUR": "500"})}


def test_a_month_before_the_first_cost_rolls_forward_into_it() -> None:
    """M5.4"""
    fair = program(members={JANUARY: 2, MARCH: 1}, costs=[cost(FEBRUARY, "300"), cost(APRIL, "50")])
    assert by_month(fair) == {"2026-02": (3, 0, {"EUR": "300"}), "2026-04": (0, 0, {"EUR": "50"})}


def test_between_two_costs_people_count_into_the_earlier() -> None:
    """M5.4"""
    fair = program(
        members={JANUARY: 1, FEBRUARY: 2, MARCH: 4, APRIL: 8, MAY: 16},
        costs=[cost(FEBRUARY, "10"), cost(APRIL, "20")],
    )
    assert by_month(fair) == {"2026-02": (7, 0, {"EUR": "10"}), "2026-04": (24, 0, {"EUR": "20"})}


def test_with_no_cost_at_all_everybody_counts_in_their_own_month_and_costs_nothing() -> None:
    """M5.4: there is no cost report then."""
    fair = program(members={JANUARY: 1, MARCH: 2}, successes={MARCH: 1})
    assert by_month(fair) == {"2026-01": (1, 0, {}), "2026-03": (2, 1, {})}


def test_a_span_takes_the_months_that_people_report_into() -> None:
    """M5.4: who joined in March and reports into February is in a report of February, and in none of March."""
    fair = program(members={FEBRUARY: 1, MARCH: 2}, costs=[cost(FEBRUARY, "9")])
    assert by_month(fair, since=FEBRUARY, until=FEBRUARY) == {"2026-02": (3, 0, {"EUR": "9"})}
    assert by_month(fair, since=MARCH, until=MARCH) == {}


@pytest.mark.parametrize(
    ("members", "successes", "per_member", "per_success"),
    [
        pytest.param(8, 4, {"EUR": Decimal("12.5")}, {"EUR": Decimal(25)}, id="both"),
        pytest.param(8, 0, {"EUR": Decimal("12.5")}, {}, id="no success yet"),
        pytest.param(0, 0, {}, {}, id="nobody yet"),
    ],
)
def test_what_a_member_and_a_success_cost(
    members: int, successes: int, per_member: dict[str, Decimal], per_success: dict[str, Decimal]
) -> None:
    """M1.4, M1.6"""
    row = Performance(name="Fair", members=members, successes=successes, costs={"EUR": Decimal(100)})
    assert (row.each(row.members), row.each(row.successes)) == (per_member, per_success)


def test_money_of_several_currencies_is_never_added_up() -> None:
    """M5.2: nobody said here what one is worth in another."""
    rows = performance(
        months(program("A", costs=[cost(MARCH, "5")]), program("B", costs=[cost(MARCH, "7", "USD")])),
        by="channel",
    )
    assert [(row.name, dict(row.costs)) for row in rows] == [
        ("Tradeshow", {"EUR": Decimal(5), "USD": Decimal(7)})
    ]


def test_a_program_without_the_tag_counts_under_an_empty_name() -> None:
    tagged = program("A", tag="EMEA", members={MARCH: 1})
    rows = performance(months(tagged, program("B", members={MARCH: 2})), by="tag Region")
    assert [(row.name, row.members, row.program_id) for row in rows] == [("", 2, None), ("EMEA", 1, None)]


ANY_MONTH = st.sampled_from([JANUARY, FEBRUARY, MARCH, APRIL, MAY])
PROGRAMS = st.lists(
    st.builds(
        program,
        st.sampled_from("ABC"),
        members=st.dictionaries(ANY_MONTH, st.integers(1, 9)),
        successes=st.dictionaries(ANY_MONTH, st.integers(1, 9)),
        costs=st.dictionaries(ANY_MONTH, st.integers(0, 99)).map(
            lambda paid: [cost(month, str(text)) for month, text in paid.items()]
        ),
    ),
    max_size=4,
)


@given(PROGRAMS, st.sampled_from(["program", "channel", "month", "tag Region"]))
def test_however_it_is_grouped_nobody_and_no_money_is_lost_or_counted_twice(
    programs: list[Told], by: str
) -> None:
    rows = performance(months(*programs), by=by)
    assert sum(row.members for row in rows) == sum(sum(each.members.values()) for each in programs)
    assert sum(row.successes for row in rows) == sum(sum(each.successes.values()) for each in programs)
    paid = sum((sum(row.costs.values(), Decimal(0)) for row in rows), Decimal(0))
    assert paid == sum((each.amount for one in programs for each in one.costs), Decimal(0))


@given(PROGRAMS)
def test_many_programs_report_as_each_does_by_the_rule_for_one(programs: list[Told]) -> None:
    """M5.4: the months in columns say what `cost_report` says of a single program."""
    expected: dict[str, int] = {}
    for each in programs:
        into = cost_report(each.costs, each.members)
        for month, people in each.members.items():
            name = f"{into.get(month, month):%Y-%m}"
            expected[name] = expected.get(name, 0) + people
    found = {row.name: row.members for row in performance(months(*programs), by="month")}
    assert {name: people for name, people in found.items() if people} == expected
