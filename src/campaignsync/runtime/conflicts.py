"""Lets a person decide conflicts (M6.2, M6.3): both sides changed and neither is further, or a step back that is asked about.

Called by the command line. A decision is no rule and needs none: for the campaign, our side follows at once, a step back too (an
admin's correction, M2.3); for the program, what was agreed becomes what the campaign says, so that the next plan sees one edit,
ours. Either way whatever has changed since the last look is judged by the next plan as ever.
"""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from campaignsync.domain.errors import UsageError
from campaignsync.domain.ids import LinkId
from campaignsync.domain.links import Winner
from campaignsync.domain.people import comparable_email
from campaignsync.planner.reconcile import reconcile
from campaignsync.runtime.ports import Ledger


def resolve(
    ledger: Ledger, link: LinkId, winner: Winner, *, who: str, people: Collection[str] | None
) -> pl.DataFrame:
    """Decide the conflicts of these people (e-mail addresses or Salesforce ids), or of all: the plan's rows of them."""
    facts = ledger.link(link)
    with ledger.alone(facts.connection_id):
        conflicts = reconcile(facts, ledger.trees(link)).conflicts
        if people is not None:
            conflicts = _chosen(conflicts, people, facts.program)
        ledger.decide_conflicts(link, conflicts, winner, who)
    return conflicts


def _chosen(conflicts: pl.DataFrame, people: Collection[str], program: str) -> pl.DataFrame:
    names = {comparable_email(each) or "" for each in people} | set(people)
    chosen = conflicts.filter(pl.col("email").is_in(names) | pl.col("salesforce_id").is_in(names))
    found = {*chosen["email"], *chosen["salesforce_id"]}
    strangers = [each for each in people if not {each, comparable_email(each)} & found]
    if strangers:
        raise UsageError(
            f"{', '.join(strangers)}: no conflict in program '{program}'. The conflicts are listed by:"
            f' campaignsync problems "{program}" --code CONFLICT'
        )
    return chosen
