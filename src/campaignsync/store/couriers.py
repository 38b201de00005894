"""The ways out into the world that flows use: HTTP requests and mails (runtime.flow_ports.Courier).

Built by bootstrap, called by `runtime.errands`. Whom a request may reach, `outbound` knows; it waits for ten seconds at the
most, and no message tells more of an address than its host.
"""

from __future__ import annotations

from collections.abc import Sequence
from smtplib import SMTPException
from urllib.parse import urlsplit

from django.core.mail import EmailMessage

from campaignsync.domain.errors import RetryableError, UsageError
from campaignsync.domain.people import looks_like_email
from campaignsync.settings import NoticeSettings
from campaignsync.store.outbound import TIMEOUT_S, UNREACHABLE, Request, ask
from campaignsync.store.outlets import backend

_AGAIN = frozenset({408, 425, 429})
"""Answers below 500 that may be another one later."""


class Courier:
    """Sends what flows send."""

    def __init__(self, settings: NoticeSettings, timeout_s: float = TIMEOUT_S) -> None:
        self._settings = settings
        self._timeout_s = timeout_s

    def call(self, url: str, method: str, body: str, key: str) -> None:
        """Send a request. RetryableError where the service fails or hangs, UsageError for what it will never take."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError("The address of the webhook is none of http or https.")
        is_json = body.lstrip()[:1] in ("{", "[")
        headers = {
            "Content-Type": "application/json" if is_json else "text/plain; charset=utf-8",
            "User-Agent": "campaignsync",
            "Idempotency-Key": key,
        }
        sent = None if method == "GET" else body.encode()
        where = f"The webhook at {parts.hostname}"
        try:
            status = ask(
                Request(url=url, headers=headers, body=sent, method=method),
                self._settings.networks,
                self._timeout_s,
            )
        except ValueError:
            raise UsageError(f"{where} has an address that cannot be asked.") from None
        except UNREACHABLE as error:
            raise RetryableError(f"{where} cannot be reached ({type(error).__name__}).") from None
        if not 200 <= status < 300:
            kind = RetryableError if status >= 500 or status in _AGAIN else UsageError
            raise kind(f"{where} answered HTTP {status}.")

    def mail(self, to: Sequence[str], subject: str, body: str) -> None:
        """Mail a text. UsageError for what is no address."""
        for address in to:
            if not looks_like_email(address):
                raise UsageError(f"'{address}' is no e-mail address.")
        message = EmailMessage(subject, body, self._settings.mail_from, list(to))
        try:
            with backend(self._settings.mail_url) as sending:
                sending.send_messages([message])
        except (OSError, SMTPException) as error:
            where = urlsplit(self._settings.mail_url).hostname or "the folder for mail"
            raise RetryableError(f"{where} does not take mail ({type(error).__name__}).") from None
