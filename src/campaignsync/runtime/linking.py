"""Links a program with a campaign, existing or new, and refuses with an account of what to mend (M4).

Called by the command line. An existing campaign is looked at first; nothing is changed before it is known to fit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from campaignsync.domain.connections import Connection
from campaignsync.domain.errors import RESTRICTED_PICKLIST, RefusedError, UnknownOutcomeError, UsageError
from campaignsync.domain.ids import LinkId, salesforce_id
from campaignsync.domain.labels import LabelChanges, LabelMapping, Vocabulary
from campaignsync.domain.links import CampaignStatus, statuses_for_new_campaign
from campaignsync.domain.runs import CampaignFieldValue, LinkFacts
from campaignsync.runtime.cycle import Planned, call_in, look, plan_of, turn
from campaignsync.runtime.labels import LabelsOfCampaign
from campaignsync.runtime.ports import Ledger, Registry, SalesforceDoor
from campaignsync.runtime.progress import Tell, nobody

CAMPAIGN_PREFIX = "701"  # S1.1
CAMPAIGN_NAME_LENGTH = 80  # S1.1.1
CLOCKS_DIFFER = timedelta(minutes=5)
"""How far our clock may be ahead of the org's, when what we made is looked for by its time."""
NOT_THERE_YET = "new"
"""Stands for the id of a campaign that is only previewed."""


