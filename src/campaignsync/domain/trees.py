"""The shape of the three trees and of everything else that travels as columns between the rooms.

The store fills these frames from PostgreSQL, the Salesforce door fills them from its answers, the planner joins them. Each
constant is a Polars schema: the names, types and order of the columns. A status is the label as its side
spells it; the planner brings labels to the channel's spelling (M4.3). Absence of membership is a missing row, never a status.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl
from polars.datatypes import DataType

Schema = Mapping[str, type[DataType] | DataType]

UTC_TIME = pl.Datetime("us", "UTC")

AGREED: Schema = {"person_id": pl.Int64, "status": pl.String}
PROGRAM: Schema = {"person_id": pl.Int64, "status": pl.String}
CAMPAIGN: Schema = {"person_id": pl.Int64, "status": pl.String, "campaign_member_id": pl.String}
PEOPLE: Schema = {
    "person_id": pl.Int64,
    "email": pl.String,
    "name": pl.String,
    "kind": pl.String,  # lead, contact, or null while Salesforce does not know the person
    "salesforce_id": pl.String,
}

CAMPAIGNS: Schema = {
    "id": pl.String,
    "name": pl.String,
    "type": pl.String,
    "status": pl.String,
    "is_active": pl.Boolean,
    "actual_cost": pl.String,  # a decimal number as text: money never passes through a float
    "currency": pl.String,  # null in an org with one currency
    "record_type": pl.String,  # by its API name
    "start_date": pl.Date,
    "end_date": pl.Date,
    "created_date": UTC_TIME,
    "is_deleted": pl.Boolean,
    "system_modstamp": UTC_TIME,
    "last_modified_by_id": pl.String,
}
CAMPAIGN_STATUSES: Schema = {
    "id": pl.String,
    "campaign_id": pl.String,
    "label": pl.String,
    "sort_order": pl.Int64,
    "is_default": pl.Boolean,
    "has_responded": pl.Boolean,
    "system_modstamp": UTC_TIME,
}
CAMPAIGN_MEMBERS: Schema = {
    "id": pl.String,
    "campaign_id": pl.String,
    "lead_id": pl.String,
    "contact_id": pl.String,
    "status": pl.String,
    "has_responded": pl.Boolean,
    "first_responded_date": pl.Date,
    "created_date": UTC_TIME,
    "system_modstamp": UTC_TIME,
    "last_modified_by_id": pl.String,
    "custom": pl.String,  # by our names, the mapped member fields that were read, as a JSON object; null where none was
}
PERSON_FIELDS: Schema = {
    "email": pl.String,
    "first_name": pl.String,
    "last_name": pl.String,
    "salutation": pl.String,
    "title": pl.String,
    "company": pl.String,
    "phone": pl.String,
    "mobile_phone": pl.String,
    "fax": pl.String,
    "street": pl.String,
    "city": pl.String,
    "state": pl.String,
    "postal_code": pl.String,
    "country": pl.String,
    "industry": pl.String,
    "annual_revenue": pl.String,
    "employees": pl.Int64,
    "website": pl.String,
    "rating": pl.String,
    "source": pl.String,
    "status": pl.String,
    "notes": pl.String,
    "unsubscribed": pl.Boolean,
}
"""The standard fields of a person (M11), in the order of that table."""
SALESFORCE_PEOPLE: Schema = {
    "salesforce_id": pl.String,
    "kind": pl.String,  # lead or contact
    **PERSON_FIELDS,
    "is_deleted": pl.Boolean,
    "is_converted": pl.Boolean,
    "converted_contact_id": pl.String,
    "master_record_id": pl.String,
    "created_date": UTC_TIME,
    "system_modstamp": UTC_TIME,
    "custom": pl.String,  # the custom fields that are mapped, by our names, as a JSON object; null where none is
}
SIDE_BY_SIDE: Schema = {
    "person_id": pl.Int64,
    "agreed": pl.String,
    "program": pl.String,
    "campaign": pl.String,
    "campaign_member_id": pl.String,
}
HELD: Schema = {"person_id": pl.Int64, "wanted": pl.String, "message": pl.String}
"""Writes to the campaign that were refused and are not due to be tried again; `wanted` null is a refused removal."""

REFUSED_BEFORE = "REFUSED_BEFORE"
"""The code of a member whose write is in HELD: it is a problem already, and only waits."""

COUNTS: Schema = {"campaign_id": pl.String, "rows": pl.Int64}

MEMBER_WRITES: Schema = {
    "person_id": pl.Int64,
    "campaign_member_id": pl.String,  # null: add; set: change or remove that row
    "salesforce_id": pl.String,
    "kind": pl.String,
    "status": pl.String,  # the label to write, in Salesforce's spelling; null: remove
}
MEMBER_OUTCOMES: Schema = {
    "person_id": pl.Int64,
    "wanted": pl.String,  # the label that was asked for; null: removal
    "found": pl.String,  # the label read back; null: the campaign does not hold the person
    "campaign_member_id": pl.String,
    "code": pl.String,  # Salesforce's error code, null when it accepted the row
    "message": pl.String,
    "retriable": pl.Boolean,
    "known": pl.Boolean,  # false: nobody can say what became of the row; observe before trying again
}
LEAD_WRITES: Schema = {
    "person_id": pl.Int64,
    "our_id": pl.String,  # by which the lead is upserted where the org has a field for it (M7.11)
    **PERSON_FIELDS,
    "custom": pl.String,  # a JSON object
}
LEAD_OUTCOMES: Schema = {
    "person_id": pl.Int64,
    "salesforce_id": pl.String,
    "code": pl.String,
    "message": pl.String,
    "retriable": pl.Boolean,
    "known": pl.Boolean,
}


RUN_MEMBERS: Schema = {
    "side": pl.String,  # program or campaign
    "person_id": pl.Int64,
    "old": pl.String,  # before the run; null: no member
    "new": pl.String,  # after the run; null: no member
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunChanges:
    """What a run did, as the journal tells: to members (RUN_MEMBERS), who they are (PEOPLE), and which fields it wrote."""

    members: pl.DataFrame
    people: pl.DataFrame
    fields: frozenset[str]
    values: pl.DataFrame | None = None
    """What it did to custom fields of members, and what they hold now (domain.member_values.RUN_VALUES); None: nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trees:
    """One link's three trees, read from one snapshot, and who the people in them are. Whoever is the same in all three may be
    left out; `sizes` counts them, too."""

    agreed: pl.DataFrame
    program: pl.DataFrame
    campaign: pl.DataFrame
    people: pl.DataFrame
    held: pl.DataFrame
    sizes: Mapping[str, int] = field(default_factory=dict)
    """By tree, how many members it has, counted as far as safety asks (planner.safety): counting on would judge no plan of these
    trees otherwise. A tree that is missing here is whole, or nobody leaves it."""
    mark: int | None = None
    """What marked the link when the trees were read; None: nothing did."""

    def size(self, tree: str) -> int:
        """How many members a tree has, agreed, program or campaign; at least so many where not all were counted."""
        frame: pl.DataFrame = getattr(self, tree)
        return self.sizes.get(tree, frame.height)
