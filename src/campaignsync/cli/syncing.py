"""plan, apply, sync, status, journal: the sync itself and what it left behind."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import orjson
import typer

from campaignsync.bootstrap import Application
from campaignsync.cli.output import complain, print_json, progress, say, show
from campaignsync.cli.plans import print_plan
from campaignsync.cli.session import AnyProgram, AsJson, ConnectionName, ProgramName, opened
from campaignsync.domain.errors import HaltError, UsageError
from campaignsync.domain.runs import RunReport
from campaignsync.planner.explain import as_json, read_saved
from campaignsync.runtime.executor import Tell
from campaignsync.runtime.notices import delivered
from campaignsync.runtime.rounds import Round, plan_now, run_round


def add_to(app: typer.Typer) -> None:
    """Give the application these commands."""
    for command in (plan, apply, sync, status, journal):
        app.command()(command)


def plan(
    context: typer.Context,
    name: ProgramName,
    out: Annotated[
        Path | None, typer.Option(help="Save the plan as JSON, for: campaignsync apply FILE")
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print the members of the plan as CSV.")] = False,
    json: AsJson = False,
) -> None:
    """Show what a sync would do, without doing it."""
    with opened(context) as app:
        link, connection = app.registry.link_of(name)
        planned = plan_now(app.door(connection), app.ledger, connection, link)
    if out is not None:
        try:
            out.write_bytes(orjson.dumps(as_json(planned.plan), option=orjson.OPT_INDENT_2))
        except OSError as error:
            raise UsageError(f"{out} cannot be written: {error.strerror}.") from None
    print_plan(planned, csv=csv, json=json)


def apply(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A plan saved with: campaignsync plan PROGRAM --out FILE")
    ],
    json: AsJson = False,
) -> None:
    """Carry out exactly the plan that was saved, or refuse because the world has moved."""
    try:
        saved = read_saved(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"{file} cannot be read as a saved plan.") from None
    with (
        opened(context) as app,
        delivered(app.outbox, app.outlets),
        progress("writing to Salesforce") as tell,
    ):
        link, connection = app.registry.link_of(saved.program)
        done = run_round(
            app.door(connection), app.ledger, connection, links=[link], only=saved.digest, tell=tell
        )
    _print_rounds([done], json=json)


def sync(
    context: typer.Context,
    name: AnyProgram = None,
    connection: ConnectionName = None,
    allow_removals: Annotated[
        bool,
        typer.Option("--allow-removals", help="Let a link go on, once, that was halted for its removals."),
    ] = False,
    json: AsJson = False,
) -> None:
    """Make both sides the same: one program, or all that are linked. Exits with 3 when a link is halted."""
    with (
        opened(context) as app,
        delivered(app.outbox, app.outlets),
        progress("writing to Salesforce") as tell,
    ):
        rounds = list(_rounds(app, name, connection, allow_removals=allow_removals, tell=tell))
    _print_rounds(rounds, json=json)
    halted = [report for each in rounds for report in each.reports if report.halted]
    if halted:
        raise HaltError("; ".join(f"'{report.program}' did not run: {report.halted}" for report in halted))


def _rounds(
    app: Application, name: str | None, connection: str | None, *, allow_removals: bool, tell: Tell
) -> list[Round]:
    if name is None:
        if allow_removals:
            raise UsageError("--allow-removals is for one program: name it.")
        chosen = [app.registry.connection(connection)] if connection else app.registry.connections()
        if not chosen:
            app.registry.connection(None)
        return [
            run_round(app.door(each), app.ledger, each, tell=tell)
            for each in chosen
            if each.campaign_sync or connection
        ]
    link, linked_in = app.registry.link_of(name)
    if allow_removals:
        app.registry.allow_removals(link)
    return [run_round(app.door(linked_in), app.ledger, linked_in, links=[link], tell=tell)]


def _print_rounds(rounds: list[Round], *, json: bool) -> None:
    reports = [report for each in rounds for report in each.reports]
    if json:
        print_json(
            {
                "runs": [_run(report) for report in reports],
                "api_calls": sum(each.api_calls for each in rounds),
            }
        )
        return
    if not reports:
        say(
            'Nothing is linked yet. Link a program with: campaignsync link "PROGRAM" --campaign ID, or --create NAME'
        )
    for report in reports:
        say(
            f"{report.program}: {report.program_changes} changes in the program, {report.campaign_changes} in the campaign,"
            f" {report.refused} refused, {report.conflicts} conflicts; {report.api_calls} API calls."
        )
        if report.unknown:
            complain(f"Nobody knows yet what became of {report.unknown} writes; the next sync finds out.")
        if report.refused or report.conflicts:
            say(f'See: campaignsync problems "{report.program}"')


def _run(report: RunReport) -> dict[str, object]:
    return {
        "program": report.program,
        "changes": {"program": report.program_changes, "campaign": report.campaign_changes},
        "refused": report.refused,
        "conflicts": report.conflicts,
        "unknown": report.unknown,
        "api_calls": report.api_calls,
        "halted": report.halted,
    }


def status(context: typer.Context, json: AsJson = False) -> None:
    """Show every link: its state, both sides, open problems, the last run."""
    with opened(context) as app:
        rows = app.views.status()
    headings = {"program": "PROGRAM", "campaign": "CAMPAIGN", "state": "LINK", "program_members": "HERE"}
    headings |= {
        "campaign_members": "THERE",
        "problems": "PROBLEMS",
        "changed_since": "CHANGED SINCE",
        "last_run": "LAST RUN",
    }
    show(rows, headings, empty="Nothing is linked yet. Link a program with: campaignsync link", as_json=json)


def journal(
    context: typer.Context,
    name: AnyProgram = None,
    person: Annotated[str | None, typer.Option(help="Only what concerns one e-mail address.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many of the latest changes.")] = 50,
    json: AsJson = False,
) -> None:
    """Show who changed what, on either side, and why."""
    with opened(context) as app:
        rows = app.views.journal(name, email=person, limit=limit)
    headings = {"at": "AT", "side": "SIDE", "email": "E-MAIL", "noun": "WHAT", "old": "OLD", "new": "NEW"}
    headings |= {"who": "WHO", "why": "WHY"}
    show(rows, headings, empty="Nothing has changed yet.", as_json=json)
