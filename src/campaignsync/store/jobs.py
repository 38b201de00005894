"""The queue of rounds on our own PostgreSQL, by Procrastinate (runtime.service_ports.Jobs).

One job an org may wait and one may be carried out: `campaignsync_wake`, a function of the database, makes a thousand marks one
job in the very commits that bring the marks, and a NOTIFY tells the workers. Whatever ends a job without success, an exception
or the death of its worker, is found by `sweep`, which lets the org have another. A job holds no work: a round looks for itself
what is to be done.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import psycopg
from django.db import DatabaseError, InterfaceError, connection, transaction

from campaignsync.domain.errors import DATABASE_UNREACHABLE, RetryableError
from campaignsync.domain.ids import ConnectionId, LinkId
from campaignsync.domain.service import HEARTBEAT_S, STALE_AFTER_S, Swept, back_off_s
from campaignsync.store import traffic
from campaignsync.store.frames import execute, rows

if TYPE_CHECKING:
    from procrastinate import JobContext

QUEUE, TASK = "rounds", "round"
CarryOut = Callable[[ConnectionId, int], None]
"""Has a round of an org; the number is how many failed in a row before it."""
_LOOKS_EVERY_S = 0.1
_POLLED_EVERY_S = 1.0
"""Should a NOTIFY be lost, as when the database was started again, a job waits no longer than this."""
_DEAD = """
    DELETE FROM procrastinate_jobs j WHERE j.queue_name = %(queue)s AND (j.status IN ('failed', 'aborted') OR j.status = 'doing'
    AND (j.worker_id = ANY(%(left)s) OR NOT EXISTS (SELECT FROM procrastinate_workers w WHERE w.id = j.worker_id
                    AND w.last_heartbeat > now() - make_interval(secs => %(stale)s))))
    RETURNING (j.args->>'connection')::bigint AS org, (j.args->>'failures')::int AS failures, j.status <> 'doing' AS failed,
    (SELECT extract(epoch FROM now() - w.last_heartbeat)::float8 FROM procrastinate_workers w WHERE w.id = j.worker_id)
    AS silent_s
