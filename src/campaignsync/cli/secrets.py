"""secrets: change the key that secrets at rest are encrypted with."""

from __future__ import annotations

import typer

from campaignsync.cli.output import answer
from campaignsync.cli.session import AsJson, opened

secrets = typer.Typer(help="The key that secrets at rest are encrypted with.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Give the application these commands."""
    app.add_typer(secrets, name="secrets")


@secrets.command("rotate")
def rotate(context: typer.Context, as_json: AsJson = False) -> None:
    """Encrypt all secrets anew, with a new key where keys are in a file. Whatever runs goes on; old keys still read until
    forgotten."""
    with opened(context) as app:
        made = app.settings.add_key()
        number = app.secrets.rotate()
    how = "a new key" if made else "the key of CAMPAIGNSYNC_SECRET_KEY"
    said = f"{number} secrets are encrypted with {how}. Old keys still read, until: campaignsync secrets forget-old-keys"
    answer({"secrets": number, "new_key": made}, said, as_json=as_json)


@secrets.command("forget-old-keys")
def forget_old_keys(context: typer.Context, as_json: AsJson = False) -> None:
    """Drop the keys that are not in use any more from the key file; refused while something needs one of them."""
    with opened(context) as app:
        app.secrets.require_one_key()
        before = len(app.settings.secret_keys())
        app.settings.forget_old_keys()
        forgotten = before - len(app.settings.secret_keys())
    answer({"forgotten": forgotten}, f"{forgotten} old keys are forgotten.", as_json=as_json)
