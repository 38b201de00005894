"""What the twin of the store remembers, table by table, and the journal that notes each change of it.

Used by the other modules of this folder. Whoever changes a member, a person or a mirrored person does it through `Tables`, which
notes the change as the triggers of the database do.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import polars as pl

from campaignsync.domain.labels import LabelMapping, Vocabulary
from campaignsync.domain.links import LinkPolicy, LinkState, SafetyLimits
from campaignsync.domain.mirror_filter import MirrorFilter
from campaignsync.domain.observation import ApiUsage, SyncUser
from campaignsync.domain.people import LeadRules
from campaignsync.domain.problems import ProblemNoun
from campaignsync.domain.programs import PeriodCost
from campaignsync.domain.statuses import Channel
from campaignsync.domain.trees import PERSON_FIELDS

Row = dict[str, Any]
Key = tuple[int, str]
"""A connection and an id of Salesforce."""


@dataclass
class ConnectionRow:
    """A connection, its pace and its money."""

    number: int
    name: str
    instance_url: str
    campaign_sync: bool
    user: SyncUser
    login: Any
    leads: LeadRules = field(default_factory=LeadRules)
    currency: str = "USD"
    rates: dict[str, Decimal] = field(default_factory=dict)
    cost_scale: int = 2
    every_s: int | None = None
    daily_calls: int | None = None
    round_at: datetime | None = None
    compared_at: datetime | None = None
    mirror_filter: MirrorFilter = field(default_factory=MirrorFilter)


@dataclass
class MemberRow:
    """A member of a program."""

    status: str
    member_since: datetime
    origin: str
    reached_success_at: datetime | None = None


@dataclass
class ProgramRow:
    """A program, its costs and its members by person."""

    number: int
    name: str
    channel: Channel
    costs: dict[date, PeriodCost] = field(default_factory=dict)
    had_costs: bool = False
    members: dict[int, MemberRow] = field(default_factory=dict)


@dataclass
class PersonRow:
    """A person of ours; `values` has every standard field."""

    number: int
    our_id: str
    values: Row
    created_at: datetime
    custom: Row = field(default_factory=dict)
    merged_into: int | None = None
    acquisition: int | None = None


@dataclass
class IdentityRow:
    """Which lead or contact a person is in an org."""

    number: int
    connection: int
    person: int
    salesforce_id: str
    kind: str
    is_deleted: bool = False
    changes: int = 1
    agreed: Row | None = None


class Agreed(dict[int, str]):
    """What was agreed on, by person; whoever is agreed on as something else is in doubt."""

    def __init__(self, link: LinkRow) -> None:
        super().__init__()
        self.link = link

    def __setitem__(self, person: int, status: str) -> None:
        if self.get(person) != status:
            self.link.doubt(person)
        super().__setitem__(person, status)

    def pop(self, person: int, *otherwise: Any) -> Any:
        self.link.doubt(person)
        return super().pop(person, *otherwise)


@dataclass
class LinkRow:
    """A link and all that goes with it when it ends."""

    number: int
    program: ProgramRow
    connection: int
    campaign_id: str
    state: LinkState = LinkState.ACTIVE
    reason: str | None = None
    policy: LinkPolicy = field(default_factory=LinkPolicy)
    limits: SafetyLimits = field(default_factory=SafetyLimits)
    removals_allowed: bool = False
    mapped: tuple[LabelMapping, ...] = ()
    agreed: Agreed = field(init=False)
    fields: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)
    intents: dict[int, tuple[str | None, datetime, bool]] = field(default_factory=dict)
    """By person what was to be written, when, and whether a look was had since."""
    mark: int | None = None
    doubts: set[int | str] | None = None
    """Who may differ: people by number, leads and contacts by their ids; None: everybody (store.doubts)."""

    def __post_init__(self) -> None:
        self.agreed = Agreed(self)

    def doubt(self, *whom: int | str | None) -> None:
        if self.doubts is not None:
            self.doubts.update(each for each in whom if each is not None)

    def agree(self, person: int, status: str | None) -> None:
        if status is None:
            self.agreed.pop(person, None)
        else:
            self.agreed[person] = status

    @property
    def vocabulary(self) -> Vocabulary:
        return Vocabulary(channel=self.program.channel, mapped=self.mapped)


@dataclass
class RunRow:
    """A run; `ended_at` stays empty when its process died."""

    number: int
    link: int
    why: str
    started_at: datetime
    ended_at: datetime | None = None
    died: bool = False
    reported: bool = False
    was_of: tuple[str, int, str] | None = None
    """The program, the connection and the campaign of a link that was ended since."""


@dataclass
class ProblemRow:
    """An open or solved problem."""

    connection: int
    link: int | None
    noun: ProblemNoun
    person: int | None
    direction: str
    code: str
    message: str
    wanted: str | None
    first_seen: datetime
    last_seen: datetime
    tries: int = 1
    retry_at: datetime | None = None
    solved_at: datetime | None = None


@dataclass
class Waiting:
    """An org's round that waits (`due`: not before), or is being had."""

    due: datetime | None = None
    failures: int = 0


