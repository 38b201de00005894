"""One link as it stands, gathered from its tables into the value that a run needs."""

from __future__ import annotations

from decimal import Decimal

from campaignsync.domain.fields import FieldDirection, FieldWinner, PersonField, ValueKind
from campaignsync.domain.fields import mapped as mapped_fields
from campaignsync.domain.ids import ConnectionId, LinkId
from campaignsync.domain.labels import LabelMapping, Vocabulary
from campaignsync.domain.links import (
    Approval,
    CampaignStatus,
    FieldEdit,
    LinkPolicy,
    LinkState,
    Removal,
    SafetyLimits,
    StepBack,
    Winner,
)
from campaignsync.domain.people import DuplicateRule, LeadRules
from campaignsync.domain.problems import ProblemNoun
from campaignsync.domain.programs import PeriodCost, Rates
from campaignsync.domain.runs import (
    CAMPAIGN_FIELDS,
    CampaignFieldValue,
    FieldAgreement,
    FieldRefusal,
    LinkFacts,
    field_code,
)
from campaignsync.domain.statuses import Channel, ProgressionStatus
from campaignsync.store import models
from campaignsync.store.member_fields import mappings


def link_facts(link: models.Link) -> LinkFacts:
    """Both ends of a link, its choices, and what the campaign held when last seen."""
    campaign = models.Campaign.objects.filter(
        connection_id=link.connection_id, salesforce_id=link.campaign_id
    ).first()
    return LinkFacts(
        link_id=LinkId(link.pk),
        connection_id=ConnectionId(link.connection_id),
        connection=link.connection.name,
        program=link.program.name,
        campaign_id=link.campaign_id,
        campaign=(campaign.name if campaign else None) or link.campaign_id,
        state=LinkState(link.state),
        reason=link.reason,
        channel=channel_value(link.program.channel),
        costs=tuple(cost_value(cost) for cost in link.program.costs.all()),
        had_costs=link.program.had_costs,
        statuses=campaign_statuses(link.connection_id, link.campaign_id),
        policy=_policy(link),
        limits=SafetyLimits(removal_share=link.removal_share, removal_number=link.removal_number),
        campaign_currency=(campaign.currency if campaign else None) or link.connection.currency,
        rates=Rates(
            own=link.connection.currency,
            worth={name: Decimal(worth) for name, worth in link.connection.rates.items()},
        ),
        campaign_fields={
            "Type": campaign.type if campaign else None,
            "ActualCost": campaign.actual_cost if campaign else None,
        },
        agreed_fields={
            agreed.name: FieldAgreement(
                written=_field(agreed.name, agreed.written), found=_field(agreed.name, agreed.found)
            )
            for agreed in link.agreed_fields.all()
        },
        refused_fields=_refused_fields(link),
        leads=lead_rules(link.connection),
        mapped=_mapped(link),
        member_fields=tuple(each for each in mappings(link.connection) if each.off is None),
        cost_scale=link.connection.cost_scale,
        removals_allowed=link.removals_allowed,
    )


def person_fields(connection: int) -> tuple[PersonField, ...]:
    """All fields of people with their mapping in an org, standard ones first (M11)."""
    return mapped_fields(
        PersonField(
            name=row.name,
            kind=ValueKind(row.kind),
            lead=row.lead,
            contact=row.contact,
            direction=FieldDirection(row.direction),
            winner=FieldWinner(row.winner),
        )
        for row in models.MappedField.objects.filter(connection_id=connection)
    )


def mapping_held(connection: int) -> frozenset[PersonField]:
    """The mapping of an org's people, which nobody changes until the transaction ends. A look that was begun with another one
    would move the cursor past people whose new field it did not ask for."""
    list(models.Connection.objects.select_for_update(no_key=True).filter(pk=connection).values_list("pk"))
    return frozenset(person_fields(connection))


def vocabulary(link: models.Link) -> Vocabulary:
    """Which label of a linked campaign means which status of the channel."""
    return Vocabulary(channel=channel_value(link.program.channel), mapped=_mapped(link))


def _mapped(link: models.Link) -> tuple[LabelMapping, ...]:
    return tuple(
        LabelMapping(label=each.label, status=each.status, written=each.written) for each in link.labels.all()
    )


def lead_rules(connection: models.Connection) -> LeadRules:
    """How leads are made in a connection's org."""
    return LeadRules(
        default_last_name=connection.default_last_name,
        default_company=connection.default_company,
        duplicate_rule=DuplicateRule(connection.duplicate_rule),
        assignment=connection.assignment,
        external_id_field=connection.external_id_field,
    )


def channel_value(channel: models.Channel) -> Channel:
    """A channel with its statuses in the order of their steps."""
    return Channel(
        name=channel.name,
        program_type=channel.program_type,
        statuses=tuple(
            ProgressionStatus(name=status.name, step=status.step, success=status.success)
            for status in channel.statuses.all()
        ),
        campaign_type=channel.campaign_type,
    )


def cost_value(cost: models.PeriodCost) -> PeriodCost:
    """A period cost."""
    return PeriodCost(month=cost.month, amount=cost.amount, currency=cost.currency, note=cost.note)


def campaign_statuses(connection: int, campaign_id: str) -> tuple[CampaignStatus, ...]:
    """What a mirrored campaign offers its members, in its own order."""
    found = models.CampaignMemberStatus.objects.filter(connection_id=connection, campaign_id=campaign_id)
    return tuple(
        CampaignStatus(
            label=status.label or "",
            is_default=bool(status.is_default),
            has_responded=bool(status.has_responded),
            sort_order=status.sort_order,
        )
        for status in found.order_by("sort_order", "salesforce_id")
    )


def _policy(link: models.Link) -> LinkPolicy:
    return LinkPolicy(
        winner=Winner(link.winner),
        step_back=StepBack(link.step_back),
        removed_in_program=Removal(link.removed_in_program),
        removed_in_campaign=Removal(link.removed_in_campaign),
        field_edit=FieldEdit(link.field_edit),
        approval=Approval(link.approval),
    )


def _refused_fields(link: models.Link) -> dict[str, FieldRefusal]:
    open_problems = link.problems.filter(noun=ProblemNoun.FIELD.value, solved_at=None, retry_at=None)
    names = {field_code(name): name for name in CAMPAIGN_FIELDS}
    return {
        names[problem.code]: FieldRefusal(
            value=_field(names[problem.code], problem.wanted), message=problem.message
        )
        for problem in open_problems
        if problem.code in names and problem.wanted is not None
    }


def _field(name: str, text: str | None) -> CampaignFieldValue:
    return Decimal(text) if name == "ActualCost" and text is not None else text
