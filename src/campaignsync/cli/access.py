"""user, api-key: who may use an installation, what they may do, and the keys that act for them."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

import typer

from campaignsync.cli.output import answer, show
from campaignsync.cli.session import AsJson, opened
from campaignsync.domain.access import Role, scopes_named
from campaignsync.domain.errors import UsageError

user = typer.Typer(help="Users, their roles and rights.", no_args_is_help=True)
api_key = typer.Typer(help="API keys, which act for a user.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="USER", help="The user's name.")]
Folder = Annotated[
    str, typer.Option(help="Only for programs of this folder and below, such as EMEA/Webinars.")
]
_LIFE = re.compile(r"([1-9]\d{0,4})([hd])")
_PASSWORD = "CAMPAIGNSYNC_USER_PASSWORD"  # noqa: S105 - the name of a variable.


def add_to(app: typer.Typer) -> None:
    """Give the application these commands."""
    app.add_typer(user, name="user")
    app.add_typer(api_key, name="api-key")


@user.command("list")
def user_list(context: typer.Context, as_json: AsJson = False) -> None:
    """List the users with their roles."""
    with opened(context) as app:
        rows = app.users.list()
    lines = [
        {**row, "rights": ", ".join(f"{role} in {folder}" for folder, role in row["folders"].items())}
        for row in rows
    ]
    headings = {"user": "USER", "email": "E-MAIL", "active": "LET IN", "role": "ROLE", "rights": "IN FOLDERS"}
    headings |= {"keys": "API KEYS", "last_login": "LAST LOGIN"}
    empty = "No user yet. Make the first with: campaignsync user add NAME --role admin"
    show(rows if as_json else lines, headings, empty=empty, as_json=as_json)


@user.command("add")
def user_add(
    context: typer.Context,
    name: Name,
    role: Annotated[Role | None, typer.Option(help="What they may do in the whole installation.")] = None,
    email: Annotated[str, typer.Option(help="Their e-mail address.")] = "",
    keys_only: Annotated[
        bool, typer.Option("--keys-only", help="No password: nobody logs in, API keys act for them.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Add a user. The password comes from a prompt, or from the environment (CAMPAIGNSYNC_USER_PASSWORD)."""
    password = (
        None
        if keys_only
        else _password(f"campaignsync user add {name}", or_else=", or --keys-only where nobody is to log in")
    )
    with opened(context) as app:
        app.users.add(name, email=email, password=password, role=role)
        row = app.users.one(name.strip())
    held = f"with the role {role}" if role else "without a role: give one with: campaignsync user grant"
    answer(row, f"User '{name}' is added {held}.", as_json=as_json)


@user.command("password")
def user_password(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Give a user another password, from a prompt or from the environment (CAMPAIGNSYNC_USER_PASSWORD)."""
    password = _password(f"campaignsync user password {name}")
    with opened(context) as app:
        app.users.set_password(name, password)
    answer({"user": name, "changed": True}, f"'{name}' has another password.", as_json=as_json)


def _password(how: str, or_else: str = "") -> str:
    """A password that nobody sees on a command line."""
    if given := os.environ.get(_PASSWORD):
        return given
    if not sys.stdin.isatty():
        raise UsageError(
            f"The password is missing: set {_PASSWORD}, or give it at a terminal with: {how}{or_else}"
        )
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))


@user.command("grant")
def user_grant(
    context: typer.Context, name: Name, role: Role, folder: Folder = "", as_json: AsJson = False
) -> None:
    """Give a user a role: for everything, or in one folder of programs."""
    with opened(context) as app:
        app.users.grant(name, role, folder)
        row = app.users.one(name)
    where = f"in folder '{folder}'" if folder else "for the whole installation"
    answer(row, f"'{name}' is {role} {where}.", as_json=as_json)


@user.command("revoke")
def user_revoke(context: typer.Context, name: Name, folder: Folder = "", as_json: AsJson = False) -> None:
    """Take a role back: that for everything, or that in one folder."""
    with opened(context) as app:
        app.users.revoke(name, folder)
        row = app.users.one(name)
    where = f"in folder '{folder}'" if folder else "for the whole installation"
    answer(row, f"'{name}' holds no role {where} any more.", as_json=as_json)


@user.command("remove")
def user_remove(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Remove a user with their rights and API keys; the journal keeps their name."""
    with opened(context) as app:
        app.users.remove(name)
    answer({"user": name, "removed": True}, f"User '{name}' is removed.", as_json=as_json)


@api_key.command("list")
def key_list(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="[USER]", help="One user's; all when left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List API keys: whose they are, what for, and when they were last used. The keys themselves are kept nowhere."""
    with opened(context) as app:
        rows = app.users.keys(name)
    lines = [{**row, "for": ", ".join(row["scopes"])} for row in rows]
    headings = {"prefix": "KEY", "user": "USER", "name": "NAME", "for": "SCOPES", "expires_at": "EXPIRES"}
    headings |= {"revoked_at": "REVOKED", "last_used_at": "LAST USED"}
    empty = "No API key yet. Make one with: campaignsync api-key create USER --scope SCOPE"
    show(rows if as_json else lines, headings, empty=empty, as_json=as_json)


@api_key.command("create")
def key_create(
    context: typer.Context,
    name: Name,
    scope: Annotated[
        list[str], typer.Option(help="What the key is for, once for each, such as members:write; or all.")
    ],
    label: Annotated[str, typer.Option("--name", help="What will use it.")] = "a script",
    expires: Annotated[
        str, typer.Option(help="How long it lives, such as 12h or 90d; or off, for ever.")
    ] = "90d",
    as_json: AsJson = False,
) -> None:
    """Make an API key for a user. It is shown once: keep it where secrets are kept."""
    with opened(context) as app:
        made = app.users.create_key(name, label, scopes_named(scope), lives=_lives(expires))
    said = (
        f"{made.key}\nThis key is shown only now. It acts for '{name}' until {made.expires_at or 'it is revoked'}."
        f" End it earlier with: campaignsync api-key revoke {made.prefix}"
    )
    answer(asdict(made), said, as_json=as_json)


def _lives(text: str) -> timedelta | None:
    """How long a key lives; off: until it is revoked."""
    if text == "off":
        return None
    found = _LIFE.fullmatch(text)
    if found is None:
        raise UsageError(f"'{text}' is no time: write a number and h or d, such as 12h or 90d, or off.")
    return int(found[1]) * (timedelta(hours=1) if found[2] == "h" else timedelta(days=1))


@api_key.command("revoke")
def key_revoke(
    context: typer.Context,
    prefix: Annotated[str, typer.Argument(metavar="KEY", help="How it begins, such as cs_1a2b3c4d.")],
    as_json: AsJson = False,
) -> None:
    """End an API key at once."""
    with opened(context) as app:
        app.users.revoke_key(prefix)
    answer({"prefix": prefix, "revoked": True}, f"{prefix} is taken no more.", as_json=as_json)
