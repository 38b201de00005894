"""Problems: what is open for a record, a field or a whole job until it is solved (M8.2).

The store keeps them, the command line lists them. One problem of a kind is open at a time for whatever it is about; the same
again counts a try, another one takes its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import polars as pl

from campaignsync.domain.health import ALARMS
from campaignsync.domain.ids import ConnectionId
from campaignsync.domain.links import LinkState
from campaignsync.domain.trees import UTC_TIME, Schema


class ProblemNoun(StrEnum):
    """What a problem is about."""

    MEMBER = "member"  # a person in a linked program and campaign
    MEMBER_FIELD = "member field"  # the custom fields of such a member
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

PROBLEMS: Schema = {
    "connection": pl.String,
    "program": pl.String,  # null: of an org's people or rounds
    "noun": pl.String,
    "object": pl.String,  # what could not be written: Lead, Contact, CampaignMember or Campaign; null for a job
    "person_id": pl.Int64,
    "email": pl.String,
    "salesforce_id": pl.String,  # of the lead or contact
    "campaign_id": pl.String,
    "direction": pl.String,
    "code": pl.String,
    "message": pl.String,
    "wanted": pl.String,
    "first_seen": UTC_TIME,
    "last_seen": UTC_TIME,
    "tries": pl.Int64,
    "retry_at": UTC_TIME,
    "solved_at": UTC_TIME,
}
"""Problems as they are listed."""

RECORD_NOUNS = (ProblemNoun.MEMBER, ProblemNoun.MEMBER_FIELD, ProblemNoun.PERSON, ProblemNoun.FIELD)
"""What is a problem at record level; the rest is at job level (M8.2)."""


FIRST_RETRY, LONGEST_RETRY = timedelta(minutes=1), timedelta(hours=6)
"""How long a refused write waits that may pass by itself; the time doubles with each refusal (docs/adr/0004)."""

NOTICE_UNDELIVERED = "NOTICE_UNDELIVERED"
MANY_PROBLEMS = "MANY_PROBLEMS"
RUN_DIED = "RUN_DIED"
MEMBER_FIELD_LOST = "MEMBER_FIELD_LOST"
STANDING = (
    NOTICE_UNDELIVERED,
    MANY_PROBLEMS,
    MEMBER_FIELD_LOST,
    *(f"LINK_{state.upper()}" for state in LinkState),
    *ALARMS,
)
"""Codes of job-level problems that stand until their cause is gone, whatever rounds and runs are done meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemRules:
    """The choices of an installation."""

    kept: timedelta = timedelta(days=30)
    """How long a problem is kept after it was solved, and a notice after it was written."""
    threshold: int = 100
    """How many problems at record level an org may have before somebody is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemFilter:
    """Which problems are meant; what is left out does not narrow. A problem is of a period when it was seen in it."""

    connection: ConnectionId | None = None
    email: str | None = None
    nouns: tuple[ProblemNoun, ...] = tuple(ProblemNoun)
    code: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    """The first moment that counts no more."""
    solved: bool = False
    """Those that were solved and are still kept, too."""
    number: int | None = None
    """This one alone."""
    folders: tuple[str, ...] | None = None
    """Those of programs in these folders and below; None: all, and what is of no program as well."""


EVERY_OPEN_PROBLEM = ProblemFilter()
