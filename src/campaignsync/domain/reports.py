"""What programs came to: new members, successes, costs, and what one of them cost; by program, channel, tag or month (M5.4).

Pure arithmetic over what the store counted by month. A month without a cost reports into the last month that has one, before the
first into the first; where there is no cost at all, people count in their own month and cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from campaignsync.domain.programs import PeriodCost, cost_report


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramMonths:
    """A program as it is counted: new members and first successes by the first day of their month, costs by month."""

    program_id: int
    program: str
    channel: str
    tags: Mapping[str, str] = field(default_factory=dict)
    members: Mapping[date, int] = field(default_factory=dict)
    successes: Mapping[date, int] = field(default_factory=dict)
    costs: Sequence[PeriodCost] = ()


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
    programs: Iterable[ProgramMonths], *, by: str, since: date | None = None, until: date | None = None
) -> list[Performance]:
    """The report over the months from `since` to `until`, both included, by `program`, `channel`, `month` or `tag NAME`;
    sorted by
    name. A program that lacks the tag counts under an empty name."""
    sums: dict[str, list[int]] = {}
    costs: dict[str, dict[str, Decimal]] = {}
    numbers: dict[str, int] = {}
    for program in programs:
        for month, members, successes, cost in _reported(program):
            if (since and month < since) or (until and month > until):
                continue
            name = _group(program, month, by)
            total = sums.setdefault(name, [0, 0])
            total[0] += members
            total[1] += successes
            paid = costs.setdefault(name, {})
            if cost:
                paid[cost.currency] = paid.get(cost.currency, Decimal(0)) + cost.amount
            numbers[name] = program.program_id
    return [
        Performance(
            name=name,
            members=members,
            successes=successes,
            costs=costs[name],
            program_id=numbers[name] if by == "program" else None,
        )
        for name, (members, successes) in sorted(sums.items())
    ]


def _reported(program: ProgramMonths) -> list[tuple[date, int, int, PeriodCost | None]]:
    """By the month it is reported in: new members, successes, the cost."""
    own = {cost.month: cost for cost in program.costs}
    months = sorted({*program.members, *program.successes, *own})
    into = cost_report(program.costs, months)
    found: dict[date, list[int]] = {}
    for month in months:
        total = found.setdefault(into.get(month, month), [0, 0])
        total[0] += program.members.get(month, 0)
        total[1] += program.successes.get(month, 0)
    return [(month, *found[month], own.get(month)) for month in sorted(found)]  # type: ignore[misc]


def _group(program: ProgramMonths, month: date, by: str) -> str:
    kind, _, tag = by.partition(" ")
    match kind:
        case "channel":
            return program.channel
        case "month":
            return f"{month:%Y-%m}"
        case "tag":
            return program.tags.get(tag, "")
    return program.program
