"""What goes with a record when it is deleted, and what comes back with it (S1.1.8, S1.3.6).

Called by `records`. Children of a cascading relationship are marked with their parent's deletion, so that an undelete
brings back just those that went with it and none that was deleted before. Removing a member alone is hard (S0.1).
"""

# ruff: noqa: S608 - what is put into statements are names of the schema.

from collections.abc import Iterable, Mapping

from salesforce_sandbox.org.schema import INDEXED, SObject
from salesforce_sandbox.org.storage import as_list
from salesforce_sandbox.org.transaction import Transaction

REMOVED_FOR_GOOD = "CampaignMember"


def delete(transaction: Transaction, sobject: SObject, roots: Mapping[str, str]) -> None:
    """Deletes records, named with the record whose deletion takes them along, and all that hangs on them."""
    ground = transaction.ground
    for child in ground.schema.children(sobject.name):
        table = ground.schema.find(child.child)
        if table is None or not table.field("IsDeleted") or not table.field(child.field):
            continue
        if not child.cascade_delete:
            _let_go(transaction, table, child.field, roots)
            continue
        found = ground.storage.rows(
            f'SELECT "Id", "{child.field}" FROM "{child.child}"'
            f' WHERE "{child.field}" IN (SELECT value FROM json_each(?)) AND "IsDeleted" = 0',
            as_list(roots),
        )
        if found:
            delete(transaction, table, {child_id: roots[parent_id] for child_id, parent_id in found})
    alone = [record_id for record_id, root in roots.items() if record_id == root]
    hard = sobject.name == REMOVED_FOR_GOOD and bool(alone)
    transaction.delete(sobject, roots, hard=hard)


def undelete(transaction: Transaction, roots: Iterable[str]) -> None:
    """Brings back records and what went with them."""
    ground = transaction.ground
    gone = ground.storage.rows(
        'SELECT "Type", "Id" FROM "_Deletion" WHERE "With" IN (SELECT value FROM json_each(?)) AND "Hard" = 0',
        as_list(roots),
    )
    by_type: dict[str, list[str]] = {}
    for kind, record_id in gone:
        by_type.setdefault(kind, []).append(record_id)
    # Members come last: they only return to a campaign and a person that are there.
    for kind in sorted(by_type, key=lambda kind: kind == REMOVED_FOR_GOOD):
        sobject = ground.schema.find(kind)
        assert sobject is not None  # noqa: S101 - objects are never taken out of a schema
        ids = by_type[kind]
        transaction.undelete(sobject, _returning(transaction, ids) if kind == REMOVED_FOR_GOOD else ids)


def _returning(transaction: Transaction, members: list[str]) -> list[str]:
    ground = transaction.ground
    member = ground.schema.find(REMOVED_FOR_GOOD)
    accounts, there = "", ""
    if member and member.field("AccountId"):
        accounts = ' LEFT JOIN "Account" a ON a."Id" = m."AccountId"'
        there = ' AND coalesce(a."IsDeleted", 0) = 0'
    rows = ground.storage.rows(
        'SELECT m."Id", d."With" FROM "CampaignMember" m JOIN "_Deletion" d ON d."Id" = m."Id"'
        ' JOIN "Campaign" c ON c."Id" = m."CampaignId" AND c."IsDeleted" = 0'
        ' LEFT JOIN "Lead" l ON l."Id" = m."LeadId" LEFT JOIN "Contact" p ON p."Id" = m."ContactId"'
        f"{accounts}"
        ' WHERE m."Id" IN (SELECT value FROM json_each(?))'
        ' AND coalesce(l."IsDeleted", 0) = 0 AND coalesce(p."IsDeleted", 0) = 0'
        f"{there}",
        as_list(members),
    )
    with_campaign = ground.switches["campaign_undelete_restores_members"]
    with_person = ground.switches["person_undelete_restores_members"]
    return [member for member, root in rows if (with_campaign if root.startswith("701") else with_person)]


def _let_go(transaction: Transaction, table: SObject, field: str, parents: Mapping[str, str]) -> None:
    """Empties a lookup that points at what is deleted, where the lookup is one that people fill and the org finds by."""
    column = table.field(field)
    if column is None or not column.updateable or (field,) not in INDEXED.get(table.name, ()):
        return
    found = transaction.ground.storage.rows(
        f'SELECT "Id" FROM "{table.name}" WHERE "{field}" IN (SELECT value FROM json_each(?)) AND "IsDeleted" = 0',
        as_list(parents),
    )
    transaction.update(table, {record_id: {field: None} for (record_id,) in found}, by_user=False)
