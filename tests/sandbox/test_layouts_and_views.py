"""What of pages clients ask for: list views with their results, and layouts."""

from typing import Any

import pytest

MASTER = "012000000000000AAA"


def test_an_object_lists_its_views_and_each_tells_what_it_finds(admin: Any) -> None:
    for name, company in (("Birch", "B"), ("Ash", "A")):
        admin.create("Lead", LastName=name, Company=company)
    listed = admin.call("GET", "/sobjects/Lead/listviews").json()
    assert (listed["size"], listed["done"], listed["sobjectType"]) == (2, True, "Lead")
    view = listed["listviews"][0]
    assert admin.call("GET", f"/{view['url']}").json() == view
    described = admin.call("GET", f"/{view['describeUrl']}").json()
    assert len(admin.query(described["query"])) == 2
    condition = {"field": "IsConverted", "operator": "equals", "values": ["false"]}
    assert described["whereCondition"]["conditions"] == [condition]
    results = admin.call("GET", f"/{view['resultsUrl']}?limit=1").json()
    (record,) = results["records"]
    assert record["columns"][:2] == [
        {"fieldNameOrPath": "Name", "value": "Ash"},
        {"fieldNameOrPath": "Company", "value": "A"},
    ]
    assert [column["fieldNameOrPath"] for column in results["columns"] if not column["hidden"]] == [
        "Name",
        "Company",
        "Email",
        "Status",
    ]


@pytest.mark.parametrize("sobject", ["Account", "Campaign", "Contact", "Lead", "Opportunity"])
def test_every_view_of_every_object_can_be_read(admin: Any, sobject: str) -> None:
    for view in admin.call("GET", f"/sobjects/{sobject}/listviews").json()["listviews"]:
        assert admin.call("GET", f"/{view['resultsUrl']}").json()["records"] == []
    assert admin.call("GET", f"/sobjects/{sobject}/listviews/recent").json()["size"] == 0


@pytest.mark.parametrize(
    "path",
    ["CampaignMember/listviews", "Lead/listviews/00B5g0000000001", "Lead/describe/layouts/012000000000001"],
)
def test_what_is_no_view_and_no_layout_is_not_found(admin: Any, path: str) -> None:
    """Account has that view; members have none."""
    assert admin.refused("GET", f"/sobjects/{path}")[:2] == (404, "NOT_FOUND")


def test_a_layout_shows_every_field_that_one_may_see(admin: Any) -> None:
    body = admin.call("GET", "/sobjects/CampaignMember/describe/layouts").json()
    (layout,) = body["layouts"]
    (mapping,) = body["recordTypeMappings"]
    assert (mapping["recordTypeId"], mapping["layoutId"]) == (MASTER, layout["id"])
    assert admin.call("GET", f"/sobjects/CampaignMember/describe/layouts/{MASTER}").json() == layout
    shown = [
        row["layoutItems"][0]["layoutComponents"][0]["value"]
        for row in layout["detailLayoutSections"][0]["layoutRows"]
    ]
    fields = [
        field["name"] for field in admin.call("GET", "/sobjects/CampaignMember/describe").json()["fields"]
    ]
    assert shown == fields[1:]
    edited = [row["layoutItems"][0]["label"] for row in layout["editLayoutSections"][0]["layoutRows"]]
    assert edited == ["Status"]


def test_compact_and_approval_layouts_are_those_of_a_fresh_org(admin: Any) -> None:
    body = admin.call("GET", "/sobjects/Lead/describe/compactLayouts").json()
    assert [layout["name"] for layout in body["compactLayouts"]] == ["SYSTEM"]
    assert [item["label"] for item in body["compactLayouts"][0]["fieldItems"]] == ["Full Name"]
    assert admin.call("GET", "/sobjects/Lead/describe/approvalLayouts").json() == {"approvalLayouts": []}
