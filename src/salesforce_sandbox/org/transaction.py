"""Transactions: rows are written, stamped and noted for the change log together, or not at all.

Used by the save pipeline and by rules that write further rows. Checks nothing: whoever writes here has checked. A
transaction inside another joins it (Composite allOrNone, S2.2.8) and can still be undone alone by its savepoint.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

from salesforce_sandbox.org.access import Caller
from salesforce_sandbox.org.changes import ChangeType, Commit
from salesforce_sandbox.org.ground import Ground
from salesforce_sandbox.org.history import changed_rows, created_row
from salesforce_sandbox.org.schema import HISTORY, SObject
from salesforce_sandbox.org.soql.values import stored_moment
from salesforce_sandbox.org.storage import as_list

_NOT_IN_EVENTS = ("Id", "IsDeleted", "SystemModstamp")
_Pending = dict[tuple[str, str], tuple[ChangeType, dict[str, Any]]]


class Undo(Exception):  # noqa: N818 - not an error: the way out of a savepoint.
    """Leaves a savepoint and takes back what was written in it."""


class Transaction:
    """One commit in the making."""

    def __init__(self, ground: Ground, caller: Caller) -> None:
        self.ground = ground
        self.caller = caller
        began = ground.clock.now() - timedelta(seconds=ground.admin.commit_lag_s)
        self.stamp = stored_moment(began.replace(microsecond=0))
        self.today = self.stamp[:10]
        self.pending: _Pending = {}
        self._savepoints = 0

    def new_row(self, sobject: SObject) -> dict[str, Any]:
        """A row by the caller and of now that holds what rows hold when nobody says otherwise; without an id."""
        row: dict[str, Any] = dict.fromkeys(self.ground.storage.columns(sobject.name))
        for field in sobject.stored_fields:
            if field.type == "boolean":
                row[field.name] = 0
            elif field.name == "OwnerId":
                row[field.name] = self.caller.user_id
            elif field.defaulted_on_create and field.picklist_values:
                row[field.name] = field.default_value
        for name, value in self._system_values().items():
            if name in row:
                row[name] = value
        if "CurrencyIsoCode" in row:
            row["CurrencyIsoCode"] = self._currency()
        return row

    def insert(self, sobject: SObject, rows: Sequence[dict[str, Any]]) -> None:
        """Stores complete rows, giving an id to each that has none."""
        for row in rows:
            row["Id"] = row["Id"] or self.ground.ids.take(sobject.key_prefix)
        self.ground.storage.insert(sobject.name, rows)
        if sobject.name in self.ground.admin.tracked_fields:
            self._keep_history(sobject, [(row["Id"], created_row()) for row in rows])
        for row in rows:
            values = {
                name: value for name, value in row.items() if value is not None and name not in _NOT_IN_EVENTS
            }
            self.pending[sobject.name, row["Id"]] = ("CREATE", values)

    def update(
        self, sobject: SObject, changes: Mapping[str, Mapping[str, Any]], *, by_user: bool = True
    ) -> None:
        """Sets values by record id. What no user did leaves LastModifiedDate alone (S1.5.1).

        What is noted for events are the fields that differ, and LastModifiedDate whenever a user wrote (S2.7.4).
        """
        columns = self.ground.storage.columns(sobject.name)
        stamps = {"SystemModstamp": self.stamp}
        if by_user:
            stamps |= {"LastModifiedDate": self.stamp, "LastModifiedById": self.caller.user_id}
        stamps = {name: value for name, value in stamps.items() if name in columns}
        named = {name for values in changes.values() for name in values} | stamps.keys()
        before = self.ground.storage.records(sobject.name, changes, sorted(named))
        alike: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
        for record_id, values in changes.items():
            written = {**values, **stamps}
            alike.setdefault(tuple(written), []).append((*written.values(), record_id))
            different = {
                name: value
                for name, value in written.items()
                if name == "LastModifiedDate" or value != before[record_id][name]
            }
            self._note("UPDATE", sobject.name, record_id, different)
        tracked = self.ground.admin.tracked_fields.get(sobject.name)
        if tracked:
            kept = [
                (record_id, row)
                for record_id, values in changes.items()
                for row in changed_rows(sobject, tracked, before[record_id], values)
            ]
            self._keep_history(sobject, kept)
        for names, rows in alike.items():
            self.ground.storage.update(sobject.name, names, rows)

    def _keep_history(self, sobject: SObject, kept: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        """Files what history says of records; no change event tells of it."""
        history = self.ground.schema.find(f"{sobject.name}{HISTORY}")
        if history is None:
            return
        base = self.new_row(history)
        rows = [
            {**base, **row, f"{sobject.name}Id": record_id, "Id": self.ground.ids.take(history.key_prefix)}
            for record_id, row in kept
        ]
        self.ground.storage.insert(history.name, rows)

    def delete(self, sobject: SObject, roots: Mapping[str, str], *, hard: bool = False) -> None:
        """Marks rows as deleted, or removes them. `roots` names, by id, the record whose deletion took the row along."""
        ids = list(roots)
        storage = self.ground.storage
        if hard:
            storage.remove(sobject.name, ids)
        else:
            self._mark(sobject, ids, deleted=1)
        storage.database.executemany(
            'REPLACE INTO "_Deletion" VALUES (?, ?, ?, ?, ?)',
            [(record_id, sobject.name, self.stamp, roots[record_id], int(hard)) for record_id in ids],
        )
        for record_id in ids:
            self._note("DELETE", sobject.name, record_id, {})

    def undelete(self, sobject: SObject, ids: Sequence[str]) -> None:
        """Brings marked rows back."""
        storage = self.ground.storage
        self._mark(sobject, ids, deleted=0)
        storage.rows('DELETE FROM "_Deletion" WHERE "Id" IN (SELECT value FROM json_each(?))', as_list(ids))
        for record_id, row in storage.records(sobject.name, ids).items():
            values = {n: v for n, v in row.items() if v is not None and n not in _NOT_IN_EVENTS}
            self._note("UNDELETE", sobject.name, record_id, values)

    def _mark(self, sobject: SObject, ids: Sequence[str], *, deleted: int) -> None:
        stamps = {"SystemModstamp": self.stamp} if sobject.field("SystemModstamp") else {}
        values = {"IsDeleted": deleted, **stamps}
        rows = [(*values.values(), record_id) for record_id in ids]
        self.ground.storage.update(sobject.name, tuple(values), rows)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """What is written inside is taken back when Undo is raised inside, and only then; Undo goes no further."""
        self._savepoints += 1
        name = f"s{self._savepoints}"
        noted = dict(self.pending)
        database = self.ground.storage.database
        database.execute(f"SAVEPOINT {name}")
        try:
            yield
        except Undo:
            database.execute(f"ROLLBACK TO {name}")
            self.pending = noted
        finally:
            database.execute(f"RELEASE {name}")

    def committed(self, number: int) -> None:
        """Tells the change log; `number` makes the transaction's key."""
        if not self.pending:
            return
        commit = Commit(
            transaction_key=str(UUID(int=number, version=4)),
            at=self.ground.clock.now(),
            user_id=self.caller.user_id,
            origin=self.caller.origin,
        )
        changes: Iterable[tuple[str, ChangeType, str, Mapping[str, Any]]] = (
            (entity, change_type, record_id, values)
            for (entity, record_id), (change_type, values) in self.pending.items()
        )
        self.ground.changes.append(commit, changes)

    def _currency(self) -> str | None:
        """The user's own currency, or the org's (S1.1.2)."""
        rows = self.ground.storage.rows(
            'SELECT "IsoCode" FROM "CurrencyType" LEFT JOIN "User" u ON u."Id" = ?'
            ' WHERE "IsoCode" = u."DefaultCurrencyIsoCode" OR "IsCorporate" = 1 ORDER BY "IsCorporate" LIMIT 1',
            self.caller.user_id,
        )
        return str(rows[0][0]) if rows else None

    def _system_values(self) -> dict[str, Any]:
        user_id = self.caller.user_id
        return {
            "IsDeleted": 0,
            "CreatedDate": self.stamp,
            "CreatedById": user_id,
            "LastModifiedDate": self.stamp,
            "LastModifiedById": user_id,
            "SystemModstamp": self.stamp,
        }

    def _note(self, change: ChangeType, entity: str, record_id: str, written: Mapping[str, Any]) -> None:
        """One entry a record: later changes are laid over earlier ones, a created record that goes leaves none."""
        values = {name: value for name, value in written.items() if name not in _NOT_IN_EVENTS}
        if change == "UPDATE" and not values:
            return
        earlier = self.pending.get((entity, record_id))
        if earlier is None:
            self.pending[entity, record_id] = (change, values)
        elif change == "DELETE":
            del self.pending[entity, record_id]
            if earlier[0] != "CREATE":
                self.pending[entity, record_id] = (change, values)
        else:
            self.pending[entity, record_id] = (earlier[0], earlier[1] | values)


class Transactions:
    """Opens transactions on one org, one at a time."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._open: Transaction | None = None
        self._begun = 0

    @contextmanager
    def begin(self, caller: Caller) -> Iterator[Transaction]:
        """The open transaction, or a new one that commits at the end; Undo inside a new one takes all back, quietly."""
        if self._open is not None:
            yield self._open
            return
        self._ground.storage.follow_schema()
        self._begun += 1
        database = self._ground.storage.database
        self._open = transaction = Transaction(self._ground, caller)
        done = False
        database.execute("BEGIN")
        try:
            yield transaction
            done = True
        except Undo:
            pass
        finally:
            database.execute("COMMIT" if done else "ROLLBACK")
            self._open = None
        if done:
            transaction.committed(self._begun)
