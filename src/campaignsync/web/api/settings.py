"""What is set up: channels, connections and their fields, member fields, the configuration as one document."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Annotated, Any, cast

from django.http import HttpRequest
from ninja import Query, Schema, Status
from pydantic import Field

from campaignsync.domain.access import Action
from campaignsync.domain.budget import pause, pause_text
from campaignsync.domain.configuration import Difference, checked
from campaignsync.domain.connections import LOGIN_FIELDS, Connection, Login
from campaignsync.domain.errors import ALREADY_THERE, UsageError
from campaignsync.domain.fields import FieldDirection, FieldWinner, ValueKind
from campaignsync.domain.ids import ConnectionId
from campaignsync.domain.member_fields import FieldKind, MemberField
from campaignsync.domain.mirror_filter import MirrorFilter, names
from campaignsync.domain.programs import currency_code, rate
from campaignsync.domain.registrants import require_free_name
from campaignsync.domain.statuses import Channel, ProgressionStatus
from campaignsync.runtime.configuring import Configuring
from campaignsync.web.api.forms import Body, Cursor, Limit, Name, Number, Page, Text, page, position
from campaignsync.web.api.guard import Asking, Routes, connection_named
from campaignsync.web.api.syncing import Errand, errand
from campaignsync.web.installation import installation

routes = Routes("settings")


class StatusOfChannel(Body):
    """A progression status (M1.2)."""

    name: Name
    step: Annotated[int, Field(ge=0, le=1_000_000)]
    success: bool = False


class ChannelRow(Schema):
    """A channel with its statuses in the order of their steps (M1.1)."""

    name: str
    program_type: str
    campaign_type: str | None
    statuses: list[StatusOfChannel]


class NewChannel(Body):
    """A channel to be made."""

    name: Name
    program_type: Text = "default"
    campaign_type: Name | None = None
    statuses: Annotated[list[StatusOfChannel], Field(min_length=1, max_length=100)]


class Alias(Body):
    """What Campaign.Type shall say instead of the channel's name (M5.1)."""

    campaign_type: Name


class MirrorFilterBody(Body):
    """Which campaigns of an org are mirrored; linked ones always are (M3.4). Record types are named by their API names."""

    active_only: bool = False
    types: Annotated[list[Name], Field(max_length=50)] = []
    record_types: Annotated[list[Name], Field(max_length=50)] = []
    created_since: date | None = None

    def chosen(self) -> MirrorFilter:
        """The filter as it is kept."""
        return MirrorFilter(
            active_only=self.active_only,
            types=names(self.types, "type"),
            record_types=names(self.record_types, "record type"),
            created_since=self.created_since,
        )


class ConnectionRow(Schema):
    """A connection, without its secrets; with its schedule and its budget of API calls."""

    number: int
    name: str
    url: str
    user: str
    organization_id: str
    campaign_sync: bool
    default_last_name: str | None
    default_company: str | None
    duplicate_rule: str
    assignment: str
    external_id_field: str | None
    mirror_filter: MirrorFilterBody
    every: str | None
    last_round: datetime | None
    next_round: datetime | None
    calls_used: int
    daily_calls: int | None
    reserve: int | None
    pace: str
    paced: str | None


class ConnectionChanges(Body):
    """What is to be changed; what is left out stays. `every` is such as 5m, 2h or off; 0 daily calls: as many as it takes; of the
    org's own calls, `reserve` are kept for others."""

    campaign_sync: bool | None = None
    every: Annotated[str, Field(max_length=10)] | None = None
    daily_calls: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    reserve: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    currency: Annotated[str, Field(min_length=3, max_length=3)] | None = None
    rates: Annotated[dict[str, str], Field(max_length=200)] = {}
    mirror_filter: MirrorFilterBody | None = None


class NewConnection(Body):
    """An org and how to log in to it: what is given of the credentials says which way (docs/first_steps.md)."""

    name: Name
    url: Annotated[str, Field(min_length=1, max_length=500, pattern=r"^https?://")]
    campaign_sync: bool = False
    client_id: Text | None = None
    client_secret: Text | None = None
    username: Text | None = None
    password: Text | None = None
    refresh_token: Text | None = None
    private_key: Annotated[str, Field(max_length=20_000)] | None = None

    def login(self) -> Login:
        """The way to log in that these credentials are for; UsageError for what is missing."""
        given = {name: value for name in _CREDENTIALS if (value := getattr(self, name))}
        ways = list(LOGIN_FIELDS.items())
        method, wanted = next((each for each in ways if each[1][0] in given), ways[-1])
        missing = [name for name in wanted if name not in given]
        if missing:
            raise UsageError(f"For a login by {method}, {' and '.join(missing)} must be given as well.")
        fields = {name: given[name] for name in wanted}
        return Login(method=method, login_url=self.url.rstrip("/"), fields=fields)


_CREDENTIALS = ("client_id", "client_secret", "username", "password", "refresh_token", "private_key")


class CampaignRow(Schema):
    """A campaign as last seen, whether its members are mirrored (M3.4), and the program it is linked with."""

    number: int
    id: str
    name: str | None
    type: str | None
    is_active: bool | None
    mirrored: bool
    program: str | None


