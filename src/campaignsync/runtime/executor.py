"""Carries out one plan: our side in one commit, then Salesforce call by call, each recorded by what was read back.

Called by `cycle` alone. What is about to be written is committed as intended first, so that a run that is killed between a
write and its record is understood by the next one (M7.11, S0.2). A refused record never stops the others.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import polars as pl

from campaignsync.domain.backlog import CAMPAIGNS_THERE, LEADS_THERE, MEMBERS_HERE, MEMBERS_THERE
from campaignsync.domain.errors import (
    CHANGED_MEANWHILE,
    DUPLICATE_VALUE,
    RESTRICTED_PICKLIST,
    RefusedError,
    UnknownOutcomeError,
)
from campaignsync.domain.ids import RunId
from campaignsync.domain.people import PersonKind
from campaignsync.domain.runs import FieldAgreement, FieldRefusal, LinkFacts, MemberBatch, RunReport
from campaignsync.domain.steps import at_once, texts_in
from campaignsync.domain.trees import MEMBER_OUTCOMES, MEMBER_WRITES
from campaignsync.planner.decide import Rules, Verdict, decide
from campaignsync.planner.plan import Plan
from campaignsync.runtime.member_fields import sync_values
from campaignsync.runtime.people import OrgPeople
from campaignsync.runtime.ports import Ledger, SalesforceDoor
from campaignsync.runtime.progress import Tell
from campaignsync.runtime.telemetry import span

_NO_OUTCOMES = pl.DataFrame(schema=MEMBER_OUTCOMES)

PROGRAM_CHANGES = {"person_id": pl.Int64, "was": pl.String, "status": pl.String, "why": pl.String}
"""What `Ledger.change_program` takes: a status of the program, and what it is to be (null: leaves)."""


@span("execute")
def execute(
    run: RunId, facts: LinkFacts, plan: Plan, door: SalesforceDoor, ledger: Ledger, tell: Tell
) -> RunReport:
    """Do what the plan says; what came of it."""
    calls_before = door.api_calls
    changes = take_to_program(run, plan, ledger, tell, calls_before)
    ledger.agree(run, plan.agreements.select("person_id", pl.col("becomes").alias("status")))
    ledger.hold(run, plan.waiting, plan.unsettled)
    people = OrgPeople(
        connection=facts.connection_id, leads=facts.leads, door=door, ledger=ledger, run=run, tell=tell
    )
    unmatched = people.unmatched(plan.for_campaign["person_id"].to_list())
    fields_written, fields_refused = write_fields(run, facts, plan, door, ledger, to_find=unmatched.height)
    not_found = people.find_or_create(unmatched)
    outcomes = write_members(run, facts, plan, door, ledger, tell)
    values = sync_values(run, facts, door, ledger, tell)
    report = reported(facts, plan, changes, outcomes, door.api_calls - calls_before)
    not_made = not_found.height and not_found.filter("known").height
    waited = plan.backlog
    left = {
        MEMBERS_HERE: waited[MEMBERS_HERE] - report.program_changes,
        MEMBERS_THERE: waited[MEMBERS_THERE] - report.campaign_changes,
        LEADS_THERE: not_found.height,
        CAMPAIGNS_THERE: waited[CAMPAIGNS_THERE] - fields_written,
    }
    ledger.count_waiting(run, left)
    return replace(
        report,
        program_changes=report.program_changes + values.here,
        campaign_changes=report.campaign_changes + fields_written + values.there,
        refused=report.refused + not_made + fields_refused + values.refused,
        conflicts=report.conflicts + values.conflicts,
        unknown=report.unknown
        + (len(plan.field_writes) - fields_written - fields_refused)
        + (not_found.height - not_made)
        + values.unknown,
    )


def take_to_program(run: RunId, plan: Plan, ledger: Ledger, tell: Tell, calls: int) -> int:
    """Our side follows, in one commit, after so many API calls; how many members change."""
    tell(0, plan.for_program.height, calls)
    changes = plan.for_program.select(
        "person_id",
        pl.col("program").alias("was"),
        pl.col("becomes").alias("status"),
        pl.col("reason").alias("why"),
    )
    ledger.change_program(run, changes)
    tell(changes.height, changes.height, calls)
    return changes.height


def reported(facts: LinkFacts, plan: Plan, changes: int, outcomes: pl.DataFrame, api_calls: int) -> RunReport:
    """What came of the members of a plan: `changes` of ours, and the outcomes of theirs (MEMBER_OUTCOMES)."""
    told = RunReport(
        program=facts.program,
        connection=facts.connection,
        program_changes=changes,
        conflicts=plan.conflicts.height,
        api_calls=api_calls,
    )
    if outcomes.is_empty():
        return told
    known, meanwhile = pl.col("known"), pl.col("code").eq_missing(pl.lit(CHANGED_MEANWHILE))
    fits = pl.col("code").is_null() & pl.col("found").eq_missing(pl.col("wanted"))
    written, refused, unknown, overtaken = outcomes.select(
        written=(known & fits).sum(),
        refused=(known & ~meanwhile & ~fits).sum(),
        unknown=(~known).sum(),
        overtaken=meanwhile.sum(),
    ).row(0)
    return replace(told, campaign_changes=written, refused=refused, unknown=unknown, overtaken=overtaken)


def write_fields(
    run: RunId, facts: LinkFacts, plan: Plan, door: SalesforceDoor, ledger: Ledger, *, to_find: int
) -> tuple[int, int]:
    """Write type and cost, one way (M5), each by itself so that a refused type does not keep back the cost; how many were
    written and how many refused. So many people are looked for next."""
    for name, value in plan.equal_fields.items():
        ledger.record_field(run, name, FieldAgreement(written=value, found=value))
    written = refused = 0
    for change in plan.field_writes:
        try:
            found = door.write_campaign(facts.campaign_id, {change.name: change.new}, to_find=to_find)
        except RefusedError as refusal:
            ledger.record_field_refusal(
                run, change.name, FieldRefusal(value=change.new, message=_told(facts, change.name, refusal))
            )
            refused += 1
        except UnknownOutcomeError:
            # The next round reads the campaign and writes again if it must: writing a value twice does no harm.
            continue
        else:
            ledger.record_field(
                run, change.name, FieldAgreement(written=change.new, found=found[change.name])
            )
            written += 1
    return written, refused


def _told(facts: LinkFacts, field: str, refusal: RefusedError) -> str:
    """Salesforce's words, and the ways out where an admin has restricted the types that campaigns may have (M5.1)."""
    if field != "Type" or refusal.code != RESTRICTED_PICKLIST:
        return str(refusal)
    kept = facts.campaign_fields.get("Type")
    keeps = f"keeps '{kept}'" if kept else "has no type"
    return (
        f"{refusal}. The campaign {keeps}. Add the value to Campaign.Type in Salesforce, or choose one that is there:"
        f' campaignsync channel alias "{facts.channel.name}" VALUE'
    )


