"""When a link halts rather than remove (M6.6): too many removals in one round, or a side suddenly empty.

Called by `runtime.cycle` between planning and executing. A halt is a status that people see, with numbers and the next command.
What waits or is kept apart by choice removes nobody and halts nothing, so that a link which was let go on once stays calm.
"""

from __future__ import annotations

import polars as pl

from campaignsync.domain.links import SafetyLimits
from campaignsync.domain.runs import LinkFacts
from campaignsync.domain.trees import Trees
from campaignsync.planner.decide import Verdict
from campaignsync.planner.plan import Plan

_EMPTY_FROM = 2
"""A side is suddenly empty when it lost so many: the only member of a small program may just leave."""
_ACTED_ON = (Verdict.AGREE, Verdict.TO_PROGRAM, Verdict.TO_CAMPAIGN)


def reason_to_halt(plan: Plan, facts: LinkFacts, trees: Trees) -> str | None:
    """Why this plan must not run before a person has looked at it, or None."""
    if facts.removals_allowed:
        return None
    reason = _suddenly_empty(plan, trees) or _many_removals(plan, facts.limits, trees.size("agreed"))
    return reason and (
        f'{reason} Look at it with: campaignsync plan "{plan.program}"; let it go on with:'
        f' campaignsync sync "{plan.program}" --allow-removals'
    )


def _suddenly_empty(plan: Plan, trees: Trees) -> str | None:
    if plan.members.is_empty() or (trees.size("program") and trees.size("campaign")):
        return None
    acted_on = plan.members.filter(pl.col("verdict").is_in(_ACTED_ON) & pl.col("agreed").is_not_null())
    for side in ("program", "campaign"):
        lost = acted_on[side].null_count()
        if not trees.size(side) and lost >= _EMPTY_FROM:
            return f"The {side} is suddenly empty: all of its {lost:,} agreed members are gone."
    return None


def _many_removals(plan: Plan, limits: SafetyLimits, agreed: int) -> str | None:
    """Whoever leaves is in the agreed tree, so a share of it is never a division by nothing."""
    from_program, from_campaign = (
        side["becomes"].null_count() for side in (plan.for_program, plan.for_campaign)
    )
    removed = from_program + from_campaign
    if removed <= limits.removal_number or removed / agreed <= limits.removal_share:
        return None
    return (
        f"{removed:,} of {agreed:,} members would be removed in one round, {from_program:,} from the program and"
        f" {from_campaign:,} from the campaign: more than {limits.removal_number:,} and more than"
        f" {limits.removal_share:.0%}."
    )
