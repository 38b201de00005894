"""The ways to tell people: the log, a webhook, e-mail by Django's backends (runtime.notice_ports.Outlet).

Built by bootstrap from the settings, called by `runtime.notices`. It lives in the store as Django does. What an outlet cannot
deliver is a RetryableError whose message holds no secret; whom a webhook may reach, `outbound` knows.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from smtplib import SMTPException
from urllib.parse import unquote, urlsplit

import orjson
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from campaignsync.domain.errors import RetryableError, UsageError
from campaignsync.domain.notices import Notice, NoticeEvent
from campaignsync.domain.webhooks import Network
from campaignsync.settings import NoticeSettings
from campaignsync.store.outbound import UNREACHABLE, Request, ask

SIGNATURE = "X-Campaignsync-Signature"
_TIMEOUT_S = 10  # Of mail servers.
_MAIL_PORTS = {"smtp": 25, "smtps": 465}
_LOG = logging.getLogger("campaignsync.notices")


Letter = Callable[[Notice], tuple[str, str]]
"""Makes a letter of a notice: its subject and its text."""


def outlets(
    settings: NoticeSettings, letter: Letter | None = None
) -> Iterator[LogOutlet | WebhookOutlet | MailOutlet]:
    """The outlets that were set up; the log always is. Mails are worded by `letter`, or are the notice as it is."""
    yield LogOutlet()
    if settings.webhook_url:
        yield WebhookOutlet(
            url=settings.webhook_url, secret=settings.webhook_secret, networks=settings.networks
        )
    if settings.mail_to:
        yield MailOutlet(settings=settings, letter=letter)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOutlet:
    """One line of JSON on the logger `campaignsync.notices`: a warning, or less where something is solved."""

    name: str = "log"

    def send(self, notice: Notice) -> None:
        level = logging.WARNING if notice.event is NoticeEvent.OPENED else logging.INFO
        _LOG.log(level, "%s", orjson.dumps(dict(notice.as_json())).decode())


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookOutlet:
    """A POST of JSON, signed with HMAC-SHA256 of its body where a secret is set."""

    url: str
    secret: str
    networks: tuple[Network, ...] = ()
    name: str = "webhook"

    def send(self, notice: Notice) -> None:
        body = orjson.dumps(dict(notice.as_json()))
        headers = {"Content-Type": "application/json", "User-Agent": "campaignsync"}
        if self.secret:
            digest = hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
            headers[SIGNATURE] = f"sha256={digest}"
        try:
            status = ask(Request(url=self.url, headers=headers, body=body), self.networks)
        except UsageError as error:
            raise RetryableError(str(error), code=error.code) from None
        except UNREACHABLE as error:
            raise RetryableError(f"{self._where} cannot be reached ({type(error).__name__})") from None
        if not 200 <= status < 300:
            raise RetryableError(f"{self._where} answered HTTP {status}")

    @property
    def _where(self) -> str:
        """The address without its path and query, which may hold a token."""
        return f"the webhook at {urlsplit(self.url).hostname}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailOutlet:
    """An e-mail in plain text to everybody who is to know."""

    settings: NoticeSettings
    letter: Letter | None = None
    name: str = "mail"

    def send(self, notice: Notice) -> None:
        more = f"\n\n{self.settings.public_url}" if self.settings.public_url else ""
        subject, text = self.letter(notice) if self.letter else (notice.subject, notice.message)
        message = EmailMessage(
            subject,
            f"{text}\n\n{notice.at:%Y-%m-%d %H:%M:%S} UTC{more}\n",
            self.settings.mail_from,
            list(self.settings.mail_to),
        )
        try:
            with backend(self.settings.mail_url) as sending:
                sending.send_messages([message])
        except (OSError, SMTPException) as error:
            where = urlsplit(self.settings.mail_url).hostname or "the folder for mail"
            raise RetryableError(f"{where} does not take mail ({type(error).__name__})") from None


def backend(url: str) -> BaseEmailBackend:
    """Django's backend for an address: a folder, or a server, never with a password in the clear."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return get_connection(
            "django.core.mail.backends.filebased.EmailBackend", file_path=unquote(parts.path)
        )
    return get_connection(
        "django.core.mail.backends.smtp.EmailBackend",
        host=parts.hostname,
        port=parts.port or _MAIL_PORTS[parts.scheme],
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        use_ssl=parts.scheme == "smtps",
        use_tls=parts.scheme == "smtp" and bool(parts.username),
        timeout=_TIMEOUT_S,
    )