def write_members(
    run: RunId, facts: LinkFacts, plan: Plan, door: SalesforceDoor, ledger: Ledger, tell: Tell
) -> pl.DataFrame:
    """Add, change and remove members of the campaign; MEMBER_OUTCOMES of all that was asked for."""
    outcomes = _NO_OUTCOMES
    if plan.for_campaign.is_empty():
        return outcomes
    identities = ledger.identities(facts.connection_id, plan.for_campaign["person_id"].to_list())
    writes = member_writes(facts, plan, identities)
    ledger.intend_members(run, writes)
    note = partial(ledger.note_job, facts.connection_id)
    for answered in door.write_members(facts.campaign_id, writes, note):
        batch = met(understood(facts, answered), writes)
        batch = put_back(run, facts, plan, batch, door, ledger)
        batch = replace(batch, reasons=plan.for_campaign.select("person_id", "reason"))
        ledger.record_members(run, batch)
        outcomes = outcomes.vstack(batch.outcomes)
        tell(outcomes.height, writes.height, door.api_calls)
    ledger.forget_jobs(facts.connection_id)
    return outcomes


def met(batch: MemberBatch, writes: pl.DataFrame) -> MemberBatch:
    """Whom we (MEMBER_WRITES) meant to add and whom somebody else had added since our look: as we wanted, which is no refusal, or
    otherwise, which the next run judges. Who cannot be seen there is asked for once more later."""
    if not (batch.outcomes["code"] == DUPLICATE_VALUE).any():
        return batch
    new = writes.filter(pl.col("campaign_member_id").is_null())["person_id"]
    was_there = pl.col("person_id").is_in(new.implode()) & (pl.col("code") == DUPLICATE_VALUE)
    seen, as_wanted = pl.col("found").is_not_null(), pl.col("found") == pl.col("wanted")
    outcomes = batch.outcomes.with_columns(
        pl.when(was_there & as_wanted)
        .then(None)
        .when(was_there & seen)
        .then(pl.lit(CHANGED_MEANWHILE))
        .otherwise("code")
        .alias("code"),
        (pl.col("retriable") | (was_there & ~seen).fill_null(value=False)).alias("retriable"),
    )
    return replace(batch, outcomes=outcomes)


