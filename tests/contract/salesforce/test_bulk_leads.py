"""Very many leads at once: a bulk job instead of collections, and the same outcomes (M7.1, M7.6, S0.20)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import polars as pl
import pytest

from campaignsync.domain.connections import Login
from campaignsync.domain.errors import RetryableError, UsageError
from campaignsync.domain.people import ASSIGN_NOBODY, DuplicateRule, LeadRules
from campaignsync.domain.trees import LEAD_OUTCOMES, LEAD_WRITES
from campaignsync.salesforce import lead_writing
from campaignsync.salesforce.org import SalesforceOrg
from sandbox_org import SandboxOrg

MANY = 2_000


def leads(number: int = MANY) -> pl.DataFrame:
    rows = [
        {
            "person_id": each,
            "our_id": f"ours-{each}",
            "email": f"New{each}@Mail.Example",
            "last_name": f'"N", {each}',
            "company": "C",
            "employees": each,
        }
        for each in range(1, number + 1)
    ]
    return pl.DataFrame(rows, schema=LEAD_WRITES)


def created(org: SalesforceOrg, wanted: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """The outcomes by person, and how many jobs there were."""
    jobs: list[str] = []
    org.field_rules()  # What the fields are is asked for once.
    told = pl.concat(list(org.create_leads(wanted, jobs.append))).sort("person_id")
    assert told.schema == dict(LEAD_OUTCOMES)
    return told, len(jobs)


@pytest.fixture(autouse=True)
def _many_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lead_writing, "BULK_FROM_LEADS", MANY)


@pytest.fixture
def bulk_rules(sandbox: SandboxOrg) -> Iterator[Callable[..., None]]:
    yield lambda **rules: sandbox.control("POST", "/sandbox/bulk", rules)
    sandbox.control("DELETE", "/sandbox/bulk")


def test_many_leads_are_made_in_a_handful_of_calls(sandbox: SandboxOrg, org: SalesforceOrg) -> None:
    """However many they are: one job of six calls, with the question for the active assignment rule."""
    told, jobs = created(org, leads())
    assert jobs == 1
    assert org.api_calls <= 1 + 7
    assert told["code"].null_count() == MANY
    assert told["known"].all()
    ids = {row["Email"]: row["Id"] for row in sandbox.query("SELECT Id, Email FROM Lead")}
    assert dict(zip(leads()["email"].str.to_lowercase(), told["salesforce_id"], strict=True)) == ids
    (row,) = org.find_people(emails=["new7@mail.example"], ids=()).to_dicts()
    assert (row["last_name"], row["company"], row["employees"]) == ('"N", 7', "C", 7)


def test_jobs_of_leads_are_under_way_side_by_side(
    sandbox: SandboxOrg, org: SalesforceOrg, bulk_rules: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leads lock nothing in common (S2.2.11): four jobs at once, each told when it has ended, in the order of their rows."""
    monkeypatch.setattr(lead_writing, "LEADS_A_JOB", 400)
    bulk_rules(reads_per_step=2)
    states: list[list[str]] = []
    noted: list[str] = []

    def note(job: str) -> None:
        noted.append(job)
        path = "/services/data/v62.0/jobs/ingest/"
        states.append([sandbox.call("GET", path + each)["state"] for each in noted[:-1][-1:]])

    batches = list(org.create_leads(leads(), note))
    assert [batch["person_id"][0] for batch in batches] == [1, 401, 801, 1201, 1601]
    assert pl.concat(batches)["salesforce_id"].n_unique() == MANY
    assert len(noted) == 5
    assert all(before != ["JobComplete"] for before in states[1:4]), "the next was made while one was at work"


