"""fields, fields set: which field of ours is which field of a lead and of a contact, which way, and who wins (M7.4, M7.5)."""

from __future__ import annotations

from typing import Annotated

import typer

from campaignsync.bootstrap import Application
from campaignsync.cli.output import answer, show
from campaignsync.cli.session import AsJson, ConnectionName, opened
from campaignsync.domain.connections import Connection
from campaignsync.domain.fields import Access, FieldDirection, FieldWinner, PersonField, remapped
from campaignsync.domain.people import PersonKind

fields = typer.Typer(help="Which fields of people are which fields of leads and contacts.")


def add_to(app: typer.Typer) -> None:
    """Give the application these commands."""
    app.add_typer(fields, name="fields")


@fields.callback(invoke_without_command=True)
def fields_list(context: typer.Context, connection: ConnectionName = None, as_json: AsJson = False) -> None:
    """List the fields of people: their fields in Salesforce, the direction, the winner, and what the sync user may do there."""
    if context.invoked_subcommand:
        return
    with opened(context) as app:
        rows = _rows(app, app.registry.connection(connection))
    headings = {"field": "FIELD", "kind": "KIND", "lead": "LEAD", "contact": "CONTACT"}
    headings |= {"direction": "DIRECTION", "winner": "WINNER", "rights": "RIGHTS THERE"}
    show(rows, headings, empty="No fields.", as_json=as_json)


def _rows(app: Application, connection: Connection) -> list[dict[str, object]]:
    rules = app.door(connection).field_rules()
    access = {(rule.field.name, rule.kind): rule.access for rule in rules}
    return [
        _row(field, {kind: access[field.name, kind] for kind in PersonKind})
        for field in app.registry.person_fields(connection.connection_id)
    ]


def _row(field: PersonField, access: dict[PersonKind, Access]) -> dict[str, object]:
    paths = {PersonKind.LEAD: field.lead, PersonKind.CONTACT: field.contact}
    limits = [
        f"{kind}: {'hidden, or of another kind now' if access[kind] is Access.NONE else 'read only'}"
        for kind in PersonKind
        if paths[kind] and access[kind] is not Access.WRITE and field.direction is not FieldDirection.OFF
    ]
    return {
        "field": field.name,
        "kind": field.kind,
        "lead": field.lead,
        "contact": field.contact,
        "direction": field.direction,
        "winner": field.winner,
        "custom": field.is_custom,
        "lead_access": access[PersonKind.LEAD],
        "contact_access": access[PersonKind.CONTACT],
        "rights": "; ".join(limits),
    }


@fields.command("set")
def fields_set(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="FIELD", help="A field of people; a new name makes a custom field.")
    ],
    lead: Annotated[
        str | None, typer.Option(help="The field of a lead, such as Nickname__c; empty: none.")
    ] = None,
    contact: Annotated[
        str | None, typer.Option(help="The field of a contact, or of the account: Account.Name; empty: none.")
    ] = None,
    direction: Annotated[FieldDirection | None, typer.Option(help="Which way it goes.")] = None,
    winner: Annotated[
        FieldWinner | None,
        typer.Option(
            help="Who wins where both sides changed it; by default we do for a lead, Salesforce for a contact."
        ),
    ] = None,
    connection: ConnectionName = None,
    as_json: AsJson = False,
) -> None:
    """Map a field, or choose how it goes. The next sync compares everybody anew: see what it would do with plan --people."""
    given = {"lead": lead, "contact": contact, "direction": direction, "winner": winner}
    with opened(context) as app:
        chosen = app.registry.connection(connection)
        door = app.door(chosen)
        seen = (
            {each: door.fields_of(each) for each in ("Lead", "Contact", "Account")} if lead or contact else {}
        )
        choices = {key: value for key, value in given.items() if value is not None}
        field = remapped(app.registry.person_fields(chosen.connection_id), name.strip(), choices, seen)
        app.registry.map_person_field(chosen.connection_id, field)
        (row,) = [each for each in _rows(app, chosen) if each["field"] == field.name]
    said = (
        f"{field.name}: {field.lead or 'nothing'} of a lead, {field.contact or 'nothing'} of a contact;"
        f" {field.direction}, winner {field.winner}. {row['rights']}"
    )
    answer(row, said.strip(), as_json=as_json)
