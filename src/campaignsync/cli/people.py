"""people, person: the people we know, across all orgs."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from campaignsync.cli.output import answer, clean, print_json, print_table, say
from campaignsync.cli.session import AsJson, ConnectionName, opened, who
from campaignsync.domain.errors import UsageError
from campaignsync.domain.fields import STANDARD_FIELDS, typed
from campaignsync.runtime.one_person import delete_there, sync_person

person = typer.Typer(help="One person, across all orgs.", no_args_is_help=True)

Who = Annotated[
    str,
    typer.Argument(metavar="WHO", help="An e-mail address, our id of the person, or an id in Salesforce."),
]
_DELETED = "deleted in SFDC"


def add_to(app: typer.Typer) -> None:
    """Give the application these commands."""
    app.command()(people)
    app.add_typer(person, name="person")


def people(
    context: typer.Context,
    search: Annotated[
        str | None, typer.Option(help="Beginnings of words of a name, a company or an address.")
    ] = None,
    connection: Annotated[
        str | None, typer.Option(help="Only those who are a lead or contact in this connection's org.")
    ] = None,
    deleted: Annotated[
        bool, typer.Option("--deleted", help="Only those whose lead or contact was deleted in Salesforce.")
    ] = False,
    after: Annotated[
        int, typer.Option(min=0, help="Go on behind this number, the last of the page before.")
    ] = 0,
    limit: Annotated[int, typer.Option(min=1, help="How many a page.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List the people we know, page by page."""
    with opened(context) as app:
        org = app.registry.connection(connection).connection_id if connection else None
        found = app.directory.list(
            search=search, connection=org, deleted=deleted, after=after, limit=limit + 1
        )
    page = found[:limit]
    following = page[-1]["number"] if len(found) > limit else None
    if as_json:
        print_json({"people": page, "after": following})
        return
    headings = {"number": "NUMBER", "email": "E-MAIL", "first_name": "FIRST NAME", "last_name": "LAST NAME"}
    headings |= {"company": "COMPANY", "programs": "PROGRAMS", "in_salesforce": "IN SALESFORCE"}
    lines = [{**row, "in_salesforce": _records(row)} for row in page]
    nobody = "Nobody. Bring people in with: campaignsync import-members PROGRAM FILE.csv"
    print_table(lines, headings, empty="Nobody like that." if search or org or deleted or after else nobody)
    if following:
        say(f"There are more: go on with --after {following}")


def _records(row: dict[str, Any]) -> str:
    return ", ".join(
        f"{each['kind']} in {each['connection']}" + (f" ({_DELETED})" if each["deleted"] else "")
        for each in row["records"]
    )


@person.command("show")
def person_show(context: typer.Context, name: Who, as_json: AsJson = False) -> None:
    """Show all we know of somebody: fields, orgs, memberships, problems."""
    with opened(context) as app:
        row = app.directory.show(app.directory.find(name))
    if as_json:
        print_json(row)
        return
    parts = ("records", "programs", "problems", "custom", "number", "our_id")
    say(f"{row['email'] or 'nobody without an address'} (number {row['number']}, our id {row['our_id']})")
    for key, value in {**row, **row["custom"]}.items():
        if key not in parts and value is not None:
            say(f"  {key.replace('_', ' ')}: {clean(value)}")
    records = [{**each, "flag": _DELETED if each["deleted"] else ""} for each in row["records"]]
    headings = {"connection": "CONNECTION", "kind": "IS A", "salesforce_id": "SALESFORCE ID", "flag": ""}
    print_table(records, headings, empty="In no org.")
    headings = {
        "program": "PROGRAM",
        "status": "STATUS",
        "member_since": "SINCE",
        "reached_success": "SUCCESS",
    }
    print_table(row["programs"], headings, empty="In no program.")
    headings = {"connection": "CONNECTION", "code": "PROBLEM", "message": "SAYS"}
    print_table(row["problems"], headings, empty="No problems.")


@person.command("set")
def person_set(
    context: typer.Context,
    name: Who,
    values: Annotated[
        list[str],
        typer.Argument(metavar="FIELD=VALUE…", help="Such as title=Director; an empty value empties."),
    ],
    as_json: AsJson = False,
) -> None:
    """Change fields of somebody; the next sync brings them to Salesforce. List the fields with: campaignsync fields"""
    pairs = dict(text.partition("=")[::2] for text in values)
    with opened(context) as app:
        orgs = [app.registry.person_fields(org.connection_id) for org in app.registry.connections()]
        fields = {field.name: field for each in (STANDARD_FIELDS, *orgs) for field in each}
        unknown = sorted(set(pairs) - set(fields))
        if unknown or any("=" not in text for text in values):
            raise UsageError(
                f"Write FIELD=VALUE. The fields are: {', '.join(fields)}."
                + (f" There is none of the name {', '.join(unknown)}." if unknown else "")
            )
        number = app.directory.find(name)
        app.directory.change(
            number, {fields[key]: typed(fields[key], text) for key, text in pairs.items()}, who=who()
        )
        row = app.directory.show(number)
    said = ", ".join(f"{key} is {value or 'empty'}" for key, value in pairs.items())
    answer(row, f"{name}: {said}.", as_json=as_json)


@person.command("sync")
def person_sync(
    context: typer.Context, name: Who, connection: ConnectionName = None, as_json: AsJson = False
) -> None:
    """Make sure that an org knows somebody, at once: found, or made as a lead, even if deleted there before."""
    with opened(context) as app:
        chosen = app.registry.connection(connection)
        number = app.directory.find(name)
        kind, salesforce_id = sync_person(
            app.door(chosen), app.ledger, app.directory, chosen, number, who=who()
        )
    value = {"person": name, "connection": chosen.name, "kind": kind, "salesforce_id": salesforce_id}
    answer(value, f"{name} is {kind} {salesforce_id} in '{chosen.name}'.", as_json=as_json)


@person.command("merge")
def person_merge(
    context: typer.Context,
    name: Who,
    into: Annotated[str, typer.Argument(metavar="INTO", help="Who stays: an address or an id, as WHO.")],
    as_json: AsJson = False,
) -> None:
    """Make one person of two: INTO stays, and takes over what it lacks, with the memberships of both."""
    with opened(context) as app:
        loser, winner = app.directory.find(name), app.directory.find(into)
        app.directory.merge(loser, winner, who=who())
    value = {"person": into, "number": winner, "merged": loser}
    answer(value, f"{name} and {into} are one person now.", as_json=as_json)


@person.command("delete")
def person_delete(
    context: typer.Context,
    name: Who,
    also_in_salesforce: Annotated[
        bool, typer.Option("--also-in-salesforce", help="Delete the lead or contact in every org, too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Delete somebody here, and with that from all programs and the campaigns linked with them."""
    with opened(context) as app:
        number = app.directory.find(name)
        records = app.directory.records(number)
        orgs = [each for each in app.registry.connections() if each.connection_id in records]
        for org in orgs:
            delete_there(app.door(org), app.ledger, app.directory, org, number, also=also_in_salesforce)
        app.directory.delete(number, who=who())
    there = [org.name for org in orgs if also_in_salesforce]
    said = f"{name} is deleted here" + (f" and in {', '.join(there)}." if there else ".")
    answer({"person": name, "deleted": True, "deleted_in": there}, said, as_json=as_json)
