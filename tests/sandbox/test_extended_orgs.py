"""What an org can be extended by: several currencies, accounts as members, record types, history (contract, 1.1 to 1.3)."""

from typing import Any

import pytest

SEVERAL = {"several_currencies": True}


def label_row(campaign: str, number: int) -> dict[str, Any]:
    return {
        "attributes": {"type": "CampaignMemberStatus"},
        "CampaignId": campaign,
        "Label": f"Label {number}",
        "SortOrder": number,
    }


def add_labels(admin: Any, campaign: str, numbers: range) -> list[dict[str, Any]]:
    body = {"records": [label_row(campaign, number) for number in numbers]}
    answer: list[dict[str, Any]] = admin.call("POST", "/composite/sobjects", body).json()
    return answer


@pytest.fixture
def currencies(admin: Any) -> Any:
    admin.control("POST", "switches", SEVERAL)
    return admin


def test_an_org_with_one_currency_knows_of_no_others(admin: Any) -> None:
    """S1.1.2"""
    assert admin.refused("GET", "/query", params={"q": "SELECT Id FROM CurrencyType"})[1] == "INVALID_TYPE"
    assert (
        admin.refused("POST", "/sobjects/Campaign", {"Name": "S", "CurrencyIsoCode": "EUR"})[1]
        == "INVALID_FIELD"
    )


def test_a_campaign_is_in_its_users_currency_unless_it_says_another(currencies: Any) -> None:
    """S1.1.2"""
    plain = currencies.create("Campaign", Name="Plain")
    euro = currencies.create("Campaign", Name="Euro", CurrencyIsoCode="EUR", BudgetedCost=900)
    rows = currencies.query("SELECT Id, CurrencyIsoCode FROM Campaign ORDER BY Name")
    assert [(row["Id"], row["CurrencyIsoCode"]) for row in rows] == [(euro, "EUR"), (plain, "USD")]
    refused = currencies.refused("PATCH", f"/sobjects/Campaign/{plain}", {"CurrencyIsoCode": "XXX"})
    assert refused[1] == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    user = currencies.one("SELECT Id FROM User")["Id"]
    currencies.change("User", user, DefaultCurrencyIsoCode="GBP")
    pound = currencies.create("Campaign", Name="Pound")
    assert currencies.one(f"SELECT CurrencyIsoCode FROM Campaign WHERE Id = '{pound}'") == {
        "CurrencyIsoCode": "GBP"
    }


def test_amounts_are_compared_summed_and_converted_across_currencies(currencies: Any) -> None:
    """S1.1.2: one dollar is worth 0.9 euros here."""
    for code, cost in (("USD", 1000), ("EUR", 900)):
        currencies.create("Campaign", Name=code, CurrencyIsoCode=code, BudgetedCost=cost)
    same = "SELECT Name FROM Campaign WHERE BudgetedCost = USD1000 ORDER BY Name"
    assert [row["Name"] for row in currencies.query(same)] == ["EUR", "USD"]
    assert len(currencies.query("SELECT Id FROM Campaign WHERE BudgetedCost > EUR899.5")) == 2
    assert currencies.query("SELECT Id FROM Campaign WHERE BudgetedCost >= ABC1") == []
    (row,) = currencies.call("GET", "/query", params={"q": "SELECT SUM(BudgetedCost) FROM Campaign"}).json()[
        "records"
    ]
    assert row["expr0"] == pytest.approx(2000)
    converted = currencies.query("SELECT convertCurrency(BudgetedCost) FROM Campaign")
    assert [row["BudgetedCost"] for row in converted] == pytest.approx([1000, 1000])


def test_a_campaign_sums_up_in_its_own_currency(currencies: Any) -> None:
    """S1.1.2, S1.1.6"""
    parent = currencies.create("Campaign", Name="Parent", CurrencyIsoCode="EUR", BudgetedCost=90)
    currencies.create("Campaign", Name="Child", CurrencyIsoCode="USD", BudgetedCost=100, ParentId=parent)
    text = f"SELECT HierarchyBudgetedCost FROM Campaign WHERE Id = '{parent}'"
    assert currencies.one(text)["HierarchyBudgetedCost"] == pytest.approx(180)


def test_a_currency_that_is_added_can_be_chosen(currencies: Any) -> None:
    rate = {"IsoCode": "CHF", "ConversionRate": 0.8, "DecimalPlaces": 2, "IsActive": True}
    currencies.create("CurrencyType", **rate)
    currencies.create("Lead", LastName="Ash", Company="C", CurrencyIsoCode="CHF")


def test_rows_that_were_there_before_get_the_orgs_currency_and_lose_it_again(admin: Any) -> None:
    lead = admin.create("Lead", LastName="Ash", Company="C")
    admin.control("POST", "switches", SEVERAL)
    assert admin.one(f"SELECT CurrencyIsoCode FROM Lead WHERE Id = '{lead}'") == {"CurrencyIsoCode": "USD"}
    admin.control("POST", "switches", {"several_currencies": False})
    assert (
        admin.refused("GET", "/query", params={"q": "SELECT CurrencyIsoCode FROM Lead"})[1] == "INVALID_FIELD"
    )


