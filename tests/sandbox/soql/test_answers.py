"""What queries answer: tables of query → records over the small org of conftest (S2.2.5)."""

from datetime import timedelta, timezone
from typing import Any

import pytest

WHERE_TABLE = [
    ("LastName = 'ash'", ["Ash"]),
    ("LastName != 'ash'", ["Bo", "Cole", "O'Hara"]),
    ("LastName <> 'ash'", ["Bo", "Cole", "O'Hara"]),
    ("Status != 'working - contacted'", ["Ash", "Cole", "O'Hara"]),
    ("Status NOT IN ('Working - Contacted')", ["Ash", "Cole", "O'Hara"]),
    ("Status NOT IN ('Working - Contacted', null)", ["Ash", "O'Hara"]),
    ("Status IN ('Working - Contacted', null)", ["Bo", "Cole"]),
    ("NOT Status = 'Working - Contacted'", ["Ash", "Cole", "O'Hara"]),
    ("(NOT (Status LIKE 'w%'))", ["Ash", "Cole", "O'Hara"]),
    ("Status = null", ["Cole"]),
    ("Status = ''", ["Cole"]),
    ("Status != null", ["Ash", "Bo", "O'Hara"]),
    ("LastName = 'O\\'Hara'", ["O'Hara"]),
    ("LastName LIKE 'o_h%'", ["O'Hara"]),
    ("Email LIKE '%100\\%%'", ["O'Hara"]),
    ("Email LIKE '%0\\_%'", []),
    ("NumberOfEmployees > 5", ["Ash", "Bo"]),
    ("NumberOfEmployees >= 10 AND NumberOfEmployees < 2e2", ["Ash"]),
    ("NumberOfEmployees IN (0, 10)", ["Ash", "O'Hara"]),
    ("NOT NumberOfEmployees > 5", ["Cole", "O'Hara"]),
    ("IsConverted = TRUE", ["O'Hara"]),
    ("IsConverted != true", ["Ash", "Bo", "Cole"]),
    ("(LastName = 'Bo' OR LastName = 'Cole') AND Email = null", ["Cole"]),
    ("Id = '00Q000000000001'", ["Ash"]),
    ("Id > '00Q000000000002EAA'", ["Cole", "O'Hara"]),
    ("Name = 'ann ash'", ["Ash"]),
    ("Name = 'bo'", ["Bo"]),
    ("Key__c = 'k'", ["Ash"]),
    ("Owner.Name = 'Inbound'", ["Bo"]),
    ("Owner.Type = 'User'", ["Ash", "Cole", "O'Hara"]),
    ("Sponsor__r.Name = null", ["Ash", "Bo", "Cole", "O'Hara"]),
    ("SystemModstamp > 2026-03-16T12:00:00Z", ["Cole", "O'Hara"]),
    ("SystemModstamp >= 2026-03-16T14:00:00+02:00", ["Bo", "Cole", "O'Hara"]),
    ("SystemModstamp = 2026-03-16T12:00:00.000+0000", ["Bo"]),
    ("SystemModstamp = TODAY", ["O'Hara"]),
    ("SystemModstamp < TODAY", ["Ash", "Bo", "Cole"]),
    ("SystemModstamp = LAST_N_DAYS:2", ["Bo", "Cole", "O'Hara"]),
    ("SystemModstamp != THIS_WEEK", []),
    ("SystemModstamp IN (YESTERDAY, N_DAYS_AGO:3)", ["Ash", "Cole"]),
    ("DAY_IN_MONTH(SystemModstamp) = 17", ["Cole"]),
    ("Id IN (SELECT LeadId FROM CampaignMember WHERE HasResponded = true)", ["Bo", "O'Hara"]),
    ("Id NOT IN (SELECT LeadId FROM CampaignMember)", ["Cole"]),
    ("AnnualRevenue > USD5", []),
]


@pytest.mark.parametrize(("condition", "expected"), WHERE_TABLE)
def test_a_condition_finds_just_these_leads(org: Any, condition: str, expected: list[str]) -> None:
    """S2.2.6: text compares without case; null is a value that differs, never an unknown."""
    text = f"SELECT LastName FROM Lead WHERE {condition}"
    assert org.names(text) == expected
    assert org.total_size(text) == len(expected)


