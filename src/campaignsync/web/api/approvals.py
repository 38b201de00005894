"""Plans of links that ask for approval: listed, read row by row, approved or declined by their digest."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, cast

import polars as pl
from django.http import HttpRequest
from ninja import Query, Schema
from pydantic import Field

from campaignsync.domain.access import Action
from campaignsync.domain.approvals import SHORTEST_DIGEST, PlanDecision
from campaignsync.domain.ids import LinkId
from campaignsync.planner.explain import safe_csv, searched
from campaignsync.store.approvals import LONGEST_NOTE
from campaignsync.web.api.forms import Body, Cursor, Limit, Number, Page, Text, page, position
from campaignsync.web.api.guard import Asking, Routes, connection_named, folders
from campaignsync.web.api.programs import csv_answer
from campaignsync.web.api.syncing import PlannedMember
from campaignsync.web.installation import installation

routes = Routes("approvals")


class WaitingPlan(Schema):
    """A plan that waits for a person, and what was said to it so far."""

    link: int
    program: str
    program_number: int
    folder: str
    connection: str
    connection_number: int
    campaign_id: str
    digest: str
    made_at: datetime
    summary: str | None
    counts: dict[str, int] | None
    decision: PlanDecision | None
    decided_by: str | None
    decided_at: datetime | None
    note: str | None


class OnePlan(Schema):
    """A plan that waits, as a whole; its members are listed by themselves."""

    digest: str
    summary: str
    counts: dict[str, int]
    fields: list[dict[str, Any]]
    member_fields: list[dict[str, Any]]


class RowsWanted(Schema):
    """Which rows of a plan: of one verdict, such as to campaign; with a part of an address or a name."""

    verdict: Text | None = None
    search: Text | None = None


class WhatIsDecided(Body):
    """What is said to the plan that was read: its digest, or the first digits of it."""

    digest: Annotated[str, Field(pattern=rf"^[0-9a-f]{{{SHORTEST_DIGEST},64}}$")]
    decision: PlanDecision
    note: Annotated[str, Field(max_length=LONGEST_NOTE)] = ""


class Decided(Schema):
    """What was decided about which plan."""

    digest: str
    decision: PlanDecision


@routes.get("/approvals", Action.SEE_LINKS, Page[WaitingPlan])
def list_approvals(request: HttpRequest, cursor: Cursor, limit: Limit) -> Any:
    """List the plans that wait for approval, in the order in which their links were made."""
    seen = folders(request, Action.SEE_LINKS)
    return page(installation().approvals.page(seen, position(cursor, 0), limit + 1), limit, "link")


@routes.get("/programs/{program}/links/{connection}/waiting-plan", Action.PLAN, OnePlan)
def show_waiting_plan(request: HttpRequest, program: Number, connection: Number) -> Any:
    """Show the plan of a link that waits for approval."""
    plan = installation().approvals.plan(_link(request, connection))
    return {**plan.told, "digest": plan.digest}


@routes.get("/programs/{program}/links/{connection}/waiting-plan/members", Action.PLAN, Page[PlannedMember])
def list_waiting_plan(
    request: HttpRequest,
    program: Number,
    connection: Number,
    wanted: Query[RowsWanted],
    cursor: Cursor,
    limit: Limit,
) -> Any:
    """List the rows of a plan that waits for approval."""
    rows = searched(installation().approvals.plan(_link(request, connection)).rows, wanted.search or "")
    rows = rows.filter(pl.col("number") > position(cursor, 0))
    if wanted.verdict:
        rows = rows.filter(pl.col("verdict") == wanted.verdict)
    return page(rows.head(limit + 1).to_dicts(), limit)


@routes.get("/programs/{program}/links/{connection}/waiting-plan/members.csv", Action.PLAN, None)
def export_waiting_plan(request: HttpRequest, program: Number, connection: Number) -> Any:
    """The rows of a plan that waits for approval, as CSV that is safe to open in a spreadsheet."""
    return csv_answer(safe_csv(installation().approvals.plan(_link(request, connection)).rows), "plan.csv")


@routes.post("/programs/{program}/links/{connection}/waiting-plan/decision", Action.APPROVE, Decided)
def decide_plan(request: HttpRequest, program: Number, connection: Number, said: WhatIsDecided) -> Any:
    """Approve or decline exactly the plan that was read; 409 where another one waits by now. The next round carries out what is
    approved, if it still is the same."""
    link, who = _link(request, connection), cast("Asking", request).auth.name
    digest = installation().approvals.decide(link, said.digest, said.decision, who=who, note=said.note)
    return {"digest": digest, "decision": said.decision}


def _link(request: HttpRequest, connection: int) -> LinkId:
    link, _ = installation().registry.link_of(cast("Asking", request).program, connection_named(connection))
    return link
