"""The world as one org makes it: the org, what we have with it, the people on both sides, and the way between, with its moments.

`play` drives it. A history of several orgs has a world of each; what those share is `universe`.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from campaignsync.domain.connections import Connection, Login, LoginMethod
from campaignsync.domain.ids import LinkId
from campaignsync.domain.mirror_filter import MirrorFilter
from campaignsync.domain.people import LeadRules
from campaignsync.domain.registrants import read_registrants
from campaignsync.domain.statuses import DEFAULT_CHANNELS
from campaignsync.runtime.linking import ExistingCampaign, Linking
from campaignsync.salesforce import bulk_writing, writing
from campaignsync.salesforce.org import SalesforceOrg
from campaignsync.salesforce.wire import Wire
from salesforce_sandbox.org.clock import Clock
from salesforce_sandbox.wire.faults import Fault
from salesforce_sandbox.wire.messages import Request, Response
from simulation.calls import Asked
from simulation.history import STATUSES, Given, Person
from simulation.mortal import Mortal
from simulation.org import CLIENT, SalesTeam
from simulation.stores import Dump
from simulation.universe import Universe
from simulation.wire import ORIGIN, InProcess, Session

CALL_S = 0.11
"""How long a call takes; many share one second of Salesforce's stamps."""
EXTERNAL_ID = {"name": "Our_Id__c", "type": "string(36)", "flags": "cunxqp"}
LOGIN = Login(method=LoginMethod.CLIENT_CREDENTIALS, login_url=ORIGIN, fields=CLIENT)


NAMES_OF_ORGS = ("org", "west")


