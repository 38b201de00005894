"""Reads the fact tables: one text file per object, one line per field, in shorthand.

An object's file starts with `PREFIX Name: Label / Plural` and the lists `can`, `urls` and `scopes`; then come its fields:

    Name  type  flags  Label  more

`type` carries its size: string(80), currency(18,2), int(9), reference(Group,User). `flags` are the letters of FLAGS or
a dash. `more` are words `key=value`: as (relationship name), children (its name at the parent; a dash hides it),
ondelete (cascade or restrict), part (compound field), extra (extraTypeInfo), values (a list of picklists.txt), no
(letters of TYPE_USES the field lacks against its type). Source: recorded describes, the Object Reference.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from importlib.resources import files
from typing import Any

from salesforce_sandbox.org.schema.derived import DERIVED
from salesforce_sandbox.org.schema.model import HISTORY, HISTORY_PREFIX, Field, PicklistValue, SObject

FLAGS = {
    "c": "createable",
    "u": "updateable",
    "n": "nillable",
    "d": "defaulted_on_create",
    "p": "permissionable",
    "i": "id_lookup",
    "r": "restricted_picklist",
    "m": "search_prefilterable",
    "N": "name_field",
    "x": "external_id",
    "q": "unique",
    "s": "case_sensitive",
}
USES = {"f": "filterable", "s": "sortable", "g": "groupable", "a": "aggregatable"}
# Which of filter, sort, group and aggregate a type allows; types that are not here allow all four.
TYPE_USES = {
    "boolean": "fsg",
    "double": "fsa",
    "currency": "fsa",
    "percent": "fsa",
    "datetime": "fsa",
    "address": "f",
    "anyType": "",
}
# Text longer than this is kept aside by Salesforce and can be neither filtered, sorted nor grouped.
LONGEST_SEARCHABLE_TEXT = 255

# What history says of a value's type, and of a new record instead of a field; lookups it calls as their relationship.
DATA_TYPES = {
    "boolean": "Boolean",
    "currency": "Currency",
    "date": "DateOnly",
    "datetime": "DateTime",
    "double": "Double",
    "email": "EMail",
    "int": "Double",
    "multipicklist": "MultiEnum",
    "percent": "Percent",
    "phone": "Phone",
    "picklist": "DynamicEnum",
    "reference": "EntityId",
    "string": "Text",
    "textarea": "TextArea",
    "url": "Url",
}
CREATED, CONVERTED = "created", "leadConverted"
HISTORY_NAME = re.compile(r"(?<=[a-z])Id$")

_FACTS = files(__package__).joinpath("facts")
_SYSTEM_FIELDS: tuple[tuple[str, str, str, str, Mapping[str, str]], ...] = (
    ("Id", "id", "di", "Record ID", {}),
    ("OwnerId", "reference(Group,User)", "cud", "Owner ID", {"as": "Owner"}),
    ("IsDeleted", "boolean", "d", "Deleted", {}),
    ("Name", "string(80)", "cunipN", "Name", {}),
    ("CreatedDate", "datetime", "d", "Created Date", {}),
    ("CreatedById", "reference(User)", "d", "Created By ID", {"as": "CreatedBy"}),
    ("LastModifiedDate", "datetime", "d", "Last Modified Date", {}),
    ("LastModifiedById", "reference(User)", "d", "Last Modified By ID", {"as": "LastModifiedBy"}),
    ("SystemModstamp", "datetime", "d", "System Modstamp", {}),
)


def read_objects() -> dict[str, SObject]:
    """Every object of the fact tables by name."""
    picklists = _read_picklists()
    pages = [page for page in _FACTS.iterdir() if page.name != "picklists.txt"]
    objects = [
        _read_object(page.read_text("utf-8"), picklists) for page in sorted(pages, key=lambda p: p.name)
    ]
    return {sobject.name: sobject for sobject in objects}


def make_field(
    name: str,
    type: str,  # noqa: A002 - the describe call's own word
    flags: str,
    label: str,
    more: Mapping[str, str] | None = None,
    values: Iterable[PicklistValue] = (),
) -> Field:
    """A field from the shorthand of the fact tables; how seeds and controls describe custom fields, too."""
    more = more or {}
    base, _, size = type.rstrip(")").partition("(")
    facts = _size(base, size) | {FLAGS[letter]: True for letter in flags if letter != "-"}
    if facts.get("external_id"):
        facts["id_lookup"] = True
    allowed = TYPE_USES.get(base, "fsga")
    if base == "textarea" and facts["length"] > LONGEST_SEARCHABLE_TEXT:
        allowed = ""
    facts |= {use: letter in allowed and letter not in more.get("no", "") for letter, use in USES.items()}
    facts |= _relationship(name, base, more)
    return Field(name=name, label=label, type=base, picklist_values=tuple(values), **facts)


def history_object(parent: SObject) -> SObject:
    """What keeps the changes of an object's tracked fields (S1.1.11); described as recorded orgs describe such objects."""
    label = parent.label
    changed = [
        CREATED,
        CONVERTED,
        *(HISTORY_NAME.sub("", field.name) for field in parent.fields if field.updateable),
    ]
    fields = [
        make_field("Id", "id", "di", "History ID"),
        make_field("IsDeleted", "boolean", "d", "Deleted"),
        make_field(
            f"{parent.name}Id",
            f"reference({parent.name})",
            "-",
            f"{label} ID",
            {"as": parent.name, "children": "Histories", "ondelete": "cascade"},
        ),
        make_field("CreatedById", "reference(Group,User)", "d", "Created By ID", {"as": "CreatedBy"}),
        make_field("CreatedDate", "datetime", "d", "Created Date"),
        make_field("Field", "picklist(255)", "r", "Changed Field", {}, entries(changed)),
        make_field("DataType", "picklist(40)", "nr", "Datatype", {}, entries(DATA_TYPES.values())),
        make_field("OldValue", "anyType(255)", "n", "Old Value"),
        make_field("NewValue", "anyType(255)", "n", "New Value"),
    ]
    return SObject(
        name=f"{parent.name}{HISTORY}",
        key_prefix=HISTORY_PREFIX,
        label=f"{label} History",
        label_plural=f"{label} History",
        can=frozenset(("queryable", "replicateable", "retrieveable")),
        fields=tuple(fields),
    )


