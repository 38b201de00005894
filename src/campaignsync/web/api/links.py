"""Links: pairing programs with campaigns, what labels mean, how a link decides, letting a halted one go on."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, cast

from django.http import HttpRequest
from ninja import Query, Schema, Status
from pydantic import Field, model_validator

from campaignsync.domain.access import Action
from campaignsync.domain.errors import HaltError
from campaignsync.domain.links import Approval, FieldEdit, LinkState, Removal, StepBack, Winner
from campaignsync.web.api.forms import Body, Cursor, Limit, Name, Number, Page, page, position
from campaignsync.web.api.guard import Asking, Routes, connection_named, folders
from campaignsync.web.api.syncing import Errand, errand
from campaignsync.web.installation import installation

routes = Routes("links")
Labels = Annotated[dict[Name, Name], Field(max_length=200)]


class Link(Schema):
    """A program and a campaign that are kept the same, and what was chosen for the two."""

    number: int
    program: str
    program_number: int
    folder: str
    connection: str
    connection_number: int
    campaign_id: str
    campaign: str | None
    state: LinkState
    reason: str | None
    winner: Winner
    step_back: StepBack
    removed_in_program: Removal
    removed_in_campaign: Removal
    field_edit: FieldEdit
    approval: Approval
    removal_share: float
    removal_number: int
    linked_at: datetime
    changed_since: datetime | None
    last_run: datetime | None
    last_report: dict[str, Any] | None


class Wish(Body):
    """What to link with: `campaign`, the id of one that is there, or `create`, the name of a new one. The ways out of labels that
    do not fit: `create_statuses` in Salesforce, or `mapped`, which label means which status (M4.4)."""

    connection: Name | None = None
    campaign: Annotated[str | None, Field(max_length=18)] = None
    create: Annotated[str | None, Field(max_length=255)] = None
    create_statuses: bool = False
    mapped: Labels = {}

    @model_validator(mode="after")
    def _one_of_two(self) -> Wish:
        if bool(self.campaign) == bool(self.create):
            raise ValueError("say which: campaign, or create")
        return self


class LabelWishes(Body):
    """Which labels mean what from now on; nothing given: only look."""

    map: Labels = {}
    unmap: Annotated[list[Name], Field(max_length=200)] = []
    write: Annotated[list[Name], Field(max_length=200)] = []
    create_statuses: bool = False


class Policy(Body):
    """How a link decides; what is left out stays."""

    winner: Winner | None = None
    step_back: StepBack | None = None
    removed_in_program: Removal | None = None
    removed_in_campaign: Removal | None = None
    field_edit: FieldEdit | None = None
    approval: Approval | None = None


@routes.get("/links", Action.SEE_LINKS, Page[Link])
def list_links(
    request: HttpRequest,
    state: Annotated[LinkState | None, Query(None)],
    cursor: Cursor,
    limit: Limit,
) -> Any:
    """List links, in the order in which they were made."""
    found = installation().listings.links(
        folders(request, Action.SEE_LINKS),
        program=None,
        state=state.value if state else None,
        after=position(cursor, 0),
        limit=limit + 1,
    )
    return page(found, limit)


@routes.get("/programs/{program}/links", Action.SEE_LINKS, list[Link])
def links_of_program(request: HttpRequest, program: Number) -> Any:
    """The links of a program, one a connection at the most (M4.1)."""
    name = cast("Asking", request).program
    return installation().listings.links(None, program=name, state=None, after=0, limit=1000)


@routes.post("/programs/{program}/links", Action.CHANGE_LINKS, Errand, status=202)
def create_link(request: HttpRequest, program: Number, wish: Wish) -> Any:
    """Link a program with a campaign. Nothing is synced yet: plan first."""
    asking = cast("Asking", request)
    return errand(request, "link", {"program": asking.program, **_given(wish)}, asking.folder)


@routes.post("/programs/{program}/links/preview", Action.CHANGE_LINKS, Errand, status=202)
def preview_link(request: HttpRequest, program: Number, wish: Wish) -> Any:
    """Show what fits and the plan that a link would begin with; nothing of it is kept (M4.5)."""
    asking = cast("Asking", request)
    return errand(request, "link preview", {"program": asking.program, **_given(wish)}, asking.folder)


def _given(wish: Wish) -> dict[str, Any]:
    connection = installation().registry.connection(wish.connection)
    return {**wish.dict(), "connection": connection.name}


@routes.post("/programs/{program}/links/{connection}/labels", Action.CHANGE_LINKS, Errand, status=202)
def change_labels(request: HttpRequest, program: Number, connection: Number, wishes: LabelWishes) -> Any:
    """Look at what the labels of a linked campaign mean and who carries them, and change what they mean (M4.4)."""
    asking = cast("Asking", request)
    asked = {"program": asking.program, "connection": connection_named(connection), **wishes.dict()}
    return errand(request, "labels", asked, asking.folder)


@routes.patch("/programs/{program}/links/{connection}/policy", Action.CHANGE_LINKS, Link)
def change_policy(request: HttpRequest, program: Number, connection: Number, policy: Policy) -> Any:
    """Choose how a link decides (M6)."""
    asking, app = cast("Asking", request), installation()
    link, _ = app.registry.link_of(asking.program, connection_named(connection))
    chosen = {name: value.value for name, value in policy.dict().items() if value is not None}
    if chosen:
        app.registry.set_policy(link, chosen)
    return _link(asking.program, connection)


@routes.post("/programs/{program}/links/{connection}/resume", Action.CHANGE_LINKS, Link)
def resume_link(request: HttpRequest, program: Number, connection: Number) -> Any:
    """Let a halted link go on at the next sync, once (M6.6)."""
    asking, app = cast("Asking", request), installation()
    link, _ = app.registry.link_of(asking.program, connection_named(connection))
    facts = app.ledger.link(link)
    if facts.state is not LinkState.HALTED:
        raise HaltError(
            f"The link of '{asking.program}' is {facts.state}, not halted. {facts.reason or ''}".strip()
        )
    app.registry.resume(link)
    return _link(asking.program, connection)


@routes.delete("/programs/{program}/links/{connection}", Action.CHANGE_LINKS)
def delete_link(request: HttpRequest, program: Number, connection: Number) -> Any:
    """End a link; both lists stay as they are (M4.7)."""
    app = installation()
    link, _ = app.registry.link_of(cast("Asking", request).program, connection_named(connection))
    app.registry.unlink(link)
    return Status(204, None)


def _link(program: str, connection: int) -> dict[str, Any]:
    found = installation().listings.links(None, program=program, state=None, after=0, limit=1000)
    return next(each for each in found if each["connection_number"] == connection)