def test_jobs_that_were_begun_are_told_before_what_keeps_the_next_from_beginning(
    sandbox: SandboxOrg, org: SalesforceOrg, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whose job was closed is never sent again; the third upload was lost, and its job does nothing."""
    monkeypatch.setattr(lead_writing, "LEADS_A_JOB", 500)
    rule = {"match": {"method": "PUT", "path": "/batches", "nth": 3}, "action": {"drop": "after"}}
    sandbox.control("POST", "/sandbox/faults", {"rules": [rule]})
    told: list[pl.DataFrame] = []
    with pytest.raises(RetryableError):
        told.extend(org.create_leads(leads(), lambda _: None))
    assert sum(batch["salesforce_id"].count() for batch in told) == 1_000
    assert len(sandbox.query("SELECT Id FROM Lead")) == 1_000


def test_leads_go_a_thousand_a_call_where_a_job_would_take_more(
    org: SalesforceOrg, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lead_writing, "BULK_FROM_LEADS", MANY + 1)
    _, jobs = created(org, leads())
    assert (jobs, org.calls_by_kind["POST composite"]) == (0, 1 + 2)


def test_a_refused_lead_is_that_one_alone(org: SalesforceOrg, bulk_rules: Callable[..., None]) -> None:
    """M8.2, S2.4.3: a lock passes by itself, a required field that is empty does not."""
    bulk_rules(refusals=[{"code": "UNABLE_TO_LOCK_ROW", "message": "unable to obtain", "nth": 500}])
    nameless = leads().with_columns(last_name=pl.when(pl.col("person_id") > 3).then("last_name"))
    told, _ = created(org, nameless)
    refused = told.filter(pl.col("code").is_not_null())
    assert refused["person_id"].to_list() == [1, 2, 3, 500, 1000, 1500, 2000]
    assert refused["code"].to_list() == ["REQUIRED_FIELD_MISSING"] * 3 + ["UNABLE_TO_LOCK_ROW"] * 4
    assert refused["retriable"].to_list() == [False] * 3 + [True] * 4
    assert refused["salesforce_id"].null_count() == 7


def test_rows_that_a_job_never_came_to_are_told_so(
    org: SalesforceOrg, bulk_rules: Callable[..., None]
) -> None:
    """S2.4.4."""
    bulk_rules(fail_after_rows=1500)
    told, _ = created(org, leads())
    assert told["code"].value_counts(sort=True).rows() == [(None, 1500), ("NOT_PROCESSED", 500)]
    assert told.filter(code="NOT_PROCESSED")["retriable"].all()


def test_whoever_could_not_be_known_again_goes_in_collections(
    sandbox: SandboxOrg, org: SalesforceOrg
) -> None:
    """S0.20: result files are in no order. And `#N/A`, a name like any other, would empty the field (S2.4.2)."""
    odd = leads(MANY + 4).with_columns(
        email=pl.when(pl.col("person_id") > 2).then("email"),
        last_name=pl.when(pl.col("person_id") == 4).then(pl.lit("#N/A")).otherwise("last_name"),
    )
    told, jobs = created(org, odd)
    assert jobs == 1
    assert told["salesforce_id"].n_unique() == MANY + 4
    assert org.calls_by_kind["POST composite/sobjects"] == 1
    assert len(sandbox.query("SELECT Id FROM Lead WHERE LastName = '#N/A'")) == 1


def test_leads_are_upserted_by_our_ids_where_the_org_has_a_field_for_them(
    sandbox: SandboxOrg, login: Login
) -> None:
    """M7.11: the same job twice makes nobody twice."""
    fields = [
        {"object": each, "name": "Ours__c", "type": "string(40)", "flags": "cuniqx"}
        for each in ("Lead", "Contact")
    ]
    sandbox.control("POST", "/sandbox/seed", {"fields": fields})
    rules = LeadRules(external_id_field="Ours__c")
    (first, _), (second, _) = (created(SalesforceOrg(login, leads=rules), leads()) for _ in range(2))
    assert first["salesforce_id"].to_list() == second["salesforce_id"].to_list()
    assert sandbox.query("SELECT COUNT(Id) n FROM Lead")[0]["n"] == MANY


@pytest.mark.parametrize(
    ("rules", "jobs"),
    [
        (LeadRules(duplicate_rule=DuplicateRule.ALLOW_SAVE), 0),
        (LeadRules(assignment=ASSIGN_NOBODY), 1),
        (LeadRules(), 1),
    ],
)
def test_a_job_takes_no_word_on_duplicates_and_names_the_active_assignment_rule(
    sandbox: SandboxOrg, login: Login, rules: LeadRules, jobs: int
) -> None:
    """M7.6: what a bulk job cannot be told is done in collections."""
    sandbox.control("POST", "/sandbox/seed", {"assignment_rules": [{"Name": "By country"}]})
    told, made = created(SalesforceOrg(login, leads=rules), leads())
    assert (made, told["code"].null_count()) == (jobs, MANY)


def test_an_assignment_rule_that_is_none_fails_the_job_before_anything_is_made(
    sandbox: SandboxOrg, login: Login
) -> None:
    """S2.4.1: the job is told its id."""
    org = SalesforceOrg(login, leads=LeadRules(assignment="01Q000000000001AAA"))
    with pytest.raises(UsageError, match="01Q000000000001AAA"):
        created(org, leads())
    assert sandbox.query("SELECT COUNT(Id) n FROM Lead")[0]["n"] == 0
