"""The one save pipeline: create, update, upsert, delete and undelete, for every API, in chunks of 200 rows.

The wire calls it with rows as callers sent them; each row gets its own Outcome, in order. A chunk is one transaction:
what is refused is left out, the rest is stored. Whoever wants all or none wraps the call in `together`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from salesforce_sandbox.org import cascade, checks
from salesforce_sandbox.org.access import Caller
from salesforce_sandbox.org.drafts import ROLLED_BACK, Batch, Draft, Outcome
from salesforce_sandbox.org.duplicates import check_duplicates
from salesforce_sandbox.org.errors import SalesforceError, UnreadableError
from salesforce_sandbox.org.ground import Ground
from salesforce_sandbox.org.reading import Reader
from salesforce_sandbox.org.rules.book import NO_RULES, RULES
from salesforce_sandbox.org.schema import SObject
from salesforce_sandbox.org.storage import as_list, spellings
from salesforce_sandbox.org.transaction import Transaction, Transactions, Undo
from salesforce_sandbox.org.values import read_id

CHUNK = 200
_VERBS = {"create": "createable", "edit": "updateable", "delete": "deletable"}
_NO_ID = SalesforceError(400, "MISSING_ARGUMENT", "Id not specified in an update call", ("Id",))
_WORDS = {"create": "inserted", "edit": "updated", "delete": "deleted"}


class Records:
    """Saves rows of one org."""

    def __init__(self, ground: Ground, transactions: Transactions) -> None:
        self._ground = ground
        self._transactions = transactions

    def create(self, sobject: SObject, rows: Sequence[Mapping[str, Any]], caller: Caller) -> list[Outcome]:
        refusal = self._refusal(sobject, "create", caller)
        if refusal:
            return [Outcome(error=refusal)] * len(rows)
        reader = Reader(self._ground, sobject, "create", caller.user_id)
        outcomes: list[Outcome] = []
        for start in range(0, len(rows), CHUNK):
            with self._transactions.begin(caller) as transaction:
                batch = self._new_batch(transaction, sobject, rows[start : start + CHUNK], reader)
                self._save_new(batch)
            outcomes += [_outcome(draft, created=True) for draft in batch.drafts]
        return outcomes

    def update(self, sobject: SObject, rows: Sequence[Mapping[str, Any]], caller: Caller) -> list[Outcome]:
        """Each row names its record by Id."""
        refusal = self._refusal(sobject, "edit", caller)
        if refusal:
            return [Outcome(id=_key_value(row, "Id") or None, error=refusal) for row in rows]
        reader = Reader(self._ground, sobject, "edit", caller.user_id)
        outcomes: list[Outcome] = []
        for chunk in _chunks_without_repeats(rows):
            with self._transactions.begin(caller) as transaction:
                batch, ids = self._changed_batch(transaction, sobject, chunk, reader)
                self._save_changed(batch)
            outcomes += [
                _outcome(draft, record_id=record_id)
                for draft, record_id in zip(batch.drafts, ids, strict=True)
            ]
        return outcomes

    def upsert(
        self, sobject: SObject, key: str, rows: Sequence[Mapping[str, Any]], caller: Caller
    ) -> list[Outcome]:
        """Creates or updates by the value each row has in the field `key`, an external id, an id lookup or Id."""
        if sobject.name == "CampaignMember" and not self._ground.switches["member_upsert"]:
            message = "entity type cannot be upserted: Campaign Member"
            error = SalesforceError(400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message)
            return [Outcome(error=error)] * len(rows)
        outcomes: list[Outcome] = []
        for start in range(0, len(rows), CHUNK):
            outcomes += self._upsert_chunk(sobject, key, rows[start : start + CHUNK], caller)
        return outcomes

    def delete(self, ids: Sequence[str], caller: Caller) -> list[Outcome]:
        """Deletes records of any objects."""
        outcomes: list[Outcome] = []
        for start in range(0, len(ids), CHUNK):
            with self._transactions.begin(caller) as transaction:
                outcomes += self._delete_chunk(transaction, ids[start : start + CHUNK])
        return outcomes

    def undelete(self, ids: Sequence[str], caller: Caller) -> list[Outcome]:
        """Brings records back from the Recycle Bin with what went with them."""
        binned = self._binned(ids)
        with self._transactions.begin(caller) as transaction:
            cascade.undelete(transaction, binned)
        missing = SalesforceError(400, "UNDELETE_FAILED", "Entity is not in the recycle bin")
        return [Outcome(id=each, error=None if each in binned else missing) for each in ids]

    def purge(self, ids: Sequence[str], caller: Caller) -> list[Outcome]:
        """Takes records out of the Recycle Bin for good; no change event tells of it (S1.4.8)."""
        binned = self._binned(ids)
        with self._transactions.begin(caller):
            self._ground.storage.empty_bin(binned)
        missing = SalesforceError(400, "INVALID_ID_FIELD", "Invalid record id; no recycle bin entry found")
        return [Outcome(id=each, error=None if each in binned else missing) for each in ids]

    def of_one_call(
        self, caller: Caller, save: Callable[[], list[Outcome]], *, all_or_none: bool
    ) -> list[Outcome]:
        """What `save` makes of the rows of one call, which one that cannot be read fails by switch (S2.2.7); with `all_or_none`
        any refused one takes all others along."""

        def readable() -> list[Outcome]:
            return self._readable(caller, save)

        return self.together(caller, readable) if all_or_none else readable()

    def together(self, caller: Caller, save: Callable[[], list[Outcome]]) -> list[Outcome]:
        """All or none: when one row of what `save` does is refused, nothing of it is stored."""
        with self._transactions.begin(caller) as transaction, transaction.savepoint():
            outcomes = save()
            if any(not outcome.success for outcome in outcomes):
                raise Undo
        if all(outcome.success for outcome in outcomes):
            return outcomes
        return [
            outcome if outcome.error else Outcome(created=outcome.created, error=ROLLED_BACK)
            for outcome in outcomes
        ]

    def _readable(self, caller: Caller, save: Callable[[], list[Outcome]]) -> list[Outcome]:
        with self._transactions.begin(caller):
            outcomes = save()
            for outcome in outcomes:
                if isinstance(outcome.error, UnreadableError) and self._ground.switches["misfit_fails_call"]:
                    raise outcome.error
        return outcomes

    def matches(self, sobject: SObject, key: str, values: Sequence[Any]) -> dict[str, list[str]]:
        """The live records that have these values in a field, by the value in lower case."""
        found: dict[str, list[str]] = {}
        deleted = ' AND "IsDeleted" = 0' if sobject.field("IsDeleted") else ""
        for value, record_id in self._ground.storage.rows(
            f'SELECT "{key}", "Id" FROM "{sobject.name}"'  # noqa: S608 - names of the schema
            f' WHERE "{key}" IN (SELECT value FROM json_each(?)){deleted} ORDER BY "Id"',
            as_list(spellings(str(value) for value in values)),
        ):
            found.setdefault(str(value).lower(), []).append(record_id)
        return found

    def _binned(self, ids: Sequence[str]) -> dict[str, str]:
        """Which of these are in the Recycle Bin on their own account: id → object."""
        return dict(
            self._ground.storage.rows(
                'SELECT d."Id", d."Type" FROM "_Deletion" d'
                ' WHERE d."Id" IN (SELECT value FROM json_each(?)) AND d."With" = d."Id" AND d."Hard" = 0',
                as_list(ids),
            )
        )

    def _refusal(self, sobject: SObject, right: str, caller: Caller) -> SalesforceError | None:
        """Why this caller cannot write that object at all."""
        allowed = self._ground.access.may(caller.user_id, sobject.name, right)
        if _VERBS[right] not in sobject.can or (right == "create" and not allowed):
            message = f"entity type cannot be {_WORDS[right]}: {sobject.label}"
            return SalesforceError(400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message)
        if not allowed:
            return SalesforceError(
                403, "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id"
            )
        return None

    def _new_batch(
        self, transaction: Transaction, sobject: SObject, rows: Sequence[Mapping[str, Any]], reader: Reader
    ) -> Batch:
        base = transaction.new_row(sobject)
        never_empty = [
            name
            for name, value in base.items()
            if value is not None and not sobject.field(name).nillable  # type: ignore[union-attr]
        ]
        drafts = []
        for row in rows:
            try:
                sent = reader.read(row)
            except SalesforceError as error:
                drafts.append(Draft(values=dict(base), error=error))
                continue
            values = base | sent
            for name in never_empty:
                if values[name] is None:
                    values[name] = base[name]
            drafts.append(Draft(values=values, sent=frozenset(sent)))
        return Batch(sobject, drafts, transaction)

    def _save_new(self, batch: Batch) -> None:
        rules = RULES.get(batch.sobject.name, NO_RULES)
        checks.check_required(batch)
        checks.check_parents(batch)
        checks.check_unique(batch)
        checks.check_locks(batch)
        checks.check_space(batch)
        check_duplicates(batch)
        rules.before_create(batch)

        def write() -> None:
            batch.transaction.insert(batch.sobject, [draft.values for draft in batch.live])
            rules.after_create(batch)

        self._store(batch, write)

    def _changed_batch(
        self, transaction: Transaction, sobject: SObject, rows: Sequence[Mapping[str, Any]], reader: Reader
    ) -> tuple[Batch, list[str | None]]:
        """The batch, and the ids the rows named as far as they were ids."""
        ids: list[str | None] = []
        drafts: list[Draft] = []
        for row in rows:
            draft = Draft(values={})
            drafts.append(draft)
            ids.append(None)
            try:
                sent_id = _key_value(row, "Id")
                if not sent_id:
                    raise _NO_ID
                ids[-1] = read_id(sent_id, f"{sobject.label} ID", "Id", (sobject.key_prefix,))
                draft.values = reader.read(row)
                draft.sent = frozenset(draft.values)
            except SalesforceError as error:
                draft.error = error
        present = self._ground.storage.records(sobject.name, [each for each in ids if each])
        for draft, record_id in zip(drafts, ids, strict=True):
            draft.before = present.get(record_id or "")
            _judge_presence(draft, record_id)
        return Batch(sobject, drafts, transaction), ids

    def _save_changed(self, batch: Batch) -> None:
        rules = RULES.get(batch.sobject.name, NO_RULES)
        checks.check_required(batch)
        checks.check_parents(batch)
        checks.check_unique(batch)
        checks.check_locks(batch)
        rules.before_update(batch)

        def write() -> None:
            batch.transaction.update(batch.sobject, {draft.id: draft.values for draft in batch.live})
            rules.after_update(batch)

        self._store(batch, write)

    def _store(self, batch: Batch, write: Callable[[], None]) -> None:
        """Writes; rows that an admin's validation rule then refuses are taken back and left out."""
        if not batch.live:
            return
        if not checks.rules_for(self._ground, batch.sobject):
            write()
            return
        broken: dict[str, SalesforceError] | None = None
        while batch.live and broken != {}:
            with batch.transaction.savepoint():
                write()
                broken = checks.broken_rules(self._ground, batch.sobject, [draft.id for draft in batch.live])
                if broken:
                    raise Undo
            for draft in batch.live:
                draft.error = broken.get(draft.id)

    def _upsert_chunk(
        self, sobject: SObject, key: str, rows: Sequence[Mapping[str, Any]], caller: Caller
    ) -> list[Outcome]:
        values = [_key_value(row, key) for row in rows]
        present = self.matches(sobject, key, [value for value in values if value])
        outcomes: list[Outcome | None] = [None] * len(rows)
        new: list[int] = []
        known: list[tuple[int, str]] = []
        seen: set[str] = set()
        for index, value in enumerate(values):
            found = present.get(value.lower(), [])
            if not value and key != "Id":
                outcomes[index] = _refused("MISSING_ARGUMENT", f"{key} not specified", key)
            elif value and value.lower() in seen:
                outcomes[index] = _refused(
                    "DUPLICATE_VALUE", f"Duplicate external id specified: {value}", key
                )
            elif len(found) > 1:
                outcomes[index] = Outcome(error=ambiguous(sobject, key, found))
            elif found:
                known.append((index, found[0]))
            elif key == "Id" and value:
                message = f"invalid cross reference id: {value}"
                outcomes[index] = _refused("INVALID_CROSS_REFERENCE_KEY", message, key)
            else:
                new.append(index)
            seen.add(value.lower())
        made = self.create(sobject, [_without(rows[index], "id") for index in new], caller)
        changes = [_without(rows[index], key.lower(), "id") | {"Id": record_id} for index, record_id in known]
        changed = self.update(sobject, changes, caller)
        for index, outcome in [
            *zip(new, made, strict=True),
            *zip([i for i, _ in known], changed, strict=True),
        ]:
            outcomes[index] = outcome
        return [outcome for outcome in outcomes if outcome is not None]

    def _delete_chunk(self, transaction: Transaction, ids: Sequence[str]) -> list[Outcome]:
        drafts: list[Draft] = []
        by_object: dict[str, list[Draft]] = {}
        kinds: dict[str, SObject] = {}
        for sent in ids:
            draft = Draft(values={})
            drafts.append(draft)
            try:
                record_id = read_id(sent, "Record ID", "Id")
            except SalesforceError:
                draft.refuse("MALFORMED_ID", f"malformed id {sent}")
                continue
            sobject = self._ground.schema.by_key_prefix(record_id)
            draft.values["Id"] = record_id
            if sobject is None:
                draft.refuse("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", status=404)
                continue
            kinds[sobject.name] = sobject
            by_object.setdefault(sobject.name, []).append(draft)
        for name, of_one in by_object.items():
            self._delete_batch(Batch(kinds[name], of_one, transaction))
        return [
            _outcome(draft, record_id=draft.values.get("Id", sent))
            for draft, sent in zip(drafts, ids, strict=True)
        ]

    def _delete_batch(self, batch: Batch) -> None:
        rules = RULES.get(batch.sobject.name, NO_RULES)
        refusal = self._refusal(batch.sobject, "delete", batch.transaction.caller)
        present = self._ground.storage.records(batch.sobject.name, [d.values["Id"] for d in batch.drafts])
        seen: set[str] = set()
        for draft in batch.drafts:
            record_id = draft.values["Id"]
            draft.error = refusal
            draft.before = present.get(record_id)
            _judge_presence(draft, record_id)
            if record_id in seen:
                draft.refuse("ENTITY_IS_DELETED", "entity is deleted", status=404)
            seen.add(record_id)
        checks.check_locks(batch)
        rules.before_delete(batch)
        if batch.live:
            cascade.delete(batch.transaction, batch.sobject, {draft.id: draft.id for draft in batch.live})
            rules.after_delete(batch)


