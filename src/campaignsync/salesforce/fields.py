"""Which fields of Salesforce are which columns of ours (M11, S1.1–S1.4), and records as frames."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import polars as pl
from polars.datatypes import DataType

from campaignsync.domain.fields import STANDARD_FIELDS, PersonField, ValueKind
from campaignsync.domain.member_fields import FieldKind, FieldMapping, normalised
from campaignsync.domain.people import PersonKind
from campaignsync.domain.trees import (
    CAMPAIGN_MEMBERS,
    CAMPAIGN_STATUSES,
    CAMPAIGNS,
    SALESFORCE_PEOPLE,
    UTC_TIME,
    Schema,
)
from campaignsync.salesforce.few_records import FEW, FewRecords, OutOfRangeError

Kind = type[DataType] | DataType

CAMPAIGN: Mapping[str, str] = {
    "id": "Id",
    "name": "Name",
    "type": "Type",
    "status": "Status",
    "is_active": "IsActive",
    "actual_cost": "ActualCost",
    "currency": "CurrencyIsoCode",
    "record_type": "RecordTypeId",  # Its name takes its place (reading.named_record_types).
    "start_date": "StartDate",
    "end_date": "EndDate",
    "created_date": "CreatedDate",
    "is_deleted": "IsDeleted",
    "system_modstamp": "SystemModstamp",
    "last_modified_by_id": "LastModifiedById",
}
STATUS: Mapping[str, str] = {
    "id": "Id",
    "campaign_id": "CampaignId",
    "label": "Label",
    "sort_order": "SortOrder",
    "is_default": "IsDefault",
    "has_responded": "HasResponded",
    "system_modstamp": "SystemModstamp",
}
MEMBER: Mapping[str, str] = {
    "id": "Id",
    "campaign_id": "CampaignId",
    "lead_id": "LeadId",
    "contact_id": "ContactId",
    "status": "Status",
    "has_responded": "HasResponded",
    "first_responded_date": "FirstRespondedDate",
    "created_date": "CreatedDate",
    "system_modstamp": "SystemModstamp",
    "last_modified_by_id": "LastModifiedById",
}
_SYSTEM: Mapping[str, str] = {
    "salesforce_id": "Id",
    "is_deleted": "IsDeleted",
    "master_record_id": "MasterRecordId",
    "created_date": "CreatedDate",
    "system_modstamp": "SystemModstamp",
}
_SYSTEM_OF_LEADS: Mapping[str, str] = {
    "is_converted": "IsConverted",
    "converted_contact_id": "ConvertedContactId",
}
PEOPLE: Mapping[str, PersonKind] = {"Lead": PersonKind.LEAD, "Contact": PersonKind.CONTACT}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layout:
    """Which fields of an object are which columns of ours; `custom` says which of them share one JSON object, and their kind.
    Each is itself alone, so that what is made from one is made once."""

    paths: Mapping[str, str]
    custom: Mapping[str, ValueKind] = field(default_factory=dict)
    members: Mapping[str, FieldMapping] = field(default_factory=dict)
    """The mapped fields of members, which share one, too, by their path (M6.8)."""


def layout_of_people(object_name: str, fields: Iterable[PersonField]) -> Layout:
    """The layout of leads or contacts with these fields of people."""
    kind = PEOPLE[object_name]
    system = {**_SYSTEM, **(_SYSTEM_OF_LEADS if kind is PersonKind.LEAD else {})}
    joined = {each.name: path for each in fields if (path := each.path(kind))}
    custom = {each.name: each.kind for each in fields if each.is_custom and each.name in joined}
    return Layout(paths={**system, **joined}, custom=custom)


@lru_cache(maxsize=256)
def layout_of_members(mappings: tuple[FieldMapping, ...]) -> Layout:
    """The layout of campaign members with these fields of members."""
    members = {each.salesforce_field: each for each in mappings}
    return Layout(paths={**MEMBER, **{path: path for path in members}}, members=members)


_CAMPAIGNS: Mapping[str, Mapping[str, str]] = {
    "Campaign": CAMPAIGN,
    "CampaignMemberStatus": STATUS,
    "CampaignMember": MEMBER,
}
_SCHEMAS: Mapping[str, Schema] = {
    "Campaign": CAMPAIGNS,
    "CampaignMemberStatus": CAMPAIGN_STATUSES,
    "CampaignMember": CAMPAIGN_MEMBERS,
    "Lead": SALESFORCE_PEOPLE,
    "Contact": SALESFORCE_PEOPLE,
}


@lru_cache(maxsize=256)
def layouts(fields: tuple[PersonField, ...] = STANDARD_FIELDS) -> Mapping[str, Layout]:
    """The layout of every object we read, with these fields of people."""
    people = {name: layout_of_people(name, fields) for name in PEOPLE}
    return {name: Layout(paths=paths) for name, paths in _CAMPAIGNS.items()} | people


STANDARD = layouts()
"""Every object as it is laid out where nobody has mapped anything else."""

_MONEY = ("actual_cost", "annual_revenue")
"""Numbers in JSON that are text here: their shortest digits, which are those that were sent, up to fifteen of them."""


def frame(
    object_name: str, records: Sequence[Mapping[str, Any]], layout: Layout | None = None
) -> pl.DataFrame:
    """Records of one object as a frame of our columns; a field that was not asked for is empty."""
    layout = layout or STANDARD[object_name]
    if not records:
        return _reading(object_name, layout, frozenset()).nothing.clone()
    if len(records) <= FEW and not layout.custom and not layout.members:
        with suppress(OutOfRangeError):
            return _few(object_name, layout).frame(records)
    # A field that was asked for is in every record; one that was not is no empty value of a member's.
    reading = _reading(
        object_name, layout, frozenset(path for path in layout.members if path not in records[0])
    )
    # A page has few rows and many columns: sharing those out among threads would take longer than making them.
    return pl.from_dicts(records, schema=reading.sent).select_seq(reading.columns)


@lru_cache(maxsize=256)
def _few(object_name: str, layout: Layout) -> FewRecords:
    kind = PEOPLE.get(object_name)
    otherwise = {"kind": kind.value, "is_converted": False} if kind else {}
    schema = _reading(object_name, layout, frozenset()).nothing.schema
    return FewRecords.of(schema, layout.paths, money=_MONEY, otherwise=otherwise)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """How records become columns: the types that JSON has for the fields, the columns made of them, and those of no record."""

    sent: Mapping[str, Kind]
    columns: Sequence[pl.Expr]
    nothing: pl.DataFrame


@lru_cache(maxsize=256)
def _reading(object_name: str, layout: Layout, unasked: frozenset[str]) -> _Reading:
    """Made once, since most pages have a few rows only, and saying what is wanted takes longer than doing it."""
    sent = _as_sent(layout, _SCHEMAS[object_name])
    fields = {name: _field(path) for name, path in layout.paths.items() if path not in unasked}
    made = _columns(object_name, layout, fields)
    columns = [column.alias(name) for name, column in made.items()]
    return _Reading(sent=sent, columns=columns, nothing=pl.DataFrame(schema=sent).select(columns))


def frame_of_csv(object_name: str, cells: pl.DataFrame, layout: Layout | None = None) -> pl.DataFrame:
    """Rows of a bulk job's result, every cell text, as a frame of our columns; a field that was not asked for is empty."""
    layout = layout or STANDARD[object_name]
    paths = {name: path for name, path in layout.paths.items() if path in cells.columns}
    typed = cells.with_columns(
        _cell(path, _sent_as(name, layout, _SCHEMAS[object_name])) for name, path in paths.items()
    )
    return typed.select(**_columns(object_name, layout, {name: pl.col(path) for name, path in paths.items()}))


