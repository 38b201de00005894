"""How leads are made is the admin's choice, connection by connection; the org's own rules have the last word (M7.2, M7.6)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from campaignsync.domain.errors import UsageError
from campaignsync.domain.people import DuplicateRule
from campaignsync.domain.registrants import read_registrants
from desk import Desk

EXTERNAL_ID = {"name": "Our_Id__c", "type": "string(36)", "flags": "cunxqp"}


def refusals(desk: Desk) -> list[tuple[str, str]]:
    return [(row["code"], row["message"]) for row in desk.app.views.problems(desk.program)]


def leads(desk: Desk) -> list[tuple[str, str]]:
    rows = desk.org.query("SELECT LastName, Company FROM Lead ORDER BY LastName")
    return [(row["LastName"], row["Company"]) for row in rows]


def test_defaults_fill_what_is_empty_and_only_that(desk: Desk) -> None:
    """M7.2."""
    desk.choose(default_last_name="(no name)", default_company="(no company)")
    desk.bring_in("Email,Last Name\nada@example.com,Lindqvist\nben@example.com,\n", "Registered")
    desk.link()
    desk.sync()
    assert leads(desk) == [("(no name)", "(no company)"), ("Lindqvist", "(no company)")]


def test_people_without_a_name_are_problems_where_the_defaults_are_empty(desk: Desk) -> None:
    """M7.2, S1.4.1."""
    desk.choose(default_last_name="", default_company=" ")
    desk.bring_in(
        "Email,Last Name,Company\nada@example.com,Lindqvist,Northwind\nben@example.com,,\n", "Registered"
    )
    desk.link()
    desk.sync()
    assert leads(desk) == [("Lindqvist", "Northwind")]
    assert refusals(desk) == [
        (
            "REQUIRED_FIELD_MISSING",
            "Required fields are missing: [LastName, Company] (fields: LastName, Company)",
        )
    ]


def test_a_duplicate_rule_that_warns_is_obeyed_or_passed_by(desk: Desk) -> None:
    """M7.6, S1.4.9."""
    rule = {"name": "Names", "sobject": "Lead", "same": ["LastName", "Company"], "message": "Known already?"}
    desk.org.control("POST", "/sandbox/seed", {"duplicate_rules": [rule]})
    desk.org.create("Lead", LastName="Lindqvist", Company="Northwind", Email="elsewhere@example.com")
    desk.bring_in("Email,Last Name,Company\nada@example.com,Lindqvist,Northwind\n", "Registered")
    desk.link()
    desk.sync()
    assert refusals(desk) == [("DUPLICATES_DETECTED", "Known already?")]
    assert desk.sync().refused == 0
    desk.choose(duplicate_rule="allow-save")
    desk.sync()
    assert desk.equal() == {"ada@example.com": "Registered"}
    assert refusals(desk) == []


def test_a_duplicate_rule_that_blocks_cannot_be_passed_by(desk: Desk) -> None:
    """S1.4.9."""
    rule = {"name": "Names", "sobject": "Lead", "same": ["LastName"], "allow_save": False, "message": "No."}
    desk.org.control("POST", "/sandbox/seed", {"duplicate_rules": [rule]})
    desk.org.create("Lead", LastName="Lindqvist", Company="Northwind")
    desk.choose(duplicate_rule="allow-save")
    desk.bring_in("Email,Last Name\nada@example.com,Lindqvist\n", "Registered")
    desk.link()
    desk.sync()
    assert refusals(desk) == [("DUPLICATES_DETECTED", "No.")]


def test_a_validation_rule_refuses_whom_it_means_in_the_admins_words(desk: Desk) -> None:
    """M7.6."""
    rule = {"sobject": "Lead", "refuse_when": "Phone = null", "message": "A phone, please.", "field": "Phone"}
    desk.org.control("POST", "/sandbox/seed", {"validation_rules": [rule]})
    desk.bring_in("Email,Phone\nada@example.com,\nben@example.com,555\n", "Registered")
    desk.link()
    desk.sync()
    assert desk.there() == {"ben@example.com": "Registered"}
    assert refusals(desk) == [("FIELD_CUSTOM_VALIDATION_EXCEPTION", "A phone, please. (fields: Phone)")]


def test_whoever_was_refused_is_tried_again_when_what_was_to_be_written_changes(desk: Desk) -> None:
    """docs/adr/0004."""
    desk.bring_in(f"Email,Last Name\nada@example.com,{'x' * 81}\n", "Registered")
    desk.link()
    desk.sync()
    assert [code for code, _ in refusals(desk)] == ["STRING_TOO_LONG"]
    desk.give(ada="Attended")
    assert desk.sync().refused == 0
    desk.app.members.import_people(
        desk.program,
        read_registrants(
            b"Email,Last Name\nada@example.com,Lindqvist\n",
            channel=desk.app.registry.program_channel(desk.program),
            status="Attended",
        ).people,
        who="ada",
        update=True,
    )
    desk.sync()
    assert desk.equal() == {"ada@example.com": "Attended"}
    assert refusals(desk) == []


def test_a_refusal_is_no_problem_any_more_when_nobody_wants_the_lead(desk: Desk) -> None:
    desk.bring_in(f"Email,Last Name\nada@example.com,{'x' * 81}\n", "Registered")
    desk.link()
    desk.sync()
    desk.app.members.remove(desk.program, "ada@example.com", who="ada")
    desk.sync()
    assert refusals(desk) == []


def test_a_value_that_a_restricted_picklist_lacks_is_refused_by_name(desk: Desk) -> None:
    """S1.1.4."""
    industry = {
        "object": "Lead",
        "name": "Industry",
        "type": "picklist(255)",
        "flags": "cunpr",
        "values": ["Banking"],
    }
    desk.org.control("POST", "/sandbox/seed", {"fields": [industry]})
    desk.bring_in("Email,Industry\nada@example.com,Beekeeping\nben@example.com,Banking\n", "Registered")
    desk.link()
    desk.sync()
    assert desk.there() == {"ben@example.com": "Registered"}
    assert refusals(desk) == [
        (
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            "Industry: bad value for restricted picklist field: Beekeeping (fields: Industry)",
        )
    ]


def test_a_field_for_our_ids_must_be_fit_on_lead_and_on_contact(desk: Desk) -> None:
    """M7.11."""
    desk.org.control("POST", "/sandbox/seed", {"fields": [{"object": "Lead", **EXTERNAL_ID}]})
    with pytest.raises(UsageError, match="Contact has no field 'Our_Id__c'"):
        desk.choose(external_id_field="Our_Id__c")
    desk.org.control("POST", "/sandbox/seed", {"fields": [{"object": "Contact", **EXTERNAL_ID}]})
    desk.choose(external_id_field="Our_Id__c", duplicate_rule="allow-save")
    expected = replace(
        desk.connection.leads, external_id_field="Our_Id__c", duplicate_rule=DuplicateRule.ALLOW_SAVE
    )
    assert desk.connection.leads == expected
    desk.choose(external_id_field="")
    assert desk.connection.leads.external_id_field is None
