"""backlog: what moves between the two sides and what waits to (M8.3)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl
import typer

from campaignsync.bootstrap import Application
from campaignsync.cli.output import clean, print_json, print_table, say
from campaignsync.cli.session import AnyProgram, AsJson, ConnectionName, opened
from campaignsync.domain.backlog import metrics, trend
from campaignsync.domain.budget import Budget
from campaignsync.domain.connections import Connection

_HEADINGS = {
    "lane": "WHAT",
    "max_per_hour": "MAX/H",
    "min_per_hour": "MIN/H",
    "average": "MEAN/H",
    "backlog": "BACKLOG",
    "drained_in": "DRAINED IN",
    "state": "STATE",
}
_BARS = "▁▂▃▄▅▆▇█"


def add_to(app: typer.Typer) -> None:
    """Give the application these commands."""
    app.command()(backlog)


def backlog(
    context: typer.Context, name: AnyProgram = None, connection: ConnectionName = None, json: AsJson = False
) -> None:
    """Show what moved in the last 24 hours, what waits, when it will be through, and the trend of five days."""
    now = datetime.now(UTC)
    with opened(context) as app:
        chosen = _chosen(app, name, connection)
        counted = {each.name: app.views.traffic(each.connection_id, name) for each in chosen}
        budgets = {each.name: app.ledger.budget(each.connection_id) for each in chosen}
    if json:
        print_json({org: _as_json(traffic, budgets[org], now) for org, traffic in counted.items()})
        return
    if all(traffic.is_empty() for traffic in counted.values()):
        say("Nothing has been counted yet. Counting begins with: campaignsync sync")
        return
    for org, traffic in counted.items():
        rows = [_readable(row) for row in metrics(traffic, now).to_dicts()]
        print_table(rows, _HEADINGS, empty=f"{org}: nothing has been counted yet.")
        say(f"{org}: what waited in five days, by steps of four hours: {_bars(traffic, now)}")
        following = clean(budgets[org].next_round) or "with the next sync"
        say(f"{org}: last counted {clean(budgets[org].round_at)}, next {following}")


def _chosen(app: Application, program: str | None, connection: str | None) -> list[Connection]:
    if program:
        return [linked_in for _, linked_in in app.registry.links_of(program, connection)]
    return [app.registry.connection(connection)] if connection else app.registry.connections()


def _as_json(traffic: pl.DataFrame, budget: Budget, now: datetime) -> dict[str, Any]:
    steps = [{"at": at, "backlog": waits} for at, waits in trend(traffic, now)]
    return {
        "last_counted": budget.round_at,
        "next_counted": budget.next_round,
        "metrics": metrics(traffic, now).to_dicts(),
        "trend": steps,
    }


def _readable(row: dict[str, Any]) -> dict[str, Any]:
    hours = row["hours_to_drain"]
    return {
        **row,
        "lane": f"{row['object']} {row['direction']}",
        "average": f"{row['average_per_hour']:,.1f}",
        "drained_in": "nothing moves" if hours is None else f"{hours:,.1f} h" if row["backlog"] else "",
    }


def _bars(traffic: pl.DataFrame, now: datetime) -> str:
    """What waited as a row of bars; a dot where nothing was counted yet."""
    waits = [number for _, number in trend(traffic, now)]
    most = max(number or 0 for number in waits)
    bars = "".join("·" if n is None else _BARS[n * (len(_BARS) - 1) // max(most, 1)] for n in waits)
    return f"{bars} (at most {most:,})"
