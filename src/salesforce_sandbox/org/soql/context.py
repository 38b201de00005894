"""What one compilation knows: the text, the schema, the asker and the moment; and a source of fresh table aliases."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from salesforce_sandbox.org.schema import Field, Memo, Schema, SObject
from salesforce_sandbox.org.soql.refusals import no_such_column


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    text: str
    schema: Schema
    readable: Callable[[str, str], bool]
    now: datetime
    user_id: str
    include_deleted: bool
    memo: Memo
    aliases: Iterator[int] = field(default_factory=count)

    def alias(self) -> str:
        return f"t{next(self.aliases)}"

    def object(self, name: str) -> SObject | None:
        """The object of that name, if the asker may query it: who may read no Id may read nothing of it."""
        sobject = self.schema.find(name)
        visible = sobject and "queryable" in sobject.can and self.readable(sobject.name, "Id")
        return sobject if visible else None

    def field(self, sobject: SObject, name: str) -> Field | None:
        """The field of that name, if the asker may read it."""
        found = sobject.field(name)
        return found if found and self.readable(sobject.name, found.name) else None

    def need_field(self, sobject: SObject, name: str, at: int) -> Field:
        found = self.field(sobject, name)
        if found is None:
            raise no_such_column(name, sobject.name, self.text, at)
        return found
