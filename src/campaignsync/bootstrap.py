"""The one place that wires doors together: settings, database, ledger, registry, and a Salesforce door for a connection.

Called by the command line, which also starts the web server. Everybody else is handed what it needs.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

import psycopg

from campaignsync.domain.connections import Connection, Login
from campaignsync.domain.errors import DATABASE_UNREACHABLE, UsageError
from campaignsync.domain.health import judged
from campaignsync.domain.ids import LinkId
from campaignsync.domain.notices import Notice
from campaignsync.runtime.calls import charge
from campaignsync.runtime.flow_ports import Commands, Courier
from campaignsync.runtime.member_ports import Directory, MemberFields, Members
from campaignsync.runtime.notice_ports import Outbox, Outlet
from campaignsync.runtime.notices import deliver
from campaignsync.runtime.ports import (
    Ledger,
    Registry,
    SalesforceDoor,
)
from campaignsync.runtime.progress import Tell, nobody
from campaignsync.runtime.rounds import Round, run_round
from campaignsync.runtime.service_ports import Events, Jobs, Pulses, Secrets, Vitals
from campaignsync.runtime.smart_campaigns import SmartCampaigns
from campaignsync.runtime.telemetry import hide, log
from campaignsync.runtime.view_ports import Configurations, Views
from campaignsync.salesforce.org import SalesforceOrg
from campaignsync.settings import Settings
from campaignsync.store import django_settings

if TYPE_CHECKING:
    # Each is needed by few commands, and every other would pay for it at its start.
    from campaignsync.runtime.doctor import Finding
    from campaignsync.runtime.flow_runner import FlowDoors
    from campaignsync.runtime.listener import Listener
    from campaignsync.runtime.worker import Worker

    # The models that these are made of can be imported only when Django is ready.
    from campaignsync.store.answers import Answers
    from campaignsync.store.approvals import Approvals
    from campaignsync.store.errands import Errands
    from campaignsync.store.listings import Listings
    from campaignsync.store.uploads import Uploads
    from campaignsync.store.users import Users
    from campaignsync.store.webhooks import Webhooks

_MIGRATING = 7_206_451_398  # The number of the advisory lock that lets one process migrate at a time.


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """The doors of one installation, open."""

    settings: Settings
    registry: Registry
    members: Members
    member_fields: MemberFields
    directory: Directory
    views: Views
    ledger: Ledger
    configurations: Configurations
    outbox: Outbox
    outlets: tuple[Outlet, ...]
    users: Users
    webhooks: Webhooks
    answers: Answers
    approvals: Approvals
    errands: Errands
    uploads: Uploads
    listings: Listings
    jobs: Jobs
    pulses: Pulses
    smart_campaigns: SmartCampaigns
    commands: Commands
    courier: Courier
    vitals: Vitals
    secrets: Secrets

    def worker(self) -> Worker:
        """A worker of this installation."""
        from campaignsync.runtime.worker import Doors, Worker
        from campaignsync.store.jobs import reached

        return Worker(
            doors=Doors(
                registry=self.registry,
                ledger=self.ledger,
                jobs=self.jobs,
                pulses=self.pulses,
                vitals=self.vitals,
                thresholds=self.settings.thresholds,
                outbox=self.outbox,
                outlets=self.outlets,
                open_door=self.door,
                revive=self.revive,
                key=self._opened_with,
                now=_now,
                run_flows=reached()(self._run_due_flows),
            )
        )

    def _run_due_flows(self, stopped: Callable[[], bool]) -> Mapping[str, object] | None:
        if not self.smart_campaigns.flows.due():
            return None
        from campaignsync.runtime.flow_runner import run_flows

        report = run_flows(self.flow_doors, stopped)
        deliver(self.outbox, self.outlets)
        return asdict(report)

    def listener(self) -> Listener:
        """A listener of this installation."""
        from campaignsync.runtime.listener import Listener
        from campaignsync.store.jobs import reached
        from campaignsync.store.subscriptions import Subscriptions

        return Listener(
            subscriptions=Subscriptions(_now),
            open_events=reached()(self.events),
            key=reached()(self._opened_with),
            revive=self.revive,
            connections=reached()(self.registry.connections),
        )

    def events(self, connection: Connection) -> Events:
        """The events of a connection's org."""
        login = self.registry.login(connection.connection_id)
        return SalesforceOrg(login, user=connection.user).events(connection.pubsub)

    def doctor(self, connection: Connection) -> list[Finding]:
        """What is well with a connection and with this installation, and what is not, as an admin would look."""
        from campaignsync.runtime.doctor import diagnosis

        bounds, org = self.settings.thresholds, connection.connection_id
        door = self.new_door(self.registry.login(org))
        try:
            return diagnosis(
                connection,
                door,
                lambda: self.events(connection),
                budget=self.ledger.budget(org),
                bounds=bounds,
                checks=judged(self.vitals.facts(), bounds),
            )
        finally:
            charge(door, self.ledger, org)

    def _opened_with(self, connection: Connection) -> object:
        org = connection.connection_id
        return connection, self.registry.login(org), self.registry.person_fields(org)

    def revive(self) -> None:
        """Start our own database server again, should it have died; somebody else's is somebody else's business. Where it does
        not start, as on a full disk, whoever asked goes on to wait and asks again."""
        if self.settings.database_url:
            return
        from campaignsync.runtime.embedded_postgres import revive

        try:
            if revive(self.settings.data_dir):
                log().warning("database started again")
        except (UsageError, OSError) as error:
            log().warning("database does not start", error=str(error))

    @property
    def flow_doors(self) -> FlowDoors:
        """What `run_flows` needs."""
        from campaignsync.runtime.flow_runner import FlowDoors

        return FlowDoors(
            flows=self.smart_campaigns.flows,
            commands=self.commands,
            courier=self.courier,
            ledger=self.ledger,
            directory=self.directory,
            connections=self.registry.connections,
            open_door=self.door,
        )

    def door(self, connection: Connection) -> SalesforceDoor:
        """A door to a connection's org."""
        login = self.registry.login(connection.connection_id)
        hide(login.secrets)
        fields = self.registry.person_fields(connection.connection_id)
        members = [each for each in self.member_fields.mappings(connection.connection_id) if each.off is None]
        return SalesforceOrg(
            login, user=connection.user, leads=connection.leads, fields=fields, member_fields=members
        )

    def sync_now(
        self,
        connection: Connection,
        *,
        links: Collection[LinkId] | None = None,
        only: str | None = None,
        tell: Tell = nobody,
    ) -> Round:
        """A round at somebody's word (`runtime.rounds.run_round`); what waited for a worker is done by it."""
        with self.jobs.instead(connection.connection_id, links):
            return run_round(
                self.door(connection),
                self.ledger,
                connection,
                links=None if links is None else tuple(links),
                only=only,
                tell=tell,
            )

    def new_door(self, login: Login) -> SalesforceOrg:
        """A door to an org that is not a connection yet."""
        hide(login.secrets)
        return SalesforceOrg(login)