class FieldRow(Schema):
    """A field of people: which field of a lead and of a contact it is, which way it goes, who wins (M7.4)."""

    name: str
    kind: ValueKind
    lead: str | None
    contact: str | None
    direction: FieldDirection
    winner: FieldWinner


class FieldWish(Body):
    """What is chosen for a field; what is left out stays. An empty lead or contact: none."""

    field: Name
    lead: Annotated[str, Field(max_length=200)] | None = None
    contact: Annotated[str, Field(max_length=200)] | None = None
    direction: FieldDirection | None = None
    winner: FieldWinner | None = None


class MemberFieldRow(Schema):
    """A field that members may have a value of (M6.8)."""

    name: str
    kind: FieldKind


class NewMemberField(Body):
    """A field to be made."""

    name: Name
    kind: FieldKind = FieldKind.TEXT


class Wished(Body):
    """A configuration as `GET /configuration` gives it, whole or in part; `prune` takes away what stands in no list of it."""

    document: dict[str, Any]
    prune: bool = False


class Change(Schema):
    """One entry that is or would be changed."""

    path: list[str]
    old: Any
    new: Any
    removes: bool


@routes.get("/channels", Action.SEE_SETTINGS, list[ChannelRow])
def list_channels(request: HttpRequest) -> Any:
    """List the channels with their statuses."""
    return [asdict(each) for each in installation().registry.channels()]


@routes.post("/channels", Action.CHANGE_SETTINGS, ChannelRow, status=201)
def create_channel(request: HttpRequest, channel: NewChannel) -> Any:
    """Make a channel."""
    statuses = tuple(ProgressionStatus(**status.dict()) for status in channel.statuses)
    made = Channel(
        name=channel.name,
        program_type=channel.program_type,
        campaign_type=channel.campaign_type,
        statuses=statuses,
    )
    if not installation().registry.add_channels([made]):
        raise UsageError(f"There is a channel '{channel.name}' already.", code=ALREADY_THERE)
    return Status(201, asdict(made))


@routes.patch("/channels/{name}", Action.CHANGE_SETTINGS, ChannelRow)
def change_channel(request: HttpRequest, name: Name, alias: Alias) -> Any:
    """Say what Campaign.Type shall get instead of a channel's name."""
    registry = installation().registry
    made = replace(registry.channel(name), campaign_type=alias.campaign_type)  # Refused where it is too long.
    registry.set_alias(name, alias.campaign_type)
    return asdict(made)


@routes.get("/connections", Action.SEE_SETTINGS, list[ConnectionRow])
def list_connections(request: HttpRequest) -> Any:
    """List the connections."""
    return [_connection(each) for each in installation().registry.connections()]


@routes.post("/connections", Action.CHANGE_SETTINGS, ConnectionRow, status=201)
def connect(request: HttpRequest, org: NewConnection) -> Any:
    """Connect an org, or give the credentials of one anew. The login is tried before anything is kept (M3.1)."""
    app, login = installation(), org.login()
    door = app.new_door(login)
    user = door.sync_user()
    app.registry.save_connection(
        org.name, login, instance_url=door.instance_url, campaign_sync=org.campaign_sync, user=user
    )
    return Status(201, _connection(app.registry.connection(org.name)))


@routes.get("/connections/{connection}", Action.SEE_SETTINGS, ConnectionRow)
def show_connection(request: HttpRequest, connection: Number) -> Any:
    """Show a connection."""
    return _connection(installation().registry.connection(connection_named(connection)))


@routes.patch("/connections/{connection}", Action.CHANGE_SETTINGS, ConnectionRow)
def change_connection(request: HttpRequest, connection: Number, changes: ConnectionChanges) -> Any:
    """Switch campaign sync on or off; choose how often, how many API calls, and what currencies are worth (M3.1, M5.2)."""
    registry, name = installation().registry, connection_named(connection)
    known = registry.connection(name)
    if changes.campaign_sync is not None:
        registry.save_connection(
            name,
            registry.login(known.connection_id),
            instance_url=known.instance_url,
            campaign_sync=changes.campaign_sync,
            user=known.user,
        )
    pace: dict[str, int | None] = {}
    if changes.every is not None:
        wait = pause(changes.every)
        pace["every_s"] = int(wait.total_seconds()) if wait else None
    if changes.daily_calls is not None:
        pace["daily_calls"] = changes.daily_calls or None
    if changes.reserve is not None:
        pace["reserve"] = changes.reserve or None
    if pace:
        registry.set_pace(known.connection_id, pace)
    if changes.currency or changes.rates:
        own = currency_code(changes.currency) if changes.currency else None
        rates = dict(rate(f"{each}={worth}") for each, worth in changes.rates.items())
        registry.set_currency(known.connection_id, own, rates)
    if changes.mirror_filter:
        registry.set_mirror_filter(known.connection_id, changes.mirror_filter.chosen())
        installation().jobs.wake(known.connection_id, hurry=True)
    return _connection(registry.connection(name))


