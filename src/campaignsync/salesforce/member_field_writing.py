"""Writes custom fields of campaign members in collections of 200, and reads the members back in the same call (M6.8).

Used by `org`. Each record gets just the fields that change: nothing else of a member may be touched by it, and the
status least of all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from campaignsync.domain.member_fields import FieldKind, FieldMapping
from campaignsync.domain.member_values import ValueBatch
from campaignsync.salesforce.fields import frame
from campaignsync.salesforce.person_writing import outcomes_of
from campaignsync.salesforce.reading import Reader
from campaignsync.salesforce.soql import Query, listed
from campaignsync.salesforce.wire import Part, Wire
from campaignsync.salesforce.writing import ROWS_A_CALL, collection

Row = Mapping[str, Any]
_OBJECT = "CampaignMember"


def write_values(wire: Wire, reader: Reader, writes: pl.DataFrame) -> Iterator[ValueBatch]:
    """Write fields of members (VALUE_WRITES); yields as each call ends."""
    columns = reader.member_columns()
    mappings = {each.field.name: each for each in reader.layouts[_OBJECT].members.values()}
    members = writes.partition_by("person_id", maintain_order=True)
    for start in range(0, len(members), ROWS_A_CALL):
        rows = [member.to_dicts() for member in members[start : start + ROWS_A_CALL]]
        people = [of_one[0]["person_id"] for of_one in rows]
        records = [_record(of_one, mappings) for of_one in rows]
        ids = [record["Id"] for record in records]
        patch = Part(method="PATCH", path="/composite/sobjects", body=collection(records))
        soql = f"SELECT {', '.join(columns)} FROM {_OBJECT} WHERE Id IN {listed(ids)}"
        outcomes, found = outcomes_of(wire, people, patch, Query(of=_OBJECT, soql=soql))
        yield ValueBatch(outcomes=outcomes, members=frame(_OBJECT, found, reader.layouts[_OBJECT]))


def _record(rows: Sequence[Row], mappings: Mapping[str, FieldMapping]) -> dict[str, Any]:
    values = {
        mappings[row["field"]].salesforce_field: _sent(mappings[row["field"]].field.kind, row["becomes"])
        for row in rows
    }
    return {"attributes": {"type": _OBJECT}, "Id": rows[0]["campaign_member_id"], **values}


def _sent(kind: FieldKind, value: str | None) -> str | float | bool | None:
    if kind is FieldKind.CHECKBOX:
        return value == "true"
    return float(value) if value is not None and kind.is_number else value
