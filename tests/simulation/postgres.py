"""The real store on a real PostgreSQL, behind the same face as the twin, on the clock of the history.

Used by the tests that hold the two stores together, and for a share of the histories. Django must be set up before it is used
(`bootstrap.application` does that).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from campaignsync.bootstrap import application
from campaignsync.domain.ids import ConnectionId
from campaignsync.domain.trees import PERSON_FIELDS
from campaignsync.settings import Settings
from simulation.mortal import Killed, Mortal
from simulation.stores import Dump, Line


@contextlib.contextmanager
def installation(folder: Path) -> Iterator[Callable[[Callable[[], datetime]], Any]]:
    """An installation in an empty folder with a server of its own; gives what makes an empty store on a clock. The processes of a
    run share the making of it, and no history waits for a disk (`ready_database`)."""
    from ready_database import make_ready

    make_ready(folder)
    with application(Settings(data_dir=folder)):
        yield InPostgres


class InPostgres:
    """The product's own store."""

    restarts_for_real = True

    def __init__(self, clock: Callable[[], datetime]) -> None:
        from campaignsync.settings import Retention
        from campaignsync.store.acting import in_turn
        from campaignsync.store.directory import Directory
        from campaignsync.store.ledger import Ledger
        from campaignsync.store.members import Members
        from campaignsync.store.pulse import Pulses
        from campaignsync.store.registry import Registry
        from campaignsync.store.subscriptions import Subscriptions
        from campaignsync.store.views import Views
        from ready_database import empty_tables

        class Prompt(Ledger):
            """Does not wait a minute for its turn: whoever has it is the same thread."""

            def alone(self, connection: ConnectionId) -> contextlib.AbstractContextManager[None]:
                return in_turn("org", connection, wait_ms=1, retry_after_s=60)

        class Rated(Registry):
            """Tells the rates, too."""

            def rates(self, connection: ConnectionId) -> dict[str, Any]:
                from decimal import Decimal

                from campaignsync.store import models

                kept = models.Connection.objects.values_list("rates", flat=True).get(pk=connection)
                return {name: Decimal(worth) for name, worth in kept.items()}

        empty_tables()
        self._now = clock
        self.ledger, self.registry, self.members = Prompt(clock), Rated(clock), Members(clock)
        self.directory, self.views = Directory(clock), Views(clock)
        self.jobs, self.pulses = _jobs(clock), Pulses(clock, Retention())
        self.subscriptions = Subscriptions(clock)

    def enter_nameless(self, program: str, last_name: str, status: str) -> None:
        from campaignsync.store.acting import acting
        from campaignsync.store.frames import execute, rows

        now = self._now()
        with acting(who="marketing", why="set", now=now):
            known = rows(
                "SELECT id FROM store_person WHERE last_name = %s AND merged_into_id IS NULL", (last_name,)
            )
            number = known[0]["id"] if known else None
            if number is None:
                made = rows(
                    "INSERT INTO store_person (last_name, company, custom, created_at)"
                    " VALUES (%s, 'Northwind', '{}', %s) RETURNING id",
                    (last_name, now),
                )
                number = made[0]["id"]
            execute(
                "INSERT INTO store_programmember (program_id, person_id, status_id, member_since, origin)"
                " SELECT p.id, %s, s.id, %s, 'person' FROM store_program p JOIN store_progressionstatus s"
                " ON s.channel_id = p.channel_id AND s.name = %s WHERE p.name = %s",
                (number, now, status, program),
            )

    def version(self) -> int:
        from campaignsync.store.frames import rows

        return int(rows(_LINES)[0]["lines"])

    def fingerprint(self) -> str:
        from campaignsync.store.frames import rows

        return f"{rows(_LINES)[0]['lines']} lines"

    def overlooked(self, connection: int) -> list[str]:
        from campaignsync.store.models import Link
        from campaignsync.store.trees import overlooked

        links = Link.objects.filter(connection_id=connection).order_by("pk")
        return [
            f"{who} of {link.program.name}"
            for link in links.select_related("program")
            for who in sorted(overlooked(link.pk), key=str)
        ]

    def bury(self, process: Mortal) -> None:
        """The session is gone with the process: what its blocks would do in leaving is not done."""
        from django.db import connection

        def dead(*_: Any) -> Any:
            raise Killed

        with connection.execute_wrapper(dead):
            for block in process.left_open():
                with contextlib.suppress(Killed):
                    block.__exit__(Killed, Killed(), None)

    def end_sessions(self) -> None:
        """End all sessions of the database but the one that does it, as a restart does."""
        from django.db import connection

        with contextlib.closing(connection.copy()) as other, other.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                " AND datname = current_database() AND backend_type = 'client backend'"
            )

    def reconnect(self) -> None:
        """What another thread would do: connect anew."""
        from django.db import connection

        connection.close()

    def dump(self, connection: int) -> Dump:
        from campaignsync.store.frames import rows

        org = {"org": connection}

        return Dump(
            people={row.pop("id"): _person(row) for row in rows(_PEOPLE)},
            members=_by_program(rows(_MEMBERS), "SELECT name FROM store_program", {}),
            agreed=_by_program(rows(_AGREED, org), _LINKED, org),
            identities={row.pop("person_id"): row for row in rows(_IDENTITIES, org)},
            links={row.pop("program"): _link(row) for row in rows(_LINKS, org)},
            mirrored={row.pop("id"): row for row in rows(_MIRRORED, org)},
            problems=rows(_PROBLEMS, org),
            journal=rows(_JOURNAL),
        )


