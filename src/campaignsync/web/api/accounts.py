"""Who may what: oneself, users and their roles, API keys, webhooks. What is shown once is shown here and never again."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Any, cast

from django.http import HttpRequest
from ninja import Schema, Status
from pydantic import Field

from campaignsync.domain.access import NOT_ALLOWED, Action, Role, Scope
from campaignsync.domain.errors import NOT_THERE, UsageError
from campaignsync.domain.webhooks import Event, events_named
from campaignsync.web.api.forms import Body, Cursor, Limit, Name, Number, Page, Text, page, position
from campaignsync.web.api.guard import Asking, Routes
from campaignsync.web.installation import installation

routes = Routes("access")
LONGEST_LIFE_H = 24 * 366 * 10


class Me(Schema):
    """Who asks, and what they may do somewhere."""

    user: str
    key: str | None
    role: Role | None
    folders: dict[str, Role]
    scopes: list[Scope] | None
    may: list[Action]


class UserRow(Schema):
    """A user with their roles: the one they hold everywhere, and those in folders."""

    user: str
    email: str
    active: bool
    role: Role | None
    folders: dict[str, Role]
    keys: int
    last_login: datetime | None


class NewUser(Body):
    """A user to be added; without a password only keys act for them."""

    user: Annotated[str, Field(min_length=1, max_length=150)]
    email: Text = ""
    password: Annotated[str, Field(max_length=500)] | None = None
    role: Role | None = None


class UserChanges(Body):
    """Whether somebody is let in."""

    active: bool


class HeldRole(Body):
    """A role, everywhere or in a folder of programs."""

    role: Role
    folder: Text = ""


class KeyRow(Schema):
    """An API key, without the key."""

    user: str
    name: str
    prefix: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


class WantedKey(Body):
    """A key to be made: for oneself, or by whoever manages users for somebody else."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(Scope))]
    user: Name | None = None
    hours: Annotated[int, Field(ge=1, le=LONGEST_LIFE_H)] | None = None


class NewKey(Schema):
    """A key that was made; `key` is shown only now."""

    key: str
    prefix: str
    name: str
    user: str
    scopes: list[str]
    expires_at: datetime | None


class WebhookRow(Schema):
    """A webhook: what it is told, and what waits for it."""

    id: int
    url: str
    events: list[Event]
    active: bool
    created_at: datetime
    waiting: int
    error: str | None


class NewWebhook(Body):
    """An address, and what it is to be told; all events where none is named."""

    url: Annotated[str, Field(min_length=1, max_length=2000)]
    events: Annotated[list[Event], Field(max_length=10)] = []


class MadeWebhook(WebhookRow):
    """A webhook that was made; `secret` is shown only now."""

    secret: str


class WebhookChanges(Body):
    """What is to be changed; what is left out stays."""

    events: Annotated[list[Event], Field(min_length=1, max_length=10)] | None = None
    active: bool | None = None


class DeliveryRow(Schema):
    """An event on its way to a webhook, or there."""

    id: int
    event: Event
    at: datetime
    body: dict[str, Any]
    tries: int
    due_at: datetime | None
    settled_at: datetime | None
    status: int | None
    error: str | None


@routes.get("/me", Action.SEE_SETTINGS, Me)
def show_me(request: HttpRequest) -> Any:
    """Show who asks, and what they may do."""
    rights = cast("Asking", request).auth
    return {
        "user": rights.who,
        "key": rights.key or None,
        "role": rights.role,
        "folders": dict(rights.folders),
        "scopes": None if rights.scopes is None else sorted(rights.scopes),
        "may": [action for action in Action if rights.allows(action) or rights.folders_of(action)],
    }


@routes.get("/users", Action.MANAGE_USERS, Page[UserRow])
def list_users(request: HttpRequest, cursor: Cursor, limit: Limit) -> Any:
    """List the users with their roles, in the order in which they were added."""
    return page(installation().users.page(position(cursor, 0), limit + 1), limit)


@routes.post("/users", Action.MANAGE_USERS, UserRow, status=201)
def add_user(request: HttpRequest, user: NewUser) -> Any:
    """Add a user."""
    users = installation().users
    users.add(user.user, email=user.email, password=user.password, role=user.role)
    return Status(201, users.one(user.user.strip()))


@routes.patch("/users/{user}", Action.MANAGE_USERS, UserRow)
def change_user(request: HttpRequest, user: Name, changes: UserChanges) -> Any:
    """Let a user in, or shut them and their keys out."""
    users = installation().users
    users.set_active(user, active=changes.active)
    return users.one(user)


@routes.delete("/users/{user}", Action.MANAGE_USERS)
def remove_user(request: HttpRequest, user: Name) -> Any:
    """Remove a user with their rights and keys; the journal keeps their name."""
    installation().users.remove(user)
    return Status(204, None)


