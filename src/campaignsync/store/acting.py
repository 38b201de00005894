"""Tells the database who is changing what, why and in which run, and lets writers of the same thing in one by one.

Locks are PostgreSQL's own: a process that dies loses them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime

from django.db import DatabaseError, OperationalError, connection, transaction

from campaignsync.domain.errors import RetryableError


@contextlib.contextmanager
def acting(
    *,
    who: str,
    why: str = "",
    run: int | None = None,
    now: datetime | None = None,
    round_of: int | None = None,
) -> Iterator[None]:
    """One transaction whose changes of members stand in the journal under this name; `now` is the time they are noted at. Its
    marks call for rounds, but for one of the org that has a round now (`round_of`), which goes on to see to them."""
    told = {
        "who": who,
        "why": why,
        "run": "" if run is None else str(run),
        "now": now.isoformat() if now else "",
        "round_of": "" if round_of is None else str(round_of),
    }
    with transaction.atomic():
        with connection.cursor() as cursor:
            settings = ", ".join("set_config(%s, %s, true)" for _ in told)
            cursor.execute(
                f"SELECT {settings}",
                [each for name, value in told.items() for each in (f"campaignsync.{name}", value)],
            )
        yield


@contextlib.contextmanager
def because(why: str) -> Iterator[None]:
    """Changes of members in here stand in the journal with another reason than the rest of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('campaignsync.why', true)")
        rest = cursor.fetchone()[0]
        cursor.execute("SELECT set_config('campaignsync.why', %s, true)", (why,))
        yield
        cursor.execute("SELECT set_config('campaignsync.why', %s, true)", (rest,))


def alone(with_what: str, number: int = 0) -> None:
    """Wait until nobody else holds this lock; it is ours until the transaction ends, and a dead process loses it.

    `people` is held by whoever may make a person, so that an e-mail address never becomes two; `members`, with the number of
    a program, by whoever moves its members after a look at where they stand. Who needs both takes `people` first.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext(%s), %s)", (f"campaignsync.{with_what}", number)
        )


@contextlib.contextmanager
def in_turn(with_what: str, number: int, *, wait_ms: int, retry_after_s: float) -> Iterator[None]:
    """Nobody else is in here for the same thing meanwhile; RetryableError when they stay longer than we wait.

    For what spans many transactions: the lock lives with a session of its own.
    """
    session = connection.copy()
    try:
        with session.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", (f"{wait_ms}ms",))
            try:
                cursor.execute(
                    "SELECT pg_advisory_lock(hashtext(%s), %s)", (f"campaignsync.{with_what}", number)
                )
            except OperationalError:
                raise RetryableError(
                    f"Another run of this {with_what} is under way; try again when it has ended.",
                    retry_after_s=retry_after_s,
                ) from None
            try:
                yield
            finally:
                # A session that is closed lets go some time later: whoever comes at once would find it held.
                with contextlib.suppress(DatabaseError):
                    cursor.execute(
                        "SELECT pg_advisory_unlock(hashtext(%s), %s)", (f"campaignsync.{with_what}", number)
                    )
    finally:
        session.close()
