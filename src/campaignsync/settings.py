"""The settings of one installation, read from the environment: a leaf that everybody may import, of values and errors only.

CAMPAIGNSYNC_DATA_DIR   where the embedded database and the key file live (default: the platform's user-data folder)
DATABASE_URL            a PostgreSQL server to use instead of the embedded one
CAMPAIGNSYNC_SECRET_KEY what secrets are encrypted with (default: a file in the data folder, for its owner's eyes only)
CAMPAIGNSYNC_SECRET_KEY_FILE    another file for it, a key a line, the one in use first
CAMPAIGNSYNC_OLD_SECRET_KEY     a key that old secrets can still be read with (docs/operate.md)
CAMPAIGNSYNC_PROBLEMS_KEPT_DAYS how long problems are kept after they were solved (default: 30)
CAMPAIGNSYNC_PROBLEMS_THRESHOLD more open problems of an org than this are told (default: 100)
CAMPAIGNSYNC_ALARM_LAG_MINUTES  a change that waits for its round for longer is told (default: 15)
CAMPAIGNSYNC_ALARM_BACKLOG      more records of an org that wait are told (default: 100000)
CAMPAIGNSYNC_METRICS_TOKEN      what whoever reads /metrics from another machine must bring (default: nobody may)
CAMPAIGNSYNC_RUNS_KEPT_DAYS     how long runs and notices are kept (default: 90; 0: for ever)
CAMPAIGNSYNC_JOURNAL_KEPT_DAYS  how long the journal is kept (default: 0, for ever)
CAMPAIGNSYNC_FLOW_RESULTS_KEPT_DAYS  how long what flows did to whom is kept (default: 365; 0: for ever)
CAMPAIGNSYNC_WEBHOOK_URL        where notices are posted to, as JSON; CAMPAIGNSYNC_WEBHOOK_SECRET signs them
CAMPAIGNSYNC_WEBHOOK_NETWORKS   private networks that webhooks may be in, such as 10.0.0.0/8, separated by commas (default: none)
CAMPAIGNSYNC_MAIL_TO            whom notices are mailed to, separated by commas; CAMPAIGNSYNC_MAIL_FROM whom they are from
CAMPAIGNSYNC_MAIL_URL           how: smtp://user:password@host:port, smtps://…, or file:///folder
CAMPAIGNSYNC_LOG_LEVEL          how much is logged: DEBUG, INFO, WARNING or ERROR (default: INFO)
CAMPAIGNSYNC_MAIL_LANGUAGE      the language of those mails: en (default) or de
CAMPAIGNSYNC_PUBLIC_URL         where people open the pages: mails end with it, and https makes cookies travel by https only
CAMPAIGNSYNC_HOSTS              the names that the pages answer to, separated by commas (default: localhost, the public one)
CAMPAIGNSYNC_PROXIES            how many proxies stand before the pages and tell who asks (default: 0)
CAMPAIGNSYNC_OIDC_URL           an OpenID Connect provider to log in with, and CAMPAIGNSYNC_OIDC_CLIENT_ID,
                                CAMPAIGNSYNC_OIDC_CLIENT_SECRET, CAMPAIGNSYNC_OIDC_NAME (what the button says)
CAMPAIGNSYNC_OIDC_FIRST_ROLE    what whoever comes by it for the first time may do: viewer (default), or none
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import platformdirs

from campaignsync.domain.access import Role
from campaignsync.domain.errors import UsageError
from campaignsync.domain.health import Thresholds
from campaignsync.domain.problems import ProblemRules
from campaignsync.domain.webhooks import Network, networks, require_no_private


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeSettings:
    """Who is told, and how. `repr` shows nothing, since addresses may hold secrets."""

    webhook_url: str = field(default="", repr=False)
    webhook_secret: str = field(default="", repr=False)
    mail_to: tuple[str, ...] = field(default=(), repr=False)
    mail_from: str = field(default="campaignsync@localhost", repr=False)
    mail_url: str = field(default="smtp://localhost", repr=False)
    mail_language: str = "en"
    public_url: str = field(default="", repr=False)
    networks: tuple[Network, ...] = field(default=(), repr=False)
    """The private networks that any webhook may be in: alerts', flows' and the API's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """What the pages need to know of the world they are in."""

    public_url: str = ""
    hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "[::1]")
    proxies: int = 0
    oidc_url: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = field(default="", repr=False)
    oidc_name: str = "Single sign-on"
    oidc_first_role: Role | None = Role.VIEWER
    """What somebody may do who comes by single sign-on for the first time; None: nothing before an admin gives them a role."""
    api_rate: int = 1200
    """How many requests a minute one caller may make of the API; 0: as many as they like."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long what happened is kept; nothing of it: for ever."""

    runs: timedelta = timedelta(days=90)
    journal: timedelta = timedelta()
    journeys: timedelta = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where things are. `repr` shows no secret, since a database URL may hold a password."""

    data_dir: Path
    database_url: str | None = None
    problem_rules: ProblemRules = field(default_factory=ProblemRules)
    notices: NoticeSettings = field(default_factory=NoticeSettings)
    web: WebSettings = field(default_factory=WebSettings)
    retention: Retention = field(default_factory=Retention)
    thresholds: Thresholds = field(default_factory=Thresholds)
    metrics_token: str = field(default="", repr=False)

    def __repr__(self) -> str:
        return f"Settings(data_dir={str(self.data_dir)!r}, database_url={'(set)' if self.database_url else None})"

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that nobody may ever read, but for the keys."""
        held = (self.metrics_token, self.notices.webhook_secret, self.web.oidc_client_secret)
        passwords = [urlsplit(url or "").password or "" for url in (self.database_url, self.notices.mail_url)]
        return tuple(each for each in (*held, *passwords) if each)

    def secret_key(self) -> str:
        """What secrets are encrypted with; made in the data folder at the first use, unless the environment holds one."""
        return self.secret_keys()[0]

    def secret_keys(self) -> tuple[str, ...]:
        """The key that secrets are encrypted with, then those that old ones can still be read with; as they are now, so that a
        process that runs already reads what was encrypted anew meanwhile."""
        given, old = os.environ.get("CAMPAIGNSYNC_SECRET_KEY"), os.environ.get("CAMPAIGNSYNC_OLD_SECRET_KEY")
        keys = [given] if given else _key_file(self.key_file).splitlines()
        return tuple(dict.fromkeys(key.strip() for key in (*keys, old or "") if key.strip()))

    @property
    def key_file(self) -> Path:
        """Where keys are kept, a line each, the one in use first; not used where the environment holds the key itself."""
        return Path(os.environ.get("CAMPAIGNSYNC_SECRET_KEY_FILE") or self.data_dir / "secret.key")

    def add_key(self) -> bool:
        """Make a new key and put it before those in the file; False where the environment holds the key and a person must."""
        if os.environ.get("CAMPAIGNSYNC_SECRET_KEY"):
            return False
        _write_keys(self.key_file, (secrets.token_urlsafe(48), *self.secret_keys()))
        return True

    def forget_old_keys(self) -> None:
        """Keep only the key in use in the file."""
        if not os.environ.get("CAMPAIGNSYNC_SECRET_KEY"):
            _write_keys(self.key_file, self.secret_keys()[:1])


