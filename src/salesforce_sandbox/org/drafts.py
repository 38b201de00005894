"""Drafts and outcomes: a row on its way into the tables, and what its sender is told.

Made by `records`, judged by rules. A refused draft stays in its batch, so that outcomes keep the order of what was sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.org.schema import SObject
from salesforce_sandbox.org.transaction import Transaction


@dataclass(slots=True)
class Draft:
    """One row. `values` are what will be stored: the whole row when it is new, otherwise what changes."""

    values: dict[str, Any]
    sent: frozenset[str] = frozenset()
    before: Mapping[str, Any] | None = None
    error: SalesforceError | None = None

    @property
    def id(self) -> str:
        return str(self.before["Id"] if self.before else self.values["Id"])

    def value(self, name: str) -> Any:
        """The field's value once the draft is stored."""
        if name in self.values or self.before is None:
            return self.values.get(name)
        return self.before.get(name)

    def refuse(self, code: str, message: str, *fields: str, status: int = 400, **extra: Any) -> None:
        """Refuses the draft, unless it already is."""
        if self.error is None:
            self.error = SalesforceError(status, code, message, fields, extra)


@dataclass(slots=True)
class Batch:
    """Rows of one object that are saved together. Rules see `live`: those that nothing has refused yet."""

    sobject: SObject
    drafts: Sequence[Draft]
    transaction: Transaction

    @property
    def live(self) -> list[Draft]:
        return [draft for draft in self.drafts if draft.error is None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one row. `created` tells inserts from updates in an upsert."""

    id: str | None = None
    created: bool = False
    error: SalesforceError | None = None

    @property
    def success(self) -> bool:
        return self.error is None


ROLLED_BACK = SalesforceError(
    400,
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)


class Rules:
    """One object's rules: hooks that judge and complete a batch before it is stored, and act on it afterwards."""

    def before_create(self, batch: Batch) -> None: ...
    def before_update(self, batch: Batch) -> None: ...
    def before_delete(self, batch: Batch) -> None: ...
    def after_create(self, batch: Batch) -> None: ...
    def after_update(self, batch: Batch) -> None: ...
    def after_delete(self, batch: Batch) -> None: ...
