"""The objects of the sandbox, the `Schema` of one org, and which columns deserve an index.

Every org starts from OBJECTS and may be widened with custom fields and objects while it runs; `Schema.version` grows
with each change, so that whoever remembers something made from the schema can tell that it is stale.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from salesforce_sandbox.org.schema.facts import history_object, read_objects
from salesforce_sandbox.org.schema.model import HISTORY, ChildRelationship, Field, SObject

_READ = read_objects()
# Orgs with one currency have none of it.
CURRENCY_TYPE = _READ["CurrencyType"]
_WITH_HISTORY = ("Account", "Campaign", "Contact", "Lead")


def _objects() -> dict[str, SObject]:
    read = {name: sobject for name, sobject in _READ.items() if sobject is not CURRENCY_TYPE}
    kept = [history_object(read[name]) for name in _WITH_HISTORY]
    return read | {sobject.name: sobject for sobject in kept}


OBJECTS: Mapping[str, SObject] = MappingProxyType(_objects())

# Columns by which clients and the org's own rules find rows; each tuple is one index, in this order of columns.
INDEXED: Mapping[str, tuple[tuple[str, ...], ...]] = MappingProxyType(
    {
        "Account": (("SystemModstamp", "Id"), ("Name",), ("ParentId",)),
        "Campaign": (("SystemModstamp", "Id"), ("Name",), ("ParentId",)),
        "CampaignMember": (
            # What campaigns count of their members is in here whole.
            ("CampaignId", "IsDeleted", "Id", "HasResponded", "LeadId", "ContactId"),
            ("LeadId", "CampaignId"),
            ("ContactId", "CampaignId"),
            ("SystemModstamp", "Id"),
        ),
        "CampaignMemberStatus": (("CampaignId", "SortOrder"), ("SystemModstamp", "Id")),
        "Contact": (("SystemModstamp", "Id"), ("Email",), ("AccountId",), ("MasterRecordId",)),
        "Lead": (
            ("SystemModstamp", "Id"),
            ("Email",),
            ("ConvertedContactId",),
            ("MasterRecordId",),
            ("IsConverted", "Id"),
        ),
        "Opportunity": (("SystemModstamp", "Id"), ("AccountId",), ("CampaignId",)),
        "User": (("Username",),),
        **{f"{name}{HISTORY}": ((f"{name}Id",),) for name in _WITH_HISTORY},
    }
)


class Memo:
    """What was made from a schema as it is. Orgs whose schemas came about in the same way share one."""

    def __init__(self) -> None:
        self._made: dict[Hashable, Any] = {}
        self._further: dict[Hashable, Memo] = {}

    def get(self, key: Hashable) -> Any:
        return self._made.get(key)

    def keep(self, key: Hashable, made: Any) -> None:
        if len(self._made) >= MOST_REMEMBERED:
            self._made.clear()
        self._made[key] = made

    def given(self, fact: Hashable) -> "Memo":
        """The memo of whoever this holds of besides: a field that was added, rights that were taken."""
        if fact not in self._further and len(self._further) >= MOST_REMEMBERED:
            self._further.clear()
        return self._further.setdefault(fact, Memo())


MOST_REMEMBERED = 500
_AT_BIRTH = Memo()


class Schema:
    """What one org's objects are at this moment."""

    def __init__(self, objects: Iterable[SObject] | None = None) -> None:
        self.version = 0
        self.memo = _AT_BIRTH if objects is None else Memo()
        objects = OBJECTS.values() if objects is None else objects
        self._objects = {sobject.name.lower(): sobject for sobject in objects}
        self._children: dict[str, tuple[ChildRelationship, ...]] = {}

    def __iter__(self) -> Iterator[SObject]:
        """The objects in the order describeGlobal lists them: by name."""
        return iter(sorted(self._objects.values(), key=lambda sobject: sobject.name))

    def find(self, name: str) -> SObject | None:
        """The object of that name, in any case."""
        return self._objects.get(name.lower())

    def by_key_prefix(self, record_id: str) -> SObject | None:
        """The object that a record id belongs to."""
        return next((s for s in self._objects.values() if s.key_prefix == record_id[:3]), None)

    def put(self, sobject: SObject) -> None:
        """Adds an object or replaces the one of that name."""
        self._put(sobject)
        self.memo = Memo()

    def _put(self, sobject: SObject) -> None:
        self._objects[sobject.name.lower()] = sobject
        self._children.clear()
        self.version += 1

    def put_field(self, sobject_name: str, field: Field) -> None:
        """Adds a field to an object or replaces its field of that name; KeyError when there is no such object."""
        sobject = self._objects[sobject_name.lower()]
        others = {other.name.lower(): other for other in sobject.fields}
        self._put(replace(sobject, fields=tuple((others | {field.name.lower(): field}).values())))
        self.memo = self.memo.given((sobject.name, field))

    def take_field(self, sobject_name: str, field_name: str) -> None:
        """Takes a field away; what is stored in it stays stored, and is there again with the field."""
        sobject = self._objects[sobject_name.lower()]
        left = tuple(field for field in sobject.fields if field.name != field_name)
        if len(left) < len(sobject.fields):
            self.put(replace(sobject, fields=left))

    def take(self, name: str) -> None:
        """Takes an object away; its rows stay stored."""
        if self._objects.pop(name.lower(), None):
            self._children.clear()
            self.memo = Memo()
            self.version += 1

    def children(self, parent: str) -> tuple[ChildRelationship, ...]:
        """The relationships that point at an object, by child and field name."""
        if parent not in self._children:
            self._children[parent] = tuple(
                ChildRelationship(
                    child=sobject.name,
                    field=field.name,
                    name=field.child_relationship_name,
                    cascade_delete=field.cascade_delete,
                    restricted_delete=field.restricted_delete,
                )
                for sobject in self
                for field in sorted(sobject.fields, key=lambda field: field.name)
                if parent in field.reference_to and field.lists_as_child
            )
        return self._children[parent]
