"""Writes fields of leads and contacts in collections of 200, and reads the records back in the same call (M7.4, S2.2.8).

Used by `org`. Each record gets just the fields that change. Assignment rules are for new leads: an update never lets them run,
or whoever works on a lead would lose it (M7.6).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from campaignsync.domain.errors import Refusal, UnknownOutcomeError
from campaignsync.domain.fields import PERSON_OUTCOMES, FieldRule, PersonBatch, ValueKind
from campaignsync.domain.people import LeadRules
from campaignsync.salesforce.errors import refusal
from campaignsync.salesforce.fields import PEOPLE, frame
from campaignsync.salesforce.reading import Reader
from campaignsync.salesforce.soql import Query, listed
from campaignsync.salesforce.wire import Part, Wire
from campaignsync.salesforce.writing import (
    ROWS_A_CALL,
    answered,
    collection,
    duplicate_headers,
    results_of,
    unknown,
    written_and_read,
)

Row = Mapping[str, Any]


def write_people(wire: Wire, reader: Reader, writes: pl.DataFrame, leads: LeadRules) -> Iterator[PersonBatch]:
    """Write fields (PERSON_WRITES); yields as each call ends."""
    if writes.is_empty():
        return
    headers = {**duplicate_headers(leads), "Sforce-Auto-Assign": "FALSE"}
    for object_name, kind in PEOPLE.items():
        fields = {rule.field.name: rule for rule in reader.rules() if rule.kind is kind}
        people = writes.filter(pl.col("kind") == kind).partition_by("person_id", maintain_order=True)
        for start in range(0, len(people), ROWS_A_CALL):
            part = people[start : start + ROWS_A_CALL]
            records = [_record(object_name, person.to_dicts(), fields) for person in part]
            numbers = [person["person_id"][0] for person in part]
            patch = Part(
                method="PATCH", path="/composite/sobjects", body=collection(records), headers=headers
            )
            yield _written(wire, reader, object_name, numbers, patch)


def give_owner(wire: Wire, records: Mapping[str, str], owner: str) -> dict[str, Refusal]:
    """Give leads and contacts (id → Lead or Contact) an owner; the refusals by id. UnknownOutcomeError where no answer came: it
    may be said again."""
    refused, ids = dict[str, Refusal](), list(records)
    for start in range(0, len(ids), ROWS_A_CALL):
        part = ids[start : start + ROWS_A_CALL]
        body = collection(
            [{"attributes": {"type": records[each]}, "Id": each, "OwnerId": owner} for each in part]
        )
        results = wire.write("PATCH", "/composite/sobjects", body, {"Sforce-Auto-Assign": "FALSE"})
        for each, result in zip(part, results, strict=True):
            if not result["success"]:
                refused[each] = refusal(result.get("errors") or ())
    return refused


def _record(object_name: str, rows: Sequence[Row], rules: Mapping[str, FieldRule]) -> dict[str, Any]:
    record: dict[str, Any] = {"attributes": {"type": object_name}, "Id": rows[0]["salesforce_id"]}
    for row in rows:
        field = rules[row["field"]].field
        record[str(field.path(PEOPLE[object_name]))] = _sent(field.kind, row["becomes"])
    return record


def _sent(kind: ValueKind, value: str | None) -> str | float | bool | None:
    if value is None:
        return None
    match kind:
        case ValueKind.BOOLEAN:
            return value == "true"
        case ValueKind.NUMBER:
            return float(value)
        case ValueKind.TEXT:
            return value


def _written(wire: Wire, reader: Reader, object_name: str, people: Sequence[int], patch: Part) -> PersonBatch:
    ids = [record["Id"] for record in (patch.body or {})["records"]]
    soql = (
        f"SELECT {', '.join(reader.person_fields(object_name))} FROM {object_name} WHERE Id IN {listed(ids)}"
    )
    read_back = Query(of=object_name, soql=soql, deleted_too=True)
    outcomes, found = outcomes_of(wire, people, patch, read_back)
    return PersonBatch(outcomes=outcomes, people=frame(object_name, found, reader.layouts[object_name]))


def outcomes_of(
    wire: Wire, people: Sequence[int], patch: Part, read_back: Query
) -> tuple[pl.DataFrame, Sequence[Row]]:
    """Write one record for each of these people and read back in the same call: PERSON_OUTCOMES, and the records found."""
    try:
        write, found = written_and_read(wire, patch, read_back, f"Reading {read_back.of} back")
        outcomes = [answered(result) for result in results_of(write, people)]
    except UnknownOutcomeError as error:
        outcomes, found = [unknown(str(error))] * len(people), []
    rows = [{**outcome, "person_id": person} for person, outcome in zip(people, outcomes, strict=True)]
    return pl.from_dicts(rows, schema=PERSON_OUTCOMES), found
