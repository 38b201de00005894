"""getUpdated and getDeleted: which records of an object changed or went in a window of time (S0.14, S0.15, S2.6.1).

The org's part is `updated_ids` and `deleted_records`, which SOAP shares; seconds of the window's ends are dropped, and
both ends belong to it.
"""

# ruff: noqa: S608 - what is put into statements are names of the schema.

from datetime import UTC, datetime, timedelta
from typing import Any

from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.org.org import Org
from salesforce_sandbox.org.schema import SObject
from salesforce_sandbox.org.soql.values import stored_moment
from salesforce_sandbox.wire.messages import Response
from salesforce_sandbox.wire.routes import Call, Routes

routes = Routes(kind="replication")

UPDATED_DAYS, DELETED_DAYS = 30, 15
MOST_IDS = 600_000
LOGGED_PER_LICENCE = 5_000
PRUNED_EVERY_HOURS = 2
_BASE = "/services/data/v{version}/sobjects/{sobject}"
_PURGEABLE = "CampaignMember"


@routes.on("GET", f"{_BASE}/updated", rules="S0.14 S0.15 S2.6.1")
def updated(call: Call) -> Response:
    sobject = call.org.sobject(call.parameters["sobject"], call.caller)
    return Response(body=updated_ids(call.org, sobject, *_window(call)))


@routes.on("GET", f"{_BASE}/deleted", rules="S0.14 S2.6.1 S1.3.5")
def deleted(call: Call) -> Response:
    sobject = call.org.sobject(call.parameters["sobject"], call.caller)
    return Response(body=deleted_records(call.org, sobject, *_window(call)))


def updated_ids(org: Org, sobject: SObject, start: datetime, end: datetime) -> dict[str, Any]:
    """The ids of live records whose SystemModstamp lies in the window; history, which never changes, goes by CreatedDate."""
    _judge_replicable(sobject)
    stamp = "SystemModstamp" if sobject.field("SystemModstamp") else "CreatedDate"
    first, last = _minutes(org, start, end, timedelta(0), UPDATED_DAYS)
    live = ' AND "IsDeleted" = 0' if sobject.field("IsDeleted") else ""
    rows = org.storage.rows(
        f'SELECT "Id" FROM "{sobject.name}" WHERE "{stamp}" BETWEEN ? AND ?{live}'
        f' ORDER BY "{stamp}", "Id" LIMIT {MOST_IDS + 1}',
        *(first, last),
    )
    _judge_number(rows)
    return {"ids": [row[0] for row in rows], "latestDateCovered": _covered(org, end)}


def deleted_records(org: Org, sobject: SObject, start: datetime, end: datetime) -> dict[str, Any]:
    """The records that were deleted in the window; removed members as the switch says (S1.3.5)."""
    _judge_replicable(sobject)
    first, last = _minutes(org, start, end, timedelta(minutes=1), DELETED_DAYS)
    earliest = _earliest(org)
    if first < earliest[:17]:
        message = f"The log of deletions begins at {earliest}; read everything anew"
        raise SalesforceError(400, "INVALID_REPLICATION_DATE", message)
    listed = "" if org.switches["removed_members_listed"] or sobject.name != _PURGEABLE else ' AND "Hard" = 0'
    rows = org.storage.rows(
        f'SELECT "Id", "DeletedDate" FROM "_Deletion" WHERE "Type" = ? AND "DeletedDate" BETWEEN ? AND ?{listed}'
        ' ORDER BY "DeletedDate", "Id"',
        *(sobject.name, max(first, earliest), last),
    )
    _judge_number(rows)
    return {
        "deletedRecords": [{"id": record_id, "deletedDate": at} for record_id, at in rows],
        "earliestDateAvailable": earliest,
        "latestDateCovered": _covered(org, end),
    }


def _earliest(org: Org) -> str:
    """How far the log of deletions goes back (S2.6.1): 15 days, or what the last pruning, every two hours, has left of it."""
    now = org.clock.now()
    oldest = stored_moment((now - timedelta(days=DELETED_DAYS)).replace(microsecond=0))
    pruned_at = stored_moment(
        now.replace(hour=now.hour - now.hour % PRUNED_EVERY_HOURS, minute=0, second=0, microsecond=0)
    )
    beyond = org.storage.rows(
        'SELECT "DeletedDate" FROM "_Deletion" WHERE "DeletedDate" <= ? ORDER BY "DeletedDate" DESC LIMIT 1 OFFSET ?',
        *(pruned_at, LOGGED_PER_LICENCE * org.admin.user_licences),
    )
    # What stands there is gone, and with it all of its second.
    return max(oldest, _second_after(beyond[0][0])) if beyond else oldest


def _second_after(stored: str) -> str:
    return stored_moment(datetime.fromisoformat(stored) + timedelta(seconds=1))


def _window(call: Call) -> tuple[datetime, datetime]:
    # A plus sign that was not escaped arrives as a space.
    start, end = (call.request.query.get(name, "").strip().replace(" ", "+") for name in ("start", "end"))
    return moment("start", start), moment("end", end)


def moment(name: str, text: object) -> datetime:
    """One end of a window; SalesforceError when it is no moment."""
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        raise SalesforceError(400, "INVALID_REPLICATION_DATE", f"Invalid {name}: {text}") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _minutes(org: Org, start: datetime, end: datetime, shortest: timedelta, days: int) -> tuple[str, str]:
    """The window without its seconds, as the tables store time; SalesforceError when it is none."""
    first, last = (at.replace(second=0, microsecond=0) for at in (start, end))
    if last - first <= shortest:
        raise SalesforceError(400, "INVALID_REPLICATION_DATE", "startDate before endDate")
    if first < org.clock.now() - timedelta(days=days):
        message = f"startDate cannot be more than {days} days ago"
        raise SalesforceError(400, "INVALID_REPLICATION_DATE", message)
    return stored_moment(first), stored_moment(last)


def _covered(org: Org, end: datetime) -> str:
    """S0.15: commits may still come that are stamped as old as the oldest open transaction."""
    safe = org.clock.now() - timedelta(seconds=org.admin.commit_lag_s)
    return stored_moment(min(safe, end.replace(second=0)).replace(microsecond=0))


def _judge_replicable(sobject: SObject) -> None:
    if "replicateable" not in sobject.can:
        message = f"entity type {sobject.label} does not support replication"
        raise SalesforceError(400, "INVALID_TYPE", message)


def _judge_number(rows: list[tuple[Any, ...]]) -> None:
    if len(rows) > MOST_IDS:
        message = f"More than {MOST_IDS} ids; ask for a shorter time"
        raise SalesforceError(400, "EXCEEDED_ID_LIMIT", message)
