"""Which fields of Salesforce are which columns of ours (M11, S1.1–S1.4), and records as frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import polars as pl

from campaignsync.domain.trees import (
    CAMPAIGN_MEMBERS,
    CAMPAIGN_STATUSES,
    CAMPAIGNS,
    SALESFORCE_PEOPLE,
    UTC_TIME,
    Schema,
)

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
WRITABLE_LEAD: Mapping[str, str] = {
    column: name
    for column, name in LEAD.items()
    if name
    not in {
        "Id",
        "IsDeleted",
        "MasterRecordId",
        "CreatedDate",
        "SystemModstamp",
        "IsConverted",
        "ConvertedContactId",
    }
}
"""What a new lead is made from (M11); Status is left to Salesforce's own default where we have none."""


def frame(object_name: str, records: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Records of one object as a frame of our columns; a field that was not asked for is empty."""
    columns, schema = OBJECTS[object_name], _SCHEMAS[object_name]
    raw = {
        name: [_cell(record, columns[name]) for record in records]
        if name in columns
        else [None] * len(records)
        for name in schema
    }
    wire = {name: pl.String if _is_text(kind) else kind for name, kind in schema.items()}
    made = pl.DataFrame(raw, schema=wire, strict=False)
    if object_name in ("Lead", "Contact"):
        made = made.with_columns(
            pl.lit(object_name.lower()).alias("kind"), pl.col("is_converted").fill_null(value=False)
        )
    times = [name for name, kind in schema.items() if kind == UTC_TIME]
    dates = [name for name, kind in schema.items() if kind == pl.Date]
    return made.with_columns(
        pl.col(times).str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%z", time_unit="us", time_zone="UTC"),
        pl.col(dates).str.to_date("%Y-%m-%d"),
    ).select(*schema)


def _is_text(kind: object) -> bool:
    return kind in (pl.String, pl.Date, UTC_TIME)


def _cell(record: Mapping[str, Any], path: str) -> object:
    """The value at a path such as Account.Name; a number that becomes text keeps all its digits."""
    value: Any = record
    for name in path.split("."):
        value = value.get(name) if value else None
    return str(Decimal(repr(value)).normalize()) if isinstance(value, float) else value
