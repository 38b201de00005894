"""member-field: the custom fields that members of programs have (M6.8)."""

from __future__ import annotations

from typing import Annotated

import typer

from campaignsync.cli.output import answer, show
from campaignsync.cli.session import AsJson, opened, who
from campaignsync.domain.errors import UsageError
from campaignsync.domain.member_fields import FieldKind, MemberField
from campaignsync.domain.registrants import require_free_name

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
    """List the fields that members may have."""
    with opened(context) as app:
        rows = [{"name": field.name, "kind": field.kind.value} for field in app.member_fields.list()]
    show(
        rows,
        {"name": "FIELD", "kind": "KIND"},
        empty="No member field yet. Make one with: campaignsync member-field add NAME --kind text",
        as_json=as_json,
    )


@member_field.command("remove")
def remove(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Forget a field with all its values here; refused while it is mapped."""
    with opened(context) as app:
        app.member_fields.remove(name, who=who())
    answer({"name": name, "removed": True}, f"No member has '{name}' any more.", as_json=as_json)
