"""How much an org lets one do: quotas of apps, calls past the limit, calls that run too long, how far back deletions go."""

from typing import Any

import pytest

APP = {
    "client_id": "mailer",
    "client_secret": "s",
    "name": "mailer",
    "daily_calls": 3,
    "run_as": "admin@sandbox.example",
}


def as_app(anybody: Any) -> Any:
    form = {"grant_type": "client_credentials", "client_id": "mailer", "client_secret": "s"}
    token = anybody.http.post(f"{anybody.url}/services/oauth2/token", data=form).json()["access_token"]
    anybody.http.headers["Authorization"] = f"Bearer {token}"
    return anybody


def test_an_app_with_a_quota_is_told_of_it_and_held_to_it(admin: Any, anybody: Any) -> None:
    """S2.2.9"""
    admin.control("POST", "seed", {"apps": [APP]})
    app = as_app(anybody)
    heads = [app.call("GET", "/sobjects/Lead").headers["Sforce-Limit-Info"] for _ in range(3)]
    assert [head.partition(", ")[2] for head in heads] == [
        f"per-app-api-usage={used}/3(appName=mailer)" for used in (1, 2, 3)
    ]
    assert app.refused("GET", "/sobjects/Lead") == (
        403,
        "REQUEST_LIMIT_EXCEEDED",
        "TotalRequests Limit exceeded.",
    )
    answer = admin.call("GET", "/limits")
    assert answer.json()["DailyApiRequests"]["mailer"] == {"Max": 3, "Remaining": 0}
    assert "per-app" not in answer.headers["Sforce-Limit-Info"]


@pytest.mark.parametrize(("past", "served"), [(0, 1), (2, 3)])
def test_calls_past_the_limit_are_let_through_where_the_org_is_a_paid_one(
    admin: Any, past: int, served: int
) -> None:
    """S2.2.10"""
    admin.control("POST", "limits", {"DailyApiRequests": 1, "calls_past_limit": past})
    answers = [admin.call("GET", "/sobjects/Lead") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200] * served + [403] * (4 - served)
    assert answers[served - 1].headers["Sforce-Limit-Info"] == f"api-usage={served}/1"


@pytest.mark.parametrize(
    ("path", "refusal"),
    [
        ("/query?q=SELECT Id FROM Lead", (400, "QUERY_TIMEOUT")),
        ("/sobjects/Lead", (500, "REQUEST_RUNNING_TOO_LONG")),
    ],
)
def test_a_call_that_runs_for_more_than_ten_minutes_is_stopped(
    admin: Any, path: str, refusal: tuple[int, str]
) -> None:
    """S2.2.10: by the org's own clock, which has gone on for ten minutes."""
    admin.control("POST", "clock", {"still": True})
    before = admin.control("GET", "clock")["now"]
    admin.control("POST", "faults", {"rules": [{"action": {"runs_s": 601}, "times": 1}]})
    assert admin.refused("GET", path)[:2] == refusal
    admin.control("POST", "clock", {"advance_s": -600})
    assert admin.control("GET", "clock")["now"] == before
    assert admin.call("GET", path).status_code == 200


def test_what_a_stopped_call_would_have_written_is_not_there(admin: Any) -> None:
    """S2.2.10"""
    admin.control("POST", "limits", {"call_timeout_s": 0.01})
    admin.control("POST", "faults", {"rules": [{"action": {"latency_ms": 20}, "times": 1}]})
    body = {"LastName": "Ash", "Company": "C"}
    assert admin.refused("POST", "/sobjects/Lead", body)[1] == "REQUEST_RUNNING_TOO_LONG"
    assert admin.query("SELECT Id FROM Lead") == []


def delete_leads(admin: Any, number: int) -> None:
    rows = [{"attributes": {"type": "Lead"}, "LastName": f"L{i}", "Company": "C"} for i in range(number)]
    made = admin.call("POST", "/composite/sobjects", {"records": rows}).json()
    admin.call("DELETE", f"/composite/sobjects?ids={','.join(row['id'] for row in made)}")


def test_the_log_of_deletions_is_pruned_every_two_hours(admin: Any, sandbox: Any) -> None:
    """S2.6.1: 5,000 rows for each licence; here none is left over."""
    admin.control("POST", "clock", {"still": True, "at": "2026-03-18T09:30:00Z"})
    delete_leads(admin, 3)
    path = "/sobjects/Lead/deleted?start=2026-03-18T09:00:00Z&end=2026-03-18T09:40:00Z"
    assert len(admin.call("GET", path).json()["deletedRecords"]) == 3
    admin.control("POST", "limits", {"user_licences": 0})
    assert len(admin.call("GET", path).json()["deletedRecords"]) == 3
    admin.control("POST", "clock", {"at": "2026-03-18T10:00:00Z"})
    assert admin.refused("GET", path)[:2] == (400, "INVALID_REPLICATION_DATE")
    later = admin.call(
        "GET", "/sobjects/Lead/deleted?start=2026-03-18T09:31:00Z&end=2026-03-18T09:40:00Z"
    ).json()
    assert (later["deletedRecords"], later["earliestDateAvailable"]) == ([], "2026-03-18T09:30:01.000+0000")
