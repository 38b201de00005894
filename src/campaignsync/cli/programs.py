"""channel, program, import-members, members, member: our side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from campaignsync.cli.output import answer, print_json, print_table, progress, say, show
from campaignsync.cli.session import AsJson, ConnectionName, ProgramName, opened, who
from campaignsync.domain.errors import UsageError
from campaignsync.domain.member_fields import MemberField, canonical, field_named
from campaignsync.domain.programs import DEFAULT_CURRENCY, PeriodCost, amount, cost_report, in_decimals, month
from campaignsync.domain.registrants import read_registrants
from campaignsync.domain.statuses import Channel, ProgressionStatus

channel = typer.Typer(help="Channels and their progression statuses.", no_args_is_help=True)
program = typer.Typer(help="Programs and their period costs.", no_args_is_help=True)
member = typer.Typer(help="One member of a program.", no_args_is_help=True)

Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="YYYY-MM-DD")]
Folder = Annotated[
    str | None, typer.Option(help="Where it stands, such as EMEA/Webinars; roles may be held in folders.")
]
Email = Annotated[
    str, typer.Argument(metavar="WHO", help="An e-mail address, our id, or the id of a lead or contact.")
]


def add_to(app: typer.Typer) -> None:
    """Give the application these commands."""
    app.add_typer(channel, name="channel")
    app.add_typer(program, name="program")
    app.add_typer(member, name="member")
    app.command("import-members")(import_members)
    app.command("members")(members)


@channel.command("list")
def channel_list(context: typer.Context, as_json: AsJson = False) -> None:
    """List the channels with their statuses."""
    with opened(context) as app:
        channels = app.registry.channels()
    rows = [
        {
            "name": each.name,
            "program_type": each.program_type,
            "campaign_type": each.campaign_type,
            "statuses": [asdict(status) for status in each.statuses],
        }
        for each in channels
    ]
    lines = [
        {**row, "line": ", ".join(f"{s.name} {s.step}{' ✓' if s.success else ''}" for s in each.statuses)}
        for row, each in zip(rows, channels, strict=True)
    ]
    headings = {"name": "CHANNEL", "program_type": "PROGRAM TYPE", "line": "STATUSES (✓ SUCCESS)"}
    empty = "No channel yet. Make the usual ones with: campaignsync init"
    show(rows if as_json else lines, headings, empty=empty, as_json=as_json)


@channel.command("create")
def channel_create(
    context: typer.Context,
    name: str,
    status: Annotated[list[str], typer.Option(help="NAME:STEP, or NAME:STEP:success; once for each status.")],
    program_type: Annotated[str, typer.Option(help="Which programs the channel is for.")] = "default",
    alias: Annotated[
        str | None, typer.Option(help="What Campaign.Type shall say instead of the name.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a channel."""
    made = Channel(
        name=name, program_type=program_type, statuses=tuple(map(_status, status)), campaign_type=alias
    )
    with opened(context) as app:
        if not app.registry.add_channels([made]):
            raise UsageError(f"There is a channel '{name}' already.")
        answer(asdict(made), f"Channel '{name}' has {len(status)} statuses.", as_json=as_json)


def _status(text: str) -> ProgressionStatus:
    name, _, rest = text.partition(":")
    step, _, flag = rest.partition(":")
    if not step.isdigit() or flag not in ("", "success"):
        raise UsageError(
            f"'{text}' is no status: write NAME:STEP, such as Registered:20, or NAME:STEP:success."
        )
    return ProgressionStatus(name=name, step=int(step), success=bool(flag))


@channel.command("alias")
def channel_alias(context: typer.Context, name: str, campaign_type: str, as_json: AsJson = False) -> None:
    """Say what Campaign.Type shall get instead of a channel's name."""
    with opened(context) as app:
        replace(app.registry.channel(name), campaign_type=campaign_type)  # Refused where it is too long.
        app.registry.set_alias(name, campaign_type)
    said = f"Campaigns of channel '{name}' get the type '{campaign_type}'."
    answer({"channel": name, "campaign_type": campaign_type}, said, as_json=as_json)


