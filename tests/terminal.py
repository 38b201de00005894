"""Somebody at a terminal: the `campaignsync` command on the installation of a test, in the same process."""

from __future__ import annotations

import json
from typing import Any

from typer.testing import CliRunner

from campaignsync.bootstrap import Application
from campaignsync.cli.main import app as command


class Terminal:
    """Types commands and reads what they print."""

    def __init__(self, app: Application) -> None:
        self._folder = str(app.settings.data_dir)

    def __call__(self, *arguments: str) -> str:
        """What a command prints; its error is raised."""
        done = CliRunner().invoke(
            command, ["--data-dir", self._folder, *arguments], catch_exceptions=False, standalone_mode=False
        )
        return done.stdout

    def json(self, *arguments: str) -> Any:
        return json.loads(self(*arguments, "--json"))
