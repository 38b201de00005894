"""Programs, their period costs, and the people in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any, cast

from django.http import HttpRequest, HttpResponse
from ninja import Query, Schema, Status
from pydantic import Field

from campaignsync.domain.access import Action, folder_path
from campaignsync.domain.errors import CampaignsyncError, UsageError
from campaignsync.domain.member_fields import canonical, field_named
from campaignsync.domain.programs import DEFAULT_CURRENCY, PeriodCost, amount, month
from campaignsync.domain.registrants import read_registrants
from campaignsync.planner.explain import safe_csv
from campaignsync.store.listings import ProgramFilter
from campaignsync.web.api.forms import Body, Cursor, Email, Limit, Name, Number, Page, Text, page, position
from campaignsync.web.api.guard import Asking, Routes, folders
from campaignsync.web.installation import installation

routes = Routes("programs")
MOST_AT_ONCE = 1000
CSV_BODY = {"requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}}


class LinkOfProgram(Schema):
    """A link, as its program tells of it."""

    connection: str
    campaign_id: str
    state: str
    reason: str | None


class ProgramRow(Schema):
    """A program in a list."""

    number: int
    name: str
    folder: str
    channel: str
    start: date | None
    end: date | None
    tags: dict[str, str]
    links: list[LinkOfProgram]


class StatusCount(Schema):
    """How many members have a status."""

    status: str
    step: int
    success: bool
    members: int


class Cost(Schema):
    """The period cost of a month (M1.6)."""

    month: str
    amount: str
    currency: str
    note: str


class Program(ProgramRow):
    """One program with all that belongs to it."""

    program_type: str
    tokens: dict[str, str]
    costs: list[Cost]
    statuses: list[StatusCount]


class NewProgram(Body):
    """A program to be made."""

    name: Name
    channel: Name
    folder: Text = ""
    tags: dict[Name, Name] = {}
    tokens: dict[Name, Text] = {}
    start: date | None = None
    end: date | None = None


class ProgramChanges(Body):
    """What is to be changed; what is left out stays."""

    name: Name | None = None
    folder: Text | None = None
    start: date | None = None
    end: date | None = None
    tags: dict[Name, Name] | None = None
    tokens: dict[Name, Text] | None = None


class NewName(Body):
    """The name of a copy."""

    name: Name


class NewCost(Body):
    """What was spent in a month: an amount written with a point, such as 1200.00."""

    amount: Annotated[str, Field(max_length=40)]
    currency: Annotated[str, Field(min_length=3, max_length=3)] = DEFAULT_CURRENCY
    note: Text = ""


class WantedPrograms(Schema):
    """Which programs are meant; what is left out does not narrow."""

    folder: Annotated[Text | None, Field(description="This folder and all below it.")] = None
    channel: Text | None = None
    tag: Annotated[Text | None, Field(description="NAME, or NAME=VALUE.")] = None
    state: Annotated[Text | None, Field(description="Of a link, such as halted; or unlinked.")] = None
    search: Annotated[Text | None, Field(description="Part of a name.")] = None


@routes.get("/programs", Action.SEE_PROGRAMS, Page[ProgramRow])
def list_programs(request: HttpRequest, wanted: Query[WantedPrograms], cursor: Cursor, limit: Limit) -> Any:
    """List programs, in the order in which they were made."""
    name, equals, value = (wanted.tag or "").partition("=")
    narrowed = ProgramFilter(
        folders=folders(request, Action.SEE_PROGRAMS),
        folder=None if wanted.folder is None else folder_path(wanted.folder),
        channel=wanted.channel,
        tag=(name, value if equals else None) if wanted.tag else None,
        state=wanted.state,
        search=wanted.search,
    )
    found = installation().listings.programs(narrowed, after=position(cursor, 0), limit=limit + 1)
    return page(found, limit)


@routes.post("/programs", Action.CHANGE_PROGRAMS, Program, status=201)
def create_program(request: HttpRequest, new: NewProgram) -> Any:
    """Make a program."""
    asking, registry = cast("Asking", request), installation().registry
    folder, name = folder_path(new.folder), new.name.strip()
    asking.auth.require(Action.CHANGE_PROGRAMS, folder)
    if not name:
        raise UsageError("A program needs a name.")
    registry.create_program(name, new.channel, new.tags)
    dates = {"start_date": new.start, "end_date": new.end}
    kept = {"folder": folder, "tokens": new.tokens}
    registry.change_program(name, kept | {key: day for key, day in dates.items() if day})
    return Status(201, _program(name))


@routes.get("/programs/{program}", Action.SEE_PROGRAMS, Program)
def show_program(request: HttpRequest, program: Number) -> Any:
    """Show a program: its statuses with how many have them, its costs, tags and links."""
    return _program(cast("Asking", request).program)


@routes.patch("/programs/{program}", Action.CHANGE_PROGRAMS, Program)
def change_program(request: HttpRequest, program: Number, changes: ProgramChanges) -> Any:
    """Change a program's name, folder, dates, tags or tokens (all of them). Whoever moves it must be allowed to where it goes."""
    asking = cast("Asking", request)
    given = changes.dict(exclude_unset=True)
    if "folder" in given:
        given["folder"] = folder_path(given["folder"] or "")
        asking.auth.require(Action.CHANGE_PROGRAMS, given["folder"])
    if given.get("name") is not None:
        given["name"] = given["name"].strip() or asking.program
    else:
        given.pop("name", None)
    if (tags := given.pop("tags", None)) is not None:
        installation().registry.set_tags(asking.program, tags)
    renamed = {"start": "start_date", "end": "end_date"}
    installation().registry.change_program(
        asking.program, {renamed.get(key, key): value for key, value in given.items()}
    )
    return _program(given.get("name", asking.program))