def read_settings(data_dir: Path | None = None) -> Settings:
    """The settings of this process; `data_dir` is what the command line says, and wins."""
    chosen = data_dir or os.environ.get("CAMPAIGNSYNC_DATA_DIR") or platformdirs.user_data_dir("campaignsync")
    return Settings(
        data_dir=Path(chosen).expanduser().resolve(),
        database_url=os.environ.get("DATABASE_URL") or None,
        problem_rules=ProblemRules(
            kept=timedelta(days=_number("CAMPAIGNSYNC_PROBLEMS_KEPT_DAYS", 30)),
            threshold=_number("CAMPAIGNSYNC_PROBLEMS_THRESHOLD", 100),
        ),
        notices=_notices(),
        web=_web(),
        thresholds=Thresholds(
            lag=timedelta(minutes=_number("CAMPAIGNSYNC_ALARM_LAG_MINUTES", 15)),
            backlog=_number("CAMPAIGNSYNC_ALARM_BACKLOG", 100_000),
        ),
        metrics_token=os.environ.get("CAMPAIGNSYNC_METRICS_TOKEN", ""),
        retention=Retention(
            runs=timedelta(days=_number("CAMPAIGNSYNC_RUNS_KEPT_DAYS", 90)),
            journal=timedelta(days=_number("CAMPAIGNSYNC_JOURNAL_KEPT_DAYS", 0)),
            journeys=timedelta(days=_number("CAMPAIGNSYNC_FLOW_RESULTS_KEPT_DAYS", 365)),
        ),
    )


