"""Tallies: how many members each program has by status and month, and each campaign by label, without counting them.

Triggers add a line for every statement that changes members, with what it adds or takes away, so that writers never wait for one
another; whoever reads sums up. `fold` makes few lines of many, called by whoever tidies up and by pages that meet a long tally.
Nothing is decided by a tally: plans and reports of what was done count for themselves.
"""

from __future__ import annotations

from typing import Any

import pgtrigger

from campaignsync.store.frames import execute, rows
from campaignsync.store.triggers import after

LONG = 500
"""Lines of one program or campaign that are worth folding while somebody waits."""
_MONTH = "date_trunc('month', {} AT TIME ZONE 'UTC')::date"
_OF_PROGRAM = (
    f"program_id, status_id, {_MONTH.format('member_since')} AS joined,"
    f" {_MONTH.format('reached_success_at')} AS succeeded"
)
_OF_CAMPAIGN = "connection_id, campaign_id, coalesce(status, '') AS label"
_TALLIES = {
    "store_membertally": ("program_id, status_id, joined, succeeded", _OF_PROGRAM, "store_programmember"),
    "store_labeltally": ("connection_id, campaign_id, label", _OF_CAMPAIGN, "store_campaignmember"),
}
_ROWS = {
    "insert": (("new_rows", 1),),
    "update": (("new_rows", 1), ("old_rows", -1)),
    "delete": (("old_rows", -1),),
}


def _tally(name: str) -> list[pgtrigger.Trigger]:
    columns, key, _ = _TALLIES[name]
    return [
        after(
            operation,
            f"tally_{operation}",
            f"EXECUTE $tally$ INSERT INTO {name} ({columns}, members) SELECT {columns}, sum(n) FROM ("
            + " UNION ALL ".join(f"SELECT {key}, {n} AS n FROM {table}" for table, n in tables)
            + f") r GROUP BY {columns} HAVING sum(n) <> 0 $tally$; RETURN NULL;",
        )
        for operation, tables in _ROWS.items()
    ]


def tally_members() -> list[pgtrigger.Trigger]:
    """Keep the tally of programs."""
    return _tally("store_membertally")


def tally_labels() -> list[pgtrigger.Trigger]:
    """Keep the tally of campaigns."""
    return _tally("store_labeltally")


def counting(name: str) -> str:
    """SQL that fills an empty tally by counting everybody: for migrations and for bulk loads that go round the triggers."""
    columns, key, table = _TALLIES[name]
    return f"INSERT INTO {name} ({columns}, members) SELECT {key}, count(*) FROM {table} GROUP BY {columns}"


def fold(name: str, where: str = "true", parameters: tuple[Any, ...] = ()) -> None:
    """Make one line of all that are alike. Two who fold at once, or a writer meanwhile, disturb nothing: each takes away only the
    lines whose sum it writes."""
    columns, _, _ = _TALLIES[name]
    execute(
        f"WITH gone AS (DELETE FROM {name} WHERE {where} RETURNING {columns}, members)"
        f" INSERT INTO {name} ({columns}, members) SELECT {columns}, sum(members) FROM gone GROUP BY {columns}"
        " HAVING sum(members) <> 0",
        parameters,
    )


def fold_long() -> None:
    """Fold the tallies of those programs and campaigns that have become long."""
    for name, key in (("store_membertally", "program_id"), ("store_labeltally", "campaign_id")):
        long = rows(f"SELECT {key} AS key FROM {name} GROUP BY 1 HAVING count(*) > %s", (LONG,))
        if long:
            fold(name, f"{key} = ANY(%s)", ([row["key"] for row in long],))
