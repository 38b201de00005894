"""What programs came to, counted by month for `domain.reports`: one query, however many programs there are."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from campaignsync.domain.reports import MONTHS
from campaignsync.store.frames import query
from campaignsync.store.shown.folders import IN_FOLDERS

_MONTHS = f"""
    WITH wanted AS (SELECT p.id, p.name, c.name AS channel, coalesce((SELECT t.value FROM store_programtag t
        WHERE t.program_id = p.id AND t.name = %(by_tag)s), '') AS tag
        FROM store_program p JOIN store_channel c ON c.id = p.channel_id
        WHERE {IN_FOLDERS} AND (%(channel)s = '' OR c.name = %(channel)s) AND (%(tag)s = '' OR EXISTS
        (SELECT FROM store_programtag t WHERE t.program_id = p.id AND t.name || '=' || t.value = %(tag)s))),
    counted AS (SELECT program_id, month, sum(members)::bigint AS members, sum(successes)::bigint AS successes FROM (
        SELECT program_id, joined AS month, members, 0 AS successes FROM store_membertally UNION ALL
        SELECT program_id, succeeded, 0, members FROM store_membertally WHERE succeeded IS NOT NULL) t
        GROUP BY 1, 2 HAVING sum(members) <> 0 OR sum(successes) <> 0)
    SELECT w.id AS program_id, w.name AS program, w.channel, w.tag, m.month, coalesce(m.members, 0) AS members,
        coalesce(m.successes, 0) AS successes, m.amount, m.currency
    FROM wanted w JOIN (counted FULL JOIN store_periodcost k USING (program_id, month)) m ON m.program_id = w.id"""


def months(folders: Sequence[str] | None, *, by: str, channel: str = "", tag: str = "") -> pl.DataFrame:
    """MONTHS of every program that may be seen, of a channel and of a tag NAME=VALUE where they are given, for a report by
    `program`, `channel`, `month` or `tag NAME`."""
    wanted = {"folders": None if folders is None else list(folders), "channel": channel, "tag": tag}
    return query(_MONTHS, {**wanted, "by_tag": by.partition(" ")[2]}, MONTHS)