def test_accounts_are_no_members_unless_the_org_lets_them(admin: Any) -> None:
    """S1.3.1"""
    campaign, account = (
        admin.create("Campaign", Name="S"),
        admin.create("Account", Name="Ash & Co", Phone="1"),
    )
    row = {"CampaignId": campaign, "AccountId": account}
    assert admin.refused("POST", "/sobjects/CampaignMember", row)[1] == "INVALID_FIELD"
    admin.control("POST", "switches", {"accounts_as_members": True})
    member = admin.create("CampaignMember", **row)
    text = f"SELECT Type, Name, Phone, CompanyOrAccount, LeadOrContactId, Account.Name FROM CampaignMember WHERE Id = '{member}'"
    found = admin.one(text)
    assert found.pop("Account")["Name"] == "Ash & Co"
    assert found == {
        "Type": "Account",
        "Name": "Ash & Co",
        "Phone": "1",
        "CompanyOrAccount": "Ash & Co",
        "LeadOrContactId": None,
    }
    assert admin.refused("POST", "/sobjects/CampaignMember", row)[1] == "DUPLICATE_VALUE"
    refused = admin.refused("POST", "/sobjects/CampaignMember", {"CampaignId": campaign})
    assert refused[2] == "Required fields are missing: [AccountId, ContactId, LeadId]"


def test_a_member_that_is_an_account_goes_and_comes_back_with_it(admin: Any) -> None:
    """S1.3.6, S1.3.1"""
    admin.control("POST", "switches", {"accounts_as_members": True})
    campaign, account = admin.create("Campaign", Name="S"), admin.create("Account", Name="Ash & Co")
    admin.create("CampaignMember", CampaignId=campaign, AccountId=account)
    admin.delete("Account", account)
    assert admin.query("SELECT Id FROM CampaignMember") == []


def test_members_show_the_record_type_that_their_campaign_chose(admin: Any) -> None:
    """S1.1.10"""
    assert (
        admin.refused("GET", "/query", params={"q": "SELECT RecordTypeId FROM CampaignMember"})[1]
        == "INVALID_FIELD"
    )
    types = {
        kind: admin.create(
            "RecordType", Name="Guests", DeveloperName=f"Guests{kind}", SobjectType=kind, IsActive=True
        )
        for kind in ("CampaignMember", "Lead")
    }
    campaign = admin.create("Campaign", Name="S", CampaignMemberRecordTypeId=types["CampaignMember"])
    lead = admin.create("Lead", LastName="Ash", Company="C")
    admin.create("CampaignMember", CampaignId=campaign, LeadId=lead)
    found = admin.one("SELECT RecordTypeId, RecordType.DeveloperName FROM CampaignMember")
    assert (found["RecordTypeId"], found["RecordType"]["DeveloperName"]) == (
        types["CampaignMember"],
        "GuestsCampaignMember",
    )
    refused = admin.refused(
        "PATCH", f"/sobjects/Campaign/{campaign}", {"CampaignMemberRecordTypeId": types["Lead"]}
    )
    assert refused[:2] == (400, "INVALID_CROSS_REFERENCE_KEY")


def test_history_keeps_the_changes_of_tracked_fields(admin: Any) -> None:
    """S1.1.11"""
    admin.control("POST", "seed", {"tracked_fields": {"Campaign": ["Status", "BudgetedCost", "IsActive"]}})
    campaign = admin.create("Campaign", Name="S", Status="Planned")
    admin.change("Campaign", campaign, Status="Completed", BudgetedCost=10, Name="T", IsActive=True)
    rows = admin.query("SELECT Field, DataType, OldValue, NewValue FROM CampaignHistory ORDER BY Field")
    assert [tuple(row.values()) for row in rows] == [
        ("BudgetedCost", "Currency", None, 10.0),
        ("created", "Text", None, None),
        ("IsActive", "Boolean", "false", "true"),
        ("Status", "DynamicEnum", "Planned", "Completed"),
    ]
    nested = admin.one("SELECT (SELECT NewValue FROM Histories WHERE Field = 'Status') FROM Campaign")
    assert [row["NewValue"] for row in nested["Histories"]["records"]] == ["Completed"]
    admin.delete("Campaign", campaign)
    assert admin.query("SELECT Id FROM CampaignHistory") == []


def test_history_is_written_by_the_org_alone_and_described_as_such(admin: Any) -> None:
    """S1.1.11"""
    (row,) = [
        each
        for each in admin.call("GET", "/sobjects").json()["sobjects"]
        if each["name"] == "CampaignHistory"
    ]
    assert (
        row["keyPrefix"],
        row["associateEntityType"],
        row["associateParentEntity"],
        row["createable"],
    ) == (
        None,
        "History",
        "Campaign",
        False,
    )
    assert (
        admin.refused("POST", "/sobjects/CampaignHistory", {"Field": "Name"})[1]
        == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
    )
    admin.create("Campaign", Name="S")
    assert admin.query("SELECT Id FROM CampaignHistory") == []


