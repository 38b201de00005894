"""Tells the database who is changing what, why and in which run, so that its triggers can note it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime

from django.db import connection, transaction


@contextlib.contextmanager
def acting(*, who: str, why: str = "", run: int | None = None, now: datetime | None = None) -> Iterator[None]:
    """One transaction whose changes of members stand in the journal under this name; `now` is the time they are noted at."""
    told = {
        "who": who,
        "why": why,
        "run": "" if run is None else str(run),
        "now": now.isoformat() if now else "",
    }
    with transaction.atomic():
        with connection.cursor() as cursor:
            for name, value in told.items():
                cursor.execute("SELECT set_config(%s, %s, true)", (f"campaignsync.{name}", value))
        yield
