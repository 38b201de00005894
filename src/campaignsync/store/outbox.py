"""The outbox: notices that the database wrote with their cause, until everybody has them (runtime.notice_ports.Outbox).

Called by `runtime.notices` after a round. Taking a notice sets when it is due again, so that a sender that dies, or two at once,
lose and repeat nothing that matters: a notice reaches an outlet at least once. Notices that cannot be delivered are a job-level
problem of their org, and never fail a round.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

import orjson
from django.db import transaction

from campaignsync.domain.ids import ConnectionId
from campaignsync.domain.notices import GIVEN_UP_AFTER, Notice, NoticeEvent
from campaignsync.domain.problems import FIRST_RETRY, LONGEST_RETRY, NOTICE_UNDELIVERED, ProblemNoun
from campaignsync.store import models
from campaignsync.store.frames import execute, rows
from campaignsync.store.problems import Concern, keep_one
from campaignsync.store.webhooks import Webhooks

_MOST = 100


class Outbox:
    """Notices in PostgreSQL."""

    def __init__(self, clock: Callable[[], datetime], webhooks: Webhooks | None = None) -> None:
        self._now = clock
        self._webhooks = webhooks

    def take(self) -> list[Notice]:
        """The oldest notices that are due, each of them taken by nobody else for a while."""
        taken = rows(
            "UPDATE store_notice n SET tries = tries + 1, due_at = %s::timestamptz + least(%s * power(2, least(tries, 20)), %s)"
            " FROM store_connection x WHERE x.id = n.connection_id AND n.id IN (SELECT id FROM store_notice"
            " WHERE settled_at IS NULL AND due_at <= %s ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)"
            " RETURNING n.id, n.at, n.event, n.code, n.message, n.connection_id, x.name AS connection, n.program, n.sent::text",
            (self._now(), FIRST_RETRY, LONGEST_RETRY, self._now(), _MOST),
        )
        return sorted((_notice(row) for row in taken), key=lambda notice: notice.notice_id)

    def settle(self, notice: Notice, sent: Collection[str], failures: Collection[str]) -> None:
        """Keep which outlets have a notice by now, and why the others have not."""
        now, error = self._now(), "; ".join(failures)
        over = not failures or now - notice.at > GIVEN_UP_AFTER
        with transaction.atomic():
            models.Notice.objects.filter(pk=notice.notice_id).update(
                sent=sorted(sent), error=error or None, settled_at=now if over else None
            )
            if notice.connection_id is not None:
                self._tell(notice.connection_id, error, now)

    def _tell(self, connection: ConnectionId, error: str, now: datetime) -> None:
        if error:
            concern = Concern(noun=ProblemNoun.JOB, connection=connection)
            keep_one(concern, NOTICE_UNDELIVERED, error, None, now)
        else:
            execute(
                "UPDATE store_problem SET solved_at = %s WHERE connection_id = %s AND code = %s AND solved_at IS NULL",
                (now, connection, NOTICE_UNDELIVERED),
            )

    def post_events(self) -> None:
        """Send webhooks the events that are due; what fails is kept and tried again."""
        if self._webhooks:
            self._webhooks.post_due()

    def list(self, *, limit: int, before: int | None = None) -> list[dict[str, Any]]:
        """The latest notices, or those before a number, oldest first:
        id, at, connection, program, event, code, message, sent, settled_at, due_at, error."""
        return rows(
            "SELECT * FROM (SELECT n.id, n.at, x.name AS connection, NULLIF(n.program, '') AS program, n.event, n.code,"
            " n.message, array(SELECT jsonb_array_elements_text(n.sent)) AS sent, n.settled_at,"
            " CASE WHEN n.settled_at IS NULL THEN n.due_at END AS due_at, n.error FROM store_notice n"
            " JOIN store_connection x ON x.id = n.connection_id WHERE %s::bigint IS NULL OR n.id < %s"
            " ORDER BY n.id DESC LIMIT %s) latest ORDER BY id",
            (before, before, limit),
        )


def _notice(row: dict[str, Any]) -> Notice:
    return Notice(
        notice_id=row["id"],
        at=row["at"],
        event=NoticeEvent(row["event"]),
        code=row["code"],
        message=row["message"],
        connection_id=ConnectionId(row["connection_id"]),
        connection=row["connection"],
        program=row["program"],
        sent=tuple(orjson.loads(row["sent"])),
    )
