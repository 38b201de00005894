"""Counts what moves and what waits, by connection, link, object, direction and hour (M8.3), and the API calls that it takes;
domain.backlog and domain.budget make sense of it.

Called by the ledger in the transactions that record outcomes: one upsert a batch, never one a record.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import polars as pl

from campaignsync.domain.backlog import ROLLING, STEP, STEPS, TRAFFIC, Lane, hour_of
from campaignsync.domain.budget import Budget
from campaignsync.domain.observation import ApiUsage
from campaignsync.domain.service import ROUND_BUCKETS_S
from campaignsync.store.frames import execute, micros, query
from campaignsync.store.models import ApiCalls, Connection, Pulse

ORG = 0
"""Stands for a link where there is none."""
_READ_BACK = STEP * STEPS + ROLLING


def moved(connection: int, link: int, lane: Lane, records: int, now: datetime) -> None:
    """So many records went this way."""
    if records:
        execute(
            "INSERT INTO store_traffic AS t (connection_id, link_id, object, direction, hour, moved)"
            " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (connection_id, link_id, object, direction, hour)"
            " DO UPDATE SET moved = t.moved + excluded.moved",
            (connection, link, lane.object, lane.direction.value, hour_of(now), records),
        )


def waiting(connection: int, link: int, counts: Mapping[Lane, int], now: datetime) -> None:
    """So many records wait to go each way. That none does is kept only where some did before: most links have nothing to say."""
    if not counts:
        return
    lanes = ", ".join("(%s, %s, %s::bigint)" for _ in counts)
    counted = [
        each for lane, records in counts.items() for each in (lane.object, lane.direction.value, records)
    ]
    execute(
        "INSERT INTO store_traffic (connection_id, link_id, object, direction, hour, moved, waiting, counted_at)"
        " SELECT o.connection_id, o.link_id, c.object, c.direction, %s, 0, c.records, %s"
        f" FROM (SELECT %s::bigint AS connection_id, %s::bigint AS link_id) o, (VALUES {lanes}) c(object, direction, records)"
        " WHERE c.records > 0 OR coalesce((SELECT t.waiting FROM store_traffic t WHERE t.connection_id = o.connection_id"
        " AND t.link_id = o.link_id AND t.object = c.object AND t.direction = c.direction AND t.waiting IS NOT NULL"
        " ORDER BY t.hour DESC LIMIT 1), 0) > 0 ON CONFLICT (connection_id, link_id, object, direction, hour)"
        " DO UPDATE SET waiting = excluded.waiting, counted_at = excluded.counted_at",
        [hour_of(now), now, connection, link, *counted],
    )


def charge(connection: int, calls: int, now: datetime, told: ApiUsage | None = None) -> None:
    """So many API calls were made; the last of them may have told what the whole org has used."""
    if not calls:
        return
    if told:
        execute(
            "INSERT INTO store_pulse AS p (connection_id, rounds, failed, seconds, within, calls_used, calls_allowed, told_at)"
            " VALUES (%s, 0, 0, 0, array_fill(0::bigint, ARRAY[%s]), %s, %s, %s) ON CONFLICT (connection_id) DO UPDATE"
            " SET calls_used = excluded.calls_used, calls_allowed = excluded.calls_allowed, told_at = excluded.told_at",
            (connection, len(ROUND_BUCKETS_S), told.used, told.allowed, now),
        )
    execute(
        "INSERT INTO store_apicalls AS t (connection_id, hour, calls) VALUES (%s, %s, %s)"
        " ON CONFLICT (connection_id, hour) DO UPDATE SET calls = t.calls + excluded.calls",
        (connection, hour_of(now), calls),
    )


def budget(connection: int, now: datetime) -> Budget:
    """An org's schedule and budget as they stand."""
    row = Connection.objects.get(pk=connection)
    calls = ApiCalls.objects.filter(connection=row, hour__gt=now - 2 * ROLLING)
    told = Pulse.objects.filter(connection=row, told_at__isnull=False).first()
    return Budget(
        at=now,
        every=timedelta(seconds=row.every_s) if row.every_s else None,
        round_at=row.round_at,
        daily_calls=row.daily_calls,
        reserve=row.reserve,
        calls=dict(calls.values_list("hour", "calls")),
        usage=ApiUsage(used=told.calls_used or 0, allowed=told.calls_allowed or 0) if told else None,
        told_at=told.told_at if told else None,
    )


def read(connection: int, link: int | None, now: datetime) -> pl.DataFrame:
    """TRAFFIC of an org, or of one of its links, as far back as anything is computed from it. For a link that is no more nothing
    waits."""
    return query(
        f"SELECT t.link_id, t.object, t.direction, {micros('t.hour')} AS hour, t.moved,"
        " CASE WHEN t.link_id = 0 OR l.id IS NOT NULL THEN t.waiting END AS waiting,"
        f" {micros('t.counted_at')} AS counted_at FROM store_traffic t LEFT JOIN store_link l ON l.id = t.link_id"
        " WHERE t.connection_id = %s AND (%s::bigint IS NULL OR t.link_id = %s) AND t.hour > %s",
        (connection, link, link, now - _READ_BACK),
        TRAFFIC,
    )


def forget(connection: int, kept: timedelta, now: datetime) -> None:
    """Delete what was counted long ago."""
    execute(
        "DELETE FROM store_apicalls WHERE connection_id = %s AND hour < %s;"
        " DELETE FROM store_traffic WHERE connection_id = %s AND hour < %s",
        (connection, now - 2 * ROLLING, connection, now - max(kept, _READ_BACK)),
    )
