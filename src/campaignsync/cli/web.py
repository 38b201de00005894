"""web: serve the pages."""

from __future__ import annotations

from typing import Annotated

import typer

from campaignsync.cli.output import say
from campaignsync.cli.session import opened_for_long


def add_to(app: typer.Typer) -> None:
    """Give the application this command."""
    app.command()(web)


def web(
    context: typer.Context,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port to serve on; 0: any free one.")
    ] = 8080,
    host: Annotated[
        str, typer.Option(help="The address to serve on; 0.0.0.0: all of this machine's.")
    ] = "127.0.0.1",
    threads: Annotated[int, typer.Option(min=1, help="How many requests are answered at the same time.")] = 8,
) -> None:
    """Serve the pages and the API until stopped. The first who opens them makes the admin."""
    from campaignsync.web.server import run_server

    with opened_for_long(context, pages=True) as app:
        run_server(
            app, host=host, port=port, threads=threads, ready=lambda url: say(f"Open {url} in a browser.")
        )
