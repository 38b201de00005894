"""Joins the three trees of a link and asks `decide` once for each distinct difference: the plan.

Called by `runtime.cycle`. Python is never called once a member, only once a distinct (agreed, program, campaign); everything else
is Polars. Labels are brought to the channel's spelling first, so that a difference in case is no difference (M4.3).
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from contextlib import suppress
from dataclasses import replace

import polars as pl

from campaignsync.domain.errors import UsageError
from campaignsync.domain.labels import Vocabulary
from campaignsync.domain.links import FieldEdit
from campaignsync.domain.programs import actual_cost
from campaignsync.domain.runs import CampaignFieldValue, LinkFacts
from campaignsync.domain.statuses import Channel, folded
from campaignsync.domain.steps import at_once, texts_in
from campaignsync.domain.trees import REFUSED_BEFORE, Trees
from campaignsync.planner.decide import Decision, Rules, Verdict, decide
from campaignsync.planner.plan import MEMBERS, FieldChange, Plan

_SIDES = ("agreed", "program", "campaign")
_DECIDED = dict.fromkeys((*_SIDES, "verdict", "becomes", "code", "reason"), pl.String)
_DIFFER = pl.col("agreed").ne_missing(pl.col("program")) | pl.col("program").ne_missing(pl.col("campaign"))
_NOBODY = pl.DataFrame(schema=MEMBERS)
_CODES = {Verdict.CONFLICT: "CONFLICT", Verdict.HOLD: "UNKNOWN_STATUS"}


def reconcile(facts: LinkFacts, trees: Trees) -> Plan:
    """What has to be done to make both sides of a link the same."""
    trees = spelled(facts.vocabulary, trees)
    if _same(trees):
        return Plan.of_link(facts, _NOBODY, field_changes(facts), equal_fields(facts))
    differences = at_once(_side_by_side(facts.channel, trees).filter(_DIFFER))
    if differences.is_empty():
        return Plan.of_link(facts, _NOBODY, field_changes(facts), equal_fields(facts))
    decided = _decided(facts, differences.select(_SIDES).unique())
    members = at_once(
        _refused_before(differences.lazy().join(decided.lazy(), on=_SIDES, nulls_equal=True), trees.held)
        .join(trees.people.lazy(), on="person_id", how="left")
        .select(*MEMBERS)
        .sort("verdict", "person_id")
    )
    return Plan.of_link(facts, members, field_changes(facts), equal_fields(facts))


def _same(trees: Trees) -> bool:
    """Whether all three trees are one another's likeness, row by row: what most links are, and quicker seen than joined."""
    return trees.agreed.equals(trees.program) and trees.agreed.equals(
        trees.campaign.select("person_id", "status")
    )


def spelled(vocabulary: Vocabulary, trees: Trees) -> Trees:
    """The trees in the channel's words, so that labels which mean the same are the same (M4.3, M4.4)."""
    columns = (
        trees.agreed["status"],
        trees.program["status"],
        trees.campaign["status"],
        trees.held["wanted"],
    )
    spelling = vocabulary.spelling(texts_in(columns))
    if all(label == meant for label, meant in spelling.items()):
        return trees
    status = pl.col("status").replace(spelling)
    return replace(
        trees,
        agreed=trees.agreed.with_columns(status),
        program=trees.program.with_columns(status),
        campaign=trees.campaign.with_columns(status),
        held=trees.held.with_columns(pl.col("wanted").replace(spelling)),
    )


def side_by_side(channel: Channel, trees: Trees) -> pl.DataFrame:
    """One row for everybody in any tree: person_id, agreed, program, campaign, campaign_member_id."""
    return at_once(_side_by_side(channel, trees))


def _side_by_side(channel: Channel, trees: Trees) -> pl.LazyFrame:
    agreed = trees.agreed.lazy().rename({"status": "agreed"})
    program = trees.program.lazy().rename({"status": "program"})
    campaign = _furthest(channel, trees.campaign).lazy().rename({"status": "campaign"})
    ours = agreed.join(program, on="person_id", how="full", coalesce=True)
    return ours.join(campaign, on="person_id", how="full", coalesce=True)


