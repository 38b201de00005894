"""The `campaignsync` command: its verbs, and its exit codes.

0 done · 2 something must be mended by whoever typed it · 3 a link is halted or a plan is out of date · 4 Salesforce could not be
reached, or nobody knows what became of a call · 5 Salesforce refused. docs/commands.md says more.
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from campaignsync.cli import (
    access,
    approvals,
    backlog,
    backups,
    configuration,
    connections,
    demo,
    fields,
    health,
    links,
    member_fields,
    mirror,
    notices,
    people,
    problems,
    programs,
    runs,
    secrets,
    service,
    smart_campaigns,
    syncing,
    web,
    webhooks,
)
from campaignsync.cli.output import complain, say
from campaignsync.cli.session import DataDir
from campaignsync.domain.errors import (
    CampaignsyncError,
    HaltError,
    RefusedError,
    RetryableError,
    UnknownOutcomeError,
    UsageError,
)

EXIT_CODES: dict[type[CampaignsyncError], int] = {
    UsageError: 2,
    HaltError: 3,
    RetryableError: 4,
    UnknownOutcomeError: 4,
    RefusedError: 5,
}

app = typer.Typer(
    help="Keep marketing programs and Salesforce campaigns the same.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for module in (
    connections,
    mirror,
    programs,
    member_fields,
    people,
    fields,
    runs,
    links,
    syncing,
    approvals,
    problems,
    notices,
    backlog,
    configuration,
    access,
    webhooks,
    smart_campaigns,
    demo,
    web,
    health,
    backups,
    secrets,
    service,
):
    module.add_to(app)


def _tell_version(wanted: bool) -> None:
    if wanted:
        say(version("campaignsync"))
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Say which version this is.")
]


@app.callback()
def _options(context: typer.Context, data_dir: DataDir = None, told_version: Version = False) -> None:
    context.obj = data_dir


def main() -> None:
    """Run a command; an error that a person can mend is one sentence and an exit code, never a traceback."""
    try:
        app()
    except CampaignsyncError as error:
        complain(f"error: {error}")
        sys.exit(next(code for kind, code in EXIT_CODES.items() if isinstance(error, kind)))
