"""Creates campaigns with their statuses, and writes the two fields that follow the program (M4.2, M4.4, M5, S1.2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from campaignsync.domain.errors import CampaignsyncError, UsageError
from campaignsync.domain.links import CampaignStatus
from campaignsync.domain.runs import CampaignFieldValue
from campaignsync.domain.statuses import folded
from campaignsync.salesforce.errors import call_error
from campaignsync.salesforce.reading import Reader
from campaignsync.salesforce.soql import text
from campaignsync.salesforce.wire import Part, Wire


def create_campaign(
    wire: Wire, fields: Mapping[str, CampaignFieldValue | bool], statuses: Sequence[CampaignStatus]
) -> str:
    """Create a campaign with exactly these statuses; its id. One that got stuck half-way is deleted again."""
    made = wire.write("POST", "/sobjects/Campaign", {name: _json(value) for name, value in fields.items()})
    campaign_id = str(made["id"])
    try:
        _give_statuses(wire, campaign_id, statuses)
    except CampaignsyncError:
        wire.write("DELETE", f"/sobjects/Campaign/{campaign_id}", None)
        raise
    return campaign_id


def _give_statuses(wire: Wire, campaign_id: str, statuses: Sequence[CampaignStatus]) -> None:
    """Turn Sent and Responded into what is wanted: insert first, then move the default, then delete (S1.2.5)."""
    present = {folded(row["Label"]): row["Id"] for row in _present(wire, campaign_id)}
    wanted = {folded(status.label): status for status in statuses}
    new = [
        _status(status, CampaignId=campaign_id) for label, status in wanted.items() if label not in present
    ]
    kept = [_status(wanted[label], Id=status_id) for label, status_id in present.items() if label in wanted]
    unwanted = [status_id for label, status_id in present.items() if label not in wanted]
    parts = [
        Part(method=method, path="/composite/sobjects", body={"allOrNone": True, "records": records})
        for method, records in (("POST", new), ("PATCH", kept))
        if records
    ]
    if unwanted:
        parts.append(
            Part(method="DELETE", path=f"/composite/sobjects?ids={','.join(unwanted)}&allOrNone=true")
        )
    for part, answer in zip(parts, wire.composite(parts, writes=True, all_or_none=True), strict=True):
        rows = answer.body if isinstance(answer.body, list) else []
        refused = [row for row in rows if not row.get("success")]
        if answer.status >= 300 or refused:
            errors = [error for row in refused for error in row.get("errors") or [row]]
            raise call_error(
                answer.status,
                errors or answer.body,
                writes=True,
                what=f"Giving the new campaign its statuses ({part.method})",
            )
    found = {folded(row["Label"]) for row in _present(wire, campaign_id)}
    if found != set(wanted):
        raise UsageError(
            f"Salesforce gave the new campaign other statuses than asked for: {', '.join(sorted(found))}."
        )


def add_statuses(wire: Wire, campaign_id: str, statuses: Iterable[CampaignStatus]) -> None:
    """Give a campaign statuses it lacks (M4.4), behind those it has."""
    last = max((row["SortOrder"] or 0 for row in _present(wire, campaign_id)), default=0)
    records = [
        {**_status(status, CampaignId=campaign_id), "IsDefault": False, "SortOrder": last + place}
        for place, status in enumerate(statuses, start=1)
    ]
    results = wire.write("POST", "/composite/sobjects", {"allOrNone": True, "records": records})
    refused = [error for row in results for error in row.get("errors") or ()]
    if refused:
        raise call_error(400, refused, writes=True, what="Adding statuses to the campaign")


def write_fields(
    wire: Wire, campaign_id: str, fields: Mapping[str, CampaignFieldValue]
) -> dict[str, CampaignFieldValue]:
    """Write fields of a campaign; what it holds afterwards, read in the same call."""
    path = f"/sobjects/Campaign/{campaign_id}"
    write, read = wire.composite(
        [
            Part(method="PATCH", path=path, body={name: _json(value) for name, value in fields.items()}),
            Part(method="GET", path=f"{path}?fields={','.join(fields)}"),
        ],
        writes=True,
    )
    for answer in (write, read):
        if answer.status >= 300:
            raise call_error(answer.status, answer.body, writes=True, what=f"Writing {', '.join(fields)}")
    return {name: _value(read.body.get(name)) for name in fields}


def _present(wire: Wire, campaign_id: str) -> list[dict[str, Any]]:
    return Reader(wire).records(
        f"SELECT Id, Label, SortOrder FROM CampaignMemberStatus WHERE CampaignId = {text(campaign_id)}"
    )


def _status(status: CampaignStatus, **more: str) -> dict[str, Any]:
    return {
        "attributes": {"type": "CampaignMemberStatus"},
        **more,
        "Label": status.label,
        "SortOrder": status.sort_order,
        "IsDefault": status.is_default,
        "HasResponded": status.has_responded,
    }


def _json(value: CampaignFieldValue | bool) -> str | float | bool | None:
    return float(value) if isinstance(value, Decimal) else value


def _value(value: Any) -> CampaignFieldValue:
    return Decimal(str(value)) if isinstance(value, int | float) else value
