"""What holds for rows of every object before they are stored: required fields, parents, unique keys, locks, rules of admins.

Called by `records`, batch by batch; each check asks the tables once for a whole batch.
"""

# ruff: noqa: S608 - what is put into statements are names of the schema.

from collections.abc import Iterable

from salesforce_sandbox.org.drafts import Batch, Draft
from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.org.ground import Ground, ValidationRule
from salesforce_sandbox.org.schema import Field, SObject
from salesforce_sandbox.org.soql import compile as compile_soql
from salesforce_sandbox.org.storage import as_list, spellings


def check_required(batch: Batch) -> None:
    """S1.4.1: every field that may not be empty has a value."""
    required = [
        field.name
        for field in batch.sobject.stored_fields
        if field.createable
        and not field.nillable
        and not field.defaulted_on_create
        and field.type != "boolean"
    ]
    for draft in batch.live:
        missing = [
            name
            for name in required
            if draft.values.get(name) is None and (draft.before is None or name in draft.values)
        ]
        if missing:
            message = f"Required fields are missing: [{', '.join(missing)}]"
            draft.refuse("REQUIRED_FIELD_MISSING", message, *missing)


def check_parents(batch: Batch) -> None:
    """Every record that a draft newly points at is there and not deleted."""
    storage, schema = batch.transaction.ground.storage, batch.transaction.ground.schema
    access, user_id = batch.transaction.ground.access, batch.transaction.caller.user_id
    for field in batch.sobject.stored_fields:
        if not field.reference_to or not field.createable:
            continue
        pointing = [d for d in batch.live if field.name in d.sent and d.values.get(field.name) is not None]
        wanted = {draft.values[field.name] for draft in pointing}
        known: dict[str, int] = {}
        for key_prefix in {wanted_id[:3] for wanted_id in wanted}:
            parent = schema.by_key_prefix(key_prefix)
            if parent is None:
                continue
            deleted = '"IsDeleted"' if parent.field("IsDeleted") else "0"
            known |= dict(
                storage.rows(
                    f'SELECT "Id", {deleted} FROM "{parent.name}" WHERE "Id" IN (SELECT value FROM json_each(?))',
                    as_list(wanted),
                )
            )
            if not access.may(user_id, parent.name, "read"):
                _refuse_access(pointing, field, key_prefix)
        for draft in pointing:
            _judge_parent(draft, field, known)


def _refuse_access(pointing: Iterable[Draft], field: Field, key_prefix: str) -> None:
    """S1.5.3: who may not see the parent may not point at it."""
    for draft in pointing:
        if draft.values[field.name].startswith(key_prefix):
            message = f"insufficient access rights on cross-reference id: {draft.values[field.name]}"
            draft.refuse("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", message)


def _judge_parent(draft: Draft, field: Field, known: dict[str, int]) -> None:
    gone = known.get(draft.values[field.name])
    if gone is None:
        message = f"invalid cross reference id: {draft.values[field.name]}"
        draft.refuse("INVALID_CROSS_REFERENCE_KEY", message, field.name)
    elif gone:
        draft.refuse("ENTITY_IS_DELETED", "entity is deleted", field.name)


def check_unique(batch: Batch) -> None:
    """Fields that are declared unique stay so, also within the batch."""
    storage = batch.transaction.ground.storage
    for field in (field for field in batch.sobject.stored_fields if field.unique):
        claimed = [draft for draft in batch.live if draft.values.get(field.name) is not None]
        if not claimed:
            continue
        holders = {
            _folded(field, value): record_id
            for value, record_id in storage.rows(
                f'SELECT "{field.name}", "Id" FROM "{batch.sobject.name}"'
                f' WHERE "{field.name}" IN (SELECT value FROM json_each(?))',
                as_list(spellings(draft.values[field.name] for draft in claimed)),
            )
        }
        for draft in claimed:
            key, mine = _folded(field, draft.values[field.name]), draft.id if draft.before else None
            holder = holders.get(key)
            if holder is not None and holder != mine:
                message = f"duplicate value found: {field.name} duplicates value on record with id: {holder}"
                draft.refuse("DUPLICATE_VALUE", message, field.name)
            else:
                holders[key] = mine or "<unknown>"


def _folded(field: Field, value: str) -> str:
    return str(value) if field.case_sensitive else str(value).lower()


def check_locks(batch: Batch) -> None:
    """S2.2.11: a row that is locked, or whose parent is, cannot be written now."""
    admin, now = batch.transaction.ground.admin, batch.transaction.ground.clock.now()
    if not admin.locks:
        return
    held = {record_id for record_id, until in admin.locks.items() if until > now}
    parents = [field.name for field in batch.sobject.stored_fields if field.cascade_delete]
    for draft in batch.live:
        own = draft.before["Id"] if draft.before else None
        wanted = [each for each in (own, *map(draft.value, parents)) if each in held]
        if wanted:
            message = f"unable to obtain exclusive access to this record or {len(wanted)} records: {','.join(wanted)}"
            draft.refuse("UNABLE_TO_LOCK_ROW", message)


def check_space(batch: Batch) -> None:
    """The org is full when an admin has said how many records it holds."""
    ground = batch.transaction.ground
    if ground.admin.most_records is None or not batch.live:
        return
    free = ground.admin.most_records - count_records(ground)
    for draft in batch.live[max(0, free) :]:
        draft.refuse("STORAGE_LIMIT_EXCEEDED", "storage limit exceeded", status=403)


def count_records(ground: Ground) -> int:
    """The records that count against storage: all but users and settings."""
    uncounted = ("User", "Profile", "Organization", "LeadStatus", "RecordType", "Group", "CurrencyType")
    tables = [s.name for s in ground.schema if s.name not in uncounted and not s.history_of]
    return sum(ground.storage.rows(f'SELECT count(*) FROM "{table}"')[0][0] for table in tables)


def broken_rules(ground: Ground, sobject: SObject, ids: Iterable[str]) -> dict[str, SalesforceError]:
    """By id, the refusals of admins' validation rules for rows that have just been written."""
    broken: dict[str, SalesforceError] = {}
    listed = ", ".join(f"'{record_id}'" for record_id in ids)
    for rule in rules_for(ground, sobject):
        query = compile_soql(
            f"SELECT Id FROM {rule.sobject} WHERE ({rule.refuse_when}) AND Id IN ({listed})",
            ground.schema,
            now=ground.clock.now(),
            user_id="",
        )
        fields = (rule.field,) if rule.field else ()
        error = SalesforceError(400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", rule.message, fields)
        for row in ground.storage.rows(query.sql, *query.params):
            broken.setdefault(row[0], error)
    return broken


def rules_for(ground: Ground, sobject: SObject) -> list[ValidationRule]:
    return [rule for rule in ground.admin.validation if rule.sobject == sobject.name]
