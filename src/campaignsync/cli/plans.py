"""How a plan is printed: for people, as JSON or as CSV. Used by the commands that show one."""

from __future__ import annotations

import typer

from campaignsync.cli.output import print_json, say
from campaignsync.planner.explain import as_csv, as_json, as_text
from campaignsync.runtime.cycle import Planned


def print_plan(planned: Planned, *, csv: bool, json: bool) -> None:
    """Print a plan, and why it would not run by itself."""
    if json:
        print_json({**as_json(planned.plan), "halted": planned.halt})
    elif csv:
        typer.echo(as_csv(planned.plan), nl=False)
    else:
        say(as_text(planned.plan).rstrip("\n"))
        if planned.halt:
            say(f"It would halt: {planned.halt}")
