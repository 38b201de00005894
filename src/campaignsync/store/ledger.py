"""The ledger: everything the engine remembers, each method one transaction (runtime.ports.Ledger).

Called by the cycle and the executor. It binds the modules of this folder to one clock; what each piece does stands there.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal

import polars as pl
from django.db import transaction

from campaignsync.domain.approvals import OfferedPlan
from campaignsync.domain.backlog import CAMPAIGNS_THERE, LEADS_THERE, MEMBERS_HERE, MEMBERS_THERE, Lane
from campaignsync.domain.budget import Budget
from campaignsync.domain.errors import CampaignsyncError
from campaignsync.domain.fields import FieldRule, PeopleCompared, PersonBatch
from campaignsync.domain.ids import ConnectionId, LinkId, RunId
from campaignsync.domain.links import Approval, LinkEndedError, LinkState, Winner
from campaignsync.domain.matching import only_matches
from campaignsync.domain.member_values import ValueBatch, ValuesCompared
from campaignsync.domain.mirror_filter import MirrorScope
from campaignsync.domain.observation import ApiUsage, Cells, Cursor, Delta, FirstPage, ReadPlace, WholeLists
from campaignsync.domain.people import PersonKind
from campaignsync.domain.problems import RUN_DIED, Direction, ProblemRules
from campaignsync.domain.runs import (
    CampaignFieldValue,
    FieldAgreement,
    FieldRefusal,
    LinkFacts,
    MemberBatch,
    RunReport,
    field_code,
)
from campaignsync.domain.trees import REFUSED_BEFORE, RUN_MEMBERS, RunChanges, Trees
from campaignsync.store import (
    approvals,
    doubts,
    due,
    first_reads,
    following,
    member_fields,
    member_values,
    mirror,
    models,
    person_fields,
    problems,
    scope,
    traffic,
    writing,
)
from campaignsync.store import people as store_people
from campaignsync.store.acting import acting, because, in_turn
from campaignsync.store.facts import link_facts, mapping_held, vocabulary
from campaignsync.store.frames import execute, query
from campaignsync.store.trees import read_people, read_trees

_ENGINE = "campaign sync"
_ONE_WAY = "one way, from the program"
_OTHERS = "somebody in Salesforce"  # A removal there does not say who removed (S0.1).
_FIELD_COLUMNS = {"Type": "type", "ActualCost": "actual_cost"}


class Ledger:
    """The memory of the engine in PostgreSQL."""

    def __init__(self, clock: Callable[[], datetime], problem_rules: ProblemRules | None = None) -> None:
        self._now = clock
        self._problem_rules = problem_rules or ProblemRules()

    def alone(self, connection: ConnectionId) -> contextlib.AbstractContextManager[None]:
        return in_turn("org", connection, wait_ms=60_000, retry_after_s=60)

    def campaign_bounds(self, connection: ConnectionId) -> tuple[str, ...]:
        return due.campaign_bounds(connection)

    def cursor(self, connection: ConnectionId) -> Cursor:
        cursors = models.Cursor.objects.filter(connection_id=connection)
        return dict(cursors.values_list("object_name", "modstamp"))

    def mirror(self, connection: ConnectionId, delta: Delta) -> None:
        seen = self.cursor(connection).keys()
        first = [kind.value for kind in PersonKind if kind.value.capitalize() not in seen]
        with self._acting(who=_OTHERS, why="observed" if seen else "first read", round_of=connection):
            if delta.person_fields not in (None, mapping_held(connection)):
                delta = delta.without_people()
            read_whole = member_fields.note_read(connection, delta, self._now())
            mirror.mirror_delta(
                connection, delta if read_whole else delta.without_cursor_of_members(), first=first
            )

    def places(self, connection: ConnectionId) -> Mapping[str, ReadPlace]:
        return first_reads.places(connection)

    def keep_page(self, connection: ConnectionId, page: FirstPage) -> None:
        with self._acting(who=_OTHERS, why="first read", round_of=connection):
            first_reads.keep(connection, page)

    def read_anew(self, connection: ConnectionId) -> None:
        with transaction.atomic():
            first_reads.begin_anew(connection)
            doubts.doubt_everybody(connection)

    def campaigns_to_list(
        self, connection: ConnectionId, delta: Delta
    ) -> tuple[frozenset[str], frozenset[str]]:
        with transaction.atomic():
            return (
                mirror.to_list(connection, mirror.MEMBER, delta.member_counts, delta.status_counts),
                mirror.to_list(connection, mirror.STATUS, delta.status_counts, delta.status_counts),
            )

    def big_campaigns(self, connection: ConnectionId, campaigns: Collection[str]) -> frozenset[str]:
        return mirror.big_campaigns(connection, campaigns)

    def compare_members(
        self, connection: ConnectionId, campaign: str, ids: Sequence[Cells]
    ) -> tuple[list[str], list[str]]:
        with transaction.atomic():
            return mirror.compare_members(connection, campaign, ids)

    def mirror_whole(self, connection: ConnectionId, lists: WholeLists) -> None:
        listed = lists.members_of | lists.statuses_of
        coming = scope.entering(connection) & listed
        with transaction.atomic():
            with self._acting(who=_OTHERS, why="observed", round_of=connection):
                mirror.mirror_lists(connection, lists.of(listed - coming) if coming else lists)
            if coming:
                with self._acting(who=_OTHERS, why="first read", round_of=connection):
                    scope.silently()
                    mirror.mirror_lists(connection, lists.of(coming))
                    scope.entered(connection, coming & lists.members_of)

    def mirror_scope(self, connection: ConnectionId) -> MirrorScope:
        return scope.mirror_scope(connection)

    def call_in(self, connection: ConnectionId, campaign_id: str) -> bool:
        with transaction.atomic():
            return scope.call_in(connection, campaign_id)

    def prune(self, connection: ConnectionId) -> bool:
        with self._acting(who=_OTHERS, why="outside the filter", round_of=connection):
            scope.silently()
            return scope.prune(connection)

    def people_vanished(self, connection: ConnectionId, lists: WholeLists) -> list[str]:
        with transaction.atomic():
            return mirror.vanished(connection, lists)

    def mirror_people(
        self, connection: ConnectionId, people: pl.DataFrame, *, asked: Collection[str] = ()
    ) -> None:
        with self._acting(who=_OTHERS, why="observed", round_of=connection):
            mirror.mirror_people(connection, people, asked)

    def follow_people(self, connection: ConnectionId) -> list[str]:
        with self._acting(who=_OTHERS, why="merged in Salesforce", round_of=connection):
            return following.follow(connection, self._now())

    def links(self, connection: ConnectionId) -> tuple[LinkId, ...]:
        found = (
            models.Link.objects.filter(connection_id=connection).order_by("pk").values_list("pk", flat=True)
        )
        return tuple(LinkId(pk) for pk in found)

    def links_due(self, connection: ConnectionId) -> tuple[LinkId, ...]:
        return due.links_due(connection, self._now())

    def is_backfill(self, link: LinkId) -> bool:
        return due.is_backfill(link)

    def standing(self, connection: ConnectionId) -> Mapping[LinkId, RunReport]:
        return due.standing(connection)

    def settle_mark(self, link: LinkId, mark: int) -> None:
        due.settle(link, mark)

    def link(self, link: LinkId) -> LinkFacts:
        return link_facts(_link(link))

    def leads_in_question(self, link: LinkId) -> pl.DataFrame:
        row = _link(link)
        with transaction.atomic():
            among = doubts.seen(row.pk).records_or_all
            return store_people.in_question(row.connection_id, row.campaign_id, among)

    def adopt_people(self, link: LinkId, rules: Sequence[FieldRule] = ()) -> None:
        row = _link(link)
        with self._acting(why="merged in Salesforce", round_of=row.connection_id):
            among = doubts.seen(row.pk).records_or_all
            store_people.adopt(
                row.connection_id,
                row.campaign_id,
                self._now(),
                program=row.program_id,
                among=among,
                rules=rules,
            )

    def settle_intents(self, link: LinkId, sync_user_id: str) -> None:
        row = _link(link)
        with transaction.atomic():
            writing.settle(row, sync_user_id, vocabulary(row), self._now())

    def trees(self, link: LinkId, *, also: Collection[int] = ()) -> Trees:
        return read_trees(link, self._now(), also)

    @contextlib.contextmanager
    def run(self, link: LinkId, why: str) -> Iterator[RunId]:
        with in_turn("link", link, wait_ms=1, retry_after_s=5):
            self._note_death(_link(link))
            run = models.Run.objects.create(link_id=link, why=why, started_at=self._now())
            try:
                yield RunId(run.pk)
            finally:
                models.Run.objects.filter(pk=run.pk).update(ended_at=self._now())

    def _note_death(self, link: models.Link) -> None:
        """Whoever ran this link before and did not say how it ended is dead, since we have the lock."""
        with transaction.atomic():
            if link.runs.filter(ended_at=None, died=False).update(died=True):
                message = "An earlier run did not live to its end. Nothing is lost: what it left undone is done by the next."
                problems.keep_one(problems.run_of(link), RUN_DIED, message, None, self._now())

    def changes_of(self, run: RunId, sync_user_id: str) -> RunChanges:
        members = query(
            "SELECT side, person_id, (array_agg(old ORDER BY id))[1] AS old, (array_agg(new ORDER BY id DESC))[1] AS new"
            " FROM store_journalentry WHERE run_id = %s AND noun = 'member' AND person_id IS NOT NULL AND who = ANY(%s)"
            " GROUP BY side, person_id",
            (run, [_ENGINE, sync_user_id]),
            RUN_MEMBERS,
        )
        link, fields = _link_of(run), models.JournalEntry.objects.filter(run_id=run, noun__in=_FIELD_COLUMNS)
        return RunChanges(
            members=members,
            people=read_people(link, members["person_id"].unique()),
            fields=frozenset(fields.values_list("noun", flat=True)),
            values=member_values.done_by(link, run, [_ENGINE, sync_user_id]),
        )

    def finish(self, run: RunId, report: RunReport) -> None:
        link = _link_of(run)
        with self._acting(why="finished", run=run, round_of=link.connection_id):
            models.Run.objects.filter(pk=run).update(report=asdict(report))
            problems.solve_job(link.connection_id, link.pk, self._now())
            if report.halted is None and report.to_approve is None:
                # What a person allowed once is used up.
                if link.approval != Approval.NONE:
                    approvals.settle(link.pk, self._now())
                links = models.Link.objects.filter(pk=link.pk)
                links.update(removals_allowed=False)
                links.filter(state=LinkState.HALTED.value).update(state=LinkState.ACTIVE.value, reason=None)

    def plan_approved(self, link: LinkId, digest: str) -> bool:
        return approvals.approved(link, digest)

    def offer_plan(self, link: LinkId, plan: OfferedPlan) -> None:
        approvals.offer(link, plan, self._now())

    def stop(self, link: LinkId, state: LinkState, reason: str | None) -> None:
        with self._acting(why=state.value, round_of=_link(link).connection_id):
            models.Link.objects.filter(pk=link).update(state=state.value, reason=reason)

    def change_program(self, run: RunId, changes: pl.DataFrame) -> None:
        if changes.is_empty():
            return
        link = _link_of(run)
        with transaction.atomic():
            # A reason is noted for a whole statement, so members are changed reason by reason: there are few.
            for (why,), part in changes.group_by("why", maintain_order=True):
                with self._acting(why=str(why), run=run, round_of=link.connection_id):
                    done = writing.change_members(link, part, self._now())
                    self._moved(link.connection_id, link.pk, MEMBERS_HERE, done)

    def statuses_here(self, link: LinkId, people: Collection[int]) -> Mapping[int, str]:
        rows = models.ProgramMember.objects.filter(program__links=link, person__in=people)
        return dict(rows.values_list("person", "status__name"))

    def agree(self, run: RunId, rows: pl.DataFrame) -> None:
        if not rows.is_empty():
            with transaction.atomic():
                writing.agree(_link_of(run), rows)

    def hold(self, run: RunId, waiting: pl.DataFrame, unsettled: pl.DataFrame) -> None:
        link, now = _link_of(run), self._now()
        with transaction.atomic():
            kept = waiting.filter(pl.col("code") != REFUSED_BEFORE).with_columns(
                pl.lit(value=False).alias("retriable")
            )
            of_members = pl.col("person_id").is_not_null()
            problems.keep(problems.members_of(link), kept.filter(of_members), Direction.FOR_A_PERSON, now)
            problems.keep(problems.fields_of(link), kept.filter(~of_members), Direction.TO_CAMPAIGN, now)
            problems.solve_others(link, unsettled, now)
            store_people.solve_unwanted(link.connection_id, now)

    def unmatched(self, connection: ConnectionId, people: Collection[int]) -> pl.DataFrame:
        return store_people.unmatched(connection, people)

    def still_unmatched(self, connection: ConnectionId, people: pl.Series) -> pl.Series:
        return store_people.still_unmatched(connection, people)

    def match_people(self, connection: ConnectionId, matches: pl.DataFrame, run: RunId | None) -> None:
        if not matches.is_empty():
            with self._acting(why="found in Salesforce", run=run, round_of=connection):
                store_people.join_matches(connection, matches, self._now())

    def identities(self, connection: ConnectionId, people: Collection[int]) -> pl.DataFrame:
        return query(
            "SELECT person_id, salesforce_id, kind FROM store_personidentity WHERE connection_id = %s AND person_id = ANY(%s)"
            " AND NOT is_deleted",
            (connection, list(people)),
            {"person_id": pl.Int64, "salesforce_id": pl.String, "kind": pl.String},
        )

    def compare_people(self, connection: ConnectionId, rules: Sequence[FieldRule]) -> PeopleCompared:
        return person_fields.compare(connection, rules, self._now())

    def change_people(
        self, connection: ConnectionId, changes: pl.DataFrame, rules: Sequence[FieldRule]
    ) -> None:
        if not changes.is_empty():
            with self._acting(why="changed in Salesforce", round_of=connection):
                person_fields.change(connection, changes, rules)

    def record_people(
        self, connection: ConnectionId, writes: pl.DataFrame, batch: PersonBatch, rules: Sequence[FieldRule]
    ) -> None:
        with self._acting(why="changed here", round_of=connection):
            person_fields.record(connection, writes, batch, rules, self._now())

    def settle_people(
        self,
        connection: ConnectionId,
        compared: pl.DataFrame,
        waiting: pl.DataFrame,
        solved: Collection[int],
        rules: Sequence[FieldRule],
    ) -> None:
        with transaction.atomic():
            person_fields.settle(connection, compared, rules)
            person_fields.hold(connection, solved, waiting, self._now())

    def compare_values(self, link: LinkId) -> ValuesCompared:
        return member_values.compare(_link(link), self._now())

    def change_values(self, run: RunId, changes: pl.DataFrame) -> None:
        link = _link_of(run)
        if not changes.is_empty():
            with self._acting(why="changed in the campaign", run=run, round_of=link.connection_id):
                done = member_values.change(link, changes)
                self._moved(link.connection_id, link.pk, MEMBERS_HERE, done)

    def record_values(self, run: RunId, writes: pl.DataFrame, batch: ValueBatch) -> None:
        link = _link_of(run)
        with self._acting(why=_why(run), run=run, round_of=link.connection_id):
            done = member_values.record(link, writes, batch, self._now())
            self._moved(link.connection_id, link.pk, MEMBERS_THERE, done)

    def settle_values(self, run: RunId, waiting: pl.DataFrame, unsettled: Collection[int]) -> None:
        with transaction.atomic():
            member_values.settle(_link_of(run), waiting, unsettled, self._now())

    def decide_values(self, link: LinkId, conflicts: pl.DataFrame, winner: Winner, who: str) -> None:
        if not conflicts.is_empty():
            with self._acting(who=who, why=f"conflict decided for the {winner}"):
                member_values.decide(_link(link), conflicts, winner, self._now())

    def known_ids(self, connection: ConnectionId, ids: Collection[str]) -> frozenset[str]:
        return mirror.known_people(connection, list(ids))

    def open_lead_intents(self, connection: ConnectionId) -> pl.DataFrame:
        return store_people.intended(connection)

    def intend_leads(self, connection: ConnectionId, people: Collection[int]) -> None:
        with transaction.atomic():
            store_people.intend(connection, people, self._now())

    def record_leads(self, connection: ConnectionId, outcomes: pl.DataFrame, run: RunId | None) -> None:
        known = outcomes.filter("known")
        made = known.filter(pl.col("code").is_null()).with_columns(
            pl.lit(PersonKind.LEAD.value).alias("kind")
        )
        with self._acting(why="made in Salesforce", run=run, round_of=connection):
            store_people.join_matches(connection, only_matches(made), self._now())
            store_people.refuse(connection, known.filter(pl.col("code").is_not_null()), self._now())
            self._moved(connection, traffic.ORG, LEADS_THERE, made.height)

    def note_job(self, connection: ConnectionId, job: str) -> None:
        models.BulkJob.objects.create(connection_id=connection, salesforce_id=job, noted_at=self._now())

    def open_jobs(self, connection: ConnectionId) -> tuple[str, ...]:
        jobs = models.BulkJob.objects.filter(connection_id=connection).order_by("pk")
        return tuple(jobs.values_list("salesforce_id", flat=True))

    def forget_jobs(self, connection: ConnectionId) -> None:
        models.BulkJob.objects.filter(connection_id=connection).delete()

    def intend_members(self, run: RunId, writes: pl.DataFrame) -> None:
        with transaction.atomic():
            writing.intend(_link_of(run), writes.select("person_id", "status"), self._now())

    def record_members(self, run: RunId, batch: MemberBatch) -> None:
        link = _link_of(run)
        with self._acting(why=_why(run), run=run, round_of=link.connection_id):
            mirror.merge(link.connection_id, mirror.MEMBER, batch.before)
            for reason, members, gone in batch.by_reason(_why(run)):
                with because(reason):
                    mirror.merge(link.connection_id, mirror.MEMBER, members)
                    execute(
                        "DELETE FROM store_campaignmember WHERE connection_id = %s AND salesforce_id = ANY(%s)",
                        (link.connection_id, gone),
                    )
            done = writing.record_outcomes(link, batch.outcomes, self._now())
            self._moved(link.connection_id, link.pk, MEMBERS_THERE, done)

    def record_field(self, run: RunId, name: str, agreement: FieldAgreement) -> None:
        link = _link_of(run)
        written, found = (None if v is None else str(v) for v in (agreement.written, agreement.found))
        campaign = models.Campaign.objects.filter(
            connection_id=link.connection_id, salesforce_id=link.campaign_id
        )
        with self._acting(why=_ONE_WAY, run=run, round_of=link.connection_id):
            old = campaign.values_list(_FIELD_COLUMNS[name], flat=True).first()
            models.AgreedField.objects.update_or_create(
                link=link, name=name, defaults={"written": written, "found": found}
            )
            campaign.update(**{_FIELD_COLUMNS[name]: agreement.found})
            problems.solve_field(link, name, self._now())
            if old != agreement.found:
                self._note_field(run, link, name, _plain(old), _plain(agreement.found))
                self._moved(link.connection_id, link.pk, CAMPAIGNS_THERE, 1)

    def _note_field(self, run: RunId, link: models.Link, name: str, old: str | None, new: str | None) -> None:
        models.JournalEntry.objects.create(
            at=self._now(),
            who=_ENGINE,
            why=_ONE_WAY,
            run_id=run,
            side="campaign",
            connection_id=link.connection_id,
            campaign_id=link.campaign_id,
            noun=name,
            record_id=link.campaign_id,
            old=old,
            new=new,
        )

    def record_field_refusal(self, run: RunId, name: str, refusal: FieldRefusal) -> None:
        wanted = None if refusal.value is None else str(refusal.value)
        fields = problems.fields_of(_link_of(run))
        with transaction.atomic():
            problems.keep_one(fields, field_code(name), refusal.message, wanted, self._now())

    def count_waiting(self, run: RunId, counts: Mapping[Lane, int]) -> None:
        link = _link_of(run)
        with transaction.atomic():
            traffic.waiting(link.connection_id, link.pk, counts, self._now())

    def _moved(self, connection: int, link: int, lane: Lane, records: int) -> None:
        traffic.moved(connection, link, lane, records, self._now())

    def budget(self, connection: ConnectionId) -> Budget:
        return traffic.budget(connection, self._now())

    def begin_round(self, connection: ConnectionId) -> None:
        models.Connection.objects.filter(pk=connection).update(round_at=self._now())

    def charge(self, connection: ConnectionId, calls: int, told: ApiUsage | None = None) -> None:
        traffic.charge(connection, calls, self._now(), told)

    def decide_conflicts(self, link: LinkId, conflicts: pl.DataFrame, winner: Winner, who: str) -> None:
        row, now = _link(link), self._now()
        with self._acting(who=who, why=f"conflict decided for the {winner}"):
            if winner is Winner.CAMPAIGN:
                changes = conflicts.select(
                    "person_id", pl.col("program").alias("was"), pl.col("campaign").alias("status")
                )
                writing.change_members(row, changes, now)
            else:
                writing.decide_for_program(row, conflicts, who, now)
            problems.solve(problems.members_of(row), conflicts["person_id"].to_list(), now)

    def job_failed(self, connection: ConnectionId, link: LinkId | None, error: CampaignsyncError) -> None:
        with transaction.atomic():
            problems.keep_failure(connection, link, error, self._now())

    def round_done(self, connection: ConnectionId) -> None:
        with transaction.atomic():
            problems.solve_job(connection, None, self._now())
            problems.watch_number(connection, self._problem_rules.threshold, self._now())
            problems.forget(connection, self._now() - self._problem_rules.kept)
            traffic.forget(connection, self._problem_rules.kept, self._now())

    def _acting(
        self, *, why: str, who: str = _ENGINE, run: RunId | None = None, round_of: int | None = None
    ) -> contextlib.AbstractContextManager[None]:
        return acting(who=who, why=why, run=run, now=self._now(), round_of=round_of)


def _plain(value: CampaignFieldValue) -> str | None:
    """A field's value as people read it: an amount without the zeros of the column it is kept in."""
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value


def _link(link: LinkId) -> models.Link:
    return _standing(pk=link)


def _link_of(run: RunId) -> models.Link:
    return _standing(runs=run)


def _standing(**wanted: int) -> models.Link:
    """A link; LinkEndedError when somebody ended it meanwhile."""
    found = models.Link.objects.select_related("program__channel", "connection").filter(**wanted).first()
    if found is None:
        raise LinkEndedError
    return found


def _why(run: RunId) -> str:
    return models.Run.objects.values_list("why", flat=True).get(pk=run)
