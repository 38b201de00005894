"""Campaign members and their statuses behave as in real orgs (contract, sections 0, 1.2 and 1.3)."""

from typing import Any

import pytest

ADVANCE = 90


@pytest.fixture
def campaign(admin: Any) -> str:
    return str(admin.create("Campaign", Name="Spring Webinar", Type="Webinar"))


@pytest.fixture
def lead(admin: Any) -> str:
    return str(admin.create("Lead", LastName="Ash", Company="Ash & Co", Email="Ann.Ash@One.Example"))


def member(admin: Any, record_id: str) -> dict[str, Any]:
    text = "SELECT Status, HasResponded, LeadId, ContactId, Type, FirstRespondedDate, SystemModstamp FROM CampaignMember"
    found: dict[str, Any] = admin.one(f"{text} WHERE Id = '{record_id}'")
    return found


def test_a_new_campaign_has_sent_as_default_and_responded(admin: Any, campaign: str) -> None:
    """S1.2.3"""
    rows = admin.query(
        f"SELECT Label, IsDefault, HasResponded, SortOrder FROM CampaignMemberStatus WHERE CampaignId = '{campaign}'"
    )
    assert [tuple(row.values()) for row in rows] == [("Sent", True, False, 1), ("Responded", False, True, 2)]


@pytest.mark.parametrize("sent", [{}, {"Status": "No such status"}, {"Status": None}])
def test_a_member_without_a_known_status_silently_gets_the_default(
    admin: Any, campaign: str, lead: str, sent: dict[str, Any]
) -> None:
    """S0.2"""
    created = admin.create("CampaignMember", CampaignId=campaign, LeadId=lead, **sent)
    assert (member(admin, created)["Status"], member(admin, created)["HasResponded"]) == ("Sent", False)


def test_an_update_to_an_unknown_status_silently_sets_the_default(
    admin: Any, campaign: str, lead: str
) -> None:
    """S0.2"""
    created = admin.create("CampaignMember", CampaignId=campaign, LeadId=lead, Status="Responded")
    admin.change("CampaignMember", created, Status="No such status")
    assert (member(admin, created)["Status"], member(admin, created)["HasResponded"]) == ("Sent", False)


def test_a_responding_status_sets_the_flag_and_the_first_date(admin: Any, campaign: str, lead: str) -> None:
    """S1.3.3"""
    created = admin.create("CampaignMember", CampaignId=campaign, LeadId=lead, Status="responded")
    found = member(admin, created)
    assert (found["Status"], found["HasResponded"]) == ("Responded", True)
    assert found["FirstRespondedDate"] == found["SystemModstamp"][:10]


def test_with_lead_and_contact_only_the_contact_is_kept(admin: Any, campaign: str, lead: str) -> None:
    """S0.3"""
    contact = admin.create("Contact", LastName="Eve")
    created = admin.create("CampaignMember", CampaignId=campaign, LeadId=lead, ContactId=contact)
    found = member(admin, created)
    assert (found["LeadId"], found["ContactId"], found["Type"]) == (None, contact, "Contact")


def test_a_second_membership_is_refused_and_leaves_the_first_alone(
    admin: Any, campaign: str, lead: str
) -> None:
    """S0.4"""
    created = admin.create("CampaignMember", CampaignId=campaign, LeadId=lead, Status="Responded")
    body = {"CampaignId": campaign, "LeadId": lead, "Status": "Sent"}
    refusal = admin.refused("POST", "/sobjects/CampaignMember", body)
    assert refusal == (400, "DUPLICATE_VALUE", "Already a campaign member.")
    assert member(admin, created)["Status"] == "Responded"


def test_one_request_cannot_add_a_person_twice(admin: Any, campaign: str, lead: str) -> None:
    """S0.4, S1.3.4"""
    row = {"attributes": {"type": "CampaignMember"}, "CampaignId": campaign, "LeadId": lead}
    first, second = admin.call("POST", "/composite/sobjects", {"records": [row, row]}).json()
    assert first["success"]
    assert second["errors"][0]["statusCode"] == "DUPLICATE_VALUE"


def test_flipping_a_status_flag_changes_its_members_and_their_stamps(
    admin: Any, campaign: str, lead: str
) -> None:
    """S0.5, S1.2.7"""
    created = admin.create("CampaignMember", CampaignId=campaign, LeadId=lead)
    before = member(admin, created)
    admin.control("POST", "clock", {"advance_s": ADVANCE})
    admin.change("CampaignMemberStatus", admin.status_row(campaign, "Sent"), HasResponded=True)
    after = member(admin, created)
    assert (before["HasResponded"], after["HasResponded"]) == (False, True)
    assert after["SystemModstamp"] > before["SystemModstamp"]


@pytest.mark.parametrize("cascades", [True, False])
def test_members_follow_a_renamed_status_as_the_switch_says(
    admin: Any, campaign: str, lead: str, cascades: bool
) -> None:
    """S1.2.8"""
    admin.control("POST", "switches", {"rename_cascades": cascades})
    created = admin.create("CampaignMember", CampaignId=campaign, LeadId=lead, Status="Responded")
    admin.change("CampaignMemberStatus", admin.status_row(campaign, "Responded"), Label="Came")
    assert member(admin, created)["Status"] == ("Came" if cascades else "Responded")


