"""Rows of a file → the save pipeline → one outcome a row, in the order of the rows.

Called by ingest jobs and by Bulk 1.0 batches with up to 10,000 rows at a time; asks the tables once a batch for what the
rows name by a parent's key, never row by row. Rests on S2.4.2, S2.4.4 and S2.2.11.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from salesforce_sandbox.org.access import Caller
from salesforce_sandbox.org.bulk.columns import Column, Columns, no_such_name
from salesforce_sandbox.org.bulk.rules import BulkRules
from salesforce_sandbox.org.drafts import Outcome
from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.org.ground import Ground
from salesforce_sandbox.org.records import Records, ambiguous
from salesforce_sandbox.org.schema import SObject
from salesforce_sandbox.org.soql.values import record_id

Row: TypeAlias = Mapping[str, Any]
NULL = "#N/A"
DELETES = ("delete", "hardDelete")
OPERATIONS = ("insert", "update", "upsert", *DELETES)
_NUMBERS = ("double", "currency", "percent")
_LOCKED = "UNABLE_TO_LOCK_ROW"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a job does with its rows, and on whose behalf. `key` is the field by which an upsert finds records."""

    operation: str
    sobject: SObject
    key: str = ""
    caller: Caller


def named(names: Sequence[str], cells: Sequence[str]) -> dict[str, str | None]:
    """A line of a file as a row: empty cells say nothing, #N/A says null (S2.4.2)."""
    return {name: None if cell == NULL else cell for name, cell in zip(names, cells, strict=True) if cell}


