"""Jobs that take their time, and what goes wrong in them, on demand (S2.4.4, S2.2.11, S2.1.2)."""

from typing import Any

import pytest

LEADS = "LastName,Company\n" + "".join(f"L{number},C\n" for number in range(1, 6))
LOCKED = {
    "code": "UNABLE_TO_LOCK_ROW",
    "message": "unable to obtain exclusive access to this record",
    "nth": 2,
}


def count(admin: Any) -> int:
    return len(admin.query("SELECT Id FROM Lead"))


def test_a_slow_job_makes_a_step_each_time_somebody_looks(clerk: Any, admin: Any) -> None:
    """S2.4.4: the first step takes it up, each further one is a batch."""
    clerk.rule(reads_per_step=1, batch_rows=2)
    job = clerk.begin("Lead", "insert", LEADS)
    seen = [(job["state"], job["numberRecordsProcessed"]) for job in (clerk.look(job) for _ in range(4))]
    assert seen == [("InProgress", 0), ("InProgress", 2), ("InProgress", 4), ("JobComplete", 5)]


def test_a_slow_job_goes_on_by_the_orgs_clock_though_nobody_looks(clerk: Any, admin: Any) -> None:
    clerk.rule(seconds_per_step=30)
    job = clerk.begin("Lead", "insert", LEADS)
    assert clerk.look(job)["state"] == "UploadComplete"
    admin.control("POST", "clock", {"advance_s": 59})
    assert (clerk.look(job)["state"], count(admin)) == ("InProgress", 0)
    admin.control("POST", "clock", {"advance_s": 1})
    assert count(admin) == 5
    assert clerk.look(job)["state"] == "JobComplete"


def test_a_job_that_is_aborted_keeps_what_it_saved_and_tells_what_it_never_tried(
    clerk: Any, admin: Any
) -> None:
    """S2.4.1, S2.4.3"""
    clerk.rule(reads_per_step=1, batch_rows=2)
    job = clerk.begin("Lead", "insert", LEADS)
    clerk.look(job)
    clerk.look(job)
    answer = admin.call("PATCH", f"/jobs/ingest/{job}", {"state": "Aborted"})
    assert (answer.json()["state"], count(admin)) == ("Aborted", 2)
    assert clerk.file(job, "unprocessedrecords") == 'LastName,Company\n"L3","C"\n"L4","C"\n"L5","C"\n'
    assert len(clerk.rows(job, "successfulResults")) == 2


def test_a_job_may_break_down_midway(clerk: Any, admin: Any) -> None:
    """S2.4.4: what was saved stays, the rest is unprocessed."""
    clerk.rule(fail_after_rows=3)
    job = clerk.send("Lead", "insert", LEADS)
    assert (job["state"], job["numberRecordsProcessed"], count(admin)) == ("Failed", 3, 3)
    assert job["errorMessage"].startswith("InternalServerError : ")
    assert [row["LastName"] for row in clerk.rows(job["id"], "unprocessedRecords")] == ["L4", "L5"]


def test_some_rows_may_be_refused_on_demand(clerk: Any) -> None:
    """S0.20: failed rows are normal."""
    clerk.rule(
        refusals=[
            {"code": "INVALID_CROSS_REFERENCE_KEY", "message": "invalid cross reference id", "nth": 2},
            {"code": "UNKNOWN_EXCEPTION", "message": "oh", "where": {"LastName": "L5"}},
        ]
    )
    job = clerk.send("Lead", "insert", LEADS)
    assert (job["state"], job["numberRecordsFailed"]) == ("JobComplete", 3)
    assert clerk.errors(job["id"]) == {
        "L2": "INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:--",
        "L4": "INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:--",
        "L5": "UNKNOWN_EXCEPTION:oh:--",
    }


