"""Answers to requests that carried an idempotency key: whoever asks the same again gets the same, and nothing is done twice.

Called by the API inside the transaction of the request: the change and its answer are kept together or not at all, so that a
process that dies between the two leaves neither.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from campaignsync.domain.errors import UsageError
from campaignsync.store import models
from campaignsync.store.frames import rows

KEPT = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer as it was given."""

    status: int
    body: bytes
    content_type: str


class Answers:
    """Answers by the owner of a key and the key."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._now = clock

    def begin(self, owner: str, key: str, fingerprint: str) -> Answer | None:
        """The answer that this request had already; None: it is to be done now. Whoever asks the same meanwhile waits here
        until the transaction of the first has ended. UsageError where the key was used for another request."""
        models.AnsweredRequest.objects.filter(owner=owner, at__lt=self._now() - KEPT).delete()
        mine = rows(
            "INSERT INTO store_answeredrequest (owner, key, fingerprint, at, content_type) VALUES (%s, %s, %s, %s, '')"
            " ON CONFLICT (owner, key) DO NOTHING RETURNING id",
            (owner, key, fingerprint, self._now()),
        )
        if mine:
            return None
        row = models.AnsweredRequest.objects.get(owner=owner, key=key)
        if row.fingerprint != fingerprint:
            raise UsageError(
                "This idempotency key was used for another request: give each request a key of its own.",
                code="IDEMPOTENCY_KEY_REUSED",
            )
        return Answer(status=row.status or 200, body=bytes(row.body or b""), content_type=row.content_type)

    def keep(self, owner: str, key: str, answer: Answer) -> None:
        """Keep the answer to a request that was begun."""
        models.AnsweredRequest.objects.filter(owner=owner, key=key).update(
            status=answer.status, body=answer.body, content_type=answer.content_type
        )
