"""Writes people and members in collections of 200, and reads members back in the same call (S0.2, S2.2.7, S2.2.8).

Used by `org`. Where a bulk job costs less than collections do, members take that lane. One row's refusal never stops another's
success. A call whose answer never came gives rows of which nothing is known; the next call goes on, and what became of them is
for the next observation to say. An error that concerns every call, such as a limit, is raised after the calls before it were
told.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from campaignsync.domain.errors import RefusedError, UnknownOutcomeError
from campaignsync.domain.people import (
    DuplicateRule,
    LeadRules,
    PersonKind,
)
from campaignsync.domain.runs import MemberBatch
from campaignsync.domain.trees import MEMBER_OUTCOMES
from campaignsync.salesforce.bulk_writing import BULK_FROM_ROWS, CHANGE_IN_BULK_FROM, BulkLane
from campaignsync.salesforce.errors import call_error, refusal
from campaignsync.salesforce.fields import frame
from campaignsync.salesforce.reading import Reader
from campaignsync.salesforce.soql import Query, listed, text
from campaignsync.salesforce.wire import Part, PartAnswer, Wire

ROWS_A_CALL = 200
"""What one collection holds (S2.2.7)."""
ADDED_A_CALL = 400
"""Two collections between two reads of the same people: more ids would not fit an address (S2.2.2, S2.2.8)."""
Row = Mapping[str, Any]


def duplicate_headers(rules: LeadRules) -> dict[str, str]:
    """How the org's duplicate rules shall treat what is written (M7.6)."""
    saves = rules.duplicate_rule is DuplicateRule.ALLOW_SAVE
    return {"Sforce-Duplicate-Rule-Header": "allowSave=true"} if saves else {}


def delete_records(wire: Wire, ids: Sequence[str]) -> None:
    """Delete records; RefusedError for the first that was refused, unless it is deleted already."""
    for start in range(0, len(ids), ROWS_A_CALL):
        part = ",".join(ids[start : start + ROWS_A_CALL])
        for result in wire.write("DELETE", f"/composite/sobjects?ids={part}&allOrNone=false"):
            told = None if result["success"] else refusal(result.get("errors") or ())
            if told and told.code != "ENTITY_IS_DELETED":
                raise RefusedError(told.message, code=told.code)


def write_members(lane: BulkLane, writes: pl.DataFrame) -> Iterator[MemberBatch]:
    """Add, change and remove members (MEMBER_WRITES); yields as each call or job ends. One campaign's rows are written one call
    after another, since Salesforce locks the campaign (S2.2.11)."""
    if writes.is_empty():
        return
    is_new, removes = pl.col("campaign_member_id").is_null(), pl.col("status").is_null()
    for kind, request, a_call, in_bulk, bulk_from in (
        (is_new & ~removes, _add, ADDED_A_CALL, lane.add, BULK_FROM_ROWS),
        (~is_new & ~removes, _move, ROWS_A_CALL, lane.move, CHANGE_IN_BULK_FROM),
        (~is_new & removes, _remove, ROWS_A_CALL, lane.remove, CHANGE_IN_BULK_FROM),
    ):
        rows = writes.filter(kind)
        if rows.height >= bulk_from:
            yield from in_bulk(rows)
            continue
        for chunk in rows.iter_slices(a_call):
            yield _written(lane, chunk.to_dicts(), request)


def _written(
    lane: BulkLane, rows: Sequence[Row], request: Callable[[str, Sequence[Row]], Part]
) -> MemberBatch:
    collections = [rows[start : start + ROWS_A_CALL] for start in range(0, len(rows), ROWS_A_CALL)]
    asked = [request(lane.campaign_id, each) for each in collections]
    try:
        before, writes, records = _written_between_reads(lane.wire, asked, _read_back(lane, rows))
    except UnknownOutcomeError as error:
        return _batch(lane.reader, [{**_asked(row), **unknown(str(error))} for row in rows], [], [])
    results = itertools.chain.from_iterable(map(results_of, writes, collections))
    found = {who: record for record in records for who in _names(record)}
    outcomes = [
        _outcome(row, result, found.get(row["campaign_member_id"]) or found.get(row["salesforce_id"]))
        for row, result in zip(rows, results, strict=True)
    ]
    return _batch(lane.reader, outcomes, before, records)


def _written_between_reads(
    wire: Wire, writes: Sequence[Part], read: Query
) -> tuple[Sequence[Row], Sequence[PartAnswer], Sequence[Row]]:
    """Read, write and read back in one call: what is written over unseen is known that way, since members know no precondition
    that would hold for every write (S0.10). UnknownOutcomeError as `written_and_read`."""
    reading = Part(method="GET", path=read.path)
    before, *wrote, after = wire.composite([reading, *writes, reading], writes=True)
    for each in (before, after):
        if each.status >= 300:
            told = call_error(each.status, each.body, writes=False, what="Reading members back")
            raise UnknownOutcomeError(str(told))
    return before.body["records"], wrote, after.body["records"]


