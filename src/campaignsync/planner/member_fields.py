"""What becomes of the custom fields of members that differ between a program and a campaign (M6.8, docs/adr/0010).

Called by the cycle for the plan that people read, and by `runtime.member_fields` for what is done. Each field is judged by
itself against what both sides last agreed on, over all members at once as columns. A record is written whole or not at all.

| agreed | ours | theirs | becomes |
| --- | --- | --- | --- |
| A | A | X | ours := X |
| A | X | A | theirs := X |
| A | X | Y | the link's winner: the program, the campaign, or a person; else ours for a lead, Salesforce's for a contact |
"""

from __future__ import annotations

import polars as pl

from campaignsync.domain.links import Winner
from campaignsync.domain.member_values import VALUE_CHANGES, VALUE_DIFFERENCES, VALUE_WRITES, ValuesCompared
from campaignsync.domain.people import PersonKind
from campaignsync.domain.problems import RECORD_PROBLEMS
from campaignsync.planner.decide import Verdict
from campaignsync.planner.people import refused_before

VALUES = {
    **VALUE_DIFFERENCES,
    "verdict": pl.String,
    "becomes": pl.String,
    "code": pl.String,
    "reason": pl.String,
}
"""One row a field that differs, sorted by verdict, person and field."""
CONFLICT = "CONFLICT"


def plan_values(compared: ValuesCompared, winner: Winner) -> pl.DataFrame:
    """What has to be done where the fields of members differ (VALUES)."""
    decided = compared.differences.with_columns(verdict=_verdict(winner), code=pl.lit(None, pl.String))
    decided = decided.with_columns(
        becomes=pl.when(pl.col("verdict") == Verdict.TO_CAMPAIGN)
        .then("ours")
        .when(pl.col("verdict") == Verdict.TO_PROGRAM)
        .then("theirs"),
        code=pl.when(pl.col("verdict") == Verdict.CONFLICT).then(pl.lit(CONFLICT)),
        reason=_reason(),
    )
    return (
        refused_before(decided, compared.held, Verdict.TO_CAMPAIGN)
        .select(*VALUES)
        .sort("verdict", "person_id", "field")
    )


def for_program(values: pl.DataFrame) -> pl.DataFrame:
    """VALUE_CHANGES."""
    rows = values.filter(pl.col("verdict") == Verdict.TO_PROGRAM)
    return rows.with_columns(was="ours").select(*VALUE_CHANGES)


def for_campaign(values: pl.DataFrame) -> pl.DataFrame:
    """VALUE_WRITES."""
    rows = values.filter(pl.col("verdict") == Verdict.TO_CAMPAIGN)
    return rows.with_columns(was="theirs").select(*VALUE_WRITES)


def conflicts(values: pl.DataFrame) -> pl.DataFrame:
    """The fields that a person decides on."""
    return values.filter(pl.col("verdict") == Verdict.CONFLICT)


def waiting(values: pl.DataFrame) -> pl.DataFrame:
    """Whose fields a person decides on, a row for each of them (RECORD_PROBLEMS)."""
    told = pl.format(
        "{}: '{}' in the program, '{}' in the campaign",
        "field",
        pl.col("ours").fill_null(""),
        pl.col("theirs").fill_null(""),
    )
    words = conflicts(values).group_by("person_id", maintain_order=True).agg(message=told.str.join("; "))
    return words.with_columns(
        pl.lit(CONFLICT).alias("code"),
        pl.lit(None, pl.String).alias("wanted"),
        pl.lit(value=False).alias("retriable"),
    ).select(*RECORD_PROBLEMS)


def unsettled(values: pl.DataFrame) -> list[int]:
    """Whose problems are not solved by this by itself: who waits, and who is about to be written."""
    open_rows = pl.col("verdict").is_in([Verdict.CONFLICT, Verdict.HOLD, Verdict.TO_CAMPAIGN])
    return values.filter(open_rows)["person_id"].unique().to_list()


_HERE = pl.col("ours").ne_missing(pl.col("agreed"))
_THERE = pl.col("theirs").ne_missing(pl.col("agreed"))


def _verdict(winner: Winner) -> pl.Expr:
    torn = {
        Winner.PROGRAM: pl.lit(Verdict.TO_CAMPAIGN.value),
        Winner.CAMPAIGN: pl.lit(Verdict.TO_PROGRAM.value),
        Winner.ASK: pl.lit(Verdict.CONFLICT.value),
        # A field has no step, so that neither side is further: who wins is as for fields of people (M7.4).
        Winner.FURTHER: pl.when(pl.col("kind") == PersonKind.CONTACT)
        .then(pl.lit(Verdict.TO_PROGRAM.value))
        .otherwise(pl.lit(Verdict.TO_CAMPAIGN.value)),
    }[winner]
    return (
        pl.when(_HERE & _THERE)
        .then(torn)
        .when(_HERE)
        .then(pl.lit(Verdict.TO_CAMPAIGN.value))
        .otherwise(pl.lit(Verdict.TO_PROGRAM.value))
    )


def _reason() -> pl.Expr:
    where = pl.when(_HERE).then(pl.lit("changed in the program")).otherwise(pl.lit("changed in the campaign"))
    return pl.when(_HERE & _THERE).then(pl.lit("changed on both sides")).otherwise(where)
