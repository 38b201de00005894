"""What a run of one link needs to know, and what it has to tell (M4.7, M8).

`LinkFacts` is read from the store once per run; `RunReport` is what a run leaves behind; `MemberBatch` is what one call to
Salesforce did to at most 200 members, read back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import polars as pl

from campaignsync.domain.ids import ConnectionId, LinkId
from campaignsync.domain.labels import LabelMapping, Vocabulary
from campaignsync.domain.links import CampaignStatus, LinkPolicy, LinkState, SafetyLimits
from campaignsync.domain.member_fields import FieldMapping
from campaignsync.domain.people import LeadRules
from campaignsync.domain.programs import PeriodCost, Rates
from campaignsync.domain.statuses import Channel
from campaignsync.domain.steps import at_once
from campaignsync.domain.trees import CAMPAIGN_MEMBERS, Schema

REASONS: Schema = {"person_id": pl.Int64, "reason": pl.String}
CAMPAIGN_FIELDS = ("Type", "ActualCost")
"""The fields of a campaign that follow the program, one way (M5)."""

CampaignFieldValue = str | Decimal | None


def field_code(name: str) -> str:
    """The code of the problem of a field that cannot be written."""
    return f"FIELD_{name.upper()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldAgreement:
    """A field as we wrote it and as Salesforce then held it, which may be rounded to the field's scale (M5.2)."""

    written: CampaignFieldValue
    found: CampaignFieldValue


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRefusal:
    """A value of a field that Salesforce refused, and its words."""

    value: CampaignFieldValue
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkFacts:
    """One link as it stands: both ends, what was chosen for it, and what the campaign held when last seen."""

    link_id: LinkId
    connection_id: ConnectionId
    connection: str
    program: str
    campaign_id: str
    campaign: str
    state: LinkState
    reason: str | None
    channel: Channel
    costs: tuple[PeriodCost, ...]
    had_costs: bool
    statuses: tuple[CampaignStatus, ...]
    policy: LinkPolicy
    limits: SafetyLimits
    campaign_currency: str
    rates: Rates
    campaign_fields: Mapping[str, CampaignFieldValue]
    """Type and ActualCost as last seen in Salesforce."""
    agreed_fields: Mapping[str, FieldAgreement]
    """Type and ActualCost as we last wrote them and read them back; a field never written is missing."""
    refused_fields: Mapping[str, FieldRefusal]
    """Values of Type and ActualCost that Salesforce refused and that nobody has mended since."""
    leads: LeadRules
    mapped: tuple[LabelMapping, ...] = ()
    """Labels of the campaign that mean a status though they are called otherwise (M4.4)."""
    member_fields: tuple[FieldMapping, ...] = ()
    """The custom fields of members that are kept the same in the link's org (M6.8)."""
    cost_scale: int = 2
    """Decimals of the org's Campaign.ActualCost (M5.2)."""
    removals_allowed: bool = False
    """A person has looked at the halt and let this link go on, once (M6.6)."""

    @property
    def vocabulary(self) -> Vocabulary:
        """Which label of the campaign means which status."""
        return Vocabulary(channel=self.channel, mapped=self.mapped)

    def label(self, status: str) -> str:
        """What is written for a status of the channel, in Salesforce's spelling (M4.3, M4.4)."""
        return self.vocabulary.written(status, (each.label for each in self.statuses))


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberBatch:
    """What one call did to members of a campaign: an outcome for each row asked for, and the rows as read back."""

    outcomes: pl.DataFrame
    """MEMBER_OUTCOMES."""
    members: pl.DataFrame
    """CAMPAIGN_MEMBERS: what the campaign holds for these people after the call."""
    before: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=CAMPAIGN_MEMBERS))
    """CAMPAIGN_MEMBERS: what it held right before it, as far as that is known: of bulk jobs, whom somebody had added already."""
    reasons: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=REASONS))
    """REASONS: why the plan wanted it, for the journal."""

    def by_reason(self, otherwise: str) -> Iterator[tuple[str, pl.DataFrame, list[str]]]:
        """For each reason the rows as read back, and the ids of those that are gone: there are few reasons, however many rows."""
        steps = self.outcomes.lazy().join(self.reasons.lazy(), on="person_id", how="left")
        told = at_once(
            steps.select(
                pl.col("campaign_member_id").alias("id"),
                pl.col("reason").fill_null(otherwise),
                (pl.col("known") & pl.col("found").is_null()).alias("gone"),
            )
            .filter(pl.col("id").is_not_null())
            .unique("id", keep="last")
        )
        reasons = told.lazy().select("id", "reason")
        rows = at_once(
            self.members.lazy()
            .join(reasons, on="id", how="left")
            .with_columns(pl.col("reason").fill_null(otherwise))
        )
        here = rows.partition_by("reason", as_dict=True)
        gone = told.filter("gone").partition_by("reason", as_dict=True) if told["gone"].any() else {}
        for key in sorted({*here, *gone}):
            members = here.get(key, rows.clear())[[*CAMPAIGN_MEMBERS]]
            yield str(key[0]), members, gone[key]["id"].to_list() if key in gone else []


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """How a run of one link ended."""

    program: str
    connection: str
    program_changes: int = 0
    campaign_changes: int = 0
    refused: int = 0
    conflicts: int = 0
    unknown: int = 0
    overtaken: int = 0
    """Members whom somebody else added or changed between our look and our write: theirs stands till the next run judges it."""
    api_calls: int = 0
    halted: str | None = None
    held: str | None = None
    """Why nothing was done though something may have to be: calls are short (domain.budget)."""
    to_approve: str | None = None
    """The digest of a plan that waits for a person's approval: neither side was changed."""
