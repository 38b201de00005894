"""How a plan is printed: for people, as JSON or as CSV. Used by the commands that show one."""

from __future__ import annotations

import typer

from campaignsync.cli.output import print_json, say
from campaignsync.planner.explain import as_csv, as_json, as_text
from campaignsync.planner.plan import Plan


def print_plan(plan: Plan, *, csv: bool, json: bool, halt: str | None = None) -> None:
    """Print a plan, and why it would not run by itself."""
    if json:
        print_json({**as_json(plan), "halted": halt})
    elif csv:
        typer.echo(as_csv(plan), nl=False)
    else:
        say(as_text(plan).rstrip("\n"))
        if halt:
            say(f"It would halt: {halt}")
