"""What every command needs: the settings it was given, and the installation opened with them."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from campaignsync.bootstrap import Application, application
from campaignsync.settings import Settings, read_settings

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
ProgramName = Annotated[str, typer.Argument(metavar="PROGRAM", help="The program's name.")]
AnyProgram = Annotated[
    str | None, typer.Argument(metavar="[PROGRAM]", help="One program; all of them when left out.")
]
ConnectionName = Annotated[
    str | None, typer.Option("--connection", help="Which connection; needed only where there are several.")
]
DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir", help="Where the database and the key file live.", envvar="CAMPAIGNSYNC_DATA_DIR"
    ),
]


@contextmanager
def opened(context: typer.Context, *, migrate: bool = False) -> Iterator[Application]:
    """The installation, opened for one command; `context.obj` is the data folder that was given, or None."""
    settings = read_settings(context.obj)
    # The tables of the pages are made with all others.
    with application(settings, migrate=migrate, who=who(), site=_site(settings) if migrate else None) as app:
        yield app


def _site(settings: Settings) -> dict[str, Any]:
    from campaignsync.web.site import site

    return site(settings.web)


def who() -> str:
    """Who types, for the journal."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"
