"""Problems: what is open for a record, a field or a whole job until it is solved (M8.2).

The store keeps them, the command line lists them. One problem of a kind is open at a time for whatever it is about; the same
again counts a try, another one takes its place.
"""

from __future__ import annotations

from enum import StrEnum

import polars as pl

from campaignsync.domain.trees import Schema


class ProblemNoun(StrEnum):
    """What a problem is about."""

    MEMBER = "member"  # a person in a linked program and campaign
    PERSON = "person"  # a lead or contact of an org, whatever they are members of
    FIELD = "field"  # a field of a linked campaign
    JOB = "job"  # a round of an org or a run of a link: login, limits, reach, a link that waits


class Direction(StrEnum):
    """Which way a record did not go."""

    TO_CAMPAIGN = "to campaign"  # keeps the write back until it is due (docs/adr/0004)
    TO_SALESFORCE = "to Salesforce"
    FROM_SALESFORCE = "from Salesforce"
    FOR_A_PERSON = "for a person"


RECORD_PROBLEMS: Schema = {
    "person_id": pl.Int64,  # null: of a field
    "code": pl.String,  # Salesforce's own, or ours
    "message": pl.String,
    "wanted": pl.String,  # the value that was not written
    "retriable": pl.Boolean,  # tried again by itself, with back-off
}