@routes.delete("/programs/{program}", Action.DELETE_PROGRAMS)
def delete_program(request: HttpRequest, program: Number) -> Any:
    """Delete a program with its memberships and its link; the campaign in Salesforce stays as it is (M2.5)."""
    installation().registry.delete_program(cast("Asking", request).program)
    return Status(204, None)


@routes.post("/programs/{program}/clone", Action.CHANGE_PROGRAMS, Program, status=201)
def clone_program(request: HttpRequest, program: Number, new: NewName) -> Any:
    """Make a program of the same channel, tags and folder, without members, costs and link (M2.5)."""
    installation().registry.clone_program(cast("Asking", request).program, new.name.strip())
    return Status(201, _program(new.name.strip()))


@routes.put("/programs/{program}/costs/{month_of}", Action.CHANGE_PROGRAMS, list[Cost])
def set_cost(request: HttpRequest, program: Number, month_of: Text, cost: NewCost) -> Any:
    """Set the period cost of a month, written as YYYY-MM; all costs of the program."""
    name, registry = cast("Asking", request).program, installation().registry
    made = PeriodCost(
        month=month(month_of), amount=amount(cost.amount), currency=cost.currency.upper(), note=cost.note
    )
    registry.set_cost(name, made)
    return registry.program(name)["costs"]


@routes.delete("/programs/{program}/costs/{month_of}", Action.CHANGE_PROGRAMS)
def remove_cost(request: HttpRequest, program: Number, month_of: Text) -> Any:
    """Remove the period cost of a month, written as YYYY-MM."""
    installation().registry.remove_cost(cast("Asking", request).program, month(month_of))
    return Status(204, None)


def _program(name: str) -> dict[str, Any]:
    app = installation()
    return {**app.registry.program(name), "number": app.listings.number_of(name)}


class RecordOfPerson(Schema):
    """Which lead or contact somebody is in an org."""

    connection: str
    kind: str
    salesforce_id: str


class MemberRow(Schema):
    """A member of a program; `number` is the person's."""

    number: int
    our_id: str
    email: str | None
    first_name: str | None
    last_name: str | None
    company: str | None
    status: str
    member_since: datetime
    reached_success: datetime | None
    custom: dict[str, str]
    records: list[RecordOfPerson]


class MemberChange(Body):
    """What is to become of one member; whoever is none yet needs a status."""

    email: Email
    status: Name | None = None
    fields: dict[Name, Text] = {}
    override: bool = False


class MemberChanges(Body):
    """Many at once, each by itself."""

    members: Annotated[list[MemberChange], Field(min_length=1, max_length=MOST_AT_ONCE)]


class Emails(Body):
    """Whom it is about."""

    emails: Annotated[list[Email], Field(min_length=1, max_length=MOST_AT_ONCE)]


class MemberOutcome(Schema):
    """What became of one: the status they had before (null: they were none), the one they have, or why nothing became."""

    email: str
    before: str | None = None
    status: str | None = None
    code: str | None = None
    error: str | None = None


class Fault(Schema):
    """A line that was left out, or one of its cells."""

    line: int
    reason: str


