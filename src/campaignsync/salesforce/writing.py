"""Writes people and members in collections of 200, and reads members back in the same call (S0.2, S2.2.7, S2.2.8).

Used by `org`. One row's refusal never stops another's success. A call whose answer never came gives rows of which nothing is
known; the next call goes on, and what became of them is for the next observation to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import polars as pl

from campaignsync.domain.errors import UnknownOutcomeError
from campaignsync.domain.people import PersonKind
from campaignsync.domain.runs import MemberBatch
from campaignsync.domain.trees import LEAD_OUTCOMES, LEAD_WRITES, MEMBER_OUTCOMES
from campaignsync.salesforce.errors import call_error, refusal
from campaignsync.salesforce.fields import MEMBER, WRITABLE_LEAD, frame
from campaignsync.salesforce.soql import listed
from campaignsync.salesforce.wire import Part, PartAnswer, Wire

ROWS_A_CALL = 200
_DUPLICATES_ALLOWED = {"Sforce-Duplicate-Rule-Header": "allowSave=true"}


def create_leads(wire: Wire, leads: pl.DataFrame, *, allow_duplicates: bool) -> Iterator[pl.DataFrame]:
    """Create leads (LEAD_WRITES); yields LEAD_OUTCOMES as each call ends."""
    headers = _DUPLICATES_ALLOWED if allow_duplicates else {}
    for chunk in leads.select(*LEAD_WRITES).iter_slices(ROWS_A_CALL):
        rows = chunk.to_dicts()
        body = {"allOrNone": False, "records": [_lead(row) for row in rows]}
        try:
            results = wire.write("POST", "/composite/sobjects", body, headers)
        except UnknownOutcomeError as error:
            yield _unknown(chunk, str(error), LEAD_OUTCOMES)
            continue
        outcomes = [
            {
                "person_id": row["person_id"],
                "salesforce_id": result.get("id"),
                "known": True,
                **_refused(result),
            }
            for row, result in zip(rows, results, strict=True)
        ]
        yield pl.DataFrame(outcomes, schema=LEAD_OUTCOMES)


def write_members(wire: Wire, campaign_id: str, writes: pl.DataFrame) -> Iterator[MemberBatch]:
    """Add, change and remove members (MEMBER_WRITES); yields as each call ends. One campaign's rows are written one call after
    another, since Salesforce locks the campaign (S2.2.11)."""
    adds = writes.filter(pl.col("campaign_member_id").is_null() & pl.col("status").is_not_null())
    moves = writes.filter(pl.col("campaign_member_id").is_not_null() & pl.col("status").is_not_null())
    removals = writes.filter(pl.col("campaign_member_id").is_not_null() & pl.col("status").is_null())
    for part, request in ((adds, _add), (moves, _move), (removals, _remove)):
        for chunk in part.iter_slices(ROWS_A_CALL):
            yield _written(wire, campaign_id, chunk, request)


def _written(wire: Wire, campaign_id: str, chunk: pl.DataFrame, request: Any) -> MemberBatch:
    rows = chunk.to_dicts()
    parts = [request(campaign_id, rows), _read_back(campaign_id, rows)]
    try:
        write, read = wire.composite(parts, writes=True)
    except UnknownOutcomeError as error:
        return MemberBatch(
            outcomes=_unknown(chunk, str(error), MEMBER_OUTCOMES), members=frame("CampaignMember", [])
        )
    if read.status >= 300:
        # Written, and not read: nothing may be called done.
        words = str(call_error(read.status, read.body, writes=False, what="Reading back"))
        return MemberBatch(
            outcomes=_unknown(chunk, words, MEMBER_OUTCOMES), members=frame("CampaignMember", [])
        )
    found = {_who(record): record for record in read.body["records"]}
    by_id = {record["Id"]: record for record in read.body["records"]}
    outcomes = [
        _outcome(row, result, by_id.get(row["campaign_member_id"]) or found.get(row["salesforce_id"]))
        for row, result in zip(rows, _row_results(write, len(rows)), strict=True)
    ]
    return MemberBatch(
        outcomes=pl.DataFrame(outcomes, schema=MEMBER_OUTCOMES),
        members=frame("CampaignMember", read.body["records"]),
    )


def _outcome(
    row: Mapping[str, Any], result: Mapping[str, Any], record: Mapping[str, Any] | None
) -> dict[str, Any]:
    """What became of one row: what was read back, and a refusal unless the removal it speaks of is a fact already."""
    refused = _refused(result)
    if row["status"] is None and record is None:
        refused = _refused({"success": True})
    return {
        "person_id": row["person_id"],
        "wanted": row["status"],
        "found": record["Status"] if record else None,
        "campaign_member_id": record["Id"] if record else row["campaign_member_id"],
        "known": True,
        **refused,
    }


def _add(campaign_id: str, rows: Sequence[Mapping[str, Any]]) -> Part:
    records = [
        {
            "attributes": {"type": "CampaignMember"},
            "CampaignId": campaign_id,
            "ContactId" if row["kind"] == PersonKind.CONTACT else "LeadId": row["salesforce_id"],
            "Status": row["status"],
        }
        for row in rows
    ]
    return Part(method="POST", path="/composite/sobjects", body={"allOrNone": False, "records": records})


def _move(campaign_id: str, rows: Sequence[Mapping[str, Any]]) -> Part:
    records = [
        {"attributes": {"type": "CampaignMember"}, "Id": row["campaign_member_id"], "Status": row["status"]}
        for row in rows
    ]
    return Part(method="PATCH", path="/composite/sobjects", body={"allOrNone": False, "records": records})


def _remove(campaign_id: str, rows: Sequence[Mapping[str, Any]]) -> Part:
    ids = ",".join(row["campaign_member_id"] for row in rows)
    return Part(method="DELETE", path=f"/composite/sobjects?ids={ids}&allOrNone=false")


def _read_back(campaign_id: str, rows: Sequence[Mapping[str, Any]]) -> Part:
    kinds = {"Id": "campaign_member_id"} if rows[0]["campaign_member_id"] else {}
    conditions = [f"{name} IN {listed(row[column] for row in rows)}" for name, column in kinds.items()] or [
        f"{name} IN {listed(ids)}"
        for name, kind in (("LeadId", PersonKind.LEAD), ("ContactId", PersonKind.CONTACT))
        if (ids := [row["salesforce_id"] for row in rows if row["kind"] == kind])
    ]
    soql = (
        f"SELECT {', '.join(MEMBER.values())} FROM CampaignMember"
        f" WHERE CampaignId IN {listed([campaign_id])} AND ({' OR '.join(conditions)})"
    )
    return Part(method="GET", path=f"/query?q={quote(soql)}")


def _row_results(write: PartAnswer, rows: int) -> Sequence[Mapping[str, Any]]:
    """The result of each row; where the whole collection was refused, that refusal for each."""
    if write.status < 300:
        results: list[Mapping[str, Any]] = write.body
        return results
    errors = write.body if isinstance(write.body, list) else []
    return [{"success": False, "errors": errors}] * rows


def _refused(result: Mapping[str, Any]) -> dict[str, Any]:
    if result.get("success"):
        return {"code": None, "message": None, "retriable": False}
    told = refusal(result.get("errors") or ())
    return {"code": told.code, "message": told.message, "retriable": told.retriable}


def _unknown(chunk: pl.DataFrame, words: str, schema: Any) -> pl.DataFrame:
    rows = [
        {
            "person_id": row["person_id"],
            "wanted": row.get("status"),
            "message": words,
            "known": False,
            "retriable": True,
        }
        for row in chunk.to_dicts()
    ]
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)


def _lead(row: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: row[column] for column, name in WRITABLE_LEAD.items() if row.get(column) is not None}
    return {"attributes": {"type": "Lead"}, **values}


def _who(record: Mapping[str, Any]) -> str | None:
    who: str | None = record["ContactId"] or record["LeadId"]
    return who
