"""What queries are refused with: code, words and place, as real orgs answer them (S2.2.6, S1.5.3)."""

# ruff: noqa: E501 - a row of a table is one line, and the queries are SOQL.

from typing import Any

import pytest

from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.org.soql.coverage import COVERAGE, Part

SEE = "Please reference your WSDL or the describe call for the appropriate names."
APPEND_FIELD = f"If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. {SEE}"
APPEND_OBJECT = (
    f"If you are attempting to use a custom object, be sure to append the '__c' after the entity name. {SEE}"
)
APPEND_R = (
    "If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship "
    f"name. {SEE}"
)


def refusal(org: Any, text: str) -> SalesforceError:
    with pytest.raises(SalesforceError) as caught:
        org.compile(text)
    return caught.value


def test_an_unknown_object_is_refused_in_the_recorded_words(org: Any) -> None:
    """S2.2.6, recorded."""
    error = refusal(org, "select count() from XYZZY")
    assert (error.status, error.code) == (400, "INVALID_TYPE")
    assert error.message == (
        "\nselect count() from XYZZY\n                    ^\nERROR at Row:1:Column:21\n"
        f"sObject type 'XYZZY' is not supported. {APPEND_OBJECT}"
    )


def test_an_unknown_field_is_refused_with_a_caret_under_it(org: Any) -> None:
    error = refusal(org, "SELECT Id, Nme FROM Lead")
    assert error.code == "INVALID_FIELD"
    assert error.message == (
        "\nSELECT Id, Nme FROM Lead\n           ^\nERROR at Row:1:Column:12\n"
        f"No such column 'Nme' on entity 'Lead'. {APPEND_FIELD}"
    )


def test_the_caret_counts_rows_and_quotes_only_the_neighbourhood(org: Any) -> None:
    error = refusal(
        org,
        "SELECT Id\nFROM Lead\nWHERE LastName = 'x' AND FirstName = 'y' AND Wrong__c = 'a long value' LIMIT 1",
    )
    _, quoted, caret, place, _ = error.message.split("\n")
    assert place == "ERROR at Row:3:Column:46"
    assert quoted[caret.index("^") :].startswith("Wrong__c")
    assert len(quoted) <= 40