ORDER_TABLE = [
    ("ORDER BY Status", [None, "closed - converted", "Open - Not Contacted", "Working - Contacted"]),
    (
        "ORDER BY NumberOfEmployees DESC",
        [None, "Working - Contacted", "Open - Not Contacted", "closed - converted"],
    ),
    ("ORDER BY NumberOfEmployees DESC NULLS LAST LIMIT 1", ["Working - Contacted"]),
    ("ORDER BY NumberOfEmployees NULLS LAST LIMIT 1 OFFSET 3", [None]),
    ("ORDER BY Owner.Name, Id DESC LIMIT 1", ["closed - converted"]),
    ("LIMIT 0", []),
]


@pytest.mark.parametrize(("clause", "expected"), ORDER_TABLE)
def test_rows_come_in_the_order_asked_for(org: Any, clause: str, expected: list[Any]) -> None:
    """Nulls come first in both directions unless the query says otherwise."""
    assert org.names(f"SELECT Status FROM Lead {clause}") == expected


def test_a_record_says_what_and_where_it_is(org: Any) -> None:
    (lead,) = org.records("SELECT LastName, IsConverted FROM Lead LIMIT 1")
    assert lead == {
        "attributes": {"type": "Lead", "url": "/services/data/v60.0/sobjects/Lead/00Q000000000001EAA"},
        "LastName": "Ash",
        "IsConverted": False,
    }


def test_names_are_answered_in_their_own_spelling(org: Any) -> None:
    (lead,) = org.records("select lead.lastname, OWNER.name from lead where lead.LASTNAME = 'bo'")
    assert list(lead) == ["attributes", "LastName", "Owner"]


def test_parents_nest_and_absent_parents_are_null(org: Any) -> None:
    members = org.records(
        "SELECT Id, Lead.Email, Contact.Account.Owner.Name, Contact.Email, Campaign.Name FROM CampaignMember"
        " WHERE CampaignId = '701000000000001' ORDER BY Id"
    )
    assert members[0]["Lead"]["Email"] == "ann@one.example"
    assert members[0]["Contact"] is None
    assert members[2]["Lead"] is None
    assert members[2]["Contact"]["Account"]["Owner"]["Name"] == "Ada Admin"
    assert members[2]["Contact"]["Email"] == "eve@acme.example"
    assert members[2]["Campaign"] == {
        "attributes": {
            "type": "Campaign",
            "url": "/services/data/v60.0/sobjects/Campaign/701000000000001AAA",
        },
        "Name": "Spring",
    }


def test_an_owner_of_many_types_is_a_name_that_points_to_its_own_object(org: Any) -> None:
    owners = org.records("SELECT Owner.Name, Owner.Type, Owner.Username FROM Lead ORDER BY Id LIMIT 2")
    user, queue = (record["Owner"] for record in owners)
    assert user["attributes"] == {
        "type": "Name",
        "url": "/services/data/v60.0/sobjects/User/005000000000001AAA",
    }
    assert (user["Name"], user["Type"], user["Username"]) == ("Ada Admin", "User", "admin@sandbox.example")
    assert queue["attributes"]["url"].endswith("/sobjects/Group/00G000000000001EAA")
    assert (queue["Name"], queue["Type"], queue["Username"]) == ("Inbound", "Group", None)


def test_typeof_answers_the_fields_of_each_object(org: Any) -> None:
    owners = org.records(
        "SELECT TYPEOF Owner WHEN User THEN Username, IsActive ELSE Name END FROM Lead ORDER BY Id LIMIT 2"
    )
    assert owners[0]["Owner"]["attributes"]["type"] == "User"
    assert owners[0]["Owner"]["Username"] == "admin@sandbox.example"
    assert owners[0]["Owner"]["IsActive"] is True
    assert owners[1]["Owner"]["Name"] == "Inbound"


