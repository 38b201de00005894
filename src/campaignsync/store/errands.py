"""Errands as they are kept: asked for, taken by one who carries them out, watched, ended.

Called by the pages, the API and whoever carries them out. An errand whose carrier has not been heard of for a while is told as
died: what it did is observed by the next run, as with every run that dies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from campaignsync.domain.access import lies_in
from campaignsync.domain.errors import NOT_THERE, CampaignsyncError, UsageError
from campaignsync.store import models
from campaignsync.store.frames import execute, packed, rows, unpacked

DIED_AFTER = timedelta(minutes=2)
KEPT = timedelta(days=7)
_TOLD = (
    "o.id, o.kind, o.asked, o.who, o.folder, CASE WHEN o.state = 'running' AND o.seen_at < %(dead)s THEN 'died'"
    " ELSE o.state END AS state, o.done, o.of, o.created_at, o.ended_at, o.result, o.error"
)


class Errands:
    """Errands in PostgreSQL."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._now = clock

    def ask(
        self,
        kind: str,
        asked: Mapping[str, Any],
        *,
        who: str,
        folder: str | None,
        table: pl.DataFrame | None = None,
    ) -> int:
        """Ask for an errand; its number. `folder` is that of the program concerned; `table` is what it works on, kept until it
        ends."""
        now = self._now()
        models.Errand.objects.filter(created_at__lt=now - KEPT).delete()
        row = models.Errand.objects.create(
            kind=kind,
            asked=dict(asked),
            who=who,
            folder=folder,
            state="queued",
            created_at=now,
            rows=None if table is None else packed(table),
        )
        return int(row.pk)

    def one(self, errand: int) -> dict[str, Any]:
        """An errand: id, kind, asked, who, folder, state, done, of, created_at, ended_at, result, error."""
        found = rows(
            f"SELECT {_TOLD} FROM store_errand o WHERE o.id = %(id)s",
            {"dead": self._now() - DIED_AFTER, "id": errand},
        )
        if not found:
            raise UsageError(
                f"There is no errand {errand}: they are kept for {KEPT.days} days.", code=NOT_THERE
            )
        return found[0]

    def running(self, folders: Sequence[str] | None) -> list[dict[str, Any]]:
        """What is queued or goes on now for programs in these folders, or all: id, kind, asked, who, folder."""
        found = rows(
            "SELECT id, kind, asked, who, folder FROM store_errand WHERE state IN ('queued', 'running')"
            " AND coalesce(seen_at, created_at) >= %s ORDER BY id DESC LIMIT 100",
            (self._now() - DIED_AFTER,),
        )
        return found if folders is None else [each for each in found if _within(each["folder"], folders)]

    def list(self, folders: Sequence[str] | None, *, before: int | None, limit: int) -> list[dict[str, Any]]:
        """The latest errands of programs in these folders, or all, latest first, from before a number."""
        found = rows(
            f"SELECT {_TOLD} FROM store_errand o WHERE (%(before)s::bigint IS NULL OR o.id < %(before)s)"
            " ORDER BY o.id DESC LIMIT %(most)s",
            {"dead": self._now() - DIED_AFTER, "before": before, "most": limit if folders is None else 1000},
        )
        if folders is not None:
            found = [each for each in found if _within(each["folder"], folders)]
        return found[:limit]

    def take(self, errand: int | None = None) -> dict[str, Any] | None:
        """Take one that is queued, or this one; None where there is none, or somebody else has it."""
        taken = rows(
            "UPDATE store_errand SET state = 'running', seen_at = %s WHERE id = (SELECT id FROM store_errand"
            " WHERE state = 'queued' AND (%s::bigint IS NULL OR id = %s) ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)"
            " RETURNING id, kind, asked, who, folder",
            (self._now(), errand, errand),
        )
        return taken[0] if taken else None

    def tell(self, errand: int, done: int | None = None, of: int | None = None) -> None:
        """Say that an errand goes on, and how far it is."""
        execute(
            "UPDATE store_errand SET seen_at = %s, done = coalesce(%s, done), of = coalesce(%s, of)"
            " WHERE id = %s AND state = 'running'",
            (self._now(), done, of, errand),
        )

    def finish(self, errand: int, result: Mapping[str, Any], table: pl.DataFrame | None = None) -> None:
        """An errand is done; what came of it, and a table where one did."""
        models.Errand.objects.filter(pk=errand).update(
            state="done",
            ended_at=self._now(),
            result=dict(result),
            rows=None if table is None else packed(table),
        )

    def fail(self, errand: int, error: CampaignsyncError) -> None:
        """An errand could not be done, in words."""
        models.Errand.objects.filter(pk=errand).update(
            state="failed",
            rows=None,
            ended_at=self._now(),
            error={"code": error.code, "kind": type(error).__name__, "message": str(error)},
        )

    def table(self, errand: int) -> pl.DataFrame:
        """The table that an errand works on, and behind its end the one that came of it."""
        kept = models.Errand.objects.filter(pk=errand).values_list("rows", flat=True).first()
        if kept is None:
            raise UsageError(f"Errand {errand} has no table.", code=NOT_THERE)
        return unpacked(kept)


def _within(folder: str | None, folders: Sequence[str]) -> bool:
    return folder is not None and any(lies_in(folder, each) for each in folders)