def _columns(object_name: str, layout: Layout, values: Mapping[str, pl.Expr]) -> dict[str, pl.Expr]:
    """Every column of ours, from the fields that are there."""
    schema = _SCHEMAS[object_name]
    columns = {
        name: _value(name, kind, values[name], sent=_sent_as(name, layout, schema))
        if name in values
        else pl.lit(None, kind)
        for name, kind in schema.items()
    }
    if object_name == "CampaignMember":
        return columns | {"custom": _of_members(layout, values)}
    if object_name not in PEOPLE:
        return columns
    custom = [values[name].alias(name) for name in layout.custom if name in values]
    return columns | {
        "kind": pl.lit(PEOPLE[object_name].value),
        "is_converted": columns["is_converted"].fill_null(value=False),
        "custom": pl.struct(custom).struct.json_encode() if custom else pl.lit(None, pl.String),
    }


def _of_members(layout: Layout, values: Mapping[str, pl.Expr]) -> pl.Expr:
    """The mapped fields of members that were asked for, each as its canonical text or null (S0.7)."""
    read = [
        normalised(mapping.field.kind, values[path]).alias(mapping.field.name)
        for path, mapping in layout.members.items()
        if path in values
    ]
    return pl.struct(read).struct.json_encode() if read else pl.lit(None, pl.String)


def _cell(path: str, kind: Kind) -> pl.Expr:
    """A cell of CSV as JSON would have sent it."""
    return pl.col(path) == "true" if kind == pl.Boolean else pl.col(path).cast(kind)


def _field(path: str) -> pl.Expr:
    """A field of a record; `path` may lead through one relationship, such as Account.Name."""
    first, _, second = path.partition(".")
    return pl.col(first).struct.field(second) if second else pl.col(first)


def _value(name: str, kind: Kind, value: pl.Expr, *, sent: Kind) -> pl.Expr:
    """What a field, of the type that JSON has for it, is among our columns."""
    if name in _MONEY:
        return value.cast(pl.String).str.strip_suffix(".0")
    if kind == UTC_TIME:
        return value.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%#z", time_unit="us", time_zone="UTC")
    if kind == pl.Date:
        return value.str.to_date("%Y-%m-%d")
    return value if kind == sent else value.cast(kind)


def _as_sent(layout: Layout, schema: Schema) -> dict[str, Kind]:
    """The types that JSON has for the fields, by field; those of one relationship are a structure."""
    sent: dict[str, Kind] = {}
    related: dict[str, dict[str, Kind]] = {}
    for name, path in layout.paths.items():
        first, _, second = path.partition(".")
        kind = _sent_as(name, layout, schema)
        if second:
            related.setdefault(first, {})[second] = kind
        else:
            sent[first] = kind
    return sent | {first: pl.Struct(fields) for first, fields in related.items()}


_SENT: Mapping[ValueKind, Kind] = {
    ValueKind.TEXT: pl.String,
    ValueKind.NUMBER: pl.Float64,
    ValueKind.BOOLEAN: pl.Boolean,
}


_SENT_OF_MEMBERS: Mapping[FieldKind, Kind] = {
    FieldKind.INTEGER: pl.Float64,
    FieldKind.FLOAT: pl.Float64,
    FieldKind.CHECKBOX: pl.Boolean,
}


def _sent_as(name: str, layout: Layout, schema: Schema) -> Kind:
    if name in layout.custom:
        return _SENT[layout.custom[name]]
    if name in layout.members:
        return _SENT_OF_MEMBERS.get(layout.members[name].field.kind, pl.String)
    if name in _MONEY or schema[name] == pl.Int64:
        return pl.Float64
    return pl.Boolean if schema[name] == pl.Boolean else pl.String
