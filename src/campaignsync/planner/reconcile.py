"""Joins the three trees of a link and asks `decide` once for each distinct difference: the plan.

Called by `runtime.cycle`. Python is never called once a member, only once a distinct (agreed, program, campaign); everything else
is Polars. Labels are brought to the channel's spelling first, so that a difference in case is no difference (M4.3).
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from campaignsync.domain.errors import UsageError
from campaignsync.domain.links import FieldEdit
from campaignsync.domain.programs import actual_cost
from campaignsync.domain.runs import CampaignFieldValue, LinkFacts
from campaignsync.domain.statuses import Channel, folded
from campaignsync.domain.trees import Trees
from campaignsync.planner.decide import Decision, Rules, Verdict, decide
from campaignsync.planner.plan import MEMBERS, REFUSED_BEFORE, FieldChange, Plan

_SIDES = ("agreed", "program", "campaign")
_COST_SCALE = 2
_CODES = {Verdict.CONFLICT: "CONFLICT", Verdict.HOLD: "UNKNOWN_STATUS"}


def reconcile(facts: LinkFacts, trees: Trees) -> Plan:
    """What has to be done to make both sides of a link the same."""
    differences = joined(facts.channel, trees).filter(
        ~(pl.col("agreed").eq_missing("program") & pl.col("program").eq_missing("campaign"))
    )
    triples = differences.select(_SIDES).unique().sort(_SIDES)
    decided = pl.DataFrame(
        [_verdict_row(facts, *triple) for triple in triples.rows()], schema=_VERDICTS, orient="row"
    )
    members = (
        _refused_before(differences.join(decided, on=_SIDES, nulls_equal=True), trees.held)
        .join(trees.people.select("person_id", "email", "name"), on="person_id", how="left")
        .select(*MEMBERS)
        .sort("verdict", "person_id")
    )
    return Plan(
        link_id=facts.link_id,
        program=facts.program,
        campaign_id=facts.campaign_id,
        campaign=facts.campaign,
        members=members,
        fields=tuple(field_changes(facts)),
    )


_VERDICTS = {
    **dict.fromkeys(_SIDES, pl.String),
    **dict.fromkeys(("verdict", "becomes", "code", "reason"), pl.String),
}


def joined(channel: Channel, trees: Trees) -> pl.DataFrame:
    """The three trees side by side, one row a person: person_id, agreed, program, campaign, campaign_member_id."""
    sides = [_spelled(channel, getattr(trees, side)).rename({"status": side}) for side in _SIDES]
    sides[2] = _furthest(channel, sides[2])
    whole = sides[0].join(sides[1], on="person_id", how="full", coalesce=True)
    return whole.join(sides[2], on="person_id", how="full", coalesce=True)


def _spelled(channel: Channel, tree: pl.DataFrame) -> pl.DataFrame:
    """Labels in the channel's spelling; a label that the channel lacks stays as it is."""
    labels = tree["status"].unique().drop_nulls().to_list()
    spelling = {label: status.name for label in labels if (status := channel.find(label))}
    return tree.with_columns(pl.col("status").replace(spelling))


def _furthest(channel: Channel, campaign: pl.DataFrame) -> pl.DataFrame:
    """One row a person: a lead and the contact it became may both be members (S1.3.4); the furthest status counts."""
    steps = {status.name: status.step for status in channel.statuses}
    step = pl.col("campaign").replace_strict(steps, default=-1, return_dtype=pl.Int64)
    return campaign.sort("person_id", step, "campaign_member_id", descending=[False, True, False]).unique(
        "person_id", keep="first", maintain_order=True
    )


def _verdict_row(
    facts: LinkFacts, agreed: str | None, program: str | None, campaign: str | None
) -> tuple[str | None, ...]:
    decision = _possible(facts, decide(agreed, program, campaign, Rules.of(facts.channel, facts.policy)))
    code = _CODES.get(decision.verdict)
    return agreed, program, campaign, decision.verdict.value, decision.becomes, code, decision.why


def _possible(facts: LinkFacts, decision: Decision) -> Decision:
    """A label that the campaign lacks is never written: Salesforce would store its default without a word (S0.2)."""
    if decision.verdict is not Verdict.TO_CAMPAIGN or decision.becomes is None:
        return decision
    if folded(decision.becomes) in {folded(status.label) for status in facts.statuses}:
        return decision
    why = f"the campaign has no status '{decision.becomes}': add it in Salesforce, or link with --create-statuses"
    return Decision(verdict=Verdict.HOLD, becomes=decision.becomes, why=why)


def _refused_before(rows: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """Writes that were refused and are not due again wait, with Salesforce's words."""
    rows = rows.join(held.with_columns(pl.lit(value=True).alias("is_held")), on="person_id", how="left")
    waits = (
        pl.col("is_held").fill_null(value=False)
        & (pl.col("verdict") == Verdict.TO_CAMPAIGN)
        & pl.col("becomes").eq_missing("wanted")
    )
    return rows.with_columns(
        pl.when(waits).then(pl.lit(Verdict.HOLD.value)).otherwise("verdict").alias("verdict"),
        pl.when(waits).then(pl.lit(REFUSED_BEFORE)).otherwise("code").alias("code"),
        pl.when(waits).then("message").otherwise("reason").alias("reason"),
    )


def field_changes(facts: LinkFacts) -> Iterator[FieldChange]:
    """Type and ActualCost where they must change or cannot (M5.1–M5.3)."""
    for name, wanted in (("Type", _wanted_type), ("ActualCost", _wanted_cost)):
        old = facts.campaign_fields.get(name)
        try:
            new = wanted(facts)
        except UsageError as error:
            yield FieldChange(name=name, old=old, new=old, held=str(error))
            continue
        if new is not None and new != old and not _stays(facts, name, old, new):
            yield FieldChange(name=name, old=old, new=new, held=_refused(facts, name, new))


def _wanted_type(facts: LinkFacts) -> CampaignFieldValue:
    return facts.channel.type_for_campaign()


def _wanted_cost(facts: LinkFacts) -> CampaignFieldValue:
    return actual_cost(
        facts.costs, currency=facts.campaign_currency, scale=_COST_SCALE, had_costs=facts.had_costs
    )


def _stays(facts: LinkFacts, name: str, old: CampaignFieldValue, new: CampaignFieldValue) -> bool:
    """Whether a difference is none to write: Salesforce's own rendition of what we wrote, or an edit kept by choice (M5.3)."""
    agreed = facts.agreed_fields.get(name)
    return (
        agreed is not None
        and agreed.written == new
        and (agreed.found == old or facts.policy.field_edit is FieldEdit.KEEP)
    )


def _refused(facts: LinkFacts, name: str, new: CampaignFieldValue) -> str | None:
    refusal = facts.refused_fields.get(name)
    return refusal.message if refusal and refusal.value == new else None
