"""backup, restore: the whole database as one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from campaignsync import bootstrap
from campaignsync.cli.output import answer
from campaignsync.cli.session import AsJson
from campaignsync.settings import read_settings

File = Annotated[Path, typer.Argument(metavar="FILE", help="The backup.")]


def add_to(app: typer.Typer) -> None:
    """Give the application these commands."""
    for command in (backup, restore):
        app.command()(command)


def backup(context: typer.Context, file: File, as_json: AsJson = False) -> None:
    """Write the whole database into a file, while everything goes on. The key of the secrets is not in it: keep that
    elsewhere."""
    size = bootstrap.back_up(read_settings(context.obj), file)
    answer({"file": str(file), "bytes": size}, f"{file}: {size:,} bytes.", as_json=as_json)


def restore(context: typer.Context, file: File, as_json: AsJson = False) -> None:
    """Bring a backup into an empty database. What happened after it, the next round finds in Salesforce."""
    bootstrap.restore(read_settings(context.obj), file)
    answer(
        {"file": str(file)},
        f"{file} is restored. Bring it up to date with: campaignsync migrate",
        as_json=as_json,
    )
