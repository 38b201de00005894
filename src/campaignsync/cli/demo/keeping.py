"""What the demo leaves running: a living year, the pages to look at it, and how to log in and to end it."""

from __future__ import annotations

import contextlib
import os
import secrets
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import typer

from campaignsync.cli.demo.sandbox import SandboxOrg
from campaignsync.cli.demo.year import live_year
from campaignsync.cli.output import say
from campaignsync.cli.session import opened
from campaignsync.domain.access import Role
from campaignsync.domain.errors import UsageError

USER = "demo"


def leave_running(context: typer.Context, org: SandboxOrg, port: int) -> None:
    """Make the year, start the pages and the life on both sides, and say where they are."""
    say("\nMaking a year of programs, people and costs beside it; this takes a moment.")
    password = secrets.token_urlsafe(9)
    with opened(context) as app:
        connection = app.registry.connection(None)
        live_year(app, connection, org, datetime.now(UTC).date())
        if USER not in {row["user"] for row in app.users.list()}:
            app.users.add(USER, password=password, role=Role.ADMIN)
        else:
            app.users.set_password(USER, password)
    with contextlib.ExitStack() as unless_both_run:
        pages, address = _pages(context.obj, port)
        unless_both_run.callback(pages.terminate)
        life = _started("-m", "campaignsync.cli.demo.life", os.fspath(context.obj), org.url)
        unless_both_run.pop_all()
    numbers = [pages.pid, life.pid, *([org.process.pid] if org.process else [])]
    say(f"\nOpen {address} in a browser: user {USER}, password {password}")
    say(f"The sandbox is at {org.url} (user admin@sandbox.example, password sandbox).")
    say(f"The data lie in {shlex.quote(os.fspath(context.obj))}: campaignsync --data-dir … status")
    say(f"End all of it with: kill {' '.join(map(str, numbers))}")


def _started(*arguments: str, output: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - our own program.
        [sys.executable, *arguments],
        stdout=output,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )


def _pages(data_dir: Path, port: int) -> tuple[subprocess.Popen[str], str]:
    """The pages as a process of their own, and their address; on another port where that one is taken."""
    for each in (port, 0):
        process = _started(
            "-m",
            "campaignsync.cli",
            "--data-dir",
            os.fspath(data_dir),
            "web",
            "--port",
            str(each),
            output=subprocess.PIPE,
        )
        with contextlib.ExitStack() as unless_they_answer:
            unless_they_answer.callback(process.kill)
            first = process.stdout.readline() if process.stdout else ""
            address = next((word for word in first.split() if word.startswith("http")), "")
            if address:
                unless_they_answer.pop_all()
                return process, address
    raise UsageError("The pages did not start. Try them by themselves: campaignsync web")