def test_child_rows_nest_as_query_results_and_none_is_null(org: Any) -> None:
    campaigns = org.records(
        "SELECT Name, (SELECT Status, HasResponded, Lead.LastName FROM CampaignMembers WHERE Status != 'Sent'"
        " ORDER BY Id DESC LIMIT 5), (SELECT Name FROM ChildCampaigns) FROM Campaign ORDER BY Id"
    )
    spring, expo, _ = campaigns
    assert spring["CampaignMembers"]["totalSize"] == 2
    assert spring["CampaignMembers"]["done"] is True
    first, second = spring["CampaignMembers"]["records"]
    assert (first["Status"], first["HasResponded"], first["Lead"]) == ("Responded", True, None)
    assert second["Lead"]["LastName"] == "Bo"
    assert second["attributes"]["url"].endswith("/CampaignMember/00v000000000002AAA")
    assert [child["Name"] for child in spring["ChildCampaigns"]["records"]] == ["Expo", "Nameless type"]
    assert expo["ChildCampaigns"] is None


def test_a_bare_count_is_only_a_size(org: Any) -> None:
    assert org.total_size("SELECT COUNT() FROM Lead WHERE Email != null") == 3
    assert org.total_size("select count() from Lead limit 2") == 2
    assert org.records("SELECT COUNT() FROM Lead") == []


AGGREGATE_TABLE = [
    ("SELECT COUNT(Id) FROM Lead", [{"expr0": 4}]),
    ("SELECT COUNT(Status) n, COUNT_DISTINCT(LeadSource) FROM Lead", [{"n": 3, "expr0": 0}]),
    (
        "SELECT SUM(NumberOfEmployees), AVG(NumberOfEmployees) mean, MAX(LastName) FROM Lead",
        [{"expr0": 210, "mean": 70.0, "expr1": "O'Hara"}],
    ),
    (
        "SELECT Status, COUNT(Id) n FROM CampaignMember GROUP BY Status ORDER BY COUNT(Id) DESC, Status",
        [{"Status": "Responded", "n": 3}, {"Status": None, "n": 1}, {"Status": "Sent", "n": 1}],
    ),
    (
        "SELECT Campaign.Name, COUNT(Id) FROM CampaignMember GROUP BY Campaign.Name HAVING COUNT(Id) > 2",
        [{"Name": "Spring", "expr0": 3}],
    ),
    (
        (
            "SELECT CALENDAR_YEAR(StartDate) y, CALENDAR_MONTH(StartDate), SUM(BudgetedCost) FROM Campaign GROUP BY"
            " CALENDAR_YEAR(StartDate), CALENDAR_MONTH(StartDate) ORDER BY CALENDAR_MONTH(StartDate) DESC NULLS LAST LIMIT 2"
        ),
        [{"y": 2026, "expr0": 4, "expr1": 2500.5}, {"y": 2026, "expr0": 3, "expr1": 1000.0}],
    ),
    ("SELECT MAX(SystemModstamp) latest FROM Lead", [{"latest": "2026-03-18T12:00:00.000+0000"}]),
    (
        "SELECT HasResponded FROM CampaignMember GROUP BY HasResponded ORDER BY HasResponded LIMIT 1",
        [{"HasResponded": False}],
    ),
]


@pytest.mark.parametrize(("text", "expected"), AGGREGATE_TABLE)
def test_aggregates_answer_by_alias_field_or_number(
    org: Any, text: str, expected: list[dict[str, Any]]
) -> None:
    """S2.2.5: expr0, expr1 … count only what has no name of its own."""
    assert org.records(text) == [{"attributes": {"type": "AggregateResult"}, **each} for each in expected]


def test_an_address_is_one_object_of_its_parts(org: Any) -> None:
    (account,) = org.records("SELECT BillingAddress, ShippingAddress FROM Account")
    assert account["ShippingAddress"] is None
    assert account["BillingAddress"] == {
        "city": "Bonn",
        "country": "Germany",
        "geocodeAccuracy": None,
        "latitude": None,
        "longitude": None,
        "postalCode": None,
        "state": None,
        "street": None,
    }


