"""A campaign is made once, whatever becomes of the answer and however many ask for it (M4.1, M4.2)."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from campaignsync.domain.errors import CampaignsyncError, RetryableError, UnknownOutcomeError, UsageError
from campaignsync.runtime.linking import Linking
from desk import Desk

CREATE = {"method": "POST", "path": r"/sobjects/Campaign$"}


def linking(desk: Desk) -> Linking:
    return Linking(
        registry=desk.app.registry,
        ledger=desk.app.ledger,
        door=desk.app.door(desk.connection),
        connection=desk.connection,
    )


def fault(desk: Desk, match: dict[str, object], action: dict[str, object]) -> None:
    rule = {"match": {**match, "probability": 1}, "action": action, "times": 1}
    desk.org.control("POST", "/sandbox/faults", {"rules": [rule]})


def statuses(desk: Desk) -> list[str]:
    rows = desk.org.query("SELECT Label FROM CampaignMemberStatus ORDER BY SortOrder")
    return [row["Label"] for row in rows]


@pytest.mark.parametrize("drop", ["before", "after"])
def test_a_campaign_whose_answer_was_lost_is_found_and_finished_by_the_same_command(
    desk: Desk, drop: str
) -> None:
    """M4.2: and only one that is nobody else's, though it has the same name and maker."""
    desk.app.registry.create_program("Autumn", "Webinar", {})
    linking(desk).new("Autumn", "Spring 2026")
    fault(desk, CREATE, {"drop": drop})
    with pytest.raises(UnknownOutcomeError, match="the same command finds it and goes on"):
        linking(desk).new(desk.program, "Spring 2026")
    made = linking(desk).new(desk.program, "Spring 2026")
    desk.campaign = desk.app.ledger.link(made).campaign_id
    assert desk.org.query("SELECT COUNT(Id) n FROM Campaign")[0]["n"] == 2
    assert sorted(statuses(desk)) == sorted(["Invited", "Registered", "No Show", "Attended"] * 2)
    desk.give(ada="Registered")
    desk.sync()
    assert desk.equal() == {"ada@example.com": "Registered"}


def test_an_attempt_that_was_cut_off_is_told_when_another_name_is_wanted(desk: Desk) -> None:
    """M4.2: nothing is linked or made behind somebody's back."""
    fault(desk, CREATE, {"drop": "after"})
    with pytest.raises(UnknownOutcomeError):
        linking(desk).new(desk.program, "Spring 2026")
    (made,) = desk.org.query("SELECT Id FROM Campaign")
    with pytest.raises(UsageError, match=f"has made campaign 'Spring 2026' .{made['Id']}."):
        linking(desk).new(desk.program, "Summer 2026")
    desk.org.delete("Campaign", made["Id"])
    linking(desk).new(desk.program, "Summer 2026")
    assert [row["Name"] for row in desk.org.query("SELECT Name FROM Campaign")] == ["Summer 2026"]


def test_two_admins_at_once_make_one_campaign(desk: Desk) -> None:
    """M4.1, M4.2: the second is told of the link, and no campaign is left that nobody has linked."""
    told: list[str] = []

    def admin() -> None:
        try:
            linking(desk).new(desk.program, "Spring 2026")
        except CampaignsyncError as error:
            told.append(str(error))
        finally:
            connection.close()

    admins = [threading.Thread(target=admin) for _ in range(2)]
    for each in admins:
        each.start()
    for each in admins:
        each.join()
    assert len(told) == 1
    assert "is linked with campaign" in told[0]
    assert desk.org.query("SELECT COUNT(Id) n FROM Campaign")[0]["n"] == 1


def test_a_campaign_that_could_not_be_given_its_statuses_is_made_anew(desk: Desk) -> None:
    """M4.2: it was deleted again, and the next attempt does not take it for one that is there."""
    locked = {"code": "UNABLE_TO_LOCK_ROW", "message": "locked"}
    fault(desk, {"path": r"/composite/sobjects$"}, {"error": locked})
    with pytest.raises(RetryableError):
        linking(desk).new(desk.program, "Spring 2026")
    linking(desk).new(desk.program, "Spring 2026")
    assert desk.org.query("SELECT COUNT(Id) n FROM Campaign")[0]["n"] == 1
