"""What an admin sees of problems: filtered, exported, tried again, forgotten when they were solved long ago (M8.2)."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from django.db import connection

from campaignsync.domain.problems import ProblemRules
from desk import Desk
from terminal import Terminal


@pytest.fixture
def terminal(desk: Desk) -> Terminal:
    return Terminal(desk.app)


@pytest.fixture
def troubled(desk: Desk) -> Desk:
    """A member whose campaign is locked, and an org that then let nobody in."""
    desk.give(ada="Registered", ben="Registered")
    campaign = desk.link()
    desk.org.control("POST", "/sandbox/locks", {"ids": [campaign], "seconds": 3600})
    desk.sync()
    desk.org.control("POST", "/sandbox/limits", {"DailyApiRequests": 1})
    assert desk.round_that_may_fail() is None
    desk.org.control("POST", "/sandbox/limits", {"DailyApiRequests": 100000})
    return desk


def test_problems_of_records_and_of_jobs_are_told_apart(troubled: Desk, terminal: Terminal) -> None:
    records = terminal.json("problems", "--noun", "record")
    assert [(row["email"], row["noun"], row["object"], row["code"]) for row in records] == [
        ("ada@example.com", "member", "CampaignMember", "UNABLE_TO_LOCK_ROW"),
        ("ben@example.com", "member", "CampaignMember", "UNABLE_TO_LOCK_ROW"),
    ]
    assert all(row["person_id"] and row["salesforce_id"].startswith("00Q") for row in records)
    jobs = terminal.json("problems", "--noun", "job")
    assert [(row["connection"], row["program"], row["code"]) for row in jobs] == [
        ("org", None, "REQUEST_LIMIT_EXCEEDED")
    ]


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ((), 3),
        (("Spring Webinar",), 2),
        (("--connection", "org"), 3),
        (("--person", "Ada@Example.com "), 1),
        (("--code", "unable_to_lock_row"), 2),
        (("--since", f"{date.today() + timedelta(days=1)}"), 0),  # noqa: DTZ011 - the local day is meant.
        (("--since", "2026-01-01", "--noun", "job"), 1),
        (("--until", "2026-01-01"), 0),
    ],
)
def test_problems_are_narrowed(
    troubled: Desk, terminal: Terminal, options: tuple[str, ...], found: int
) -> None:
    assert len(terminal.json("problems", *options)) == found


def test_a_period_without_problems_is_named_with_its_zone(desk: Desk, terminal: Terminal) -> None:
    assert terminal("problems") == "No problems.\n"
    zone = datetime(2026, 1, 2).astimezone().tzname()
    assert (
        terminal("problems", "--until", "2026-01-01") == f"No problems before 2026-01-02 00:00:00 {zone}.\n"
    )


def test_one_person_is_tried_again_and_the_others_wait(troubled: Desk, terminal: Terminal) -> None:
    troubled.org.control("DELETE", "/sandbox/locks")
    said = terminal("problems", "Spring Webinar", "--person", "ada@example.com", "--retry")
    assert said.startswith("1 will be tried again at the next: campaignsync sync")
    troubled.sync()
    assert troubled.there() == {"ada@example.com": "Registered"}
    assert [row["email"] for row in terminal.json("problems")] == ["ben@example.com"]


def test_the_export_is_safe_to_open_in_a_spreadsheet(troubled: Desk, terminal: Terminal) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE store_problem SET message = '=1+1' WHERE noun = 'member'")
    rows = list(csv.DictReader(StringIO(terminal("problems", "--csv"))))
    assert [row["message"][:5] for row in rows] == ["POST ", "'=1+1", "'=1+1"]
    assert all(datetime.fromisoformat(row["first_seen"]).tzinfo == UTC for row in rows)


def test_an_export_of_nothing_has_its_header(desk: Desk, terminal: Terminal) -> None:
    assert terminal("problems", "--csv").startswith(
        "connection,program,noun,object,person_id,email,salesforce_id"
    )


def test_solved_problems_are_shown_when_asked_for_and_forgotten_after_their_time(
    troubled: Desk, terminal: Terminal
) -> None:
    troubled.org.control("DELETE", "/sandbox/locks")
    terminal("problems", "--retry")
    troubled.sync()
    assert terminal("problems") == "No problems.\n"
    assert len(terminal.json("problems", "--solved")) == 3
    kept = ProblemRules().kept
    with connection.cursor() as cursor:
        cursor.execute("UPDATE store_problem SET solved_at = solved_at - %s WHERE noun = 'job'", (kept,))
    troubled.sync()
    assert {row["noun"] for row in terminal.json("problems", "--solved")} == {"member"}
