"""Search: SOSL over REST and SOAP, and search by parameters (REST guide, "Search" and "Parameterized Search")."""

from typing import Any

import pytest

from sandbox.test_soap import soap, values

PEOPLE = [
    ("Lead", {"FirstName": "Ann", "LastName": "Ash", "Company": "Oak & Co", "Email": "ann@one.example"}),
    ("Lead", {"FirstName": "Ash", "LastName": "Bo", "Company": "Birch", "Phone": "555 1234"}),
    ("Contact", {"FirstName": "Ann", "LastName": "Anders", "Title": "Head of Ash Trees"}),
    ("Campaign", {"Name": "Ash Wednesday"}),
]


@pytest.fixture(autouse=True)
def people(admin: Any) -> None:
    for sobject, row in PEOPLE:
        admin.create(sobject, **row)


def found(admin: Any, text: str) -> list[tuple[str, str]]:
    """Object and name of each record, in the order of the answer."""
    answer = admin.call("GET", "/search", params={"q": text})
    assert answer.status_code == 200, answer.text
    return [(each["attributes"]["type"], each["Name"]) for each in answer.json()["searchRecords"]]


BOTH = "RETURNING Lead(Name), Contact(Name)"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (f"FIND {{ash}} {BOTH}", ["Ann Ash", "Ash Bo", "Ann Anders"]),
        (f"FIND {{ash}} IN NAME FIELDS {BOTH}", ["Ann Ash", "Ash Bo"]),
        (f'FIND {{"ann ash"}} IN ALL FIELDS {BOTH}', ["Ann Ash"]),
        (f"FIND {{ann ash}} {BOTH}", ["Ann Ash", "Ann Anders"]),
        (f"FIND {{an*}} {BOTH}", ["Ann Ash", "Ann Anders"]),
        (f"FIND {{an}} {BOTH}", []),
        (f"FIND {{b?}} {BOTH}", ["Ash Bo"]),
        (f"FIND {{oak OR birch}} {BOTH}", ["Ann Ash", "Ash Bo"]),
        (f"FIND {{ash AND NOT (oak OR birch)}} {BOTH}", ["Ann Anders"]),
        (f"FIND {{ann@one.example}} IN EMAIL FIELDS {BOTH}", ["Ann Ash"]),
        (f"FIND {{1234}} IN PHONE FIELDS {BOTH}", ["Ash Bo"]),
        ("FIND {ash} RETURNING Lead(Name WHERE Name LIKE 'A%B%' ORDER BY Name LIMIT 5)", ["Ash Bo"]),
        (
            "FIND {ash} RETURNING Lead(Name WHERE Company != ') LIMIT 1' ORDER BY Name DESC)",
            ["Ash Bo", "Ann Ash"],
        ),
        (f"FIND {{ash}} {BOTH} LIMIT 1", ["Ann Ash"]),
    ],
)
def test_words_are_found_whole_in_the_fields_asked_for(admin: Any, text: str, names: list[str]) -> None:
    assert [name for _, name in found(admin, text)] == names


def test_nothing_named_means_every_object_that_can_be_searched(admin: Any) -> None:
    records = admin.call("GET", "/search", params={"q": "FIND {ash}"}).json()["searchRecords"]
    assert {each["attributes"]["type"] for each in records} == {"Lead", "Contact", "Campaign"}
    assert all(set(each) == {"attributes", "Id"} for each in records)


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("FIND ash", (400, "MALFORMED_SEARCH")),
        ("FIND {a}", (400, "MALFORMED_SEARCH")),
        ("FIND {ash AND}", (400, "MALFORMED_SEARCH")),
        ("FIND {(ash}", (400, "MALFORMED_SEARCH")),
        ("FIND {ash} RETURNING", (400, "MALFORMED_SEARCH")),
        ("FIND {ash} RETURNING Lead(Name", (400, "MALFORMED_SEARCH")),
        ("FIND {ash} SOMEWHERE", (400, "MALFORMED_SEARCH")),
        ("FIND {ash} RETURNING Lead(Nickname)", (400, "INVALID_FIELD")),
        ("FIND {ash} RETURNING CampaignMember(Id)", (400, "INVALID_TYPE")),
        ("FIND {ash} RETURNING Lead WITH HIGHLIGHT", (501, "NOT_IMPLEMENTED_BY_SANDBOX")),
    ],
)
def test_what_is_no_search_is_refused(admin: Any, text: str, refusal: tuple[int, str]) -> None:
    """S1.3.5: members cannot be searched."""
    assert admin.refused("GET", "/search", params={"q": text})[:2] == refusal


def test_parameters_say_the_same_as_sosl(admin: Any) -> None:
    asked = {
        "q": "ash",
        "in": "NAME",
        "sobject": ["Lead", "Contact"],
        "Lead.fields": "Name",
        "Lead.limit": "1",
    }
    by_address = admin.call("GET", "/parameterizedSearch", params=asked).json()
    assert [each["Name"] for each in by_address["searchRecords"]] == ["Ann Ash"]
    body = {"q": "ash", "fields": ["Name"], "sobjects": [{"name": "Lead", "where": "Company = 'Birch'"}]}
    by_body = admin.call("POST", "/parameterizedSearch", body).json()
    assert [each["Name"] for each in by_body["searchRecords"]] == ["Ash Bo"]
    assert admin.refused("POST", "/parameterizedSearch", {"q": "ash", "in": "ODD"})[1] == "MALFORMED_SEARCH"


def test_soap_searches_too(admin: Any) -> None:
    text = soap(admin, "search", "<urn:searchString>FIND {oak} RETURNING Lead(Name)</urn:searchString>")[1]
    assert values(text, "Name") == ["Ann Ash"]
