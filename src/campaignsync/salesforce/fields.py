"""Which fields of Salesforce are which columns of ours (M11, S1.1–S1.4), and records as frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from polars.datatypes import DataType

from campaignsync.domain.trees import (
    CAMPAIGN_MEMBERS,
    CAMPAIGN_STATUSES,
    CAMPAIGNS,
    SALESFORCE_PEOPLE,
    UTC_TIME,
    Schema,
)

Kind = type[DataType] | DataType

CAMPAIGN: Mapping[str, str] = {
    "id": "Id",
    "name": "Name",
    "type": "Type",
    "status": "Status",
    "is_active": "IsActive",
    "actual_cost": "ActualCost",
    "currency": "CurrencyIsoCode",
    "start_date": "StartDate",
    "end_date": "EndDate",
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
_PERSON: Mapping[str, str] = {
    "salesforce_id": "Id",
    "email": "Email",
    "first_name": "FirstName",
    "last_name": "LastName",
    "salutation": "Salutation",
    "title": "Title",
    "phone": "Phone",
    "mobile_phone": "MobilePhone",
    "fax": "Fax",
    "source": "LeadSource",
    "notes": "Description",
    "unsubscribed": "HasOptedOutOfEmail",
    "is_deleted": "IsDeleted",
    "master_record_id": "MasterRecordId",
    "created_date": "CreatedDate",
    "system_modstamp": "SystemModstamp",
}
LEAD: Mapping[str, str] = {
    **_PERSON,
    "company": "Company",
    "street": "Street",
    "city": "City",
    "state": "State",
    "postal_code": "PostalCode",
    "country": "Country",
    "industry": "Industry",
    "annual_revenue": "AnnualRevenue",
    "employees": "NumberOfEmployees",
    "website": "Website",
    "rating": "Rating",
    "status": "Status",
    "is_converted": "IsConverted",
    "converted_contact_id": "ConvertedContactId",
}
CONTACT: Mapping[str, str] = {
    **_PERSON,
    "company": "Account.Name",
    "street": "MailingStreet",
    "city": "MailingCity",
    "state": "MailingState",
    "postal_code": "MailingPostalCode",
    "country": "MailingCountry",
    "industry": "Account.Industry",
    "annual_revenue": "Account.AnnualRevenue",
    "employees": "Account.NumberOfEmployees",
    "website": "Account.Website",
    "rating": "Account.Rating",
}
OBJECTS: Mapping[str, Mapping[str, str]] = {
    "Campaign": CAMPAIGN,
    "CampaignMemberStatus": STATUS,
    "CampaignMember": MEMBER,
    "Lead": LEAD,
    "Contact": CONTACT,
}
_SCHEMAS: Mapping[str, Schema] = {
    "Campaign": CAMPAIGNS,
    "CampaignMemberStatus": CAMPAIGN_STATUSES,
    "CampaignMember": CAMPAIGN_MEMBERS,
    "Lead": SALESFORCE_PEOPLE,
    "Contact": SALESFORCE_PEOPLE,
}
_SYSTEM_FIELDS = frozenset(
    (
        "Id",
        "IsDeleted",
        "MasterRecordId",
        "CreatedDate",
        "SystemModstamp",
        "IsConverted",
        "ConvertedContactId",
    )
)
WRITABLE_LEAD = {column: name for column, name in LEAD.items() if name not in _SYSTEM_FIELDS}
"""What a new lead is made from (M11); what is empty here is left to Salesforce's own defaults."""

_MONEY = ("actual_cost", "annual_revenue")
"""Numbers in JSON that are text here: their shortest digits, which are those that were sent, up to fifteen of them."""


def frame(object_name: str, records: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Records of one object as a frame of our columns; a field that was not asked for is empty."""
    paths, schema = OBJECTS[object_name], _SCHEMAS[object_name]
    columns = {
        name: _value(name, kind, _field(paths[name])) if name in paths else pl.lit(None, kind)
        for name, kind in schema.items()
    }
    sent = pl.from_dicts(records, schema=_as_sent(paths, schema))
    return sent.select(**_of_people(object_name, columns))


def frame_of_csv(object_name: str, cells: pl.DataFrame) -> pl.DataFrame:
    """Rows of a bulk job's result, every cell text, as a frame of our columns; a field that was not asked for is empty."""
    schema = _SCHEMAS[object_name]
    paths = {name: path for name, path in OBJECTS[object_name].items() if path in cells.columns}
    typed = cells.with_columns(_cell(path, _sent_as(name, schema[name])) for name, path in paths.items())
    columns = {
        name: _value(name, kind, pl.col(paths[name])) if name in paths else pl.lit(None, kind)
        for name, kind in schema.items()
    }
    return typed.select(**_of_people(object_name, columns))


def _cell(path: str, kind: Kind) -> pl.Expr:
    """A cell of CSV as JSON would have sent it."""
    return pl.col(path) == "true" if kind == pl.Boolean else pl.col(path).cast(kind)


def _of_people(object_name: str, columns: dict[str, pl.Expr]) -> dict[str, pl.Expr]:
    if _SCHEMAS[object_name] is not SALESFORCE_PEOPLE:
        return columns
    return columns | {
        "kind": pl.lit(object_name.lower()),
        "is_converted": columns["is_converted"].fill_null(value=False),
    }


def _field(path: str) -> pl.Expr:
    """A field of a record; `path` may lead through one relationship, such as Account.Name."""
    first, _, second = path.partition(".")
    return pl.col(first).struct.field(second) if second else pl.col(first)


def _value(name: str, kind: Kind, value: pl.Expr) -> pl.Expr:
    """What a field is among our columns."""
    if name in _MONEY:
        return value.cast(pl.String).str.strip_suffix(".0")
    if kind == UTC_TIME:
        return value.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%#z", time_unit="us", time_zone="UTC")
    return value.str.to_date("%Y-%m-%d") if kind == pl.Date else value.cast(kind)


def _as_sent(paths: Mapping[str, str], schema: Schema) -> dict[str, Kind]:
    """The types that JSON has for the fields, by field; those of one relationship are a structure."""
    sent: dict[str, Kind] = {}
    related: dict[str, dict[str, Kind]] = {}
    for name, path in paths.items():
        first, _, second = path.partition(".")
        kind = _sent_as(name, schema[name])
        if second:
            related.setdefault(first, {})[second] = kind
        else:
            sent[first] = kind
    return sent | {first: pl.Struct(fields) for first, fields in related.items()}


def _sent_as(name: str, kind: Kind) -> Kind:
    if name in _MONEY or kind == pl.Int64:
        return pl.Float64
    return pl.Boolean if kind == pl.Boolean else pl.String