@routes.put("/users/{user}/roles", Action.MANAGE_USERS, UserRow)
def grant_role(request: HttpRequest, user: Name, held: HeldRole) -> Any:
    """Give a user a role, for everything or in a folder and below."""
    users = installation().users
    users.grant(user, held.role, held.folder)
    return users.one(user)


@routes.post("/users/{user}/roles/revoke", Action.MANAGE_USERS, UserRow)
def revoke_role(request: HttpRequest, user: Name, where: HeldRole) -> Any:
    """Take a role of a user back; which one is named by its folder."""
    users = installation().users
    users.revoke(user, where.folder)
    return users.one(user)


@routes.get("/api-keys", Action.MANAGE_OWN_KEYS, Page[KeyRow])
def list_keys(request: HttpRequest, cursor: Cursor, limit: Limit) -> Any:
    """List one's own API keys, the latest first; whoever manages users sees all."""
    rights = cast("Asking", request).auth
    whose = None if rights.allows(Action.MANAGE_USERS) else rights.who
    found = installation().users.keys(whose, before=position(cursor, None), limit=limit + 1)
    return page(found, limit)


@routes.post("/api-keys", Action.MANAGE_OWN_KEYS, NewKey, status=201)
def create_key(request: HttpRequest, wanted: WantedKey) -> Any:
    """Make an API key. It is shown once. A key cannot make one that may more than itself."""
    rights = cast("Asking", request).auth
    if wanted.user not in (None, rights.who):
        rights.require(Action.MANAGE_USERS)
    beyond = set(wanted.scopes) - (rights.scopes if rights.scopes is not None else set(Scope))
    if beyond:
        raise UsageError(f"This key lacks the scope {min(beyond)}, and cannot give it.", code=NOT_ALLOWED)
    lives = timedelta(hours=wanted.hours) if wanted.hours else None
    made = installation().users.create_key(wanted.user or rights.who, wanted.name, wanted.scopes, lives=lives)
    return Status(201, asdict(made))


@routes.delete("/api-keys/{prefix}", Action.MANAGE_OWN_KEYS)
def revoke_key(request: HttpRequest, prefix: Name) -> Any:
    """End an API key of one's own, or of anybody by whoever manages users."""
    rights, users = cast("Asking", request).auth, installation().users
    own = {row["prefix"] for row in users.keys(None if rights.allows(Action.MANAGE_USERS) else rights.who)}
    if prefix not in own:
        raise UsageError(f"There is no API key '{prefix[:20]}' of yours.", code=NOT_THERE)
    users.revoke_key(prefix)
    return Status(204, None)


@routes.get("/webhooks", Action.MANAGE_WEBHOOKS, Page[WebhookRow])
def list_webhooks(request: HttpRequest, cursor: Cursor, limit: Limit) -> Any:
    """List the webhooks."""
    found = installation().webhooks.list(behind=position(cursor, 0), limit=limit + 1)
    return page(found, limit, key="id")


@routes.post("/webhooks", Action.MANAGE_WEBHOOKS, MadeWebhook, status=201)
def add_webhook(request: HttpRequest, webhook: NewWebhook) -> Any:
    """Tell an address of events from now on. The secret that signs them is shown once."""
    return Status(201, installation().webhooks.add(webhook.url, _events(webhook.events)))


@routes.patch("/webhooks/{number}", Action.MANAGE_WEBHOOKS, WebhookRow)
def change_webhook(request: HttpRequest, number: Number, changes: WebhookChanges) -> Any:
    """Tell a webhook of other events, or of none for a while."""
    webhooks = installation().webhooks
    events = _events(changes.events) if changes.events else None
    webhooks.change(number, events=events, active=changes.active)
    return webhooks.one(number)


@routes.delete("/webhooks/{number}", Action.MANAGE_WEBHOOKS)
def remove_webhook(request: HttpRequest, number: Number) -> Any:
    """Tell an address nothing any more."""
    installation().webhooks.remove(number)
    return Status(204, None)


@routes.post("/webhooks/{number}/ping", Action.MANAGE_WEBHOOKS, DeliveryRow, status=202)
def ping_webhook(request: HttpRequest, number: Number) -> Any:
    """Have a webhook told that it works; what became of it is among its deliveries."""
    webhooks = installation().webhooks
    made = webhooks.ping(number)
    return Status(
        202, next(row for row in webhooks.deliveries(number, before=None, limit=1) if row["id"] == made)
    )


@routes.get("/webhooks/{number}/deliveries", Action.MANAGE_WEBHOOKS, Page[DeliveryRow])
def list_deliveries(request: HttpRequest, number: Number, cursor: Cursor, limit: Limit) -> Any:
    """List what a webhook was told, and what it did not take, latest first."""
    webhooks = installation().webhooks
    webhooks.one(number)
    found = webhooks.deliveries(number, before=position(cursor, None), limit=limit + 1)
    return page(found, limit, key="id")


def _events(events: list[Event]) -> tuple[Event, ...]:
    return events_named(event.value for event in events)
