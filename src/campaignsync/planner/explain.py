"""A plan for reading: as text for people, as JSON and CSV for programs, and back from a saved file.

Called by the command line and the pages. Names and labels in a plan were typed by people: a CSV cell that a spreadsheet would
take for a formula is defused here, and so is what a terminal would take for a command; HTML is the business of the pages.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import polars as pl

from campaignsync.domain.errors import UsageError
from campaignsync.planner.decide import Verdict
from campaignsync.planner.plan import FieldChange, Plan, field_text

FORMAT = "campaignsync plan 1"
_SHOWN = 20
_HEADINGS = {
    Verdict.TO_PROGRAM: "In the program",
    Verdict.TO_CAMPAIGN: "In the campaign",
    Verdict.CONFLICT: "Conflicts, for a person to decide",
    Verdict.HOLD: "Waiting",
}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_FORMULA = r"^[=+\-@\t\r\n]"


def as_text(plan: Plan) -> str:
    """The plan for people: the sum first, then what happens on each side, long lists cut."""
    return "".join(plain_line(line) + "\n" for line in _lines(plan))


def plain_line(line: str) -> str:
    """A line without what could play tricks on a terminal."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", line)


def _lines(plan: Plan) -> Iterator[str]:
    yield f"Plan for program '{plan.program}' and campaign '{plan.campaign}' ({plan.campaign_id})"
    yield summary(plan)
    for change in plan.fields:
        yield _field_line(change)
    for verdict, heading in _HEADINGS.items():
        yield from section(heading, plan.of(verdict), partial(_member_line, verdict))
    yield from section("Fields of members", plan.values, _value_line)
    yield f"Digest {plan.digest()}"


def section(heading: str, rows: pl.DataFrame, line: Callable[[dict[str, Any]], str]) -> Iterator[str]:
    """Rows of a plan under a heading, a line each, cut where they are many; nothing where there are none."""
    if rows.height:
        yield f"{heading} ({rows.height:,}):"
        yield from map(line, rows.head(_SHOWN).rows(named=True))
    if rows.height > _SHOWN:
        yield f"  … and {rows.height - _SHOWN:,} more"


def summary(plan: Plan) -> str:
    """One line: how much would change where."""
    counts = plan.counts
    values = plan.value_writes.height
    waiting, apart = plan.waiting.height, counts[Verdict.NOTHING]
    waiting += plan.values.height - values
    if plan.writes_nothing and not waiting:
        return "Nothing to do: both sides are the same" + (
            f", but for {apart:,} kept apart." if apart else "."
        )
    return (
        f"Changes: {counts[Verdict.TO_PROGRAM]:,} in the program, {counts[Verdict.TO_CAMPAIGN]:,} in the campaign's members,"
        f" {counts['fields']} in its fields{f', {values:,} in fields of members' if values else ''}."
        f" Conflicts: {counts[Verdict.CONFLICT]:,}."
        f" Waiting: {waiting - counts[Verdict.CONFLICT]:,}. Kept apart: {apart:,}."
    )


def _field_line(change: FieldChange) -> str:
    if change.held:
        return f"  {change.name} waits: {change.held}"
    old, new = (field_text(value) or "(empty)" for value in (change.old, change.new))
    return f"  {change.name}: {old} → {new}"


def _value_line(row: dict[str, Any]) -> str:
    who = row["email"] or row["salesforce_id"]
    if row["verdict"] in (Verdict.CONFLICT, Verdict.HOLD):
        return f"  {who}, {row['field']}: {row['reason']}, '{row['ours'] or ''}' here, '{row['theirs'] or ''}' there"
    side = "the program" if row["verdict"] == Verdict.TO_PROGRAM else "the campaign"
    return f"  {who}, {row['field']} of {side}: becomes '{row['becomes'] or ''}'  ({row['reason']})"


def _member_line(verdict: Verdict, row: dict[str, Any]) -> str:
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
        "connection": plan.connection,
        "program": plan.program,
        "campaign_id": plan.campaign_id,
        "campaign": plan.campaign,
        "counts": plan.counts,
        "fields": [
            {
                "name": change.name,
                "old": field_text(change.old),
                "new": field_text(change.new),
                "held": change.held,
            }
            for change in plan.fields
        ],
        "members": plan.members.drop("person_id").to_dicts(),
        "member_fields": plan.values.drop("person_id").to_dicts(),
    }


def kept(plan: Plan) -> tuple[dict[str, object], pl.DataFrame]:
    """A plan to be kept and read later: what is told of the whole, as JSON values, and its members in rows that are numbered."""
    told = {key: value for key, value in as_json(plan).items() if key not in ("members", "format")}
    rows = plan.members.drop("person_id").with_row_index("number", offset=1).cast({"number": pl.Int64})
    return {**told, "summary": summary(plan), "writes_nothing": plan.writes_nothing}, rows


def searched(rows: pl.DataFrame, text: str) -> pl.DataFrame:
    """The rows of a plan in whose address or name a text stands, whatever its case; all of them for an empty one."""
    if not text.strip():
        return rows
    who = pl.concat_str("email", "name", separator=" ", ignore_nulls=True).str.to_lowercase()
    return rows.filter(who.str.contains(text.strip().lower(), literal=True))


def as_csv(plan: Plan) -> str:
    """The members of the plan as CSV that is safe to open in a spreadsheet."""
    return safe_csv(plan.members)


def safe_csv(table: pl.DataFrame) -> str:
    """A table as CSV with a header: no cell is a formula to a spreadsheet, and times are in UTC and ISO 8601."""
    text = pl.col(pl.String)
    return table.with_columns(
        pl.when(text.str.contains(_FORMULA)).then("'" + text).otherwise(text).name.keep()
    ).write_csv(datetime_format="%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPlan:
    """What `apply` needs of a saved plan: which link it is for, and the fingerprint of what was read."""

    connection: str
    program: str
    digest: str


def read_saved(text: str) -> SavedPlan:
    """A plan that was saved as JSON; UsageError when the file is none."""
    try:
        saved = json.loads(text)
        form, names = saved["format"], [saved[name] for name in ("connection", "program", "digest")]
    except (ValueError, KeyError, TypeError):
        form, names = None, []
    if form != FORMAT or not all(isinstance(name, str) for name in names):
        raise UsageError("This file is no saved plan. Make one with: campaignsync plan PROGRAM --out FILE")
    connection, program, digest = names
    return SavedPlan(connection=connection, program=program, digest=digest)