def require_campaign_sync(connection: Connection) -> None:
    """UsageError while the switch of the connection is off (M3.1)."""
    if not connection.campaign_sync:
        raise UsageError(
            f"Campaign sync is switched off for connection '{connection.name}'."
            f" Switch it on with: campaignsync connect {connection.name} --campaign-sync"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingCampaign:
    """The wish to link a program with a campaign that is there. The ways out of a misfit (M4.4): `create_statuses` gives the
    campaign those it lacks first, `mapped` says which status a label means."""

    program: str
    campaign: str
    create_statuses: bool = False
    mapped: tuple[LabelMapping, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a link would begin with."""

    labels: LabelsOfCampaign
    planned: Planned


@dataclass(frozen=True, slots=True, kw_only=True)
class Linking:
    """Linking in one org: the door to it, and what is remembered of it."""

    registry: Registry
    ledger: Ledger
    door: SalesforceDoor
    connection: Connection
    tell: Tell = nobody

    def existing(self, wish: ExistingCampaign) -> LinkId:
        """Link a program with a campaign that is there already."""
        labels = self._wished(wish)
        if wish.create_statuses:
            labels = self.create_statuses(labels)
        require_fit(labels)
        return self.registry.create_link(
            wish.program, self.connection.connection_id, labels.campaign_id, labels.vocabulary.mapped
        )

    def preview_existing(self, wish: ExistingCampaign) -> Preview:
        """What `existing` would begin with, and nothing kept of it (M4.5)."""
        labels = self._wished(wish)
        if wish.create_statuses:
            labels = replace(labels, statuses=(*labels.statuses, *labels.to_create))
        return self._on_trial(labels)

    def new(self, program: str, name: str) -> LinkId:
        """Create a campaign from a program and link the two (M4.2). One whose making was cut off is found and finished; two
        admins at once make one."""
        org = self.connection.connection_id
        with self.registry.making_campaign(org):
            fields = self._fields(program, name)
            statuses = statuses_for_new_campaign(self.registry.program_channel(program))
            campaign_id = self._begun(program, str(fields["Name"]))
            if campaign_id:
                self.door.finish_campaign(campaign_id, statuses)
            else:
                campaign_id = self._made(program, fields, statuses)
            self._look()
            return self.registry.create_link(program, org, campaign_id)

    def _begun(self, program: str, name: str) -> str | None:
        """The campaign that an attempt which nobody heard of has left in Salesforce, known again by its name and who made it."""
        org = self.connection.connection_id
        intent = self.registry.intended_campaign(program, org)
        if intent is None:
            return None
        self._look()
        linked = {row["id"] for row in self.registry.campaigns(org) if row["program"]}
        made = self.door.campaigns_made_by(
            self.door.sync_user().user_id, name=intent.name, since=intent.at - CLOCKS_DIFFER
        )
        found = next((each for each in map(salesforce_id, made) if each not in linked), None)
        if found is None:
            self.registry.forget_campaign_intent(program, org)
        if found is None or intent.name == name:
            return found
        raise UsageError(
            f"An earlier attempt has made campaign '{intent.name}' ({found}) for program '{program}' and was cut off. Link that"
            f' one, with: campaignsync link "{program}" --campaign {found} --create-statuses; or delete it in Salesforce first.'
        )

    def _made(
        self,
        program: str,
        fields: Mapping[str, CampaignFieldValue | bool],
        statuses: Sequence[CampaignStatus],
    ) -> str:
        """A new campaign, intended first: only a link says that it was heard of."""
        org = self.connection.connection_id
        self.registry.intend_campaign(program, org, str(fields["Name"]))
        try:
            return salesforce_id(self._with_or_without_type(fields, statuses))
        except UnknownOutcomeError as error:
            raise UnknownOutcomeError(
                f"{error} If the campaign was made, the same command finds it and goes on."
            ) from None

    def _with_or_without_type(
        self, fields: Mapping[str, CampaignFieldValue | bool], statuses: Sequence[CampaignStatus]
    ) -> str:
        """Where the org's types are restricted and lack ours, the campaign gets the org's default, and the first round says
        so (M5.1)."""
        try:
            return self.door.create_campaign(fields, statuses)
        except RefusedError as refusal:
            if refusal.code != RESTRICTED_PICKLIST:
                raise
        return self.door.create_campaign(
            {name: value for name, value in fields.items() if name != "Type"}, statuses
        )

    def preview_new(self, program: str, name: str) -> Preview:
        """What `new` would begin with, and nothing made or kept of it (M4.5)."""
        fields = self._fields(program, name)
        statuses = statuses_for_new_campaign(self.registry.program_channel(program))
        labels = replace(self.labels(program, NOT_THERE_YET), statuses=statuses)
        return self._on_trial(labels, campaign=str(fields["Name"]), campaign_fields=fields)

    def _wished(self, wish: ExistingCampaign) -> LabelsOfCampaign:
        """A campaign that may be linked, if only its labels fit."""
        require_campaign_sync(self.connection)
        campaign_id = salesforce_id(wish.campaign.strip(), prefix=CAMPAIGN_PREFIX)
        self.registry.require_unlinked(wish.program, self.connection.connection_id)
        self._look()
        require_visible(self.registry, self.connection, campaign_id)
        with turn(self.door, self.ledger, self.connection.connection_id):
            self._call_in(campaign_id)
        return self.labels(wish.program, campaign_id).changed(LabelChanges(mapped=wish.mapped))

    def _fields(self, program: str, name: str) -> dict[str, CampaignFieldValue | bool]:
        """What a campaign of this name would be made with."""
        require_campaign_sync(self.connection)
        self.registry.require_unlinked(program, self.connection.connection_id)
        name = name.strip()
        if not 0 < len(name) <= CAMPAIGN_NAME_LENGTH:
            raise UsageError(
                f"A campaign's name has 1 to {CAMPAIGN_NAME_LENGTH} characters; this one has {len(name)}."
            )
        channel = self.registry.program_channel(program)
        known = self.registry.program(program)
        dates = {"StartDate": known["start"], "EndDate": known["end"]}
        return {
            "Name": name,
            "Type": channel.type_for_campaign(),
            "IsActive": True,
            **{field: day.isoformat() for field, day in dates.items() if day},
        }

    def _on_trial(self, labels: LabelsOfCampaign, **known: object) -> Preview:
        """The plan of a link that is not kept, with what is `known` of a campaign that is not there yet."""
        trial = self.registry.trial_link(
            labels.program, self.connection.connection_id, labels.campaign_id, labels.vocabulary.mapped
        )
        with turn(self.door, self.ledger, self.connection.connection_id):
            self._call_in(labels.campaign_id)
            with trial as link:
                self.ledger.adopt_people(link)
                facts = replace(self.ledger.link(link), statuses=labels.statuses, **known)  # type: ignore[arg-type]
                return Preview(labels=labels, planned=plan_of(self.ledger, facts))

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
        if not labels.to_create:
            return labels
        self.door.add_statuses(labels.campaign_id, labels.to_create)
        self._look()
        statuses, _ = self.registry.campaign_labels(self.connection.connection_id, labels.campaign_id)
        return replace(labels, statuses=statuses)

    def _call_in(self, campaign_id: str) -> None:
        """Whatever the filter of the mirror says: who is in a campaign that somebody wants to link is to be known (M3.4)."""
        call_in(self.door, self.ledger, self.connection.connection_id, campaign_id)

    def _look(self) -> None:
        look(self.door, self.ledger, self.connection.connection_id, self.tell)


def require_visible(registry: Registry, connection: Connection, campaign_id: str) -> None:
    """UsageError when a campaign is not among those we see."""
    campaigns = registry.campaigns(connection.connection_id, outside=True)
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
