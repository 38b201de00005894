"""member-field: the custom fields that members of programs have (M6.8)."""

from __future__ import annotations

from typing import Annotated, cast

import typer

from campaignsync.cli.output import answer, show
from campaignsync.cli.session import AsJson, ConnectionName, opened, who
from campaignsync.domain.errors import UsageError
from campaignsync.domain.member_fields import FieldKind, FieldMapping, MemberField, field_named
from campaignsync.domain.registrants import require_free_name
from campaignsync.runtime.member_fields import mapping_of

member_field = typer.Typer(help="Custom fields of the members of programs.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The field's name.")]


def add_to(app: typer.Typer) -> None:
    """Give the application these commands."""
    app.add_typer(member_field, name="member-field")


@member_field.command("add")
def add(
    context: typer.Context,
    name: Name,
    kind: Annotated[FieldKind, typer.Option(help="What it holds.")] = FieldKind.TEXT,
    as_json: AsJson = False,
) -> None:
    """Make a field that members of programs may have a value of."""
    field = MemberField(name=name.strip(), kind=kind)
    if not field.name or "=" in field.name:
        raise UsageError("A field needs a name, and one without an equals sign.")
    require_free_name(field.name)
    with opened(context) as app:
        app.member_fields.add(field)
    said = (
        f"Members may have '{field.name}' now, a {kind}. Give somebody a value with: campaignsync member set PROGRAM EMAIL"
        f' --field "{field.name}=VALUE"'
    )
    answer({"name": field.name, "kind": kind.value}, said, as_json=as_json)


@member_field.command("list")
def list_fields(context: typer.Context, as_json: AsJson = False) -> None:
    """List the fields that members may have, and what they are kept the same with in each org."""
    with opened(context) as app:
        mapped = [
            (org.name, each)
            for org in app.registry.connections()
            for each in app.member_fields.mappings(org.connection_id)
        ]
        rows = [_row(field, mapped) for field in app.member_fields.list()]
    told = [
        {**row, "told": "; ".join(_told(each) for each in cast("list[dict[str, str]]", row["mapped"]))}
        for row in rows
    ]
    show(
        rows if as_json else told,
        {"name": "FIELD", "kind": "KIND", "told": "KEPT THE SAME WITH"},
        empty="No member field yet. Make one with: campaignsync member-field add NAME --kind text",
        as_json=as_json,
    )


def _row(field: MemberField, mapped: list[tuple[str, FieldMapping]]) -> dict[str, object]:
    own = [
        {"connection": org, "salesforce_field": each.salesforce_field, "off": each.off}
        for org, each in mapped
        if each.field == field
    ]
    return {"name": field.name, "kind": field.kind.value, "mapped": own}


def _told(mapped: dict[str, str]) -> str:
    off = f" (no more: {mapped['off']})" if mapped["off"] else ""
    return f"{mapped['salesforce_field']} in {mapped['connection']}{off}"


@member_field.command("map")
def map_field(
    context: typer.Context,
    name: Name,
    salesforce_field: Annotated[
        str,
        typer.Argument(metavar="SALESFORCE_FIELD", help="A custom field of CampaignMember, such as Diet__c."),
    ],
    connection: ConnectionName = None,
    as_json: AsJson = False,
) -> None:
    """Keep a field the same with one of the campaign members' in an org, both ways; the next sync reads all members anew."""
    with opened(context) as app:
        org = app.registry.connection(connection)
        field = field_named(name, app.member_fields.list())
        seen, known = app.door(org).fields_of("CampaignMember"), app.member_fields.mappings(org.connection_id)
        mapping = mapping_of(field, salesforce_field, seen, known)
        with app.ledger.alone(org.connection_id):
            app.member_fields.map(org.connection_id, mapping, who=who())
    said = f"'{field.name}' and {mapping.salesforce_field} in {org.name} are kept the same from the next sync on."
    value = {
        "name": field.name,
        "connection": org.name,
        "salesforce_field": mapping.salesforce_field,
    }
    answer(value, said, as_json=as_json)


@member_field.command("unmap")
def unmap_field(
    context: typer.Context, name: Name, connection: ConnectionName = None, as_json: AsJson = False
) -> None:
    """Keep a field the same no more; its values stay as they are on both sides."""
    with opened(context) as app:
        org = app.registry.connection(connection)
        with app.ledger.alone(org.connection_id):
            app.member_fields.unmap(org.connection_id, name, who=who())
    said = f"'{name}' is a field of ours alone now, as far as {org.name} goes."
    answer({"name": name, "connection": org.name, "mapped": False}, said, as_json=as_json)


@member_field.command("remove")
def remove(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Forget a field with all its values here; refused while it is mapped."""
    with opened(context) as app:
        app.member_fields.remove(name, who=who())
    answer({"name": name, "removed": True}, f"No member has '{name}' any more.", as_json=as_json)
