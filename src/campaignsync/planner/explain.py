"""A plan for reading: as text for people, as JSON and CSV for programs, and back from a saved file.

Called by the command line and the pages. Names and labels in a plan were typed by people: a CSV cell that a spreadsheet would
take for a formula is defused here, HTML is the business of the pages.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from campaignsync.domain.errors import UsageError
from campaignsync.planner.decide import Verdict
from campaignsync.planner.plan import FieldChange, Plan

FORMAT = "campaignsync plan 1"
_SHOWN = 20
_HEADINGS = {
    Verdict.TO_PROGRAM: "in the program",
    Verdict.TO_CAMPAIGN: "in the campaign",
    Verdict.CONFLICT: "conflicts, for a person to decide",
    Verdict.HOLD: "waiting",
}


def as_text(plan: Plan) -> str:
    """The plan for people: the sum first, then what happens on each side, long lists cut."""
    return "\n".join(_lines(plan)) + "\n"


def _lines(plan: Plan) -> Iterator[str]:
    yield f"Plan for program '{plan.program}' and campaign '{plan.campaign}' ({plan.campaign_id})"
    yield summary(plan)
    for change in plan.fields:
        yield f"  {change.name}: {_value(change.old)} → {_value(change.new)}" + (
            f"  (waits: {change.held})" if change.held else ""
        )
    for verdict, heading in _HEADINGS.items():
        rows = plan.of(verdict)
        if rows.height:
            yield f"{heading} ({rows.height}):"
            yield from (_member_line(verdict, row) for row in rows.head(_SHOWN).rows(named=True))
            if rows.height > _SHOWN:
                yield f"  … and {rows.height - _SHOWN:,} more"
    yield f"digest {plan.digest()}"


def summary(plan: Plan) -> str:
    """One sentence: how much would change where."""
    counts = plan.counts
    if plan.writes_nothing and not plan.waiting.height:
        return "Nothing to do: both sides are the same."
    return (
        f"{counts[Verdict.TO_PROGRAM]} changes in the program, {counts[Verdict.TO_CAMPAIGN]} in the campaign's members,"
        f" {counts['fields']} in its fields; {counts[Verdict.CONFLICT]} conflicts, {counts[Verdict.HOLD]} waiting."
    )


def _member_line(verdict: Verdict, row: dict[str, str | None]) -> str:
    who = row["email"] or row["name"] or f"person {row['person_id']}"
    if verdict in (Verdict.CONFLICT, Verdict.HOLD):
        return f"  {who}: {row['reason']}"
    before = row["program"] if verdict is Verdict.TO_PROGRAM else row["campaign"]
    if row["becomes"] is None:
        return f"  - {who}: was {before}  ({row['reason']})"
    if before is None:
        return f"  + {who}: {row['becomes']}  ({row['reason']})"
    return f"  ~ {who}: {before} → {row['becomes']}  ({row['reason']})"


def as_json(plan: Plan) -> dict[str, object]:
    """The whole plan as JSON values; the form is named in `format` and is part of the interface."""
    return {
        "format": FORMAT,
        "digest": plan.digest(),
        "program": plan.program,
        "campaign_id": plan.campaign_id,
        "campaign": plan.campaign,
        "counts": plan.counts,
        "fields": [_field(change) for change in plan.fields],
        "members": plan.members.drop("person_id").to_dicts(),
    }


def as_csv(plan: Plan) -> str:
    """The members of the plan as CSV that is safe to open in a spreadsheet."""
    cells = [
        pl.when(pl.col(name).str.contains(r"^[=+\-@\t\r]"))
        .then("'" + pl.col(name))
        .otherwise(name)
        .alias(name)
        for name, kind in plan.members.schema.items()
        if kind == pl.String
    ]
    return plan.members.with_columns(cells).write_csv()


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPlan:
    """What `apply` needs of a saved plan: which link it is for, and the fingerprint of what was read."""

    program: str
    digest: str


def read_saved(text: str) -> SavedPlan:
    """A plan that was saved as JSON; UsageError when the file is none."""
    try:
        saved = json.loads(text)
        known = saved["format"] == FORMAT
        plan = SavedPlan(program=str(saved["program"]), digest=str(saved["digest"]))
    except (ValueError, KeyError, TypeError):
        known = False
    if not known:
        raise UsageError("This file is no saved plan. Make one with: campaignsync plan PROGRAM --out FILE")
    return plan


def _value(value: str | Decimal | None) -> str:
    return "(empty)" if value is None else str(value)


def _field(change: FieldChange) -> dict[str, str | None]:
    old, new = (None if value is None else str(value) for value in (change.old, change.new))
    return {"name": change.name, "old": old, "new": new, "held": change.held}
