"""A plan as a value: what has to be done to one link, sorted, countable, with a digest.

Made by `reconcile`, read by people through `explain`, carried out by `runtime.executor`. Two plans that do the same things to the
same members from the same starting points have the same digest, whatever the people in them are called meanwhile.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import polars as pl

from campaignsync.domain.backlog import CAMPAIGNS_THERE, LEADS_THERE, MEMBERS_HERE, MEMBERS_THERE, Lane
from campaignsync.domain.ids import LinkId
from campaignsync.domain.runs import CampaignFieldValue, LinkFacts, field_code
from campaignsync.domain.steps import at_once
from campaignsync.domain.trees import REFUSED_BEFORE
from campaignsync.planner.decide import Verdict
from campaignsync.planner.member_fields import VALUES

MEMBERS = {
    "person_id": pl.Int64,
    "email": pl.String,
    "name": pl.String,
    "kind": pl.String,
    "salesforce_id": pl.String,
    "campaign_member_id": pl.String,
    "agreed": pl.String,
    "program": pl.String,
    "campaign": pl.String,
    "verdict": pl.String,
    "becomes": pl.String,
    "code": pl.String,  # why it waits, for a program to read: null where nothing waits
    "reason": pl.String,
}
"""One row a member whose three trees are not all equal, sorted by verdict and person."""
_DIGESTED = ("person_id", "campaign_member_id", "agreed", "program", "campaign", "verdict", "becomes")

_DIGESTED_VALUES = ("person_id", "campaign_member_id", "field", "agreed", "ours", "theirs", "verdict")

WAITING = {"person_id": pl.Int64, "code": pl.String, "message": pl.String, "wanted": pl.String}
_UNSETTLED = {"person_id": pl.Int64, "code": pl.String}
_NO_VALUES = pl.DataFrame(schema=VALUES)
_NOBODY_WAITS = pl.DataFrame(schema=WAITING)
_NOBODY_UNSETTLED = pl.DataFrame(schema=_UNSETTLED)

# What is asked of every plan is said once: saying it takes longer than answering it of a plan that does nothing.
_WAITS = pl.col("code").is_not_null()
_TO_CAMPAIGN = pl.col("verdict") == Verdict.TO_CAMPAIGN
_OPEN = _WAITS | _TO_CAMPAIGN
_WAITING = ("person_id", "code", pl.col("reason").alias("message"), pl.col("becomes").alias("wanted"))
_MOOT = pl.col("verdict").is_in([Verdict.AGREE, Verdict.NOTHING])
_HELD_BACK = (pl.col("verdict") == Verdict.HOLD) & pl.col("becomes").is_not_null()
_GOES_THERE = (_TO_CAMPAIGN | (pl.col("code") == REFUSED_BEFORE)).fill_null(value=False)
_BACKLOG_OF_MEMBERS = (
    pl.col("person_id"),
    (_TO_CAMPAIGN | (pl.col("code") == REFUSED_BEFORE) | _HELD_BACK).fill_null(value=False).alias("there"),
    pl.col("salesforce_id").is_null().alias("new"),
)
# A member whose fields differ waits once in each direction, whether or not the status does, too (M6.8).
_BACKLOG_OF_VALUES = (pl.col("person_id"), _GOES_THERE.alias("there"), pl.lit(value=False).alias("new"))
_BACKLOG = (
    pl.col("person_id").filter(~pl.col("there")).n_unique(),
    pl.col("person_id").filter(pl.col("there")).n_unique().alias("for"),
    (pl.col("there") & pl.col("new")).sum().alias("leads"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """A field of the campaign that shall follow the program (M5); with `held` it may not, and that says why."""

    name: str
    old: CampaignFieldValue
    new: CampaignFieldValue
    held: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """What has to be done to make both sides of a link the same."""

    link_id: LinkId
    connection: str
    program: str
    campaign_id: str
    campaign: str
    members: pl.DataFrame
    """MEMBERS."""
    fields: tuple[FieldChange, ...]
    equal_fields: Mapping[str, CampaignFieldValue] = field(default_factory=dict)
    """Fields that say what they should and are not yet remembered so: later edits of them can be told from it (M5.3)."""
    values: pl.DataFrame = field(default_factory=_NO_VALUES.clone)
    """VALUES: custom fields of members whom both sides have already; who is added by this plan brings theirs along."""
    _parts: dict[Verdict, pl.DataFrame] = field(default_factory=dict, init=False, repr=False)
    _backlog: dict[Lane, int] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def of_link(
        cls,
        facts: LinkFacts,
        members: pl.DataFrame,
        fields: Iterable[FieldChange],
        equal_fields: Mapping[str, CampaignFieldValue] | None = None,
    ) -> Plan:
        """A plan for a link as it stands."""
        return cls(
            link_id=facts.link_id,
            connection=facts.connection,
            program=facts.program,
            campaign_id=facts.campaign_id,
            campaign=facts.campaign,
            members=members,
            fields=tuple(fields),
            equal_fields=equal_fields or {},
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Plan) and self.digest() == other.digest()

    def __hash__(self) -> int:
        return hash(self.digest())

    def of(self, verdict: Verdict) -> pl.DataFrame:
        """The members with one verdict."""
        if not self._parts:
            nobody = self.members.clear()
            parts = {} if self.members.is_empty() else self.members.partition_by("verdict", as_dict=True)
            self._parts.update({each: parts.get((each.value,), nobody) for each in Verdict})
        return self._parts[verdict]

    @property
    def for_program(self) -> pl.DataFrame:
        return self.of(Verdict.TO_PROGRAM)

    @property
    def for_campaign(self) -> pl.DataFrame:
        return self.of(Verdict.TO_CAMPAIGN)

    @property
    def agreements(self) -> pl.DataFrame:
        return self.of(Verdict.AGREE)

    @property
    def conflicts(self) -> pl.DataFrame:
        return self.of(Verdict.CONFLICT)

    @property
    def field_writes(self) -> tuple[FieldChange, ...]:
        return tuple(change for change in self.fields if change.held is None)

    @property
    def waiting(self) -> pl.DataFrame:
        """Whatever a person has to look at first (WAITING): conflicts, held members, held fields with person_id null."""
        fields = [(None, field_code(change.name), change.held, None) for change in self.fields if change.held]
        of_fields = pl.DataFrame(fields, schema=WAITING, orient="row") if fields else _NOBODY_WAITS
        if self.members.is_empty():
            return of_fields
        members = self.members.lazy().filter(_WAITS).select(_WAITING)
        return at_once(members).vstack(of_fields)

    @property
    def unsettled(self) -> pl.DataFrame:
        """Whose problems, if any, are not solved by this plan by itself: who waits, and who is about to be written."""
        fields = [(None, field_code(change.name)) for change in self.fields]
        of_fields = pl.DataFrame(fields, schema=_UNSETTLED, orient="row") if fields else _NOBODY_UNSETTLED
        if self.members.is_empty():
            return of_fields
        return at_once(self.members.lazy().filter(_OPEN).select("person_id", "code")).vstack(of_fields)

    @property
    def backlog(self) -> dict[Lane, int]:
        """What waits to go each way before this plan is carried out (M8.3), held or not; a conflict waits to come from there."""
        if not self._backlog:
            here, there, leads = self._waiting_by_lane()
            self._backlog.update(
                {
                    MEMBERS_HERE: here,
                    MEMBERS_THERE: there,
                    LEADS_THERE: leads,
                    CAMPAIGNS_THERE: len(self.fields),
                }
            )
        return dict(self._backlog)

    def _waiting_by_lane(self) -> tuple[int, int, int]:
        """How many members wait to come from Salesforce, how many to go there, and how many of those as new leads."""
        if self.members.is_empty() and self.values.is_empty():
            return 0, 0, 0
        waiting = self.members.lazy().filter(~_MOOT).select(_BACKLOG_OF_MEMBERS)
        if self.values.height:
            differing = pl.col("verdict") != Verdict.NOTHING
            of_values = self.values.lazy().filter(differing).select(_BACKLOG_OF_VALUES)
            waiting = pl.concat([waiting, of_values])
        here, there, leads = at_once(waiting.select(_BACKLOG)).row(0)
        return here, there, leads

    @property
    def counts(self) -> dict[str, int]:
        """How many members have each verdict, and how many fields change; every key is there."""
        counted = dict(self.members["verdict"].value_counts().rows())
        return {verdict.value: counted.get(verdict.value, 0) for verdict in Verdict} | {
            "fields": len(self.field_writes)
        }

    @property
    def writes_nothing(self) -> bool:
        """Whether neither side would be changed by it."""
        return (
            self.for_program.is_empty()
            and self.for_campaign.is_empty()
            and not self.field_writes
            and self.value_writes.is_empty()
        )

    @property
    def value_writes(self) -> pl.DataFrame:
        """The custom fields of members that change on either side."""
        if self.values.is_empty():
            return self.values
        return self.values.filter(pl.col("verdict").is_in([Verdict.TO_PROGRAM, Verdict.TO_CAMPAIGN]))

    def digest(self) -> str:
        """The fingerprint of the plan, 64 hexadecimal digits."""
        fields = [
            (change.name, field_text(change.old), field_text(change.new)) for change in self.field_writes
        ]
        head = json.dumps([self.link_id, self.campaign_id, fields])
        rows = self.members.filter(pl.col("verdict") != Verdict.NOTHING).select(_DIGESTED).sort("person_id")
        # Texts are quoted and absences are not, so that no label can look like an absence.
        members = rows.write_csv(quote_style="non_numeric")
        values = self.value_writes.select(*_DIGESTED_VALUES).sort("person_id", "field")
        told = values.write_csv(quote_style="non_numeric") if values.height else ""
        return hashlib.sha256(f"{head}\n{members}{told}".encode()).hexdigest()


def field_text(value: CampaignFieldValue) -> str | None:
    """A field's value as it is shown and digested: amounts of money without an exponent."""
    return f"{value:f}" if isinstance(value, Decimal) else value