def put_back(
    run: RunId, facts: LinkFacts, plan: Plan, batch: MemberBatch, door: SalesforceDoor, ledger: Ledger
) -> MemberBatch:
    """Whom somebody gave another status between our look and our write gets it back at once, unless the rules say that ours
    counts all the same; nothing is agreed on, so that the next run judges the two edits. Whoever cannot be given it back has it
    here instead, and the next run takes it there."""
    rows = overtaken(facts, plan, batch, ledger)
    if rows.is_empty():
        return batch
    members, restored = [batch.members], list[int]()
    note = partial(ledger.note_job, facts.connection_id)
    try:
        for back in door.write_members(facts.campaign_id, rows, note):
            members.append(back.members)
            stands = pl.col("known") & pl.col("code").is_null()
            restored += back.outcomes.filter(stands)["person_id"].to_list()
    finally:
        keep_here(run, facts, plan, rows.filter(~pl.col("person_id").is_in(restored)), ledger)
    again = pl.col("person_id").is_in(restored)
    outcomes = batch.outcomes.with_columns(
        pl.when(again).then(pl.lit(CHANGED_MEANWHILE)).otherwise("code").alias("code")
    )
    return replace(batch, outcomes=outcomes, members=pl.concat(members))


def keep_here(run: RunId, facts: LinkFacts, plan: Plan, rows: pl.DataFrame, ledger: Ledger) -> None:
    """What was written over there and not given back (MEMBER_WRITES), and the program is to have by the rules, it gets at once:
    nothing but the answer that we hold knows of it."""
    if rows.is_empty():
        return
    agreed = dict(plan.for_campaign.select("person_id", "agreed").rows())
    here = ledger.statuses_here(facts.link_id, rows["person_id"].to_list())
    spelling = facts.vocabulary.spelling(texts_in([rows["status"]]))
    rules, changes = Rules.of(facts.channel, facts.policy), []
    for person, label in rows.select("person_id", "status").rows():
        decision = decide(agreed[person], here.get(person), spelling.get(label, label), rules)
        if decision.verdict is Verdict.TO_PROGRAM:
            changes.append((person, here.get(person), decision.becomes, decision.why))
    if changes:
        ledger.change_program(run, pl.DataFrame(changes, schema=PROGRAM_CHANGES, orient="row"))


def overtaken(facts: LinkFacts, plan: Plan, batch: MemberBatch, ledger: Ledger) -> pl.DataFrame:
    """The writes (MEMBER_WRITES) that bring back what a batch wrote over: rows that did not say any more what the plan saw. What
    stands in the program by now is what they are judged by: what the plan took from there may be gone as well."""
    if batch.before.is_empty():
        return pl.DataFrame(schema=MEMBER_WRITES)
    written = batch.outcomes.lazy().filter(pl.col("known") & pl.col("code").is_null())
    spelling = facts.vocabulary.spelling(texts_in([batch.before["status"]]))
    seen = plan.for_campaign.lazy().select("person_id", "campaign_member_id", "agreed", "campaign")
    changed = at_once(
        batch.before.lazy()
        .with_columns(pl.col("status").replace(spelling).alias("now"))
        .join(seen, left_on="id", right_on="campaign_member_id")
        .join(written.select("person_id", "wanted"), on="person_id")
        .filter(pl.col("now").ne_missing(pl.col("campaign")) & pl.col("now").ne_missing(pl.col("wanted")))
    )
    if changed.is_empty():
        return pl.DataFrame(schema=MEMBER_WRITES)
    rules = Rules.of(facts.channel, facts.policy)
    here = ledger.statuses_here(facts.link_id, changed["person_id"].to_list())
    rows = [
        {
            "person_id": row["person_id"],
            "campaign_member_id": None if row["wanted"] is None else row["id"],
            "salesforce_id": row["contact_id"] or row["lead_id"],
            "kind": (PersonKind.CONTACT if row["contact_id"] else PersonKind.LEAD).value,
            "status": row["status"],
        }
        for row in changed.to_dicts()
        if decide(row["agreed"], here.get(row["person_id"]), row["now"], rules).verdict
        is not Verdict.TO_CAMPAIGN
    ]
    return pl.DataFrame(rows, schema=MEMBER_WRITES)


def understood(facts: LinkFacts, batch: MemberBatch) -> MemberBatch:
    """A batch whose outcomes are told in the channel's words: what was read back is compared by what it means (M4.4, S0.2)."""
    spelling = facts.vocabulary.spelling(texts_in([batch.outcomes["wanted"], batch.outcomes["found"]]))
    if all(label == meant for label, meant in spelling.items()):
        return batch
    return replace(batch, outcomes=batch.outcomes.with_columns(pl.col("wanted", "found").replace(spelling)))


def member_writes(facts: LinkFacts, plan: Plan, identities: pl.DataFrame) -> pl.DataFrame:
    """What to ask of the campaign (MEMBER_WRITES), for the people whom Salesforce knows."""
    spelling = {status: facts.label(status) for status in facts.channel.names}
    return at_once(
        plan.for_campaign.lazy()
        .select("person_id", "campaign_member_id", "becomes")
        .join(identities.lazy(), on="person_id")
        .with_columns(pl.col("becomes").replace(spelling).alias("status"))
        .select(*MEMBER_WRITES)
        .sort("person_id")
    )
