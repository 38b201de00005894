"""problems, resolve: what is open, filtered as an admin looks for it (M8.2), and what a person decides."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

import typer

from campaignsync.cli.output import clean, print_entry, print_json, say, show
from campaignsync.cli.session import AnyProgram, AsJson, ConnectionName, ProgramName, opened, who
from campaignsync.domain.errors import UsageError
from campaignsync.domain.links import Winner
from campaignsync.domain.problems import RECORD_NOUNS, ProblemFilter, ProblemNoun
from campaignsync.planner.explain import safe_csv
from campaignsync.runtime.conflicts import resolve as decide

_SHOWN = 200
_DAY = "%Y-%m-%d"


class Noun(StrEnum):
    """What problems may be asked for by."""

    RECORD = "record"
    MEMBER = "member"
    MEMBER_FIELD = "member field"
    PERSON = "person"
    FIELD = "field"
    JOB = "job"

    @property
    def nouns(self) -> tuple[ProblemNoun, ...]:
        return RECORD_NOUNS if self is Noun.RECORD else (ProblemNoun(self.value),)


def add_to(app: typer.Typer) -> None:
    """Give the application these commands."""
    for command in (problems, resolve):
        app.command()(command)


def problems(
    context: typer.Context,
    name: AnyProgram = None,
    connection: ConnectionName = None,
    person: Annotated[str | None, typer.Option(help="Only what concerns one e-mail address.")] = None,
    noun: Annotated[
        Noun | None,
        typer.Option(help="Only those of records (or of one kind of them), or only those of jobs."),
    ] = None,
    code: Annotated[str | None, typer.Option(help="Only those of one code, such as CONFLICT.")] = None,
    since: Annotated[
        datetime | None,
        typer.Option(formats=[_DAY], help="Seen on this day or later, in this computer's time zone."),
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=[_DAY], help="Seen on this day or earlier, likewise.")
    ] = None,
    solved: Annotated[bool, typer.Option("--solved", help="Those that are solved, too.")] = False,
    retry: Annotated[bool, typer.Option("--retry", help="Have them tried again at the next sync.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print them as CSV for a spreadsheet.")] = False,
    json: AsJson = False,
) -> None:
    """List what is open, in Salesforce's own words."""
    with opened(context) as app:
        wanted = ProblemFilter(
            connection=app.registry.connection(connection).connection_id if connection else None,
            email=person,
            nouns=noun.nouns if noun else tuple(ProblemNoun),
            code=code.upper() if code else None,
            since=since.astimezone() if since else None,
            until=(until + timedelta(days=1)).astimezone() if until else None,
            solved=solved,
        )
        retried = app.views.retry_problems(name, wanted) if retry else 0
        table = app.views.problem_table(name, wanted)
    if json:
        print_json(table.to_dicts())
        return
    if csv:
        typer.echo(safe_csv(table), nl=False)
        return
    if retry:
        say(f"{retried:,} will be tried again at the next: campaignsync sync")
    for row in table.head(_SHOWN).iter_rows(named=True):
        print_entry(_heading(row), row["message"])
    if table.is_empty():
        say(_none(wanted))
    if table.height > _SHOWN:
        say(f"… and {table.height - _SHOWN:,} more: see them all with --csv or --json.")


def _heading(row: dict[str, Any]) -> str:
    """What a problem is about, how often it was tried, and when it was last seen or solved."""
    who = row["email"] or row["salesforce_id"] or (row["person_id"] and f"person {row['person_id']}")
    about = " · ".join(part for part in (row["connection"], row["program"], who) if part)
    tried = f"{row['tries']:,} {'try' if row['tries'] == 1 else 'tries'}"
    seen = f"solved {clean(row['solved_at'])}" if row["solved_at"] else f"last {clean(row['last_seen'])}"
    again = f", again {clean(row['retry_at'])}" if row["retry_at"] and not row["solved_at"] else ""
    return f"{about}: {row['code']} ({row['noun']}, {row['direction']}, {tried}, {seen}{again})"


def _none(wanted: ProblemFilter) -> str:
    """What stands where no problem is, with the period as it was understood."""
    since = f" since {clean(wanted.since)}" if wanted.since else ""
    until = f" before {clean(wanted.until)}" if wanted.until else ""
    return f"No problems{since}{until}."


def resolve(
    context: typer.Context,
    name: ProgramName,
    people: Annotated[
        list[str] | None,
        typer.Argument(metavar="[EMAIL]...", help="Whose conflicts, by e-mail address or Salesforce id."),
    ] = None,
    program: Annotated[bool, typer.Option("--program", help="The program's status wins.")] = False,
    campaign: Annotated[
        bool, typer.Option("--campaign", help="The campaign's status wins, a step back too.")
    ] = False,
    everybody: Annotated[bool, typer.Option("--all", help="All conflicts of the program.")] = False,
    connection: ConnectionName = None,
    json: AsJson = False,
) -> None:
    """Decide conflicts: members whom both sides changed, or whom Salesforce moved a step back where that is asked about."""
    if program == campaign:
        raise UsageError("Say who wins: --program or --campaign.")
    if bool(people) == everybody:
        raise UsageError("Say whose conflicts: e-mail addresses, or --all.")
    winner = Winner.PROGRAM if program else Winner.CAMPAIGN
    with opened(context) as app:
        link, _ = app.registry.link_of(name, connection)
        decided = decide(app.ledger, link, winner, who=who(), people=people or None)
    rows = decided.with_columns(becomes=winner.value).to_dicts()
    headings = {
        "email": "E-MAIL",
        "field": "FIELD",
        "program": "PROGRAM",
        "campaign": "CAMPAIGN",
        "becomes": "BECOMES",
    }
    show(rows, headings, empty=f"Program '{name}' has no conflicts.", as_json=json)
    if rows and not json:
        say(f'Make both sides the same with: campaignsync sync "{name}"')