def _judge_presence(draft: Draft, record_id: str | None) -> None:
    if record_id is None:
        return
    if draft.before is None:
        draft.refuse("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", status=404)
    elif draft.before.get("IsDeleted"):
        draft.refuse("ENTITY_IS_DELETED", "entity is deleted", status=404)


def _outcome(draft: Draft, *, created: bool = False, record_id: str | None = None) -> Outcome:
    if draft.error:
        return Outcome(id=record_id, created=created, error=draft.error)
    return Outcome(id=record_id or draft.id, created=created)


def ambiguous(sobject: SObject, key: str, found: Sequence[str]) -> SalesforceError:
    """The refusal of a key that several records have."""
    field = sobject.field(key)
    listed = ", ".join(found)
    message = f"{field.label if field else key}: more than one record found for external id field: [{listed}]"
    return SalesforceError(400, "DUPLICATE_EXTERNAL_ID", message, (key,))


def _refused(code: str, message: str, *fields: str) -> Outcome:
    return Outcome(error=SalesforceError(400, code, message, fields))


def _chunks_without_repeats(rows: Sequence[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    """Chunks in which no record comes twice, so that each change is judged by what the one before left."""
    chunk: list[Mapping[str, Any]] = []
    seen: set[str] = set()
    for row in rows:
        record_id = _key_value(row, "Id")[:15]
        if len(chunk) == CHUNK or record_id in seen:
            yield chunk
            chunk, seen = [], set()
        chunk.append(row)
        seen.add(record_id)
    if chunk:
        yield chunk


def _key_value(row: Mapping[str, Any], key: str) -> str:
    """The text a row has under a key, however the sender wrote the key (`id` as well as `Id`)."""
    found = row.get(key)
    if found is None:
        found = next((value for name, value in row.items() if name.lower() == key.lower()), None)
    return "" if found is None else str(found).strip()


def _without(row: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """The row without what the sender wrote under these keys, which are in lower case."""
    return {name: value for name, value in row.items() if name.lower() not in keys}