class Imported(Schema):
    """What a file brought in."""

    rows: int
    joined: int
    added: int
    moved: int
    unchanged: int
    skipped_back: int
    new_people: int
    refused: list[Fault]
    refused_cells: list[Fault]
    ignored_columns: list[str]


@routes.get("/programs/{program}/members", Action.SEE_MEMBERS, Page[MemberRow])
def list_members(
    request: HttpRequest,
    program: Number,
    status: Annotated[Text | None, Query(None)],
    email: Annotated[Text | None, Query(None, description="How an address begins.")],
    cursor: Cursor,
    limit: Limit,
) -> Any:
    """List members of a program, in the order in which we came to know them."""
    found = installation().listings.members(
        cast("Asking", request).program,
        after=position(cursor, 0),
        limit=limit + 1,
        status=status,
        email=email,
    )
    return page(found, limit)


@routes.post("/programs/{program}/members", Action.CHANGE_MEMBERS, list[MemberOutcome])
def set_members(request: HttpRequest, program: Number, changes: MemberChanges) -> Any:
    """Give people a status or values of member fields, making them members where they are none; each by itself (M2.3)."""
    asking = cast("Asking", request)
    return [_outcome(asking, change) for change in changes.members]


def _outcome(asking: Asking, change: MemberChange) -> dict[str, Any]:
    app, done = installation(), {"email": change.email}
    try:
        if not (change.status or change.fields):
            raise UsageError("Nothing to set: give a status, fields or both.")
        if change.status:
            before = app.members.set_status(
                asking.program, change.email, change.status, who=asking.auth.name, override=change.override
            )
            done |= {"before": "" if before == "added" else before, "status": change.status}
        if change.fields:
            app.members.set_fields(asking.program, change.email, _values(change.fields), who=asking.auth.name)
    except CampaignsyncError as error:
        return {"email": change.email, "code": error.code, "error": str(error)}
    return {**done, "before": done.get("before") or None}


def _values(given: Mapping[str, str]) -> dict[str, str | None]:
    known = installation().member_fields.list()
    fields = {field_named(name, known): text for name, text in given.items()}
    return {field.name: canonical(field.kind, text) for field, text in fields.items()}


@routes.post("/programs/{program}/members/remove", Action.CHANGE_MEMBERS, list[MemberOutcome])
def remove_members(request: HttpRequest, program: Number, whom: Emails) -> Any:
    """Take people out of a program, each by itself."""
    asking, told = cast("Asking", request), []
    for email in whom.emails:
        try:
            installation().members.remove(asking.program, email, who=asking.auth.name)
            told.append({"email": email})
        except CampaignsyncError as error:
            told.append({"email": email, "code": error.code, "error": str(error)})
    return told


@routes.post("/programs/{program}/members/import", Action.CHANGE_MEMBERS, Imported, openapi_extra=CSV_BODY)
def import_members(
    request: HttpRequest,
    program: Number,
    status: Annotated[
        Text | None, Query(None, description="What everybody gets who is not further already.")
    ],
    update: Annotated[bool, Query(False, description="Overwrite fields, not only fill empty ones.")],
) -> Any:
    """Bring in the people of a CSV file, which is the body; broken lines are named with their reasons (M2.4)."""
    asking, app = cast("Asking", request), installation()
    if request.content_type != "text/csv":
        raise UsageError("Send the file as the body, with the content type text/csv.", code="WRONG_REQUEST")
    channel, fields = app.registry.program_channel(asking.program), app.member_fields.list()
    read = read_registrants(asking.table, channel=channel, status=status, fields=fields)
    done = app.members.import_people(asking.program, read.people, who=asking.auth.name, update=update)
    return {
        "rows": read.rows,
        "joined": read.joined,
        **asdict(done),
        "refused": [asdict(row) for row in read.refused],
        "refused_cells": [asdict(cell) for cell in read.refused_cells],
        "ignored_columns": list(read.ignored_columns),
    }


@routes.get("/programs/{program}/members.csv", Action.SEE_MEMBERS, None)
def export_members(request: HttpRequest, program: Number) -> Any:
    """All members as CSV that is safe to open in a spreadsheet."""
    return csv_answer(
        safe_csv(installation().listings.exported_members(cast("Asking", request).program)), "members.csv"
    )


def csv_answer(text: str, name: str) -> HttpResponse:
    """A file of CSV."""
    return HttpResponse(
        text,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
