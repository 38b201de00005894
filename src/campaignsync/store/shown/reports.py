"""What programs came to, counted by month for `domain.reports`: three queries, however many programs there are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from campaignsync.domain.programs import PeriodCost
from campaignsync.domain.reports import ProgramMonths
from campaignsync.store.frames import rows
from campaignsync.store.shown.folders import IN_FOLDERS

_WANTED = f"""{IN_FOLDERS} AND (%(channel)s = '' OR c.name = %(channel)s) AND (%(tag)s = '' OR EXISTS
    (SELECT FROM store_programtag t WHERE t.program_id = p.id AND t.name || '=' || t.value = %(tag)s))"""


def months(folders: Sequence[str] | None, *, channel: str = "", tag: str = "") -> list[ProgramMonths]:
    """Every program that may be seen, of a channel and of a tag NAME=VALUE where they are given, with its months."""
    wanted = {"folders": None if folders is None else list(folders), "channel": channel, "tag": tag}
    programs = rows(
        "SELECT p.id, p.name, c.name AS channel, coalesce((SELECT jsonb_object_agg(t.name, t.value) FROM store_programtag t"
        " WHERE t.program_id = p.id), '{}') AS tags FROM store_program p JOIN store_channel c ON c.id = p.channel_id"
        f" WHERE {_WANTED}",
        wanted,
    )
    counted = _by_program(
        rows(
            "SELECT t.program_id, t.month, sum(t.members)::bigint AS members, sum(t.successes)::bigint AS successes FROM ("
            " SELECT program_id, joined AS month, members, 0 AS successes FROM store_membertally UNION ALL"
            " SELECT program_id, succeeded, 0, members FROM store_membertally WHERE succeeded IS NOT NULL) t"
            " JOIN store_program p ON p.id = t.program_id JOIN store_channel c ON c.id = p.channel_id"
            f" WHERE {_WANTED} GROUP BY 1, 2",
            wanted,
        )
    )
    costs = _by_program(
        rows(
            "SELECT k.program_id, k.month, k.amount, k.currency, k.note FROM store_periodcost k"
            " JOIN store_program p ON p.id = k.program_id JOIN store_channel c ON c.id = p.channel_id"
            f" WHERE {_WANTED} ORDER BY k.month",
            wanted,
        )
    )
    return [_program(row, counted.get(row["id"], []), costs.get(row["id"], [])) for row in programs]


def _by_program(found: list[dict[str, Any]]) -> dict[int, list[dict[str, Any]]]:
    grouped: dict[int, list[dict[str, Any]]] = {}
    for row in found:
        grouped.setdefault(row["program_id"], []).append(row)
    return grouped


def _program(
    row: dict[str, Any], counted: list[dict[str, Any]], costs: list[dict[str, Any]]
) -> ProgramMonths:
    def by_month(name: str) -> dict[date, int]:
        return {each["month"]: each[name] for each in counted if each[name]}

    return ProgramMonths(
        program_id=row["id"],
        program=row["name"],
        channel=row["channel"],
        tags=row["tags"],
        members=by_month("members"),
        successes=by_month("successes"),
        costs=[
            PeriodCost(month=c["month"], amount=c["amount"], currency=c["currency"], note=c["note"])
            for c in costs
        ],
    )