@contextlib.contextmanager
def application(
    settings: Settings,
    *,
    migrate: bool = False,
    who: str | None = None,
    site: Mapping[str, Any] | None = None,
    letter: Callable[[Notice], tuple[str, str]] | None = None,
) -> Iterator[Application]:
    """The installation, with its database running and, where that database is embedded or `migrate` is set, up to date. What
    nobody else says of a change, the journal tells as done by `who`. `site` is what pages need of Django (web.site),
    `letter` words notices that are mailed (web.letters)."""
    with contextlib.ExitStack() as stack:
        hide((*settings.secrets, *settings.secret_keys()))
        url = stack.enter_context(_database(settings))
        django_settings.configure(url, settings.secret_keys, site)
        from django.db import connection

        stack.callback(connection.close)
        _require_database()
        if migrate or not settings.database_url:
            _migrate()
        elif pending():
            raise UsageError("The database is not up to date. Bring it there with: campaignsync migrate")
        if who:
            introduce(who)
        yield _wired(settings, letter)


def back_up(settings: Settings, file: Path) -> int:
    """Write the whole database into a file; its size in bytes."""
    from campaignsync.runtime import backups

    with _database(settings) as url:
        return backups.back_up(url, file)


def restore(settings: Settings, file: Path) -> None:
    """Bring a backup into an empty database, and up to date; everything is compared anew afterwards."""
    from campaignsync.runtime import backups

    with _database(settings) as url:
        with _connected(url) as session:
            found = session.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
        if found and found[0]:
            raise UsageError(
                "There is something in this database already, and a backup goes into an empty one only: name another with"
                " --data-dir, or with DATABASE_URL."
            )
        backups.bring_back(url, file)
        with _connected(url) as session:
            session.execute("UPDATE store_connection SET compared_at = NULL")


@contextlib.contextmanager
def _database(settings: Settings) -> Iterator[str]:
    """The URL of the database, which runs meanwhile."""
    if settings.database_url:
        yield settings.database_url
    else:
        from campaignsync.runtime.embedded_postgres import embedded_postgres

        with embedded_postgres(settings.data_dir) as url:
            yield url


def _require_database() -> None:
    from django.db import OperationalError, connection

    try:
        connection.ensure_connection()
    except OperationalError as error:
        raise _shut_out(error) from None


