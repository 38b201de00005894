"""When a link halts rather than remove (M6.6): too many removals in one round, or a side suddenly empty.

Called by `runtime.cycle` between planning and executing. A halt is a status that people see, with numbers and the next command.
"""

from __future__ import annotations

import polars as pl

from campaignsync.domain.runs import LinkFacts
from campaignsync.domain.trees import Trees
from campaignsync.planner.plan import Plan

_EMPTY_FROM = 2
"""A side with no members left counts as suddenly empty from so many agreed members on: the last one may just leave."""


def reason_to_halt(plan: Plan, facts: LinkFacts, trees: Trees) -> str | None:
    """Why this plan must not run before a person has looked at it, or None."""
    if facts.removals_allowed:
        return None
    agreed = trees.agreed.height
    way_out = (
        f'Look at it with: campaignsync plan "{plan.program}"; let it go on with:'
        f' campaignsync sync "{plan.program}" --allow-removals'
    )
    for side, tree, removals in (
        ("program", trees.program, plan.for_program),
        ("campaign", trees.campaign, plan.for_campaign),
    ):
        other = "campaign" if side == "program" else "program"
        if tree.is_empty() and agreed >= _EMPTY_FROM:
            return f"The {side} is suddenly empty where {agreed} members were agreed. {way_out}"
        number = removals.filter(pl.col("becomes").is_null()).height
        limits = facts.limits
        if number > limits.removal_number and number > limits.removal_share * agreed:
            return (
                f"{number} of {agreed} members would be removed from the {side} since they are gone from the {other}:"
                f" more than {limits.removal_number} and more than {limits.removal_share:.0%}. {way_out}"
            )
    return None