def test_rows_that_others_hold_are_tried_again(clerk: Any) -> None:
    """S2.2.11, S2.4.4"""
    clerk.rule(refusals=[{**LOCKED, "tries": 2}])
    job = clerk.send("Lead", "insert", LEADS)
    assert (job["numberRecordsFailed"], job["retries"]) == (0, 2)


def test_rows_that_stay_locked_are_refused_in_the_end(clerk: Any, admin: Any, campaign: str) -> None:
    """S2.2.11"""
    lead = admin.create("Lead", LastName="Ash", Company="A")
    admin.control("POST", "locks", {"ids": [campaign], "seconds": 600})
    job = clerk.send("CampaignMember", "insert", f"CampaignId,LeadId\n{campaign},{lead}\n")
    assert job["retries"] == 3
    refusal = (
        f"UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record or 1 records: {campaign}:--"
    )
    assert clerk.errors(job["id"]) == {campaign: refusal}


def test_a_session_may_end_while_a_job_runs(clerk: Any, admin: Any) -> None:
    """S2.1.2: the job does not care."""
    rule = {
        "match": {"path": "/jobs/ingest/750", "method": "GET"},
        "action": {"expire_session": True},
        "times": 1,
    }
    admin.control("POST", "faults", {"rules": [rule]})
    job = clerk.begin("Lead", "insert", LEADS)
    assert admin.refused("GET", f"/jobs/ingest/{job}")[:2] == (401, "INVALID_SESSION_ID")
    admin.log_in()
    assert clerk.look(job)["state"] == "JobComplete"


def test_slow_queries_show_one_moment(clerk: Any, admin: Any) -> None:
    """S2.4.5"""
    clerk.rule(reads_per_step=1)
    job = clerk.query("SELECT Id FROM Lead")
    assert admin.refused("GET", f"/jobs/query/{job}/results")[0] == 404
    states = [admin.call("GET", f"/jobs/query/{job}").json()["state"] for _ in range(2)]
    admin.create("Lead", LastName="late", Company="C")
    assert (states, clerk.page(job).text) == (["InProgress", "JobComplete"], '"Id"\n')


def test_a_slow_query_can_be_aborted(clerk: Any, admin: Any) -> None:
    clerk.rule(reads_per_step=1)
    job = clerk.query("SELECT Id FROM Lead")
    answer = admin.call("PATCH", f"/jobs/query/{job}", {"state": "Aborted"})
    assert (answer.status_code, answer.json()["state"]) == (200, "Aborted")
    assert admin.call("GET", f"/jobs/query/{job}").json()["state"] == "Aborted"


@pytest.mark.parametrize("stated", [{"haste": 1}, {"refusals": [{"code": "X"}]}])
def test_rules_that_are_none_are_refused(admin: Any, stated: dict[str, Any]) -> None:
    answer = admin.call("POST", "//sandbox/bulk", stated)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_INPUT")


def test_rules_can_be_made_as_they_were(clerk: Any, admin: Any) -> None:
    usual = admin.control("GET", "bulk")
    clerk.rule(batch_rows=7, refusals=[LOCKED])
    assert admin.control("GET", "bulk")["batch_rows"] == 7
    assert admin.control("DELETE", "bulk") == usual


@pytest.mark.parametrize(
    ("slow_tries", "state", "retries", "saved"),
    [(3, "JobComplete", 3, 5), (None, "Failed", 20, 0)],
    ids=["three tries", "every try"],
)
def test_a_batch_that_takes_five_minutes_is_tried_again_twenty_times(
    clerk: Any, admin: Any, slow_tries: int | None, state: str, retries: int, saved: int
) -> None:
    """S2.4.4"""
    clerk.rule(batch_runs_s=301, slow_tries=slow_tries)
    told = clerk.send("Lead", "insert", LEADS)
    assert (told["state"], told["retries"], count(admin)) == (state, retries, saved)
    left = clerk.file(told["id"], "unprocessedrecords").count("\n") - 1
    assert left == 5 - saved
