"""Links a program with a campaign, existing or new, and refuses with an account of what to mend (M4).

Called by the command line. An existing campaign is looked at first; nothing is changed before it is known to fit.
"""

from __future__ import annotations

from dataclasses import dataclass

from campaignsync.domain.connections import Connection
from campaignsync.domain.errors import UsageError
from campaignsync.domain.ids import LinkId, salesforce_id
from campaignsync.domain.links import Compatibility, compatibility, statuses_for_new_campaign
from campaignsync.domain.runs import CampaignFieldValue
from campaignsync.domain.statuses import folded
from campaignsync.runtime.cycle import look
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

    def existing(self, program: str, campaign: str, *, create_statuses: bool = False) -> LinkId:
        """Link a program with a campaign that is there already; with `create_statuses`, give it those it lacks first (M4.4)."""
        require_campaign_sync(self.connection)
        campaign_id = salesforce_id(campaign.strip(), prefix=CAMPAIGN_PREFIX)
        self.registry.require_unlinked(program, self.connection.connection_id)
        self._look()
        require_visible(self.registry, self.connection, campaign_id)
        if create_statuses:
            self._create_missing_statuses(program, campaign_id)
        require_fit(self.registry, self.connection, program, campaign_id)
        return self.registry.create_link(program, self.connection.connection_id, campaign_id)

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

    def _create_missing_statuses(self, program: str, campaign_id: str) -> None:
        statuses, _ = self.registry.campaign_labels(self.connection.connection_id, campaign_id)
        present = {folded(status.label) for status in statuses}
        wanted = statuses_for_new_campaign(self.registry.program_channel(program))
        missing = [status for status in wanted if folded(status.label) not in present]
        if missing:
            self.door.add_statuses(campaign_id, missing)
            self._look()

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


def require_fit(registry: Registry, connection: Connection, program: str, campaign_id: str) -> None:
    """UsageError with all that must be mended when the statuses of the two do not fit (M4.3)."""
    channel = registry.program_channel(program)
    statuses, carried = registry.campaign_labels(connection.connection_id, campaign_id)
    fit = compatibility(channel, statuses, carried)
    if not fit.fits:
        raise UsageError(_account(fit, channel.name, program, campaign_id))


def _account(fit: Compatibility, channel: str, program: str, campaign_id: str) -> str:
    misfits = "\n".join(
        f"  '{misfit.label}': {misfit.reason}"
        + (f", {misfit.members} members carry it" if misfit.members else "")
        for misfit in fit.blocking
    )
    return (
        f"The statuses of campaign {campaign_id} do not fit channel '{channel}' of program '{program}':\n{misfits}\n"
        "Choose another campaign, rename or remove statuses in Salesforce, use a program of another channel, or have the"
        f' missing ones created in Salesforce with: campaignsync link "{program}" --campaign {campaign_id} --create-statuses'
    )