def written_and_read(
    wire: Wire, write: Part, read_back: Query, what: str
) -> tuple[PartAnswer, Sequence[Row]]:
    """Write and read back in one call: what the write was answered, and the records there are after it. UnknownOutcomeError also
    where it was written and not read, which `what` names: nothing may be called done then."""
    wrote, read = wire.composite([write, Part(method="GET", path=read_back.path)], writes=True)
    if read.status >= 300:
        told = call_error(read.status, read.body, writes=False, what=what)
        raise UnknownOutcomeError(str(told))
    return wrote, read.body["records"]


def _outcome(row: Row, result: Row, record: Row | None) -> dict[str, Any]:
    """What became of one row: what was read back, and a refusal, unless it refused to remove what is not there."""
    gone_as_wanted = row["status"] is None and record is None
    return {
        **_asked(row),
        "found": record["Status"] if record else None,
        "campaign_member_id": record["Id"] if record else row["campaign_member_id"],
        **answered({"success": True} if gone_as_wanted else result),
    }


def _add(campaign_id: str, rows: Sequence[Row]) -> Part:
    records = [
        {
            "attributes": {"type": "CampaignMember"},
            "CampaignId": campaign_id,
            _reference(row): row["salesforce_id"],
            "Status": row["status"],
        }
        for row in rows
    ]
    return Part(method="POST", path="/composite/sobjects", body=collection(records))


def _move(campaign_id: str, rows: Sequence[Row]) -> Part:
    records = [
        {"attributes": {"type": "CampaignMember"}, "Id": row["campaign_member_id"], "Status": row["status"]}
        for row in rows
    ]
    return Part(method="PATCH", path="/composite/sobjects", body=collection(records))


def _remove(campaign_id: str, rows: Sequence[Row]) -> Part:
    ids = ",".join(row["campaign_member_id"] for row in rows)
    return Part(method="DELETE", path=f"/composite/sobjects?ids={ids}&allOrNone=false")


def _read_back(lane: BulkLane, rows: Sequence[Row]) -> Query:
    """The rows written, and whatever else the campaign holds for the same people: somebody may have added them anew."""
    wanted: dict[str, list[str]] = {}
    for row in rows:
        wanted.setdefault(_reference(row), []).append(row["salesforce_id"])
        if row["campaign_member_id"]:
            wanted.setdefault("Id", []).append(row["campaign_member_id"])
    people = " OR ".join(f"{name} IN {listed(ids)}" for name, ids in wanted.items())
    return Query(
        of="CampaignMember",
        soql=f"SELECT {', '.join(lane.reader.member_columns())} FROM CampaignMember"
        f" WHERE CampaignId = {text(lane.campaign_id)} AND ({people})",
    )


def _reference(row: Row) -> str:
    return "ContactId" if row["kind"] == PersonKind.CONTACT else "LeadId"


def _names(record: Row) -> list[str]:
    """All ids by which a member may be asked for; a converted lead's row may bear two people's (S1.3.7)."""
    return [each for each in (record["LeadId"], record["ContactId"], record["Id"]) if each]


def results_of(write: PartAnswer, rows: Sequence[object]) -> Sequence[Row]:
    """The result of each row; where the whole collection was refused, that refusal for each."""
    if write.status < 300:
        results: Sequence[Row] = write.body
        return results
    errors = write.body if isinstance(write.body, list) else []
    return [{"success": False, "errors": errors}] * len(rows)


def _batch(
    reader: Reader, outcomes: Sequence[Row], before: Sequence[Row], records: Sequence[Row]
) -> MemberBatch:
    layout = reader.layouts["CampaignMember"]
    return MemberBatch(
        outcomes=pl.from_dicts(outcomes, schema=MEMBER_OUTCOMES),
        before=frame("CampaignMember", before, layout),
        members=frame("CampaignMember", records, layout),
    )


def _asked(row: Row) -> dict[str, Any]:
    return {
        "person_id": row["person_id"],
        "wanted": row["status"],
        "campaign_member_id": row["campaign_member_id"],
    }


def answered(result: Row) -> dict[str, Any]:
    """What a row's result says, as the columns of an outcome."""
    if result.get("success"):
        return {"known": True, "retriable": False}
    told = refusal(result.get("errors") or ())
    return {"known": True, "code": told.code, "message": told.message, "retriable": told.retriable}


def unknown(words: str) -> dict[str, Any]:
    """The same, of a row whose call was never answered."""
    return {"known": False, "message": words, "retriable": True}


def collection(records: Sequence[Row]) -> dict[str, Any]:
    """The body of a collection in which each row stands for itself."""
    return {"allOrNone": False, "records": records}