def _jobs(clock: Callable[[], datetime]) -> Any:
    """The queue of rounds, from which one thread takes them on the clock of the history."""
    from campaignsync.store.frames import execute, rows
    from campaignsync.store.jobs import Jobs

    class Taken(Jobs):
        """Jobs without workers of the queue's own."""

        def take(self, now: datetime) -> tuple[ConnectionId, int] | None:
            taken = rows(_TAKE, {"now": now})
            return (ConnectionId(taken[0]["org"]), taken[0]["failures"]) if taken else None

        def done(self, org: ConnectionId) -> None:
            execute("DELETE FROM procrastinate_jobs WHERE status = 'doing' AND lock = 'org:' || %s", (org,))

        def next_due(self) -> datetime | None:
            waiting = rows("SELECT scheduled_at FROM procrastinate_jobs WHERE status = 'todo'")
            return min((row["scheduled_at"] or clock() for row in waiting), default=None)

    return Taken(clock)


def _person(row: Line) -> Line:
    merged = row.pop("merged_into_id")
    kept = {k: v for k, v in row.items() if v not in (None, "") and k in _NAMES}
    return {**kept, "merged_into": merged}


def _link(row: Line) -> Line:
    return {
        **row,
        "intents": {int(person): wanted for person, wanted in (row["intents"] or {}).items()},
        "fields": {name: tuple(pair) for name, pair in (row["fields"] or {}).items()},
    }


def _by_program(found: list[Line], names: str, org: Line) -> dict[str, dict[int, str]]:
    from campaignsync.store.frames import rows

    held: dict[str, dict[int, str]] = {row["name"]: {} for row in rows(names, org)}
    for row in found:
        held[row["program"]][row["person_id"]] = row["status"]
    return held


_TAKE = (
    "UPDATE procrastinate_jobs SET status = 'doing' WHERE id = (SELECT id FROM procrastinate_jobs j WHERE status = 'todo'"
    " AND coalesce(scheduled_at <= %(now)s, true) AND NOT EXISTS (SELECT FROM procrastinate_jobs d WHERE d.lock = j.lock"
    " AND d.status = 'doing') ORDER BY (args->>'connection')::bigint LIMIT 1)"
    " RETURNING (args->>'connection')::bigint AS org, (args->>'failures')::int AS failures"
)
_NAMES = frozenset(PERSON_FIELDS)
_LINES = (
    "SELECT count(*) AS lines FROM store_journalentry WHERE noun NOT IN ('link', 'policy', 'period cost')"
)
_LINKED = "SELECT p.name FROM store_link l JOIN store_program p ON p.id = l.program_id WHERE l.connection_id = %(org)s"
_PEOPLE = "SELECT * FROM store_person ORDER BY id"
_MEMBERS = (
    "SELECT p.name AS program, m.person_id, s.name AS status FROM store_programmember m JOIN store_program p"
    " ON p.id = m.program_id JOIN store_progressionstatus s ON s.id = m.status_id"
)
_AGREED = (
    "SELECT p.name AS program, a.person_id, a.status FROM store_agreement a JOIN store_link l ON l.id = a.link_id"
    " JOIN store_program p ON p.id = l.program_id WHERE l.connection_id = %(org)s"
)
_IDENTITIES = (
    "SELECT person_id, salesforce_id, kind, is_deleted, changes > 0 AS due FROM store_personidentity"
    " WHERE connection_id = %(org)s"
)
_LINKS = (
    "SELECT p.name AS program, l.campaign_id, l.state,"
    " (SELECT jsonb_object_agg(i.person_id, i.wanted) FROM store_intent i WHERE i.link_id = l.id) AS intents,"
    " (SELECT jsonb_object_agg(f.name, jsonb_build_array(f.written, f.found)) FROM store_agreedfield f"
    "  WHERE f.link_id = l.id) AS fields FROM store_link l JOIN store_program p ON p.id = l.program_id"
    " WHERE l.connection_id = %(org)s"
)
_MIRRORED = (
    "SELECT m.salesforce_id AS id, m.campaign_id, m.status, i.person_id AS person FROM store_campaignmember m"
    " LEFT JOIN store_personidentity i ON i.connection_id = m.connection_id"
    " AND i.salesforce_id = coalesce(m.contact_id, m.lead_id) WHERE m.connection_id = %(org)s"
)
_PROBLEMS = (
    "SELECT p.name AS program, q.noun, q.person_id AS person, q.direction, q.code, q.message, q.tries FROM store_problem q"
    " LEFT JOIN store_link l ON l.id = q.link_id LEFT JOIN store_program p ON p.id = l.program_id"
    " WHERE q.connection_id = %(org)s AND q.solved_at IS NULL ORDER BY q.id"
)
_JOURNAL = (
    "SELECT j.who, j.why, j.side, j.connection_id AS connection, p.name AS program, j.campaign_id, j.person_id AS person, j.noun,"
    " j.record_id, j.old, j.new"
    " FROM store_journalentry j LEFT JOIN store_program p ON p.id = j.program_id"
    " WHERE j.noun NOT IN ('link', 'policy', 'period cost') ORDER BY j.id"
)