"""


class Jobs:
    """Jobs in PostgreSQL; one object a process, since it knows which of them this process is at."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._now = clock
        self._running: dict[int, int] = {}
        self._workers: set[int] = set()
        self._orphans: set[int] = set()
        self._left: set[int] = set()
        """Workers that this process was before it lost its database."""

    def wake(self, org: ConnectionId, *, hurry: bool = False) -> None:
        """Let an org have a round as soon as a worker is free; `hurry` ends a back-off, too."""
        with reached():
            execute("SELECT campaignsync_wake(%s, NULL, 0, %s)", (org, hurry))

    def put_off(self, org: ConnectionId, until: datetime, *, failures: int) -> None:
        """Let an org have its next round at a moment and not before, whatever marks it meanwhile."""
        with reached():
            execute("SELECT campaignsync_wake(%s, %s, %s)", (org, until, failures))

    @contextlib.contextmanager
    def instead(self, org: ConnectionId, links: Collection[LinkId] | None = None) -> Iterator[None]:
        """A round in here, of these links or of all, is the one that waited for a worker: when it is done, that need not be.

        What waits is set apart first, so that a mark made from now on calls for a round of its own; whoever dies in here leaves
        it to a worker.
        """
        with reached():
            apart = rows(
                "UPDATE procrastinate_jobs SET queueing_lock = NULL WHERE queueing_lock = 'round:' || %s::bigint"
                " AND status = 'todo' AND scheduled_at IS NULL RETURNING id",
                (org,),
            )
        yield
        with reached():
            execute(
                "DELETE FROM procrastinate_jobs WHERE status = 'todo' AND id = ANY(%s) AND NOT EXISTS (SELECT FROM store_mark m"
                " JOIN store_link l ON l.id = m.link_id WHERE l.connection_id = %s AND l.state = 'active'"
                " AND NOT l.id = ANY(%s))",
                (
                    [row["id"] for row in apart],
                    org,
                    list(self._links(org) if links is None else links),
                ),
            )

    def _links(self, org: ConnectionId) -> Iterator[LinkId]:
        return (
            LinkId(row["id"]) for row in rows("SELECT id FROM store_link WHERE connection_id = %s", (org,))
        )

    def due(self) -> list[ConnectionId]:
        """The orgs whose schedule has come round (domain.budget)."""
        with reached():
            found = rows(
                "SELECT id FROM store_connection WHERE campaign_sync AND every_s IS NOT NULL"
                " AND (round_at IS NULL OR round_at + make_interval(secs => every_s) <= %s) ORDER BY id",
                (self._now(),),
            )
            return [ConnectionId(row["id"]) for row in found if traffic.budget(row["id"], self._now()).due]

    def sweep(self) -> list[Swept]:
        """Take the jobs of dead workers, and those that failed by what nobody foresaw, out of the way of their orgs, and let
        these have others: one commit, since whoever died between the two would have left the org without any."""
        with reached(), transaction.atomic():
            self._give_up_orphans()
            # A round that still goes on here, without its database, is not over before it says so.
            left = self._left - set(self._running.values())
            found = rows(_DEAD, {"queue": QUEUE, "stale": STALE_AFTER_S, "left": list(left)})
            self._left -= left
            swept = [Swept(connection_id=ConnectionId(row.pop("org")), **row) for row in found]
            for each in swept:
                until = self._now() + timedelta(seconds=back_off_s(each.failures)) if each.failed else None
                again = (each.connection_id, until, each.failures + 1 if each.failed else 0)
                execute("SELECT campaignsync_wake(%s, %s, %s)", again)
            execute(
                "DELETE FROM procrastinate_workers WHERE last_heartbeat < now() - make_interval(secs => %s)",
                (STALE_AFTER_S,),
            )
        return swept

    def _give_up_orphans(self) -> None:
        """Jobs that are ours by the database and that we are not at: we could not say when they ended. Seen twice, since a job
        that was taken a moment ago, or has just ended, looks the same."""
        found = {
            row["id"]
            for row in rows(
                "SELECT id FROM procrastinate_jobs WHERE status = 'doing' AND worker_id = ANY(%s)",
                (list(self._workers),),
            )
        } - set(self._running)
        execute(
            "UPDATE procrastinate_jobs SET status = 'failed' WHERE status = 'doing' AND id = ANY(%s)",
            (list(found & self._orphans),),
        )
        self._orphans = found

    def leave(self) -> None:
        """This thread needs the database no more."""
        connection.close()

    def work(self, carry_out: CarryOut, *, at_once: int, stop: threading.Event) -> None:
        """Carry out jobs, so many at once, until told to stop; jobs that were begun are ended first. RetryableError when the
        database is out of reach."""
        # Only a worker carries out jobs, and every command would pay for Procrastinate.
        from procrastinate.exceptions import ConnectorException
        from psycopg_pool import PoolTimeout

        with reached():
            connection.ensure_connection()
        self.leave()
        try:
            asyncio.run(self._work(carry_out, at_once, stop))
        except (psycopg.Error, PoolTimeout, ConnectorException, DatabaseError, InterfaceError) as error:
            raise _gone(error) from None
        finally:
            # What is still ours by the database is no more: the next sweep, ours or another's, lets it go.
            self._left |= self._workers
            self._workers.clear()

    async def _work(self, carry_out: CarryOut, at_once: int, stop: threading.Event) -> None:
        from procrastinate import PsycopgConnector
        from procrastinate.contrib.django.db_cleanup import DjangoApp
        from procrastinate.contrib.django.utils import connector_params
        from procrastinate.exceptions import ConnectorException

        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(at_once, "round"))
        app = DjangoApp(connector=PsycopgConnector(kwargs=connector_params(), min_size=1, max_size=4))
        app.task(name=TASK, queue=QUEUE, pass_context=True)(self._noted(carry_out))
        async with app.open_async():
            working = asyncio.create_task(
                app.run_worker_async(
                    queues=[QUEUE],
                    concurrency=at_once,
                    delete_jobs="successful",
                    fetch_job_polling_interval=_POLLED_EVERY_S,
                    update_heartbeat_interval=HEARTBEAT_S,
                    stalled_worker_timeout=STALE_AFTER_S,
                    install_signal_handlers=False,
                )
            )
            while not (stop.is_set() or working.done()):
                await asyncio.sleep(_LOOKS_EVERY_S)
            # Ended by itself, it has lost its database; cancelled, it ends what it is at.
            lost = working.done()
            working.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await working
        if lost:
            raise ConnectorException("the worker has lost its database")

    def _noted(self, carry_out: CarryOut) -> Callable[..., None]:
        def task(context: JobContext, *, connection: int, failures: int) -> None:
            job = context.job
            if job.id is None or job.worker_id is None:
                return
            self._workers.add(job.worker_id)
            self._running[job.id] = job.worker_id
            try:
                carry_out(ConnectionId(connection), failures)
            finally:
                del self._running[job.id]

        return task


@contextlib.contextmanager
def reached() -> Iterator[None]:
    """RetryableError where the database is out of reach; whoever asks next connects anew."""
    try:
        yield
    except (DatabaseError, InterfaceError) as error:
        with contextlib.suppress(DatabaseError, InterfaceError):
            connection.close()
        raise _gone(error) from None


def _gone(error: BaseException) -> RetryableError:
    reason = " ".join(str(error).split()) or type(error).__name__
    logging.getLogger("campaignsync.database").debug("the database is out of reach: %s", reason)
    return RetryableError(
        f"The database is out of reach: {reason}", retry_after_s=1.0, code=DATABASE_UNREACHABLE
    )