def _web() -> WebSettings:
    public_url = _address("CAMPAIGNSYNC_PUBLIC_URL", "", "https", "http")
    named = [name.strip() for name in os.environ.get("CAMPAIGNSYNC_HOSTS", "").split(",") if name.strip()]
    public = [urlsplit(public_url).hostname or ""] if public_url else []
    return WebSettings(
        public_url=public_url.rstrip("/"),
        hosts=tuple(named or [*WebSettings().hosts, *public]),
        proxies=_number("CAMPAIGNSYNC_PROXIES", 0),
        oidc_url=_address("CAMPAIGNSYNC_OIDC_URL", "", "https", "http"),
        oidc_client_id=os.environ.get("CAMPAIGNSYNC_OIDC_CLIENT_ID", ""),
        oidc_client_secret=os.environ.get("CAMPAIGNSYNC_OIDC_CLIENT_SECRET", ""),
        oidc_name=os.environ.get("CAMPAIGNSYNC_OIDC_NAME") or "Single sign-on",
        oidc_first_role=_first_role(),
        api_rate=_number("CAMPAIGNSYNC_API_RATE", WebSettings().api_rate),
    )


def _first_role() -> Role | None:
    """A role that can do no harm, or none: whoever shall do more is given that by an admin."""
    given = os.environ.get("CAMPAIGNSYNC_OIDC_FIRST_ROLE") or Role.VIEWER.value
    if given not in ("none", Role.VIEWER.value):
        raise UsageError(
            f"CAMPAIGNSYNC_OIDC_FIRST_ROLE is '{given[:20]}': none or viewer is wanted. More is given to each by an admin."
        )
    return None if given == "none" else Role.VIEWER


def _mail_language() -> str:
    given = os.environ.get("CAMPAIGNSYNC_MAIL_LANGUAGE") or "en"
    if given not in ("en", "de"):
        raise UsageError(f"CAMPAIGNSYNC_MAIL_LANGUAGE is '{given[:20]}': en or de is wanted.")
    return given


def _notices() -> NoticeSettings:
    addresses = os.environ.get("CAMPAIGNSYNC_MAIL_TO", "").split(",")
    allowed = networks(os.environ.get("CAMPAIGNSYNC_WEBHOOK_NETWORKS", ""))
    return NoticeSettings(
        webhook_url=_public(_address("CAMPAIGNSYNC_WEBHOOK_URL", "", "https", "http"), allowed),
        webhook_secret=os.environ.get("CAMPAIGNSYNC_WEBHOOK_SECRET", ""),
        mail_to=tuple(address.strip() for address in addresses if address.strip()),
        mail_from=os.environ.get("CAMPAIGNSYNC_MAIL_FROM") or "campaignsync@localhost",
        mail_url=_address("CAMPAIGNSYNC_MAIL_URL", "smtp://localhost", "smtp", "smtps", "file"),
        mail_language=_mail_language(),
        public_url=_address("CAMPAIGNSYNC_PUBLIC_URL", "", "https", "http"),
        networks=allowed,
    )


def _public(webhook: str, allowed: tuple[Network, ...]) -> str:
    try:
        require_no_private(webhook, allowed)
    except UsageError as error:
        raise UsageError(f"CAMPAIGNSYNC_WEBHOOK_URL: {error}.", code=error.code) from None
    return webhook


def _address(name: str, default: str, *schemes: str) -> str:
    """An address of one of these schemes; what was given stays out of the message, since it may hold a password."""
    text = os.environ.get(name) or default
    try:
        parts = urlsplit(text)
        fits = parts.scheme in schemes and bool(parts.path if parts.scheme == "file" else parts.hostname)
        fits = fits and parts.port != 0
    except ValueError:
        fits = False
    if text and not fits:
        raise UsageError(
            f"{name} is no address of the form {' or '.join(f'{each}://…' for each in schemes)}."
        )
    return text


def _number(name: str, default: int) -> int:
    text = os.environ.get(name) or str(default)
    if not text.isdecimal():
        raise UsageError(f"{name} is '{text}': a whole number of 0 or more is wanted.")
    return int(text)


def _key_file(path: Path) -> str:
    """The key that is kept in a file, made at the first use; UsageError where the folder lets us neither read nor make it."""
    try:
        return _kept_key(path)
    except OSError as error:
        raise UsageError(
            f"The key file {path} cannot be read or made: {error.strerror}. Give the folder to whoever runs campaignsync, name"
            " another with CAMPAIGNSYNC_DATA_DIR, or set CAMPAIGNSYNC_SECRET_KEY."
        ) from None


def _write_keys(path: Path, keys: tuple[str, ...]) -> None:
    """Whole beside its place first: a key file that is half written would be the end of all secrets."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        fresh.touch(mode=0o600)
        fresh.write_text("\n".join(keys) + "\n")
        fresh.replace(path)
    except OSError as error:
        raise UsageError(f"The key file {path} cannot be written: {error.strerror}.") from None


def _kept_key(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        # Written whole beside its place and linked there, so that two first starts agree on one key.
        fresh = path.with_name(f"{path.name}.{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(48))
        try:
            path.hardlink_to(fresh)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text().strip()