def test_a_member_shows_its_person_without_holding_copies(org: Any) -> None:
    """S1.3.9: what is shown of the person is the person's, and changes with it."""
    text = "SELECT Name, Email, City, CompanyOrAccount, Type, LeadOrContactId FROM CampaignMember WHERE Id = '{}'"
    (lead,) = org.records(text.format("00v000000000001"))
    (contact,) = org.records(text.format("00v000000000003"))
    assert (lead["Name"], lead["CompanyOrAccount"], lead["Type"]) == ("Ann Ash", "Co", "Lead")
    assert (contact["Name"], contact["CompanyOrAccount"], contact["Type"]) == ("Eve", "Acme", "Contact")
    assert contact["LeadOrContactId"] == "003000000000001AAA"
    org.database.execute("UPDATE Lead SET FirstName = 'Anna'")
    assert org.names("SELECT Name FROM CampaignMember WHERE Id = '00v000000000001'") == ["Anna Ash"]


def test_a_campaign_counts_its_members_and_those_below_it(org: Any) -> None:
    """S0.9: responses are those of contacts and of leads not yet converted; S1.1.6: hierarchy includes descendants."""
    fields = (
        "NumberOfLeads, NumberOfConvertedLeads, NumberOfContacts, NumberOfResponses, HierarchyNumberOfLeads"
    )
    spring, expo, _ = org.records(f"SELECT {fields}, HierarchyBudgetedCost FROM Campaign ORDER BY Id")
    assert list(spring.values())[1:] == [2, 0, 1, 2, 3, 3500.5]
    assert list(expo.values())[1:] == [1, 1, 1, 0, 1, 2500.5]


def test_deleted_rows_are_seen_only_when_asked_for(org: Any) -> None:
    org.database.execute("UPDATE Lead SET IsDeleted = 1 WHERE LastName = 'Bo'")
    assert "Bo" not in org.names("SELECT LastName FROM Lead")
    assert "Bo" in org.names("SELECT LastName FROM Lead ALL ROWS")
    org.include_deleted = True
    assert org.names("SELECT LastName FROM Lead WHERE IsDeleted = true") == ["Bo"]


def test_the_mine_scope_keeps_only_what_the_asker_owns(org: Any) -> None:
    assert "Bo" not in org.names("SELECT LastName FROM Lead USING SCOPE mine")
    assert "Bo" in org.names("SELECT LastName FROM Lead USING SCOPE everything FOR VIEW")


def test_fields_functions_name_the_fields_one_may_read(org: Any) -> None:
    org.readable = lambda sobject, field: field != "HasOptedOutOfEmail"
    (everything,) = org.records("SELECT FIELDS(ALL) FROM Lead LIMIT 1")
    assert {"Id", "Address", "Key__c", "SystemModstamp"} <= set(everything)
    assert "HasOptedOutOfEmail" not in everything
    (custom,) = org.records("SELECT FIELDS(CUSTOM), Id FROM Lead LIMIT 1")
    assert list(custom) == ["attributes", "Interests__c", "Key__c", "Sponsor__c", "Id"]
    assert "Key__c" not in org.records("SELECT FIELDS(STANDARD) FROM Lead")[0]


def test_dressed_values_keep_the_fields_name_unless_renamed(org: Any) -> None:
    org.database.execute("UPDATE Lead SET CleanStatus = 'Matched', AnnualRevenue = 5")
    (lead,) = org.records(
        "SELECT toLabel(CleanStatus), convertCurrency(AnnualRevenue) money FROM Lead LIMIT 1"
    )
    assert (lead["CleanStatus"], lead["money"]) == ("In Sync", 5.0)


def test_multipicklists_are_searched_by_their_entries(org: Any) -> None:
    org.database.execute("UPDATE Lead SET Interests__c = 'Art;Golf' WHERE LastName = 'Ash'")
    org.database.execute("UPDATE Lead SET Interests__c = 'Tea' WHERE LastName = 'Bo'")
    assert org.names("SELECT LastName FROM Lead WHERE Interests__c INCLUDES ('golf;art', 'x')") == ["Ash"]
    assert org.names("SELECT LastName FROM Lead WHERE Interests__c EXCLUDES ('Tea')") == [
        "Ash",
        "Cole",
        "O'Hara",
    ]


