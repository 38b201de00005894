"""The Avro schemas of events and the bitmaps that count their fields (S2.7.4)."""

from __future__ import annotations

import json
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesforce_sandbox.events.bitmaps import bitmaps
from salesforce_sandbox.events.bus import SUPPORTED
from salesforce_sandbox.events.schemas import Place, event_schema
from salesforce_sandbox.org.schema import OBJECTS, Schema, make_field

# In the order in which the Change Data Capture guide prints a converted lead, without the fields that our leads lack.
LEAD = """Name Title Company Address Phone MobilePhone Fax Email Website Description LeadSource Status Industry Rating
AnnualRevenue NumberOfEmployees OwnerId HasOptedOutOfEmail IsConverted ConvertedDate ConvertedAccountId ConvertedContactId
ConvertedOpportunityId IsUnreadByOwner CreatedDate CreatedById LastModifiedDate LastModifiedById DoNotCall HasOptedOutOfFax
Jigsaw JigsawContactId CleanStatus CompanyDunsNumber DandbCompanyId EmailBouncedReason EmailBouncedDate IndividualId"""
CONTACT = """AccountId Name OtherAddress MailingAddress Phone Fax MobilePhone HomePhone OtherPhone AssistantPhone ReportsToId
Email Title Department AssistantName LeadSource Birthdate Description OwnerId HasOptedOutOfEmail HasOptedOutOfFax DoNotCall
CreatedDate CreatedById LastModifiedDate LastModifiedById LastCURequestDate LastCUUpdateDate EmailBouncedReason
EmailBouncedDate Jigsaw JigsawContactId CleanStatus IndividualId"""
MEMBER = """CampaignId LeadId ContactId Status HasResponded CreatedDate CreatedById LastModifiedDate LastModifiedById
FirstRespondedDate"""
STATUS = """CampaignId SortOrder IsDefault HasResponded CreatedDate CreatedById LastModifiedDate LastModifiedById"""

CONVERSION = """Status IsConverted ConvertedDate ConvertedAccountId ConvertedContactId ConvertedOpportunityId
LastModifiedDate"""


def fields_of(entity: str) -> list[dict[str, Any]]:
    return list(json.loads(event_schema(OBJECTS[entity]).text)["fields"])


@pytest.mark.parametrize(
    ("entity", "fields"),
    [("Lead", LEAD), ("Contact", CONTACT), ("CampaignMember", MEMBER), ("CampaignMemberStatus", STATUS)],
)
def test_the_fields_come_in_the_order_of_real_events_behind_the_header(entity: str, fields: str) -> None:
    assert [each["name"] for each in fields_of(entity)] == ["ChangeEventHeader", *fields.split()]


def test_the_conversion_of_a_lead_has_the_bitmap_that_the_guide_prints() -> None:
    """The golden vector of S2.7.4."""
    places = event_schema(OBJECTS["Lead"]).places
    assert bitmaps(places[name] for name in CONVERSION.split()) == ["0x08F81000"]


def test_parts_of_compounds_come_behind_the_position_of_the_compound() -> None:
    places = event_schema(OBJECTS["Lead"]).places
    changed = ("Title", "LastModifiedDate", "City", "State", "FirstName")
    assert bitmaps(places[name] for name in changed) == ["0x08000004", "1-0x02", "4-0x06"]
    assert bitmaps([places["Street"]]) == ["4-0x01"]
    assert bitmaps([]) == []


@given(st.sets(st.integers(1, 200)))
def test_a_bitmap_says_exactly_which_positions_it_was_given(positions: set[int]) -> None:
    field = OBJECTS["Lead"].fields[0]
    texts = bitmaps(Place(field=field, position=each, name="") for each in positions)
    assert {i for text in texts for i in range(256) if int(text, 16) >> i & 1} == positions
    assert all(len(text) % 2 == 0 and text == "0x" + text[2:].upper() for text in texts)


@pytest.mark.parametrize("entity", sorted(SUPPORTED))
def test_every_schema_is_avro_and_everything_but_the_header_may_be_null(entity: str) -> None:
    """S1.1.11, S1.2.10, S1.3.10, S2.7.2: each of the objects has change events."""
    fastavro.parse_schema(json.loads(event_schema(OBJECTS[entity]).text))
    assert all(each["type"][0] == "null" for each in fields_of(entity)[1:])


def test_an_account_has_a_name_that_may_be_text_or_a_persons() -> None:
    name = next(each for each in fields_of("Account") if each["name"] == "Name")
    assert name["type"][1] == "string"
    assert name["type"][2]["name"] == "Switchable_PersonName"


def test_the_id_of_a_schema_stays_until_the_object_gets_a_field() -> None:
    schema = Schema()
    before = event_schema(schema.find("Lead") or OBJECTS["Lead"])
    assert before.id == event_schema(OBJECTS["Lead"]).id
    schema.put_field("Lead", make_field("Booth__c", "string(10)", "cun", "Booth"))
    after = event_schema(schema.find("Lead") or OBJECTS["Lead"])
    assert after.id != before.id
    assert json.loads(after.text)["fields"][-1]["name"] == "Booth__c"
