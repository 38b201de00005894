"""Very many members at once: bulk jobs instead of collections, and the same outcomes (S0.20, section 2.4, M6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import polars as pl
import pytest

from campaignsync.domain.errors import RetryableError
from campaignsync.domain.trees import CAMPAIGN_MEMBERS, MEMBER_OUTCOMES
from campaignsync.salesforce import bulk
from campaignsync.salesforce.bulk_writing import BULK_FROM_ROWS
from campaignsync.salesforce.org import SalesforceOrg
from sandbox_org import SandboxOrg

Write = Callable[..., pl.DataFrame]
MANY = BULK_FROM_ROWS


@pytest.fixture
def bulk_rules(sandbox: SandboxOrg) -> Iterator[Callable[..., None]]:
    yield lambda **rules: sandbox.control("POST", "/sandbox/bulk", rules)
    sandbox.control("DELETE", "/sandbox/bulk")


@pytest.mark.parametrize("slow_s", [0.0, 1e9])
def test_pages_that_are_slow_to_come_are_fetched_several_at_a_time(
    sandbox: SandboxOrg, org: SalesforceOrg, monkeypatch: pytest.MonkeyPatch, slow_s: float
) -> None:
    """S2.4.5: the locators of five pages come in one call; else each page names the next."""
    monkeypatch.setattr(bulk, "SLOW_PAGE_S", slow_s)
    monkeypatch.setattr(bulk, "IDS_A_PAGE", 40_000)
    sandbox.control("POST", "/sandbox/seed", {"crowd": {"leads": 120_000}})
    (campaign,) = sandbox.query("SELECT Id, NumberOfLeads FROM Campaign")
    ids = pl.concat([page.frame()["id"] for page in org.member_ids(campaign["Id"])])
    assert (len(ids), ids.n_unique()) == (120_000, 120_000)
    # A look at the job; a page of 40,000, the place of the rest, and its two pages; or three pages one after another.
    assert org.calls_by_kind["GET jobs/query"] == 1 + (4 if slow_s == 0 else 3)


@pytest.fixture
def everybody(sandbox: SandboxOrg) -> list[str]:
    crowd = {"leads": MANY - 500, "contacts": 500, "campaigns": 0}
    sandbox.control("POST", "/sandbox/seed", {"crowd": crowd})
    return [row["Id"] for kind in ("Lead", "Contact") for row in sandbox.query(f"SELECT Id FROM {kind}")]


def outcomes(org: SalesforceOrg, campaign: str, writes: pl.DataFrame) -> pl.DataFrame:
    jobs: list[str] = []
    batches = list(org.write_members(campaign, writes, jobs.append))
    assert len(jobs) == 1
    assert all(batch.members.schema == dict(CAMPAIGN_MEMBERS) for batch in batches)
    told = pl.concat([batch.outcomes for batch in batches]).sort("person_id")
    assert told.schema == dict(MEMBER_OUTCOMES)
    assert told["known"].all()
    return told


def as_wanted(told: pl.DataFrame) -> int:
    return told.filter(pl.col("code").is_null() & pl.col("found").eq_missing(pl.col("wanted"))).height


def test_many_members_come_move_and_go_in_a_handful_of_calls(
    sandbox: SandboxOrg, org: SalesforceOrg, campaign: str, writes: Write, everybody: list[str]
) -> None:
    """Section 2.3: 2,000 rows are ten collections, or one job of eight calls with all that belongs to it."""
    added = outcomes(org, campaign, writes(*((who, "Invited", None) for who in everybody)))
    assert as_wanted(added) == MANY
    assert org.api_calls <= 8
    ids = added["campaign_member_id"].to_list()
    assert len(set(ids)) == MANY
    moved = outcomes(
        org, campaign, writes(*((who, "Attended", row) for who, row in zip(everybody, ids, strict=True)))
    )
    assert as_wanted(moved) == MANY
    rows = sandbox.query("SELECT Status, COUNT(Id) n FROM CampaignMember GROUP BY Status")
    assert [(row["Status"], row["n"]) for row in rows] == [("Attended", MANY)]
    gone = outcomes(
        org, campaign, writes(*((who, None, row) for who, row in zip(everybody, ids, strict=True)))
    )
    assert as_wanted(gone) == MANY
    assert sandbox.query("SELECT Id FROM CampaignMember") == []


def test_a_refused_row_is_that_row_s_alone_and_told_in_salesforce_s_words(
    org: SalesforceOrg,
    campaign: str,
    writes: Write,
    everybody: list[str],
    bulk_rules: Callable[..., None],
) -> None:
    """S2.4.3, M8.2: a lock passes by itself, a validation rule does not."""
    words = "unable to obtain exclusive access to this record: 701"
    lock = {"code": "UNABLE_TO_LOCK_ROW", "message": words, "nth": 500}
    rule = {"code": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "No: not him", "nth": 300}
    bulk_rules(refusals=[lock, rule])
    added = outcomes(org, campaign, writes(*((who, "Invited", None) for who in everybody)))
    refused = added.filter(pl.col("code").is_not_null())
    assert dict(refused.group_by("code", "message", "retriable").len().select("code", "len").rows()) == {
        "UNABLE_TO_LOCK_ROW": MANY // 500,
        "FIELD_CUSTOM_VALIDATION_EXCEPTION": MANY // 300 - MANY // 1500,
    }
    assert refused.filter(code="UNABLE_TO_LOCK_ROW")["retriable"].all()
    assert set(refused.filter(~pl.col("retriable"))["message"]) == {"No: not him"}
    assert refused["found"].null_count() == refused.height
    assert as_wanted(added) == MANY - refused.height


def test_a_label_that_salesforce_turned_into_its_default_is_read_back_as_such(
    org: SalesforceOrg, campaign: str, writes: Write, everybody: list[str]
) -> None:
    """S0.2."""
    added = outcomes(org, campaign, writes(*((who, "Nowhere", None) for who in everybody)))
    assert added.select("wanted", "found", "code").unique().rows() == [("Nowhere", "Invited", None)]


def test_members_who_are_there_already_are_refused_and_stay(
    sandbox: SandboxOrg, org: SalesforceOrg, campaign: str, writes: Write, everybody: list[str]
) -> None:
    """S0.4: what they are there, as somebody added them since our look, is told all the same."""
    sandbox.create("CampaignMember", CampaignId=campaign, LeadId=everybody[0], Status="Attended")
    sandbox.control("POST", "/sandbox/clock", {"advance_s": 60})
    added = outcomes(org, campaign, writes(*((who, "Invited", None) for who in everybody)))
    first = added.row(0, named=True)
    assert (first["code"], first["retriable"], first["found"]) == ("DUPLICATE_VALUE", False, "Attended")
    assert as_wanted(added) == MANY - 1


def test_rows_that_a_failed_job_never_came_to_are_tried_again_later(
    org: SalesforceOrg,
    campaign: str,
    writes: Write,
    everybody: list[str],
    bulk_rules: Callable[..., None],
) -> None:
    """S2.4.4."""
    bulk_rules(fail_after_rows=1200)
    added = outcomes(org, campaign, writes(*((who, "Invited", None) for who in everybody)))
    assert as_wanted(added) == 1200
    rest = added.filter(pl.col("code").is_not_null())
    assert rest.select("code", "retriable", "found").unique().rows() == [("NOT_PROCESSED", True, None)]


@pytest.mark.parametrize("drop", ["before", "after"])
def test_a_close_whose_answer_got_lost_is_told_by_the_job_itself(
    sandbox: SandboxOrg, org: SalesforceOrg, campaign: str, writes: Write, everybody: list[str], drop: str
) -> None:
    rule = {"match": {"method": "PATCH", "path": "/jobs/ingest/", "nth": 1}, "action": {"drop": drop}}
    sandbox.control("POST", "/sandbox/faults", {"rules": [rule]})
    added = outcomes(org, campaign, writes(*((who, "Invited", None) for who in everybody)))
    assert as_wanted(added) == MANY


def test_an_upload_whose_answer_got_lost_has_done_nothing(
    sandbox: SandboxOrg, org: SalesforceOrg, campaign: str, writes: Write, everybody: list[str]
) -> None:
    rule = {"match": {"method": "PUT", "path": "/batches", "nth": 1}, "action": {"drop": "after"}}
    sandbox.control("POST", "/sandbox/faults", {"rules": [rule]})
    with pytest.raises(RetryableError):
        list(org.write_members(campaign, writes(*((who, "Invited", None) for who in everybody)), str))
    assert sandbox.query("SELECT Id FROM CampaignMember") == []


def test_a_job_that_a_dead_run_left_is_waited_for_or_aborted(
    sandbox: SandboxOrg,
    org: SalesforceOrg,
    campaign: str,
    writes: Write,
    everybody: list[str],
    bulk_rules: Callable[..., None],
) -> None:
    """Its rows are never sent a second time: what it did is seen afterwards."""
    bulk_rules(reads_per_step=3)

    class KilledError(Exception):
        """The process is no more."""

    def die(job: str) -> None:
        left.append(job)
        raise KilledError

    left: list[str] = []
    rows = writes(*((who, "Invited", None) for who in everybody))
    with pytest.raises(KilledError):
        list(org.write_members(campaign, rows, die))
    org.end_job(left[0])
    path = f"/services/data/v62.0/jobs/ingest/{left[0]}"
    assert sandbox.call("GET", path)["state"] == "Aborted"
    with pytest.raises(KilledError):
        list(org.write_members(campaign, rows, die))
    sandbox.call("PATCH", f"/services/data/v62.0/jobs/ingest/{left[1]}", {"state": "UploadComplete"})
    org.end_job(left[1])
    assert len(sandbox.query("SELECT Id FROM CampaignMember")) == MANY
    org.end_job("750Sb0000000000AAA")  # Long gone.
