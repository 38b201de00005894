"""Asks a person before a plan is carried out, where the link wants that.

Called by `cycle.run_link` between safety and execution. A plan that waits changes neither side; what it says of conflicts and of
who is equal already is kept all the same, so that people can settle what is theirs meanwhile.
"""

from __future__ import annotations

import polars as pl

from campaignsync.domain.approvals import OfferedPlan
from campaignsync.domain.ids import RunId
from campaignsync.domain.links import Approval
from campaignsync.domain.runs import LinkFacts, RunReport
from campaignsync.planner.explain import kept
from campaignsync.planner.plan import Plan
from campaignsync.runtime.ports import Ledger


def asked(ledger: Ledger, run: RunId, facts: LinkFacts, plan: Plan) -> RunReport | None:
    """None where a plan may be carried out; else it is offered to whoever may approve it, and this is told of the run."""
    if facts.policy.approval is Approval.NONE or plan.writes_nothing:
        return None
    digest = plan.digest()
    if ledger.plan_approved(facts.link_id, digest):
        return None
    ledger.offer_plan(facts.link_id, offered(plan))
    ledger.agree(run, plan.agreements.select("person_id", pl.col("becomes").alias("status")))
    ledger.hold(run, plan.waiting, plan.unsettled)
    return RunReport(
        program=facts.program,
        connection=facts.connection,
        conflicts=plan.conflicts.height,
        to_approve=digest,
    )


def offered(plan: Plan) -> OfferedPlan:
    """A plan as it is kept."""
    told, rows = kept(plan)
    return OfferedPlan(digest=plan.digest(), told=told, rows=rows)
