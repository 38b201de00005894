"""Webhooks and the events on their way to them: kept, sent, tried again (domain.webhooks).

The outbox has events sent whenever notices are. Taking an event sets when it is due again, as with notices: an event reaches a
webhook at least once, whatever dies meanwhile. Which addresses may be told, `outbound` knows.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import orjson
from django.db import transaction

from campaignsync.domain.errors import ALREADY_THERE, NOT_THERE, UsageError
from campaignsync.domain.webhooks import (
    FIRST_RETRY,
    GIVEN_UP_AFTER,
    LONGEST_RETRY,
    Delivery,
    Event,
    Network,
    webhook_url,
)
from campaignsync.store import models
from campaignsync.store.frames import rows
from campaignsync.store.outbound import UNREACHABLE, Request, ask, require_public
from campaignsync.store.secrecy import decrypted, encrypted

_MOST, _LONGEST_ERROR = 100, 300


class Webhooks:
    """Webhooks in PostgreSQL. `allowed` are the private networks that may be told."""

    def __init__(self, clock: Callable[[], datetime], allowed: Sequence[Network] = ()) -> None:
        self._now = clock
        self._allowed = allowed

    def add(self, url: str, events: Iterable[Event]) -> dict[str, Any]:
        """A new webhook, told of these events from now on: id, url, events, and the secret that signs, which is shown once."""
        url, secret = webhook_url(url), secrets.token_urlsafe(32)
        require_public(url, self._allowed)
        with transaction.atomic():
            if models.Webhook.objects.filter(url=url).exists():
                raise UsageError("There is a webhook of this address already.", code=ALREADY_THERE)
            row = models.Webhook.objects.create(
                url=url,
                secret=encrypted(secret),
                events=[event.value for event in events],
                created_at=self._now(),
            )
        return {**self.one(row.pk), "secret": secret}

    def list(self, *, behind: int = 0, limit: int | None = None) -> list[dict[str, Any]]:
        """All webhooks, or so many behind a number: id, url, events, active, created_at, waiting (events that were not taken
        yet), error (the latest)."""
        return rows(
            "SELECT w.id, w.url, w.events, w.active, w.created_at, (SELECT count(*) FROM store_webhookdelivery d"
            "  WHERE d.webhook_id = w.id AND d.settled_at IS NULL) AS waiting, (SELECT d.error FROM store_webhookdelivery d"
            "  WHERE d.webhook_id = w.id AND (d.status IS NOT NULL OR d.error IS NOT NULL)"
            "  ORDER BY d.id DESC LIMIT 1) AS error FROM store_webhook w WHERE w.id > %s ORDER BY w.id LIMIT %s",
            (behind, limit),
        )

    def one(self, webhook: int) -> dict[str, Any]:
        """One webhook, as `list` tells it."""
        found = [row for row in self.list(behind=webhook - 1, limit=1) if row["id"] == webhook]
        if not found:
            raise UsageError(
                f"There is no webhook {webhook}. List them with: campaignsync webhook list", code=NOT_THERE
            )
        return found[0]

    def change(self, webhook: int, *, events: Iterable[Event] | None, active: bool | None) -> None:
        """Tell a webhook of other events, or of none for a while."""
        self.one(webhook)
        changes = {
            "events": None if events is None else [event.value for event in events],
            "active": active,
        }
        chosen = {name: value for name, value in changes.items() if value is not None}
        models.Webhook.objects.filter(pk=webhook).update(**chosen)

    def remove(self, webhook: int) -> None:
        """Tell an address nothing any more."""
        self.one(webhook)
        models.Webhook.objects.filter(pk=webhook).delete()

    def ping(self, webhook: int) -> int:
        """Have a webhook told that it works; the number of the delivery."""
        self.one(webhook)
        now = self._now()
        body = {"message": "This is how an event of campaignsync arrives. Nothing has happened."}
        made = models.WebhookDelivery.objects.create(
            webhook_id=webhook, event=Event.PING.value, at=now, body=body, due_at=now
        )
        return int(made.pk)

    def deliveries(self, webhook: int, *, before: int | None, limit: int) -> Sequence[dict[str, Any]]:
        """The events of a webhook, latest first, from before a number: id, event, at, body, tries, due_at, settled_at, status,
        error."""
        return rows(
            "SELECT id, event, at, body, tries, CASE WHEN settled_at IS NULL THEN due_at END AS due_at, settled_at, status, error"
            " FROM store_webhookdelivery WHERE webhook_id = %s AND (%s::bigint IS NULL OR id < %s) ORDER BY id DESC LIMIT %s",
            (webhook, before, before, limit),
        )

    def post_due(self) -> None:
        """Send what is due. A webhook that fails once is spared the rest of this time."""
        failed: set[int] = set()
        for delivery in self.take():
            if delivery.webhook_id not in failed:
                status, error = post(delivery, self._allowed)
                self.settle(delivery, status, error)
                if error:
                    failed.add(delivery.webhook_id)

    def take(self) -> Sequence[Delivery]:
        """The oldest events that are due, each of them taken by nobody else for a while."""
        taken = rows(
            "UPDATE store_webhookdelivery d SET tries = tries + 1,"
            " due_at = %s::timestamptz + least(%s * power(2, least(tries, 20)), %s) FROM store_webhook w"
            " WHERE w.id = d.webhook_id AND d.id IN (SELECT q.id FROM store_webhookdelivery q JOIN store_webhook v"
            "  ON v.id = q.webhook_id AND v.active WHERE q.settled_at IS NULL AND q.due_at <= %s ORDER BY q.id LIMIT %s"
            "  FOR UPDATE OF q SKIP LOCKED) RETURNING d.id, d.webhook_id, d.event, d.at, d.body, w.url, w.secret",
            (self._now(), FIRST_RETRY, LONGEST_RETRY, self._now(), _MOST),
        )
        return [_delivery(row) for row in sorted(taken, key=lambda row: row["id"])]

    def settle(self, delivery: Delivery, status: int | None, error: str | None) -> None:
        """Keep what became of one try. What nobody took for three days is given up."""
        now = self._now()
        row = models.WebhookDelivery.objects.filter(pk=delivery.delivery_id)
        over = error is None or row.filter(at__lt=now - GIVEN_UP_AFTER).exists()
        row.update(status=status, error=error and error[:_LONGEST_ERROR], settled_at=now if over else None)
        models.WebhookDelivery.objects.filter(
            webhook_id=delivery.webhook_id, settled_at__lt=now - 10 * GIVEN_UP_AFTER
        ).delete()


def _delivery(row: dict[str, Any]) -> Delivery:
    told = {"id": row["id"], "event": row["event"], "at": row["at"].isoformat(), "about": row["body"]}
    return Delivery(
        delivery_id=row["id"],
        webhook_id=row["webhook_id"],
        event=Event(row["event"]),
        body=orjson.dumps(told),
        url=row["url"],
        secret=decrypted(row["secret"]),
    )


def post(delivery: Delivery, allowed: Sequence[Network]) -> tuple[int | None, str | None]:
    """Post one event; the status of the answer, and why it was not taken."""
    host = urlsplit(delivery.url).hostname
    request = Request(url=delivery.url, headers=delivery.headers, body=delivery.body)
    try:
        status = ask(request, allowed)
    except UsageError as error:
        return None, str(error)
    except (*UNREACHABLE, ValueError) as error:
        return None, f"{host} cannot be reached ({type(error).__name__})"
    return status, None if 200 <= status < 300 else f"{host} answered HTTP {status}"
