"""People: who they are, what they are in, and what is done for one of them at once."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, cast

from django.http import HttpRequest
from ninja import Query, Schema
from pydantic import Field

from campaignsync.domain.access import Action
from campaignsync.domain.errors import NOT_THERE, UsageError
from campaignsync.domain.fields import STANDARD_FIELDS, PersonField, typed
from campaignsync.web.api.forms import Body, Cursor, Limit, Name, Number, Page, Text, page, position
from campaignsync.web.api.guard import Asking, Routes
from campaignsync.web.api.history import JournalEntry
from campaignsync.web.api.syncing import Errand, errand
from campaignsync.web.installation import installation

routes = Routes("people")


class Record(Schema):
    """Which lead or contact somebody is in an org."""

    connection: str
    kind: str
    salesforce_id: str
    deleted: bool


class PersonRow(Schema):
    """Somebody in a list."""

    number: int
    our_id: str
    email: str | None
    first_name: str | None
    last_name: str | None
    company: str | None
    programs: int
    records: list[Record]


class CampaignOfPerson(Schema):
    """Where somebody is in Salesforce, by a program they are in."""

    connection: str
    campaign_id: str
    campaign_member_id: str | None
    status: str | None


class ProgramOfPerson(Schema):
    """A program that somebody is in."""

    program: str
    status: str
    member_since: datetime
    reached_success: datetime | None
    campaigns: list[CampaignOfPerson]


class ProblemOfPerson(Schema):
    """What is open for somebody."""

    connection: str
    code: str
    message: str


class Person(Schema):
    """All we know of somebody."""

    number: int
    our_id: str
    fields: dict[str, str | int | float | bool | None]
    custom: dict[str, Any]
    acquisition_program: str | None
    known_since: datetime
    records: list[Record]
    programs: list[ProgramOfPerson]
    problems: list[ProblemOfPerson]


class PersonChanges(Body):
    """Fields by name, as text; an empty text empties."""

    fields: Annotated[dict[Name, Text], Field(min_length=1, max_length=100)]


class WhichOrg(Body):
    """Which connection; needed only where there are several."""

    connection: Name | None = None


class Winner(Body):
    """The number of the person who stays."""

    winner: Number


@routes.get("/people", Action.SEE_PEOPLE, Page[PersonRow])
def list_people(
    request: HttpRequest,
    search: Annotated[
        Text | None, Query(None, description="Beginnings of words of a name, a company or an address.")
    ],
    connection: Annotated[Text | None, Query(None, description="Only who has a record there.")],
    deleted: Annotated[bool, Query(False, description="Only whose record was deleted there.")],
    cursor: Cursor,
    limit: Limit,
) -> Any:
    """List people, in the order in which we came to know them."""
    app = installation()
    org = app.registry.connection(connection).connection_id if connection else None
    after = position(cursor, 0)
    found = app.directory.list(search=search, connection=org, deleted=deleted, after=after, limit=limit + 1)
    return page(found, limit)


@routes.get("/people/{number}", Action.SEE_PEOPLE, Person)
def show_person(request: HttpRequest, number: Number) -> Any:
    """Show somebody: fields, records in Salesforce, programs and campaigns, problems."""
    return _person(number)


@routes.patch("/people/{number}", Action.CHANGE_PEOPLE, Person)
def change_person(request: HttpRequest, number: Number, changes: PersonChanges) -> Any:
    """Change fields of somebody; the next sync brings them to Salesforce (M7.4)."""
    app, _ = installation(), _person(number)
    orgs = [app.registry.person_fields(org.connection_id) for org in app.registry.connections()]
    known: dict[str, PersonField] = {field.name: field for each in (STANDARD_FIELDS, *orgs) for field in each}
    unknown = sorted(changes.fields.keys() - known.keys())
    if unknown:
        raise UsageError(f"There is no field '{unknown[0]}'. There are: {', '.join(known)}.")
    values = {known[name]: typed(known[name], text) for name, text in changes.fields.items()}
    app.directory.change(number, values, who=cast("Asking", request).auth.name)
    return _person(number)


@routes.post("/people/{number}/sync", Action.CHANGE_PEOPLE, Errand, status=202)
def sync_person(request: HttpRequest, number: Number, org: WhichOrg) -> Any:
    """Make sure that an org knows somebody: found, or made as a lead, even if deleted there before (M9.5)."""
    _person(number)
    connection = installation().registry.connection(org.connection).name
    return errand(request, "person sync", {"person": number, "connection": connection}, None)


@routes.post("/people/{number}/merge", Action.DELETE_PEOPLE, Person)
def merge_person(request: HttpRequest, number: Number, into: Winner) -> Any:
    """Merge somebody into another, who stays; refused where both have a record in one org (M7.8)."""
    _person(number), _person(into.winner)
    installation().directory.merge(number, into.winner, who=cast("Asking", request).auth.name)
    return _person(into.winner)


@routes.delete("/people/{number}", Action.DELETE_PEOPLE, Errand, status=202)
def delete_person(
    request: HttpRequest,
    number: Number,
    also_in_salesforce: Annotated[bool, Query(False, description="The lead or contact in every org, too.")],
) -> Any:
    """Delete somebody here, and with that from all programs and the campaigns that are linked with them (M7.10)."""
    _person(number)
    asked = {"person": number, "also_in_salesforce": also_in_salesforce}
    return errand(request, "person delete", asked, None)


@routes.get("/people/{number}/journal", Action.SEE_PEOPLE, Page[JournalEntry])
def journal_of_person(request: HttpRequest, number: Number, cursor: Cursor, limit: Limit) -> Any:
    """What happened to somebody, on either side, latest first."""
    _person(number)
    before = position(cursor, None)
    found = installation().listings.journal(None, {"person": number}, before=before, limit=limit + 1)
    return page(found, limit, key="id")


_APART = (
    "number",
    "our_id",
    "custom",
    "acquisition_program",
    "known_since",
    "records",
    "programs",
    "problems",
)


def _person(number: int) -> dict[str, Any]:
    directory = installation().directory
    found = directory.list(search=None, connection=None, deleted=False, after=number - 1, limit=1)
    if not found or found[0]["number"] != number:
        raise UsageError(
            f"There is nobody of number {number}. List people with: GET /api/v1/people", code=NOT_THERE
        )
    known = directory.show(number)
    fields = {name: value for name, value in known.items() if name not in _APART}
    return {**{name: known[name] for name in _APART}, "fields": fields}