@dataclass(frozen=True)
class Entry:
    """A line of the journal."""

    at: datetime
    who: str
    why: str
    run: int | None
    side: str
    connection: int | None
    program: int | None
    campaign_id: str
    person: int | None
    noun: str
    record_id: str
    old: str | None
    new: str | None


@dataclass(frozen=True)
class Acting:
    """Who changes what, why, in which run and when: what `store.acting` tells the database."""

    who: str
    why: str
    at: datetime
    run: int | None = None
    round_of: int | None = None
    """The org that has a round now: what is marked calls for no other round of it."""


class Tables:
    """Everything, in memory."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.now = clock
        self.numbers: dict[str, int] = {}
        self.acting = Acting(who="", why="", at=clock())
        self.connections: dict[int, ConnectionRow] = {}
        self.cursors: dict[int, dict[str, datetime]] = {}
        self.campaigns: dict[Key, Row] = {}
        self.scopes: dict[Key, str] = {}
        """Of campaigns whose members are not mirrored: `out`, or `entering` until they were listed whole."""
        self.awaited: Callable[[int, str], bool] = lambda connection, campaign: False
        """Whether a flow waits for a campaign."""
        self.statuses: dict[Key, Row] = {}
        self.members: dict[Key, Row] = {}
        self.salesforce_people: dict[Key, Row] = {}
        self.people: dict[int, PersonRow] = {}
        self.identities: dict[tuple[int, int], IdentityRow] = {}
        self.channels: dict[str, Channel] = {}
        self.programs: dict[str, ProgramRow] = {}
        self.links: dict[int, LinkRow] = {}
        self.lead_intents: dict[tuple[int, int], datetime] = {}
        self.jobs: dict[int, list[str]] = {}
        self.runs: dict[int, RunRow] = {}
        self.problems: list[ProblemRow] = []
        self.journal: list[Entry] = []
        self.calls: dict[int, dict[datetime, int]] = {}
        self.told: dict[int, tuple[ApiUsage, datetime]] = {}
        self.waiting: dict[int, Waiting] = {}
        self.had: dict[int, Waiting] = {}
        """By connection: rounds that were called for, and those that a worker is at."""
        self.places: dict[tuple[int, str], bytes | None] = {}
        """By connection and topic: how far was heard."""

    @contextlib.contextmanager
    def because(self, why: str) -> Iterator[None]:
        """Changes in here are noted with another reason; whose run and round it is stays as it is (`store.acting.because`)."""
        before = self.acting
        self.acting = replace(before, why=why)
        yield
        self.acting = before

    def number(self, table: str) -> int:
        self.numbers[table] = self.numbers.get(table, 0) + 1
        return self.numbers[table]

    # Who is who.

    def joined(self, connection: int, salesforce_id: str | None) -> IdentityRow | None:
        """The identity of a lead or contact."""
        for each in self.identities.values():
            if each.salesforce_id == salesforce_id and each.connection == connection:
                return each
        return None

    def person_of(self, connection: int, salesforce_id: str | None) -> int | None:
        found = self.joined(connection, salesforce_id)
        return found.person if found else None

    def of_campaign(self, connection: int, campaign_id: str) -> Iterator[Row]:
        """The mirrored members of a campaign, in the order in which they came."""
        for (of, _), row in self.members.items():
            if of == connection and row["campaign_id"] == campaign_id:
                yield row

    def members_of_people(self, link: LinkRow) -> dict[int, list[Row]]:
        """The mirrored members of a link's campaign by person."""
        found: dict[int, list[Row]] = {}
        for row in self.of_campaign(link.connection, link.campaign_id):
            person = self.person_of(link.connection, who_is(row))
            if person is not None:
                found.setdefault(person, []).append(row)
        return found

    def add_person(self, values: Row, *, acquisition: int | None = None) -> PersonRow:
        number = self.number("person")
        row = PersonRow(
            number=number,
            our_id=f"00000000-0000-4000-8000-{number:012}",
            values={name: values.get(name) for name in PERSON_FIELDS},
            created_at=self.acting.at,
            acquisition=acquisition,
        )
        self.people[number] = row
        return row

    def join(self, connection: int, person: int, salesforce_id: str, kind: str) -> None:
        self.identities[connection, person] = IdentityRow(
            self.number("identity"), connection, person, salesforce_id, kind
        )

    # What triggers note.

    def note(self, side: str, noun: str, old: str | None, new: str | None, **more: Any) -> None:
        """A line of the journal by whoever acts."""
        acting = self.acting
        whole = {"connection": None, "program": None, "campaign_id": "", "person": None, "record_id": ""}
        self.journal.append(
            Entry(
                at=acting.at,
                who=more.pop("who", None) or acting.who,
                why=more.pop("why", None) or acting.why,
                run=acting.run,
                side=side,
                noun=noun,
                old=old,
                new=new,
                **{**whole, **more},
            )
        )

    def program_changed(self, program: ProgramRow, person: int, old: str | None, new: str | None) -> None:
        """A member of a program was given another status, came or left."""
        if old != new:
            self.note("program", "member", old, new, program=program.number, person=person)
            self.mark((link for link in self.links.values() if link.program is program), [person])

    def campaign_changed(self, connection: int, row: Row, old: str | None, new: str | None) -> None:
        """A mirrored member was given another status, came or left."""
        if old == new:
            return
        self.note(
            "campaign",
            "member",
            old,
            new,
            who=row["last_modified_by_id"] if new is not None else None,
            connection=connection,
            campaign_id=row["campaign_id"],
            person=self.person_of(connection, who_is(row)),
            record_id=row["id"],
        )
        self.mark(self.links_of_campaign(connection, row["campaign_id"]), [who_is(row)])

    def remove_member(self, key: Key) -> None:
        row = self.members.pop(key)
        self.campaign_changed(key[0], row, row["status"], None)

    def change_person(self, person: PersonRow, values: Mapping[str, Any]) -> None:
        """Fields of a person, standard and custom, are given other values."""
        changed = {name: new for name, new in values.items() if person.values.get(name) != new}
        if not changed:
            return
        if person.merged_into is None:
            for name, new in changed.items():
                self.note(
                    "program", name, as_text(person.values.get(name)), as_text(new), person=person.number
                )
            for identity in self.identities.values():
                if identity.person == person.number:
                    identity.changes += 1
                    if identity.connection != self.acting.round_of:
                        self.wake(identity.connection)
        person.values.update(changed)
        if next(self.open_problems(person=person.number), None):
            self.mark((link for link in self.links.values() if person.number in link.program.members), [])

    def salesforce_person_changed(self, connection: int, old: Row, new: Row) -> None:
        """A mirrored lead or contact was seen with other values."""
        identity = self.joined(connection, new["salesforce_id"])
        if identity is None:
            return
        differing = [name for name in PERSON_FIELDS if old.get(name) != new.get(name)]
        if old["system_modstamp"] is not None:
            for name in differing:
                self.note(
                    "campaign",
                    name,
                    as_text(old.get(name)),
                    as_text(new.get(name)),
                    connection=connection,
                    person=identity.person,
                    record_id=new["salesforce_id"],
                )
        if differing or old["system_modstamp"] != new["system_modstamp"]:
            identity.changes += 1

    def set_state(self, link: LinkRow, state: LinkState, reason: str | None) -> None:
        """A link stands elsewhere; that it waits is a problem until it does no more."""
        before, link.state, link.reason = link.state, state, reason
        if before is state:
            return
        self.mark([link])
        for problem in self.open_problems(link=link.number):
            if problem.code == f"LINK_{before.upper()}":
                problem.solved_at = self.acting.at
        if state is not LinkState.ACTIVE:
            at = self.acting.at
            self.problems.append(
                ProblemRow(
                    link.connection,
                    link.number,
                    ProblemNoun.JOB,
                    None,
                    "for a person",
                    f"LINK_{state.upper()}",
                    reason or state.value,
                    None,
                    at,
                    at,
                )
            )

    # Marks: what makes a link be looked at (store.marking).

    def mark(self, links: Iterable[LinkRow], doubted: Collection[int | str | None] | None = None) -> None:
        """Links are to be looked at; who of them is in doubt by that, None: everybody."""
        for link in list(links):
            if doubted is None:
                link.doubts = None
            else:
                link.doubt(*doubted)
            link.mark = self.number("mark")
            stands = link.state is LinkState.ACTIVE or link.removals_allowed
            if stands and link.connection != self.acting.round_of:
                self.wake(link.connection)

    def wake(self, connection: int, due: datetime | None = None, failures: int = 0) -> None:
        """Call for a round; one that waits already is left as it is, but by whoever puts it off."""
        if due is not None or connection not in self.waiting:
            self.waiting[connection] = Waiting(due, failures)

    def links_of_campaign(self, connection: int, campaign_id: str) -> Iterator[LinkRow]:
        for link in self.links.values():
            if link.connection == connection and link.campaign_id == campaign_id:
                yield link

    def doubt_member(self, connection: int, campaign_id: str, *whom: str | None) -> None:
        """A row of a campaign is, or was, the member of these leads and contacts."""
        for link in self.links_of_campaign(connection, campaign_id):
            link.doubt(*whom)

    def mark_record(self, connection: int, salesforce_id: str) -> None:
        """Whatever campaign a lead or contact is in."""
        for (of, _), row in self.members.items():
            if of == connection and who_is(row) == salesforce_id:
                self.mark(self.links_of_campaign(connection, row["campaign_id"]), [salesforce_id])

    def mark_identity(self, identity: IdentityRow) -> None:
        """Which record a person is has changed."""
        person = identity.person
        self.mark(
            (link for link in self.links.values() if person in link.program.members or person in link.agreed),
            [person, identity.salesforce_id],
        )
        self.mark_record(identity.connection, identity.salesforce_id)

    # Problems.

    def open_problems(self, **wanted: Any) -> Iterator[ProblemRow]:
        for problem in self.problems:
            if problem.solved_at is None and all(getattr(problem, k) == v for k, v in wanted.items()):
                yield problem

    def solve(self, problems: Iterable[ProblemRow]) -> None:
        for problem in list(problems):
            problem.solved_at = self.now()


def who_is(member: Row) -> str | None:
    """Whose member a row is: a contact's id counts before the lead it was."""
    return member["contact_id"] or member["lead_id"]


@cache
def nothing(schema: tuple[tuple[str, Any], ...]) -> pl.DataFrame:
    """A frame of these columns without rows: most of what is asked of a twin."""
    return pl.DataFrame(schema=dict(schema))


def folded(text: str | None) -> str | None:
    return None if text is None else text.strip().lower()


def as_text(value: Any) -> str | None:
    """A value as the database casts it to text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)
