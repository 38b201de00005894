"""What becomes of the fields of people that differ from the lead's or the contact's: the plan of one org (M7.4, M7.5).

Called by `runtime.person_fields`. A change is judged against what both sides last agreed on, field by field, over all people at
once as columns. A record is written whole or not at all, so that one refused field keeps the others of its person back.

| agreed | ours | theirs | becomes |
| --- | --- | --- | --- |
| A | A | X | ours := X, if the field may come from Salesforce |
| A | X | A | theirs := X, if it may go there |
| A | X | Y | whoever wins: for a lead we, for a contact Salesforce, or as the field is set |
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

import polars as pl

from campaignsync.domain.fields import (
    PERSON_CHANGES,
    PERSON_DIFFERENCES,
    PERSON_WRITES,
    FieldRule,
    PeopleCompared,
    wanted_text,
)
from campaignsync.domain.problems import RECORD_PROBLEMS
from campaignsync.domain.steps import at_once
from campaignsync.domain.trees import REFUSED_BEFORE


class FieldVerdict(StrEnum):
    """What has to be done about one field of one person."""

    TO_PERSON = "to person"
    TO_SALESFORCE = "to Salesforce"
    NOTHING = "nothing"  # it does not go the way it would have to
    HOLD = "hold"  # refused before, or a person mends something first


FIELDS = {
    **PERSON_DIFFERENCES,
    "verdict": pl.String,
    "becomes": pl.String,
    "code": pl.String,
    "reason": pl.String,
}
"""One row a field that differs, sorted by verdict, person and field."""
_RULES = {
    "kind": pl.String,
    "field": pl.String,
    "to_salesforce": pl.Boolean,
    "to_person": pl.Boolean,
    "ours_wins": pl.Boolean,
}
_OPEN = (pl.col("verdict") == FieldVerdict.HOLD) | (pl.col("verdict") == FieldVerdict.TO_SALESFORCE)
_NO_CHANGES = pl.DataFrame(schema=PERSON_CHANGES)
_NO_WRITES = pl.DataFrame(schema=PERSON_WRITES)
_NO_PROBLEMS = pl.DataFrame(schema=RECORD_PROBLEMS)
TAKEN = "EMAIL_TAKEN"


@dataclass(frozen=True, slots=True, kw_only=True)
class PeoplePlan:
    """What has to be done to the fields of the people of one org."""

    fields: pl.DataFrame
    """FIELDS."""

    def of(self, verdict: FieldVerdict) -> pl.DataFrame:
        return self.fields if self.fields.is_empty() else self.fields.filter(pl.col("verdict") == verdict)

    @property
    def for_people(self) -> pl.DataFrame:
        """PERSON_CHANGES."""
        rows = self.of(FieldVerdict.TO_PERSON)
        if rows.is_empty():
            return _NO_CHANGES
        return rows.with_columns(pl.col("ours").alias("was")).select(*PERSON_CHANGES)

    @property
    def for_salesforce(self) -> pl.DataFrame:
        """PERSON_WRITES."""
        rows = self.of(FieldVerdict.TO_SALESFORCE)
        if rows.is_empty():
            return _NO_WRITES
        return rows.with_columns(pl.col("theirs").alias("was")).select(*PERSON_WRITES)

    @property
    def filled(self) -> int:
        """How many fields of ours, empty when the two sides meet, get what Salesforce has: nobody has changed those."""
        rows = self.of(FieldVerdict.TO_PERSON)
        return rows.height and rows.filter(_FILLED).height

    @property
    def waiting(self) -> pl.DataFrame:
        """What a person has to mend first (RECORD_PROBLEMS), looked at again by itself, since nothing tells when it is."""
        if self.fields.is_empty():
            return _NO_PROBLEMS
        held = self.fields.filter(pl.col("code") == TAKEN)
        return held.select(
            "person_id",
            "code",
            pl.col("reason").alias("message"),
            pl.col("theirs").alias("wanted"),
            pl.lit(value=True).alias("retriable"),
        ).cast(dict(RECORD_PROBLEMS))  # type: ignore[arg-type]

    @property
    def unsettled(self) -> list[int]:
        """Whose problems this plan does not solve by itself: who waits, and who is about to be written."""
        if self.fields.is_empty():
            return []
        return at_once(self.fields.lazy().filter(_OPEN).select("person_id").unique())["person_id"].to_list()

    @property
    def counts(self) -> dict[str, int]:
        """How many fields have each verdict; every key is there."""
        counted = dict(self.fields["verdict"].value_counts().rows())
        return {verdict.value: counted.get(verdict.value, 0) for verdict in FieldVerdict}


def plan_people(compared: PeopleCompared, rules: Iterable[FieldRule]) -> PeoplePlan:
    """What has to be done where people and their leads and contacts differ."""
    if compared.differences.is_empty():
        return PeoplePlan(fields=pl.DataFrame(schema=FIELDS))
    table = pl.DataFrame(
        [(r.kind.value, r.field.name, r.to_salesforce, r.to_person, r.ours_wins) for r in rules],
        schema=_RULES,
        orient="row",
    )
    steps = compared.differences.lazy().join(table.lazy(), on=["kind", "field"]).with_columns(_VERDICT)
    decided = at_once(_address_taken(steps.with_columns(_BECOMES, _REASON)))
    fields = (
        refused_before(decided, compared.held, FieldVerdict.TO_SALESFORCE)
        .select(*FIELDS)
        .sort("verdict", "person_id", "field")
    )
    return PeoplePlan(fields=fields)


_HERE = pl.col("ours").ne_missing(pl.col("agreed"))
_THERE = pl.col("theirs").ne_missing(pl.col("agreed"))


_FILLED = ~pl.col("met") & pl.col("ours").is_null()


def _verdict() -> pl.Expr:
    """A field that both changed and that may go one way only goes that way."""
    ours = _HERE & pl.col("to_salesforce") & (~(_THERE & pl.col("to_person")) | pl.col("ours_wins"))
    return (
        pl.when(ours)
        .then(pl.lit(FieldVerdict.TO_SALESFORCE.value))
        .when(_THERE & pl.col("to_person"))
        .then(pl.lit(FieldVerdict.TO_PERSON.value))
        .otherwise(pl.lit(FieldVerdict.NOTHING.value))
    )


def _becomes() -> pl.Expr:
    return (
        pl.when(pl.col("verdict") == FieldVerdict.TO_SALESFORCE)
        .then("ours")
        .when(pl.col("verdict") == FieldVerdict.TO_PERSON)
        .then("theirs")
    )


def _reason() -> pl.Expr:
    goes = pl.col("verdict") != FieldVerdict.NOTHING
    both = pl.when(pl.col("ours_wins")).then(pl.lit("changed on both sides: ours wins"))
    return (
        pl.when(goes & _HERE & _THERE & pl.col("to_salesforce") & pl.col("to_person"))
        .then(both.otherwise(pl.lit("changed on both sides: Salesforce's wins")))
        .when(pl.col("verdict") == FieldVerdict.TO_SALESFORCE)
        .then(pl.lit("changed here"))
        .when((pl.col("verdict") == FieldVerdict.TO_PERSON) & _FILLED)
        .then(pl.lit("filled in from Salesforce"))
        .when(pl.col("verdict") == FieldVerdict.TO_PERSON)
        .then(pl.lit("changed in Salesforce"))
        .otherwise(pl.lit("the field does not go that way"))
    )


_VERDICT, _BECOMES, _REASON = (
    _verdict().alias("verdict"),
    _becomes().alias("becomes"),
    _reason().alias("reason"),
)
Rows = TypeVar("Rows", pl.DataFrame, pl.LazyFrame)


def _held(rows: Rows, held: pl.Expr, code: str, reason: pl.Expr) -> Rows:
    return rows.with_columns(
        pl.when(held).then(pl.lit(FieldVerdict.HOLD.value)).otherwise("verdict").alias("verdict"),
        pl.when(held).then(pl.lit(code)).otherwise("code").alias("code"),
        pl.when(held).then(reason).otherwise("reason").alias("reason"),
    )


def _address_taken(rows: pl.LazyFrame) -> pl.LazyFrame:
    """People are one per address: a change there to somebody else's address waits (M2.4)."""
    taken = pl.col("taken") & (pl.col("verdict") == FieldVerdict.TO_PERSON)
    words = pl.format(
        "Another person here has the address {}: merge the two, or change one.", pl.col("theirs")
    )
    return _held(rows.with_columns(pl.lit(None, pl.String).alias("code")), taken, TAKEN, words)


def refused_before(rows: pl.DataFrame, held: pl.DataFrame, writes: str) -> pl.DataFrame:
    """What was refused and is not due again waits, with Salesforce's words, as long as just that would be written
    (docs/adr/0004). Rows of one field each, of which those of the verdict `writes` go to Salesforce, a record whole."""
    if held.is_empty():
        return rows
    about_to = rows.filter(
        (pl.col("verdict") == writes) & pl.col("person_id").is_in(held["person_id"].implode())
    )
    wanted = [
        (person, wanted_text(dict(part.select("field", "becomes").rows())))
        for (person,), part in about_to.group_by("person_id")
    ]
    same = pl.DataFrame(wanted, schema={"person_id": pl.Int64, "wanted": pl.String}, orient="row").join(
        held, on=["person_id", "wanted"]
    )
    marked = rows.join(same.select("person_id", "message"), on="person_id", how="left")
    waits = pl.col("message").is_not_null() & (pl.col("verdict") == writes)
    return _held(marked, waits, REFUSED_BEFORE, pl.col("message"))
