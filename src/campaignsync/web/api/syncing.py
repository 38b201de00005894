"""Plans, syncs, errands and runs: what goes to Salesforce is asked for here and answered with 202 and an errand to watch."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, cast

import polars as pl
from django.http import HttpRequest
from ninja import Query, Schema, Status
from pydantic import Field

from campaignsync.domain.access import Action
from campaignsync.domain.errors import NOT_THERE, UsageError
from campaignsync.planner.explain import safe_csv, searched
from campaignsync.web.api.forms import Body, Cursor, Limit, Name, Number, Page, Text, page, position
from campaignsync.web.api.guard import Asking, Routes, connection_named, folders
from campaignsync.web.api.programs import csv_answer
from campaignsync.web.errands import ask
from campaignsync.web.installation import installation

routes = Routes("syncing")
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class ErrandError(Schema):
    """Why an errand could not be done."""

    code: str
    kind: str
    message: str


class Errand(Schema):
    """Something that was asked for and goes to Salesforce: queued, running, done, failed or died."""

    id: int
    kind: str
    asked: dict[str, Any]
    who: str
    state: str
    done: int
    of: int | None
    created_at: datetime
    ended_at: datetime | None
    result: dict[str, Any] | None
    error: ErrandError | None


class PlannedMember(Schema):
    """One row of a plan: who, what each side says and what was agreed, what becomes of them, and why."""

    number: int
    email: str | None
    name: str | None
    kind: str | None
    salesforce_id: str | None
    campaign_member_id: str | None
    agreed: str | None
    program: str | None
    campaign: str | None
    verdict: str
    becomes: str | None
    code: str | None
    reason: str | None


class OneConnection(Body):
    """Which connection, where the program is linked in several."""

    connection: Name | None = None


class WhatToSync(OneConnection):
    """With `digest` the plan that was read is carried out, or nothing; `allow_removals` lets a link go on once that was halted
    for them."""

    digest: Digest | None = None
    allow_removals: bool = False


class HowToSync(Body):
    """With `full` all of the org is read anew first, whatever was seen before."""

    full: bool = False


class WhichPlan(Body):
    """The plan that was read."""

    digest: Digest


class Run(Schema):
    """One run of a link."""

    run: int
    program: str
    folder: str
    connection: str
    why: str
    started_at: datetime
    ended_at: datetime | None
    died: bool
    report: dict[str, Any] | None


def errand(request: HttpRequest, kind: str, asked: Mapping[str, Any], folder: str | None) -> Status[Any]:
    """Ask for an errand, and answer with it."""
    given = {key: value for key, value in asked.items() if value is not None}
    number = ask(kind, given, who=cast("Asking", request).auth.name, folder=folder)
    return Status(202, installation().errands.one(number))


@routes.post("/programs/{program}/plan", Action.PLAN, Errand, status=202)
def plan_program(request: HttpRequest, program: Number, where: OneConnection) -> Any:
    """Plan what a sync would do, as the world is now. The errand's result has the counts and the digest; its rows are listed."""
    asking = cast("Asking", request)
    return errand(request, "plan", {"program": asking.program, **where.dict()}, asking.folder)


@routes.post("/programs/{program}/sync", Action.SYNC, Errand, status=202)
def sync_program(request: HttpRequest, program: Number, what: WhatToSync) -> Any:
    """Make both sides of a program's links the same; with a digest, carry out exactly the plan that was read."""
    asking = cast("Asking", request)
    return errand(request, "sync", {"program": asking.program, **what.dict()}, asking.folder)


@routes.post("/connections/{connection}/sync", Action.SYNC_ALL, Errand, status=202)
def sync_connection(request: HttpRequest, connection: Number, how: HowToSync | None = None) -> Any:
    """Make both sides of all links of a connection the same; with `full`, all of the org is read anew first."""
    asked = {"connection": connection_named(connection), **({"full": True} if how and how.full else {})}
    return errand(request, "sync", asked, None)


