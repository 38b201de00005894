"""init, migrate, connect, doctor: an installation and its connections."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from campaignsync.bootstrap import Application
from campaignsync.cli.output import answer, print_json, print_table, say, show
from campaignsync.cli.session import AsJson, ConnectionName, opened
from campaignsync.domain.budget import Budget, pause, pause_text
from campaignsync.domain.connections import LOGIN_FIELDS, Connection, Login
from campaignsync.domain.errors import UsageError
from campaignsync.domain.events import ENDPOINT, OFF
from campaignsync.domain.people import DuplicateRule
from campaignsync.domain.programs import currency_code
from campaignsync.domain.programs import rate as parse_rate
from campaignsync.domain.statuses import DEFAULT_CHANNELS
from campaignsync.runtime.lead_rules import changed_rules


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


DefaultLastName = Annotated[
    str | None,
    typer.Option(help="The last name of new leads that have none; empty: such people are problems."),
]
DuplicateRules = Annotated[
    DuplicateRule | None, typer.Option(help="Whether leads that a duplicate rule warns of are saved.")
]
Assignment = Annotated[
    str | None,
    typer.Option(help="Who gets new leads: default (the active rule says), none, or a rule's id."),
]
ExternalIdField = Annotated[
    str | None,
    typer.Option(help="A unique external-id text field on Lead and Contact that may hold our ids."),
]
Every = Annotated[
    str | None, typer.Option(help="How often `sync --due` goes to the org, such as 5m, 2h or 1d; or off.")
]
Currency = Annotated[
    str | None,
    typer.Option(help="The currency of an org that has only one, such as EUR."),
]
Rate = Annotated[
    list[str] | None,
    typer.Option(help="EUR=1.08: what one is worth in the org's own currency; EUR= forgets it."),
]
Pubsub = Annotated[
    str | None,
    typer.Option(
        help="Where the org's change events are, as HOST:PORT; default: Salesforce's own address; off: do not listen."
    ),
]
DailyCalls = Annotated[
    int | None,
    typer.Option(min=0, help="How many API calls that may take in 24 hours; 0: as many as it takes."),
]


Reserve = Annotated[
    int | None,
    typer.Option(
        min=0,
        help="How many of the org's own API calls of 24 hours are for others; 0: its limit is not looked at.",
    ),
]


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
    default_last_name: DefaultLastName = None,
    default_company: Annotated[str | None, typer.Option(help="Likewise, the company.")] = None,
    duplicate_rule: DuplicateRules = None,
    assignment: Assignment = None,
    external_id_field: ExternalIdField = None,
    every: Every = None,
    daily_calls: DailyCalls = None,
    reserve: Reserve = None,
    pubsub: Pubsub = None,
    currency: Currency = None,
    rate: Rate = None,
    as_json: AsJson = False,
) -> None:
    """Make a connection to a Salesforce org, or change one. Secrets may come from the environment or a prompt."""
    credentials = _given(
        client_id=client_id,
        client_secret=client_secret,
        username=username,
        password=password,
        refresh_token=refresh_token,
        private_key=_read_key(private_key),
    )
    leads = _given(
        default_last_name=default_last_name,
        default_company=default_company,
        duplicate_rule=duplicate_rule,
        assignment=assignment,
        external_id_field=external_id_field,
    )
    pace = _pace(every, daily_calls, reserve)
    endpoint = _endpoint(pubsub)
    money = _Money(own=currency and currency_code(currency), rates=dict(map(parse_rate, rate or ())))
    if not (url or credentials or leads or pace or pubsub or money.said or campaign_sync is not None):
        raise UsageError(
            "Nothing to change: give --url and credentials, --campaign-sync, how leads are made, how often, or rates."
        )
    with opened(context) as app:
        known = {each.name: each for each in app.registry.connections()}.get(name)
        switch = campaign_sync if campaign_sync is not None else bool(known and known.campaign_sync)
        said = (
            _log_in(app, name, url, credentials, switch) if url or credentials else _switch(app, name, switch)
        )
        _keep(app, app.registry.connection(name), leads, pace, money)
        if pubsub:
            app.registry.set_pubsub(app.registry.connection(name).connection_id, endpoint)
        app.jobs.wake(app.registry.connection(name).connection_id, hurry=True)
        known = app.registry.connection(name)
        value = {"connection": name, **_facts(known, app.ledger.budget(known.connection_id))}
    answer(value, said, as_json=as_json)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Money:
    """What was said of currencies."""

    own: str | None
    rates: dict[str, Decimal | None]

    @property
    def said(self) -> bool:
        return bool(self.own or self.rates)


def _keep(
    app: Application, known: Connection, leads: dict[str, str], pace: dict[str, int | None], money: _Money
) -> None:
    """Keep the settings that were given."""
    if leads:
        app.registry.set_lead_rules(known.connection_id, changed_rules(known.leads, leads, app.door(known)))
    if pace:
        app.registry.set_pace(known.connection_id, pace)
    if money.said:
        app.registry.set_currency(known.connection_id, money.own, money.rates)


def _pace(every: str | None, daily_calls: int | None, reserve: int | None) -> dict[str, int | None]:
    """What was said of how often and how much."""
    chosen: dict[str, int | None] = {}
    if every is not None:
        wait = pause(every)
        chosen["every_s"] = int(wait.total_seconds()) if wait else None
    if daily_calls is not None:
        chosen["daily_calls"] = daily_calls or None
    if reserve is not None:
        chosen["reserve"] = reserve or None
    return chosen


def _endpoint(pubsub: str | None) -> str | None:
    """Where events are, as it is kept; UsageError for what is no address."""
    if pubsub is None or pubsub in ("default", OFF):
        return OFF if pubsub == OFF else None
    host, _, port = pubsub.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise UsageError(f"'{pubsub}' is no HOST:PORT, nor off, nor default.")
    return pubsub


def _given(**values: str | None) -> dict[str, str]:
    return {name: value for name, value in values.items() if value is not None}


def _log_in(app: Application, name: str, url: str | None, given: dict[str, str], switch: bool) -> str:
    """Make a connection that lets us in; what to say about it."""
    if not url:
        raise UsageError("Say where the org is, with --url.")
    login = _login(url, given)
    door = app.new_door(login)
    user = door.sync_user()
    app.registry.save_connection(name, login, instance_url=door.instance_url, campaign_sync=switch, user=user)
    said = f"Connected '{name}' to org {user.organization_id} as {user.username}; campaign sync is {_on(switch)}."
    if user.is_marketing_user:
        return said
    return (
        f"{said}\n{user.username} is no Marketing User, so campaigns stay closed:"
        f" campaignsync doctor --connection {name}"
    )


def _switch(app: Application, name: str, switch: bool) -> str:
    """Keep a connection that is there, with its switch as said."""
    known = app.registry.connection(name)
    login = app.registry.login(known.connection_id)
    app.registry.save_connection(
        name, login, instance_url=known.instance_url, campaign_sync=switch, user=known.user
    )
    return f"Kept for '{name}'; campaign sync is {_on(switch)}."


def _on(switch: bool) -> str:
    return "on" if switch else "off"


def _facts(connection: Connection, budget: Budget) -> dict[str, object]:
    """What is kept of a connection, without its secrets."""
    return {
        "name": connection.name,
        "url": connection.instance_url,
        "user": connection.user.username,
        "organization_id": connection.user.organization_id,
        "campaign_sync": connection.campaign_sync,
        **asdict(connection.leads),
        "pubsub": connection.pubsub or (ENDPOINT if connection.listens else OFF),
        "every": pause_text(budget.every),
        "last_round": budget.round_at,
        "next_round": budget.next_round,
        "calls_used": budget.used,
        "daily_calls": budget.daily_calls,
        "reserve": budget.reserve,
        "pace": budget.pace.words,
        "paced": budget.said,
    }


def _read_key(path: Path | None) -> str | None:
    try:
        return path.read_text() if path else None
    except OSError as error:
        raise UsageError(f"The key {path} cannot be read: {error.strerror}.") from None


def _login(url: str, given: dict[str, str]) -> Login:
    """The way to log in that the given fields are for."""
    if not url.startswith(("https://", "http://")):
        raise UsageError(f"'{url}' is no address: it begins with https://")
    methods = list(LOGIN_FIELDS.items())
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
        rows = [_facts(each, app.ledger.budget(each.connection_id)) for each in app.registry.connections()]
    headings = {"name": "NAME", "url": "ORG", "user": "SYNC USER", "campaign_sync": "SYNC"}
    headings |= {"every": "EVERY", "calls_used": "CALLS", "daily_calls": "OF", "reserve": "FOR OTHERS"}
    headings |= {"pace": "PACE"}
    show(
        rows,
        headings,
        empty="No connection yet. Make one with: campaignsync connect NAME --url URL",
        as_json=as_json,
    )


def doctor(context: typer.Context, connection: ConnectionName = None, as_json: AsJson = False) -> None:
    """Find out why no campaigns are seen, in the order an admin would look. Exits with 2 when something is not well."""
    with opened(context) as app:
        findings = app.doctor(app.registry.connection(connection))
    rows = [asdict(finding) for finding in findings]
    if as_json:
        print_json(rows)
    else:
        print_table(rows, {"check": "CHECK", "well": "WELL", "seen": "SEEN"}, empty="Nothing was looked at.")
    for sick in findings:
        if sick.well is False:
            where = f" ({sick.setup})" if sick.setup else ""
            raise UsageError(f"{sick.check} is not well: {sick.seen}. To do: {sick.to_do}{where}")
