"""Campaign members: person, status and response, and that nobody is a member twice (contract, section 1.3)."""

from collections.abc import Iterable
from dataclasses import dataclass

from salesforce_sandbox.org.drafts import Batch, Draft, Rules
from salesforce_sandbox.org.ground import Ground
from salesforce_sandbox.org.storage import Storage, as_list

# Who can be a member, whom to keep of several first.
MEMBERS = ("ContactId", "LeadId", "AccountId")


@dataclass(frozen=True, slots=True)
class Status:
    """A status row of a campaign, as members see it."""

    label: str
    is_default: bool
    has_responded: bool


class CampaignStatuses:
    """The statuses of some campaigns."""

    def __init__(self, storage: Storage, campaigns: Iterable[str]) -> None:
        self._by_label: dict[tuple[str, str], Status] = {}
        self._defaults: dict[str, Status] = {}
        for campaign, label, default, responded in storage.rows(
            'SELECT "CampaignId", "Label", "IsDefault", "HasResponded" FROM "CampaignMemberStatus"'
            ' WHERE "CampaignId" IN (SELECT value FROM json_each(?)) AND "IsDeleted" = 0',
            as_list(campaigns),
        ):
            status = Status(label, bool(default), bool(responded))
            self._by_label[campaign, label.lower()] = status
            if default:
                self._defaults[campaign] = status

    def chosen(self, campaign: str, label: str | None) -> Status:
        """The status a label means: unknown labels silently become the default, if there is one (S0.2)."""
        found = self._by_label.get((campaign, (label or "").lower())) or self._defaults.get(campaign)
        return found or Status(label or "", is_default=False, has_responded=False)


class CampaignMemberRules(Rules):
    def before_create(self, batch: Batch) -> None:
        storage = batch.transaction.ground.storage
        for draft in batch.live:
            _take_one_person(draft)
        _refuse_converted_leads(batch)
        _refuse_second_members(batch)
        statuses = CampaignStatuses(storage, {draft.values["CampaignId"] for draft in batch.live})
        for draft in batch.live:
            _take_status(draft, statuses, batch)

    def before_update(self, batch: Batch) -> None:
        changed = [draft for draft in batch.live if "Status" in draft.values]
        campaigns = {draft.value("CampaignId") for draft in changed}
        statuses = CampaignStatuses(batch.transaction.ground.storage, campaigns)
        for draft in changed:
            _take_status(draft, statuses, batch)

    def after_create(self, batch: Batch) -> None:
        bump_campaigns(batch)

    def after_update(self, batch: Batch) -> None:
        bump_campaigns(batch)

    def after_delete(self, batch: Batch) -> None:
        bump_campaigns(batch)


def _take_one_person(draft: Draft) -> None:
    """S0.3: of a contact and a lead that were both sent the contact is kept; accounts where they can be members (S1.3.1)."""
    people = [name for name in MEMBERS if name in draft.values]
    sent = [name for name in people if draft.values[name] is not None]
    if not sent:
        missing = sorted(people)
        message = f"Required fields are missing: [{', '.join(missing)}]"
        draft.refuse("REQUIRED_FIELD_MISSING", message, *missing)
    for name in sent[1:]:
        draft.values[name] = None


def responded_date(ground: Ground, *, responded: bool, before: str | None, today: str) -> str | None:
    """FirstRespondedDate of a member that responds or no longer does (S1.3.3)."""
    if responded:
        return before or today
    return None if ground.switches["first_responded_cleared"] else before


def bump_campaigns(batch: Batch) -> None:
    """S1.1.7: whether a campaign's rollups count as a change of the campaign is an open question."""
    transaction = batch.transaction
    campaign = transaction.ground.schema.find("Campaign")
    if campaign and transaction.ground.switches["rollups_bump_campaign"]:
        touched = {draft.value("CampaignId") for draft in batch.live}
        transaction.update(campaign, {record_id: {} for record_id in touched}, by_user=False)


def _take_status(draft: Draft, statuses: CampaignStatuses, batch: Batch) -> None:
    status = statuses.chosen(draft.value("CampaignId"), draft.values["Status"])
    draft.values["Status"] = status.label or None
    draft.values["HasResponded"] = int(status.has_responded)
    draft.values["FirstRespondedDate"] = responded_date(
        batch.transaction.ground,
        responded=status.has_responded,
        before=draft.value("FirstRespondedDate"),
        today=batch.transaction.today,
    )


def _refuse_converted_leads(batch: Batch) -> None:
    leads = {draft.values["LeadId"] for draft in batch.live} - {None}
    converted = batch.transaction.ground.storage.rows(
        'SELECT "Id" FROM "Lead" WHERE "Id" IN (SELECT value FROM json_each(?)) AND "IsConverted" = 1',
        as_list(leads),
    )
    gone = {record_id for (record_id,) in converted}
    for draft in batch.live:
        if draft.values["LeadId"] in gone:
            draft.refuse("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")


def _refuse_second_members(batch: Batch) -> None:
    """S0.4, S1.3.4: a campaign has a lead once and a contact once; the row that is there stays as it is."""
    storage = batch.transaction.ground.storage
    for person in MEMBERS:
        drafts = [draft for draft in batch.live if draft.values.get(person) is not None]
        if not drafts:
            continue
        taken = set(
            storage.rows(
                f'SELECT "CampaignId", "{person}" FROM "CampaignMember"'  # noqa: S608 - one of three names
                f' WHERE "{person}" IN (SELECT value FROM json_each(?)) AND "IsDeleted" = 0',
                as_list(draft.values[person] for draft in drafts),
            )
        )
        for draft in drafts:
            key = (draft.values["CampaignId"], draft.values[person])
            if key in taken:
                draft.refuse("DUPLICATE_VALUE", "Already a campaign member.")
            taken.add(key)