def _furthest(channel: Channel, campaign: pl.DataFrame) -> pl.DataFrame:
    """One row a person: a lead and the contact it became may both be members (S1.3.4); the furthest status counts."""
    if campaign["person_id"].n_unique() == campaign.height:
        return campaign
    steps = {status.name: status.step for status in channel.statuses}
    step = pl.col("status").replace_strict(steps, default=-1, return_dtype=pl.Int64)
    return campaign.sort("person_id", -step, "campaign_member_id").unique(
        "person_id", keep="first", maintain_order=True
    )


def _decided(facts: LinkFacts, triples: pl.DataFrame) -> pl.DataFrame:
    """What becomes of each distinct (agreed, program, campaign)."""
    rules = Rules.of(facts.channel, facts.policy)
    offered = {folded(status.label) for status in facts.statuses}
    rows = []
    for agreed, program, campaign in triples.rows():
        decision = _possible(decide(agreed, program, campaign, rules), facts, offered)
        code = _CODES.get(decision.verdict)
        rows.append((agreed, program, campaign, decision.verdict.value, decision.becomes, code, decision.why))
    return pl.DataFrame(rows, schema=_DECIDED, orient="row")


def _possible(decision: Decision, facts: LinkFacts, offered: Container[str]) -> Decision:
    """A label that the campaign lacks is never written: Salesforce would store its default without a word (S0.2). Whoever
    waits for a label is told the ways out (M6.5)."""
    if decision.verdict is Verdict.HOLD:
        way_out = f': change it in Salesforce, or say what it means: campaignsync labels "{facts.program}" --map LABEL=STATUS'
        return replace(decision, why=decision.why + way_out)
    wanted = decision.becomes
    if (
        decision.verdict is not Verdict.TO_CAMPAIGN
        or wanted is None
        or folded(facts.label(wanted)) in offered
    ):
        return decision
    why = f"the campaign has no status '{wanted}': campaignsync labels \"{facts.program}\" --create-statuses adds it"
    return Decision(verdict=Verdict.HOLD, becomes=wanted, why=why)


def _refused_before(rows: pl.LazyFrame, held: pl.DataFrame) -> pl.LazyFrame:
    """Writes that were refused and are not due again wait, with Salesforce's words (docs/adr/0004)."""
    if held.is_empty():
        return rows
    known = held.lazy().rename({"wanted": "becomes"})
    waits = pl.col("message").is_not_null() & (pl.col("verdict") == Verdict.TO_CAMPAIGN)
    return rows.join(known, on=("person_id", "becomes"), how="left", nulls_equal=True).with_columns(
        pl.when(waits).then(pl.lit(Verdict.HOLD.value)).otherwise("verdict").alias("verdict"),
        pl.when(waits).then(pl.lit(REFUSED_BEFORE)).otherwise("code").alias("code"),
        pl.when(waits).then("message").otherwise("reason").alias("reason"),
    )


def field_changes(facts: LinkFacts) -> Iterator[FieldChange]:
    """Type and ActualCost where they must change or cannot (M5.1–M5.3)."""
    for name, wanted in _WANTED.items():
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
        facts.costs,
        currency=facts.campaign_currency,
        scale=facts.cost_scale,
        had_costs=facts.had_costs,
        rates=facts.rates,
    )


_WANTED = {"Type": _wanted_type, "ActualCost": _wanted_cost}


def equal_fields(facts: LinkFacts) -> dict[str, CampaignFieldValue]:
    """Fields that say what they should and are not yet remembered so, such as those of a campaign made from the program."""
    found: dict[str, CampaignFieldValue] = {}
    for name, wanted in _WANTED.items():
        with suppress(UsageError):
            value = wanted(facts)
            agreed = facts.agreed_fields.get(name)
            if (
                value is not None
                and value == facts.campaign_fields.get(name)
                and (agreed is None or agreed.written != value)
            ):
                found[name] = value
    return found


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
