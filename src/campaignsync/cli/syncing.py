"""plan, apply, sync, status: the sync itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from campaignsync.bootstrap import Application
from campaignsync.cli.flow_runs import flow_json, print_flows, run_due_flows
from campaignsync.cli.health import examined, say_how_it_is
from campaignsync.cli.output import clean, complain, counted, print_json, progress, say, show
from campaignsync.cli.plans import print_plan
from campaignsync.cli.session import AnyProgram, AsJson, ConnectionName, opened
from campaignsync.domain.budget import Budget, pause_text
from campaignsync.domain.connections import Connection
from campaignsync.domain.errors import CampaignsyncError, HaltError, UsageError
from campaignsync.domain.ids import LinkId
from campaignsync.domain.problems import ProblemFilter, ProblemNoun
from campaignsync.domain.runs import RunReport
from campaignsync.planner.explain import as_json, read_saved
from campaignsync.planner.explain_people import people_csv, people_json, people_text
from campaignsync.runtime.flow_runner import FlowReport
from campaignsync.runtime.notices import delivered
from campaignsync.runtime.rounds import Round, plan_now, plan_people_now

_SCREEN = 20
"""Links that are listed by `status`; all of them by --json."""


def add_to(app: typer.Typer) -> None:
    """Give the application these commands."""
    for command in (plan, apply, sync, status):
        app.command()(command)


def plan(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="[PROGRAM]", help="The program; left out with --people.")
    ] = None,
    people: Annotated[
        bool, typer.Option("--people", help="Show what would become of the fields of an org's people.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="Save the plan as JSON, for: campaignsync apply FILE")
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print the rows of the plan as CSV.")] = False,
    connection: ConnectionName = None,
    json: AsJson = False,
) -> None:
    """Show what a sync would do, without doing it: to a program, or to the fields of people."""
    if people == (name is not None) or (people and out):
        raise UsageError(
            "Whose plan? Name a program, or give --people for the fields of people, whose plan is not saved by --out."
            " List programs with: campaignsync program list"
        )
    if name is None:
        _plan_people(context, connection, csv=csv, json=json)
        return
    with opened(context) as app, progress("reading") as tell:
        link, linked_in = app.registry.link_of(name, connection)
        planned = plan_now(app.door(linked_in), app.ledger, linked_in, link, tell)
    if out is not None:
        try:
            out.write_bytes(orjson.dumps(as_json(planned.plan), option=orjson.OPT_INDENT_2))
        except OSError as error:
            raise UsageError(f"{out} cannot be written: {error.strerror}.") from None
    print_plan(planned.plan, csv=csv, json=json, halt=planned.halt)


def _plan_people(context: typer.Context, connection: str | None, *, csv: bool, json: bool) -> None:
    with opened(context) as app, progress("reading") as tell:
        org = app.registry.connection(connection)
        planned = plan_people_now(app.door(org), app.ledger, org, tell)
    if json:
        print_json(people_json(planned, org.name))
    elif csv:
        typer.echo(people_csv(planned), nl=False)
    else:
        say(people_text(planned, org.name).rstrip("\n"))


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
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise UsageError(f"{file} cannot be read as a saved plan: {why}.") from None
    with (
        opened(context) as app,
        delivered(app.outbox, app.outlets),
        progress("reading and writing") as tell,
    ):
        link, connection = app.registry.link_of(saved.program, saved.connection)
        done = app.sync_now(connection, links=[link], only=saved.digest, tell=tell)
    _print_rounds([done], [], json=json)


def sync(
    context: typer.Context,
    name: AnyProgram = None,
    connection: ConnectionName = None,
    allow_removals: Annotated[
        bool,
        typer.Option("--allow-removals", help="Let a link go on, once, that was halted for its removals."),
    ] = False,
    due: Annotated[
        bool, typer.Option("--due", help="Only orgs whose schedule says so (connect --every): for cron.")
    ] = False,
    full: Annotated[
        bool,
        typer.Option(
            "--full",
            help="Read all of the org anew first, whatever was seen before. Broken off, the next sync goes on with it.",
        ),
    ] = False,
    json: AsJson = False,
) -> None:
    """Make both sides the same: one program, or all that are linked. Exits with 3 when a link is halted."""
    if allow_removals and name is None:
        raise UsageError("--allow-removals is for one program: name it.")
    if due and name is not None:
        raise UsageError("--due is for whole orgs: leave the program out.")
    rounds: list[Round] = []
    failures: list[tuple[str, CampaignsyncError]] = []
    with (
        opened(context) as app,
        delivered(app.outbox, app.outlets),
        progress("reading and writing") as tell,
    ):
        chosen = _chosen(app, name, connection)
        for org, links in _due(app, chosen) if due else chosen:
            if allow_removals:
                for link in links or ():
                    app.registry.resume(link)
            told = app.ledger.budget(org.connection_id).said
            if told:
                complain(f"'{org.name}': {told}")
            if full:
                app.ledger.read_anew(org.connection_id)
            try:
                rounds.append(app.sync_now(org, links=links, tell=tell))
            except CampaignsyncError as error:
                # One org that is out of reach keeps no other from its round.
                failures.append((org.name, error))
        flows = run_due_flows(app, tell)
    if due and not (rounds or failures or json):
        say("Nothing is due. When what is: campaignsync connections")
        return
    _print_rounds(rounds, failures, json=json, flows=flows)
    if failures:
        raise failures[0][1]
    halted = [report for each in rounds for report in each.reports if report.halted]
    if halted:
        raise HaltError("; ".join(f"'{report.program}' did not run: {report.halted}" for report in halted))


def _chosen(
    app: Application, name: str | None, connection: str | None
) -> list[tuple[Connection, list[LinkId] | None]]:
    """The orgs to go to, each with the links to run there: one program's, or all (None)."""
    if name is not None:
        return [(org, [link]) for link, org in app.registry.links_of(name, connection)]
    chosen = [app.registry.connection(connection)] if connection else app.registry.connections()
    if not chosen:
        app.registry.connection(None)
    return [(each, None) for each in chosen if each.campaign_sync or connection]