@program.command("create")
def program_create(
    context: typer.Context,
    name: str,
    channel: Annotated[str, typer.Option(help="The channel, which defines the statuses.")],
    tag: Annotated[list[str] | None, typer.Option(help="NAME=VALUE; once for each tag.")] = None,
    folder: Folder = None,
    start: Day = None,
    end: Day = None,
    as_json: AsJson = False,
) -> None:
    """Create a program. The dates of an event become the dates of the campaign that is made from it."""
    pairs = [text.partition("=") for text in tag or ()]
    if any(not (key and equals and value) for key, equals, value in pairs):
        raise UsageError("A tag is written as NAME=VALUE, such as Region=EMEA.")
    with opened(context) as app:
        app.registry.create_program(name.strip(), channel, {key: value for key, _, value in pairs})
        app.registry.change_program(name.strip(), _dates(start, end) | _folder(folder))
        row = app.registry.program(name.strip())
    said = f"Program '{name}' created. Bring in people with: campaignsync import-members \"{name}\" FILE.csv"
    answer(row, said, as_json=as_json)


@program.command("set")
def program_set(
    context: typer.Context,
    name: ProgramName,
    rename: Annotated[str | None, typer.Option(help="Another name.")] = None,
    folder: Folder = None,
    start: Day = None,
    end: Day = None,
    token: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="What {{my.NAME}} stands for in its smart campaigns; an empty value takes it away. May be given several times.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Change a program's name, folder, dates or tokens."""
    changes = (
        _dates(start, end) | _folder(folder) | ({"name": rename.strip()} if rename and rename.strip() else {})
    )
    if not (changes or token):
        raise UsageError("Nothing to change: give --rename, --folder, --start, --end or --token.")
    with opened(context) as app:
        if token:
            changes["tokens"] = _tokens(app.registry.program(name)["tokens"], token)
        app.registry.change_program(name, changes)
        row = app.registry.program(str(changes.get("name", name)))
    answer(row, f"Program '{row['name']}' is changed.", as_json=as_json)


def _dates(start: datetime | None, end: datetime | None) -> dict[str, object]:
    return {key: day.date() for key, day in (("start_date", start), ("end_date", end)) if day is not None}


def _tokens(known: Mapping[str, str], given: list[str]) -> dict[str, str]:
    """The tokens of a program with these set, or taken away."""
    found = dict(known)
    for each in given:
        key, equals, value = each.partition("=")
        if not (key.strip() and equals):
            raise UsageError(f"'{each}' is no token: NAME=VALUE is wanted, such as room=hall 4.")
        found[key.strip()] = value
    return {key: value for key, value in found.items() if value}


def _folder(folder: str | None) -> dict[str, object]:
    return {} if folder is None else {"folder": folder}


@program.command("clone")
def program_clone(
    context: typer.Context,
    name: ProgramName,
    new: Annotated[str, typer.Argument(metavar="NEW", help="The name of the new program.")],
    as_json: AsJson = False,
) -> None:
    """Make a program of the same channel and tags, without members, costs and link."""
    with opened(context) as app:
        app.registry.clone_program(name, new.strip())
        row = app.registry.program(new.strip())
    answer(row, f"Program '{row['name']}' is made like '{name}'.", as_json=as_json)


@program.command("cost-report")
def program_cost_report(context: typer.Context, name: ProgramName, as_json: AsJson = False) -> None:
    """Show which month's cost the new members of each month are reported with, and what one of them cost."""
    with opened(context) as app:
        costs = {cost.month: cost for cost in app.registry.costs(name)}
        joined = app.registry.new_members_by_month(name)
    into = cost_report(costs.values(), sorted({*joined, *costs}))
    members = Counter(dict.fromkeys(costs, 0))
    for each, number in joined.items():
        members[into.get(each, each)] += number
    rows = [
        {
            "month": f"{each:%Y-%m}",
            "months": ", ".join(f"{m:%Y-%m}" for m, target in into.items() if target == each),
            "members": members[each],
            "cost": in_decimals(costs[each].amount, costs[each].currency),
            "currency": costs[each].currency,
            "cost_per_member": in_decimals(costs[each].amount / members[each], costs[each].currency)
            if members[each]
            else None,
        }
        for each in sorted(costs)
    ]
    headings = {"month": "COST OF", "months": "FOR THE MONTHS", "members": "NEW MEMBERS"}
    headings |= {"cost": "COST", "currency": "", "cost_per_member": "PER MEMBER"}
    show(rows, headings, empty="No period costs, so that there is no cost report.", as_json=as_json)


@program.command("list")
def program_list(context: typer.Context, as_json: AsJson = False) -> None:
    """List the programs."""
    with opened(context) as app:
        rows = app.registry.programs()
    headings = {"name": "PROGRAM", "channel": "CHANNEL", "members": "MEMBERS", "success": "SUCCESS"}
    headings |= {"campaign_id": "CAMPAIGN", "state": "LINK"}
    show(
        rows,
        headings,
        empty="No program yet. Make one with: campaignsync program create NAME --channel CHANNEL",
        as_json=as_json,
    )


@program.command("show")
def program_show(context: typer.Context, name: ProgramName, as_json: AsJson = False) -> None:
    """Show one program: its statuses, costs, tags and links."""
    with opened(context) as app:
        row = app.registry.program(name)
    if as_json:
        print_json(row)
        return
    say(f"{row['name']}: channel {row['channel']} ({row['program_type']})")
    if row["folder"]:
        say(f"  in folder {row['folder']}")
    if row["start"] or row["end"]:
        say(f"  from {row['start'] or 'an open day'} to {row['end'] or 'an open day'}")
    for key, value in row["tags"].items():
        say(f"  {key} = {value}")
    for key, value in row["tokens"].items():
        say(f"  {{{{my.{key}}}}} = {value}")
    print_table(
        row["statuses"],
        {"status": "STATUS", "step": "STEP", "success": "SUCCESS", "members": "MEMBERS"},
        empty="",
    )
    print_table(
        row["costs"],
        {"month": "MONTH", "amount": "COST", "currency": "", "note": "NOTE"},
        empty="No period costs.",
    )
    print_table(
        row["links"],
        {"connection": "CONNECTION", "campaign_id": "CAMPAIGN", "state": "LINK"},
        empty="Not linked.",
    )


@program.command("cost")
def program_cost(
    context: typer.Context,
    name: ProgramName,
    when: Annotated[str, typer.Argument(metavar="MONTH", help="YYYY-MM")],
    cost: Annotated[
        str | None, typer.Argument(metavar="AMOUNT", help="Such as 1200.00; left out with --remove.")
    ] = None,
    currency: Annotated[str, typer.Option(help="ISO 4217")] = DEFAULT_CURRENCY,
    note: Annotated[str, typer.Option()] = "",
    remove: Annotated[bool, typer.Option("--remove", help="Remove the cost of the month.")] = False,
    as_json: AsJson = False,
) -> None:
    """Set or remove the period cost of a month."""
    if remove == (cost is not None):
        raise UsageError("Give an amount, or --remove.")
    with opened(context) as app:
        if cost is None:
            app.registry.remove_cost(name, month(when))
            said = f"No period cost for {when} any more."
        else:
            made = PeriodCost(month=month(when), amount=amount(cost), currency=currency.upper(), note=note)
            app.registry.set_cost(name, made)
            said = f"{when}: {made.amount} {made.currency}."
        costs = app.registry.program(name)["costs"]
    answer(
        {"program": name, "costs": costs},
        f"{said} The program has {len(costs)} period cost{'s' * (len(costs) != 1)}.",
        as_json=as_json,
    )


@program.command("delete")
def program_delete(context: typer.Context, name: ProgramName, as_json: AsJson = False) -> None:
    """Delete a program with its memberships and its link; the campaign in Salesforce stays as it is."""
    with opened(context) as app:
        app.registry.delete_program(name)
    answer({"program": name, "deleted": True}, f"Program '{name}' is deleted.", as_json=as_json)


def import_members(
    context: typer.Context,
    name: ProgramName,
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE.csv", help="A CSV file in UTF-8 whose first line names the columns."),
    ],
    status: Annotated[
        str | None, typer.Option(help="The status everybody gets, if they are not further already.")
    ] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Overwrite fields of people we know, not only fill empty ones.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring in people from a file. Broken rows are named by line and reason; the others come in."""
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from None
    with opened(context) as app:
        channel_of_all, fields = app.registry.program_channel(name), app.member_fields.list()
        read = read_registrants(raw, channel=channel_of_all, status=status, fields=fields)
        with progress("bringing in") as tell:
            done = app.members.import_people(name, read.people, who=who(), update=update, tell=tell)
            tell(read.people.height, read.people.height, 0)
    if as_json:
        refused = [asdict(row) for row in read.refused]
        print_json(
            {
                "rows": read.rows,
                "joined": read.joined,
                **asdict(done),
                "refused": refused,
                "refused_cells": [asdict(cell) for cell in read.refused_cells],
                "ignored_columns": read.ignored_columns,
            }
        )
        return
    say(
        f"{read.rows} rows: {done.added} members added, {done.moved} moved on, {done.unchanged} unchanged,"
        f" {done.skipped_back} further already, {read.joined} joined to another row of the same address;"
        f" {done.new_people} people are new."
    )
    if read.ignored_columns:
        say(f"Not read: {', '.join(read.ignored_columns)}.")
    for row in read.refused:
        say(f"line {row.line} left out: {row.reason}")
    for cell in read.refused_cells:
        say(f"line {cell.line} came in without one value: {cell.reason}")


def members(
    context: typer.Context, name: ProgramName, connection: ConnectionName = None, as_json: AsJson = False
) -> None:
    """List who is in a program, and who they are in Salesforce."""
    with opened(context) as app:
        linked = app.registry.program(name)["links"] or connection
        org = app.registry.link_of(name, connection)[1].connection_id if linked else None
        rows = app.members.list(name, org)
    headings = {"email": "E-MAIL", "first_name": "FIRST NAME", "last_name": "LAST NAME", "status": "STATUS"}
    headings |= {"kind": "IS A", "salesforce_id": "SALESFORCE ID", "reached_success": "SUCCESS"}
    if not as_json:
        # Names of fields may be anything, and must not hide the other columns.
        headings |= {f"field {field}": field.upper() for row in rows for field in row["custom"]}
        rows = [
            {
                **row,
                "kind": f"{row['kind']}, deleted in SFDC" if row["deleted"] else row["kind"],
                **{f"field {field}": value for field, value in row["custom"].items()},
            }
            for row in rows
        ]
    show(rows, headings, empty="Nobody is in this program yet.", as_json=as_json)


@member.command("set")
def member_set(
    context: typer.Context,
    name: ProgramName,
    email: Email,
    status: Annotated[
        str | None, typer.Option(help="One of the channel's statuses; needed to make a member.")
    ] = None,
    field: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE of a member field, once for each; NAME= clears it.")
    ] = None,
    override: Annotated[
        bool, typer.Option("--override", help="Correct a mistake: a step back is allowed and noted.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Give somebody a status, making them a member if they are none yet, or values of member fields."""
    if not (status or field):
        raise UsageError("Nothing to set: give --status, --field or both.")
    done: dict[str, object] = {"email": email}
    said = []
    with opened(context) as app:
        values = _values(field or (), app.member_fields.list() if field else ())
        if status:
            before = app.members.set_status(name, email, status, who=who(), override=override)
            done |= {"before": None if before == "added" else before, "status": status}
            said.append(f"{'added with' if before == 'added' else f'{before} →'} {status}")
        if values:
            done["custom"] = app.members.set_fields(name, email, values, who=who())
            said += [f"{each} = {value}" if value else f"{each} cleared" for each, value in values.items()]
    answer(done, f"{email}: {', '.join(said)}", as_json=as_json)


def _values(pairs: Iterable[str], fields: Collection[MemberField]) -> dict[str, str | None]:
    """The values that were typed as NAME=VALUE, by the fields' names."""
    values = {}
    for text in pairs:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(
                f"'{text}' is no value: write NAME=VALUE, such as Diet=vegan, or NAME= to clear it."
            )
        field = field_named(name, fields)
        values[field.name] = canonical(field.kind, value)
    return values


@member.command("remove")
def member_remove(context: typer.Context, name: ProgramName, email: Email, as_json: AsJson = False) -> None:
    """Take somebody out of a program."""
    with opened(context) as app:
        app.members.remove(name, email, who=who())
    answer({"email": email, "status": None}, f"{email} is in the program no more.", as_json=as_json)
