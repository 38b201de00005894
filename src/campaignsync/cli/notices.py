"""notices: what people were told, and a trial of the ways to tell them."""

from __future__ import annotations

from typing import Annotated

import typer

from campaignsync.bootstrap import Application
from campaignsync.cli.output import show
from campaignsync.cli.session import AsJson, opened
from campaignsync.domain.errors import RetryableError
from campaignsync.runtime.notices import attempt, trial

_HEADINGS = {"at": "AT", "connection": "CONNECTION", "program": "PROGRAM", "code": "CODE", "event": "EVENT"}
_HEADINGS |= {"message": "SAYS", "told": "TOLD BY", "error": "NOT TOLD BY"}


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
        rows = [{**row, "told": ", ".join(row["sent"])} for row in app.outbox.list(limit=limit)]
    show(rows, _HEADINGS, empty="Nothing had to be told yet.", as_json=json)


def _try(app: Application, *, json: bool) -> None:
    notice = trial()
    failures = {outlet.name: attempt(outlet, notice) for outlet in app.outlets}
    rows = [{"outlet": name, "sent": failure is None, "error": failure} for name, failure in failures.items()]
    show(rows, {"outlet": "BY", "sent": "SENT", "error": "WHY NOT"}, empty="", as_json=json)
    failed = [failure for failure in failures.values() if failure]
    if failed:
        raise RetryableError("; ".join(failed))
