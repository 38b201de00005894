"""What every command needs: the settings it was given, and the installation opened with them."""

from __future__ import annotations

import gc
import getpass
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from campaignsync.domain.errors import DATABASE_UNREACHABLE, UsageError

if TYPE_CHECKING:
    from campaignsync.bootstrap import Application
    from campaignsync.domain.notices import Notice
    from campaignsync.settings import Settings

_LONGEST_WAIT_S = 15.0
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
def opened(context: typer.Context, *, migrate: bool = False, pages: bool = False) -> Iterator[Application]:
    """The installation, opened for one command, or for `pages`; `context.obj` is the data folder that was given, or None."""
    # What opens the doors loads all that is behind them; a command that only tells how it is used needs nothing of it.
    from campaignsync.bootstrap import application
    from campaignsync.settings import read_settings

    settings = read_settings(context.obj)
    # The tables of the pages are made with all others.
    site = _site(settings) if migrate or pages else None
    with application(settings, migrate=migrate, who=who(), site=site, letter=_letter(settings)) as app:
        if not gc.isenabled():
            # See cli.main: what was loaded stays, and is not looked through again.
            gc.freeze()
            gc.enable()
        yield app


@contextmanager
def opened_for_long(
    context: typer.Context, *, migrate: bool = False, pages: bool = False
) -> Iterator[Application]:
    """The installation, opened for what runs for years: where the database is away, it is waited for."""
    from campaignsync.domain.service import back_off_s
    from campaignsync.runtime.telemetry import log

    with ExitStack() as stack:
        for failures in count():
            try:
                app = stack.enter_context(opened(context, migrate=migrate, pages=pages))
                break
            except UsageError as error:
                if error.code != DATABASE_UNREACHABLE:
                    raise
                wait_s = min(back_off_s(failures), _LONGEST_WAIT_S)
                log().warning("waiting for the database", error=str(error), again_in_s=wait_s)
                time.sleep(wait_s)
        yield app


def _site(settings: Settings) -> dict[str, Any]:
    from campaignsync.web.site import site

    return site(settings.web)


def _letter(settings: Settings) -> Callable[[Notice], tuple[str, str]] | None:
    """What words the notices that are mailed, where they are wanted in another language than the engine's."""
    if settings.notices.mail_language == "en":
        return None
    from campaignsync.web.letters import letters

    return letters(settings.notices.mail_language)


def who() -> str:
    """Who types, for the journal."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"
