"""Reads what callers sent about one object: which field each key means, whether it may be written, and its stored value.

Made by `records` once for a call, since all rows of a call mostly have the same keys. Parents may be named by an
external id instead of an id (`{"Campaign": {"Key__c": "x"}}`), as REST, SOAP and Bulk headers do.
"""

# ruff: noqa: S608 - what is put into statements are names of the schema.

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from salesforce_sandbox.org.errors import SalesforceError, UnreadableError
from salesforce_sandbox.org.ground import Ground
from salesforce_sandbox.org.schema import Field, SObject
from salesforce_sandbox.org.values import Convert, converter

_NOT_WRITABLE = (
    "Unable to create/update fields: {names}. Please check the security settings of this field and verify that"
    " it is read/write for your profile or permission set."
)
_PASSED_OVER = ("attributes", "type")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Columns:
    """What one set of keys means: (key, field name, converter), or why it cannot be written."""

    columns: list[tuple[str, str, Convert]]
    error: SalesforceError | None


class Reader:
    """`right` is create or edit."""

    def __init__(self, ground: Ground, sobject: SObject, right: str, user_id: str) -> None:
        self._ground = ground
        self._sobject = sobject
        self._right = right
        self._user_id = user_id
        self._known: dict[tuple[str, ...], _Columns] = {}

    def read(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The stored values by field name; SalesforceError for the first thing that cannot be."""
        keys = tuple(row)
        meant = self._known.get(keys)
        if meant is None:
            meant = self._known[keys] = self._columns(row)
        if meant.error:
            raise meant.error
        return {name: convert(row[key]) for key, name, convert in meant.columns}

    def _columns(self, row: Mapping[str, Any]) -> _Columns:
        columns: list[tuple[str, str, Convert]] = []
        refused: list[str] = []
        for key, value in row.items():
            if key in _PASSED_OVER or (key.lower() == "id" and self._right == "edit"):
                continue
            parent = self._sobject.parent_field(key) if isinstance(value, Mapping) else None
            field = parent or self._sobject.field(key)
            if field is None or not self._may(field, "read"):
                message = f"No such column '{key}' on sobject of type {self._sobject.name}"
                return _Columns(columns=[], error=UnreadableError(400, "INVALID_FIELD", message))
            if not self._writable(field):
                refused.append(field.name)
            convert = self._by_external_id(field) if parent else converter(field, self._prefixes(field))
            columns.append((key, field.name, convert))
        error = None
        if refused:
            message = _NOT_WRITABLE.format(names=", ".join(refused))
            error = SalesforceError(400, "INVALID_FIELD_FOR_INSERT_UPDATE", message, tuple(refused))
        return _Columns(columns=columns, error=error)

    def _writable(self, field: Field) -> bool:
        allowed = field.createable if self._right == "create" else field.updateable
        if self._right == "create" and self._ground.access.may_backdate(self._user_id, field.name):
            allowed = True
        return allowed and self._may(field, "edit")

    def _may(self, field: Field, right: str) -> bool:
        return self._ground.access.may_field(self._user_id, self._sobject.name, field.name, right)

    def _prefixes(self, field: Field) -> tuple[str, ...]:
        parents = [self._ground.schema.find(name) for name in field.reference_to]
        return tuple(parent.key_prefix for parent in parents if parent) if all(parents) else ()

    def _by_external_id(self, field: Field) -> Callable[[Mapping[str, Any]], str]:
        def convert(parent: Mapping[str, Any]) -> str:
            kind = stated_type(parent) or str(parent.get("type") or field.reference_to[0])
            ((key, value),) = [(k, v) for k, v in parent.items() if k not in _PASSED_OVER][:1] or [("", "")]
            sobject = self._ground.schema.find(kind)
            by = sobject.field(key) if sobject else None
            if sobject is None or by is None or not (by.external_id or by.id_lookup):
                message = f"Field name provided, {key} is not an External ID or indexed field for {kind}"
                raise SalesforceError(400, "INVALID_FIELD", message)
            deleted = ' AND "IsDeleted" = 0' if sobject.field("IsDeleted") else ""
            found = self._ground.storage.rows(
                f'SELECT "Id" FROM "{sobject.name}" WHERE "{by.name}" = ?{deleted} LIMIT 2', value
            )
            if len(found) != 1:
                message = f"Foreign key external ID: {value} not found for field {by.name} in entity {kind}"
                raise SalesforceError(400, "INVALID_FIELD", message)
            return str(found[0][0])

        return convert


def stated_type(record: Mapping[str, Any]) -> str | None:
    """The object that a record says it is of, in its `attributes`, whatever else may stand there."""
    attributes = record.get("attributes")
    named = attributes.get("type") if isinstance(attributes, Mapping) else None
    return str(named) if named else None
