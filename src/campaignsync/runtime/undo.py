"""Takes back what a run did: plans its inverse, carries it out as a run of its own, and halts the link afterwards.

Called by the command line. The two sides differ again after it just as they did before the run, so that the next sync would do
the same once more: the link waits until a person has mended the cause and lets it go on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from campaignsync.domain.connections import Connection
from campaignsync.domain.errors import HaltError
from campaignsync.domain.ids import LinkId, RunId
from campaignsync.domain.links import LinkState
from campaignsync.domain.runs import RunReport
from campaignsync.planner.plan import Plan
from campaignsync.planner.undo import inverse
from campaignsync.runtime.executor import reported, take_to_program, write_members
from campaignsync.runtime.member_fields import write_values
from campaignsync.runtime.people import adopt_people
from campaignsync.runtime.ports import Ledger, SalesforceDoor
from campaignsync.runtime.progress import Tell, nobody
from campaignsync.runtime.rounds import observed


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """The undo of one run of one link."""

    door: SalesforceDoor
    ledger: Ledger
    connection: Connection
    link: LinkId
    run: RunId

    def plan(self, tell: Tell = nobody) -> Plan:
        """The inverse of the run, as the world is now."""
        with observed(self.door, self.ledger, self.connection, tell):
            return self._planned()

    def carry_out(self, only: str, tell: Tell = nobody) -> RunReport:
        """Take the run back, if that still is what was read (the digest of its plan), or do nothing."""
        with observed(self.door, self.ledger, self.connection):
            with self.ledger.run(self.link, f"undo of run {self.run}") as run:
                plan = self._planned()
                if plan.digest() != only:
                    raise HaltError(
                        f"The world has moved since the undo of run {self.run} was planned: nothing was done."
                        f" Read it again with: campaignsync undo {self.run} --dry-run"
                    )
                report = self._written(run, plan, tell)
                self.ledger.finish(run, report)
            self.ledger.stop(self.link, LinkState.HALTED, _why_it_waits(self.run, plan.program))
        return report

    def _planned(self) -> Plan:
        adopt_people(self.door, self.ledger, self.link)
        done = self.ledger.changes_of(self.run, self.door.sync_user().user_id)
        trees = self.ledger.trees(self.link, also=done.members["person_id"].unique().to_list())
        return inverse(self.ledger.link(self.link), trees, self.run, done)

    def _written(self, run: RunId, plan: Plan, tell: Tell) -> RunReport:
        calls_before = self.door.api_calls
        facts = self.ledger.link(self.link)
        changes = take_to_program(run, plan, self.ledger, tell, calls_before)
        outcomes = write_members(run, facts, plan, self.door, self.ledger, tell)
        values = write_values(run, plan.values, self.door, self.ledger, tell)
        report = reported(facts, plan, changes, outcomes, self.door.api_calls - calls_before)
        return replace(
            report,
            program_changes=report.program_changes + values.here,
            campaign_changes=report.campaign_changes + values.there,
            refused=report.refused + values.refused,
            unknown=report.unknown + values.unknown,
        )


def _why_it_waits(undone: RunId, program: str) -> str:
    return (
        f"Run {undone} was undone, and a sync would do the same again. Mend the cause first, then let the link go on with:"
        f' campaignsync resume "{program}"'
    )
