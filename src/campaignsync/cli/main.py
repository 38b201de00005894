"""The `campaignsync` command: its verbs, and its exit codes.

0 done · 2 something must be mended by whoever typed it · 3 a link is halted or a plan is out of date · 4 Salesforce could not be
reached, or nobody knows what became of a call · 5 Salesforce refused. docs/commands.md says more.
"""

from __future__ import annotations

import gc
import sys
from typing import Annotated

import typer

from campaignsync.cli.contents import Contents
from campaignsync.cli.output import complain, say
from campaignsync.cli.session import DataDir
from campaignsync.domain.errors import (
    CampaignsyncError,
    HaltError,
    RefusedError,
    RetryableError,
    UnknownOutcomeError,
    UsageError,
)

EXIT_CODES: dict[type[CampaignsyncError], int] = {
    UsageError: 2,
    HaltError: 3,
    RetryableError: 4,
    UnknownOutcomeError: 4,
    RefusedError: 5,
}

app = typer.Typer(
    cls=Contents,
    help="Keep marketing programs and Salesforce campaigns the same.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _tell_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        say(version("campaignsync"))
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Say which version this is.")
]


@app.callback()
def _options(context: typer.Context, data_dir: DataDir = None, told_version: Version = False) -> None:
    context.obj = data_dir


def main() -> None:
    """Run a command; an error that a person can mend is one sentence and an exit code, never a traceback."""
    # Of what is loaded nothing is garbage: to look for some while it is loaded, and once more at the end, was a quarter of a
    # short command. `cli.session.opened` begins to look, once all is loaded.
    gc.disable()
    try:
        app()
    except CampaignsyncError as error:
        complain(f"error: {error}")
        sys.exit(next(code for kind, code in EXIT_CODES.items() if isinstance(error, kind)))
    finally:
        gc.freeze()