def _connection(known: Connection) -> dict[str, Any]:
    budget = installation().ledger.budget(known.connection_id)
    return {
        "number": known.connection_id,
        "name": known.name,
        "url": known.instance_url,
        "user": known.user.username,
        "organization_id": known.user.organization_id,
        "campaign_sync": known.campaign_sync,
        **asdict(known.leads),
        "mirror_filter": known.mirror_filter.value(),
        "every": pause_text(budget.every),
        "last_round": budget.round_at,
        "next_round": budget.next_round,
        "calls_used": budget.used,
        "daily_calls": budget.daily_calls,
        "reserve": budget.reserve,
        "pace": budget.pace.words,
        "paced": budget.said,
    }


@routes.post("/connections/{connection}/doctor", Action.CHECK_CONNECTIONS, Errand, status=202)
def examine_connection(request: HttpRequest, connection: Number) -> Any:
    """Find out why no campaigns are seen, in the order an admin would look (M3.3)."""
    return errand(request, "doctor", {"connection": connection_named(connection)}, None)


@routes.post("/connections/{connection}/look", Action.CHECK_CONNECTIONS, Errand, status=202)
def look_at_connection(request: HttpRequest, connection: Number) -> Any:
    """Look at an org, so that its campaigns are listed as they are now."""
    return errand(request, "look", {"connection": connection_named(connection)}, None)


@routes.get("/connections/{connection}/campaigns", Action.SEE_SETTINGS, Page[CampaignRow])
def list_campaigns(
    request: HttpRequest,
    connection: Number,
    search: Annotated[Text | None, Query(None, description="Part of a name, or an id.")],
    cursor: Cursor,
    limit: Limit,
) -> Any:
    """List the campaigns of an org as last seen."""
    connection_named(connection)
    found = installation().listings.campaigns(
        ConnectionId(connection), search=search, after=position(cursor, 0), limit=limit + 1
    )
    return page(found, limit)


@routes.get("/connections/{connection}/fields", Action.SEE_SETTINGS, list[FieldRow])
def list_fields(request: HttpRequest, connection: Number) -> Any:
    """List the fields of people with their mapping in an org (M11)."""
    connection_named(connection)
    return [asdict(each) for each in installation().registry.person_fields(ConnectionId(connection))]


@routes.post("/connections/{connection}/fields", Action.CHANGE_SETTINGS, Errand, status=202)
def map_field(request: HttpRequest, connection: Number, wish: FieldWish) -> Any:
    """Map a field of people, or choose how it goes; a new name makes a custom field (M7.4, M7.5)."""
    return errand(request, "map field", {"connection": connection_named(connection), **wish.dict()}, None)


@routes.get("/member-fields", Action.SEE_SETTINGS, list[MemberFieldRow])
def list_member_fields(request: HttpRequest) -> Any:
    """List the fields that members may have."""
    return [asdict(each) for each in installation().member_fields.list()]


@routes.post("/member-fields", Action.CHANGE_SETTINGS, MemberFieldRow, status=201)
def add_member_field(request: HttpRequest, field: NewMemberField) -> Any:
    """Make a field that members may have a value of."""
    made = MemberField(name=field.name.strip(), kind=field.kind)
    if not made.name or "=" in made.name:
        raise UsageError("A field needs a name, and one without an equals sign.")
    require_free_name(made.name)
    installation().member_fields.add(made)
    return Status(201, asdict(made))


@routes.delete("/member-fields/{name}", Action.CHANGE_SETTINGS)
def remove_member_field(request: HttpRequest, name: Name) -> Any:
    """Forget a field with all its values here; refused while it is mapped."""
    installation().member_fields.remove(name, who=cast("Asking", request).auth.name)
    return Status(204, None)


@routes.get("/configuration", Action.CONFIGURE, dict[str, Any])
def show_configuration(request: HttpRequest) -> Any:
    """The configuration as one document, without secrets and people."""
    return installation().configurations.read()


@routes.post("/configuration/plan", Action.CONFIGURE, list[Change])
def plan_configuration(request: HttpRequest, wished: Wished) -> Any:
    """Show what applying a document would change."""
    return [_told(each) for each in _configuring().plan(checked(wished.document), prune=wished.prune)]


@routes.post("/configuration/apply", Action.CONFIGURE, list[Change])
def apply_configuration(request: HttpRequest, wished: Wished) -> Any:
    """Bring the installation to what a document says: all of it, or nothing. New links are made as `link` makes them."""
    done = _configuring().apply(
        checked(wished.document), prune=wished.prune, who=cast("Asking", request).auth.name
    )
    return [_told(each) for each in done]


def _configuring() -> Configuring:
    app = installation()
    return Configuring(
        configurations=app.configurations,
        registry=app.registry,
        member_fields=app.member_fields,
        ledger=app.ledger,
        smart_campaigns=app.smart_campaigns,
        open_door=app.door,
    )


def _told(change: Difference) -> dict[str, Any]:
    return {"path": list(change.path), "old": change.old, "new": change.new, "removes": change.removes}
