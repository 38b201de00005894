"""Links between a program and a campaign: their state, their policy, and whether the statuses of the two fit (M1.7, M4, M6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from campaignsync.domain.errors import UsageError
from campaignsync.domain.labels import Vocabulary
from campaignsync.domain.statuses import Channel, ProgressionStatus, folded


class LinkState(StrEnum):
    """Where a link stands; every state but ACTIVE has a reason and a way out (M6.9)."""

    ACTIVE = "active"
    HALTED = "halted"  # a safety limit stopped it; a person lets it go on
    PAUSED = "paused"  # the campaign was set inactive
    SUSPENDED = "suspended"  # the campaign cannot be seen any more
    BROKEN = "broken"  # the campaign was deleted


class LinkEndedError(UsageError):
    """The link was ended by somebody meanwhile (M4.7): both lists stay as they are, and a run of it has nothing left to do."""

    code = "LINK_ENDED"

    def __init__(self) -> None:
        super().__init__("The link was ended in the meantime: nothing is done for it.")


class Winner(StrEnum):
    """Who wins when both sides changed since they last agreed (M6.3)."""

    FURTHER = "further"
    PROGRAM = "program"
    CAMPAIGN = "campaign"
    ASK = "ask"


class StepBack(StrEnum):
    """What becomes of a step back that was made in Salesforce (M6.2)."""

    PUT_BACK = "put back"
    ACCEPT = "accept"
    ASK = "ask"


class Removal(StrEnum):
    """What a removal on one side does to the unchanged member on the other (M6.4)."""

    REMOVE = "remove"
    KEEP = "keep"


class FieldEdit(StrEnum):
    """What becomes of a Type or ActualCost that was edited in Salesforce (M5.3)."""

    PUT_BACK = "put back"
    KEEP = "keep"


class Approval(StrEnum):
    """Whether a person has to agree to what the rounds of a link are about to write."""

    NONE = "none"
    EACH_PLAN = "each plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPolicy:
    """The choices of one link. The defaults are the contract's."""

    winner: Winner = Winner.FURTHER
    step_back: StepBack = StepBack.PUT_BACK
    removed_in_program: Removal = Removal.REMOVE
    removed_in_campaign: Removal = Removal.REMOVE
    field_edit: FieldEdit = FieldEdit.PUT_BACK
    approval: Approval = Approval.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyLimits:
    """When a link halts rather than remove (M6.6): over the share *and* over the number, or a side suddenly empty."""

    removal_share: float = 0.30
    removal_number: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignStatus:
    """A status that a campaign allows its members (S1.2)."""

    label: str
    is_default: bool
    has_responded: bool
    sort_order: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignIntent:
    """A campaign that was about to be made for a program, committed before the call: its name, and since when."""

    name: str
    at: datetime


class Misfit(StrEnum):
    """Why a label of a campaign or a status of a channel does not fit."""

    UNKNOWN = "the channel lacks it"
    MISSING = "the campaign lacks it"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusMisfit:
    """One reason why a program and a campaign do not fit; `members` counts who carries the label in the campaign."""

    label: str
    members: int
    reason: Misfit


@dataclass(frozen=True, slots=True, kw_only=True)
class Compatibility:
    """The outcome of comparing a channel with a campaign's statuses (M4.3)."""

    blocking: tuple[StatusMisfit, ...]
    warnings: tuple[StatusMisfit, ...]

    @property
    def fits(self) -> bool:
        return not self.blocking


def compatibility(
    vocabulary: Vocabulary, statuses: Iterable[CampaignStatus], carried: Mapping[str, int]
) -> Compatibility:
    """How well a campaign's statuses fit a channel; `carried` counts the campaign's members by the label they carry.

    Blocking: a label that members carry and the channel lacks, a status of the channel that the campaign lacks. Warning: a
    label that nobody carries and the channel lacks (M4.3).
    """
    offered = {folded(status.label): status.label for status in statuses}
    counts = Counter(dict.fromkeys(offered.values(), 0))
    for label, number in carried.items():
        counts[offered.get(folded(label), label)] += number
    strangers = [
        StatusMisfit(label=label, members=number, reason=Misfit.UNKNOWN)
        for label, number in sorted(counts.items())
        if vocabulary.status(label) is None
    ]
    missing = [
        StatusMisfit(label=status.name, members=0, reason=Misfit.MISSING)
        for status in missing_statuses(vocabulary, offered.values())
    ]
    return Compatibility(
        blocking=(*missing, *(misfit for misfit in strangers if misfit.members)),
        warnings=tuple(misfit for misfit in strangers if not misfit.members),
    )


def missing_statuses(vocabulary: Vocabulary, offered: Iterable[str]) -> list[ProgressionStatus]:
    """The statuses of the channel that no label of a campaign means."""
    meant = {vocabulary.status(label) for label in offered}
    return [status for status in vocabulary.channel.statuses if status not in meant]


def statuses_for_new_campaign(channel: Channel) -> tuple[CampaignStatus, ...]:
    """The statuses a campaign made from a program gets (M4.2): one default, the first step; at least one that responds.

    If no status of the channel has the success flag, the last step responds, since Salesforce wants one (S1.2.4).
    """
    ordered = sorted(channel.statuses, key=lambda status: status.step)
    responding = {status.name for status in ordered if status.success} or {ordered[-1].name}
    return tuple(
        CampaignStatus(
            label=status.name,
            is_default=place == 0,
            has_responded=status.name in responding,
            sort_order=place + 1,
        )
        for place, status in enumerate(ordered)
    )
