"""What happened: the journal of both sides, the audit log, notices, what moves and what waits, what programs cost."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, cast

from django.http import HttpRequest
from ninja import Query, Schema

from campaignsync.domain.access import Action
from campaignsync.domain.backlog import metrics, trend
from campaignsync.domain.errors import UsageError
from campaignsync.domain.ids import ConnectionId
from campaignsync.domain.programs import month
from campaignsync.domain.reports import Performance, performance
from campaignsync.store.shown.reports import months
from campaignsync.web.api.forms import LARGEST, Cursor, Limit, Number, Page, Text, page, position
from campaignsync.web.api.guard import Asking, Routes, connection_named, folders
from campaignsync.web.installation import installation

routes = Routes("history")


class JournalEntry(Schema):
    """One change on either side: what it was, what it is, who did it, why, and in which run."""

    id: int
    at: datetime
    side: str
    program: str | None
    campaign_id: str | None
    email: str | None
    noun: str
    old: str | None
    new: str | None
    who: str
    why: str
    run: int | None


class AuditEntry(Schema):
    """One write to what people set up; without what is secret."""

    id: int
    at: datetime
    who: str
    noun: str
    record: str
    action: str
    old: dict[str, Any] | None
    new: dict[str, Any] | None


class LaneMetrics(Schema):
    """What moved of one object in one direction in the last 24 hours, and what waits (M8.3)."""

    object: str
    direction: str
    max_per_hour: int
    min_per_hour: int
    average_per_hour: float
    backlog: int
    hours_to_drain: float | None
    state: str


class Waiting(Schema):
    """What waited at a moment; null: nothing was counted yet."""

    at: datetime
    backlog: int | None


class Backlog(Schema):
    """What moves and what waits, and the trend of five days by steps of four hours."""

    last_counted: datetime | None
    next_counted: datetime | None
    metrics: list[LaneMetrics]
    trend: list[Waiting]


@routes.get("/journal", Action.SEE_HISTORY, Page[JournalEntry])
def list_journal(
    request: HttpRequest,
    program: Annotated[Text | None, Query(None, description="A program's name.")],
    email: Annotated[Text | None, Query(None)],
    run: Annotated[int | None, Query(None, ge=1, le=LARGEST)],
    cursor: Cursor,
    limit: Limit,
) -> Any:
    """List changes on both sides, latest first."""
    narrowed = {"program": program, "email": email, "run": run}
    found = installation().listings.journal(
        folders(request, Action.SEE_HISTORY), narrowed, before=position(cursor, None), limit=limit + 1
    )
    return page(found, limit, key="id")


@routes.get("/audit", Action.SEE_AUDIT, Page[AuditEntry])
def list_audit(
    request: HttpRequest,
    who: Annotated[Text | None, Query(None, description="A user; what their keys did, too.")],
    noun: Annotated[Text | None, Query(None, description="Such as program, grant or api key.")],
    since: Annotated[datetime | None, Query(None)],
    cursor: Cursor,
    limit: Limit,
) -> Any:
    """List who wrote what of what people set up, latest first."""
    if since is not None and since.tzinfo is None:
        raise UsageError("A time needs its zone, such as 2026-03-01T12:00:00Z.")
    found = installation().listings.audit(
        who=who, noun=noun, since=since, before=position(cursor, None), limit=limit + 1
    )
    return page(found, limit, key="id")


class PerformanceRow(Schema):
    """What a program, a channel, a tag or a month came to; costs by currency, as nobody said what one is worth in another."""

    name: str
    members: int
    successes: int
    costs: dict[str, str]
    cost_per_member: dict[str, str]
    cost_per_success: dict[str, str]


@routes.get("/reports/performance", Action.SEE_REPORTS, list[PerformanceRow])
def report_performance(
    request: HttpRequest,
    by: Annotated[
        str,
        Query(
            "program", max_length=255, pattern=r"^(program|channel|month|tag .+)$", description="Or tag NAME."
        ),
    ],
    since: Annotated[Text | None, Query(None, description="The first month, as YYYY-MM.")],
    until: Annotated[Text | None, Query(None, description="The last month, as YYYY-MM.")],
    channel: Annotated[Text | None, Query(None)],
    tag: Annotated[Text | None, Query(None, description="NAME=VALUE.")],
) -> Any:
    """What programs came to: new members, successes, costs, and what one of them cost (M5.4)."""
    counted = months(folders(request, Action.SEE_REPORTS), by=by, channel=channel or "", tag=tag or "")
    first, last = (month(text) if text else None for text in (since, until))
    return [_performed(row) for row in performance(counted, by=by, since=first, until=last)]


def _performed(row: Performance) -> dict[str, Any]:
    def told(costs: Mapping[str, Decimal]) -> dict[str, str]:
        return {currency: f"{worth:.2f}" for currency, worth in costs.items()}

    return {
        "name": row.name,
        "members": row.members,
        "successes": row.successes,
        "costs": told(row.costs),
        "cost_per_member": told(row.each(row.members)),
        "cost_per_success": told(row.each(row.successes)),
    }


@routes.get("/connections/{connection}/backlog", Action.SEE_SETTINGS, Backlog)
def backlog_of_connection(request: HttpRequest, connection: Number) -> Any:
    """What moves between the two sides of a connection and what waits to (M8.3)."""
    connection_named(connection)
    return _backlog(ConnectionId(connection), None)


@routes.get("/programs/{program}/links/{connection}/backlog", Action.SEE_LINKS, Backlog)
def backlog_of_link(request: HttpRequest, program: Number, connection: Number) -> Any:
    """What moves between the two sides of a link and what waits to (M8.3)."""
    connection_named(connection)
    return _backlog(ConnectionId(connection), cast("Asking", request).program)


def _backlog(connection: ConnectionId, program: str | None) -> dict[str, Any]:
    app, now = installation(), datetime.now(UTC)
    traffic, budget = app.views.traffic(connection, program), app.ledger.budget(connection)
    return {
        "last_counted": budget.round_at,
        "next_counted": budget.next_round,
        "metrics": metrics(traffic, now).to_dicts(),
        "trend": [{"at": at, "backlog": waits} for at, waits in trend(traffic, now)],
    }
