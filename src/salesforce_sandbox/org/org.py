"""Org: the façade over one Salesforce org; everything the wire and the event bus need, and nothing about HTTP.

Not safe for threads by itself: whoever serves several holds `lock` around each request. A reset makes the org new inside
while the object stays, so that whoever holds it need not be told.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from salesforce_sandbox.org import soql
from salesforce_sandbox.org.access import Access, Caller
from salesforce_sandbox.org.accounting import Accounting
from salesforce_sandbox.org.bulk.jobs import Jobs
from salesforce_sandbox.org.changes import ChangeLog
from salesforce_sandbox.org.clock import Clock
from salesforce_sandbox.org.cursors import Cursors
from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.org.ground import AdminRules, Ground
from salesforce_sandbox.org.ids import Ids
from salesforce_sandbox.org.records import Records
from salesforce_sandbox.org.schema import RecordTypeInfo, Schema, SObject, describe_sobject
from salesforce_sandbox.org.soql.shape import Answering
from salesforce_sandbox.org.soql.values import record_id
from salesforce_sandbox.org.storage import Storage
from salesforce_sandbox.org.switches import Switches
from salesforce_sandbox.org.transaction import Transactions

MOST_ORGS = 1000
# Limits that no answer tells of; None is none.
ADMIN_LIMITS = (
    "call_timeout_s",
    "long_request_s",
    "most_long_requests",
    "most_long_requests_per_user",
    "most_records",
    "user_licences",
)
PAST_LIMIT = "calls_past_limit"


class Org:
    """One org: empty of rows until a seed fills it. Its number, below MOST_ORGS, tells it and its ids from other orgs."""

    ground: Ground
    cursors: Cursors
    jobs: Jobs
    records: Records
    transactions: Transactions

    def __init__(self, clock: Clock | None = None, number: int = 0) -> None:
        self.number = number
        self.id = record_id(f"00D5g{number + 1:010}") or ""
        self.lock = threading.RLock()
        self.clock = clock or Clock()
        self.changes = ChangeLog()
        self.accounting = Accounting(self.clock)
        self.restart()

    def restart(self) -> None:
        """Forgets every row, user, field and rule; the clock, the count of calls and the numbers of changes go on."""
        if hasattr(self, "ground"):
            # Rows of a large org are not left to whenever Python looks for what nobody holds any more.
            self.storage.close()
        schema = Schema()
        storage = Storage(schema)
        self.changes.forget()
        self.accounting.restore_limits()
        self.ground = Ground(
            clock=self.clock,
            ids=Ids(self.number),
            schema=schema,
            storage=storage,
            changes=self.changes,
            switches=Switches(),
            access=Access(storage=storage, clock=self.clock, org_id=self.id),
            admin=AdminRules(),
        )
        self.transactions = Transactions(self.ground)
        self.records = Records(self.ground, self.transactions)
        self.cursors = Cursors(storage, self.ground.ids)
        self.jobs = Jobs(self.ground, self.records, self.accounting)
        self._schema_seen = (schema.version, self.clock.now().replace(microsecond=0))

    @property
    def schema(self) -> Schema:
        return self.ground.schema

    @property
    def storage(self) -> Storage:
        return self.ground.storage

    @property
    def access(self) -> Access:
        return self.ground.access

    @property
    def switches(self) -> Switches:
        return self.ground.switches

    @property
    def admin(self) -> AdminRules:
        return self.ground.admin

    def sobject(self, name: str, caller: Caller) -> SObject:
        """The object of that name; SalesforceError NOT_FOUND when there is none or the caller may not see it."""
        found = self.schema.find(name)
        if found is None or not self.access.may(caller.user_id, found.name, "read"):
            raise SalesforceError(404, "NOT_FOUND", "The requested resource does not exist")
        return found

    def compile(self, text: str, caller: Caller, *, include_deleted: bool = False) -> soql.CompiledQuery:
        """A query as this caller may run it; SalesforceError for what real orgs refuse."""
        self.storage.follow_schema()
        return soql.compile(
            text,
            self.schema,
            now=self.clock.now(),
            user_id=caller.user_id,
            include_deleted=include_deleted,
            readable=self.access.readable(caller.user_id),
        )

    def total(self, query: soql.CompiledQuery) -> int | None:
        """How many rows a query finds; None when only reading them tells."""
        if query.count_sql is None:
            return None
        return int(self.storage.rows(query.count_sql, *query.count_params)[0][0])

    def stream(self, query: soql.CompiledQuery) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of a query in lots."""
        return self.storage.stream(query.sql, query.params)

    def read(
        self, sobject: SObject, ids: Iterable[str], fields: Sequence[str], caller: Caller, version: str
    ) -> dict[str, dict[str, Any]]:
        """Live records by id with these fields, as REST shows them; all readable fields when none are named."""
        names = list(fields) or self.readable_fields(sobject, caller)
        listed = ", ".join(f"'{record_id}'" for record_id in ids)
        names = names if any(name.lower() == "id" for name in names) else [*names, "Id"]
        query = self.compile(
            f"SELECT {', '.join(names)} FROM {sobject.name} WHERE Id IN ({listed})",  # noqa: S608 - SOQL
            caller,
        )
        rows = self.storage.rows(query.sql, *query.params)
        return {record["Id"]: record for record in query.records(rows, Answering(version=version))}

    def readable_fields(self, sobject: SObject, caller: Caller) -> list[str]:
        readable = self.access.readable(caller.user_id)
        return [field.name for field in sobject.fields if readable(sobject.name, field.name)]

    def describe(
        self, sobject: SObject, caller: Caller, *, version: str, instance_url: str
    ) -> dict[str, Any]:
        """What the caller may know and do of an object; whoever is given it leaves it as it is."""
        record_types = self._record_types(sobject)
        memo = self.schema.memo.given(self.access.readable(caller.user_id))
        backdates = self.access.may_backdate(caller.user_id, "CreatedDate")
        key = ("describe", sobject.name, version, instance_url, tuple(record_types), backdates)
        described: dict[str, Any] | None = memo.get(key)
        if described is None:
            described = self._described(sobject, caller, version, instance_url, record_types)
            memo.keep(key, described)
        return described

    def _described(
        self,
        sobject: SObject,
        caller: Caller,
        version: str,
        instance_url: str,
        record_types: list[RecordTypeInfo],
    ) -> dict[str, Any]:
        described = describe_sobject(
            self.schema,
            sobject,
            version=version,
            instance_url=instance_url,
            record_types=record_types,
            readable=self.access.readable(caller.user_id),
        )
        for field in described["fields"]:
            # S1.5.3: what the caller may not edit is described as nothing that anybody could.
            if not self.access.may_field(caller.user_id, sobject.name, field["name"], "edit"):
                field |= {"createable": False, "updateable": False}
            elif self.access.may_backdate(caller.user_id, field["name"]):
                field["createable"] = True
        return described

    def set_limits(self, stated: Mapping[str, int | float | None]) -> None:
        """Sets the org's limits by name, those of the limits resource and ADMIN_LIMITS; ValueError for one that is none."""
        unknown = set(stated) - set(self.accounting.limits) - {*ADMIN_LIMITS, PAST_LIMIT}
        if unknown:
            message = f"the org has no limit {', '.join(sorted(unknown))}"
            raise ValueError(message)
        for name, most in stated.items():
            if name in ADMIN_LIMITS:
                setattr(self.admin, name, most)
            elif name == PAST_LIMIT:
                self.accounting.calls_past_limit = int(most or 0)
            else:
                self.accounting.limits[name] = int(most or 0)

    def limits(self) -> dict[str, int | float | None]:
        own = {name: getattr(self.admin, name) for name in ADMIN_LIMITS}
        return self.accounting.limits | own | {PAST_LIMIT: self.accounting.calls_past_limit}

    def schema_changed(self) -> datetime:
        """When the schema last changed, in whole seconds, as far as anybody has asked."""
        if self.schema.version != self._schema_seen[0]:
            self._schema_seen = (self.schema.version, self.clock.now().replace(microsecond=0))
        return self._schema_seen[1]

    def save_snapshot(self, file: Path) -> None:
        """Writes rows, users and numbers into a file; rules, switches and apps belong to seeds and are not in it."""
        self.storage.keep_setting("ids", dict(self.ground.ids.counters))
        self.storage.keep_setting("passwords", self.access.passwords)
        self.storage.save(file)

    def load_snapshot(self, file: Path) -> None:
        """Takes the rows, users and numbers of a file that `save_snapshot` wrote."""
        self.storage.load(file)
        self.ground.ids.counters.update(self.storage.setting("ids"))
        self.access.passwords.update(self.storage.setting("passwords"))

    def _record_types(self, sobject: SObject) -> list[RecordTypeInfo]:
        rows = self.storage.rows(
            'SELECT "Id", "Name", "DeveloperName", "IsActive" FROM "RecordType" WHERE "SobjectType" = ?',
            sobject.name,
        )
        return [
            RecordTypeInfo(id=each, name=name, developer_name=developer_name, active=bool(active))
            for each, name, developer_name, active in rows
        ]