def _connected(url: str) -> psycopg.Connection[tuple[Any, ...]]:
    try:
        return psycopg.connect(url)
    except psycopg.OperationalError as error:
        raise _shut_out(error) from None


def _shut_out(error: Exception) -> UsageError:
    reason = " ".join(str(error).split())
    return UsageError(
        f"The database does not let us in: {reason} Check DATABASE_URL.", code=DATABASE_UNREACHABLE
    )


def introduce(who: str) -> None:
    """What this connection to the database changes from now on, the journal tells as done by `who`."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('campaignsync.who', %s, false)", (who,))


def pending() -> bool:
    """Whether the database is behind what this code needs. It is not where every file of a migration is noted there as applied,
    which is known without loading them; what the other files come to, such as ones that others take the place of, Django says."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor
    from django.db.migrations.recorder import MigrationRecorder

    if _migrations() <= MigrationRecorder(connection).applied_migrations().keys():
        return False
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _migrations() -> set[tuple[str, str]]:
    """The migrations of all apps, as (app, name)."""
    from django.apps import apps

    return {
        (app.label, name)
        for app in apps.get_app_configs()
        for _, name, is_package in iter_modules([f"{app.path}/migrations"])
        if not is_package and name[0] not in "_~"
    }


def _migrate() -> None:
    """Bring the database up to date, one process at a time; a look at what is applied is all it costs otherwise."""
    from django.core.management import call_command
    from django.db import connection

    if not pending():
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", (_MIGRATING,))
        try:
            if pending():
                call_command("migrate", verbosity=0, interactive=False)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", (_MIGRATING,))


def _wired(settings: Settings, letter: Callable[[Notice], tuple[str, str]] | None = None) -> Application:
    # The models can be imported only when Django is ready.
    from campaignsync.store.answers import Answers
    from campaignsync.store.approvals import Approvals
    from campaignsync.store.commands import Commands as PostgresCommands
    from campaignsync.store.configuration import Configurations as PostgresConfigurations
    from campaignsync.store.couriers import Courier as WorldCourier
    from campaignsync.store.directory import Directory as PostgresDirectory
    from campaignsync.store.errands import Errands
    from campaignsync.store.flows import Flows as PostgresFlows
    from campaignsync.store.jobs import Jobs as PostgresJobs
    from campaignsync.store.ledger import Ledger as PostgresLedger
    from campaignsync.store.listings import Listings
    from campaignsync.store.member_fields import MemberFields as PostgresMemberFields
    from campaignsync.store.members import Members as PostgresMembers
    from campaignsync.store.outbox import Outbox as PostgresOutbox
    from campaignsync.store.outlets import outlets
    from campaignsync.store.pulse import Pulses as PostgresPulses
    from campaignsync.store.registry import Registry as PostgresRegistry
    from campaignsync.store.secrecy import Secrets as PostgresSecrets
    from campaignsync.store.smart_campaigns import SmartCampaigns as PostgresSmartCampaigns
    from campaignsync.store.uploads import Uploads
    from campaignsync.store.users import Users
    from campaignsync.store.views import Views as PostgresViews
    from campaignsync.store.vitals import Vitals as PostgresVitals
    from campaignsync.store.webhooks import Webhooks

    registry = PostgresRegistry(_now)
    webhooks = Webhooks(_now, settings.notices.networks)
    member_fields = PostgresMemberFields(_now)
    return Application(
        settings=settings,
        registry=registry,
        members=PostgresMembers(_now),
        member_fields=member_fields,
        directory=PostgresDirectory(_now),
        views=PostgresViews(_now),
        ledger=PostgresLedger(_now, settings.problem_rules),
        configurations=PostgresConfigurations(registry, member_fields),
        outbox=PostgresOutbox(_now, webhooks),
        outlets=tuple(outlets(settings.notices, letter)),
        users=Users(_now),
        webhooks=webhooks,
        answers=Answers(_now),
        approvals=Approvals(_now),
        errands=Errands(_now),
        uploads=Uploads(_now),
        listings=Listings(),
        jobs=PostgresJobs(_now),
        pulses=PostgresPulses(_now, settings.retention),
        smart_campaigns=SmartCampaigns(
            shelf=PostgresSmartCampaigns(_now, settings.notices.networks), flows=PostgresFlows(_now)
        ),
        commands=PostgresCommands(_now),
        courier=WorldCourier(settings.notices),
        secrets=PostgresSecrets(),
        vitals=PostgresVitals(_now, None if settings.database_url else settings.data_dir),
    )


def _now() -> datetime:
    return datetime.now(UTC)
