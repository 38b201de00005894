"""Creates campaigns with their statuses, and writes the two fields that follow the program (M4.2, M4.4, M5, S1.2).

Used by `org`. The order of the steps is the contract's: a campaign always keeps one default and one status that responded, and
two of its statuses never share a place (S1.2.1, S1.2.4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from campaignsync.domain.errors import CampaignsyncError, RefusedError, UsageError
from campaignsync.domain.links import CampaignStatus
from campaignsync.domain.runs import CampaignFieldValue
from campaignsync.domain.statuses import folded
from campaignsync.salesforce.beforehand import Beforehand
from campaignsync.salesforce.errors import call_error
from campaignsync.salesforce.pages import Record
from campaignsync.salesforce.soql import Query, text
from campaignsync.salesforce.wire import Part, Wire


def create_campaign(
    wire: Wire, fields: Mapping[str, CampaignFieldValue | bool], statuses: Sequence[CampaignStatus]
) -> str:
    """Create a campaign with exactly these statuses; its id. One that got stuck half-way is deleted again."""
    campaign_id = _created(wire, {name: _json(value) for name, value in fields.items()})
    try:
        _give_statuses(wire, campaign_id, statuses)
    except CampaignsyncError as error:
        try:
            wire.write("DELETE", f"/sobjects/Campaign/{campaign_id}")
        except CampaignsyncError as second:
            raise UsageError(
                f"Campaign {campaign_id} was created without its statuses ({error}) and could not be deleted again"
                f" ({second}). Delete it in Salesforce, then try again."
            ) from None
        raise
    return campaign_id


def finish_campaign(wire: Wire, campaign_id: str, statuses: Sequence[CampaignStatus]) -> None:
    """Give exactly these statuses to a campaign whose making was cut off; one that has them already is left as it is."""
    present = {folded(row["Label"]) for row in _statuses_of(wire, campaign_id)}
    if present != {folded(status.label) for status in statuses}:
        _give_statuses(wire, campaign_id, statuses)


def _created(wire: Wire, values: Mapping[str, object]) -> str:
    try:
        return str(wire.write("POST", "/sobjects/Campaign", values)["id"])
    except RefusedError as error:
        if "cannot be inserted" not in str(error):
            raise
        raise UsageError(
            f"Salesforce refuses: {error}. The sync user must be a Marketing User (S0.6). See: campaignsync doctor"
        ) from None


def _give_statuses(wire: Wire, campaign_id: str, statuses: Sequence[CampaignStatus]) -> None:
    """Turn Sent and Responded into what is wanted: insert what is missing, move the default, then delete (S1.2.5)."""
    present = {folded(row["Label"]): row for row in _statuses_of(wire, campaign_id)}
    wanted = {folded(status.label): status for status in statuses}
    ids = {label: row["Id"] for label, row in present.items()}
    # Places behind those that are taken, so that two statuses never share one.
    start = max((row["SortOrder"] or 0 for row in present.values()), default=0) + 1
    places = {label: start + number for number, label in enumerate(wanted)}
    new = [label for label in wanted if label not in present]
    made = _insert(wire, [_row(wanted[label], places[label], campaign_id) for label in new])
    ids |= dict(zip(new, made, strict=True))
    changes = [
        {"attributes": _TYPE, "Id": ids[label], **_flags(status), "SortOrder": places[label]}
        for label, status in wanted.items()
    ]
    unwanted = [ids[label] for label in present if label not in wanted]
    _move_default(wire, changes, [{"attributes": _TYPE, "Id": each, "IsDefault": False} for each in unwanted])
    parts = [Part(method="GET", path=_query_of_statuses(campaign_id).path)]
    if unwanted:
        path = f"/composite/sobjects?ids={','.join(unwanted)}&allOrNone=true"
        parts.insert(0, Part(method="DELETE", path=path))
    for answer in (answers := wire.composite(parts, writes=True)):
        _require_success(answer.status, answer.body, "Taking Sent and Responded from the new campaign")
    found = {folded(row["Label"]) for row in answers[-1].body["records"]}
    if found != set(wanted):
        raise UsageError(
            f"Salesforce gave the new campaign other statuses than asked for: {', '.join(sorted(found))}."
        )


def _move_default(wire: Wire, changes: Sequence[Record], demotions: Sequence[Record]) -> None:
    """Write all flags and places. Whether a new default replaces the old one by itself is not documented (S1.2.6), so that an
    org that refuses is asked once more, with the old one demoted first."""
    promoting = [
        {name: value for name, value in row.items() if name != "IsDefault" or value} for row in changes
    ]
    demoting_first = [*demotions, *sorted(changes, key=lambda row: bool(row["IsDefault"]))]
    for records in (promoting, demoting_first):
        results = wire.write("PATCH", "/composite/sobjects", {"allOrNone": True, "records": records})
        if all(result["success"] for result in results):
            return
    _require_success(200, results, "Giving the new campaign its statuses")


def add_statuses(wire: Wire, campaign_id: str, statuses: Sequence[CampaignStatus]) -> None:
    """Give a campaign statuses it lacks (M4.4), behind those it has."""
    last = max((row["SortOrder"] or 0 for row in _statuses_of(wire, campaign_id)), default=0)
    _insert(wire, [_row(status, last + place, campaign_id) for place, status in enumerate(statuses, start=1)])


def write_fields(
    wire: Wire,
    campaign_id: str,
    fields: Mapping[str, CampaignFieldValue],
    beforehand: Beforehand,
    *,
    asking: bool,
) -> dict[str, CampaignFieldValue]:
    """Write fields of a campaign; what it holds afterwards, read in the same call. With `asking`, what is asked before very many
    people are looked for is asked in it, too."""
    path = f"/sobjects/Campaign/{campaign_id}"
    riding = beforehand.unasked() if asking else ()
    write, read, *told = wire.composite(
        [
            Part(method="PATCH", path=path, body={name: _json(value) for name, value in fields.items()}),
            Part(method="GET", path=f"{path}?fields={','.join(fields)}"),
            *(Part(method="GET", path=each.path) for each in riding),
        ],
        writes=True,
    )
    beforehand.note(riding, (each.body if each.status < 300 else {} for each in told))
    for answer in (write, read):
        _require_success(answer.status, answer.body, f"Writing {', '.join(fields)}")
    return {name: _value(read.body.get(name)) for name in fields}


def _query_of_statuses(campaign_id: str) -> Query:
    of = "CampaignMemberStatus"
    return Query(of=of, soql=f"SELECT Id, Label, SortOrder FROM {of} WHERE CampaignId = {text(campaign_id)}")


def _statuses_of(wire: Wire, campaign_id: str) -> Sequence[Record]:
    records: Sequence[Record] = wire.get(_query_of_statuses(campaign_id).path)["records"]
    return records


def _insert(wire: Wire, rows: Sequence[Record]) -> list[str]:
    """Insert statuses; their ids."""
    if not rows:
        return []
    results = wire.write("POST", "/composite/sobjects", {"allOrNone": True, "records": rows})
    _require_success(200, results, "Giving the campaign its statuses")
    return [str(result["id"]) for result in results]


def _row(status: CampaignStatus, place: int, campaign_id: str) -> dict[str, Any]:
    """A new status; it becomes the default only when all of them are there."""
    return {
        "attributes": _TYPE,
        "CampaignId": campaign_id,
        "Label": status.label,
        **_flags(status),
        "IsDefault": False,
        "SortOrder": place,
    }


def _flags(status: CampaignStatus) -> dict[str, bool]:
    return {"IsDefault": status.is_default, "HasResponded": status.has_responded}


def _require_success(status: int, body: object, what: str) -> None:
    """Raise what a subrequest or a row of a collection was refused for; a row that was only taken along is told last."""
    rows = body if isinstance(body, list) else []
    refused = [error for row in rows if not row.get("success") for error in row.get("errors") or [row]]
    if status >= 300 or refused:
        refused.sort(key=lambda error: error.get("statusCode") == "ALL_OR_NONE_OPERATION_ROLLED_BACK")
        raise call_error(status, refused or body, writes=True, what=what)


def _json(value: CampaignFieldValue | bool) -> str | float | bool | None:
    return float(value) if isinstance(value, Decimal) else value


def _value(value: Any) -> CampaignFieldValue:
    return Decimal(str(value)) if isinstance(value, int | float) else value


_TYPE = {"type": "CampaignMemberStatus"}
