"""Merging people or accounts: the losers go to the bin, what hung on them hangs on the winner (S1.4.7, S1.3.8).

Called by SOAP's merge. Where winner and loser are members of one campaign, one of the two rows is removed for good; which
one is an open question with a switch.
"""

# ruff: noqa: S608 - what is put into statements are names of the schema.

from collections.abc import Mapping, Sequence
from typing import Any

from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.org.schema import SObject
from salesforce_sandbox.org.storage import as_list
from salesforce_sandbox.org.transaction import Transaction

MOST_MERGED = 2


def merge(
    transaction: Transaction,
    sobject: SObject,
    winner: str,
    losers: Sequence[str],
    values: Mapping[str, Any],
) -> list[str]:
    """Merges losers into the winner, which takes `values`; returns the ids of the children that moved."""
    _judge(transaction, sobject, winner, losers)
    member = transaction.ground.schema.find("CampaignMember")
    if member and member.field(f"{sobject.name}Id"):
        _settle_memberships(transaction, f"{sobject.name}Id", winner, losers)
    moved: list[str] = []
    for child in transaction.ground.schema.children(sobject.name):
        table = transaction.ground.schema.find(child.child)
        field = table.field(child.field) if table else None
        if table is None or field is None or not field.stored or not table.field("SystemModstamp"):
            continue
        found = transaction.ground.storage.rows(
            f'SELECT "Id" FROM "{table.name}" WHERE "{field.name}" IN (SELECT value FROM json_each(?))',
            as_list(losers),
        )
        children = [record_id for (record_id,) in found]
        transaction.update(table, {each: {field.name: winner} for each in children}, by_user=False)
        moved += children
    transaction.update(sobject, {winner: values})
    transaction.update(sobject, {each: {"MasterRecordId": winner} for each in losers}, by_user=False)
    transaction.delete(sobject, {loser: loser for loser in losers})
    return moved


def _judge(transaction: Transaction, sobject: SObject, winner: str, losers: Sequence[str]) -> None:
    if "mergeable" not in sobject.can:
        raise SalesforceError(400, "INVALID_TYPE", f"{sobject.label} can not be merged")
    if not 1 <= len(losers) <= MOST_MERGED or winner in losers:
        message = f"A merge takes one record and up to {MOST_MERGED} others into it"
        raise SalesforceError(400, "INVALID_ARGUMENT_TYPE", message)
    present = transaction.ground.storage.records(sobject.name, [winner, *losers])
    for record_id in (winner, *losers):
        row = present.get(record_id)
        if row is None:
            raise SalesforceError(
                400, "INVALID_CROSS_REFERENCE_KEY", f"invalid cross reference id: {record_id}"
            )
        if row["IsDeleted"]:
            raise SalesforceError(400, "ENTITY_IS_DELETED", "entity is deleted")
        if row.get("IsConverted"):
            raise SalesforceError(400, "CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")


def _settle_memberships(transaction: Transaction, person: str, winner: str, losers: Sequence[str]) -> None:
    """Leaves one member row for each campaign that several of the merged are in."""
    newest_first = transaction.ground.switches["merge_keeps_member"] == "newer"
    rows = transaction.ground.storage.rows(
        f'SELECT "CampaignId", "Id" FROM "CampaignMember"'
        f' WHERE "{person}" IN (SELECT value FROM json_each(?)) AND "IsDeleted" = 0'
        f' ORDER BY "CreatedDate", "Id"',
        as_list([winner, *losers]),
    )
    kept: set[str] = set()
    superfluous = []
    for campaign, member in reversed(rows) if newest_first else rows:
        if campaign in kept:
            superfluous.append(member)
        kept.add(campaign)
    member_object = transaction.ground.schema.find("CampaignMember")
    assert member_object is not None  # noqa: S101 - a fact of the schema
    if superfluous:
        transaction.delete(member_object, {each: each for each in superfluous}, hard=True)
