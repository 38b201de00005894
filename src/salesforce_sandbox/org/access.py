"""Who may do what: users, their passwords and sessions, connected apps, object and field permissions.

The wire asks who a token belongs to; records and queries ask what that user may touch (S1.5.3). Admins may do everything
that nobody took from them: only what is denied is kept. Tokens are made from a counter, so runs repeat to the letter.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from salesforce_sandbox.org.clock import Clock
from salesforce_sandbox.org.storage import Storage

SESSION_HOURS = 2
_SESSION = timedelta(hours=SESSION_HOURS)
AUDIT_FIELDS = ("CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """On whose behalf something happens. `client` is what the caller calls itself in Sforce-Call-Options (S2.2.13).

    `api` is rest, soap or bulkapi, empty for what no API did; `version` is that API's: addresses in answers name it.
    """

    user_id: str
    client: str | None = None
    save_duplicates: bool = False
    # Whether a refused duplicate is told with the fields that were compared.
    duplicate_details: bool = False
    version: str = "60.0"
    api: str = ""
    # The connected app by which the session was opened, as limits name it.
    app: str = ""

    @property
    def origin(self) -> str:
        """What change events tell of where a change came from (CDC guide, "Change Event Header Fields")."""
        client = f";client={self.client}" if self.client else ""
        return f"com/salesforce/api/{self.api}/{self.version}{client}" if self.api else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectedApp:
    """An app that may ask for tokens. `run_as` is the user of client credentials; None when nobody is (S2.1)."""

    client_id: str
    client_secret: str
    run_as: str | None = None
    certificates: tuple[str, ...] = ()
    name: str = ""
    # Usernames that may come by signed assertion; None admits every user.
    approved: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Readable:
    """What somebody may read, at this moment: whoever may read the same has an equal one. `denied` says what not: (object, right)
    and (object, field, right)."""

    denied: frozenset[tuple[str, ...]]

    def __call__(self, sobject: str, name: str) -> bool:
        return ((sobject, "read") if name == "Id" else (sobject, name, "read")) not in self.denied


@dataclass(slots=True, kw_only=True)
class Session:
    """Who has come in; whoever uses it puts off when it `expires`."""

    token: str
    user_id: str
    expires: datetime
    app: str = ""


@dataclass
class Access:
    """One org's doors. `denied_objects` holds (user, object, right), `denied_fields` (user, object, field, right).

    Rights are read, create, edit, delete and view_all for objects, read and edit for fields; the user `*` is everybody.
    """

    storage: Storage
    clock: Clock
    org_id: str
    apps: dict[str, ConnectedApp] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)
    denied_objects: set[tuple[str, str, str]] = field(default_factory=set)
    denied_fields: set[tuple[str, str, str, str]] = field(default_factory=set)
    # Who may set AUDIT_FIELDS on create (S1.5.1).
    audit_writers: set[str] = field(default_factory=set)
    sessions: dict[str, Session] = field(default_factory=dict)
    refresh_tokens: dict[str, str] = field(default_factory=dict)
    _tokens_made: int = 0

    def user_named(self, username: str) -> str | None:
        """The id of the active user of that name."""
        found = self.storage.rows(
            'SELECT "Id" FROM "User" WHERE "Username" = ? AND "IsActive" = 1', username.strip()
        )
        return found[0][0] if found else None

    def user_by_password(self, username: str, password: str) -> str | None:
        """The user whose password this is, with or without a security token behind it."""
        user_id = self.user_named(username)
        known = self.passwords.get(user_id or "")
        return user_id if known and password.startswith(known) else None

    def open_session(self, user_id: str, app: str = "") -> Session:
        """A new session; `app` is the name of the connected app that asked for it."""
        expires = self.clock.now() + _SESSION
        token = f"{self.org_id[:15]}!AQ{self._secret()}"
        session = Session(token=token, user_id=user_id, expires=expires, app=app)
        self.sessions[session.token] = session
        return session

    def give_refresh_token(self, user_id: str) -> str:
        token = f"5Aep{self._secret()}"
        self.refresh_tokens[token] = user_id
        return token

    def session(self, token: str) -> Session | None:
        """The live session of a token; using it keeps it alive."""
        session = self.sessions.get(token)
        now = self.clock.now()
        if session is None or session.expires <= now:
            return None
        session.expires = now + _SESSION
        return session

    def revoke(self, token: str) -> bool:
        """Ends a session or takes a refresh token back; False when there was neither."""
        ended = self.sessions.pop(token, None) is not None
        return self.refresh_tokens.pop(token, None) is not None or ended

    def may(self, user_id: str, sobject: str, right: str) -> bool:
        return not {(user_id, sobject, right), ("*", sobject, right)} & self.denied_objects

    def may_field(self, user_id: str, sobject: str, name: str, right: str) -> bool:
        return not {(user_id, sobject, name, right), ("*", sobject, name, right)} & self.denied_fields

    def may_backdate(self, user_id: str, name: str) -> bool:
        """Whether the field is one that tells who made a record when, and the user may say so of new ones."""
        return name in AUDIT_FIELDS and bool({user_id, "*"} & self.audit_writers)

    def readable(self, user_id: str) -> "Readable":
        """What SOQL and describe ask: may this user read that field of that object?"""
        both = (self.denied_objects, self.denied_fields)
        return Readable(
            frozenset(each[1:] for denials in both for each in denials if each[0] in (user_id, "*"))
        )

    def is_marketing_user(self, user_id: str) -> bool:
        found = self.storage.rows('SELECT "UserPermissionsMarketingUser" FROM "User" WHERE "Id" = ?', user_id)
        return bool(found and found[0][0])

    def _secret(self) -> str:
        self._tokens_made += 1
        return hashlib.sha256(f"{self.org_id}/{self._tokens_made}".encode()).hexdigest()
