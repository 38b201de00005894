"""Conditional requests: If-Modified-Since, If-Unmodified-Since, ETags where real orgs have them (S0.10, S2.2.4).

Asked by `sobjects`. Only accounts know entity tags; leads, contacts, campaigns and members know If-Unmodified-Since and
nothing else; a DELETE takes no condition.
"""

import hashlib
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.org.schema import SObject
from salesforce_sandbox.wire.messages import Response
from salesforce_sandbox.wire.routes import Call

_TAGGED = "Account"


def describe_unless_known(call: Call, body: Any) -> Response:
    """A describe answer, or 304 when the caller has it already."""
    changed, tag = call.org.schema_changed(), f'"{call.org.schema.version:x}"'
    headers = {"ETag": tag, "Last-Modified": format_datetime(changed, usegmt=True)}
    since = _moment(call, "if-modified-since")
    if call.request.headers.get("if-none-match") == tag or (since is not None and changed <= since):
        return Response(status=304, headers=headers)
    return Response(body=body, headers=headers)


def record_unless_known(call: Call, sobject: SObject, stamp: str | None, body: Any) -> Response:
    """A record, or 304 when it has not changed since the caller's moment or tag."""
    if stamp is None:
        return Response(body=body)
    changed = datetime.fromisoformat(stamp)
    headers = {"Last-Modified": format_datetime(changed.astimezone(UTC), usegmt=True)}
    if sobject.name == _TAGGED:
        headers["ETag"] = _tag(stamp, body["Id"])
    since = _moment(call, "if-modified-since")
    if since is not None and changed <= since:
        return Response(status=304, headers=headers)
    if "ETag" in headers and call.request.headers.get("if-none-match", "") == headers["ETag"]:
        return Response(status=304, headers=headers)
    return Response(body=body, headers=headers)


def judge_unmodified(call: Call, sobject: SObject, record_id: str) -> None:
    """SalesforceError PRECONDITION_FAILED when the record is not as the caller's moment or tag says."""
    since, tag = _moment(call, "if-unmodified-since"), call.request.headers.get("if-match")
    if since is None and tag is None:
        return
    stamp = stamp_of(call, sobject, record_id)
    if stamp is None:
        return
    changed = since is not None and datetime.fromisoformat(stamp) > since
    if sobject.name == _TAGGED and tag not in (None, "*"):
        changed = changed or tag != _tag(stamp, record_id)
    if changed:
        message = "The record does not meet the condition that the request's headers name"
        raise SalesforceError(412, "PRECONDITION_FAILED", message)


def stamp_of(call: Call, sobject: SObject, record_id: str) -> str | None:
    """The record's LastModifiedDate; None when there is no such record."""
    row = call.org.storage.records(sobject.name, [record_id]).get(record_id)
    return row.get("LastModifiedDate") if row else None


def _moment(call: Call, header: str) -> datetime | None:
    text = call.request.headers.get(header)
    if not text:
        return None
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except ValueError:
        message = f"{header} must be a date as HTTP writes it, such as Wed, 18 Mar 2026 10:00:00 GMT"
        raise SalesforceError(400, "INVALID_HEADER", message) from None


def _tag(stamp: str, record_id: str) -> str:
    return f'"{hashlib.sha256(f"{stamp}{record_id}".encode()).hexdigest()[:20]}"'
