"""What the sandbox says its objects are: golden facts of real describes, and what must hold for every object.

The facts were carried over from describes recorded in a real org and compared with them flag by flag; the digests keep
an edit from slipping in unseen. When one changes on purpose, change it here, and say where the fact comes from.
"""

import hashlib
import sqlite3
from typing import Any

import orjson
import pytest

from salesforce_sandbox.org.schema import (
    INDEXED,
    OBJECTS,
    RecordTypeInfo,
    Schema,
    custom_object,
    describe_global_row,
    describe_sobject,
    make_field,
)
from salesforce_sandbox.org.schema.facts import TYPE_USES

HOST = "https://sandbox.example"
# Fields that a fresh org hides and the recorded describes therefore lack (S1.4.2).
HIDDEN = ("HasOptedOutOfEmail", "HasOptedOutOfFax", "DoNotCall")


def described(name: str) -> dict[str, Any]:
    schema = Schema()
    sobject = schema.find(name)
    assert sobject
    return describe_sobject(schema, sobject, version="60.0", instance_url=HOST)


def described_field(sobject: str, field: str) -> dict[str, Any]:
    return next(each for each in described(sobject)["fields"] if each["name"] == field)


def digest(fields: list[dict[str, Any]]) -> str:
    return hashlib.sha256(orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


GOLDEN = {
    "Lead": (54, "ac4298ff9417bf15"),
    "Contact": (59, "a300a9732266b5cd"),
    "Account": (64, "ffe033fa3c420fdc"),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_the_fields_are_those_of_the_recorded_describe(name: str) -> None:
    """S2.2.4: every flag of every field that the recorded org showed."""
    fields = [each for each in described(name)["fields"] if each["name"] not in HIDDEN]
    assert (len(fields), digest(fields)) == GOLDEN[name]


TRICKY = [
    (
        "Lead",
        "OwnerId",
        {"referenceTo": ["Group", "User"], "namePointing": True, "polymorphicForeignKey": True},
    ),
    ("Lead", "IsConverted", {"createable": True, "updateable": False, "defaultValue": False}),
    (
        "Lead",
        "Status",
        {"nillable": False, "defaultedOnCreate": True, "defaultValue": "Open - Not Contacted"},
    ),
    ("Lead", "Company", {"nillable": False, "length": 255, "byteLength": 765, "permissionable": False}),
    ("Lead", "Email", {"idLookup": True, "unique": False, "length": 80, "type": "email"}),
    ("Lead", "Name", {"createable": False, "nameField": True, "extraTypeInfo": "personname", "length": 121}),
    (
        "Lead",
        "Description",
        {"filterable": False, "groupable": False, "sortable": False, "aggregatable": False},
    ),
    ("Lead", "EmailBouncedReason", {"createable": False, "updateable": True}),
    ("Lead", "Latitude", {"precision": 18, "scale": 15, "compoundFieldName": "Address"}),
    ("Lead", "JigsawContactId", {"type": "string", "relationshipName": "JigsawContact", "referenceTo": []}),
    ("Contact", "EmailBouncedReason", {"createable": True, "updateable": True}),
    ("Contact", "AccountId", {"nillable": True, "searchPrefilterable": True, "relationshipName": "Account"}),
    ("Contact", "OwnerId", {"referenceTo": ["User"], "namePointing": False}),
    ("Account", "Name", {"compoundFieldName": "Name", "extraTypeInfo": "switchablepersonname"}),
    ("Account", "ChannelProgramName", {"filterable": False, "sortable": False, "groupable": True}),
    ("Account", "NumberOfEmployees", {"digits": 8, "precision": 0, "soapType": "xsd:int"}),
    ("Campaign", "Name", {"length": 80, "idLookup": True, "nillable": False}),  # S1.1.1
    ("Campaign", "Type", {"length": 40, "restrictedPicklist": False, "defaultedOnCreate": True}),  # S1.1.4
    ("Campaign", "BudgetedCost", {"type": "currency", "precision": 18, "scale": 0}),  # S1.1.3
    ("Campaign", "ExpectedResponse", {"type": "percent", "precision": 10, "scale": 2}),  # S1.1.3
    ("Campaign", "NumberOfResponses", {"createable": False, "updateable": False}),  # S1.1.2
    ("CampaignMember", "LeadId", {"createable": True, "updateable": False}),  # S1.3.1
    ("CampaignMember", "Status", {"createable": True, "updateable": True, "length": 40}),  # S1.3.2
    ("CampaignMember", "HasResponded", {"createable": False, "updateable": False}),  # S1.3.1
    ("CampaignMember", "LeadOrContactId", {"relationshipName": None, "createable": False}),  # S1.3.1
    ("CampaignMemberStatus", "CampaignId", {"updateable": False, "relationshipName": None}),  # S1.2.2
    ("CampaignMemberStatus", "Label", {"length": 765, "nillable": False, "updateable": True}),  # S1.2.1
    ("CampaignMemberStatus", "SortOrder", {"type": "int", "digits": 9, "nillable": True}),  # S1.2.1
]


@pytest.mark.parametrize(("sobject", "field", "facts"), TRICKY)
def test_a_field_is_described_as_in_a_real_org(sobject: str, field: str, facts: dict[str, Any]) -> None:
    found = described_field(sobject, field)
    assert {key: found[key] for key in facts} == facts


def test_picklists_keep_values_apart_from_labels() -> None:
    (matched,) = [
        e for e in described_field("Lead", "CleanStatus")["picklistValues"] if e["value"] == "Matched"
    ]
    assert matched == {
        "active": True,
        "defaultValue": False,
        "label": "In Sync",
        "validFor": None,
        "value": "Matched",
    }
    assert [e["value"] for e in described_field("CampaignMember", "Status")["picklistValues"]] == [
        "Sent",
        "Responded",
    ]


GLOBAL = [
    (
        "Campaign",
        "701",
        {"undeletable": True, "mergeable": False, "deepCloneable": True, "feedEnabled": False},
    ),
    (
        "CampaignMember",
        "00v",
        {"undeletable": False, "searchable": False, "mruEnabled": False, "triggerable": True},
    ),
    ("Lead", "00Q", {"mergeable": True, "undeletable": True, "searchable": True}),
    ("Contact", "003", {"mergeable": True, "undeletable": True}),
    ("User", "005", {"deletable": False, "undeletable": False, "feedEnabled": True}),
    ("Organization", "00D", {"createable": False, "updateable": True, "layoutable": False}),
    ("Opportunity", "006", {"deepCloneable": True, "mergeable": False}),
]


@pytest.mark.parametrize(("name", "prefix", "flags"), GLOBAL)
def test_a_row_of_describe_global_is_as_recorded(name: str, prefix: str, flags: dict[str, bool]) -> None:
    """S1.3.5, S1.1.8, S2.2.4."""
    row = describe_global_row(OBJECTS[name], version="60.0")
    assert row["keyPrefix"] == prefix
    assert {flag: row[flag] for flag in flags} == flags
    assert row["urls"]["rowTemplate"] == f"/services/data/v60.0/sobjects/{name}/{{ID}}"
    assert list(row) == sorted(row)


CHILDREN = [
    ("Lead", "CampaignMember", "LeadId", "CampaignMembers", True),
    ("Lead", "CampaignMember", "LeadOrContactId", None, False),
    ("Contact", "CampaignMember", "ContactId", "CampaignMembers", True),
    ("Contact", "Lead", "ConvertedContactId", None, False),
    ("Account", "Contact", "AccountId", "Contacts", True),
    ("Campaign", "Campaign", "ParentId", "ChildCampaigns", False),
    ("Campaign", "CampaignMemberStatus", "CampaignId", "CampaignMemberStatuses", True),
]


@pytest.mark.parametrize(("parent", "child", "field", "name", "cascades"), CHILDREN)
def test_a_parent_knows_its_children(
    parent: str, child: str, field: str, name: str | None, cascades: bool
) -> None:
    """S1.3.6, S1.1.8."""
    (found,) = [
        each
        for each in described(parent)["childRelationships"]
        if (each["childSObject"], each["field"]) == (child, field)
    ]
    assert (found["relationshipName"], found["cascadeDelete"]) == (name, cascades)


def test_merged_records_are_no_children_of_their_master() -> None:
    children = described("Lead")["childRelationships"]
    assert "MasterRecordId" not in [each["field"] for each in children]


@pytest.mark.parametrize("sobject", OBJECTS.values(), ids=OBJECTS)
def test_every_object_holds_together(sobject: Any) -> None:
    names = [field.name for field in sobject.fields]
    assert names[0] == "Id"
    assert len(names) == len({name.lower() for name in names})
    assert len(sobject.key_prefix) == 3
    for field in sobject.fields:
        uses = TYPE_USES.get(field.type, "fsga")
        assert not (field.groupable and "g" not in uses)
        assert bool(field.reference_to) == (field.type == "reference")
        assert bool(field.picklist_values) == (field.type == "picklist")
        assert field.stored or not (field.createable or field.updateable)
        if field.compound_field_name:
            assert sobject.field(field.compound_field_name)


def test_key_prefixes_belong_to_one_object_each_but_for_that_of_all_history() -> None:
    others = [sobject.key_prefix for sobject in OBJECTS.values() if not sobject.history_of]
    assert len(set(others)) == len(others)


def test_indexes_are_over_columns_that_exist() -> None:
    for name, indexes in INDEXED.items():
        for column in (column for index in indexes for column in index):
            field = OBJECTS[name].field(column)
            assert field
            assert field.stored


def test_every_derived_field_is_sql_that_sqlite_takes() -> None:
    database = sqlite3.connect(":memory:")
    for sobject in OBJECTS.values():
        columns = ", ".join(f'"{field.name}"' for field in sobject.stored_fields)
        database.execute(f'CREATE TABLE "{sobject.name}" ({columns})')
    derived = [(sobject, field) for sobject in OBJECTS.values() for field in sobject.fields if field.derived]
    assert derived
    for sobject, field in derived:
        database.execute(f'SELECT {field.sql("t")} FROM "{sobject.name}" t')


def test_names_are_found_in_any_case() -> None:
    schema = Schema()
    lead = schema.find("lEAD")
    assert lead
    assert lead.field("lastname") is lead.field("LastName")
    assert lead.parent_field("OWNER") is lead.field("OwnerId")
    assert schema.by_key_prefix("00v000000000001AAA") is schema.find("CampaignMember")
    assert schema.find("Nothing") is None


def test_an_org_may_be_widened_without_touching_another() -> None:
    one, other = Schema(), Schema()
    before = one.version
    one.put_field("Lead", make_field("Key__c", "string(40)", "cunpxq", "Key"))
    one.put(custom_object("Visit__c", "a00", "Visit", "Visits"))
    one.put_field(
        "Visit__c",
        make_field(
            "Lead__c", "reference(Lead)", "cunp", "Lead", {"children": "Visits__r", "ondelete": "cascade"}
        ),
    )
    key, visits = one.find("Lead"), one.find("visit__c")
    assert one.version > before
    assert key
    assert visits
    assert key.field("Key__c") == make_field("Key__c", "string(40)", "cunpxq", "Key")
    assert visits.custom
    assert visits.parent_field("Lead__r") is visits.field("Lead__c")
    assert ("Visit__c", "Visits__r") in [(child.child, child.name) for child in one.children("Lead")]
    assert other.find("Visit__c") is None
    assert "Visits__r" not in [child.name for child in other.children("Lead")]


def test_a_field_put_again_replaces_the_one_of_its_name() -> None:
    """S1.2.9: a new label of any campaign joins the picklist of all."""
    schema = Schema()
    fields = len(OBJECTS["CampaignMember"].fields)
    schema.put_field("CampaignMember", make_field("status", "picklist(40)", "cun", "Status"))
    member = schema.find("CampaignMember")
    assert member
    assert len(member.fields) == fields


def test_record_types_stand_before_master_and_may_take_its_default() -> None:
    schema = Schema()
    account = OBJECTS["Account"]
    household = RecordTypeInfo(
        id="01254000001upcKAAQ", name="Household", developer_name="Household", default=True
    )
    answer = describe_sobject(schema, account, version="48.0", instance_url=HOST, record_types=[household])
    first, master = answer["recordTypeInfos"]
    assert (first["name"], first["defaultRecordTypeMapping"], first["master"]) == ("Household", True, False)
    assert (master["recordTypeId"], master["defaultRecordTypeMapping"]) == ("012000000000000AAA", False)


def test_what_one_may_not_read_is_not_described() -> None:
    """S1.5.3."""
    schema = Schema()
    answer = describe_sobject(
        schema,
        OBJECTS["Lead"],
        version="60.0",
        instance_url=HOST,
        readable=lambda sobject, field: field != "HasOptedOutOfEmail",
    )
    assert "HasOptedOutOfEmail" not in [field["name"] for field in answer["fields"]]