class World:
    """Everything there is."""

    def __init__(self, universe: Universe, given: Given, number: int = 0) -> None:
        self.universe, self.given, self.number = universe, given, number
        self.name = NAMES_OF_ORGS[number]
        self.store, self.clock, self.counted = universe.store, universe.clock, universe.counted
        self.skew = timedelta(seconds=given.skew)
        self.sales = SalesTeam(Clock(self._time_there), number)
        self.org = self.sales.sandbox.org
        self.bus = self.sales.sandbox.events
        self.expected = universe.expected.legs[number]
        self.accepted_back = universe.accepted_back
        self.campaigns: dict[str, str] = {}
        self.links: dict[str, LinkId] = {}
        self.ever_unlinked: set[str] = set()
        self.mirror_filter: Mapping[str, Any] = {}
        self.meddling: list[Any] = []
        """What goes wrong with the next calls."""
        self.spoilt = False
        """Whether anything happened in the course of the present round that keeps it from being a clean one."""
        self.later: list[Callable[[], None]] = []
        """What an admin does as soon as the round is over."""
        self.work_beside: Callable[[], None] = lambda: None
        """Lets another worker have a round, in the midst of this one."""
        self.kept_edits: set[str] = set()
        """Programs whose admin let edits of type and cost be kept, at any time."""
        self.sync_user_id = ""
        self._linking_door: SalesforceOrg | None = None
        self.calls_of_round = 0
        self.asked: list[tuple[Mortal, Asked]] = []
        """What each round of late asked for, and whose it was."""
        self.looks_a_step = 1
        """How often a bulk job must be looked at before it has come a step further."""
        self.wrongs = 0
        """How many things went wrong, and how many edits were made, in the course of the present round."""
        self._calls: list[datetime] = []
        self.rounds_behind = 0
        """How many rounds come behind this one though nothing calls for them."""
        self.listens = False
        """Whether a listener hears this org's events, and nothing but those and marks calls for rounds."""
        self.listener_dies = False
        self.listener_dies_keeping = False
        self.unheard = False
        """Whether an event was lost for good."""
        self.missed_at: datetime | None = None
        """When the org last could not tell what had changed: everything is to be compared since (S2.7.5)."""
        self.compared_at: datetime | None = None
        """When the last comparison began that came to its end. Both by the time as it is, whatever our clock is set to."""
        self._comparing_at: datetime | None = None
        self.binned: dict[str, set[str]] = {}
        """Of people who were deleted, by record, the programs in whose campaigns they were at that moment."""
        self.lag_s = 0
        """How much older than it is what people do in Salesforce shows up as."""

    def _time_there(self) -> datetime:
        return self.clock.moment + self.skew

    # What is there at first.

    def begin(self) -> None:
        """Make what is given."""
        self.org.switches.set(self.given.switches)
        if self.given.external_id:
            fields = [{"object": name, **EXTERNAL_ID} for name in ("Lead", "Contact")]
            self.sales.control("POST", "/sandbox/seed", {"fields": fields})
        if not self.number:
            self.store.registry.add_channels(DEFAULT_CHANNELS)
        door = self.door()
        self.store.registry.save_connection(
            self.name, LOGIN, instance_url=ORIGIN, campaign_sync=True, user=door.sync_user()
        )
        self._connect()
        self.narrow(self.given.mirror_filter)
        for name in self.given.unlinked:
            self.campaigns[name] = self.webinar(name)
        for program in self.given.links:
            if not self.number:
                self.store.registry.create_program(program, "Webinar", {})
            if self.given.links[program] == "existing":
                self.campaigns[program] = self.webinar(program)
        for person in self.given.people:
            self._place(person)
        for program, how in self.given.links.items():
            self.link(program, new=how == "new")
            if self.given.policies.get(program):
                self.choose(program, self.given.policies[program])

    def listen(self) -> None:
        """From now on only events and marks call for rounds, and no schedule."""
        self.listens = True
        self.store.registry.set_pace(self.connection.connection_id, {"every_s": None})

    def _connect(self) -> None:
        self.sync_user_id = self.connection.user.user_id
        connection = self.connection.connection_id
        if self.given.external_id:
            self.store.registry.set_lead_rules(connection, LeadRules(external_id_field="Our_Id__c"))
        if self.given.daily_calls is not None:
            self.store.registry.set_pace(connection, {"daily_calls": self.given.daily_calls})

    def _place(self, person: Person) -> None:
        if person.record:
            self.make_record(person.name, person.record)
        for program, status in person.there.items():
            self.add_there(program, person.name, status)
        for program, status in person.here.items():
            self.add_here(program, person.name, status)

    def webinar(self, program: str) -> str:
        """A campaign with the channel's statuses."""
        record = {"type": "Campaign", "name": "made", "Name": program, "IsActive": True}
        statuses = [[label, label == STATUSES[0], label == STATUSES[-1]] for label in STATUSES]
        made = self.sales.control("POST", "/sandbox/seed", {"records": [{**record, "statuses": statuses}]})
        return str(made["made"])

    def link(self, program: str, *, new: bool) -> None:
        """Link a program with a campaign, as an admin does."""
        linking = Linking(
            registry=self.store.registry,
            ledger=self.store.ledger,
            door=self._admins_door(),
            connection=self.connection,
        )
        if new:
            made = linking.new(program, program)
            self.campaigns[program] = self.store.ledger.link(made).campaign_id
        else:
            made = linking.existing(ExistingCampaign(program=program, campaign=self.campaigns[program]))
        self.links[program] = made
        self.expected.linked(program)

    def _admins_door(self) -> SalesforceOrg:
        """The door of the process that an admin links programs in, which stays open."""
        if self._linking_door is None:
            self._linking_door = self.door()
        return self._linking_door

    def narrow(self, chosen: Mapping[str, Any]) -> None:
        """An admin says which campaigns are mirrored."""
        if dict(chosen) != dict(self.mirror_filter):
            self.store.registry.set_mirror_filter(self.connection.connection_id, MirrorFilter.of(chosen))
            self.mirror_filter = chosen

    def choose(self, program: str, choice: Mapping[str, str]) -> None:
        """An admin changes what was chosen for a link."""
        self.store.registry.set_policy(self.links[program], choice)
        self.expected.choose(program, choice)
        if choice.get("step_back") == "accept":
            self.accepted_back.add(program)
        if choice.get("field_edit") == "keep":
            self.kept_edits.add(program)

    # Who is who.

    @property
    def connection(self) -> Connection:
        found: Connection = self.store.registry.connection(self.name)
        return found

    def person(self, name: str) -> Person:
        return next(each for each in self.given.people if each.name == name)

    def email(self, name: str) -> str:
        return f"{name}@example.com"

    def where(self, name: str) -> tuple[str, str]:
        """The column and the value by which Salesforce's records tell who somebody is."""
        if self.person(name).nameless:
            return "LastName", name.capitalize()
        return "Email", self.email(name)

    def make_record(self, name: str, kind: str) -> str:
        fields: dict[str, object] = {"LastName": name.capitalize()}
        if not self.person(name).nameless:
            fields["Email"] = self.email(name)
        if kind == "Lead":
            fields["Company"] = "Northwind"
        self.universe.entered[self.where(name)[1]] += 1
        return self.sales.create(kind, **fields)

    def records(self, name: str, *, deleted: bool = False) -> list[tuple[str, str]]:
        """(kind, id) of the standing leads and contacts that somebody is, contacts first; or of the deleted ones."""
        column, value = self.where(name)
        found = []
        for kind, also in (("Contact", ""), ("Lead", ' AND "IsConverted" = 0')):
            rows = self.sales.rows(
                f'SELECT "Id" FROM "{kind}" WHERE "{column}" = ? AND "IsDeleted" = ?{also}'
                + (' AND "MasterRecordId" IS NULL' if deleted else "")
                + ' ORDER BY "Id"',
                value,
                int(deleted),
            )
            found += [(kind, row[0]) for row in rows]
        return found

    def add_there(self, program: str, name: str, status: str) -> bool:
        """Sales adds somebody to the campaign, or gives them another status."""
        campaign = self.campaigns[program]
        rows = self.rows_there(program, name)
        if rows:
            self.sales.update("CampaignMember", rows[0][0], Status=status)
        else:
            known = self.records(name)
            if not known and self.person(name).nameless:
                return False  # Nobody is matched by name (M7.3): whom sales enters would be somebody else.
            if not known:
                known = [("Lead", self.make_record(name, "Lead"))]
                if self.expected.whole.under_way:
                    # Whom we have looked for in vain we make, and nothing keeps somebody from being quicker.
                    self.expected.unsure[name] = "entered in Salesforce while a round was under way"
            kind, record = known[0]
            self.sales.create("CampaignMember", CampaignId=campaign, Status=status, **{f"{kind}Id": record})
        self.expected.edited_there(program, name, self.there(program, name))
        return True

    def rows_there(self, program: str, name: str) -> list[tuple[str, str]]:
        """(id, status) of a person's rows in the campaign."""
        column, value = self.where(name)
        return self.sales.rows(
            'SELECT m."Id", m."Status" FROM "CampaignMember" m LEFT JOIN "Lead" l ON l."Id" = m."LeadId"'
            ' LEFT JOIN "Contact" c ON c."Id" = m."ContactId" WHERE m."CampaignId" = ? AND m."IsDeleted" = 0'
            f' AND coalesce(c."{column}", l."{column}") = ? ORDER BY m."Id"',
            self.campaigns[program],
            value,
        )  # type: ignore[return-value]

    def there(self, program: str, name: str) -> str | None:
        """The status that somebody has in the campaign; of two rows the further."""
        rows = self.rows_there(program, name)
        order = {label: place for place, label in enumerate(STATUSES)}
        return max((status for _, status in rows), key=lambda each: order.get(each, -1), default=None)

    def add_here(self, program: str, name: str, status: str) -> None:
        """Marketing makes somebody a member of a program; their name comes with them."""
        self.bring_in(program, {name: status})

    def bring_in(self, program: str, people: Mapping[str, str]) -> None:
        """A file of people is imported. Who has no e-mail address is entered by the API."""
        named = {each: status for each, status in people.items() if not self.person(each).nameless}
        for name in people.keys() - named.keys():
            self.store.enter_nameless(program, name.capitalize(), people[name])
            self.expected.edited_here(program, name, people[name])
        if named:
            lines = [f"{self.email(each)},{each.capitalize()},{named[each]}" for each in sorted(named)]
            text = "\n".join(["Email,Last Name,Program Status", *lines])
            channel = self.store.registry.program_channel(program)
            read = read_registrants(text.encode(), channel=channel, status=None)
            with self.editing_here(program, named):
                self.store.members.import_people(program, read.people, who="marketing")

    @contextmanager
    def editing_here(self, program: str, names: Collection[str]) -> Iterator[None]:
        """What is done in here edits whoever has another status behind it. What leaves somebody as they were is no edit: a round
        that is under way may bring what it saw before."""
        before = self.members(program)
        yield
        after = self.members(program)
        for name in names:
            if before.get(name) != after.get(name):
                self.expected.edited_here(program, name, after.get(name))

    def here(self, program: str, name: str) -> str | None:
        """The status that somebody has in the program."""
        return self.members(program).get(name)

    def members(self, program: str) -> dict[str, str]:
        """The program's members by name."""
        found = {}
        for row in self.store.members.list(program):
            email = row["email"] or ""
            name = email.partition("@")[0] or str(row["last_name"] or "").lower()
            found[name] = str(row["status"])
        return found

    def lag_of(self, name: str) -> float:
        """How much older what is done to somebody may look: what changed a record before was locked until then, so that a
        record's own stamps never go back."""
        stamps = [
            row[0]
            for kind in ("Lead", "Contact", "CampaignMember")
            for row in self.sales.rows(
                f'SELECT max("SystemModstamp") FROM "{kind}" WHERE {self._of(kind, name)}'
            )
            if row[0]
        ]
        now = self.org.clock.now()
        latest = max((datetime.fromisoformat(stamp) for stamp in stamps), default=now)
        return max(0.0, min(self.lag_s, int((now - latest).total_seconds()) - 1))

    def _of(self, kind: str, name: str) -> str:
        ids = ", ".join(f"'{record}'" for _, record in self.records(name)) or "''"
        if kind == "CampaignMember":
            return f'coalesce("ContactId", "LeadId") IN ({ids})'
        return f'"Id" IN ({ids})'

    def has_account(self, contact: str) -> bool:
        ((account,),) = self.sales.rows('SELECT "AccountId" FROM "Contact" WHERE "Id" = ?', contact)
        return account is not None

    def bury(self, process: Mortal) -> None:
        """A process died: its locks go."""
        self.store.bury(process)

    # The way between.

    def wire(self, process: Mortal | None = None) -> Wire:
        """A process's way to the org."""

        def before(request: Request) -> Any:
            return self._before(request, process)

        def after(request: Request, answer: Response | None) -> None:
            self._after(request, answer, process)

        adapter = InProcess(self.sales.sandbox, before, after)
        session = Session(adapter, call_s=CALL_S)
        return Wire(LOGIN, pause=self.clock.advance, session=session, loads=adapter.loads)

    def door(self, process: Mortal | None = None) -> SalesforceOrg:
        """A process's door to the org."""
        wire = self.wire(process)
        if not self.sync_user_id:
            return SalesforceOrg(LOGIN, wire=wire)
        connection = self.connection
        return SalesforceOrg(LOGIN, user=connection.user, leads=connection.leads, wire=wire)

    def _before(self, request: Request, process: Mortal | None) -> Any:
        self.clock.advance(CALL_S)
        self.moment(f"before {request.method} {request.path}", process)
        if process is not None:
            process.require_alive()
        for wrong in list(self.meddling):
            verdict = wrong(request)
            if verdict is not None:
                return verdict
        return Fault()

    def _after(self, request: Request, answer: Response | None, process: Mortal | None) -> None:
        self.counted.calls += 1
        counted = (
            answer is not None and answer.status != 401 and not request.path.startswith("/services/oauth2/")
        )
        if process is not None and counted:
            self.calls_of_round += 1
            next(asked for whose, asked in reversed(self.asked) if whose is process).note(request)
            self._calls.append(self.clock.moment)
        content = answer.content() if answer else b""
        body = self.universe.without_chance(request.body)
        digest = f"{zlib.crc32(content):08x}" if answer else "nothing"
        asked = f"{zlib.crc32(body + repr(sorted(request.query.items())).encode()):08x}"
        self.tell(f"{request.method} {request.path} {asked} → {answer.status if answer else '-'} {digest}")
        self.moment(f"after {request.method} {request.path}", process)
        if process is not None:
            process.require_alive()

    def turn(self, step: str, process: Mortal) -> None:
        """With its turn at the org a process begins a comparison, or a round if it says so."""
        if step == "in alone":
            left = len(self.store.ledger.open_jobs(self.connection.connection_id))
            self.asked.append((process, Asked(links=len(self.links), left=left)))
        elif step == "before begin_round":
            self.asked[-1][1].compares = False
        elif step == "after comparing":
            self._comparing_at = self.clock.moment
        elif step == "after compared":
            self.compared_at = self._comparing_at

    def has_spent(self) -> bool:
        """Whether this org was called as often in a day as its budget allows, or our ledger says so."""
        a_day_ago = self.clock.moment - timedelta(days=1)
        most, made = self.given.daily_calls, sum(moment > a_day_ago for moment in self._calls)
        spent: bool = self.store.ledger.budget(self.connection.connection_id).spent
        return spent or (most is not None and made >= most)

    def moment(self, name: str, process: Mortal | None) -> None:
        """Between any two steps: here people act and things go wrong."""
        self.universe.moment(name, process)

    def tell(self, line: str) -> None:
        self.universe.tell(f"{self.name}: {line}" if self.number else line)

    def overlooked(self) -> list[str]:
        """Who of this org's links differs and is not in doubt."""
        found: list[str] = self.store.overlooked(self.connection.connection_id)
        return found

    def dump(self) -> Dump:
        """What the store holds of this org."""
        found: Dump = self.store.dump(self.connection.connection_id)
        return found


@contextmanager
def sizes(given: Given) -> Iterator[None]:
    """Two rows are many, where the history says so: they travel by bulk job."""
    usual = bulk_writing.BULK_FROM_ROWS, bulk_writing.CHANGE_IN_BULK_FROM
    writing.BULK_FROM_ROWS, writing.CHANGE_IN_BULK_FROM = (2, 2) if given.bulk else usual
    try:
        yield
    finally:
        writing.BULK_FROM_ROWS, writing.CHANGE_IN_BULK_FROM = usual
