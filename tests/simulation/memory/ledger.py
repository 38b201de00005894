"""The twin of `store.ledger.Ledger`: everything the engine remembers, each method done whole or not at all."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import polars as pl

from campaignsync.domain import observation
from campaignsync.domain.errors import CHANGED_MEANWHILE
from campaignsync.domain.fields import FieldRule, PeopleCompared, PersonBatch
from campaignsync.domain.ids import ConnectionId, LinkId, RunId
from campaignsync.domain.links import CampaignStatus, LinkEndedError, LinkState, Winner
from campaignsync.domain.matching import only_matches
from campaignsync.domain.member_values import NOTHING_COMPARED, ValuesCompared
from campaignsync.domain.membership import Origin
from campaignsync.domain.mirror_filter import MirrorScope
from campaignsync.domain.observation import Cells, Cursor, Delta, WholeLists
from campaignsync.domain.problems import RUN_DIED, Direction, ProblemNoun, ProblemRules
from campaignsync.domain.programs import Rates
from campaignsync.domain.runs import (
    CAMPAIGN_FIELDS,
    CampaignFieldValue,
    FieldAgreement,
    FieldRefusal,
    LinkFacts,
    MemberBatch,
    RunReport,
    field_code,
)
from campaignsync.domain.trees import (
    AGREED,
    CAMPAIGN,
    HELD,
    PEOPLE,
    PROGRAM,
    REFUSED_BEFORE,
    RUN_MEMBERS,
    UTC_TIME,
    RunChanges,
    Schema,
    Trees,
)
from simulation.memory import doubts, fields, intents, mirror, people, problems, scope
from simulation.memory.rounds import MemoryRounds
from simulation.memory.tables import Acting, LinkRow, MemberRow, RunRow, Tables, nothing
from simulation.memory.turns import RunUnderWay, Turn

_ENGINE, _OTHERS = "campaign sync", "somebody in Salesforce"
_FIELD_COLUMNS = {"Type": "type", "ActualCost": "actual_cost"}


def _frame(rows: list[Any], schema: Schema) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict(schema), orient="row") if rows else nothing(tuple(schema.items()))


class MemoryLedger(MemoryRounds):
    """The memory of the engine in tables of Python."""

    def __init__(self, tables: Tables, problem_rules: ProblemRules | None = None) -> None:
        super().__init__(tables, problem_rules or ProblemRules())
        self.taken: set[tuple[str, int]] = set()

    def _act(
        self, *, why: str, who: str = _ENGINE, run: RunId | None = None, round_of: int | None = None
    ) -> None:
        self.tables.acting = Acting(who=who, why=why, at=self.tables.now(), run=run, round_of=round_of)

    def alone(self, connection: ConnectionId) -> contextlib.AbstractContextManager[None]:
        return Turn(self.taken, "org", connection, 60)

    def cursor(self, connection: ConnectionId) -> Cursor:
        return dict(self.tables.cursors.get(connection, {}))

    def mirror(self, connection: ConnectionId, delta: Delta) -> None:
        first = not self.tables.cursors.get(connection)
        self._act(who=_OTHERS, why="first read" if first else "observed", round_of=connection)
        mirror.look(self.tables, connection, delta)

    def campaigns_to_list(
        self, connection: ConnectionId, delta: Delta
    ) -> tuple[frozenset[str], frozenset[str]]:
        seen = delta.status_counts
        return (
            mirror.to_list(self.tables, connection, self.tables.members, delta.member_counts, seen),
            mirror.to_list(self.tables, connection, self.tables.statuses, seen, seen),
        )

    def mirror_scope(self, connection: ConnectionId) -> MirrorScope:
        return scope.mirror_scope(self.tables, connection)

    def call_in(self, connection: ConnectionId, campaign_id: str) -> bool:
        return scope.call_in(self.tables, connection, campaign_id)

    def prune(self, connection: ConnectionId) -> bool:
        scope.prune(self.tables, connection)
        return False

    def big_campaigns(self, connection: ConnectionId, campaigns: Collection[str]) -> frozenset[str]:
        counted: dict[str, int] = {}
        for (of, _), row in self.tables.members.items():
            if of == connection:
                counted[row["campaign_id"]] = counted.get(row["campaign_id"], 0) + 1
        return frozenset(each for each in campaigns if counted.get(each, 0) >= observation.LIST_IDS_FROM_ROWS)

    def compare_members(
        self, connection: ConnectionId, campaign: str, ids: Sequence[Cells]
    ) -> tuple[list[str], list[str]]:
        mirrored = {row["id"]: None for row in self.tables.of_campaign(connection, campaign)}
        listed = [each for page in ids for each in page.frame()["id"]]
        there = set(listed)
        return [each for each in listed if each not in mirrored], [
            each for each in mirrored if each not in there
        ]

    def mirror_whole(self, connection: ConnectionId, lists: WholeLists) -> None:
        listed = lists.members_of | lists.statuses_of
        coming = scope.entering(self.tables, connection) & listed
        self._act(who=_OTHERS, why="observed", round_of=connection)
        mirror.mirror_lists(self.tables, connection, lists.of(listed - coming) if coming else lists)
        if coming:
            self._act(who=_OTHERS, why="first read", round_of=connection)
            mirror.mirror_lists(self.tables, connection, lists.of(coming), silently=True)
            scope.entered(self.tables, connection, coming & lists.members_of)

    def people_vanished(self, connection: ConnectionId, lists: WholeLists) -> list[str]:
        return mirror.vanished(self.tables, connection, lists)

    def mirror_people(
        self, connection: ConnectionId, people: pl.DataFrame, *, asked: Collection[str] = ()
    ) -> None:
        self._act(who=_OTHERS, why="observed", round_of=connection)
        mirror.mirror_people(self.tables, connection, people, asked)

    def follow_people(self, connection: ConnectionId) -> list[str]:
        self._act(who=_OTHERS, why="merged in Salesforce", round_of=connection)
        return people.follow(self.tables, connection)

    def links(self, connection: ConnectionId) -> tuple[LinkId, ...]:
        found = (row.number for row in self.tables.links.values() if row.connection == connection)
        return tuple(LinkId(number) for number in sorted(found))

    def link(self, link: LinkId) -> LinkFacts:
        row = self._link(link)
        org = self.tables.connections[row.connection]
        campaign = self.tables.campaigns.get((row.connection, row.campaign_id), {})
        return LinkFacts(
            link_id=link,
            connection_id=ConnectionId(row.connection),
            connection=org.name,
            program=row.program.name,
            campaign_id=row.campaign_id,
            campaign=campaign.get("name") or row.campaign_id,
            state=row.state,
            reason=row.reason,
            channel=row.program.channel,
            costs=tuple(row.program.costs[month] for month in sorted(row.program.costs)),
            had_costs=row.program.had_costs,
            statuses=campaign_statuses(self.tables, row.connection, row.campaign_id),
            policy=row.policy,
            limits=row.limits,
            cost_scale=org.cost_scale,
            campaign_currency=campaign.get("currency") or org.currency,
            rates=Rates(own=org.currency, worth=dict(org.rates)),
            campaign_fields={"Type": campaign.get("type"), "ActualCost": campaign.get("actual_cost")},
            agreed_fields={
                name: FieldAgreement(written=_field(name, written), found=_field(name, found))
                for name, (written, found) in row.fields.items()
            },
            refused_fields=self._refused_fields(row),
            leads=org.leads,
            mapped=row.mapped,
            removals_allowed=row.removals_allowed,
        )

    def _refused_fields(self, link: LinkRow) -> dict[str, FieldRefusal]:
        names = {field_code(name): name for name in CAMPAIGN_FIELDS}
        return {
            names[each.code]: FieldRefusal(value=_field(names[each.code], each.wanted), message=each.message)
            for each in self.tables.open_problems(link=link.number, noun=ProblemNoun.FIELD, retry_at=None)
            if each.code in names and each.wanted is not None
        }

    def leads_in_question(self, link: LinkId) -> pl.DataFrame:
        row = self._link(link)
        unheard = self.open_lead_intents(row.connection)["person_id"].to_list()
        return people.unmatched(
            self.tables, row.connection, unheard if people.strangers(self.tables, row) else []
        )

    def adopt_people(self, link: LinkId, rules: Sequence[FieldRule] = ()) -> None:
        row = self._link(link)
        self._act(why="merged in Salesforce", round_of=row.connection)
        made = people.adopt(self.tables, row)
        fields.agree_as_made(self.tables, row.connection, made, rules)

    def settle_intents(self, link: LinkId, sync_user_id: str) -> None:
        intents.settle(self.tables, self._link(link), sync_user_id)

    def trees(self, link: LinkId, *, also: Collection[int] = ()) -> Trees:
        row = self._link(link)
        agreed, program, campaign = doubts.sides(self.tables, row, doubts.people(self.tables, row, also))
        if not also:
            doubts.settle(self.tables, row)
        held = [*self._held_members(row), *self._held_people(row)]
        everybody = {each[0] for side in (agreed, program, campaign) for each in side}
        return Trees(
            agreed=_frame(agreed, AGREED),
            program=_frame(program, PROGRAM),
            campaign=_frame(campaign, CAMPAIGN),
            people=self._people(row, everybody),
            held=_frame(held, HELD),
            mark=row.mark,
        )

    def _people(self, link: LinkRow, numbers: Collection[int]) -> pl.DataFrame:
        rows = []
        for number in sorted(numbers):
            person, identity = (
                self.tables.people.get(number),
                self.tables.identities.get((link.connection, number)),
            )
            if person is not None:
                parts = (person.values["first_name"], person.values["last_name"])
                name = " ".join(part for part in parts if part is not None) or None
                kind, record = (identity.kind, identity.salesforce_id) if identity else (None, None)
                rows.append((number, person.values["email"], name, kind, record))
        return _frame(rows, PEOPLE)

    def _held_members(self, link: LinkRow) -> list[tuple[int | None, str | None, str]]:
        now = self.tables.now()
        to_campaign = self.tables.open_problems(
            link=link.number, noun=ProblemNoun.MEMBER, direction=Direction.TO_CAMPAIGN.value
        )
        return [
            (each.person, each.wanted, each.message)
            for each in to_campaign
            if each.retry_at is None or each.retry_at > now
        ]

    def _held_people(self, link: LinkRow) -> list[tuple[int | None, str | None, str]]:
        now, tables = self.tables.now(), self.tables
        return [
            (each.person, link.program.members[each.person].status, each.message)
            for each in tables.open_problems(connection=link.connection, noun=ProblemNoun.PERSON)
            if each.person in link.program.members
            and (each.retry_at is None or each.retry_at > now)
            and each.wanted == people.wanted_values(tables.people[each.person])
            and (link.connection, each.person) not in tables.identities
        ]

    def run(self, link: LinkId, why: str) -> contextlib.AbstractContextManager[RunId]:
        return RunUnderWay(self, link, why)

    def begin_run(self, link: LinkId, why: str) -> RunId:
        row, now = self._link(link), self.tables.now()
        dead = [
            each
            for each in self.tables.runs.values()
            if each.link == link and each.ended_at is None and not each.died
        ]
        for each in dead:
            each.died = True
        if dead:
            message = "An earlier run did not live to its end. Nothing is lost: what it left undone is done by the next."
            concern = problems.of_link(ProblemNoun.JOB, row)
            problems.keep_one(self.tables, concern, RUN_DIED, message, None)
        number = self.tables.number("run")
        self.tables.runs[number] = RunRow(number, link, why, now)
        return RunId(number)

    def end_run(self, run: RunId) -> None:
        if run in self.tables.runs:
            self.tables.runs[run].ended_at = self.tables.now()

    def _link(self, link: int) -> LinkRow:
        """A link; LinkEndedError when somebody ended it meanwhile."""
        if link not in self.tables.links:
            raise LinkEndedError
        return self.tables.links[link]

    def _link_of(self, run: RunId) -> LinkRow:
        return self._link(self.tables.runs[run].link if run in self.tables.runs else 0)

    def changes_of(self, run: RunId, sync_user_id: str) -> RunChanges:
        found: dict[tuple[str, int], list[str | None]] = {}
        names = set()
        for entry in self.tables.journal:
            if entry.run != run:
                continue
            if entry.noun in _FIELD_COLUMNS:
                names.add(entry.noun)
            if entry.noun == "member" and entry.person is not None and entry.who in (_ENGINE, sync_user_id):
                found.setdefault((entry.side, entry.person), [entry.old, None])[1] = entry.new
        rows = [(side, person, old, new) for (side, person), (old, new) in found.items()]
        return RunChanges(
            members=_frame(rows, RUN_MEMBERS),
            people=self._people(self._link_of(run), {person for _, person in found}),
            fields=frozenset(names),
        )

    def finish(self, run: RunId, report: RunReport) -> None:
        self._act(why="finished", run=run, round_of=self._link_of(run).connection)
        link = self._link_of(run)
        self.tables.runs[run].reported = True
        problems.solve_job(self.tables, link.connection, link.number)
        if report.halted is None and report.to_approve is None:
            if link.removals_allowed:
                link.removals_allowed = False
                self.tables.mark([link])
            if link.state is LinkState.HALTED:
                self.tables.set_state(link, LinkState.ACTIVE, None)

    def stop(self, link: LinkId, state: LinkState, reason: str | None) -> None:
        self._act(why=state.value, round_of=self._link(link).connection)
        self.tables.set_state(self._link(link), state, reason)

    def change_program(self, run: RunId, changes: pl.DataFrame) -> None:
        for (why,), part in changes.group_by("why", maintain_order=True) if changes.height else ():
            self._act(why=str(why), run=run, round_of=self._link_of(run).connection)
            change_members(self.tables, self._link_of(run), part)

    def statuses_here(self, link: LinkId, people: Collection[int]) -> dict[int, str]:
        members = self.tables.links[link].program.members
        return {person: members[person].status for person in people if person in members}

    def agree(self, run: RunId, rows: pl.DataFrame) -> None:
        link = self._link_of(run)
        for person, status in zip(rows["person_id"].to_list(), rows["status"].to_list(), strict=True):
            link.agree(person, status)
            link.intents.pop(person, None)

    def hold(self, run: RunId, waiting: pl.DataFrame, unsettled: pl.DataFrame) -> None:
        link, tables = self._link_of(run), self.tables
        for row in waiting.to_dicts():
            if row["code"] == REFUSED_BEFORE:
                continue
            of_member = row["person_id"] is not None
            noun = ProblemNoun.MEMBER if of_member else ProblemNoun.FIELD
            direction = Direction.FOR_A_PERSON if of_member else Direction.TO_CAMPAIGN
            problems.keep(tables, problems.of_link(noun, link), {**row, "retriable": False}, direction)
        open_people, open_codes = unsettled["person_id"].to_list(), unsettled["code"].to_list()
        codes = [code for person, code in zip(open_people, open_codes, strict=True) if person is None]
        problems.solve_others(tables, link, set(open_people) - {None}, codes)
        people.solve_unwanted(tables, link.connection)

    def unmatched(self, connection: ConnectionId, people: Collection[int]) -> pl.DataFrame:
        return _unmatched(self.tables, connection, people)

    def still_unmatched(self, connection: ConnectionId, people: pl.Series) -> pl.Series:
        return _unmatched(self.tables, connection, people)["person_id"]

    def match_people(self, connection: ConnectionId, matches: pl.DataFrame, run: RunId | None) -> None:
        self._act(why="found in Salesforce", run=run, round_of=connection)
        people.join_matches(self.tables, connection, matches)

    def identities(self, connection: ConnectionId, people: Collection[int]) -> pl.DataFrame:
        found = (self.tables.identities.get((connection, person)) for person in sorted(set(people)))
        rows = [
            (each.person, each.salesforce_id, each.kind) for each in found if each and not each.is_deleted
        ]
        return _frame(rows, {"person_id": pl.Int64, "salesforce_id": pl.String, "kind": pl.String})

    def compare_people(self, connection: ConnectionId, rules: Sequence[FieldRule]) -> PeopleCompared:
        return fields.compare(self.tables, connection, rules)

    def change_people(
        self, connection: ConnectionId, changes: pl.DataFrame, rules: Sequence[FieldRule]
    ) -> None:
        self._act(why="changed in Salesforce", round_of=connection)
        fields.change(self.tables, connection, changes, rules)

    def record_people(
        self, connection: ConnectionId, writes: pl.DataFrame, batch: PersonBatch, rules: Sequence[FieldRule]
    ) -> None:
        self._act(why="changed here", round_of=connection)
        fields.record(self.tables, connection, writes, batch, rules)

    def settle_people(
        self,
        connection: ConnectionId,
        compared: pl.DataFrame,
        waiting: pl.DataFrame,
        solved: Collection[int],
        rules: Sequence[FieldRule],
    ) -> None:
        fields.settle(self.tables, connection, compared, rules)
        fields.hold(self.tables, connection, solved, waiting)

    def compare_values(self, link: LinkId) -> ValuesCompared:
        """Histories map no fields of members."""
        return NOTHING_COMPARED

    def decide_values(self, link: LinkId, conflicts: pl.DataFrame, winner: Winner, who: str) -> None:
        """See `compare_values`."""

    def known_ids(self, connection: ConnectionId, ids: Collection[str]) -> frozenset[str]:
        return frozenset(each for each in ids if self.tables.joined(connection, each))

    def open_lead_intents(self, connection: ConnectionId) -> pl.DataFrame:
        rows = [(p, at) for (of, p), at in sorted(self.tables.lead_intents.items()) if of == connection]
        return _frame(rows, {"person_id": pl.Int64, "at": UTC_TIME})

    def intend_leads(self, connection: ConnectionId, people: Collection[int]) -> None:
        for person in people:
            if person in self.tables.people:
                self.tables.lead_intents.setdefault((connection, person), self.tables.now())

    def record_leads(self, connection: ConnectionId, outcomes: pl.DataFrame, run: RunId | None) -> None:
        self._act(why="made in Salesforce", run=run, round_of=connection)
        if outcomes.is_empty():
            return
        known = outcomes.filter("known")
        made = known.filter(pl.col("code").is_null()).with_columns(pl.lit("lead").alias("kind"))
        people.join_matches(self.tables, connection, only_matches(made))
        people.refuse(self.tables, connection, known.filter(pl.col("code").is_not_null()))

    def intend_members(self, run: RunId, writes: pl.DataFrame) -> None:
        link, now = self._link_of(run), self.tables.now()
        for person, status in zip(writes["person_id"].to_list(), writes["status"].to_list(), strict=True):
            link.intents[person] = status, now, False

    def record_members(self, run: RunId, batch: MemberBatch) -> None:
        link = self._link_of(run)
        self._act(why=self.tables.runs[run].why, run=run, round_of=link.connection)
        mirror.merge_members(self.tables, link.connection, batch.before)
        for reason, members, gone in batch.by_reason(self.tables.runs[run].why):
            with self.tables.because(reason):
                mirror.merge_members(self.tables, link.connection, members)
                for member in gone:
                    if (link.connection, member) in self.tables.members:
                        self.tables.remove_member((link.connection, member))
        outcomes = batch.outcomes.filter("known").to_dicts()
        concern = problems.of_link(ProblemNoun.MEMBER, link)
        for row in outcomes:
            link.intents.pop(row["person_id"], None)
            if row["code"] is None:
                link.agree(row["person_id"], row["found"])
            if row["code"] is None and row["found"] == row["wanted"]:
                problems.solve_members(self.tables, link, [row["person_id"]])
        for row in outcomes:
            if row["code"] not in (None, CHANGED_MEANWHILE):
                problems.keep(self.tables, concern, row, Direction.TO_CAMPAIGN)
        for row in outcomes:
            if row["code"] is None and row["found"] != row["wanted"]:
                message = f"Salesforce stored {_named(row['found'])} instead of {_named(row['wanted'])}."
                turned = {**row, "code": "STATUS_NOT_STORED", "message": message, "retriable": False}
                problems.keep(self.tables, concern, turned, Direction.TO_CAMPAIGN)

    def record_field(self, run: RunId, name: str, agreement: FieldAgreement) -> None:
        link = self._link_of(run)
        written, found = (None if v is None else str(v) for v in (agreement.written, agreement.found))
        campaign = self.tables.campaigns[link.connection, link.campaign_id]
        old = campaign[_FIELD_COLUMNS[name]]
        self._act(why="one way, from the program", run=run, round_of=link.connection)
        link.fields[name] = (written, found)
        campaign[_FIELD_COLUMNS[name]] = agreement.found
        problems.solve_field(self.tables, link, name)
        if old != agreement.found:
            self.tables.mark([link], [])
            self.tables.note(
                "campaign",
                name,
                None if old is None else str(old),
                found,
                connection=link.connection,
                campaign_id=link.campaign_id,
                record_id=link.campaign_id,
            )

    def record_field_refusal(self, run: RunId, name: str, refusal: FieldRefusal) -> None:
        wanted = None if refusal.value is None else str(refusal.value)
        concern = problems.of_link(ProblemNoun.FIELD, self._link_of(run))
        problems.keep_one(self.tables, concern, field_code(name), refusal.message, wanted)

    def decide_conflicts(self, link: LinkId, conflicts: pl.DataFrame, winner: Winner, who: str) -> None:
        row = self._link(link)
        self._act(who=who, why=f"conflict decided for the {winner}")
        if winner is Winner.CAMPAIGN:
            changes = conflicts.select(
                "person_id", pl.col("program").alias("was"), pl.col("campaign").alias("status")
            )
            change_members(self.tables, row, changes)
        else:
            for person, program, campaign in conflicts.select("person_id", "program", "campaign").rows():
                row.agreed[person] = campaign
                self.tables.note(
                    "program",
                    "decision",
                    campaign,
                    program,
                    why="conflict decided for the program",
                    connection=row.connection,
                    program=row.program.number,
                    campaign_id=row.campaign_id,
                    person=person,
                )
            self.tables.mark([row], [])
        problems.solve_members(self.tables, row, conflicts["person_id"].to_list())


_unmatched = people.unmatched


def campaign_statuses(tables: Tables, connection: int, campaign_id: str) -> tuple[CampaignStatus, ...]:
    """What a mirrored campaign offers its members, in its own order."""
    found = [
        row
        for (of, _), row in tables.statuses.items()
        if of == connection and row["campaign_id"] == campaign_id
    ]
    found.sort(key=lambda row: (row["sort_order"] is None, row["sort_order"], row["id"]))
    return tuple(
        CampaignStatus(
            label=row["label"] or "",
            is_default=bool(row["is_default"]),
            has_responded=bool(row["has_responded"]),
            sort_order=row["sort_order"],
        )
        for row in found
    )


def change_members(tables: Tables, link: LinkRow, changes: pl.DataFrame) -> None:
    """Our side follows: who was planned with the status `was` gets `status`, or leaves; others are left alone."""
    program, now = link.program, tables.now()
    success = {status.name: status.success for status in program.channel.statuses}
    for person, was, status in changes.select("person_id", "was", "status").rows():
        row = program.members.get(person)
        known = tables.people.get(person)
        if row is None and was is None and status in success and known and known.merged_into is None:
            reached = now if success[status] else None
            program.members[person] = MemberRow(status, now, Origin.CAMPAIGN.value, reached)
            tables.program_changed(program, person, None, status)
        elif row is not None and row.status == was and status is None:
            del program.members[person]
            tables.program_changed(program, person, was, None)
        elif row is not None and row.status == was and status in success:
            reached = row.reached_success_at or (now if success[status] else None)
            program.members[person] = replace(row, status=status, reached_success_at=reached)
            tables.program_changed(program, person, was, status)
        stands = program.members.get(person)
        if (stands.status if stands else None) == status:
            link.agree(person, status)


def _named(status: str | None) -> str:
    return "no member" if status is None else f"'{status}'"


def _field(name: str, text: str | None) -> CampaignFieldValue:
    return Decimal(text) if name == "ActualCost" and text is not None else text
