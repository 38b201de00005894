"""Somebody at a terminal: the `campaignsync` command on the installation of a test, in the same process.

The command is put together once: it is the same whoever types, and doing so each time took longer than most commands take.
"""

from __future__ import annotations

import json
import sys
from functools import cache
from typing import Any

import typer
from typer.testing import CliRunner

from campaignsync.bootstrap import Application
from campaignsync.cli.main import app as command


@cache
def _whole() -> Any:
    return typer.main.get_command(command)


class Terminal:
    """Types commands and reads what they print."""

    def __init__(self, app: Application) -> None:
        self._folder = str(app.settings.data_dir)

    def __call__(self, *arguments: str) -> str:
        """What a command prints; its error is raised."""
        with CliRunner().isolation() as (printed, _, _):
            _whole().main(["--data-dir", self._folder, *arguments], "campaignsync", standalone_mode=False)
            sys.stdout.flush()
            return printed.getvalue().decode()

    def json(self, *arguments: str) -> Any:
        return json.loads(self(*arguments, "--json"))
