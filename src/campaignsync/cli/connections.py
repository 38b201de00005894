"""init, migrate, connect, doctor: an installation and its connections."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from campaignsync.bootstrap import Application
from campaignsync.cli.output import answer, print_json, print_table, say, show
from campaignsync.cli.session import AsJson, ConnectionName, opened
from campaignsync.domain.connections import Login, LoginMethod
from campaignsync.domain.errors import UsageError
from campaignsync.domain.statuses import DEFAULT_CHANNELS
from campaignsync.runtime.doctor import examine


def add_to(app: typer.Typer) -> None:
    """Give the application these commands."""
    for command in (init, migrate, connect, connections, doctor):
        app.command()(command)


def init(context: typer.Context, as_json: AsJson = False) -> None:
    """Make the database and the channels that come with a new installation. Running it again changes nothing."""
    with opened(context, migrate=True) as app:
        added = app.registry.add_channels(DEFAULT_CHANNELS)
        where = "the server of DATABASE_URL" if app.settings.database_url else str(app.settings.data_dir)
        done = f"{len(added)} channels added" if added else "nothing was missing"
        answer({"where": where, "channels_added": added}, f"Ready in {where}; {done}.", as_json=as_json)


def migrate(context: typer.Context) -> None:
    """Bring the database up to date; an embedded one does so by itself."""
    with opened(context, migrate=True):
        say("The database is up to date.")


def connect(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A name of your own for the connection.")],
    url: Annotated[
        str | None, typer.Option(help="The org's address, such as https://my-domain.my.salesforce.com")
    ] = None,
    client_id: Annotated[str | None, typer.Option(envvar="CAMPAIGNSYNC_CLIENT_ID")] = None,
    client_secret: Annotated[
        str | None, typer.Option(envvar="CAMPAIGNSYNC_CLIENT_SECRET", show_envvar=True)
    ] = None,
    username: Annotated[str | None, typer.Option(help="For a login by password or JWT.")] = None,
    password: Annotated[
        str | None, typer.Option(envvar="CAMPAIGNSYNC_PASSWORD", help="With the security token.")
    ] = None,
    refresh_token: Annotated[str | None, typer.Option(envvar="CAMPAIGNSYNC_REFRESH_TOKEN")] = None,
    private_key: Annotated[
        Path | None, typer.Option(help="An RSA key in PEM form, for a login by JWT.")
    ] = None,
    campaign_sync: Annotated[bool | None, typer.Option(help="The switch of the campaign sync.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a connection to a Salesforce org, or change one. Secrets may come from the environment or a prompt."""
    given = {
        "client_id": client_id,
        "client_secret": client_secret,
        "username": username,
        "password": password,
        "refresh_token": refresh_token,
        "private_key": _read_key(private_key),
    }
    with opened(context) as app:
        if url is None and not any(given.values()):
            _switch(app, name, campaign_sync)
            said = f"Campaign sync is {_on(bool(campaign_sync))} for '{name}'."
            answer({"connection": name, "campaign_sync": campaign_sync}, said, as_json=as_json)
            return
        if not url:
            raise UsageError("Say where the org is, with --url.")
        login = _login(url, {key: value for key, value in given.items() if value})
        door = app.new_door(login)
        user = door.sync_user()
        known = {each.name: each for each in app.registry.connections()}.get(name)
        switch = campaign_sync if campaign_sync is not None else bool(known and known.campaign_sync)
        app.registry.save_connection(
            name, login, instance_url=door.instance_url, campaign_sync=switch, user=user
        )
    said = f"Connected '{name}' to org {user.organization_id} as {user.username}; campaign sync is {_on(switch)}."
    if not user.is_marketing_user:
        said += f"\n{user.username} is no Marketing User, so campaigns stay closed: campaignsync doctor --connection {name}"
    answer({"connection": name, **asdict(user), "campaign_sync": switch}, said, as_json=as_json)


def _on(switch: bool) -> str:
    return "on" if switch else "off"


def _read_key(path: Path | None) -> str | None:
    try:
        return path.read_text() if path else None
    except OSError as error:
        raise UsageError(f"The key {path} cannot be read: {error.strerror}.") from None


def _switch(app: Application, name: str, campaign_sync: bool | None) -> None:
    """Change the switch of a connection that is there, and nothing else."""
    known = app.registry.connection(name)
    if campaign_sync is None:
        raise UsageError(
            "Nothing to change: give --url and credentials, or --campaign-sync / --no-campaign-sync."
        )
    login = app.registry.login(known.connection_id)
    app.registry.save_connection(
        name, login, instance_url=known.instance_url, campaign_sync=campaign_sync, user=known.user
    )


def _login(url: str, given: dict[str, str]) -> Login:
    """The way to log in that the given fields are for."""
    if not url.startswith(("https://", "http://")):
        raise UsageError(f"'{url}' is no address: it begins with https://")
    methods = (
        (LoginMethod.JWT_BEARER, ("private_key", "client_id", "username")),
        (LoginMethod.REFRESH_TOKEN, ("refresh_token", "client_id", "client_secret")),
        (LoginMethod.PASSWORD, ("password", "client_id", "client_secret", "username")),
        (LoginMethod.CLIENT_CREDENTIALS, ("client_id", "client_secret")),
    )
    method, wanted = next((each for each in methods if each[1][0] in given), methods[-1])
    fields = {name: given.get(name) or _ask(name) for name in wanted}
    return Login(method=method, login_url=url.rstrip("/"), fields=fields)


def _ask(field: str) -> str:
    """Ask for what is missing, at a terminal only."""
    option = f"--{field.replace('_', '-')}"
    if not sys.stdin.isatty():
        raise UsageError(
            f"{option} is missing (secrets may also come from the environment: see campaignsync connect --help)."
        )
    return str(
        typer.prompt(
            option.removeprefix("--"), hide_input=field in {"client_secret", "password", "refresh_token"}
        )
    )


def connections(context: typer.Context, as_json: AsJson = False) -> None:
    """List the connections."""
    with opened(context) as app:
        rows = [
            {"name": c.name, "url": c.instance_url, "user": c.user.username, "campaign_sync": c.campaign_sync}
            for c in app.registry.connections()
        ]
    headings = {"name": "NAME", "url": "ORG", "user": "SYNC USER", "campaign_sync": "CAMPAIGN SYNC"}
    show(
        rows,
        headings,
        empty="No connection yet. Make one with: campaignsync connect NAME --url URL",
        as_json=as_json,
    )


def doctor(context: typer.Context, connection: ConnectionName = None, as_json: AsJson = False) -> None:
    """Find out why no campaigns are seen, in the order an admin would look. Exits with 2 when something is not well."""
    with opened(context) as app:
        chosen = app.registry.connection(connection)
        findings = examine(chosen, app.new_door(app.registry.login(chosen.connection_id)))
    rows = [asdict(finding) for finding in findings]
    if as_json:
        print_json(rows)
    else:
        print_table(rows, {"check": "CHECK", "well": "WELL", "seen": "SEEN"}, empty="Nothing was looked at.")
    sick = [finding for finding in findings if not finding.well]
    if sick:
        raise UsageError(f"{sick[0].check} is not well: {sick[0].seen}. To do: {sick[0].to_do}")
