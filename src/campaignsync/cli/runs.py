"""runs, journal, undo, resume: what was done, taking it back, and letting a halted link go on."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import polars as pl
import typer

from campaignsync.cli.output import agreed, answer, progress, show
from campaignsync.cli.plans import print_plan
from campaignsync.cli.session import AnyProgram, AsJson, ConnectionName, ProgramName, opened
from campaignsync.domain.errors import UsageError
from campaignsync.domain.ids import RunId
from campaignsync.domain.links import LinkState
from campaignsync.planner.explain import safe_csv
from campaignsync.runtime.undo import Undo


def add_to(app: typer.Typer) -> None:
    """Give the application these commands."""
    for command in (runs, journal, undo, resume):
        app.command()(command)


def runs(
    context: typer.Context,
    name: AnyProgram = None,
    limit: Annotated[int, typer.Option(min=1, help="How many of the latest runs.")] = 20,
    json: AsJson = False,
) -> None:
    """List the runs of links, the latest first: why, when, and what came of them."""
    with opened(context) as app:
        found = app.views.runs(name, limit=limit)
    flat = [{**row, **(row["report"] or {}), "connection": row["connection"]} for row in found]
    headings = {"run": "RUN", "program": "PROGRAM", "connection": "CONNECTION", "why": "WHY"}
    headings |= {"started_at": "STARTED", "ended_at": "ENDED", "died": "DIED"}
    headings |= {"program_changes": "HERE", "campaign_changes": "THERE", "refused": "REFUSED"}
    headings |= {"api_calls": "API CALLS"}
    show(found if json else flat, headings, empty="Nothing has run yet.", as_json=json)


def journal(
    context: typer.Context,
    name: AnyProgram = None,
    person: Annotated[str | None, typer.Option(help="Only what concerns one e-mail address.")] = None,
    run: Annotated[int | None, typer.Option(help="Only what one run did or saw.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many of the latest changes.")] = 50,
    csv: Annotated[bool, typer.Option("--csv", help="Print them as CSV for a spreadsheet.")] = False,
    json: AsJson = False,
) -> None:
    """Show who changed what, on either side, and why."""
    with opened(context) as app:
        rows = app.views.journal(name, email=person, run=run, limit=limit)
    if csv:
        typer.echo(safe_csv(pl.DataFrame(rows, infer_schema_length=None)), nl=False)
        return
    headings = {"at": "AT", "side": "SIDE", "email": "E-MAIL", "noun": "WHAT", "old": "OLD", "new": "NEW"}
    headings |= {"who": "WHO", "why": "WHY", "run": "RUN"}
    show(rows, headings, empty="Nothing has changed yet.", as_json=json)


def undo(
    context: typer.Context,
    run: Annotated[int, typer.Argument(help="The number of a run, as listed by: campaignsync runs")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be done, and stop.")] = False,
    digest: Annotated[
        str | None, typer.Option(help="Carry out the undo of which this is the digest, or nothing.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print the members of the plan as CSV.")] = False,
    json: AsJson = False,
) -> None:
    """Take back what a run did, as far as nothing has changed since. The link is halted afterwards."""
    with opened(context) as app:
        link, connection = app.registry.link_of_run(RunId(run))
        undoing = Undo(
            door=app.door(connection), ledger=app.ledger, connection=connection, link=link, run=RunId(run)
        )
        if digest is None:
            with progress("reading") as tell:
                plan = undoing.plan(tell)
            if dry_run or not json:
                print_plan(plan, csv=csv, json=json)
            digest = plan.digest()
            how = f"Nothing was done. Carry it out with: campaignsync undo {run} --digest {digest}, or with --yes"
            if dry_run or plan.writes_nothing or not agreed("Carry this out?", how, yes=yes):
                return
        with progress("taking back") as tell:
            report = undoing.carry_out(digest, tell)
    said = (
        f"Run {run} is undone: {report.program_changes} changes in the program, {report.campaign_changes} in the campaign,"
        f" {report.refused} refused. The link is halted: mend the cause, then let it go on with:"
        f' campaignsync resume "{report.program}"'
    )
    answer({"undone": run, "digest": digest, **asdict(report)}, said, as_json=json)


def resume(
    context: typer.Context, name: ProgramName, connection: ConnectionName = None, as_json: AsJson = False
) -> None:
    """Let a halted link go on at the next sync, once."""
    with opened(context) as app:
        link, _ = app.registry.link_of(name, connection)
        facts = app.ledger.link(link)
        if facts.state is not LinkState.HALTED:
            raise UsageError(f"The link of '{name}' is {facts.state}, not halted." + _reason(facts.reason))
        app.registry.resume(link)
    said = f"The link of '{name}' goes on at the next: campaignsync sync \"{name}\""
    answer({"program": name, "campaign_id": facts.campaign_id, "resumed": True}, said, as_json=as_json)


def _reason(reason: str | None) -> str:
    return f" {reason}" if reason else ""
