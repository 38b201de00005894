"""The plan of an org's people for reading: as text for people, as JSON and CSV for programs (M7.4).

Called by the command line. Values were typed by people; the same care is taken as with the plan of a link.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from campaignsync.planner.explain import plain_line, safe_csv, section
from campaignsync.planner.people import FieldVerdict, PeoplePlan

_HEADINGS = {
    FieldVerdict.TO_PERSON: "Here",
    FieldVerdict.TO_SALESFORCE: "In Salesforce",
    FieldVerdict.HOLD: "Waiting",
    FieldVerdict.NOTHING: "Different, and left so",
}


def people_text(plan: PeoplePlan, connection: str) -> str:
    """The plan for people: the sum first, then field by field, long lists cut."""
    return "".join(plain_line(line) + "\n" for line in _lines(plan, connection))


def _lines(plan: PeoplePlan, connection: str) -> Iterator[str]:
    counts = plan.counts
    yield f"Plan for the people of connection '{connection}'"
    if plan.fields.is_empty():
        yield "Nothing to do: nobody's fields changed, or they are the same on both sides."
    else:
        yield (
            f"Fields: {counts['to person'] - plan.filled:,} change here,"
            + (f" {plan.filled:,} empty ones are filled in," if plan.filled else "")
            + f" {counts['to Salesforce']:,} in Salesforce, {counts['hold']:,} wait,"
            f" {counts['nothing']:,} differ and are left so."
        )
    for verdict, heading in _HEADINGS.items():
        yield from section(heading, plan.of(verdict), partial(_field_line, verdict))


def _field_line(verdict: FieldVerdict, row: dict[str, Any]) -> str:
    who = row["email"] or f"person {row['person_id']}"
    before = row["theirs"] if verdict is FieldVerdict.TO_SALESFORCE else row["ours"]
    after = row["ours"] if verdict is FieldVerdict.TO_SALESFORCE else row["theirs"]
    told = "(empty)"
    arrow = "≠" if verdict in (FieldVerdict.NOTHING, FieldVerdict.HOLD) else "→"
    return f"  {who}: {row['field']} {before or told} {arrow} {after or told}  ({row['reason']})"


def people_json(plan: PeoplePlan, connection: str) -> dict[str, object]:
    """The whole plan as JSON values."""
    return {
        "connection": connection,
        "counts": plan.counts,
        "fields": plan.fields.drop("person_id", "taken", "met").to_dicts(),
    }


def people_csv(plan: PeoplePlan) -> str:
    """The plan as CSV that is safe to open in a spreadsheet."""
    return safe_csv(plan.fields.drop("taken", "met"))