def test_dates_begin_at_the_askers_midnight(org: Any) -> None:
    org.now = org.now.astimezone(timezone(timedelta(hours=-16)))  # There it is still the 17th.
    assert org.names("SELECT LastName FROM Lead WHERE SystemModstamp = TODAY") == ["O'Hara"]
    assert org.names("SELECT Name FROM Campaign WHERE StartDate = THIS_MONTH") == ["Spring"]


def test_flat_rows_are_what_bulk_writes(org: Any) -> None:
    """S2.4.5: dotted headers, empty for null, and numbers as Java prints them (S0.7)."""
    org.database.execute("UPDATE Campaign SET NumberSent = 912260031 WHERE Id = '701000000000002AAA'")
    assert org.flat(
        "SELECT Id, name, NumberSent, BudgetedCost, StartDate, IsActive, Parent.Name, SystemModstamp FROM Campaign"
        " WHERE Name IN ('Spring', 'Expo') ORDER BY Id"
    ) == [
        [
            "Id",
            "Name",
            "NumberSent",
            "BudgetedCost",
            "StartDate",
            "IsActive",
            "Parent.Name",
            "SystemModstamp",
        ],
        ["701000000000001AAA", "Spring", "", "1000.0", "2026-03-01", "false", "", "2026-03-18T10:00:00.000Z"],
        [
            "701000000000002AAA",
            "Expo",
            "9.12260031E8",
            "2500.5",
            "2026-04-01",
            "false",
            "Spring",
            "2026-03-18T10:00:00.000Z",
        ],
    ]


def test_columns_are_described_without_rows(org: Any) -> None:
    """S2.2.5: what `?columns=true` adds."""
    columns = org.compile(
        "SELECT Id, Name, Owner.Name, (SELECT Status FROM CampaignMembers) FROM Campaign"
    ).columns()
    names = [column["columnName"] for column in columns["columnMetadata"]]
    identity, name, owner, members = columns["columnMetadata"]
    assert names == ["Id", "Name", "Owner", "CampaignMembers"]
    assert (identity["apexType"], name["textType"], owner["foreignKeyName"]) == ("Id", True, "OwnerId")
    assert members["aggregate"] is True
    assert members["joinColumns"][0]["columnName"] == "Status"
    assert (columns["entityName"], columns["keyPrefix"], columns["idSelected"]) == ("Campaign", "701", True)
    (average,) = org.compile("SELECT AVG(BudgetedCost) FROM Campaign").columns()["columnMetadata"]
    assert (average["columnName"], average["displayName"], average["numberType"]) == (
        "expr0",
        "avg(BudgetedCost)",
        True,
    )


def test_child_rows_may_have_child_rows(org: Any) -> None:
    (spring, *_) = org.records(
        "SELECT Name, (SELECT Name, (SELECT Status FROM CampaignMembers WHERE Status = 'Responded')"
        " FROM ChildCampaigns WHERE Name = 'Expo') FROM Campaign WHERE Name = 'Spring'"
    )
    (expo,) = spring["ChildCampaigns"]["records"]
    assert [member["Status"] for member in expo["CampaignMembers"]["records"]] == ["Responded"]


def values(records: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [tuple(v for k, v in record.items() if k != "attributes") for record in records]


def test_rollup_adds_subtotals_from_right_to_left(org: Any) -> None:
    found = org.records(
        "SELECT CampaignId, HasResponded, COUNT(Id) n FROM CampaignMember"
        " GROUP BY ROLLUP(CampaignId, HasResponded) ORDER BY CampaignId NULLS LAST, COUNT(Id) DESC"
    )
    spring, expo = (
        org.names(f"SELECT Id FROM Campaign WHERE Name = '{name}'")[0] for name in ("Spring", "Expo")
    )
    assert values(found) == [
        (spring, None, 3),
        (spring, True, 2),
        (spring, False, 1),
        (expo, None, 2),
        (expo, False, 1),
        (expo, True, 1),
        (None, None, 5),
    ]


def test_cube_adds_subtotals_of_every_kind_and_grouping_tells_them(org: Any) -> None:
    found = org.records(
        "SELECT HasResponded, GROUPING(HasResponded) g, GROUPING(CampaignId) h, COUNT(Id) n FROM CampaignMember"
        " GROUP BY CUBE(HasResponded, CampaignId) HAVING GROUPING(CampaignId) = 1 ORDER BY COUNT(Id)"
    )
    assert values(found) == [(False, 0, 1, 2), (True, 0, 1, 3), (None, 1, 1, 5)]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("LastName = 'åsling'", 1),
        ("LastName = 'ÅSLING'", 1),
        ("LastName != 'ÅSLING' AND LastName LIKE '_sling'", 0),
        ("LastName LIKE 'åSL%'", 1),
        ("LastName IN ('ÅSLING', 'BO')", 2),
        ("LastName NOT IN ('åsling', null)", 4),
    ],
)
def test_case_does_not_matter_in_any_alphabet(org: Any, condition: str, found: int) -> None:
    """S2.2.6"""
    org.insert("Lead", Id="00Q000000000009AAA", LastName="Åsling", Company="C")
    assert org.total_size(f"SELECT COUNT() FROM Lead WHERE {condition}") == found


