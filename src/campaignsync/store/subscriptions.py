"""How far the events of orgs were heard, in PostgreSQL (runtime.service_ports.Subscriptions).

Called by the listener. How far was heard and the call for a round are one commit: a listener that dies between the two would
lose either nothing or, by hearing it again, nothing either. Who listens to an org is the business of PostgreSQL's locks, which
a dead process loses.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection
from datetime import datetime

from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from campaignsync.domain.events import OPEN, Heard
from campaignsync.domain.ids import ConnectionId
from campaignsync.store import models
from campaignsync.store.frames import execute
from campaignsync.store.jobs import reached

_LOCK = "hashtext('campaignsync.listener'), %s"


class Subscriptions:
    """Places in streams in PostgreSQL; one object a listener, since it holds the locks of those that it listens to."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._now = clock
        self._session: BaseDatabaseWrapper | None = None
        self._held: set[ConnectionId] = set()

    def hold(self, orgs: Collection[ConnectionId]) -> frozenset[ConnectionId]:
        """Those of these orgs that are ours to listen to; none while the database is out of reach."""
        if self._session is None:
            self._session, self._held = connection.copy(), set()
        try:
            with self._session.cursor() as cursor:
                cursor.execute("SELECT 1")
                for org in self._held - set(orgs):
                    cursor.execute(f"SELECT pg_advisory_unlock({_LOCK})", (org,))
                for org in set(orgs) - self._held:
                    cursor.execute(f"SELECT pg_try_advisory_lock({_LOCK})", (org,))
                    if cursor.fetchone()[0]:
                        self._held.add(org)
        except (DatabaseError, InterfaceError):
            self.let_go()
        self._held &= set(orgs)
        return frozenset(self._held)

    def let_go(self) -> None:
        """What was held, others may listen to."""
        if self._session is not None:
            with contextlib.suppress(DatabaseError, InterfaceError):
                self._session.close()
        self._session, self._held = None, set()

    def places(self, org: ConnectionId) -> dict[str, bytes]:
        """How far each topic was heard, where it was."""
        with reached():
            known = models.Subscription.objects.filter(connection_id=org, replay_id__isnull=False)
            return {each.topic: bytes(each.replay_id or b"") for each in known}

    def keep(self, org: ConnectionId, heard: Collection[Heard]) -> None:
        """Keep how far was heard and let the org have a round: one commit. What was missed calls for a comparison."""
        with reached(), transaction.atomic():
            for each in heard:
                execute(
                    "INSERT INTO store_subscription AS s (connection_id, topic, replay_id, state, since, heard_at)"
                    " VALUES (%(org)s, %(topic)s, NULLIF(%(place)s::bytea, ''), %(open)s, %(now)s, %(now)s)"
                    " ON CONFLICT (connection_id, topic) DO UPDATE SET state = excluded.state, message = '',"
                    " since = CASE WHEN s.state = excluded.state THEN s.since ELSE excluded.since END,"
                    " heard_at = excluded.heard_at,"
                    " replay_id = CASE WHEN %(place)s::bytea IS NULL THEN s.replay_id ELSE excluded.replay_id END",
                    {
                        "org": org,
                        "topic": each.topic,
                        "place": each.replay_id,
                        "open": OPEN,
                        "now": self._now(),
                    },
                )
            if any(each.missed for each in heard):
                models.Connection.objects.filter(pk=org).update(compared_at=None)
            if any(each.events or each.opened or each.missed for each in heard):
                execute("SELECT campaignsync_wake(%s)", (org,))

    def tell(self, org: ConnectionId, topic: str, state: str, message: str) -> None:
        """Keep that a topic is not heard now, and why."""
        with reached():
            execute(
                "INSERT INTO store_subscription AS s (connection_id, topic, state, message, since) VALUES (%s, %s, %s, %s, %s)"
                " ON CONFLICT (connection_id, topic) DO UPDATE SET state = excluded.state, message = excluded.message,"
                " since = CASE WHEN s.state = excluded.state THEN s.since ELSE excluded.since END",
                (org, topic, state, message, self._now()),
            )

    def leave(self) -> None:
        """This thread needs the database no more."""
        connection.close()
