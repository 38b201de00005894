"""health: is it well? All that is looked at, of the installation and of each org, and what to do where it is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import typer

from campaignsync.bootstrap import Application
from campaignsync.cli.output import print_json, print_table, say
from campaignsync.cli.session import AsJson, opened
from campaignsync.domain.errors import HaltError
from campaignsync.domain.health import Check, Level, judged, worst

_HEADINGS = {"name": "ORG", "code": "WHAT", "level": "IS", "said": "SEEN", "to_do": "TO DO"}


def add_to(app: typer.Typer) -> None:
    """Give the application this command."""
    app.command()(health)


def health(context: typer.Context, json: AsJson = False) -> None:
    """Say whether it is well: workers, clocks, disk; and of each org rounds, lag, backlog, links, calls, events. Exits with 3
    if ill."""
    with opened(context) as app:
        checks = examined(app)
    if json:
        print_json({"level": worst(checks), "checks": [asdict(check) for check in checks]})
    else:
        print_table([asdict(check) for check in checks], _HEADINGS, empty="Nothing was looked at.")
    ill = [check for check in checks if check.level is Level.ILL]
    if ill:
        raise HaltError(
            "; ".join(
                f"{check.code}{f' of {check.name}' if check.name else ''}: {check.said}" for check in ill
            )
        )


def examined(app: Application) -> list[Check]:
    """Everything that was looked at."""
    return judged(app.vitals.facts(), app.settings.thresholds)


def say_how_it_is(checks: Sequence[Check]) -> None:
    """The verdict in a line, and a line for each thing that is not well, the worst first."""
    verdict = {
        Level.WELL: "It is well.",
        Level.WATCH: "It works; some things are to be watched.",
        Level.ILL: "It is not well.",
    }
    say(verdict[worst(checks)])
    order = list(Level)
    for check in sorted(checks, key=lambda check: -order.index(check.level)):
        if check.level is not Level.WELL:
            where = f"{check.name}: " if check.name else ""
            say(f"  {check.level}  {where}{check.said}{f' → {check.to_do}' if check.to_do else ''}")
