"""A connection: one Salesforce org, and the secrets to log in to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from campaignsync.domain.events import OFF
from campaignsync.domain.ids import ConnectionId
from campaignsync.domain.mirror_filter import MirrorFilter
from campaignsync.domain.observation import SyncUser
from campaignsync.domain.people import LeadRules


class LoginMethod(StrEnum):
    """The ways to log in (contract, section 2.1)."""

    CLIENT_CREDENTIALS = "client credentials"
    JWT_BEARER = "jwt bearer"
    REFRESH_TOKEN = "refresh token"  # noqa: S105 - the name of a method, not a secret.
    PASSWORD = "password"  # noqa: S105 - likewise.


LOGIN_FIELDS: Mapping[LoginMethod, tuple[str, ...]] = {
    LoginMethod.JWT_BEARER: ("private_key", "client_id", "username"),
    LoginMethod.REFRESH_TOKEN: ("refresh_token", "client_id", "client_secret"),
    LoginMethod.PASSWORD: ("password", "client_id", "client_secret", "username"),
    LoginMethod.CLIENT_CREDENTIALS: ("client_id", "client_secret"),
}
"""What each way needs; the first field of each is what tells it from those below."""


_SECRET_FIELDS = ("client_secret", "password", "refresh_token", "private_key")


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """How to log in: the method and its fields, such as client_id and client_secret. `repr` shows none of them."""

    method: LoginMethod
    login_url: str
    fields: Mapping[str, str] = field(repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that nobody may ever read."""
        return tuple(value for name, value in self.fields.items() if name in _SECRET_FIELDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A connection as it is kept, without its secrets."""

    connection_id: ConnectionId
    name: str
    instance_url: str
    campaign_sync: bool
    user: SyncUser
    leads: LeadRules = field(default_factory=LeadRules)
    mirror_filter: MirrorFilter = field(default_factory=MirrorFilter)
    pubsub: str | None = None
    """Where the org's events are: HOST:PORT, `off`, or None for Salesforce's own address."""

    @property
    def listens(self) -> bool:
        """Whether the org's events are to be heard."""
        return listens(self.pubsub, self.instance_url)


def listens(pubsub: str | None, instance_url: str) -> bool:
    """Whether events are to be heard. An org that is reached unencrypted is nobody's but ours, and its session is nothing to send
    to Salesforce: there, an endpoint must be named."""
    return pubsub != OFF and (pubsub is not None or instance_url.startswith("https://"))
