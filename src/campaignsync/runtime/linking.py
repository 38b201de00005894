"""Links a program with a campaign, existing or new, and refuses with an account of what to mend (M4).

Called by the command line. An existing campaign is looked at first; nothing is changed before it is known to fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from campaignsync.domain.connections import Connection
from campaignsync.domain.errors import UsageError
from campaignsync.domain.ids import LinkId, salesforce_id
from campaignsync.domain.labels import LabelChanges, LabelMapping, Vocabulary
from campaignsync.domain.links import missing_statuses, statuses_for_new_campaign
from campaignsync.domain.runs import CampaignFieldValue, LinkFacts
from campaignsync.runtime.cycle import look
from campaignsync.runtime.labels import LabelsOfCampaign
from campaignsync.runtime.ports import Ledger, Registry, SalesforceDoor

CAMPAIGN_PREFIX = "701"  # S1.1
CAMPAIGN_NAME_LENGTH = 80  # S1.1.1


def require_campaign_sync(connection: Connection) -> None:
    """UsageError while the switch of the connection is off (M3.1)."""
    if not connection.campaign_sync:
        raise UsageError(
            f"Campaign sync is switched off for connection '{connection.name}'."
            f" Switch it on with: campaignsync connect {connection.name} --campaign-sync"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Linking:
    """Linking in one org: the door to it, and what is remembered of it."""

    registry: Registry
    ledger: Ledger
    door: SalesforceDoor
    connection: Connection

    def existing(
        self,
        program: str,
        campaign: str,
        *,
        create_statuses: bool = False,
        mapped: Sequence[LabelMapping] = (),
    ) -> LinkId:
        """Link a program with a campaign that is there already. The ways out of a misfit (M4.4): `create_statuses` gives the
        campaign those it lacks first, `mapped` says which status a label means."""
        require_campaign_sync(self.connection)
        campaign_id = salesforce_id(campaign.strip(), prefix=CAMPAIGN_PREFIX)
        self.registry.require_unlinked(program, self.connection.connection_id)
        self._look()
        require_visible(self.registry, self.connection, campaign_id)
        labels = self.labels(program, campaign_id).changed(LabelChanges(mapped=tuple(mapped)))
        if create_statuses:
            labels = self.create_statuses(labels)
        require_fit(labels)
        return self.registry.create_link(
            program, self.connection.connection_id, campaign_id, labels.vocabulary.mapped
        )

    def new(self, program: str, name: str) -> LinkId:
        """Create a campaign from a program and link the two (M4.2)."""
        require_campaign_sync(self.connection)
        name = name.strip()
        if not 0 < len(name) <= CAMPAIGN_NAME_LENGTH:
            raise UsageError(
                f"A campaign's name has 1 to {CAMPAIGN_NAME_LENGTH} characters; this one has {len(name)}."
            )
        channel = self.registry.program_channel(program)
        self.registry.require_unlinked(program, self.connection.connection_id)
        fields: dict[str, CampaignFieldValue | bool] = {
            "Name": name,
            "Type": channel.type_for_campaign(),
            "IsActive": True,
        }
        campaign_id = salesforce_id(self.door.create_campaign(fields, statuses_for_new_campaign(channel)))
        self._look()
        return self.registry.create_link(program, self.connection.connection_id, campaign_id)

    def labels_of(self, facts: LinkFacts) -> LabelsOfCampaign:
        """The labels of a linked campaign as last seen."""
        return replace(self.labels(facts.program, facts.campaign_id), vocabulary=facts.vocabulary)

    def labels(self, program: str, campaign_id: str) -> LabelsOfCampaign:
        """The labels of a campaign as last seen, before anything is mapped."""
        statuses, carried = self.registry.campaign_labels(self.connection.connection_id, campaign_id)
        return LabelsOfCampaign(
            program=program,
            connection=self.connection,
            campaign_id=campaign_id,
            statuses=statuses,
            carried=carried,
            vocabulary=Vocabulary(channel=self.registry.program_channel(program)),
        )

    def change_labels(
        self, link: LinkId, changes: LabelChanges, *, create_statuses: bool = False
    ) -> LabelsOfCampaign:
        """Look at the labels of a linked campaign, and change what they mean."""
        require_campaign_sync(self.connection)
        self._look()
        facts = self.ledger.link(link)
        labels = self.labels_of(facts).changed(changes)
        if labels.vocabulary.mapped != facts.mapped:
            self.registry.set_labels(link, labels.vocabulary.mapped)
        return self.create_statuses(labels) if create_statuses else labels

    def create_statuses(self, labels: LabelsOfCampaign) -> LabelsOfCampaign:
        """Give the campaign in Salesforce the statuses that none of its labels means (M4.4)."""
        missing = {status.name for status in missing_statuses(labels.vocabulary, labels.offered)}
        if not missing:
            return labels
        new = statuses_for_new_campaign(labels.vocabulary.channel)
        self.door.add_statuses(labels.campaign_id, [status for status in new if status.label in missing])
        self._look()
        statuses, _ = self.registry.campaign_labels(self.connection.connection_id, labels.campaign_id)
        return replace(labels, statuses=statuses)

    def _look(self) -> None:
        look(self.door, self.ledger, self.connection.connection_id)


def require_visible(registry: Registry, connection: Connection, campaign_id: str) -> None:
    """UsageError when a campaign is not among those we see."""
    campaigns = registry.campaigns(connection.connection_id)
    if all(campaign["id"] != campaign_id for campaign in campaigns):
        raise UsageError(
            f"There is no campaign {campaign_id} among the {len(campaigns)} that the sync user of '{connection.name}' sees."
            f" Find out why with: campaignsync doctor --connection {connection.name}"
        )


def require_fit(labels: LabelsOfCampaign) -> None:
    """UsageError with all that must be mended when the statuses of the two do not fit (M4.3)."""
    if not labels.fit.fits:
        change = f'campaignsync link "{labels.program}" --campaign {labels.campaign_id}'
        raise UsageError(
            f"The statuses of campaign {labels.campaign_id} do not fit channel '{labels.vocabulary.channel.name}' of program"
            f" '{labels.program}':\n{labels.account(change)}"
        )
