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
from campaignsync.salesforce.few_records import FEW
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


_MOMENTS = st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2050, 1, 1)).map(  # noqa: DTZ001
    lambda at: f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}{'+0000' if at.day % 2 else '-0330'}"
)
_VALUES_OF = {
    pl.String: st.text(max_size=5),
    pl.Boolean: st.booleans(),
    pl.Float64: st.floats(min_value=-1e17, max_value=1e17) | st.integers(-(10**6), 10**6),
}


@st.composite
def records_of(draw: st.DrawFn, name: str) -> list[dict[str, object]]:
    """Records as JSON brings them: each field of its kind, empty, or not asked for."""
    known = layouts()[name].paths
    of_kind = SCHEMAS[name]

    def value(column: str) -> st.SearchStrategy[object]:
        kind = of_kind[column]
        if column in ("actual_cost", "annual_revenue"):
            return _VALUES_OF[pl.Float64]
        if kind == pl.Int64:
            return st.integers(0, 10**6) | st.integers(0, 10**6).map(float)
        if kind == pl.Date:
            return st.dates().map(str)
        return _VALUES_OF.get(kind, _MOMENTS)  # type: ignore[call-overload, no-any-return]

    asked = draw(st.sets(st.sampled_from(sorted(known))))
    rows = []
    for _ in range(draw(st.integers(1, 3))):
        row: dict[str, object] = {}
        for column in asked:
            first, _, second = known[column].partition(".")
            found = draw(st.none() | value(column))
            if second:
                row.setdefault(first, {})[second] = found  # type: ignore[index]
            else:
                row[first] = found
        rows.append({name: each for name, each in row.items() if each != {} and draw(st.integers(0, 9))})
    return rows


@pytest.mark.parametrize("name", SCHEMAS)
@given(data=st.data())
def test_a_page_of_a_few_rows_is_what_it_would_be_among_many(name: str, data: st.DataObject) -> None:
    few = data.draw(records_of(name))
    many = frame(name, few * (FEW + 1))
    assert frame(name, few).equals(many.head(len(few)))
    assert frame(name, few).schema == many.schema


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
