"""REST in XML: answers for who accepts it or names it in the address, and bodies (S2.2.2, S2.2.3)."""

from typing import Any
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring

XML = {"Accept": "application/xml"}
BODY = {**XML, "Content-Type": "application/xml"}


def document(answer: Any) -> Element:
    assert answer.headers["Content-Type"] == "application/xml;charset=UTF-8"
    return fromstring(answer.content)  # type: ignore[no-any-return]


def send(admin: Any, method: str, path: str, body: str) -> Any:
    return admin.http.request(
        method, f"{admin.url}/services/data/v60.0{path}", data=body.encode(), headers=BODY
    )


def test_a_record_is_written_and_read_in_xml(admin: Any) -> None:
    """S2.2.3"""
    made = send(
        admin, "POST", "/sobjects/Lead", "<Lead><LastName>Ash &amp; Ä</LastName><Company>C</Company></Lead>"
    )
    result = document(made)
    assert (made.status_code, result.tag, result.findtext("success")) == (201, "Result", "true")
    lead = result.findtext("id")
    nil = '<Lead xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><Title>T</Title><Phone xsi:nil="true"/></Lead>'
    assert send(admin, "PATCH", f"/sobjects/Lead/{lead}", nil).status_code == 204
    read = document(admin.call("GET", f"/sobjects/Lead/{lead}", headers=XML))
    assert (read.tag, read.get("type"), read.findtext("LastName"), read.findtext("Title")) == (
        "Lead",
        "Lead",
        "Ash & Ä",
        "T",
    )


def test_a_query_answers_records_with_their_types_and_parents(admin: Any) -> None:
    """S2.2.5"""
    admin.create("Lead", LastName="Ash", Company="C")
    found = document(
        admin.call("GET", "/query", params={"q": "SELECT Id, Owner.Name FROM Lead"}, headers=XML)
    )
    assert (found.tag, found.findtext("totalSize"), found.findtext("done")) == ("QueryResult", "1", "true")
    (record,) = found.findall("records")
    assert (record.get("type"), record.findtext("Owner/Name")) == ("Lead", "Ada Admin")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/sobjects/Lead/nope", 400, "MALFORMED_ID"),
        ("/query?q=SELECT", 400, "MALFORMED_QUERY"),
        ("/tabs", 501, "NOT_IMPLEMENTED_BY_SANDBOX"),
    ],
)
def test_refusals_are_errors_in_xml_too(admin: Any, path: str, status: int, code: str) -> None:
    """S2.2.2"""
    answer = admin.call("GET", path, headers=XML)
    errors = document(answer)
    assert (answer.status_code, errors.tag, errors.findtext("Error/errorCode")) == (status, "Errors", code)


@pytest.mark.parametrize(
    ("path", "root"),
    [
        ("//services/data", "Versions"),
        ("", "urls"),
        ("/limits", "LimitsSnapshot"),
        ("/sobjects", "DescribeGlobal"),
        ("/sobjects/Campaign", "Campaign"),
        ("/sobjects/Campaign/describe.xml", "DescribeSObject"),
        ("/search?q=FIND {Ash}", "SearchResults"),
    ],
)
def test_each_resource_has_its_document(admin: Any, path: str, root: str) -> None:
    assert document(admin.call("GET", path, headers=XML)).tag == root


@pytest.mark.parametrize(
    "body", ["<Lead><LastName>", "", '<!DOCTYPE x [<!ENTITY e "f">]><Lead><Title>&e;</Title></Lead>']
)
def test_what_is_no_xml_is_refused(admin: Any, body: str) -> None:
    answer = send(admin, "POST", "/sobjects/Lead", body)
    assert (answer.status_code, document(answer).findtext("Error/errorCode")) == (400, "XML_PARSER_ERROR")


@pytest.mark.parametrize(
    ("accepted", "media_type"),
    [
        ("*/*", "json"),
        ("application/json, application/xml", "json"),
        ("text/xml", "xml"),
        ("text/csv", "json"),
    ],
)
def test_the_first_format_that_one_accepts_is_spoken(admin: Any, accepted: str, media_type: str) -> None:
    answer = admin.call("GET", "/limits", headers={"Accept": accepted})
    assert answer.headers["Content-Type"] == f"application/{media_type};charset=UTF-8"
