"""What goes wrong on the way to Salesforce costs nothing but a round: nothing lost, nobody twice."""

from __future__ import annotations

import threading
from collections import Counter

import pytest
from django.db import connection

from campaignsync.domain.errors import RetryableError
from campaignsync.salesforce import lead_writing
from desk import Desk

COMPOSITE = r"/composite$"
COLLECTION = r"/composite/sobjects$"


def people_twice(desk: Desk) -> dict[str, int]:
    rows = [
        row["Email"] for kind in ("Lead", "Contact") for row in desk.org.query(f"SELECT Email FROM {kind}")
    ]
    return {email: count for email, count in Counter(rows).items() if count > 1}


def settled(desk: Desk, rounds: int = 3) -> dict[str, str]:
    """Both sides after the faults are over and a few rounds have gone by; the last of them did nothing."""
    desk.org.control("DELETE", "/sandbox/faults")
    reports = [desk.sync() for _ in range(rounds)]
    assert (reports[-1].program_changes, reports[-1].campaign_changes, reports[-1].unknown) == (0, 0, 0)
    assert people_twice(desk) == {}
    return desk.equal()


@pytest.mark.parametrize("drop", ["before", "after"])
@pytest.mark.parametrize("path", [COLLECTION, COMPOSITE])
def test_a_write_whose_answer_never_came_is_observed_before_it_is_tried_again(
    desk: Desk, path: str, drop: str
) -> None:
    """M7.11: leads travel by collection, members by composite call."""
    desk.give(ada="Registered", ben="Invited")
    desk.link()
    desk.org.control(
        "POST",
        "/sandbox/faults",
        {"rules": [{"match": {"method": "POST", "path": path, "probability": 1}, "action": {"drop": drop}}]},
    )
    first = desk.round_that_may_fail()
    assert first is None or first.unknown or first.halted
    assert settled(desk) == {"ada@example.com": "Registered", "ben@example.com": "Invited"}


def test_a_session_that_expires_in_the_middle_is_renewed_and_the_run_goes_on(desk: Desk) -> None:
    """S2.1.2."""
    desk.give(ada="Registered")
    desk.link()
    desk.sync()
    desk.give(ben="Registered")
    door = desk.app.door(desk.connection)
    door.changes_since(desk.app.ledger.cursor(desk.connection.connection_id))
    desk.org.control("DELETE", "/sandbox/sessions")
    link, _ = desk.app.registry.link_of(desk.program)
    assert desk.run_through(door, link).campaign_changes == 1
    desk.org.forget_token()
    assert desk.equal() == {"ada@example.com": "Registered", "ben@example.com": "Registered"}


def test_a_locked_campaign_refuses_its_members_for_now_and_they_come_later(desk: Desk) -> None:
    """S2.2.11: the row waits with its back-off, and nothing else is held up."""
    desk.give(ada="Registered")
    campaign = desk.link()
    desk.org.control("POST", "/sandbox/locks", {"ids": [campaign], "seconds": 3600})
    report = desk.sync()
    assert (report.refused, report.campaign_changes) == (1, 0)
    problem = desk.app.views.problems(desk.program)[0]
    assert (problem["code"], problem["retry_at"] is not None) == ("UNABLE_TO_LOCK_ROW", True)
    desk.org.control("DELETE", "/sandbox/locks")
    desk.app.views.retry_problems(desk.program)
    desk.sync()
    assert desk.equal() == {"ada@example.com": "Registered"}
    assert desk.app.views.problems(desk.program) == []


def test_an_edge_that_stumbles_is_read_again_and_nobody_notices(desk: Desk) -> None:
    """S2.2.12."""
    desk.give(ada="Registered")
    desk.link()
    rule = {"match": {"path": COMPOSITE, "nth": 1}, "action": {"status": 503, "body": "html"}, "times": 1}
    desk.org.control("POST", "/sandbox/faults", {"rules": [rule]})
    assert desk.sync().campaign_changes == 1
    assert settled(desk) == {"ada@example.com": "Registered"}