@routes.get("/errands", Action.SEE_RUNS, Page[Errand])
def list_errands(request: HttpRequest, cursor: Cursor, limit: Limit) -> Any:
    """List what was asked for in the last days, latest first."""
    found = installation().errands.list(
        folders(request, Action.SEE_RUNS), before=position(cursor, None), limit=limit + 1
    )
    return page(found, limit, key="id")


@routes.get("/errands/{number}", Action.SEE_RUNS, Errand)
def show_errand(request: HttpRequest, number: Number) -> Any:
    """Show an errand: its progress while it goes on, its result when it is done."""
    return _errand(request, number)


@routes.get("/errands/{number}/members", Action.SEE_MEMBERS, Page[PlannedMember])
def list_planned(
    request: HttpRequest,
    number: Number,
    verdict: Annotated[Text | None, Query(None, description="Only of one verdict, such as to campaign.")],
    search: Annotated[Text | None, Query(None, description="Part of an address or a name.")],
    cursor: Cursor,
    limit: Limit,
) -> Any:
    """List the rows of a plan."""
    _errand(request, number)
    table = installation().errands.table(number).filter(pl.col("number") > position(cursor, 0))
    if verdict:
        table = table.filter(pl.col("verdict") == verdict)
    table = searched(table, search or "")
    return page(table.head(limit + 1).to_dicts(), limit)


@routes.get("/errands/{number}/members.csv", Action.SEE_MEMBERS, None)
def export_planned(request: HttpRequest, number: Number) -> Any:
    """The rows of a plan as CSV that is safe to open in a spreadsheet."""
    _errand(request, number)
    return csv_answer(safe_csv(installation().errands.table(number)), "plan.csv")


def _errand(request: HttpRequest, number: int) -> dict[str, Any]:
    """An errand that whoever asks may see: one's own, those of programs in one's folders, or any with the right to all."""
    asking, found = cast("Asking", request), installation().errands.one(number)
    if found["who"] != asking.auth.name and not asking.auth.allows(Action.SEE_RUNS, found["folder"]):
        raise UsageError(f"There is no errand {number}.", code=NOT_THERE)
    return found


@routes.get("/runs", Action.SEE_RUNS, Page[Run])
def list_runs(
    request: HttpRequest,
    program: Annotated[Text | None, Query(None, description="A program's name.")],
    cursor: Cursor,
    limit: Limit,
) -> Any:
    """List runs of links, latest first."""
    found = installation().listings.runs(
        folders(request, Action.SEE_RUNS), program, before=position(cursor, None), limit=limit + 1
    )
    return page(found, limit, key="run")


@routes.get("/runs/{run}", Action.SEE_RUNS, Run)
def show_run(request: HttpRequest, run: Number) -> Any:
    """Show one run."""
    return _run(request, Action.SEE_RUNS, run)


@routes.post("/runs/{run}/undo-plan", Action.UNDO, Errand, status=202)
def plan_undo(request: HttpRequest, run: Number) -> Any:
    """Plan what taking back a run would do."""
    return errand(request, "undo plan", {"run": run}, _run(request, Action.UNDO, run)["folder"])


@routes.post("/runs/{run}/undo", Action.UNDO, Errand, status=202)
def undo_run(request: HttpRequest, run: Number, plan: WhichPlan) -> Any:
    """Take back a run, if its undo still is what was read. The link is halted afterwards."""
    folder = _run(request, Action.UNDO, run)["folder"]
    return errand(request, "undo", {"run": run, "digest": plan.digest}, folder)


def _run(request: HttpRequest, action: Action, run: int) -> dict[str, Any]:
    auth = cast("Asking", request).auth
    found = [
        each
        for each in installation().listings.runs(None, None, before=run + 1, limit=1)
        if each["run"] == run
    ]
    if not found or auth.role_in(found[0]["folder"]) is None:
        raise UsageError(f"There is no run {run}. List them with: GET /api/v1/runs", code=NOT_THERE)
    auth.require(action, found[0]["folder"])
    return found[0]
