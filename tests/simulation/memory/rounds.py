"""The half of the twin's ledger that is about rounds: what is due, what they cost, which jobs are open, how they ended."""

from __future__ import annotations

from collections.abc import Mapping

from campaignsync.domain.approvals import OfferedPlan
from campaignsync.domain.backlog import Lane, hour_of
from campaignsync.domain.budget import Budget
from campaignsync.domain.errors import CampaignsyncError
from campaignsync.domain.ids import ConnectionId, LinkId, RunId
from campaignsync.domain.links import LinkState
from campaignsync.domain.observation import ApiUsage
from campaignsync.domain.problems import ProblemNoun, ProblemRules
from campaignsync.domain.runs import RunReport
from simulation.memory import problems
from simulation.memory.tables import LinkRow, Tables


class MemoryRounds:
    """Rounds in tables of Python."""

    def __init__(self, tables: Tables, problem_rules: ProblemRules) -> None:
        self.tables = tables
        self._problem_rules = problem_rules

    def links_due(self, connection: ConnectionId) -> tuple[LinkId, ...]:
        due = [
            link for link in self.tables.links.values() if link.connection == connection and self._due(link)
        ]
        due.sort(key=lambda link: (self.is_backfill(LinkId(link.number)), link.number))
        return tuple(LinkId(link.number) for link in due)

    def is_backfill(self, link: LinkId) -> bool:
        """Histories have too few members for one to be anything but a first load."""
        return not any(run.link == link and run.reported for run in self.tables.runs.values())

    def _due(self, link: LinkRow) -> bool:
        now, tables = self.tables.now(), self.tables
        if link.mark is not None or link.intents:
            return True
        for each in tables.open_problems(link=link.number):
            is_job = each.noun is ProblemNoun.JOB and not each.code.startswith("LINK_")
            if is_job or (each.retry_at is not None and each.retry_at <= now):
                return True
        waiting = {person for of, person in tables.lead_intents if of == link.connection} | {
            each.person
            for each in tables.open_problems(connection=link.connection, link=None, noun=ProblemNoun.PERSON)
            if each.retry_at is not None and each.retry_at <= now
        }
        return any(
            person in waiting and (link.connection, person) not in tables.identities
            for person in link.program.members
        )

    def standing(self, connection: ConnectionId) -> Mapping[LinkId, RunReport]:
        return {
            LinkId(link.number): RunReport(
                program=link.program.name,
                connection=self.tables.connections[connection].name,
                halted=None if link.state is LinkState.ACTIVE else link.reason or link.state.value,
            )
            for link in self.tables.links.values()
            if link.connection == connection
        }

    def plan_approved(self, link: LinkId, digest: str) -> bool:
        """Histories have no link that asks for approval (tests/functional/test_approval.py has)."""
        return True

    def offer_plan(self, link: LinkId, plan: OfferedPlan) -> None:
        raise AssertionError("no plan of a history waits for approval")

    def settle_mark(self, link: LinkId, mark: int) -> None:
        row = self.tables.links.get(link)
        if row is not None and row.mark == mark:
            row.mark = None

    def campaign_bounds(self, connection: ConnectionId) -> tuple[str, ...]:
        """Histories have fewer campaigns than a page of counts holds."""
        return ()

    def count_waiting(self, run: RunId, counts: Mapping[Lane, int]) -> None:
        """What waits is for pages, and no part of what the twin remembers."""

    def budget(self, connection: ConnectionId) -> Budget:
        row = self.tables.connections[connection]
        usage, told_at = self.tables.told.get(connection, (None, None))
        return Budget(
            at=self.tables.now(),
            round_at=row.round_at,
            daily_calls=row.daily_calls,
            calls=dict(self.tables.calls.get(connection, {})),
            usage=usage,
            told_at=told_at,
        )

    def begin_round(self, connection: ConnectionId) -> None:
        self.tables.connections[connection].round_at = self.tables.now()

    def charge(self, connection: ConnectionId, calls: int, told: ApiUsage | None = None) -> None:
        if calls and told:
            self.tables.told[connection] = told, self.tables.now()
        if calls:
            hours = self.tables.calls.setdefault(connection, {})
            hour = hour_of(self.tables.now())
            hours[hour] = hours.get(hour, 0) + calls

    def job_failed(self, connection: ConnectionId, link: LinkId | None, error: CampaignsyncError) -> None:
        concern = problems.Concern(ProblemNoun.JOB, connection, link)
        problems.keep_one(self.tables, concern, error.code, str(error), None)

    def round_done(self, connection: ConnectionId) -> None:
        problems.solve_job(self.tables, connection, None)
        problems.watch_number(self.tables, connection, self._problem_rules.threshold)
        before = self.tables.now() - self._problem_rules.kept
        self.tables.problems = [
            each
            for each in self.tables.problems
            if each.connection != connection or each.solved_at is None or each.solved_at >= before
        ]

    def note_job(self, connection: ConnectionId, job: str) -> None:
        self.tables.jobs.setdefault(connection, []).append(job)

    def open_jobs(self, connection: ConnectionId) -> tuple[str, ...]:
        return tuple(self.tables.jobs.get(connection, ()))

    def forget_jobs(self, connection: ConnectionId) -> None:
        self.tables.jobs.pop(connection, None)
