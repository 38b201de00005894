"""The inverse of a run as a plan: who gets back what they had before it, and what cannot be undone, and why.

Made from what the journal says the run did and from the trees as they are now; called by `runtime.undo`. Whatever has changed
since the run stays as it is now: an undo never takes away what somebody did later. One-way fields follow the program and are
undone there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from campaignsync.domain.ids import RunId
from campaignsync.domain.runs import LinkFacts
from campaignsync.domain.statuses import folded
from campaignsync.domain.trees import RunChanges, Trees
from campaignsync.planner.decide import Verdict
from campaignsync.planner.member_fields import VALUES
from campaignsync.planner.plan import MEMBERS, FieldChange, Plan
from campaignsync.planner.reconcile import side_by_side, spelled

CHANGED_SINCE, NO_SUCH_STATUS = "CHANGED_SINCE", "NO_SUCH_STATUS"
_BACK = {"program": Verdict.TO_PROGRAM, "campaign": Verdict.TO_CAMPAIGN}


def inverse(facts: LinkFacts, trees: Trees, run: RunId, done: RunChanges) -> Plan:
    """What has to be done to take back what a run did to the members of both sides."""
    members = done.members
    labels = pl.concat([members["old"], members["new"]]).unique().drop_nulls().to_list()
    words = facts.vocabulary.spelling(labels)
    now = side_by_side(facts.channel, spelled(facts.vocabulary, trees))
    changed = (
        members.with_columns(pl.col("old", "new").replace(words))
        .filter(pl.col("old").ne_missing(pl.col("new")))
        .join(now, on="person_id", how="left")
    )
    taken_back = pl.concat([_taken_back(facts, changed.filter(side=side), side, run) for side in _BACK])
    named = taken_back.join(done.people, on="person_id", how="left").select(*MEMBERS)
    plan = Plan.of_link(facts, named.sort("verdict", "person_id"), _left_to_the_program(facts, done))
    return plan if done.values is None else replace(plan, values=_values_taken_back(done.values, run))


def _values_taken_back(done: pl.DataFrame, run: RunId) -> pl.DataFrame:
    """The custom fields of members (VALUES): back to what they were, where nothing has changed there since."""
    now = pl.when(pl.col("side") == "program").then("ours").otherwise("theirs")
    since = now.ne_missing(pl.col("new"))
    return (
        done.filter(pl.col("old").ne_missing(pl.col("new")))
        .with_columns(
            verdict=pl.when(since)
            .then(pl.lit(Verdict.HOLD.value))
            .otherwise(pl.col("side").replace_strict({side: to.value for side, to in _BACK.items()})),
            becomes=pl.col("old"),
            code=pl.when(since).then(pl.lit(CHANGED_SINCE)),
            reason=pl.when(since)
            .then(pl.lit(f"changed since run {run}, and stays"))
            .otherwise(pl.lit(f"undo of run {run}")),
        )
        .select(*VALUES)
        .sort("verdict", "person_id", "field")
    )


def _left_to_the_program(facts: LinkFacts, done: RunChanges) -> Iterator[FieldChange]:
    """The fields that a run wrote: they stay as they are."""
    for name in sorted(done.fields):
        stays = facts.campaign_fields.get(name)
        why = "it follows the program, one way (M5): change the program instead"
        yield FieldChange(name=name, old=stays, new=stays, held=why)


def _taken_back(facts: LinkFacts, changed: pl.DataFrame, side: str, run: RunId) -> pl.DataFrame:
    """The rows of one side: back to what was before the run, where nothing has changed there since and it still can be."""
    possible = {folded(name): name for name in facts.channel.names}
    if side == "campaign":
        offered = {folded(status.label) for status in facts.statuses}
        possible = {key: name for key, name in possible.items() if folded(facts.label(name)) in offered}
    since = pl.col(side).ne_missing(pl.col("new"))
    lost = pl.col("old").is_not_null() & ~pl.col("old").is_in(list(possible.values()))
    code = pl.when(since).then(pl.lit(CHANGED_SINCE)).when(lost).then(pl.lit(NO_SUCH_STATUS)).otherwise(None)
    now = pl.when(pl.col(side).is_null()).then(pl.lit("no member")).otherwise(pl.format("'{}'", side))
    reason = (
        pl.when(since)
        .then(pl.format(f"{{}} in the {side} by now: changed since run {run}, and stays", now))
        .when(lost)
        .then(pl.format(f"the {side} has no status '{{}}' any more", "old"))
        .otherwise(pl.lit(f"undo of run {run}"))
    )
    verdict = pl.when(since | lost).then(pl.lit(Verdict.HOLD.value)).otherwise(pl.lit(_BACK[side].value))
    return changed.with_columns(
        becomes=pl.col("old"), verdict=verdict, code=code.cast(pl.String), reason=reason
    )
