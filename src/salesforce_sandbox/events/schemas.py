"""The Avro schema of an entity's change events, made from what the org's objects are (S0.18, S2.7.3, S2.7.4).

The bus makes and keeps them, `encoding` writes with them. The order of fields is the object's, with compound fields in
place of their parts, since bitmaps count positions. Rests on the Change Data Capture Developer Guide, "Change Event
Message Structure", whose lead conversion example prints whole events in order.
"""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from salesforce_sandbox.org.schema import Field, SObject

CHANGE_TYPES = ("CREATE", "UPDATE", "DELETE", "UNDELETE")
OVERFLOW = "GAP_OVERFLOW"
_NAMESPACE = "com.sforce.eventbus"
_NEVER = {
    *("Id", "IsDeleted", "SystemModstamp", "MasterRecordId", "PhotoUrl", "IsEmailBounced"),
    *("LastActivityDate", "LastViewedDate", "LastReferencedDate"),
}
# As real orgs describe CampaignMemberStatusChangeEvent: a renamed label shows as a change of LastModifiedDate alone.
_NEVER_OF = {"CampaignMemberStatus": {"Label"}}
# Where an event's order is not the describe call's: these come after the other field.
_MOVED = {"Lead": ("LastModifiedById", ("DoNotCall", "HasOptedOutOfFax"))}
_NAME_PARTS = ("Salutation", "FirstName", "LastName")
_AVRO_TYPES = {
    **dict.fromkeys(("double", "currency", "percent"), "double"),
    **dict.fromkeys(("date", "datetime"), "long"),
    "boolean": "boolean",
    "int": "int",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a stored field stands in an event: at a position, or at `inner` of the compound field at that position."""

    field: Field
    position: int
    name: str
    inner: int | None = None
    inner_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSchema:
    """`id` is a hash of `text`, the schema in JSON; `places` are those of the stored fields by name."""

    entity: str
    id: str
    text: str
    places: Mapping[str, Place]


def event_schema(sobject: SObject) -> EventSchema:
    """The schema of this object's events, as the object is now."""
    fields: list[dict[str, Any]] = [_header()]
    places: dict[str, Place] = {}
    defined: set[str] = set()
    for field in _in_order(sobject):
        position = len(fields)
        parts = _parts(sobject, field)
        if parts:
            fields.append(_union(field.name, *_compound(field, list(parts), defined)))
            for inner, (name, part) in enumerate(parts.items()):
                places[part.name] = Place(
                    field=part, position=position, name=field.name, inner=inner, inner_name=name
                )
        else:
            names = ["string", *_compound(field, [*_NAME_PARTS], defined)] if _switchable(field) else None
            fields.append(_union(field.name, *(names or [_AVRO_TYPES.get(field.type, "string")])))
            places[field.name] = Place(field=field, position=position, name=field.name)
    record = {"type": "record", "name": event_name(sobject), "namespace": _NAMESPACE, "fields": fields}
    text = json.dumps(record, separators=(",", ":"))
    fingerprint = hashlib.sha256(text.encode()).digest()[:16]
    schema_id = base64.urlsafe_b64encode(fingerprint).decode().rstrip("=")
    return EventSchema(entity=sobject.name, id=schema_id, text=text, places=places)


def event_name(sobject: SObject) -> str:
    """LeadChangeEvent, Booth__ChangeEvent."""
    return f"{sobject.name.removesuffix('c')}ChangeEvent" if sobject.custom else f"{sobject.name}ChangeEvent"


def _in_order(sobject: SObject) -> Iterator[Field]:
    after, moved = _MOVED.get(sobject.name, ("", ()))
    for field in sobject.fields:
        if field.name not in moved and _carried(sobject, field):
            yield field
        if field.name == after:
            yield from (found for name in moved if (found := sobject.field(name)))


def _carried(sobject: SObject, field: Field) -> bool:
    """Whether events have the field at its own place. Of what is derived they carry names, addresses and rollups."""
    if field.name in _NEVER | _NEVER_OF.get(sobject.name, set()):
        return False
    if field.compound_field_name not in (None, field.name):
        return False
    return field.stored or sobject.name == "Campaign" or bool(_parts(sobject, field))


def _parts(sobject: SObject, compound: Field) -> dict[str, Field]:
    """The parts of a compound field, by the names they have within it: Street is MailingAddress' MailingStreet."""
    prefix = compound.name.removesuffix("Address") if compound.type == "address" else ""
    parts = {
        field.name.removeprefix(prefix): field
        for field in sobject.fields
        if field.compound_field_name == compound.name and field.name != compound.name
    }
    return {name: parts[name] for name in _NAME_PARTS if name in parts} if compound.name == "Name" else parts


def _switchable(field: Field) -> bool:
    return field.extra_type_info == "switchablepersonname"


def _compound(field: Field, names: list[str], defined: set[str]) -> list[Any]:
    """The record type of a compound field; Avro lets a type be spelled out once and wants its name from then on."""
    kind = (
        "Address"
        if field.type == "address"
        else "Switchable_PersonName"
        if _switchable(field)
        else "PersonName"
    )
    if kind in defined:
        return [f"{_NAMESPACE}.{kind}"]
    defined.add(kind)
    inner = [_union(name, "double" if name in ("Latitude", "Longitude") else "string") for name in names]
    return [{"type": "record", "name": kind, "fields": inner}]


def _union(name: str, *types: Any) -> dict[str, Any]:
    return {"name": name, "type": ["null", *types], "default": None}


def _header() -> dict[str, Any]:
    symbols = [*CHANGE_TYPES, *(f"GAP_{each}" for each in CHANGE_TYPES), OVERFLOW]
    texts = {"type": "array", "items": "string"}
    types: dict[str, Any] = {
        "entityName": "string",
        "recordIds": texts,
        "changeType": {"type": "enum", "name": "ChangeType", "symbols": symbols},
        "changeOrigin": "string",
        "transactionKey": "string",
        "sequenceNumber": "int",
        "commitTimestamp": "long",
        "commitNumber": "long",
        "commitUser": "string",
        "nulledFields": texts,
        "diffFields": texts,
        "changedFields": texts,
    }
    fields = [{"name": name, "type": kind} for name, kind in types.items()]
    return {
        "name": "ChangeEventHeader",
        "type": {"type": "record", "name": "ChangeEventHeader", "fields": fields},
    }