class Saving:
    """Saves the rows of one job. `retries` counts the tries beyond the first."""

    def __init__(self, ground: Ground, records: Records, rules: BulkRules, order: Order) -> None:
        self._records = records
        self._rules = rules
        self._order = order
        self._columns = Columns(ground, order.sobject, order.caller.user_id)
        self._parents: dict[str, dict[str, list[str]]] = {}
        self.retries = 0

    def judge(self, names: Iterable[str]) -> None:
        """SalesforceError InvalidBatch for columns with which nothing can be done."""
        fields = [self._columns[name].field.name for name in names]
        operation = self._order.operation
        if operation in DELETES and fields != ["Id"]:
            raise SalesforceError(400, "InvalidBatch", f"The '{operation}' batch must contain only ids")
        twice = next((name for index, name in enumerate(fields) if name in fields[:index]), None)
        if twice:
            raise SalesforceError(400, "InvalidBatch", f"Duplicate field name found : {twice}")
        needed = {"insert": "", "upsert": self._order.key}.get(operation, "Id")
        if needed and needed not in fields:
            raise no_such_name(needed)

    def numbers(self, names: Sequence[str]) -> frozenset[int]:
        """The places of the columns that hold numbers with decimals."""
        types = [self._columns[name].field.type for name in names]
        return frozenset(at for at, kind in enumerate(types) if kind in _NUMBERS)

    def save(self, rows: Sequence[Row], first: int) -> list[Outcome]:
        """One outcome a row; what is locked is tried again. `first` is the number of the first row in the job."""
        outcomes = self._try(rows, range(first, first + len(rows)), 0)
        for tried in range(1, self._rules.lock_tries + 1):
            locked = [i for i, each in enumerate(outcomes) if each.error and each.error.code == _LOCKED]
            if not locked:
                break
            self.retries += 1
            again = self._try([rows[i] for i in locked], [first + i for i in locked], tried)
            for i, outcome in zip(locked, again, strict=True):
                outcomes[i] = outcome
        return outcomes

    def _try(self, rows: Sequence[Row], numbers: Sequence[int], tried: int) -> list[Outcome]:
        names_record = self._order.operation != "insert"
        errors = self._find_parents(rows)
        refused: dict[int, Outcome] = {}
        values: list[dict[str, Any]] = []
        for index, (row, number) in enumerate(zip(rows, numbers, strict=True)):
            refusal = next((r for r in self._rules.refusals if r.hits(number, row, tried)), None)
            meant = {} if index in errors else self._values(row)
            error = refusal.error if refusal else errors.get(index) or self._wrong_id(meant.get("Id"))
            if error:
                refused[index] = Outcome(id=meant.get("Id") if names_record else None, error=error)
            else:
                values.append(meant)
        saved = iter(map(self._worded, self._save(values), values))
        return [refused[i] if i in refused else next(saved) for i in range(len(rows))]

    def _save(self, values: list[dict[str, Any]]) -> list[Outcome]:
        sobject, caller = self._order.sobject, self._order.caller
        if self._order.operation == "insert":
            return self._records.create(sobject, values, caller)
        if self._order.operation == "update":
            return self._records.update(sobject, values, caller)
        if self._order.operation == "upsert":
            return self._records.upsert(sobject, self._order.key, values, caller)
        outcomes = self._records.delete([row["Id"] for row in values], caller)
        if self._order.operation == "hardDelete":
            self._records.purge([each.id for each in outcomes if each.success and each.id], caller)
        return outcomes

    def _worded(self, outcome: Outcome, values: Mapping[str, Any]) -> Outcome:
        """The outcome in the words of files: what JSON calls its parser's error is here the value's."""
        error = outcome.error
        if error is None or error.code != "JSON_PARSER_ERROR":
            return outcome
        (name,) = error.fields
        field = self._columns[name].field
        message = f"{field.label}: value not of required type: {values[name]}"
        return replace(
            outcome, error=SalesforceError(400, "INVALID_TYPE_ON_FIELD_IN_RECORD", message, (name,))
        )

    def _values(self, row: Row) -> dict[str, Any]:
        """What the save pipeline takes: values by field name, parents by id."""
        values = {}
        for name, value in row.items():
            column = self._columns[name]
            if column.parent and value is not None:
                (value,) = self._parents[name][str(value).lower()]
            values[column.field.name] = value
        return values

    def _find_parents(self, rows: Sequence[Row]) -> dict[int, SalesforceError]:
        """Looks up, once for each column, the parents that rows name by a key; by index, the rows that name none."""
        wanted: dict[str, dict[int, str]] = {}
        for index, row in enumerate(rows):
            for name, value in row.items():
                if value is not None and self._columns[name].parent:
                    wanted.setdefault(name, {})[index] = str(value)
        errors: dict[int, SalesforceError] = {}
        for name, values in wanted.items():
            column = self._columns[name]
            assert column.parent and column.by  # noqa: S101, PT018 - only such columns are wanted
            found = self._records.matches(column.parent, column.by.name, list(set(values.values())))
            self._parents[name] = found
            for index, value in values.items():
                matches = found.get(value.lower(), [])
                if len(matches) != 1:
                    errors.setdefault(index, _no_parent(column, value, matches))
        return errors

    def _wrong_id(self, sent: Any) -> SalesforceError | None:
        """Why the row's own id, or its lack, does not fit the operation."""
        operation = self._order.operation
        if operation == "insert" and sent:
            message = "cannot specify Id in an insert call"
            return SalesforceError(400, "INVALID_FIELD_FOR_INSERT_UPDATE", message, ("Id",))
        if operation in ("insert", "upsert"):
            return None
        if not sent:
            call = "update" if operation == "update" else "delete"
            message = f"Id not specified in {'an' if call == 'update' else 'a'} {call} call"
            return SalesforceError(400, "MISSING_ARGUMENT", message, ("Id",))
        found = record_id(str(sent).strip())
        if operation != "update" and found and not found.startswith(self._order.sobject.key_prefix):
            return SalesforceError(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        return None


def _no_parent(column: Column, value: str, matches: Sequence[str]) -> SalesforceError:
    assert column.parent and column.by  # noqa: S101, PT018 - only such columns look for parents
    if matches:
        return ambiguous(column.parent, column.by.name, matches)
    message = f"Foreign key external ID: {value} not found for field {column.by.name} in entity {column.parent.name}"
    return SalesforceError(400, "INVALID_FIELD", message)