def _due(
    app: Application, chosen: list[tuple[Connection, list[LinkId] | None]]
) -> Iterator[tuple[Connection, list[LinkId] | None]]:
    """Those whose next round is due when their turn comes."""
    if all(app.ledger.budget(org.connection_id).every is None for org, _ in chosen):
        raise UsageError(
            "No connection has a schedule. Give it one with: campaignsync connect NAME --every 5m"
        )
    return ((org, links) for org, links in chosen if app.ledger.budget(org.connection_id).due)


def _print_rounds(
    rounds: list[Round],
    failures: list[tuple[str, CampaignsyncError]],
    *,
    json: bool,
    flows: FlowReport | None = None,
) -> None:
    reports = [report for each in rounds for report in each.reports]
    paced = [each for each in rounds if each.paced]
    if json:
        print_json(
            {
                "runs": [_run(report) for report in reports],
                "people": [{"connection": each.connection, **asdict(each.people)} for each in rounds],
                "failed": [{"connection": name, "error": str(error)} for name, error in failures],
                "api_calls": sum(each.api_calls for each in rounds),
                **({"paced": {each.connection: each.paced for each in paced}} if paced else {}),
                **(flow_json(flows) if flows else {}),
            }
        )
        return
    for org, error in failures[1:]:
        complain(f"'{org}': {error}")
    for each in rounds:
        _print_people(each)
    for each in paced:
        complain(f"'{each.connection}': {each.paced}")
    if not reports and not failures:
        say(
            'Nothing is linked yet. Link a program with: campaignsync link "PROGRAM" --campaign ID, or --create NAME'
        )
    for report in reports:
        _print_report(report)
    if flows:
        print_flows(flows)


