"""The values of custom member fields as they travel between the rooms: compared, changed here, written there (M6.8).

Made by the store, judged by `planner.member_fields`, carried out by `runtime.member_fields`. Each constant is a Polars schema. A
value is its canonical text (domain.member_fields), and null is none.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from campaignsync.domain.trees import Schema

VALUE_DIFFERENCES: Schema = {
    "person_id": pl.Int64,
    "email": pl.String,
    "kind": pl.String,  # lead or contact
    "salesforce_id": pl.String,
    "campaign_member_id": pl.String,
    "field": pl.String,
    "agreed": pl.String,
    "ours": pl.String,
    "theirs": pl.String,
}
"""Where a member of a program and the member of the campaign differ, one row a field."""

RUN_VALUES: Schema = {
    "side": pl.String,  # program or campaign
    **VALUE_DIFFERENCES,
    "old": pl.String,  # before the run
    "new": pl.String,  # after the run
}
"""What a run did to fields of members whom both sides still have, and what the two sides hold now."""

VALUE_CHANGES: Schema = {"person_id": pl.Int64, "field": pl.String, "was": pl.String, "becomes": pl.String}
"""What our side of a field becomes, unless it is no longer what it was."""

VALUE_WRITES: Schema = {
    "person_id": pl.Int64,
    "campaign_member_id": pl.String,
    "field": pl.String,
    "was": pl.String,
    "becomes": pl.String,
}
"""What Salesforce's side becomes, one row a field."""

HELD_VALUES: Schema = {"person_id": pl.Int64, "wanted": pl.String, "message": pl.String}
"""Members whose fields were refused and are not due to be tried again; `wanted` is what was to be written, all of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuesCompared:
    """The members of one link whose fields differ, and what is held back."""

    differences: pl.DataFrame
    """VALUE_DIFFERENCES."""
    held: pl.DataFrame
    """HELD_VALUES."""


NOTHING_COMPARED = ValuesCompared(
    differences=pl.DataFrame(schema=VALUE_DIFFERENCES), held=pl.DataFrame(schema=HELD_VALUES)
)
"""Where no field is mapped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueBatch:
    """What one call did to fields of members, and what the campaign holds after it."""

    outcomes: pl.DataFrame
    """PERSON_OUTCOMES: a record is taken or refused whole."""
    members: pl.DataFrame
    """CAMPAIGN_MEMBERS."""
