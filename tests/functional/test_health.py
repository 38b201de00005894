"""Is it well? Asked at the command line, by machines and by whoever is on duty at night: the same answer everywhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from campaignsync.domain.errors import HaltError
from campaignsync.domain.health import Facts, Level, OrgFacts, Thresholds, judged, worst
from campaignsync.domain.ids import ConnectionId
from campaignsync.runtime.metrics import exposition
from campaignsync.web.installation import serve
from desk import Desk
from terminal import Terminal


def caller(**environment: str) -> Client:
    """Who asks over HTTP, from this machine unless said otherwise."""
    return Client(SERVER_NAME="localhost", **environment)


AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def org(**facts: Any) -> OrgFacts:
    usual = {
        "connection_id": ConnectionId(1),
        "name": "org",
        "round_at": AT,
        "streams": {"open": 5},
        "links": {"active": 2},
    }
    return OrgFacts(**{**usual, **facts})


def sick(facts: Facts) -> dict[str, Level]:
    return {check.code: check.level for check in judged(facts, Thresholds()) if check.level is not Level.WELL}


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, {}),
        ({"jobs_code": "LOGIN_REFUSED", "jobs_message": "no"}, {"ROUNDS": Level.ILL}),
        ({"round_at": None}, {"ROUNDS": Level.WATCH}),
        ({"waiting_since": AT - timedelta(minutes=14)}, {}),
        ({"waiting_since": AT - timedelta(minutes=16)}, {"LAG": Level.ILL}),
        ({"backlog": 100_001}, {"BACKLOG": Level.ILL}),
        ({"links": {"active": 1, "halted": 1}}, {"LINKS": Level.WATCH}),
        ({"calls_used": 901, "calls_allowed": 1000}, {"CALLS_LOW": Level.ILL}),
        ({"calls_used": 899, "calls_allowed": 1000}, {}),
        ({"budget": 100, "budget_used": 100}, {"CALLS_LOW": Level.ILL}),
        ({"clock_ahead_s": -121.0}, {"CLOCK_SKEW": Level.ILL}),
        ({"streams": {}}, {"NOT_HEARD": Level.WATCH}),
        ({"streams": {"open": 2, "refused": 3}}, {"NOT_HEARD": Level.WATCH}),
        ({"streams": {"open": 4, "broken": 1}}, {"NOT_HEARD": Level.ILL}),
        ({"streams": {}, "listens": False}, {}),
    ],
)
def test_an_org_is_judged(facts: dict[str, Any], expected: dict[str, Level]) -> None:
    assert sick(Facts(at=AT, workers=1, orgs=(org(**facts),))) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"workers": 0}, {"WORKERS": Level.WATCH}),
        ({"workers": 1, "disk_free": 0.04}, {"DISK_FULL": Level.ILL}),
        ({"workers": 1, "database_clock_ahead_s": 300.0}, {"DATABASE_CLOCK": Level.ILL}),
    ],
)
def test_an_installation_is_judged(facts: dict[str, Any], expected: dict[str, Level]) -> None:
    assert sick(Facts(at=AT, **facts)) == expected
    assert worst([]) is Level.WELL


def forget_jobs() -> None:
    from campaignsync.store.frames import execute

    execute("DELETE FROM procrastinate_jobs")


@pytest.fixture
def linked(desk: Desk) -> Desk:
    desk.give(ada="Registered")
    desk.link()
    desk.app.worker().have_round(desk.connection.connection_id, 0)
    forget_jobs()
    serve(desk.app)
    return desk


def test_the_status_says_in_one_line_whether_it_is_well(linked: Desk) -> None:
    terminal = Terminal(linked.app)
    assert terminal("status").splitlines()[0] == "It works; some things are to be watched."
    assert terminal.json("status")[0]["program"] == "Spring Webinar"
    told = {check["code"]: check["level"] for check in terminal.json("health")["checks"]}
    assert told["ROUNDS"] == told["LAG"] == told["DISK_FULL"] == "well"


def test_a_revoked_login_is_named_everywhere_told_once_and_over_when_it_is_mended(linked: Desk) -> None:
    worker, org_id = linked.app.worker(), linked.connection.connection_id
    linked.org.control("POST", "/sandbox/limits", {"DailyApiRequests": 1})
    for _ in range(2):
        worker.have_round(org_id, 0)
    terminal = Terminal(linked.app)
    with pytest.raises(HaltError, match="ROUNDS of org: REQUEST_LIMIT_EXCEEDED"):
        terminal("health")
    assert "It is not well." in terminal("status")
    ready = caller().get("/readyz").json()
    assert (ready["ready"], ready["level"]) == (True, "ill")
    assert (
        'campaignsync_health{code="ROUNDS",connection="org"} 2.0' in caller().get("/metrics").content.decode()
    )
    assert [row["event"] for row in linked.app.outbox.list(limit=9)] == ["opened"]
    linked.org.control("POST", "/sandbox/limits", {"DailyApiRequests": 100000})
    worker.have_round(org_id, 2)
    assert [row["event"] for row in linked.app.outbox.list(limit=9)] == ["opened", "solved"]
    assert caller().get("/readyz").json()["level"] != "ill"


def test_an_alarm_is_told_once_a_change_of_state_and_when_it_is_over(linked: Desk) -> None:
    vitals = linked.app.vitals
    ill = judged(Facts(at=AT, workers=1, orgs=(org(backlog=200_000),)), Thresholds())
    well = judged(Facts(at=AT, workers=1, orgs=(org(),)), Thresholds())
    for checks in (ill, ill, well, well, ill):
        vitals.sound(checks)
    linked.app.ledger.round_done(linked.connection.connection_id)
    told = [(row["code"], row["event"]) for row in linked.app.outbox.list(limit=9)]
    assert told == [("BACKLOG", "opened"), ("BACKLOG", "solved"), ("BACKLOG", "opened")]


def test_metrics_tell_of_backlog_lag_calls_throughput_problems_round_time_and_links(linked: Desk) -> None:
    text = caller().get("/metrics").content.decode()
    for line in (
        "campaignsync_database_up 1.0",
        'campaignsync_lag_seconds{connection="org"} 0.0',
        'campaignsync_backlog_records{connection="org"} 0.0',
        'campaignsync_links{connection="org",state="active"} 1.0',
        'campaignsync_round_seconds_bucket{connection="org",le="+Inf"} 1.0',
        'campaignsync_round_seconds_count{connection="org"} 1.0',
        'campaignsync_rounds_failed_total{connection="org"} 0.0',
        'campaignsync_moved_records{connection="org",direction="to Salesforce",object="Lead"} 1.0',
        "campaignsync_workers 0.0",
    ):
        assert line in text, line
    assert 'campaignsync_calls_left{connection="org"}' in text
    assert 'campaignsync_calls_used{connection="org"}' in text


def test_a_database_out_of_reach_is_the_one_metric() -> None:
    text = exposition(None, Thresholds()).decode()
    assert [line for line in text.splitlines() if not line.startswith("#")] == [
        "campaignsync_database_up 0.0"
    ]


def test_strangers_learn_yes_or_no_and_nothing_else(linked: Desk) -> None:
    stranger = caller(REMOTE_ADDR="203.0.113.7")
    assert stranger.get("/healthz").json() == {"alive": True}
    assert stranger.get("/readyz").json() == {"ready": True}
    assert stranger.get("/metrics").status_code == 401
    behind_a_proxy = caller(HTTP_X_FORWARDED_FOR="203.0.113.7")
    assert behind_a_proxy.get("/metrics").status_code == 401
    assert stranger.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 401
