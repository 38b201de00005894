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
from campaignsync.planner.member_fields import conflicts, plan_values
from campaignsync.planner.reconcile import reconcile
from campaignsync.runtime.ports import Ledger

_DECIDED = ("email", "salesforce_id", "field", "program", "campaign")


def resolve(
    ledger: Ledger, link: LinkId, winner: Winner, *, who: str, people: Collection[str] | None
) -> pl.DataFrame:
    """Decide the conflicts of these people (e-mail addresses or Salesforce ids), or of all: email, salesforce_id, field
    (null: the status), program, campaign."""
    facts = ledger.link(link)
    with ledger.alone(facts.connection_id):
        members = reconcile(facts, ledger.trees(link)).conflicts
        values = conflicts(plan_values(ledger.compare_values(link), facts.policy.winner))
        if people is not None:
            _require_known(people, facts.program, {*_names(members), *_names(values)})
            members, values = (_chosen(each, people) for each in (members, values))
        ledger.decide_conflicts(link, members, winner, who)
        ledger.decide_values(link, values, winner, who)
    return pl.concat(
        [
            members.with_columns(pl.lit(None, pl.String).alias("field")).select(*_DECIDED),
            values.with_columns(program="ours", campaign="theirs").select(*_DECIDED),
        ]
    )


def _names(rows: pl.DataFrame) -> list[str]:
    return [*rows["email"], *rows["salesforce_id"]]


def _chosen(rows: pl.DataFrame, people: Collection[str]) -> pl.DataFrame:
    names = {comparable_email(each) or "" for each in people} | set(people)
    return rows.filter(pl.col("email").is_in(names) | pl.col("salesforce_id").is_in(names))


def _require_known(people: Collection[str], program: str, found: Collection[str]) -> None:
    strangers = [each for each in people if not {each, comparable_email(each)} & set(found)]
    if strangers:
        raise UsageError(
            f"{', '.join(strangers)}: no conflict in program '{program}'. The conflicts are listed by:"
            f' campaignsync problems "{program}" --code CONFLICT'
        )