def test_a_removed_member_leaves_no_trace_in_queries(admin: Any, campaign: str, lead: str) -> None:
    """S0.1"""
    created = admin.create("CampaignMember", CampaignId=campaign, LeadId=lead)
    admin.delete("CampaignMember", created)
    assert admin.query("SELECT Id FROM CampaignMember", resource="queryAll") == []
    assert admin.refused("GET", f"/sobjects/CampaignMember/{created}")[:2] == (404, "NOT_FOUND")


def test_a_removed_person_can_be_added_again(admin: Any, campaign: str, lead: str) -> None:
    """S0.1"""
    first = admin.create("CampaignMember", CampaignId=campaign, LeadId=lead)
    admin.delete("CampaignMember", first)
    assert admin.create("CampaignMember", CampaignId=campaign, LeadId=lead) != first


def test_members_of_a_deleted_campaign_lie_in_the_bin(admin: Any, campaign: str, lead: str) -> None:
    """S0.1, S1.1.8"""
    created = admin.create("CampaignMember", CampaignId=campaign, LeadId=lead)
    admin.delete("Campaign", campaign)
    assert admin.query("SELECT Id FROM CampaignMember") == []
    assert admin.query("SELECT Id, IsDeleted FROM CampaignMember", resource="queryAll") == [
        {"Id": created, "IsDeleted": True}
    ]


@pytest.mark.parametrize("name", ["HasResponded", "FirstRespondedDate", "Email", "Type"])
def test_read_only_fields_are_refused_by_name(admin: Any, campaign: str, lead: str, name: str) -> None:
    """S1.3.1"""
    answer = admin.call(
        "POST", "/sobjects/CampaignMember", {"CampaignId": campaign, "LeadId": lead, name: True}
    )
    (error,) = answer.json()
    assert (answer.status_code, error["errorCode"]) == (400, "INVALID_FIELD_FOR_INSERT_UPDATE")
    assert error["fields"] == [name]
    assert error["message"].startswith(
        f"Unable to create/update fields: {name}. Please check the security settings"
    )


def test_a_member_cannot_move_to_another_campaign(admin: Any, campaign: str, lead: str) -> None:
    """S1.3.1"""
    created = admin.create("CampaignMember", CampaignId=campaign, LeadId=lead)
    other = admin.create("Campaign", Name="Other")
    path = f"/sobjects/CampaignMember/{created}"
    assert admin.refused("PATCH", path, {"CampaignId": other})[1] == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_the_default_status_moves_to_the_row_that_claims_it(admin: Any, campaign: str) -> None:
    """S1.2.6"""
    admin.create("CampaignMemberStatus", CampaignId=campaign, Label="Invited", SortOrder=3, IsDefault=True)
    rows = admin.query("SELECT Label FROM CampaignMemberStatus WHERE IsDefault = true")
    assert rows == [{"Label": "Invited"}]


@pytest.mark.parametrize(("label", "field"), [("Sent", "IsDefault"), ("Responded", "HasResponded")])
def test_a_campaign_keeps_a_default_and_a_responding_status(
    admin: Any, campaign: str, label: str, field: str
) -> None:
    """S1.2.4"""
    path = f"/sobjects/CampaignMemberStatus/{admin.status_row(campaign, label)}"
    assert admin.refused("PATCH", path, {field: False})[:2] == (400, "FIELD_INTEGRITY_EXCEPTION")


@pytest.mark.parametrize("answer", ["DELETE_FAILED", "FIELD_INTEGRITY_EXCEPTION"])
def test_a_status_that_members_have_cannot_be_deleted(
    admin: Any, campaign: str, lead: str, answer: str
) -> None:
    """S1.2.5"""
    admin.control("POST", "switches", {"status_delete_error": answer})
    admin.create("CampaignMemberStatus", CampaignId=campaign, Label="Came", HasResponded=True)
    admin.create("CampaignMember", CampaignId=campaign, LeadId=lead, Status="Came")
    path = f"/sobjects/CampaignMemberStatus/{admin.status_row(campaign, 'Came')}"
    assert admin.refused("DELETE", path)[1] == answer


def test_labels_join_the_picklist_of_the_whole_org(admin: Any, campaign: str) -> None:
    """S1.2.9"""
    admin.create("CampaignMemberStatus", CampaignId=campaign, Label="Waitlisted")
    fields = admin.call("GET", "/sobjects/CampaignMember/describe").json()["fields"]
    (status,) = [field for field in fields if field["name"] == "Status"]
    assert [entry["value"] for entry in status["picklistValues"]] == ["Sent", "Responded", "Waitlisted"]


def test_status_rows_know_no_campaign_relationship(admin: Any) -> None:
    """S1.2.2"""
    text = "SELECT Campaign.Name FROM CampaignMemberStatus"
    assert admin.refused("GET", "/query", params={"q": text})[1] == "INVALID_FIELD"


def test_responses_count_contacts_and_unconverted_leads(admin: Any, campaign: str, lead: str) -> None:
    """S0.9"""
    contact = admin.create("Contact", LastName="Eve")
    for person in ({"LeadId": lead}, {"ContactId": contact}):
        admin.create("CampaignMember", CampaignId=campaign, Status="Responded", **person)
    row = admin.one("SELECT NumberOfLeads, NumberOfContacts, NumberOfResponses FROM Campaign")
    assert row == {"NumberOfLeads": 1, "NumberOfContacts": 1, "NumberOfResponses": 2}
