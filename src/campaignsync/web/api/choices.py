"""What is chosen for an org and for a channel: how leads are made, fields of members, statuses; what people were told."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Schema
from pydantic import Field

from campaignsync.domain.access import Action
from campaignsync.domain.ids import ConnectionId
from campaignsync.domain.people import DuplicateRule
from campaignsync.domain.statuses import ProgressionStatus
from campaignsync.runtime.notices import attempt, trial
from campaignsync.web.api.forms import Body, Cursor, Limit, Name, Number, Page, Text, page, position
from campaignsync.web.api.guard import Routes, connection_named
from campaignsync.web.api.settings import ChannelRow, StatusOfChannel
from campaignsync.web.api.syncing import Errand, errand
from campaignsync.web.installation import installation

routes = Routes("settings")


class LeadRules(Body):
    """How leads are made in an org (M7.2, M7.6, M7.11); what is left out stays, an empty text empties."""

    default_last_name: Annotated[str, Field(max_length=80)] | None = None
    default_company: Annotated[str, Field(max_length=255)] | None = None
    duplicate_rule: DuplicateRule | None = None
    assignment: Annotated[str, Field(max_length=40)] | None = None
    external_id_field: Annotated[str, Field(max_length=200)] | None = None


class MemberMapping(Schema):
    """A member field and the field of CampaignMember it is kept the same with; `off` says why it no longer is."""

    name: str
    kind: str
    salesforce_field: str
    off: str | None


class MemberMappingWish(Body):
    """Which member field, and which custom field of CampaignMember."""

    name: Name
    salesforce_field: Name


class KeptStatus(StatusOfChannel):
    """A status as it shall be; `was` is its name so far, where it is renamed."""

    was: Name | None = None


class Statuses(Body):
    """All statuses that a channel shall have."""

    statuses: Annotated[list[KeptStatus], Field(min_length=1, max_length=100)]


class NoticeRow(Schema):
    """Something that people were told, by which ways, and why not by others."""

    id: int
    at: datetime
    connection: str
    program: str | None
    event: str
    code: str
    message: str
    sent: list[str]
    settled_at: datetime | None
    due_at: datetime | None
    error: str | None


class Trial(Schema):
    """What came of a trial of one way to tell people."""

    way: str
    error: Text | None


@routes.patch("/connections/{connection}/lead-rules", Action.CHANGE_SETTINGS, Errand, status=202)
def change_lead_rules(request: HttpRequest, connection: Number, rules: LeadRules) -> Any:
    """Choose how leads are made in an org; the org is asked whether it has what is named (M7.2, M7.6, M7.11)."""
    chosen = {name: str(value) for name, value in rules.dict().items() if value is not None}
    asked = {"connection": connection_named(connection), "rules": chosen}
    return errand(request, "lead rules", asked, None)


@routes.get("/connections/{connection}/member-fields", Action.SEE_SETTINGS, list[MemberMapping])
def list_member_mappings(request: HttpRequest, connection: Number) -> Any:
    """List the member fields that are kept the same with fields of an org (M6.8)."""
    connection_named(connection)
    return [
        {**asdict(each.field), "salesforce_field": each.salesforce_field, "off": each.off}
        for each in installation().member_fields.mappings(ConnectionId(connection))
    ]


@routes.post("/connections/{connection}/member-fields", Action.CHANGE_SETTINGS, Errand, status=202)
def map_member_field(request: HttpRequest, connection: Number, wish: MemberMappingWish) -> Any:
    """Keep a member field the same with a custom field of CampaignMember, both ways (M6.8)."""
    asked = {"connection": connection_named(connection), **wish.dict()}
    return errand(request, "map member field", asked, None)


@routes.delete("/connections/{connection}/member-fields/{name}", Action.CHANGE_SETTINGS, Errand, status=202)
def unmap_member_field(request: HttpRequest, connection: Number, name: Name) -> Any:
    """Keep a member field the same no more; values stay on both sides."""
    return errand(
        request, "unmap member field", {"connection": connection_named(connection), "name": name}, None
    )


@routes.put("/channels/{name}/statuses", Action.CHANGE_SETTINGS, ChannelRow)
def change_statuses(request: HttpRequest, name: Name, wished: Statuses) -> Any:
    """Give a channel exactly these statuses; one that members carry cannot go, and nobody's past success changes (M2.7)."""
    registry = installation().registry
    statuses = tuple(
        ProgressionStatus(name=each.name, step=each.step, success=each.success) for each in wished.statuses
    )
    known = registry.channel(name)
    renamed = {each.was: each.name for each in wished.statuses if each.was and each.was != each.name}
    registry.change_channel(replace(known, statuses=statuses), renamed)
    return asdict(registry.channel(name))


@routes.get("/notices", Action.CHANGE_SETTINGS, Page[NoticeRow])
def list_notices(request: HttpRequest, cursor: Cursor, limit: Limit) -> Any:
    """List what people were told, latest first: rounds that failed, links that wait, very many problems; and when that was
    over."""
    found = installation().outbox.list(before=position(cursor, None), limit=limit + 1)
    return page(found[::-1], limit, key="id")


@routes.post("/notices/trial", Action.CHANGE_SETTINGS, list[Trial])
def try_notices(request: HttpRequest) -> Any:
    """Send a notice now by every way that is set up."""
    notice = trial()
    return [{"way": each.name, "error": attempt(each, notice)} for each in installation().outlets]