def test_records_are_found_by_how_far_they_are(org: Any) -> None:
    """S2.2.6: Munich lies some 504 kilometres from Berlin, 313 miles."""
    for number, (name, latitude, longitude) in enumerate(
        (("Munich", 48.137, 11.575), ("Berlin", 52.52, 13.405))
    ):
        org.insert(
            "Lead",
            Id=f"00Q00000000001{number}AAA",
            LastName=name,
            Company="C",
            Latitude=latitude,
            Longitude=longitude,
        )
    away = "DISTANCE(Address, GEOLOCATION(52.52, 13.405), '{}')"
    near = org.records(f"SELECT LastName FROM Lead WHERE {away.format('mi')} < 312")
    assert [record["LastName"] for record in near] == ["Berlin"]
    assert org.total_size(f"SELECT COUNT() FROM Lead WHERE {away.format('km')} > 500") == 1
    farthest = org.records(
        f"SELECT {away.format('km')} far FROM Lead ORDER BY {away.format('km')} DESC NULLS LAST LIMIT 1"
    )
    assert farthest[0]["far"] == pytest.approx(504, abs=2)


def test_formatted_values_are_written_as_in_the_united_states(org: Any) -> None:
    org.insert(
        "Campaign",
        Id="701000000000009AAA",
        Name="C",
        BudgetedCost=1234567,
        ExpectedResponse=12.5,
        StartDate="2026-01-31",
        CreatedDate="2026-01-31T17:05:00.000+0000",
    )
    (record,) = org.records(
        "SELECT FORMAT(BudgetedCost), FORMAT(ExpectedResponse), FORMAT(StartDate), FORMAT(CreatedDate) FROM Campaign"
        " WHERE Name = 'C'"
    )
    assert list(record.values())[1:] == ["$1,234,567", "12.50%", "1/31/2026", "1/31/2026, 5:05 PM"]


def test_parents_may_be_given_names_of_their_own(org: Any) -> None:
    """S2.2.5; SOQL reference, "Alias Notation"."""
    text = "SELECT m.Id, c.Name, o.Username FROM CampaignMember m, m.Campaign c, c.Owner AS o WHERE c.Name = 'Spring' LIMIT 1"
    (member,) = org.records(text)
    assert member["Campaign"]["Name"] == "Spring"
    assert "Username" in (member["Campaign"]["Owner"] or {"Username": None})


@pytest.mark.parametrize(
    ("scope", "found"), [("user_owned", 3), ("queue_owned", 1), ("everything", 4), ("team", 4)]
)
def test_scopes_by_owner_narrow(org: Any, scope: str, found: int) -> None:
    assert len(org.records(f"SELECT Id FROM Lead USING SCOPE {scope}")) == found


def test_typeof_may_choose_by_a_parents_parent(org: Any) -> None:
    """SOQL reference, "TYPEOF": a polymorphic field in a parent."""
    text = "SELECT Id, TYPEOF Lead.Owner WHEN User THEN Username END FROM CampaignMember WHERE LeadId != null ORDER BY Id LIMIT 1"
    (member,) = org.records(text)
    assert member["Lead"]["Owner"]["Username"] == "admin@sandbox.example"
