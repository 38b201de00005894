"""Records become columns: exact types, exact digits, and nothing where a field was not asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import orjson
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignsync.domain.fields import STANDARD_FIELDS, FieldDirection, PersonField, ValueKind
from campaignsync.domain.trees import (
    CAMPAIGN_MEMBERS,
    CAMPAIGN_STATUSES,
    CAMPAIGNS,
    SALESFORCE_PEOPLE,
    Schema,
)
from campaignsync.salesforce.fields import frame, frame_of_csv, layouts

SCHEMAS = {
    "Campaign": CAMPAIGNS,
    "CampaignMemberStatus": CAMPAIGN_STATUSES,
    "CampaignMember": CAMPAIGN_MEMBERS,
    "Lead": SALESFORCE_PEOPLE,
    "Contact": SALESFORCE_PEOPLE,
}


@pytest.mark.parametrize(("name", "schema"), SCHEMAS.items())
def test_frames_have_the_columns_of_the_trees(name: str, schema: Schema) -> None:
    assert frame(name, []).schema == dict(schema)
    one = frame(name, [{"attributes": {"type": name}, "Id": "x", "Unknown__c": 1}])
    assert one.schema == dict(schema)
    assert one.height == 1


def test_times_dates_and_flags_are_read() -> None:
    """S1.5.1: second resolution, in UTC."""
    (row,) = frame(
        "CampaignMember",
        [
            {
                "Id": "00v",
                "HasResponded": True,
                "FirstRespondedDate": "2026-03-01",
                "SystemModstamp": "2026-03-01T14:21:26.000+0200",
                "CreatedDate": None,
            }
        ],
    ).to_dicts()
    assert row["system_modstamp"] == datetime(2026, 3, 1, 12, 21, 26, tzinfo=UTC)
    assert row["first_responded_date"] == date(2026, 3, 1)
    assert (row["has_responded"], row["created_date"], row["lead_id"]) == (True, None, None)


def test_an_account_lends_its_contacts_what_they_lack() -> None:
    """M11."""
    contacts = [
        {
            "Id": "1",
            "Account": {"attributes": {}, "Name": "Acme", "NumberOfEmployees": 12, "AnnualRevenue": 5e6},
        },
        {"Id": "2", "Account": None},
        {"Id": "3"},
    ]
    found = frame("Contact", contacts).select(
        "company", "employees", "annual_revenue", "kind", "is_converted"
    )
    assert found.rows() == [
        ("Acme", 12, "5000000", "contact", False),
        (None, None, None, "contact", False),
        (None, None, None, "contact", False),
    ]


@given(st.decimals(min_value=0, max_value=10**12, places=2))
def test_money_keeps_its_digits_on_its_way_through_json(amount: Decimal) -> None:
    sent = orjson.loads(f'{{"Id": "701", "ActualCost": {amount}}}')
    (cost,) = frame("Campaign", [sent])["actual_cost"]
    assert Decimal(cost) == amount


def test_a_field_that_mixes_whole_and_broken_numbers_is_read() -> None:
    rows = [{"Id": "1", "ActualCost": 5}, {"Id": "2", "ActualCost": 1.5}, {"Id": "3", "ActualCost": None}]
    assert frame("Campaign", rows)["actual_cost"].to_list() == ["5", "1.5", None]


CUSTOM = (
    PersonField(name="nickname", kind=ValueKind.TEXT, lead="Nick__c", contact=None),
    PersonField(name="score", kind=ValueKind.NUMBER, lead="Score__c", contact=None),
    PersonField(name="vip", kind=ValueKind.BOOLEAN, lead="Vip__c", contact=None),
)


def test_custom_fields_share_one_json_object_by_our_names() -> None:
    """M7.5: their number is not known beforehand."""
    layout = layouts((*STANDARD_FIELDS, *CUSTOM))["Lead"]
    record = {"Id": "00Q", "Nick__c": 'Ada "A"', "Score__c": 5, "Vip__c": True}
    (sent,) = frame("Lead", [record], layout)["custom"].to_list()
    assert orjson.loads(sent) == {"nickname": 'Ada "A"', "score": 5.0, "vip": True}
    cells = pl.DataFrame({"Id": ["00Q"], "Nick__c": ['Ada "A"'], "Score__c": ["5.0"], "Vip__c": ["true"]})
    assert frame_of_csv("Lead", cells, layout)["custom"].to_list() == [sent]
    assert frame("Lead", [record])["custom"].to_list() == [None]


def test_a_field_that_is_switched_off_is_not_read_and_one_mapped_elsewhere_is_read_there() -> None:
    """M7.5."""
    fields = {field.name: field for field in STANDARD_FIELDS}
    fields["phone"] = replace(fields["phone"], direction=FieldDirection.OFF)
    fields["state"] = replace(fields["state"], lead="StateCode")
    layout = layouts(tuple(fields.values()))["Lead"]
    assert "Phone" not in layout.paths.values()
    (row,) = frame("Lead", [{"Id": "00Q", "StateCode": "CA"}], layout).to_dicts()
    assert (row["state"], row["phone"]) == ("CA", None)
