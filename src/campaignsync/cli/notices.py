"""notices: what people were told, and a trial of the ways to tell them."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from campaignsync.bootstrap import Application
from campaignsync.cli.output import clean, print_entry, print_json, say, show
from campaignsync.cli.session import AsJson, opened
from campaignsync.domain.errors import RetryableError
from campaignsync.runtime.notices import attempt, trial


def add_to(app: typer.Typer) -> None:
    """Give the application these commands."""
    app.command()(notices)


def notices(
    context: typer.Context,
    test: Annotated[
        bool,
        typer.Option("--test", help="Send one now by every way that is set up. Exits with 4 when one fails."),
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many of the latest.")] = 50,
    json: AsJson = False,
) -> None:
    """List what people were told: rounds that failed, links that wait, very many problems; and when that was over."""
    with opened(context) as app:
        if test:
            _try(app, json=json)
            return
        rows = app.outbox.list(limit=limit)
    if json:
        print_json(rows)
        return
    for row in rows:
        print_entry(_heading(row), row["message"])
    if not rows:
        say("Nothing had to be told yet.")


def _heading(row: dict[str, Any]) -> str:
    """What a notice is about, who has it, and who has not."""
    about = " · ".join(part for part in (row["connection"], row["program"]) if part)
    told = f"told by {', '.join(row['sent'])}" if row["sent"] else "told by nobody yet"
    failed = f"; not by {row['error']}" if row["error"] else ""
    again = f", again {clean(row['due_at'])}" if failed and row["due_at"] else ""
    return f"{clean(row['at'])} {about}: {row['code']} {row['event']} ({told}{failed}{again})"


def _try(app: Application, *, json: bool) -> None:
    notice = trial()
    failures = {outlet.name: attempt(outlet, notice) for outlet in app.outlets}
    rows = [{"outlet": name, "sent": failure is None, "error": failure} for name, failure in failures.items()]
    show(rows, {"outlet": "BY", "sent": "SENT", "error": "WHY NOT"}, empty="", as_json=json)
    failed = [failure for failure in failures.values() if failure]
    if failed:
        raise RetryableError("; ".join(failed))
