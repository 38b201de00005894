"""config export, plan, apply: the configuration of an installation as one file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from campaignsync.bootstrap import Application
from campaignsync.cli import config_file
from campaignsync.cli.output import agreed, answer, print_json, say
from campaignsync.cli.session import AsJson, opened, who
from campaignsync.domain.configuration import Difference, WrongEntryError
from campaignsync.domain.errors import UsageError
from campaignsync.runtime.configuring import Configuring

config = typer.Typer(help="The configuration as one YAML file.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(metavar="FILE", help="A YAML file; docs/config.md tells its form.")]
Prune = Annotated[
    bool,
    typer.Option(
        "--prune", help="Take away what stands in no list of the file that has such; never a connection."
    ),
]


def add_to(app: typer.Typer) -> None:
    """Give the application these commands."""
    app.add_typer(config, name="config")


def _configuring(app: Application) -> Configuring:
    return Configuring(
        configurations=app.configurations,
        registry=app.registry,
        member_fields=app.member_fields,
        ledger=app.ledger,
        smart_campaigns=app.smart_campaigns,
        open_door=app.door,
    )


@config.command("export")
def config_export(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Where to; printed when left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write the configuration as it is. It holds no secrets and no people."""
    with opened(context) as app:
        document = app.configurations.read()
    if as_json:
        print_json(document)
        return
    text = config_file.as_yaml(document)
    if file is None:
        typer.echo(text, nl=False)
        return
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}.") from None
    say(f"Written to {file}.")


@config.command("plan")
def config_plan(context: typer.Context, file: File, prune: Prune = False, as_json: AsJson = False) -> None:
    """Show what applying a file would change, without changing it."""
    wanted = config_file.read(file)
    with opened(context) as app, _located(file):
        changes = _configuring(app).plan(wanted, prune=prune)
    if as_json:
        print_json([_told(each) for each in changes])
    else:
        _show(changes)


@config.command("apply")
def config_apply(
    context: typer.Context,
    file: File,
    prune: Prune = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Bring the installation to what a file says: all of it, or nothing."""
    wanted = config_file.read(file)
    with opened(context) as app:
        configuring = _configuring(app)
        with _located(file):
            changes = configuring.plan(wanted, prune=prune)
        if not as_json:
            _show(changes)
        how = f"Nothing was changed. Change it with: campaignsync config apply {file} --yes"
        if changes and not agreed("Change this?", how, yes=yes):
            return
        with _located(file):
            done = configuring.apply(wanted, prune=prune, who=who()) if changes else []
    if changes or as_json:
        answer({"changed": [_told(each) for each in done]}, f"{len(done)} entries changed.", as_json=as_json)


@contextmanager
def _located(file: Path) -> Iterator[None]:
    """What is found wrong with an entry is told with its line."""
    try:
        yield
    except WrongEntryError as error:
        raise config_file.located(file, error) from None


def _show(changes: list[Difference]) -> None:
    for change in changes:
        say(str(change))
    if not changes:
        say("Nothing to change: everything is as the file says.")


def _told(change: Difference) -> dict[str, object]:
    return {"path": list(change.path), "old": change.old, "new": change.new, "removes": change.removes}
