"""webhook: addresses that are told when a run has ended, a link waits, a problem is raised."""

from __future__ import annotations

from typing import Annotated

import typer

from campaignsync.cli.output import answer, show
from campaignsync.cli.session import AsJson, opened
from campaignsync.domain.errors import RetryableError
from campaignsync.domain.webhooks import events_named

webhook = typer.Typer(help="Addresses that are told of events.", no_args_is_help=True)

Number = Annotated[int, typer.Argument(metavar="NUMBER", help="Which, as campaignsync webhook list tells.")]
Events = Annotated[
    list[str] | None,
    typer.Option(
        "--event",
        help="run.finished, link.halted, problem.raised or plan.waits, once for each; all when left out.",
    ),
]


def add_to(app: typer.Typer) -> None:
    """Give the application these commands."""
    app.add_typer(webhook, name="webhook")


@webhook.command("list")
def webhook_list(context: typer.Context, as_json: AsJson = False) -> None:
    """List the webhooks: what they are told, and what waits for them."""
    with opened(context) as app:
        rows = app.webhooks.list()
    lines = [{**row, "told": ", ".join(row["events"])} for row in rows]
    headings = {"id": "NUMBER", "url": "ADDRESS", "told": "EVENTS", "active": "ACTIVE", "waiting": "WAITING"}
    headings |= {"error": "LATEST ERROR"}
    empty = "No webhook yet. Make one with: campaignsync webhook add https://…"
    show(rows if as_json else lines, headings, empty=empty, as_json=as_json)


@webhook.command("add")
def webhook_add(
    context: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL", help="Where events are posted to, as signed JSON.")],
    event: Events = None,
    as_json: AsJson = False,
) -> None:
    """Tell an address of events from now on. The secret that signs them is shown once."""
    with opened(context) as app:
        row = app.webhooks.add(url, events_named(event or ()))
    said = (
        f"{row['secret']}\nThis secret signs what is sent, and is shown only now (docs/api.md tells how)."
        f" Try it with: campaignsync webhook ping {row['id']}"
    )
    answer(row, said, as_json=as_json)


@webhook.command("set")
def webhook_set(
    context: typer.Context,
    number: Number,
    event: Events = None,
    active: Annotated[bool | None, typer.Option(help="Whether it is told anything at all.")] = None,
    as_json: AsJson = False,
) -> None:
    """Tell a webhook of other events, or of none for a while."""
    with opened(context) as app:
        app.webhooks.change(number, events=events_named(event) if event else None, active=active)
        row = app.webhooks.one(number)
    state = "is told" if row["active"] else "would be told, but for being switched off"
    answer(row, f"Webhook {number} {state} of {', '.join(row['events'])}.", as_json=as_json)


@webhook.command("ping")
def webhook_ping(context: typer.Context, number: Number, as_json: AsJson = False) -> None:
    """Send a webhook an event at once that says that it works. Exits with 4 when it was not taken."""
    with opened(context) as app:
        delivery = app.webhooks.ping(number)
        app.webhooks.post_due()
        row = next(
            each for each in app.webhooks.deliveries(number, before=None, limit=50) if each["id"] == delivery
        )
    taken = f"It was taken (HTTP {row['status']})." if row["settled_at"] else "It was not taken."
    answer(row, taken, as_json=as_json)
    if not row["settled_at"]:
        raise RetryableError(row["error"] or "Events before it go first.")


@webhook.command("deliveries")
def webhook_deliveries(
    context: typer.Context,
    number: Number,
    limit: Annotated[int, typer.Option(min=1, help="How many of the latest.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List what a webhook was told, and what it did not take."""
    with opened(context) as app:
        app.webhooks.one(number)
        rows = app.webhooks.deliveries(number, before=None, limit=limit)
    headings = {"id": "NUMBER", "at": "AT", "event": "EVENT", "tries": "TRIES", "settled_at": "TAKEN"}
    headings |= {"status": "HTTP", "error": "ERROR", "due_at": "AGAIN"}
    show(rows, headings, empty="Nothing was to be told yet.", as_json=as_json)


@webhook.command("remove")
def webhook_remove(context: typer.Context, number: Number, as_json: AsJson = False) -> None:
    """Tell an address nothing any more."""
    with opened(context) as app:
        app.webhooks.remove(number)
    answer({"id": number, "removed": True}, f"Webhook {number} is removed.", as_json=as_json)
