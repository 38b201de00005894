"""Smart campaigns and lists of people: who is meant, what is done with them, when, and what came of it (M9, M10)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, cast

from django.http import HttpRequest
from ninja import Query, Schema, Status
from pydantic import Field

from campaignsync.domain.access import Action
from campaignsync.web.api.forms import LARGEST, Body, Cursor, Limit, Name, Page, Text, page, position
from campaignsync.web.api.guard import Asking, Routes
from campaignsync.web.api.syncing import Errand, errand
from campaignsync.web.installation import installation

routes = Routes("smart campaigns")


class SmartRow(Schema):
    """A smart campaign, and what goes on in it."""

    number: int
    name: str
    program: str | None
    kind: str
    state: str
    reason: str | None
    priority: int
    next_at: datetime | None
    changed_at: datetime | None
    in_flow: int
    went_through: int
    blocked: int
    failed: int


class Smart(SmartRow):
    """One with its definition, as docs/smart_campaigns.md tells its form, and what it names and is not there."""

    definition: dict[str, Any]
    faults: list[str]


class Definition(Body):
    """Triggers, filters, logic, flow, schedule: docs/smart_campaigns.md tells the form."""

    definition: dict[str, Any]


class Faults(Schema):
    """What a definition names and is not there."""

    faults: list[str]


class Filters(Body):
    """A smart list that nobody saved yet."""

    filters: Annotated[list[dict[str, Any]], Field(max_length=100)]
    logic: Text | None = None
    sample: Annotated[int, Field(ge=0, le=100)] = 10


class NewName(Body):
    """Another name."""

    name: Name


class OneBatch(Body):
    """One batch by its number; left out: everybody."""

    batch: Annotated[int, Field(ge=1, le=LARGEST)] | None = None


class People(Schema):
    """How many people."""

    people: int


class Emails(Body):
    """Who, by e-mail address."""

    emails: Annotated[list[Name], Field(min_length=1, max_length=1000)]


class Unknown(Schema):
    """The addresses that nobody here has."""

    unknown: list[str]


class ListRow(Schema):
    """A list of people."""

    number: int
    name: str
    people: int


@routes.get("/smart-campaigns", Action.SEE_AUTOMATION, Page[SmartRow])
def list_smart_campaigns(request: HttpRequest, cursor: Cursor, limit: Limit) -> Any:
    """List the smart campaigns, and what goes on in them."""
    found = installation().smart_campaigns.shelf.page(position(cursor, 0), limit + 1)
    return page(found, limit)


@routes.get("/smart-campaigns/{name}", Action.SEE_AUTOMATION, Smart)
def show_smart_campaign(request: HttpRequest, name: Name) -> Any:
    """Show a smart campaign: its definition, and what is wrong with it."""
    return installation().smart_campaigns.show(name)


@routes.put("/smart-campaigns/{name}", Action.CHANGE_AUTOMATION, Smart)
def save_smart_campaign(request: HttpRequest, name: Name, wanted: Definition) -> Any:
    """Make a smart campaign, or change it: who is in its flow goes on by the definition they began with."""
    smart = installation().smart_campaigns
    smart.save(name, wanted.definition, who=cast("Asking", request).auth.name)
    return smart.show(name.strip())


@routes.delete("/smart-campaigns/{name}", Action.CHANGE_AUTOMATION)
def delete_smart_campaign(request: HttpRequest, name: Name) -> Any:
    """Forget a smart campaign with its results; refused while people are in its flow."""
    installation().smart_campaigns.delete(name)
    return Status(204, None)


@routes.post("/smart-definitions/check", Action.SEE_AUTOMATION, Faults)
def check_smart_campaign(request: HttpRequest, wanted: Definition) -> Any:
    """Read a definition and say what is wrong with it, without saving it."""
    return {"faults": list(installation().smart_campaigns.check("", wanted.definition))}


@routes.post("/smart-lists/count", Action.SEE_AUTOMATION, dict[str, Any])
def count_smart_list(request: HttpRequest, wanted: Filters) -> Any:
    """Count whom filters find, and show some of them, before anything is saved."""
    return installation().smart_campaigns.count(wanted.filters, wanted.logic, sample=wanted.sample)


@routes.get("/smart-campaigns/{name}/preview", Action.SEE_AUTOMATION, dict[str, Any])
def preview_smart_campaign(request: HttpRequest, name: Name) -> Any:
    """Show who would qualify now and what would happen to them; nothing of it stays."""
    return installation().smart_campaigns.preview(name)


@routes.get("/smart-campaigns/{name}/results", Action.SEE_AUTOMATION, dict[str, Any])
def results_of_smart_campaign(request: HttpRequest, name: Name) -> Any:
    """What came of it: by step, state, batch, and why people were not let in."""
    return installation().smart_campaigns.results(name)


@routes.get("/smart-campaigns/{name}/people", Action.SEE_AUTOMATION, Page[dict[str, Any]])
def people_of_smart_campaign(
    request: HttpRequest,
    name: Name,
    email: Annotated[Text | None, Query(None)],
    outcome: Annotated[Text | None, Query(None, description="done, skipped, refused or failed.")],
    cursor: Cursor,
    limit: Limit,
) -> Any:
    """What became of each step for each person, latest first."""
    found = installation().smart_campaigns.people(
        name, email=email, outcome=outcome, before=position(cursor, None), limit=limit + 1
    )
    return page(found, limit)


@routes.get("/smart-campaigns/{name}/blocked", Action.SEE_AUTOMATION, Page[dict[str, Any]])
def blocked_by_smart_campaign(request: HttpRequest, name: Name, cursor: Cursor, limit: Limit) -> Any:
    """Who was found and not let in, and why, who was found last first."""
    found = installation().smart_campaigns.blocked(name, before=position(cursor, None), limit=limit + 1)
    return page(found, limit)


@routes.post("/smart-campaigns/{name}/activate", Action.CHANGE_AUTOMATION, Smart)
def activate_smart_campaign(request: HttpRequest, name: Name) -> Any:
    """Let a smart campaign listen to its triggers, or run by its schedule."""
    installation().smart_campaigns.activate(name)
    return installation().smart_campaigns.show(name)


@routes.post("/smart-campaigns/{name}/deactivate", Action.CHANGE_AUTOMATION, Smart)
def deactivate_smart_campaign(request: HttpRequest, name: Name) -> Any:
    """Take in nobody any more; who is in the flow goes on."""
    installation().smart_campaigns.deactivate(name)
    return installation().smart_campaigns.show(name)


@routes.post("/smart-campaigns/{name}/rename", Action.CHANGE_AUTOMATION, Smart)
def rename_smart_campaign(request: HttpRequest, name: Name, new: NewName) -> Any:
    """Call a smart campaign otherwise."""
    installation().smart_campaigns.rename(name, new.name)
    return installation().smart_campaigns.show(new.name.strip())


@routes.post("/smart-campaigns/{name}/abort", Action.CHANGE_AUTOMATION, People)
def abort_smart_campaign(request: HttpRequest, name: Name, which: OneBatch) -> Any:
    """Take everybody out of the flow; what was sent to Salesforce stays."""
    return {"people": installation().smart_campaigns.abort(name, batch=which.batch)}


@routes.post("/smart-campaigns/{name}/run", Action.CHANGE_AUTOMATION, Errand, status=202)
def run_smart_campaign(request: HttpRequest, name: Name) -> Any:
    """Run a batch now, whatever its schedule says, and do all that is due."""
    installation().smart_campaigns.show(name)
    return errand(request, "smart run", {"smart_campaign": name}, None)


@routes.get("/people-lists", Action.SEE_AUTOMATION, Page[ListRow])
def list_people_lists(request: HttpRequest, cursor: Cursor, limit: Limit) -> Any:
    """List the lists of people."""
    found = installation().smart_campaigns.shelf.page_of_lists(position(cursor, 0), limit + 1)
    return page(found, limit)


@routes.put("/people-lists/{name}", Action.CHANGE_AUTOMATION, Unknown)
def put_on_people_list(request: HttpRequest, name: Name, whom: Emails) -> Any:
    """Put people on a list, which is made where there is none."""
    shelf = installation().smart_campaigns.shelf
    if not shelf.lists(name.strip()):
        shelf.make_list(name)
    return {"unknown": list(shelf.put_on_list(name.strip(), whom.emails))}


@routes.delete("/people-lists/{name}", Action.CHANGE_AUTOMATION)
def delete_people_list(request: HttpRequest, name: Name) -> Any:
    """Forget a list; the people stay."""
    installation().smart_campaigns.shelf.drop_list(name)
    return Status(204, None)