REFUSED = [
    # Syntax
    ("SELECT SELECT", "MALFORMED_QUERY", "unexpected token: 'SELECT'"),
    ("SELECT Id FROM", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
    ("SELECT FROM Lead", "MALFORMED_QUERY", "unexpected token: 'FROM'"),
    ("", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
    ("SELECT Id FROM Lead WHERE Email IS NULL", "MALFORMED_QUERY", "unexpected token: 'IS'"),
    ("SELECT Id FROM Lead WHERE Id = null AND Id = null OR Id = null", "MALFORMED_QUERY", "unexpected token: 'OR'"),
    ('SELECT Id FROM Lead WHERE Email = "x"', "MALFORMED_QUERY", "line 1:34 no viable alternative at character '\"'"),
    ("SELECT Id FROM Lead WHERE Email = 'x", "MALFORMED_QUERY", "mismatched character '<EOF>' expecting '''"),
    ("SELECT Id FROM Lead WHERE Id = :lead", "MALFORMED_QUERY", "Bind variables only allowed in Apex code"),
    ("SELECT Id FROM Lead LIMIT 5 WHERE Id = null", "MALFORMED_QUERY", "unexpected token: 'WHERE'"),
    ("SELECT Id FROM Lead LIMIT -1", "MALFORMED_QUERY", "unexpected token: '-1'"),
    ("SELECT Id FROM Lead WHERE Email = 'a\\q'", "MALFORMED_QUERY", "Illegal character sequence '\\q' in string literal."),
    ("SELECT Id FROM Lead WHERE Email = nobody", "MALFORMED_QUERY", "unexpected token: 'nobody'"),
    ("SELECT Id FROM Lead WHERE CreatedDate = SOMEDAY", "MALFORMED_QUERY", "unexpected token: 'SOMEDAY'"),
    ("SELECT FOO(Id) FROM Lead", "MALFORMED_QUERY", "unexpected token: '('"),
    ("SELECT Id FROM Lead WHERE CreatedDate > 2026-02-30T00:00:00Z", "MALFORMED_QUERY", "Invalid datetime: 2026-02-30T00:00:00Z"),
    # Names
    ("SELECT Campaign.Name FROM CampaignMemberStatus", "INVALID_FIELD", f"relationship 'Campaign' in field path. {APPEND_R}"),
    ("SELECT Owner FROM Lead", "INVALID_FIELD", "No such column 'Owner' on entity 'Lead'."),
    ("SELECT Owner.LastLoginDate FROM Lead", "INVALID_FIELD", "No such column 'LastLoginDate' on entity 'Name'."),
    ("SELECT (SELECT Id FROM Nothings) FROM Lead", "INVALID_TYPE", "relationship 'Nothings' in FROM part of query call."),
    ("SELECT (SELECT Nme FROM CampaignMembers) FROM Lead", "INVALID_FIELD", "No such column 'Nme' on entity 'CampaignMember'."),
    ("SELECT Id FROM Lead WHERE Nme = 1", "INVALID_FIELD", "No such column 'Nme'"),
    ("SELECT Id FROM Lead ORDER BY Nme", "INVALID_FIELD", "No such column 'Nme'"),
    ("SELECT Id FROM CampaignMember WHERE Id IN (SELECT Id FROM Nothing)", "INVALID_TYPE", "sObject type 'Nothing' is not supported."),
    ("SELECT Id, id FROM Lead", "INVALID_FIELD", "duplicate field selected: Id"),
    ("SELECT Owner.Name, TYPEOF Owner WHEN User THEN Id END FROM Lead", "INVALID_FIELD", "duplicate field selected: Owner"),
    ("SELECT Id, FIELDS(ALL) FROM Lead LIMIT 1", "INVALID_FIELD", "duplicate field selected: Id"),
    (
        "SELECT Parent.Parent.Parent.Parent.Parent.Parent.Name FROM Campaign",
        "MALFORMED_QUERY",
        "SOQL relationships in field path cannot go up more than 5 levels",
    ),
    # Types of values
    ("SELECT Id FROM Lead WHERE Email = TODAY", "INVALID_FIELD", "must be of type string and should be enclosed in quotes"),
    ("SELECT Id FROM Lead WHERE Email > TODAY", "INVALID_FIELD", "must be of type string and should be enclosed in quotes"),
    ("SELECT Id FROM Lead WHERE LastName = 5", "INVALID_FIELD", "value of filter criterion for field 'LastName' must be of type string and should be enclosed in quotes"),
    ("SELECT Id FROM Lead WHERE NumberOfEmployees = '5'", "INVALID_FIELD", "field 'NumberOfEmployees' must be of type int and should not be enclosed in quotes"),
    ("SELECT Id FROM Campaign WHERE BudgetedCost > '5'", "INVALID_FIELD", "must be of type double and should not be enclosed in quotes"),
    ("SELECT Id FROM Lead WHERE CreatedDate > '2026-01-01T00:00:00Z'", "INVALID_FIELD", "field 'CreatedDate' must be of type dateTime and should not be enclosed in quotes"),
    ("SELECT Id FROM Lead WHERE CreatedDate > 2026-01-01", "INVALID_FIELD", "must be of type dateTime and should not be enclosed in quotes"),
    ("SELECT Id FROM Campaign WHERE StartDate > 2026-01-01T00:00:00Z", "INVALID_FIELD", "must be of type date and should not be enclosed in quotes"),
    ("SELECT Id FROM Lead WHERE IsConverted = 'true'", "INVALID_FIELD", "must be of type boolean and should not be enclosed in quotes"),
    ("SELECT Id FROM Lead WHERE Id = 'nobody'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: nobody"),
    ("SELECT Id FROM Lead WHERE OwnerId IN ('005000000000001', '')", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: "),
    ("SELECT Id FROM Lead WHERE Id LIKE '00Q%'", "INVALID_QUERY_FILTER_OPERATOR", "invalid operator on id field"),
    ("SELECT Id FROM Lead WHERE IsConverted > true", "INVALID_QUERY_FILTER_OPERATOR", "invalid operator on boolean field"),
    ("SELECT Id FROM Lead WHERE Status INCLUDES ('x')", "INVALID_QUERY_FILTER_OPERATOR", "invalid operator on picklist field"),
    ("SELECT Id FROM Lead WHERE Interests__c LIKE 'x'", "INVALID_QUERY_FILTER_OPERATOR", "invalid operator on multipicklist field"),
    ("SELECT Id FROM Lead WHERE CALENDAR_YEAR(CreatedDate) = '2026'", "INVALID_FIELD", "field 'CALENDAR_YEAR(CreatedDate)' must be of type int"),
    # What a field is not for
    ("SELECT Id FROM Lead WHERE Description = 'x'", "INVALID_FIELD", "field 'Description' can not be filtered in a query call"),
    ("SELECT Id FROM Lead WHERE Address = null", "INVALID_FIELD", "field 'Address' can not be filtered in a query call"),
    ("SELECT Id FROM Lead ORDER BY Description", "MALFORMED_QUERY", "field 'Description' can not be sorted in a query call"),
    ("SELECT AnnualRevenue FROM Lead GROUP BY AnnualRevenue", "MALFORMED_QUERY", "field 'AnnualRevenue' can not be grouped in a query call"),
    # Aggregates
    ("SELECT Name, COUNT(Id) FROM Lead", "MALFORMED_QUERY", "Field must be grouped or aggregated: Name"),
    ("SELECT Status, Email FROM Lead GROUP BY Status", "MALFORMED_QUERY", "Field must be grouped or aggregated: Email"),
    ("SELECT SUM(LastName) FROM Lead", "MALFORMED_QUERY", "field LastName does not support aggregate operator SUM"),
    ("SELECT MAX(IsConverted) FROM Lead", "MALFORMED_QUERY", "field IsConverted does not support aggregate operator MAX"),
    ("SELECT CALENDAR_YEAR(CreatedDate) FROM Lead", "MALFORMED_QUERY", "Field must be grouped or aggregated: CALENDAR_YEAR(CreatedDate)"),
    ("SELECT Id n FROM Lead", "MALFORMED_QUERY", "only aggregate expressions use field aliasing"),
    ("SELECT COUNT(Id) n, MAX(Id) n FROM Lead", "MALFORMED_QUERY", "duplicate alias: n"),
    ("SELECT Id FROM Lead HAVING Id != null", "MALFORMED_QUERY", "having clause requires a group by clause"),
    ("SELECT Status FROM Lead GROUP BY Status HAVING Email != null", "MALFORMED_QUERY", "Field must be grouped or aggregated: Email"),
    ("SELECT Status FROM Lead GROUP BY Status ORDER BY Email", "MALFORMED_QUERY", "Ordered field must be grouped or aggregated: Email"),
    ("SELECT Status FROM Lead GROUP BY Status HAVING COUNT(Id) = 'x'", "INVALID_FIELD", "must be of type int and should not be enclosed in quotes"),
    ("SELECT COUNT() FROM Lead GROUP BY Status", "MALFORMED_QUERY", "Grouped query must have at least one field"),
    ("SELECT Id FROM Lead WHERE COUNT(Id) > 1", "MALFORMED_QUERY", "aggregate functions are not allowed in the WHERE clause"),
    ("SELECT CALENDAR_YEAR(LastName) FROM Lead GROUP BY CALENDAR_YEAR(LastName)", "MALFORMED_QUERY", "field LastName does not support function CALENDAR_YEAR"),
    # Semi-joins
    ("SELECT Id FROM Campaign WHERE ParentId IN (SELECT Id FROM Campaign)", "MALFORMED_QUERY", "The inner and outer selects should not be on the same object type"),
    ("SELECT Id FROM Lead WHERE Email IN (SELECT Id FROM Contact)", "MALFORMED_QUERY", "cannot use: 'Email'"),
    ("SELECT Id FROM Lead WHERE Id IN (SELECT ContactId FROM CampaignMember)", "MALFORMED_QUERY", "should point to the same object type"),
    ("SELECT Id FROM Lead WHERE Id = null OR (Name = 'x' AND Id IN (SELECT LeadId FROM CampaignMember))", "MALFORMED_QUERY", "Semi join sub-selects are only allowed at the top level WHERE expressions and not in nested WHERE expressions."),
    ("SELECT Id FROM Lead WHERE Id IN (SELECT LeadId FROM CampaignMember WHERE CampaignId IN (SELECT Id FROM Campaign))", "MALFORMED_QUERY", "Nesting of semi join sub-selects is not supported"),
    ("SELECT COUNT() FROM Lead ORDER BY Name", "MALFORMED_QUERY", "COUNT() cannot be used with an ORDER BY clause; use COUNT(fieldName) instead"),
    ("SELECT Id FROM Lead WHERE Id = null OR Id IN (SELECT LeadId FROM CampaignMember)", "MALFORMED_QUERY", "Semi join sub-selects are not allowed with the 'OR' operator"),
    # Bounds
    ("SELECT Id FROM Lead LIMIT 10 OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000"),
    ("SELECT FIELDS(ALL) FROM Lead", "MALFORMED_QUERY", "The SOQL FIELDS function must have a LIMIT of at most 200"),
    ("SELECT FIELDS(ALL) FROM Lead LIMIT 201", "MALFORMED_QUERY", "The SOQL FIELDS function must have a LIMIT of at most 200"),
    (f"SELECT Id FROM Lead WHERE LastName = '{'x' * 4001}'", "MALFORMED_QUERY", "4000 characters"),
    (f"SELECT Id FROM Lead {' ' * 100_000}", "MALFORMED_QUERY", "100000 characters"),
    # What Salesforce has and the sandbox has not
    ("SELECT Status, COUNT(Id) FROM Lead GROUP BY ROLLUP(Status), Rating", "MALFORMED_QUERY", "GROUP BY ROLLUP"),
    ("SELECT COUNT(Id), GROUPING(Rating) FROM Lead GROUP BY CUBE(Status)", "MALFORMED_QUERY", "grouped or aggregated: grouping(Rating)"),
    ("SELECT Id FROM Lead WHERE DISTANCE(Address, GEOLOCATION(1, 2)) < 5", "MALFORMED_QUERY", "DISTANCE takes"),
    ("SELECT Id FROM Lead WHERE DISTANCE(Address, GEOLOCATION(1, 2), 'ft') < 5", "MALFORMED_QUERY", "The unit of DISTANCE"),
    ("SELECT Id FROM Lead WHERE DISTANCE(Address, GEOLOCATION(91, 2), 'km') < 5", "MALFORMED_QUERY", "GEOLOCATION takes"),
    ("SELECT Id FROM Lead WHERE DISTANCE(Email, GEOLOCATION(1, 2), 'km') < 5", "MALFORMED_QUERY", "does not support DISTANCE"),
    ("SELECT Id FROM Lead WHERE DISTANCE(Address, GEOLOCATION(1, 2), 'km') = 5", "INVALID_QUERY_FILTER_OPERATOR", "invalid operator"),
    ("SELECT Id FROM Lead USING SCOPE galaxy", "MALFORMED_QUERY", "The scope galaxy is not supported for Lead"),
    ("SELECT Id FROM CampaignMember m, m.Nope n", "INVALID_FIELD", "Didn't understand relationship 'Nope'"),
    ("SELECT FORMAT('x') FROM Lead", "MALFORMED_QUERY", "unexpected token: 'x'"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "words"), REFUSED)
def test_a_query_is_refused_by_code_and_words(org: Any, text: str, code: str, words: str) -> None:
    error = refusal(org, text)
    assert error.code == code
    assert words in error.message
    assert error.status == (501 if code == "NOT_IMPLEMENTED_BY_SANDBOX" else 400)


UNREADABLE = [
    "SELECT HasOptedOutOfEmail FROM Lead",
    "SELECT Id FROM Lead WHERE HasOptedOutOfEmail = true",
    "SELECT Id FROM Lead ORDER BY HasOptedOutOfEmail",
    "SELECT Lead.HasOptedOutOfEmail FROM CampaignMember",
    "SELECT COUNT(Id), HasOptedOutOfEmail FROM Lead GROUP BY HasOptedOutOfEmail",
]


@pytest.mark.parametrize("text", UNREADABLE)
def test_a_field_one_may_not_read_does_not_exist(org: Any, text: str) -> None:
    """S1.5.3, S1.4.2."""
    org.readable = lambda sobject, field: field != "HasOptedOutOfEmail"
    assert "No such column 'HasOptedOutOfEmail' on entity 'Lead'." in refusal(org, text).message


def test_an_object_one_may_not_read_does_not_exist_from_any_side(org: Any) -> None:
    """S1.5.3."""
    org.readable = lambda sobject, field: sobject != "Lead"
    assert refusal(org, "SELECT Id FROM Lead").code == "INVALID_TYPE"
    assert "relationship 'Lead'" in refusal(org, "SELECT Lead.Id FROM CampaignMember").message
    assert (
        refusal(org, "SELECT Id FROM CampaignMember WHERE LeadId IN (SELECT Id FROM Lead)").code
        == "INVALID_TYPE"
    )


def test_an_aggregate_answer_has_one_page_only(empty_org: Any) -> None:
    query = empty_org.compile("SELECT Company, COUNT(Id) FROM Lead GROUP BY Company")
    assert len(query.records([(str(n), n) for n in range(2000)])) == 2000
    with pytest.raises(SalesforceError, match="does not support queryMore") as caught:
        query.records([(str(n), n) for n in range(2001)])
    assert caught.value.code == "EXCEEDED_ID_LIMIT"


@pytest.mark.parametrize("part", COVERAGE, ids=lambda part: part.name)
def test_the_coverage_table_tells_the_truth(org: Any, part: Part) -> None:
    if part.state == "not":
        assert refusal(org, part.example).code == "NOT_IMPLEMENTED_BY_SANDBOX"
    else:
        query = org.compile(part.example)
        org.database.execute(query.sql, query.params)
