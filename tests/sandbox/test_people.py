"""Leads, contacts, campaigns: what may be stored, by whom, and how refusals are worded (sections 1.1, 1.4 and 1.5)."""

from typing import Any

import pytest

LEAD = {"LastName": "Ash", "Company": "Ash & Co"}
DUPLICATE = {**LEAD, "FirstName": "Ann", "Email": "ann@one.example"}


def new_user(admin: Any, **values: Any) -> Any:
    user = {"Username": "mia@sandbox.example", "LastName": "Mia", "Password": "secret", **values}
    admin.control("POST", "seed", {"users": [user]})
    return type(admin)(admin.url).log_in("mia@sandbox.example", "secret")


def test_missing_fields_are_named(admin: Any) -> None:
    """S1.4.1"""
    answer = admin.call("POST", "/sobjects/Lead", {"FirstName": "Ann"})
    refusal = {
        "message": "Required fields are missing: [LastName, Company]",
        "errorCode": "REQUIRED_FIELD_MISSING",
        "fields": ["LastName", "Company"],
    }
    assert (answer.status_code, answer.json()) == (400, [refusal])


def test_email_addresses_come_back_in_lower_case(admin: Any) -> None:
    """S0.7"""
    lead = admin.create("Lead", **LEAD, Email="Chloe.Myers@One.Example")
    assert admin.call("GET", f"/sobjects/Lead/{lead}").json()["Email"] == "chloe.myers@one.example"


