"""How the labels of a campaign and the statuses of a channel fit, told with every way out (M4.3, M4.4, M6.5).

Made by `linking`, before a link is made and for one that is there. It decides nothing: `domain.labels` says what means what,
`domain.links` what fits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace

from campaignsync.domain.connections import Connection
from campaignsync.domain.labels import LabelChanges, Vocabulary, changed
from campaignsync.domain.links import (
    CampaignStatus,
    Compatibility,
    Misfit,
    StatusMisfit,
    compatibility,
    missing_statuses,
    statuses_for_new_campaign,
)
from campaignsync.domain.statuses import folded


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelsOfCampaign:
    """What a campaign offers its members, what they carry, and what it means in a program's channel."""

    program: str
    connection: Connection
    campaign_id: str
    statuses: tuple[CampaignStatus, ...]
    carried: Mapping[str, int]
    vocabulary: Vocabulary

    def changed(self, changes: LabelChanges) -> LabelsOfCampaign:
        """With other meanings; UsageError for what makes no sense."""
        return replace(self, vocabulary=changed(self.vocabulary, changes, self.known))

    @property
    def offered(self) -> list[str]:
        return [status.label for status in self.statuses]

    @property
    def known(self) -> list[str]:
        """The labels that are offered or carried, one spelling each."""
        spellings = {folded(label): label for label in (*self.carried, *self.offered)}
        return list(spellings.values())

    @property
    def to_create(self) -> tuple[CampaignStatus, ...]:
        """The statuses that the campaign lacks, as they would be created there."""
        missing = {status.name for status in missing_statuses(self.vocabulary, self.offered)}
        new = statuses_for_new_campaign(self.vocabulary.channel)
        return tuple(status for status in new if status.label in missing)

    @property
    def fit(self) -> Compatibility:
        return compatibility(self.vocabulary, self.statuses, self.carried)

    def value(self) -> dict[str, object]:
        """The labels and what does not fit: labels, blocking, warnings."""
        fit = self.fit
        return {
            "labels": self.rows(),
            "blocking": [asdict(misfit) for misfit in fit.blocking],
            "warnings": [asdict(misfit) for misfit in fit.warnings],
        }

    def rows(self) -> list[dict[str, object]]:
        """Each label: label, status (what it means), members, written, offered, is_default, has_responded."""
        offered = {folded(status.label): status for status in self.statuses}
        return [self._row(label, offered.get(folded(label))) for label in self.known]

    def _row(self, label: str, offered: CampaignStatus | None) -> dict[str, object]:
        status = self.vocabulary.status(label)
        return {
            "label": label,
            "status": status and status.name,
            "members": sum(number for each, number in self.carried.items() if folded(each) == folded(label)),
            "written": status is not None and self.vocabulary.written(status.name, self.offered) == label,
            "offered": offered is not None,
            "is_default": offered is not None and offered.is_default,
            "has_responded": offered is not None and offered.has_responded,
        }

    def account(self, change: str) -> str:
        """What does not fit, each with who carries it, and every way out; `change` is the command that takes --map and
        --create-statuses. Empty where all fits."""
        misfits = (*self.fit.blocking, *self.fit.warnings)
        return "\n".join([*map(_told, misfits), *self._ways_out(change)]) if misfits else ""

    def _ways_out(self, change: str) -> Iterator[str]:
        fit = self.fit
        page = f"{self.connection.instance_url}/lightning/r/Campaign/{self.campaign_id}/view"
        yield f"Ways out: rename or remove labels in Salesforce ({page});"
        yield f"  choose another campaign: campaignsync campaigns --connection {self.connection.name}"
        yield "  or use a program of another channel;"
        if any(misfit.reason is Misfit.MISSING for misfit in fit.blocking):
            yield f"  have the missing statuses created in Salesforce: {change} --create-statuses"
        unknown = [each.label for each in (*fit.blocking, *fit.warnings) if each.reason is Misfit.UNKNOWN]
        if unknown:
            maps = " ".join(f'--map "{label}=STATUS"' for label in unknown)
            yield f"  or say which status a label means: {change} {maps}"
            yield f"  (STATUS is one of {', '.join(self.vocabulary.channel.names)}; unused labels may stay as they are)"


def _told(misfit: StatusMisfit) -> str:
    carried = f", {misfit.members:,} members carry it" if misfit.members else ""
    unused = ", and nobody carries it" if misfit.reason is Misfit.UNKNOWN and not misfit.members else ""
    return f"  '{misfit.label}': {misfit.reason}{carried}{unused}"