@pytest.mark.parametrize(("limit", "refused"), [(50, 1), (10_000, 0)])
def test_a_campaign_has_as_many_statuses_as_the_org_lets_it(admin: Any, limit: int, refused: int) -> None:
    """S1.2.9: two are there already."""
    admin.control("POST", "switches", {"status_limit": limit})
    campaign = admin.create("Campaign", Name="S")
    outcomes = add_labels(admin, campaign, range(3, 52))
    assert [outcome["success"] for outcome in outcomes].count(False) == refused
    assert {error["statusCode"] for outcome in outcomes for error in outcome["errors"]} == (
        {"LIMIT_EXCEEDED"} if refused else set()
    )


def test_ids_of_member_statuses_begin_as_the_org_says(admin: Any) -> None:
    """S1.2"""
    campaign = admin.create("Campaign", Name="S")
    for prefix in ("1CS", "01Y"):
        admin.control("POST", "switches", {"member_status_key_prefix": prefix})
        described = admin.call("GET", "/sobjects/CampaignMemberStatus/describe").json()
        sent = admin.status_row(campaign, "Sent")
        assert (described["keyPrefix"], sent[:3]) == (prefix, prefix)
        admin.change("CampaignMemberStatus", sent, SortOrder=7)
    added = add_labels(admin, campaign, range(10, 12))
    assert [outcome["id"][:3] for outcome in added] == ["01Y", "01Y"]
    ids = ",".join(outcome["id"] for outcome in added)
    assert [each["success"] for each in admin.call("DELETE", f"/composite/sobjects?ids={ids}").json()] == [
        True,
        True,
    ]


@pytest.mark.parametrize(
    ("last", "first", "caught"),
    [
        ("Álvarez", "Zoë", True),
        ("Alvarez", "Z.", True),
        ("Alvares", "Zoe", True),
        ("O'Alvarez", "Zoe", True),
        ("Ash", "Zoe", False),
        ("Alvarez", "Ann", False),
        ("Alvarez", None, False),
    ],
)
def test_duplicate_rules_see_through_spellings_of_a_name(
    admin: Any, last: str, first: str, caught: bool
) -> None:
    """S1.4.9"""
    admin.create("Lead", LastName="Álvarez", FirstName="Zoë", Company="C", Email="zoe@one.example")
    body = {"LastName": last, "FirstName": first, "Company": "D", "Email": "Zoe@One.example"}
    answer = admin.call("POST", "/sobjects/Lead", body)
    assert answer.status_code == (400 if caught else 201)


def test_a_refused_duplicate_is_told_in_detail_to_who_asks(admin: Any) -> None:
    """S1.4.9"""
    known = admin.create("Lead", LastName="Ash", FirstName="Ann", Company="C", Email="ann@one.example")
    body = {"LastName": "Ash", "FirstName": "A", "Company": "D", "Email": "ann@one.example"}
    header = {"Sforce-Duplicate-Rule-Header": "allowSave=false; includeRecordDetails=true"}
    (error,) = admin.call("POST", "/sobjects/Lead", body, headers=header).json()
    (match,) = error["duplicateResut"]["matchResults"][0]["matchRecords"]
    assert (match["matchConfidence"], match["record"]["Id"], match["record"]["FirstName"]) == (
        90.0,
        known,
        "Ann",
    )


@pytest.mark.parametrize(("version", "status"), [("v51.0", 400), ("v52.0", 201)])
def test_old_versions_pass_the_duplicate_rule_header_over(admin: Any, version: str, status: int) -> None:
    """S1.4.9"""
    body = {"LastName": "Ash", "Company": "C", "Email": "ann@one.example"}
    header = {"Sforce-Duplicate-Rule-Header": "allowSave=true"}
    admin.create("Lead", **body)
    assert (
        admin.call("POST", f"//services/data/{version}/sobjects/Lead", body, headers=header).status_code
        == status
    )


def test_history_is_replicated_by_the_day_it_was_written(admin: Any) -> None:
    """S1.1.11, S2.6.1"""
    admin.control("POST", "clock", {"at": "2026-03-18T10:00:00Z"})
    admin.log_in()
    admin.control("POST", "seed", {"tracked_fields": {"Lead": ["Status"]}})
    admin.create("Lead", LastName="Ash", Company="C")
    window = "start=2026-03-18T09:00:00Z&end=2026-03-18T10:05:00Z"
    told = admin.call("GET", f"/sobjects/LeadHistory/updated?{window}").json()
    assert told["ids"] == [admin.one("SELECT Id FROM LeadHistory")["Id"]]
    admin.control("POST", "reset", {"only": ["clock"]})