def entries(values: Iterable[str]) -> list[PicklistValue]:
    """Entries of a picklist that are shown as they are stored, each once."""
    return [PicklistValue(value=value, label=value) for value in dict.fromkeys(values)]


def custom_object(name: str, key_prefix: str, label: str, label_plural: str) -> SObject:
    """A custom object with the fields every custom object has."""
    flags = "createable deletable layoutable mruEnabled queryable replicateable retrieveable searchable triggerable"
    return SObject(
        name=name,
        key_prefix=key_prefix,
        label=label,
        label_plural=label_plural,
        can=frozenset([*flags.split(), "undeletable", "updateable"]),
        urls=("compactLayouts", "approvalLayouts", "quickActions", "layouts"),
        fields=tuple(make_field(*line) for line in _SYSTEM_FIELDS),
    )


def _size(base: str, size: str) -> dict[str, Any]:
    if base == "reference":
        return {"reference_to": tuple(size.split(",")), "length": 18}
    if base == "id":
        return {"length": 18}
    if base == "int":
        return {"digits": int(size)}
    if "," in size:
        precision, scale = size.split(",")
        return {"precision": int(precision), "scale": int(scale)}
    return {"length": int(size)} if size else {}


def _relationship(name: str, base: str, more: Mapping[str, str]) -> dict[str, Any]:
    own = name.removesuffix("__c") + "__r" if base == "reference" and name.endswith("__c") else None
    children = more.get("children")
    return {
        "relationship_name": more.get("as", own),
        "child_relationship_name": None if children == "-" else children,
        "lists_as_child": children != "-",
        "cascade_delete": more.get("ondelete") == "cascade",
        "restricted_delete": more.get("ondelete") == "restrict",
        "compound_field_name": more.get("part"),
        "extra_type_info": more.get("extra"),
    }


def _read_object(text: str, picklists: Mapping[str, tuple[PicklistValue, ...]]) -> SObject:
    head, body = text.split("\n\n", 1)
    title, *lists = head.splitlines()
    prefix, name, label, plural = re.fullmatch(r"(\w+) (\w+): (.+) / (.+)", title).groups()  # type: ignore[union-attr]
    listed = {key: rest.strip() for key, _, rest in (line.partition(":") for line in lists)}
    return SObject(
        name=name,
        key_prefix=prefix,
        label=label,
        label_plural=plural,
        can=frozenset(listed["can"].split()),
        urls=tuple(listed["urls"].split()),
        scopes=dict(scope.split("=", 1) for scope in listed["scopes"].split(" | ") if scope),
        fields=tuple(_read_field(name, line, picklists) for line in body.splitlines()),
    )


def _read_field(sobject: str, line: str, picklists: Mapping[str, tuple[PicklistValue, ...]]) -> Field:
    name, base, flags, label, *words = re.split(r"\s{2,}", line)
    more = dict(word.split("=", 1) for word in " ".join(words).split())
    values = picklists[more["values"]] if "values" in more else ()
    return replace(make_field(name, base, flags, label, more, values), derived=DERIVED.get((sobject, name)))


def _read_picklists() -> dict[str, tuple[PicklistValue, ...]]:
    lines = _FACTS.joinpath("picklists.txt").read_text("utf-8").splitlines()
    return {
        name: tuple(map(_picklist_value, entries.split(" | ")))
        for name, _, entries in (line.partition(": ") for line in lines)
    }


def _picklist_value(entry: str) -> PicklistValue:
    """`value`, `value=label` or either with a star for the default."""
    value, _, label = entry.removeprefix("*").partition("=")
    return PicklistValue(value=value, label=label or value, default=entry.startswith("*"))
