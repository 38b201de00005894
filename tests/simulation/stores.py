"""The two stores that histories run on: the twin in memory, and PostgreSQL; and what either holds, in one form for comparison."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from campaignsync.domain.membership import Origin
from simulation.memory import doubts
from simulation.memory.desk import MemoryStore
from simulation.memory.service import MemoryJobs, MemoryPulses, MemorySubscriptions
from simulation.memory.tables import Acting, Entry, MemberRow, ProblemRow, who_is

Line = dict[str, Any]


@dataclass(frozen=True)
class Dump:
    """What a store holds of one org, by names rather than numbers of its own; people, members and the journal are of all orgs."""

    people: dict[int, Line]
    """By number: the fields that are not empty, merged_into."""
    members: dict[str, dict[int, str]]
    """By program and person."""
    agreed: dict[str, dict[int, str]]
    identities: dict[int, Line]
    """By person: salesforce_id, kind, is_deleted, changes."""
    links: dict[str, Line]
    """By program: campaign_id, state, reason, intents, fields, had_mark."""
    mirrored: dict[str, Line]
    """By campaign member: campaign_id, status, person."""
    problems: list[Line]
    journal: list[Line]
    """In order: who, why, side, connection, program, campaign_id, person, noun, record_id, old, new."""


class Store(Protocol):
    """The doors of an installation, as far as histories use them."""

    restarts_for_real: bool
    """Whether its database can end sessions as it does when it restarts."""
    ledger: Any
    registry: Any
    members: Any
    directory: Any
    views: Any
    jobs: Any
    pulses: Any
    subscriptions: Any

    def enter_nameless(self, program: str, last_name: str, status: str) -> None:
        """A member whom we know by name only, as the API may enter one."""

    def version(self) -> int:
        """Grows with whatever people would call a change: lines of the journal."""

    def fingerprint(self) -> str:
        """What the trace tells of the store behind each round."""

    def dump(self, connection: int) -> Dump:
        """What it holds of an org."""

    def overlooked(self, connection: int) -> list[str]:
        """Whoever differs on the sides of a link, or is nobody's yet, and is not in doubt (store.doubts)."""

    def bury(self, process: Any) -> None:
        """A process died: its locks go."""

    def reconnect(self) -> None:
        """A process whose session was ended gets another one."""


class InMemory:
    """The twin."""

    restarts_for_real = False

    def __init__(self, clock: Callable[[], datetime]) -> None:
        store = MemoryStore.empty(clock)
        self.tables, self.ledger, self.registry = store.tables, store.ledger, store.registry
        self.members, self.directory, self.views = store.members, store.directory, store.views
        self.jobs, self.pulses = MemoryJobs(self.tables), MemoryPulses(self.tables)
        self.subscriptions = MemorySubscriptions(self.tables)

    def enter_nameless(self, program: str, last_name: str, status: str) -> None:
        tables, row = self.tables, self.tables.programs[program]
        tables.acting = Acting(who="marketing", why="set", at=tables.now())
        known = [each for each in tables.people.values() if each.values["last_name"] == last_name]
        person = known[0] if known else tables.add_person({"last_name": last_name, "company": "Northwind"})
        row.members[person.number] = MemberRow(status, tables.now(), Origin.PERSON.value)
        tables.program_changed(row, person.number, None, status)

    def version(self) -> int:
        return len(self.tables.journal)

    def reconnect(self) -> None:
        """There is nothing to connect to."""

    def fingerprint(self) -> str:
        return f"{len(self.tables.journal)} lines"

    def overlooked(self, connection: int) -> list[str]:
        return [
            f"{who} of {link.program.name}"
            for link in self.tables.links.values()
            if link.connection == connection
            for who in sorted(doubts.overlooked(self.tables, link), key=str)
        ]

    def bury(self, process: Any) -> None:
        for block in process.left_open():
            block.let_go()

    def dump(self, connection: int) -> Dump:
        tables = self.tables
        links = [each for each in tables.links.values() if each.connection == connection]
        programs = {row.number: row.name for row in tables.programs.values()}
        return Dump(
            people={
                row.number: {
                    **{k: v for k, v in row.values.items() if v not in (None, "")},
                    "merged_into": row.merged_into,
                }
                for row in tables.people.values()
            },
            members={
                row.name: {person: each.status for person, each in row.members.items()}
                for row in tables.programs.values()
            },
            agreed={link.program.name: dict(link.agreed) for link in links},
            identities={
                row.person: {
                    "salesforce_id": row.salesforce_id,
                    "kind": row.kind,
                    "is_deleted": row.is_deleted,
                    "due": row.changes > 0,
                }
                for row in tables.identities.values()
                if row.connection == connection
            },
            links={
                link.program.name: {
                    "campaign_id": link.campaign_id,
                    "state": link.state.value,
                    "intents": {person: wanted for person, (wanted, *_) in link.intents.items()},
                    "fields": dict(link.fields),
                }
                for link in links
            },
            mirrored={
                row["id"]: {
                    "campaign_id": row["campaign_id"],
                    "status": row["status"],
                    "person": tables.person_of(of, who_is(row)),
                }
                for (of, _), row in tables.members.items()
                if of == connection
            },
            problems=[self._problem(each) for each in tables.open_problems(connection=connection)],
            journal=[self._line(each, programs) for each in tables.journal],
        )

    def _problem(self, each: ProblemRow) -> Line:
        return {
            "program": self.tables.links[each.link].program.name if each.link else None,
            "noun": each.noun.value,
            "person": each.person,
            "direction": each.direction,
            "code": each.code,
            "message": each.message,
            "tries": each.tries,
        }

    @staticmethod
    def _line(each: Entry, programs: dict[int, str]) -> Line:
        return {
            "who": each.who,
            "why": each.why,
            "side": each.side,
            "connection": each.connection,
            "program": programs.get(each.program or 0),
            "campaign_id": each.campaign_id,
            "person": each.person,
            "noun": each.noun,
            "record_id": each.record_id,
            "old": each.old,
            "new": each.new,
        }
