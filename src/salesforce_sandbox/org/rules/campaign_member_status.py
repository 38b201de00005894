"""Member statuses: one default, at least one that responded, labels and places used once (contract, section 1.2).

A batch is judged by what it leaves behind, so that one request may move the default from one row to another.
"""

from dataclasses import replace
from typing import Any

from salesforce_sandbox.org.drafts import Batch, Draft, Rules
from salesforce_sandbox.org.rules.campaign import refuse_unless_marketing_user
from salesforce_sandbox.org.rules.campaign_member import responded_date
from salesforce_sandbox.org.schema import PicklistValue, Schema
from salesforce_sandbox.org.storage import as_list
from salesforce_sandbox.org.transaction import Transaction

_TAKEN = "duplicate value found: <unknown> duplicates value on record with id: <unknown>"


class CampaignMemberStatusRules(Rules):
    def before_create(self, batch: Batch) -> None:
        refuse_unless_marketing_user(batch)
        campaigns = _rows_by_campaign(batch)
        for draft in batch.live:
            rows = campaigns.setdefault(draft.values["CampaignId"], {})
            _refuse_taken(draft, rows)
            _refuse_second_default(draft, rows, batch)
            _refuse_beyond_limit(draft, rows, batch)
            if draft.error:
                continue
            if draft.values["SortOrder"] is None:
                draft.values["SortOrder"] = 1 + max(
                    (row["SortOrder"] or 0 for row in rows.values()), default=0
                )
            rows[f"new {len(rows)}"] = draft.values

    def after_create(self, batch: Batch) -> None:
        _move_default(batch)
        add_labels(batch.transaction.ground.schema, [draft.values["Label"] for draft in batch.live])

    def before_update(self, batch: Batch) -> None:
        campaigns = _rows_by_campaign(batch)
        for draft in batch.live:
            rows = campaigns[draft.value("CampaignId")]
            others = {record_id: row for record_id, row in rows.items() if record_id != draft.id}
            _refuse_taken(draft, others)
            _refuse_second_default(draft, others, batch)
            if draft.error is None:
                rows[draft.id] = {**rows[draft.id], **draft.values}
        for draft in batch.live:
            rows = campaigns[draft.value("CampaignId")]
            if draft.values.get("IsDefault") == 0 and not any(row["IsDefault"] for row in rows.values()):
                _refuse_last(draft, "IsDefault", "a default member status")
            if draft.values.get("HasResponded") == 0 and not any(r["HasResponded"] for r in rows.values()):
                _refuse_last(draft, "HasResponded", "a member status that means responded")

    def after_update(self, batch: Batch) -> None:
        _move_default(batch)
        add_labels(
            batch.transaction.ground.schema, [d.values["Label"] for d in batch.live if "Label" in d.values]
        )
        for draft in batch.live:
            assert draft.before is not None  # noqa: S101 - updates have a before
            renamed = draft.value("Label") != draft.before["Label"]
            if renamed and batch.transaction.ground.switches["rename_cascades"]:
                _rewrite_members(batch.transaction, draft, {"Status": draft.value("Label")})
            if draft.value("HasResponded") != draft.before["HasResponded"]:
                _recompute_members(batch.transaction, draft)

    def before_delete(self, batch: Batch) -> None:
        """S1.2.5: the default, a status that members have and the last that responded stay."""
        code = str(batch.transaction.ground.switches["status_delete_error"])
        campaigns = _rows_by_campaign(batch)
        for draft in batch.live:
            rows = campaigns[draft.value("CampaignId")]
            left = [row for record_id, row in rows.items() if record_id != draft.id]
            if draft.value("IsDefault") or not any(row["HasResponded"] for row in left):
                draft.refuse(code, "Your attempt to delete the member status failed: the campaign needs it.")
            elif _members_with(batch.transaction, draft.value("CampaignId"), draft.value("Label")):
                draft.refuse(code, "Your attempt to delete the member status failed: members have it.")
            else:
                del rows[draft.id]


def add_labels(schema: Schema, labels: list[str]) -> None:
    """S1.2.9: each new label becomes an entry of the org-wide picklist CampaignMember.Status."""
    member = schema.find("CampaignMember")
    status = member.field("Status") if member else None
    if status is None:
        return
    known = {entry.value.lower() for entry in status.picklist_values}
    new = {label.lower(): label for label in labels if label and label.lower() not in known}
    if new:
        entries = tuple(PicklistValue(value=label, label=label) for label in new.values())
        schema.put_field("CampaignMember", replace(status, picklist_values=status.picklist_values + entries))