@pytest.mark.parametrize(
    ("values", "code", "fields"),
    [
        ({"LastName": "x" * 81}, "STRING_TOO_LONG", ["LastName"]),
        ({"Email": "no address"}, "INVALID_EMAIL_ADDRESS", ["Email"]),
        ({"OwnerId": "001000000000001"}, "MALFORMED_ID", ["OwnerId"]),
        ({"OwnerId": "005000000000001"}, "INVALID_CROSS_REFERENCE_KEY", ["OwnerId"]),
        ({"CleanStatus": "Spotless"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ["CleanStatus"]),
        ({"NumberOfEmployees": 10**9}, "NUMBER_OUTSIDE_VALID_RANGE", ["NumberOfEmployees"]),
        ({"ConvertedContactId": None}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["ConvertedContactId"]),
    ],
)
def test_bad_values_are_refused_by_field(
    admin: Any, values: dict[str, Any], code: str, fields: list[str]
) -> None:
    """S1.1.5, S1.4.3, S1.4.4, S1.5.2"""
    answer = admin.call("POST", "/sobjects/Lead", {**LEAD, **values})
    assert (answer.status_code, answer.json()[0]["errorCode"], answer.json()[0]["fields"]) == (
        400,
        code,
        fields,
    )


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ('"perhaps"', "VALUE_STRING value perhaps or request may be missing a required field at"),
        ("3", "VALUE_NUMBER_INT value 3 or request may be missing a required field at"),
        ("[true]", "START_ARRAY value"),
        ("{}", "START_OBJECT value"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_in_the_recorded_words(
    admin: Any, value: str, found: str
) -> None:
    """S2.2.2: where in the body it stands; up to the beginning of the field's name, as real orgs count."""
    headers = {"Content-Type": "application/json"}
    body = f'{{"Company":"A",\n "LastName":"Ash","IsConverted":{value}}}'
    answer = admin.call("POST", "/sobjects/Lead", data=body, headers=headers)
    message = f"Cannot deserialize instance of boolean from {found} [line:2, column:18]"
    assert (answer.status_code, answer.json()) == (
        400,
        [{"message": message, "errorCode": "JSON_PARSER_ERROR"}],
    )


AUDIT = {
    "CreatedDate": "2020-05-04T10:00:00.000+0000",
    "LastModifiedDate": "2021-05-04T10:00:00.000+0000",
}


def test_who_may_say_so_says_when_a_new_record_was_made_and_nobody_when_it_last_changed(admin: Any) -> None:
    """S1.5.1: a permission that no fresh org gives; SystemModstamp is the org's alone."""
    refusal = admin.refused("POST", "/sobjects/Lead", {**LEAD, **AUDIT})
    assert refusal[1] == "INVALID_FIELD_FOR_INSERT_UPDATE"
    admin.control("POST", "seed", {"audit_writers": ["admin@sandbox.example"]})
    lead = admin.create("Lead", **LEAD, **AUDIT)
    kept = admin.one(f"SELECT CreatedDate, LastModifiedDate, SystemModstamp FROM Lead WHERE Id = '{lead}'")
    assert {name: kept[name] for name in AUDIT} == AUDIT
    assert kept["SystemModstamp"] > AUDIT["LastModifiedDate"]
    described = admin.call("GET", "/sobjects/Lead/describe").json()["fields"]
    createable = {field["name"]: field["createable"] for field in described}
    assert (createable["CreatedDate"], createable["SystemModstamp"]) == (True, False)
    stamp = {**LEAD, "SystemModstamp": AUDIT["CreatedDate"]}
    assert admin.refused("POST", "/sobjects/Lead", stamp)[1] == "INVALID_FIELD_FOR_INSERT_UPDATE"
    assert admin.refused("PATCH", f"/sobjects/Lead/{lead}", AUDIT)[1] == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_a_field_that_is_not_there_is_refused(admin: Any) -> None:
    refusal = admin.refused("POST", "/sobjects/Lead", {**LEAD, "Nope__c": 1})
    assert refusal == (400, "INVALID_FIELD", "No such column 'Nope__c' on sobject of type Lead")


def test_picklists_take_unknown_values_unless_an_admin_restricts_them(admin: Any) -> None:
    """S1.1.4"""
    admin.create("Campaign", Name="Free", Type="Séance")
    admin.control("POST", "switches", {"campaign_type_restricted": True})
    refusal = admin.refused("POST", "/sobjects/Campaign", {"Name": "Restricted", "Type": "Séance"})
    message = "Type: bad value for restricted picklist field: Séance"
    assert refusal == (400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message)


def test_system_fields_are_of_the_moment_and_of_the_caller(admin: Any) -> None:
    """S1.5.1"""
    lead = admin.create("Lead", **LEAD)
    born = admin.call("GET", f"/sobjects/Lead/{lead}").json()
    assert born["CreatedDate"] == born["LastModifiedDate"] == born["SystemModstamp"]
    assert born["SystemModstamp"].endswith(".000+0000")
    admin.control("POST", "clock", {"advance_s": 60})
    admin.change("Lead", lead, Title="CTO")
    changed = admin.call("GET", f"/sobjects/Lead/{lead}").json()
    assert changed["CreatedDate"] == born["CreatedDate"]
    assert changed["SystemModstamp"] == changed["LastModifiedDate"] > born["LastModifiedDate"]


def test_ids_of_fifteen_letters_mean_those_of_eighteen(admin: Any) -> None:
    """S1.5.2"""
    lead = admin.create("Lead", **LEAD)
    assert admin.call("GET", f"/sobjects/Lead/{lead[:15]}").json()["Id"] == lead
    assert admin.refused("GET", "/sobjects/Lead/00Qxx")[:2] == (400, "MALFORMED_ID")


def test_a_deleted_lead_takes_its_memberships_and_a_second_delete_says_so(admin: Any) -> None:
    """S1.3.6, S1.4.8"""
    lead, campaign = admin.create("Lead", **LEAD), admin.create("Campaign", Name="Spring")
    admin.create("CampaignMember", CampaignId=campaign, LeadId=lead)
    admin.delete("Lead", lead)
    assert admin.query("SELECT Id FROM CampaignMember") == []
    answer = admin.call("DELETE", f"/sobjects/Lead/{lead}")
    refusal = {"message": "entity is deleted", "errorCode": "ENTITY_IS_DELETED", "fields": []}
    assert (answer.status_code, answer.json()) == (404, [refusal])


def test_the_standard_duplicate_rule_warns_in_its_misspelt_words(admin: Any) -> None:
    """S1.4.9"""
    first = admin.create("Lead", **DUPLICATE)
    answer = admin.call("POST", "/sobjects/Lead", DUPLICATE)
    (error,) = answer.json()
    result = error["duplicateResut"]
    assert (answer.status_code, error["errorCode"]) == (400, "DUPLICATES_DETECTED")
    assert result["allowSave"]
    assert result["matchResults"][0]["matchRecords"][0]["record"]["Id"] == first


def test_a_warning_can_be_overruled_and_a_blocking_rule_cannot(admin: Any) -> None:
    """S1.4.9"""
    headers = {"Sforce-Duplicate-Rule-Header": "allowSave=true; includeRecordDetails=true"}
    admin.create("Lead", **DUPLICATE)
    assert admin.call("POST", "/sobjects/Lead", DUPLICATE, headers=headers).status_code == 201
    rule = {"name": "Strict", "sobject": "Lead", "same": ["Email"], "allow_save": False}
    admin.control("POST", "seed", {"duplicate_rules": [rule]})
    assert admin.refused("POST", "/sobjects/Lead", DUPLICATE, headers=headers)[1] == "DUPLICATES_DETECTED"


def test_in_a_collection_a_duplicate_is_a_plain_row_error(admin: Any) -> None:
    """S1.4.9"""
    admin.create("Lead", **DUPLICATE)
    rows = [{"attributes": {"type": "Lead"}, **DUPLICATE}]
    (row,) = admin.call("POST", "/composite/sobjects", {"records": rows}).json()
    error = {"statusCode": "DUPLICATES_DETECTED", "message": "Use one of these records?", "fields": []}
    assert row == {"success": False, "errors": [error]}


def test_a_validation_rule_refuses_just_the_rows_it_means(admin: Any) -> None:
    rule = {"sobject": "Lead", "refuse_when": "Title = null", "message": "A title, please.", "field": "Title"}
    admin.control("POST", "seed", {"validation_rules": [rule]})
    rows = [{"attributes": {"type": "Lead"}, **LEAD, **more} for more in ({}, {"Title": "CTO"})]
    bad, good = admin.call("POST", "/composite/sobjects", {"records": rows}).json()
    assert bad["errors"][0]["statusCode"] == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    assert good["success"]
    assert admin.query("SELECT Id FROM Lead") == [{"Id": good["id"]}]


def test_only_marketing_users_make_campaigns_and_one_update_makes_one(admin: Any) -> None:
    """S0.6"""
    mia = new_user(admin)
    refusal = mia.refused("POST", "/sobjects/Campaign", {"Name": "Spring"})
    assert refusal == (
        400,
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
        "entity type cannot be inserted: Campaign",
    )
    user = admin.one("SELECT Id FROM User WHERE Username = 'mia@sandbox.example'")["Id"]
    admin.change("User", user, UserPermissionsMarketingUser=True)
    assert mia.create("Campaign", Name="Spring")


def test_members_are_added_without_the_right_that_their_statuses_need(admin: Any) -> None:
    """S1.2.10, S1.3.10"""
    campaign, lead = admin.create("Campaign", Name="Spring"), admin.create("Lead", **LEAD)
    mia = new_user(admin)
    status = {"CampaignId": campaign, "Label": "Invited"}
    assert mia.refused("POST", "/sobjects/CampaignMemberStatus", status)[1:] == (
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
        "entity type cannot be inserted: Campaign Member Status",
    )
    assert mia.create("CampaignMember", CampaignId=campaign, LeadId=lead)


def test_the_record_type_of_members_is_said_at_their_campaign(admin: Any) -> None:
    """S1.1.10"""
    fields = {
        sobject: {
            each["name"]: each for each in admin.call("GET", f"/sobjects/{sobject}/describe").json()["fields"]
        }
        for sobject in ("Campaign", "CampaignMember")
    }
    said = fields["Campaign"]["CampaignMemberRecordTypeId"]
    assert (said["createable"], said["updateable"]) == (True, True)
    assert "RecordTypeId" not in fields["CampaignMember"]


def test_a_field_without_read_access_does_not_exist(admin: Any) -> None:
    """S1.5.3"""
    mia = new_user(admin)
    user = admin.one("SELECT Id FROM User WHERE Username = 'mia@sandbox.example'")["Id"]
    admin.control(
        "POST", "seed", {"denied_fields": [[user, "Lead", "Phone", "read"], [user, "Lead", "Title", "edit"]]}
    )
    lead = mia.create("Lead", **LEAD)
    assert "Phone" not in mia.call("GET", f"/sobjects/Lead/{lead}").json()
    assert mia.refused("GET", "/query", params={"q": "SELECT Phone FROM Lead"})[1] == "INVALID_FIELD"
    path = f"/sobjects/Lead/{lead}"
    assert mia.refused("PATCH", path, {"Title": "CTO"})[1] == "INVALID_FIELD_FOR_INSERT_UPDATE"
    fields = {each["name"]: each for each in mia.call("GET", "/sobjects/Lead/describe").json()["fields"]}
    assert "Phone" not in fields
    assert (fields["Title"]["createable"], fields["Title"]["updateable"]) == (False, False)
    assert fields["Fax"]["updateable"]


def test_an_object_without_access_does_not_exist(admin: Any) -> None:
    """S1.1.9, S1.5.3"""
    mia = new_user(admin)
    user = admin.one("SELECT Id FROM User WHERE Username = 'mia@sandbox.example'")["Id"]
    campaign, lead = admin.create("Campaign", Name="Spring"), admin.create("Lead", **LEAD)
    admin.control("POST", "seed", {"denied_objects": [[user, "Campaign", "read"]]})
    assert mia.refused("GET", "/query", params={"q": "SELECT Id FROM Campaign"})[1] == "INVALID_TYPE"
    assert mia.refused("GET", f"/sobjects/Campaign/{campaign}")[:2] == (404, "NOT_FOUND")
    member = {"CampaignId": campaign, "LeadId": lead}
    code = "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"
    assert mia.refused("POST", "/sobjects/CampaignMember", member)[1] == code
    names = [each["name"] for each in mia.call("GET", "/sobjects").json()["sobjects"]]
    assert "Campaign" not in names


def test_nobody_has_access_to_the_opt_out_of_a_fresh_org(admin: Any) -> None:
    """S1.4.2"""
    params = {"q": "SELECT HasOptedOutOfEmail FROM Lead"}
    assert admin.refused("GET", "/query", params=params)[1] == "INVALID_FIELD"
    admin.control("POST", "switches", {"email_opt_out_visible": True})
    assert admin.call("GET", "/query", params=params).status_code == 200


def test_orgs_with_state_picklists_refuse_states_as_text(admin: Any) -> None:
    """S1.4.5"""
    admin.control("POST", "switches", {"state_country_picklists": True})
    refusal = admin.refused("POST", "/sobjects/Contact", {"LastName": "Eve", "MailingCountry": "Germany"})
    assert refusal[1] == "FIELD_INTEGRITY_EXCEPTION"
    assert admin.create("Contact", LastName="Eve", MailingCountryCode="DE")


@pytest.mark.parametrize("code", ["CIRCULAR_DEPENDENCY", "FIELD_INTEGRITY_EXCEPTION"])
def test_no_campaign_is_its_own_ancestor(admin: Any, code: str) -> None:
    """S1.1.6"""
    admin.control("POST", "switches", {"campaign_cycle_error": code})
    parent = admin.create("Campaign", Name="Parent")
    child = admin.create("Campaign", Name="Child", ParentId=parent)
    assert admin.refused("PATCH", f"/sobjects/Campaign/{parent}", {"ParentId": child})[1] == code


def test_a_hierarchy_has_five_levels(admin: Any) -> None:
    """S1.1.6"""
    parent = admin.create("Campaign", Name="1")
    for level in range(2, 6):
        parent = admin.create("Campaign", Name=str(level), ParentId=parent)
    assert admin.refused("POST", "/sobjects/Campaign", {"Name": "6", "ParentId": parent})[0] == 400


@pytest.mark.parametrize("bumps", [True, False])
def test_a_new_member_touches_its_campaign_as_the_switch_says(admin: Any, bumps: bool) -> None:
    """S1.1.7"""
    admin.control("POST", "switches", {"rollups_bump_campaign": bumps})
    campaign, lead = admin.create("Campaign", Name="Spring"), admin.create("Lead", **LEAD)
    before = admin.one("SELECT SystemModstamp, LastModifiedDate FROM Campaign")
    admin.control("POST", "clock", {"advance_s": 60})
    admin.create("CampaignMember", CampaignId=campaign, LeadId=lead)
    after = admin.one("SELECT SystemModstamp, LastModifiedDate FROM Campaign")
    assert (after["SystemModstamp"] > before["SystemModstamp"]) is bumps
    assert after["LastModifiedDate"] == before["LastModifiedDate"]


def test_a_full_org_takes_nothing_more(admin: Any) -> None:
    admin.control("POST", "limits", {"most_records": 1})
    admin.create("Lead", **LEAD)
    assert admin.refused("POST", "/sobjects/Lead", LEAD) == (
        403,
        "STORAGE_LIMIT_EXCEEDED",
        "storage limit exceeded",
    )


def test_a_locked_campaign_cannot_take_members(admin: Any) -> None:
    """S2.2.11"""
    campaign, lead = admin.create("Campaign", Name="Spring"), admin.create("Lead", **LEAD)
    admin.control("POST", "locks", {"ids": [campaign], "seconds": 30})
    member = {"CampaignId": campaign, "LeadId": lead}
    message = f"unable to obtain exclusive access to this record or 1 records: {campaign}"
    assert admin.refused("POST", "/sobjects/CampaignMember", member) == (400, "UNABLE_TO_LOCK_ROW", message)
    admin.control("POST", "clock", {"advance_s": 31})
    assert admin.create("CampaignMember", **member)
