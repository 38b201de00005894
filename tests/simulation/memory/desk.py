"""What people do on our side, against the twin of the store: a registry, members, lists, as far as simulations and the tests of
the store use them (`runtime.ports`)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl

from campaignsync.domain.connections import Connection, Login
from campaignsync.domain.errors import UsageError
from campaignsync.domain.fields import STANDARD_FIELDS, FieldValue, PersonField
from campaignsync.domain.ids import ConnectionId, LinkId
from campaignsync.domain.labels import LabelMapping
from campaignsync.domain.links import (
    CampaignStatus,
    FieldEdit,
    Removal,
    StepBack,
    Winner,
)
from campaignsync.domain.membership import Origin, ProgramMember, enter, move
from campaignsync.domain.mirror_filter import MirrorFilter
from campaignsync.domain.observation import SyncUser
from campaignsync.domain.people import LeadRules, comparable_email, looks_like_email
from campaignsync.domain.problems import EVERY_OPEN_PROBLEM, ProblemFilter, ProblemNoun
from campaignsync.domain.programs import PeriodCost
from campaignsync.domain.registrants import Imported
from campaignsync.domain.runs import CAMPAIGN_FIELDS, field_code
from campaignsync.domain.statuses import Channel
from campaignsync.domain.trees import PERSON_FIELDS
from simulation.memory.ledger import MemoryLedger, campaign_statuses
from simulation.memory.tables import (
    Acting,
    ConnectionRow,
    LinkRow,
    MemberRow,
    PersonRow,
    ProgramRow,
    Tables,
    who_is,
)

_POLICY = {
    "winner": Winner,
    "step_back": StepBack,
    "removed_in_program": Removal,
    "removed_in_campaign": Removal,
    "field_edit": FieldEdit,
}


@dataclass(frozen=True)
class MemoryStore:
    """The doors of an installation that lives in memory."""

    tables: Tables
    ledger: MemoryLedger
    registry: MemoryRegistry
    members: MemoryMembers
    directory: MemoryDirectory
    views: MemoryViews

    @classmethod
    def empty(cls, clock: Callable[[], datetime]) -> MemoryStore:
        tables = Tables(clock)
        ledger = MemoryLedger(tables)
        return cls(
            tables,
            ledger,
            MemoryRegistry(tables),
            MemoryMembers(tables),
            MemoryDirectory(tables),
            MemoryViews(tables),
        )


class _Door:
    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    def _program(self, name: str) -> ProgramRow:
        if name not in self.tables.programs:
            raise UsageError(f"There is no program '{name}'.")
        return self.tables.programs[name]

    def _act(self, who: str, why: str = "") -> None:
        self.tables.acting = Acting(who=who, why=why, at=self.tables.now())

    def _person(self, email: str) -> PersonRow | None:
        wanted = comparable_email(email)
        found = (row for row in self.tables.people.values() if wanted and row.values["email"] == wanted)
        return min(found, key=lambda row: row.number, default=None)


class MemoryRegistry(_Door):
    """What people set up."""

    def save_connection(
        self, name: str, login: Login, *, instance_url: str, campaign_sync: bool, user: SyncUser
    ) -> None:
        number = self.tables.number("connection")
        row = ConnectionRow(number, name, instance_url, campaign_sync, user, login)
        self.tables.connections[number] = row

    def connection(self, name: str | None) -> Connection:
        row = next(each for each in self.tables.connections.values() if name in (None, each.name))
        return Connection(
            connection_id=ConnectionId(row.number),
            name=row.name,
            instance_url=row.instance_url,
            campaign_sync=row.campaign_sync,
            user=row.user,
            leads=row.leads,
        )

    def connection_of(self, connection: ConnectionId) -> Connection | None:
        return self.connection(self.tables.connections[connection].name)

    def login(self, connection: ConnectionId) -> Login:
        login: Login = self.tables.connections[connection].login
        return login

    def person_fields(self, connection: ConnectionId) -> tuple[PersonField, ...]:
        return STANDARD_FIELDS

    def _mark(self, connection: int) -> None:
        self._mark_links(link for link in self.tables.links.values() if link.connection == connection)

    def _mark_links(self, links: Iterable[LinkRow]) -> None:
        self._act("")
        self.tables.mark(links)

    def set_lead_rules(self, connection: ConnectionId, rules: LeadRules) -> None:
        self.tables.connections[connection].leads = rules
        self._mark(connection)

    def set_pace(self, connection: ConnectionId, pace: Mapping[str, int | None]) -> None:
        for name, value in pace.items():
            setattr(self.tables.connections[connection], name, value)

    def set_mirror_filter(self, connection: ConnectionId, chosen: MirrorFilter) -> None:
        self.tables.connections[connection].mirror_filter = chosen

    def set_currency(
        self, connection: ConnectionId, own: str | None, rates: Mapping[str, Decimal | None]
    ) -> None:
        row = self.tables.connections[connection]
        row.currency = own or row.currency
        row.rates = {k: v for k, v in {**row.rates, **rates}.items() if v is not None}
        self._mark(connection)

    def rates(self, connection: ConnectionId) -> Mapping[str, Decimal]:
        return self.tables.connections[connection].rates

    def add_channels(self, channels: Iterable[Channel]) -> list[str]:
        self.tables.channels.update({each.name: each for each in channels})
        return list(self.tables.channels)

    def create_program(self, name: str, channel: str, tags: Mapping[str, str]) -> None:
        number = self.tables.number("program")
        self.tables.programs[name] = ProgramRow(number, name, self.tables.channels[channel])

    def program_channel(self, program: str) -> Channel:
        return self._program(program).channel

    def program(self, name: str) -> dict[str, Any]:
        return {"name": self._program(name).name, "start": None, "end": None}

    def set_cost(self, program: str, cost: PeriodCost) -> None:
        row = self._program(program)
        row.costs[cost.month], row.had_costs = cost, True
        self._mark_links(link for link in self.tables.links.values() if link.program is row)

    def remove_cost(self, program: str, month: date) -> None:
        row = self._program(program)
        if row.costs.pop(month, None) is None:
            raise UsageError(f"Program '{program}' has no period cost for {month:%Y-%m}.")
        self._mark_links(link for link in self.tables.links.values() if link.program is row)

    def costs(self, program: str) -> list[PeriodCost]:
        row = self._program(program)
        return [row.costs[month] for month in sorted(row.costs)]

    def require_unlinked(self, program: str, connection: ConnectionId) -> None:
        row = self._program(program)
        if any(each.program is row and each.connection == connection for each in self.tables.links.values()):
            raise UsageError(f"Program '{program}' is linked already.")

    def create_link(
        self,
        program: str,
        connection: ConnectionId,
        campaign_id: str,
        mapped: Iterable[LabelMapping] = (),
    ) -> LinkId:
        self.require_unlinked(program, connection)
        if any(
            each.connection == connection and each.campaign_id == campaign_id
            for each in self.tables.links.values()
        ):
            raise UsageError(f"Campaign {campaign_id} is linked already.")
        number = self.tables.number("link")
        self.tables.links[number] = LinkRow(
            number, self._program(program), connection, campaign_id, mapped=tuple(mapped)
        )
        self._mark_links([self.tables.links[number]])
        for run in self.tables.runs.values():
            if run.was_of == (self._program(program).name, connection, campaign_id):
                run.link, run.was_of = number, None
        return LinkId(number)

    def unlink(self, link: LinkId) -> None:
        """The link, and all that is kept with it."""
        row = self.tables.links.pop(link)
        for run in self.tables.runs.values():
            if run.link == link:
                run.was_of = (row.program.name, row.connection, row.campaign_id)
        self.tables.problems = [each for each in self.tables.problems if each.link != link]

    def link_of(self, program: str, connection: str | None = None) -> tuple[LinkId, Connection]:
        row = self._program(program)
        for link in self.tables.links.values():
            if link.program is row:
                return LinkId(link.number), self.connection(connection)
        raise UsageError(f"Program '{program}' is not linked.")

    def making_campaign(self, connection: ConnectionId) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    def intended_campaign(self, program: str, connection: ConnectionId) -> None:
        """Histories begin with campaigns that are made."""

    def intend_campaign(self, program: str, connection: ConnectionId, name: str) -> None:
        """See `intended_campaign`."""

    def forget_campaign_intent(self, program: str, connection: ConnectionId) -> None:
        """See `intended_campaign`."""

    def resume(self, link: LinkId) -> None:
        self.tables.links[link].removals_allowed = True
        self._mark_links([self.tables.links[link]])

    def set_policy(self, link: LinkId, choices: Mapping[str, str]) -> None:
        row = self.tables.links[link]
        chosen = {name: _POLICY[name](value) for name, value in choices.items() if name in _POLICY}
        row.policy = replace(row.policy, **chosen)  # type: ignore[arg-type]
        self._mark_links([row])

    def set_labels(self, link: LinkId, mapped: Iterable[LabelMapping]) -> None:
        self.tables.links[link].mapped = tuple(mapped)
        self._mark_links([self.tables.links[link]])

    def campaigns(self, connection: ConnectionId, *, outside: bool = False) -> list[dict[str, Any]]:
        rows = [row for (of, _), row in self.tables.campaigns.items() if of == connection]
        return [{"id": row["id"], "name": row["name"]} for row in rows if not row["is_deleted"]]

    def campaign_labels(
        self, connection: ConnectionId, campaign_id: str
    ) -> tuple[tuple[CampaignStatus, ...], dict[str, int]]:
        carried: dict[str, int] = {}
        for row in self.tables.of_campaign(connection, campaign_id):
            carried[row["status"] or ""] = carried.get(row["status"] or "", 0) + 1
        return campaign_statuses(self.tables, connection, campaign_id), carried


class MemoryMembers(_Door):
    """The members of programs, as people change and read them."""

    def set_status(self, program: str, email: str, label: str, *, who: str, override: bool = False) -> str:
        row = self._program(program)
        status = row.channel.status(label)
        if not looks_like_email(email):
            raise UsageError(f"'{email}' is no e-mail address.")
        self._act(who, "override" if override else "set")
        person = self._person(email)
        member = row.members.get(person.number) if person else None
        if member is None:
            person = person or self.tables.add_person(
                {"email": comparable_email(email)}, acquisition=row.number
            )
            new = enter(status, at=self.tables.now(), origin=Origin.PERSON)
            row.members[person.number] = MemberRow(
                status.name, new.member_since, new.origin.value, new.reached_success_at
            )
            self.tables.program_changed(row, person.number, None, status.name)
            return "added"
        assert person is not None
        moved = move(self._value(row, member), status, at=self.tables.now(), override=override)
        before = member.status
        row.members[person.number] = replace(
            member, status=status.name, reached_success_at=moved.reached_success_at
        )
        self.tables.program_changed(row, person.number, before, status.name)
        return before

    @staticmethod
    def _value(program: ProgramRow, member: MemberRow) -> ProgramMember:
        return ProgramMember(
            status=program.channel.status(member.status),
            member_since=member.member_since,
            origin=Origin(member.origin),
            reached_success_at=member.reached_success_at,
        )

    def remove(self, program: str, email: str, *, who: str) -> None:
        row, person = self._program(program), self._person(email)
        if person is None or person.number not in row.members:
            raise UsageError(f"'{email}' is no member of program '{program}'.")
        self._act(who, "removed")
        member = row.members.pop(person.number)
        self.tables.program_changed(row, person.number, member.status, None)

    def import_people(
        self,
        program: str,
        people: pl.DataFrame,
        *,
        who: str,
        update: bool = False,
        tell: Callable[[int, int, int], None] | None = None,
    ) -> Imported:
        row, now = self._program(program), self.tables.now()
        steps = {status.name: status.step for status in row.channel.statuses}
        counted = dict.fromkeys(("added", "moved", "unchanged", "skipped_back", "new_people"), 0)
        self._act(who, "import")
        for line in people.to_dicts():
            values = {name: value for name, value in line.items() if name in PERSON_FIELDS}
            person = self._person(line["email"])
            if person is None:
                person = self.tables.add_person(values, acquisition=row.number)
                counted["new_people"] += 1
            else:
                empty = {k: v for k, v in values.items() if v is not None and person.values[k] is None}
                given = {k: v for k, v in values.items() if v is not None}
                self.tables.change_person(person, given if update else empty)
            status, member = row.channel.status(line["program_status"]), row.members.get(person.number)
            if member is None:
                reached = now if status.success else None
                row.members[person.number] = MemberRow(status.name, now, Origin.IMPORT.value, reached)
                self.tables.program_changed(row, person.number, None, status.name)
                counted["added"] += 1
            elif steps[status.name] < steps[member.status]:
                counted["skipped_back"] += 1
            elif status.name == member.status:
                counted["unchanged"] += 1
            else:
                before, reached = member.status, member.reached_success_at
                reached = reached or (now if status.success else None)
                row.members[person.number] = replace(member, status=status.name, reached_success_at=reached)
                self.tables.program_changed(row, person.number, before, status.name)
                counted["moved"] += 1
        return Imported(**counted)

    def list(self, program: str, connection: ConnectionId | None = None) -> list[dict[str, Any]]:
        row = self._program(program)
        found = []
        for number, member in row.members.items():
            person = self.tables.people[number]
            identity = self.tables.identities.get((connection or 0, number))
            found.append(
                {
                    "email": person.values["email"],
                    "first_name": person.values["first_name"],
                    "last_name": person.values["last_name"],
                    "status": member.status,
                    "kind": identity.kind if identity else None,
                    "salesforce_id": identity.salesforce_id if identity else None,
                    "member_since": member.member_since,
                    "reached_success": member.reached_success_at,
                    "number": number,
                }
            )
        return sorted(found, key=lambda each: (each["email"] is None, each["email"], each["number"]))


class MemoryDirectory(_Door):
    """The people we know, one by one."""

    def find(self, who: str) -> int:
        person = self._person(who)
        if person is None:
            raise UsageError(f"There is nobody '{who}'.")
        return person.number

    def change(self, person: int, values: Mapping[PersonField, FieldValue], *, who: str) -> None:
        self._act(who, "set")
        self.tables.change_person(self.tables.people[person], {f.name: v for f, v in values.items()})


class MemoryViews(_Door):
    """What happened and what is open."""

    def problems(self, program: str | None) -> list[dict[str, Any]]:
        row = self._program(program) if program else None
        found = []
        for each in self.tables.open_problems():
            link = self.tables.links.get(each.link or 0)
            concerns = row is None or (link is not None and link.program is row)
            concerns = concerns or (
                row is not None and each.noun is ProblemNoun.PERSON and each.person in row.members
            )
            if concerns:
                person = self.tables.people.get(each.person or 0)
                found.append(
                    {
                        "program": link.program.name if link else None,
                        "noun": each.noun.value,
                        "person_id": each.person,
                        "email": person.values["email"] if person else None,
                        "direction": each.direction,
                        "code": each.code,
                        "message": each.message,
                        "wanted": each.wanted,
                        "tries": each.tries,
                        "retry_at": each.retry_at,
                    }
                )
        return found

    def retry_problems(self, program: str | None, wanted: ProblemFilter = EVERY_OPEN_PROBLEM) -> int:
        row, now = (self._program(program) if program else None), self.tables.now()
        tried = 0
        for each in self.tables.open_problems():
            link = self.tables.links.get(each.link or 0)
            mine = row is None or (link is not None and link.program is row) or each.person in row.members
            fields = {field_code(name) for name in CAMPAIGN_FIELDS}
            if mine and each.noun is not ProblemNoun.JOB and (each.person is not None or each.code in fields):
                each.retry_at, tried = now, tried + 1
        return tried

    def journal(
        self, program: str | None, *, email: str | None, limit: int, run: int | None = None
    ) -> list[dict[str, Any]]:
        row = self._program(program) if program else None
        campaigns = {
            each.campaign_id for each in self.tables.links.values() if row is None or each.program is row
        }
        found = []
        for each in self.tables.journal:
            if row is None or each.program == row.number or each.campaign_id in campaigns:
                person = self.tables.people.get(each.person or 0)
                found.append(
                    {
                        "at": each.at,
                        "side": each.side,
                        "campaign_id": each.campaign_id,
                        "email": person.values["email"] if person else None,
                        "noun": each.noun,
                        "old": each.old,
                        "new": each.new,
                        "who": each.who,
                        "why": each.why,
                        "run": each.run,
                    }
                )
        return found[-limit:]


def member_of(tables: Tables, link: LinkRow, person: int) -> list[str]:
    """The ids of a person's rows in a linked campaign."""
    return [row["id"] for row in tables.members_of_people(link).get(person, []) if who_is(row)]