def test_a_spent_daily_limit_is_said_and_the_next_day_goes_on(desk: Desk) -> None:
    """S2.2.10."""
    desk.give(ada="Registered")
    desk.link()
    desk.org.control("POST", "/sandbox/limits", {"DailyApiRequests": 1})
    assert desk.round_that_may_fail() is None
    desk.org.control("POST", "/sandbox/limits", {"DailyApiRequests": 100000})
    assert settled(desk) == {"ada@example.com": "Registered"}


def test_a_status_label_that_disappears_in_salesforce_is_never_written_into_the_default(desk: Desk) -> None:
    """S0.2: Salesforce would store its default without a word."""
    desk.give(ada="Registered", ben="Registered")
    campaign = desk.link()
    desk.sync()
    gone = desk.org.query(
        f"SELECT Id FROM CampaignMemberStatus WHERE CampaignId = '{campaign}' AND Label = 'No Show'"
    )[0]["Id"]
    desk.org.delete("CampaignMemberStatus", gone)
    desk.give(ada="No Show", ben="Attended")
    desk.sync()
    assert desk.there() == {"ada@example.com": "Registered", "ben@example.com": "Attended"}
    assert "the campaign has no status 'No Show'" in desk.app.views.problems(desk.program)[0]["message"]
    assert desk.here()["ada@example.com"] == "No Show"


def test_two_syncs_at_once_lose_nobody_and_make_nobody_twice(desk: Desk) -> None:
    """One looks at the org at a time: an older look would undo what a newer one saw."""
    desk.give(**{f"person{number}": "Registered" for number in range(8)})
    desk.link()
    together = threading.Barrier(3)

    def sync() -> None:
        together.wait()
        try:
            desk.sync()
        finally:
            connection.close()

    threads = [threading.Thread(target=sync) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert people_twice(desk) == {}
    assert len(desk.equal()) == 8


def _blinded(desk: Desk) -> None:
    """A sync that sees nothing of its bulk jobs once they have begun."""
    desk.org.control("POST", "/sandbox/bulk", {"reads_per_step": 3})
    blind = {"match": {"method": "GET", "path": "/jobs/ingest/", "probability": 1}, "action": {"status": 503}}
    desk.org.control("POST", "/sandbox/faults", {"rules": [blind]})
    with pytest.raises(RetryableError, match="503"):
        desk.sync()
    desk.org.control("DELETE", "/sandbox/faults")


def test_a_bulk_job_that_outlives_its_run_is_waited_for_and_never_sent_twice(desk: Desk) -> None:
    """Section 2.4: the run loses sight of its job; the next one waits for the job's end, sees, and has nothing left to do."""
    desk.org.control("POST", "/sandbox/seed", {"crowd": {"leads": 2_000, "campaigns": 0}})
    rows = "\n".join(f"lead{number}@crowd.example,P{number}" for number in range(1, 2_001))
    desk.bring_in(f"email,last name\n{rows}", "Invited")
    desk.link()
    _blinded(desk)
    after = desk.sync()
    assert (after.campaign_changes, after.refused, after.unknown) == (0, 0, 0)
    desk.org.control("DELETE", "/sandbox/bulk")
    assert set(settled(desk, rounds=1).values()) == {"Invited"}
    assert len(desk.org.members(desk.campaign)) == 2_000


def test_a_bulk_job_of_leads_that_outlives_its_run_makes_nobody_twice(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """M7.11: they are found by their addresses, once the job has come to its end."""
    monkeypatch.setattr(lead_writing, "BULK_FROM_LEADS", 2_000)
    rows = "\n".join(f"p{number}@example.com,P{number}" for number in range(2_000))
    desk.bring_in(f"email,last name\n{rows}", "Invited")
    desk.link()
    _blinded(desk)
    after = desk.sync()
    assert (after.campaign_changes, after.refused, after.unknown) == (2_000, 0, 0)
    assert len(desk.org.members(desk.campaign)) == 2_000
    assert desk.org.query("SELECT COUNT(Id) n FROM Lead")[0]["n"] == 2_000
