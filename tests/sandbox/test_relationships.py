"""Records reached by way of others, and addresses that other objects' features have (REST guide, "sObject Relationships")."""

from typing import Any

import pytest


@pytest.fixture
def member(admin: Any) -> str:
    campaign = admin.create("Campaign", Name="Spring")
    lead = admin.create("Lead", LastName="Ash", Company="Ash & Co")
    return str(admin.create("CampaignMember", CampaignId=campaign, LeadId=lead))


def test_a_parent_is_read_and_changed_by_way_of_its_child(admin: Any, member: str) -> None:
    assert (
        admin.call("GET", f"/sobjects/CampaignMember/{member}/Lead?fields=LastName").json()["LastName"]
        == "Ash"
    )
    assert (
        admin.call("PATCH", f"/sobjects/CampaignMember/{member}/Lead", {"Title": "Head"}).status_code == 204
    )
    assert admin.one("SELECT Title FROM Lead") == {"Title": "Head"}


def test_children_are_listed_as_a_query_lists_them(admin: Any, member: str) -> None:
    campaign = admin.one("SELECT Id FROM Campaign")["Id"]
    found = admin.call("GET", f"/sobjects/Campaign/{campaign}/CampaignMembers?fields=Id,Status").json()
    assert (found["totalSize"], found["done"]) == (1, True)
    assert found["records"][0]["Status"] == "Sent"


@pytest.mark.parametrize("relationship", ["Contact", "Cousin"])
def test_a_parent_that_is_none_is_not_found(admin: Any, member: str, relationship: str) -> None:
    path = f"/sobjects/CampaignMember/{member}/{relationship}"
    assert admin.refused("GET", path)[:2] == (404, "NOT_FOUND")


def test_children_cannot_be_deleted_together(admin: Any, member: str) -> None:
    campaign = admin.one("SELECT Id FROM Campaign")["Id"]
    path = f"/sobjects/Campaign/{campaign}/CampaignMembers"
    assert admin.refused("DELETE", path)[:2] == (405, "METHOD_NOT_ALLOWED")


@pytest.mark.parametrize(
    "path", ["describe/namedLayouts/Wide", "listviews/recent/results", "quickActions", "defaultValues"]
)
def test_what_an_object_has_besides_records_is_named_as_not_built(admin: Any, path: str) -> None:
    status, code, message = admin.refused("GET", f"/sobjects/Campaign/{path}")
    assert (status, code) == (501, "NOT_IMPLEMENTED_BY_SANDBOX")
    assert path in message
