"""Campaigns: who may make them, their hierarchy, the statuses each starts with (contract, section 1.1)."""

from salesforce_sandbox.org.drafts import Batch, Draft, Rules

# S1.2.3: what every new campaign has, in this order.
FIRST_STATUSES = (("Sent", True, False), ("Responded", False, True))


class CampaignRules(Rules):
    def before_create(self, batch: Batch) -> None:
        refuse_unless_marketing_user(batch)
        _judge_parents(batch)
        _judge_record_types(batch)

    def before_update(self, batch: Batch) -> None:
        _judge_parents(batch)
        _judge_record_types(batch)

    def after_create(self, batch: Batch) -> None:
        transaction = batch.transaction
        status = transaction.ground.schema.find("CampaignMemberStatus")
        assert status is not None  # noqa: S101 - a fact of the schema
        base = transaction.new_row(status)
        rows = [
            base
            | {
                "CampaignId": draft.values["Id"],
                "Label": label,
                "SortOrder": order,
                "IsDefault": int(default),
                "HasResponded": int(responded),
            }
            for draft in batch.live
            for order, (label, default, responded) in enumerate(FIRST_STATUSES, start=1)
        ]
        transaction.insert(status, rows)


def refuse_unless_marketing_user(batch: Batch) -> None:
    """S0.6, S1.2.10: full rights on the object are not enough."""
    transaction = batch.transaction
    if transaction.ground.access.is_marketing_user(transaction.caller.user_id):
        return
    for draft in batch.live:
        message = f"entity type cannot be inserted: {batch.sobject.label}"
        draft.refuse("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message)


def _judge_record_types(batch: Batch) -> None:
    """S1.1.10: what a campaign chooses for its members is a record type of members."""
    if not any(draft.values.get("CampaignMemberRecordTypeId") for draft in batch.live):
        return
    fitting = batch.transaction.ground.storage.rows(
        'SELECT "Id" FROM "RecordType" WHERE "SobjectType" = \'CampaignMember\' AND "IsActive" = 1'
    )
    known = {record_id for (record_id,) in fitting}
    for draft in batch.live:
        wanted = draft.values.get("CampaignMemberRecordTypeId")
        if wanted and wanted not in known:
            message = f"Record Type ID: this ID value isn't valid for the user: {wanted}"
            draft.refuse("INVALID_CROSS_REFERENCE_KEY", message, "CampaignMemberRecordTypeId")


def _judge_parents(batch: Batch) -> None:
    """S1.1.6: no campaign is its own ancestor, and a hierarchy has only so many levels."""
    for draft in batch.live:
        if draft.values.get("ParentId") is not None:
            _judge_parent(batch, draft)


def _judge_parent(batch: Batch, draft: Draft) -> None:
    storage, switches = batch.transaction.ground.storage, batch.transaction.ground.switches
    ancestors = storage.rows(
        'WITH RECURSIVE above(id, level) AS (SELECT ?, 1 UNION SELECT c."ParentId", level + 1 FROM above'
        ' JOIN "Campaign" c ON c."Id" = above.id WHERE c."ParentId" IS NOT NULL AND level < 100) SELECT id FROM above',
        draft.values["ParentId"],
    )
    own = draft.before["Id"] if draft.before else None
    if (own,) in ancestors:
        code = str(switches["campaign_cycle_error"])
        draft.refuse(code, "attempt to violate hierarchy constraints", "ParentId")
        return
    below = storage.rows(
        'WITH RECURSIVE below(id, level) AS (SELECT ?, 0 UNION SELECT c."Id", level + 1 FROM below'
        ' JOIN "Campaign" c ON c."ParentId" = below.id WHERE level < 100) SELECT max(level) FROM below',
        own,
    )
    levels = int(switches["campaign_levels"])
    if len(ancestors) + 1 + below[0][0] > levels:
        message = f"A campaign hierarchy can have at most {levels} levels."
        draft.refuse("FIELD_INTEGRITY_EXCEPTION", message, "ParentId")
