"""Creating leads (M7.1): in collections of 200, each row with its own outcome, under the org's own rules (M7.6)."""

from __future__ import annotations

import polars as pl
import pytest

from campaignsync.domain.connections import Login
from campaignsync.domain.people import ASSIGN_NOBODY, DuplicateRule, LeadRules
from campaignsync.domain.trees import LEAD_OUTCOMES, LEAD_WRITES
from campaignsync.salesforce.org import SalesforceOrg
from sandbox_org import SandboxOrg

ADA = {
    "email": "Ada@Mail.Example",
    "first_name": "Ada",
    "last_name": "O'Shea",
    "company": "Acme",
    "annual_revenue": "1200",
    "employees": 12,
    "notes": 'said "hello"',
}


def leads(*people: dict[str, object]) -> pl.DataFrame:
    rows = [{"person_id": number, **person} for number, person in enumerate(people, start=1)]
    return pl.DataFrame(rows, schema=LEAD_WRITES)


def _no_job(job: str) -> None:
    raise AssertionError(job)


def created(org: SalesforceOrg, wanted: pl.DataFrame) -> pl.DataFrame:
    return pl.concat(org.create_leads(wanted, _no_job))


@pytest.mark.real_org
def test_a_lead_gets_the_fields_of_the_person(colleague: SandboxOrg, org: SalesforceOrg) -> None:
    """M11."""
    outcomes = created(org, leads(ADA))
    assert outcomes.schema == dict(LEAD_OUTCOMES)
    lead = outcomes["salesforce_id"][0]
    assert outcomes.select("person_id", "code", "known").rows() == [(1, None, True)]
    (row,) = org.find_people(emails=[], ids=[lead]).to_dicts()
    colleague.delete("Lead", lead)
    assert {name: row[name] for name in ADA} == {**ADA, "email": "ada@mail.example"}


def test_the_refusal_of_one_lead_is_its_own(sandbox: SandboxOrg, org: SalesforceOrg) -> None:
    """S1.4.1, S1.1.5: each in Salesforce's words."""
    outcomes = created(
        org,
        leads(
            {"email": "a@mail.example", "company": "C"},
            {"email": "b@mail.example", "last_name": "B", "company": "C"},
            {"email": "c@mail.example", "last_name": "C" * 81, "company": "C"},
        ),
    )
    assert outcomes["code"].to_list() == ["REQUIRED_FIELD_MISSING", None, "STRING_TOO_LONG"]
    assert outcomes["message"][0] == "Required fields are missing: [LastName] (fields: LastName)"
    assert outcomes["retriable"].to_list() == [False, False, False]
    assert [row["Email"] for row in sandbox.query("SELECT Email FROM Lead")] == ["b@mail.example"]


@pytest.mark.parametrize(
    ("rules", "heights"),
    [(LeadRules(), [1000, 1]), (LeadRules(assignment=ASSIGN_NOBODY), [200, 200, 200, 200, 200, 1])],
)
def test_five_collections_of_200_leads_are_one_call_unless_a_header_says_how_leads_are_made(
    sandbox: SandboxOrg, login: Login, rules: LeadRules, heights: list[int]
) -> None:
    """S2.2.7, S2.2.8."""
    org = SalesforceOrg(login, leads=rules)
    people = leads(*({"last_name": f"L{number}", "company": "C"} for number in range(1001)))
    org.field_rules()  # What the fields are is asked for once.
    before = org.api_calls
    batches = list(org.create_leads(people, _no_job))
    assert [batch.height for batch in batches] == heights
    assert org.api_calls - before == len(heights)
    assert batches[-1]["person_id"].to_list() == [1001]
    assert pl.concat(batches)["salesforce_id"].n_unique() == 1001


def test_a_duplicate_rule_is_obeyed_unless_the_admin_lets_duplicates_through(
    sandbox: SandboxOrg, login: Login
) -> None:
    """S1.4.9, M7.6."""
    same = leads(ADA)
    created(SalesforceOrg(login), same)
    refused = created(SalesforceOrg(login), same)
    assert refused["code"].to_list() == ["DUPLICATES_DETECTED"]
    allowed = created(SalesforceOrg(login, leads=LeadRules(duplicate_rule=DuplicateRule.ALLOW_SAVE)), same)
    assert allowed["code"].to_list() == [None]


def test_a_call_whose_answer_never_came_leaves_its_leads_unknown(
    sandbox: SandboxOrg, org: SalesforceOrg
) -> None:
    """M7.11: the caller looks for them before anybody is created again."""
    org.field_rules()  # What the fields are is asked for by the same kind of call.
    rule = {"match": {"path": "/composite", "nth": 1}, "action": {"drop": "after"}}
    sandbox.control("POST", "/sandbox/faults", {"rules": [rule]})
    people = leads(*({"last_name": f"L{number}", "company": "C"} for number in range(1001)))
    first, second = org.create_leads(people, _no_job)
    assert set(first["known"]) == {False}
    assert first["salesforce_id"].null_count() == 1000
    assert second["known"].to_list() == [True]
    assert len(sandbox.query("SELECT Id FROM Lead")) == 1001


def test_a_missing_right_to_create_leads_is_told_of_each(sandbox: SandboxOrg, org: SalesforceOrg) -> None:
    sandbox.control("POST", "/sandbox/seed", {"denied_objects": [["*", "Lead", "create"]]})
    outcomes = created(org, leads(ADA))
    assert outcomes["salesforce_id"].to_list() == [None]
    assert outcomes["code"].null_count() == 0