def _print_report(report: RunReport) -> None:
    say(
        f"{report.program} in {report.connection}: {report.program_changes} changes in the program,"
        f" {report.campaign_changes} in the campaign, {report.refused} refused, {report.conflicts} conflicts;"
        f" {report.api_calls} API calls."
    )
    if report.to_approve:
        complain(
            f"'{report.program}' waits for approval of plan {report.to_approve[:12]}. Read it with:"
            f' campaignsync approvals "{report.program}"'
        )
    if report.held:
        complain(f"'{report.program}' waits: {report.held}")
    if report.unknown:
        complain(f"Nobody knows yet what became of {report.unknown} writes; the next sync finds out.")
    if report.overtaken:
        complain(
            f"{counted(report.overtaken, 'member')} changed in Salesforce while being written: theirs stands,"
            " and the next sync judges it."
        )
    if report.refused or report.conflicts:
        say(f'See: campaignsync problems "{report.program}"')


def _print_people(done: Round) -> None:
    people = done.people
    told = {
        counted(people.here, "field") + " changed here": people.here,
        counted(people.filled, "empty field") + " filled in from Salesforce": people.filled,
        counted(people.there, "lead or contact", "leads and contacts") + " written": people.there,
        f"{people.refused:,} refused": people.refused,
    }
    if any(told.values()):
        say(f"People in {done.connection}: {', '.join(words for words, number in told.items() if number)}.")
    if people.unknown:
        complain(f"Nobody knows yet what became of {people.unknown} of them; the next sync finds out.")
    if people.refused or people.waiting:
        say("See: campaignsync problems --noun person")


def _run(report: RunReport) -> dict[str, object]:
    return {
        "program": report.program,
        "connection": report.connection,
        "changes": {"program": report.program_changes, "campaign": report.campaign_changes},
        "refused": report.refused,
        "conflicts": report.conflicts,
        "unknown": report.unknown,
        "overtaken": report.overtaken,
        "api_calls": report.api_calls,
        "halted": report.halted,
        "held": report.held,
        "to_approve": report.to_approve,
    }


def status(context: typer.Context, json: AsJson = False) -> None:
    """Say whether it is well, and show every link: its state, both sides, open problems, the last run."""
    with opened(context) as app:
        orgs = app.registry.connections()
        budgets = {each.name: app.ledger.budget(each.connection_id) for each in orgs}
        jobs = app.views.problem_table(None, ProblemFilter(nouns=(ProblemNoun.JOB,)))["connection"].to_list()
        rows = [{**row, "next_round": budgets[row["connection"]].next_round} for row in app.views.status()]
        checks = examined(app)
    if not json:
        say_how_it_is(checks)
    headings = {"program": "PROGRAM", "campaign": "CAMPAIGN", "state": "LINK", "program_members": "HERE"}
    headings |= {
        "campaign_members": "THERE",
        "problems": "PROBLEMS",
        "changed_since": "CHANGED SINCE",
        "last_run": "LAST RUN",
    }
    shown = rows if json else _most_telling(rows)
    show(shown, headings, empty="Nothing is linked yet. Link a program with: campaignsync link", as_json=json)
    if not json:
        if len(shown) < len(rows):
            say(
                f"… and {len(rows) - len(shown):,} links more, all of them active and without problems or not among the first."
            )
        for name, budget in budgets.items():
            failed = jobs.count(name)
            more = (
                f" Open problems of its jobs: {failed}, see: campaignsync problems --noun job"
                if failed
                else ""
            )
            say(f"{name}: {_pace(budget)}{more}")


def _most_telling(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As many links as fit a screen, those that wait or have problems first."""
    if len(rows) <= _SCREEN:
        return rows
    return sorted(rows, key=lambda row: (row["state"] == "active", -row["problems"]))[:_SCREEN]


def _pace(budget: Budget) -> str:
    """An org's schedule and budget in a line."""
    often = f"a round every {pause_text(budget.every)}" if budget.every else "no schedule"
    following = f", the next at {clean(budget.next_round)}" if budget.next_round else ""
    limit = f" of {budget.daily_calls:,}" if budget.daily_calls else ""
    said = f" {budget.said}" if budget.said else ""
    return f"{often}{following}; {budget.used:,}{limit} API calls in 24 hours.{said}"
