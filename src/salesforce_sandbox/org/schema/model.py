"""Field, SObject and their parts: the vocabulary in which every part of the org speaks about its objects.

Values only; they are built by `facts` and shown by `describe`. Attribute names are those of the describe call, in
snake case. Rests on the Object Reference, "API Field Properties" and "Field Types".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

# What the names of objects end with that keep changes, and how all their ids begin.
HISTORY, HISTORY_PREFIX = "History", "017"


@dataclass(frozen=True, slots=True, kw_only=True)
class PicklistValue:
    """One entry of a picklist: `value` is stored, `label` is shown."""

    value: str
    label: str
    active: bool = True
    default: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildRelationship:
    """The parent's end of a reference: `child.field` points here; `name` is None when no subquery can use it."""

    child: str
    field: str
    name: str | None
    cascade_delete: bool
    restricted_delete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field as describe shows it, and where its value comes from.

    `derived` is an SQL expression over the row `{row}`; such a field has no column and is computed when it is read.
    """

    name: str
    label: str
    type: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    digits: int = 0
    createable: bool = False
    updateable: bool = False
    nillable: bool = False
    defaulted_on_create: bool = False
    permissionable: bool = False
    filterable: bool = True
    sortable: bool = True
    groupable: bool = True
    aggregatable: bool = True
    id_lookup: bool = False
    external_id: bool = False
    unique: bool = False
    case_sensitive: bool = False
    name_field: bool = False
    restricted_picklist: bool = False
    search_prefilterable: bool = False
    reference_to: tuple[str, ...] = ()
    relationship_name: str | None = None
    child_relationship_name: str | None = None
    lists_as_child: bool = True
    cascade_delete: bool = False
    restricted_delete: bool = False
    compound_field_name: str | None = None
    extra_type_info: str | None = None
    picklist_values: tuple[PicklistValue, ...] = ()
    derived: str | None = None

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    @property
    def calculated(self) -> bool:
        return self.custom and self.derived is not None

    @property
    def stored(self) -> bool:
        """Whether the object's table has a column of this name."""
        return self.derived is None and self.type != "address"

    @property
    def byte_length(self) -> int:
        return self.length if self.type in ("id", "reference") else 3 * self.length

    @property
    def default_value(self) -> str | bool | None:
        """What a create stores when it names no value: False for checkboxes, the default entry for picklists."""
        if self.type == "boolean":
            return False
        return next((entry.value for entry in self.picklist_values if entry.default), None)

    def sql(self, row: str) -> str:
        """The SQL expression of this field's value in the table alias `row`."""
        return f'{row}."{self.name}"' if self.derived is None else self.derived.format(row=row)


@dataclass(frozen=True, slots=True, kw_only=True)
class SObject:
    """One object type. `can` holds the describe flags that are true; `urls` the resources beyond the three all have."""

    name: str
    key_prefix: str
    label: str
    label_plural: str
    can: frozenset[str]
    urls: tuple[str, ...] = ()
    scopes: Mapping[str, str] = field(default_factory=dict)
    fields: tuple[Field, ...]
    _by_name: Mapping[str, Field] = field(init=False, repr=False, compare=False)
    _by_relationship: Mapping[str, Field] = field(init=False, repr=False, compare=False)
    _stored: tuple[Field, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {f.name.lower(): f for f in self.fields})
        parents = {
            f.relationship_name.lower(): f for f in self.fields if f.relationship_name and f.reference_to
        }
        object.__setattr__(self, "_by_relationship", parents)
        object.__setattr__(self, "_stored", tuple(f for f in self.fields if f.stored))

    def field(self, name: str) -> Field | None:
        """The field of that name, in any case."""
        return self._by_name.get(name.lower())

    def parent_field(self, relationship: str) -> Field | None:
        """The reference field behind a parent relationship such as `Owner`, in any case."""
        return self._by_relationship.get(relationship.lower())

    @property
    def history_of(self) -> str | None:
        """The object whose changes this one keeps."""
        return self.name.removesuffix(HISTORY) if self.key_prefix == HISTORY_PREFIX else None

    @property
    def name_field(self) -> Field | None:
        return next((f for f in self.fields if f.name_field), None)

    @property
    def stored_fields(self) -> tuple[Field, ...]:
        """The fields that are columns of the object's table, in describe order."""
        return self._stored

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")