def _rows_by_campaign(batch: Batch) -> dict[str, dict[str, dict[str, Any]]]:
    """The live status rows of the batch's campaigns: campaign id → status id → row."""
    storage = batch.transaction.ground.storage
    campaigns = as_list({draft.value("CampaignId") for draft in batch.live})
    ids = storage.rows(
        'SELECT "Id" FROM "CampaignMemberStatus"'
        ' WHERE "CampaignId" IN (SELECT value FROM json_each(?)) AND "IsDeleted" = 0',
        campaigns,
    )
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for record_id, row in storage.records(
        "CampaignMemberStatus", [record_id for (record_id,) in ids]
    ).items():
        found.setdefault(row["CampaignId"], {})[record_id] = row
    return found


def _refuse_taken(draft: Draft, others: dict[str, dict[str, Any]]) -> None:
    for name in ("Label", "SortOrder"):
        value = draft.values.get(name)
        if value is not None and str(value).lower() in {str(row[name]).lower() for row in others.values()}:
            draft.refuse("DUPLICATE_VALUE", _TAKEN)


def _refuse_second_default(draft: Draft, others: dict[str, dict[str, Any]], batch: Batch) -> None:
    """S1.2.6: normally the default moves to the new row."""
    if not draft.values.get("IsDefault"):
        return
    if batch.transaction.ground.switches["second_default_status"] == "moves the default":
        for row in others.values():
            row["IsDefault"] = 0
    elif any(row["IsDefault"] for row in others.values()):
        _refuse_last(draft, "IsDefault", "only one default member status")


def _refuse_beyond_limit(draft: Draft, rows: dict[str, dict[str, Any]], batch: Batch) -> None:
    """S1.2.9: the classic editor knows 50; whether other ways do is not known."""
    most = int(batch.transaction.ground.switches["status_limit"])
    if len(rows) >= most:
        draft.refuse("LIMIT_EXCEEDED", f"A campaign can have at most {most} member statuses.")


def _refuse_last(draft: Draft, field: str, what: str) -> None:
    draft.refuse("FIELD_INTEGRITY_EXCEPTION", f"A campaign must have {what}.", field)


def _move_default(batch: Batch) -> None:
    transaction = batch.transaction
    for draft in batch.live:
        if draft.values.get("IsDefault"):
            others = transaction.ground.storage.rows(
                'SELECT "Id" FROM "CampaignMemberStatus"'
                ' WHERE "CampaignId" = ? AND "Id" != ? AND "IsDefault" = 1 AND "IsDeleted" = 0',
                draft.value("CampaignId"),
                draft.id,
            )
            transaction.update(batch.sobject, {record_id: {"IsDefault": 0} for (record_id,) in others})


def _members_with(transaction: Transaction, campaign: str, label: str) -> list[tuple[str, str | None]]:
    """(id, FirstRespondedDate) of the campaign's members that have a status."""
    return transaction.ground.storage.rows(
        'SELECT "Id", "FirstRespondedDate" FROM "CampaignMember"'
        ' WHERE "CampaignId" = ? AND "Status" = ? AND "IsDeleted" = 0',
        campaign,
        label,
    )


def _rewrite_members(transaction: Transaction, draft: Draft, values: dict[str, Any]) -> None:
    member = transaction.ground.schema.find("CampaignMember")
    assert member is not None  # noqa: S101 - a fact of the schema
    assert draft.before is not None  # noqa: S101 - updates have a before
    touched = _members_with(transaction, draft.value("CampaignId"), draft.before["Label"])
    transaction.update(member, {record_id: values for record_id, _ in touched})


def _recompute_members(transaction: Transaction, draft: Draft) -> None:
    """S0.5, S1.2.7: members follow the flag of their status row, and count as changed."""
    ground, responded = transaction.ground, bool(draft.value("HasResponded"))
    member = ground.schema.find("CampaignMember")
    assert member is not None  # noqa: S101 - a fact of the schema
    changes = {
        record_id: {
            "HasResponded": int(responded),
            "FirstRespondedDate": responded_date(
                ground, responded=responded, before=before, today=transaction.today
            ),
        }
        for record_id, before in _members_with(transaction, draft.value("CampaignId"), draft.value("Label"))
    }
    transaction.update(member, changes)
