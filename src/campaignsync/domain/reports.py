"""What programs came to: new members, successes, costs, and what one of them cost; by program, channel, tag or month (M5.4).

Pure arithmetic over what the store counted by month, in columns, since thousands of programs have tens of thousands of months. A
month without a cost reports into the last month that has one, before the first into the first (`programs.cost_report` says the
same of one program); where there is no cost at all, people count in their own month and cost nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import polars as pl

from campaignsync.domain.trees import Schema

MONTHS: Schema = {
    "program_id": pl.Int64,
    "program": pl.String,
    "channel": pl.String,
    "tag": pl.String,  # the program's value of the tag that the report is by; empty where it has none
    "month": pl.Date,  # its first day; once for each program
    "members": pl.Int64,  # new ones
    "successes": pl.Int64,  # first ones
    "amount": pl.Decimal(38, 4),  # null: the month has no cost
    "currency": pl.String,
}
"""A month of a program in which something was: people who came or succeeded, or a cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """A row of the report; costs by currency, since nobody said what one is worth in another."""

    name: str
    members: int
    successes: int
    costs: Mapping[str, Decimal]
    program_id: int | None = None

    def each(self, of: int) -> dict[str, Decimal]:
        """What one of so many cost, by currency; nothing where there is none."""
        return {name: total / of for name, total in self.costs.items()} if of else {}


def performance(
    months: pl.DataFrame, *, by: str, since: date | None = None, until: date | None = None
) -> list[Performance]:
    """The report over MONTHS from `since` to `until`, both included, by `program`, `channel`, `month` or `tag NAME`;
    sorted by name. A program that lacks the tag counts under an empty name."""
    within = pl.col("month").is_between(since or date.min, until or date.max)
    named = _reported(months).filter(within).with_columns(name=_group(by))
    costs: dict[str, dict[str, Decimal]] = {}
    paid = named.drop_nulls("amount").group_by("name", "currency").agg(pl.col("amount").sum())
    for name, currency, amount in paid.iter_rows():
        costs.setdefault(name, {})[currency] = amount
    sums = named.group_by("name").agg(pl.col("members", "successes").sum(), pl.col("program_id").first())
    return [
        Performance(
            name=name,
            members=members,
            successes=successes,
            costs=costs.get(name, {}),
            program_id=program if by == "program" else None,
        )
        for name, members, successes, program in sorted(sums.iter_rows())
    ]


def _reported(months: pl.DataFrame) -> pl.DataFrame:
    """The same rows, each with the month that it is reported in."""
    own = pl.when(pl.col("amount").is_not_null()).then("month")
    costed = own.forward_fill().over("program_id"), own.backward_fill().over("program_id")
    return months.sort("program_id", "month").with_columns(month=pl.coalesce(*costed, "month"))


def _group(by: str) -> pl.Expr:
    """The name of the line that a row belongs to."""
    return pl.col("month").dt.strftime("%Y-%m") if by == "month" else pl.col(by.partition(" ")[0])
