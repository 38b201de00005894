"""mirror: which campaigns of an org are mirrored (M3.4)."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from campaignsync.cli.output import answer
from campaignsync.cli.session import AsJson, ConnectionName, opened
from campaignsync.domain.connections import Connection
from campaignsync.domain.errors import UsageError
from campaignsync.domain.mirror_filter import MirrorFilter, day, names
from campaignsync.runtime.mirroring import fitting


def add_to(app: typer.Typer) -> None:
    """Give the application this command."""
    app.command()(mirror)


def mirror(
    context: typer.Context,
    active_only: Annotated[
        bool | None, typer.Option(help="Active campaigns only, or inactive ones too.")
    ] = None,
    type_: Annotated[
        list[str] | None,
        typer.Option("--type", metavar="TYPE", help="Campaigns of this type; once for each. Empty: of any."),
    ] = None,
    record_type: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Of this record type, by its API name; once for each. Empty: of any."
        ),
    ] = None,
    created_since: Annotated[
        str | None, typer.Option(metavar="DAY", help="Created since a day, such as 2026-01-01. Empty: ever.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All campaigns that the sync user sees.")] = False,
    connection: ConnectionName = None,
    as_json: AsJson = False,
) -> None:
    """Choose which campaigns of an org are mirrored; without options it shows what is chosen. Linked ones always are."""
    given: dict[str, object] = {}
    if active_only is not None:
        given["active_only"] = active_only
    if type_ is not None:
        given["types"] = names(filter(None, type_), "type")
    if record_type is not None:
        given["record_types"] = names(filter(None, record_type), "record type")
    if created_since is not None:
        given["created_since"] = day(created_since) if created_since else None
    if everything and given:
        raise UsageError("--all lets every campaign in: it goes with no other choice.")
    with opened(context) as app:
        chosen = app.registry.connection(connection)
        wanted = MirrorFilter() if everything else replace(chosen.mirror_filter, **given)  # type: ignore[arg-type]
        inside, seen = fitting(app.door(chosen), wanted)
        if wanted != chosen.mirror_filter:
            app.registry.set_mirror_filter(chosen.connection_id, wanted)
            app.jobs.wake(chosen.connection_id, hurry=True)
    value = {"connection": chosen.name, **wanted.value(), "campaigns": inside, "campaigns_seen": seen}
    answer(value, _said(chosen, wanted, inside, seen), as_json=as_json)


def _said(chosen: Connection, wanted: MirrorFilter, inside: int, seen: int) -> str:
    said = f"Mirrored of '{chosen.name}': {wanted}. {inside:,} of {seen:,} campaigns fit."
    if not inside and seen:
        said += " None fits: only linked campaigns will be mirrored."
    if wanted == chosen.mirror_filter:
        return said
    return f"{said}\nThe next look brings in what is missing and leaves out the rest: campaignsync sync"
