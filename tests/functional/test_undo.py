"""Taking back what a run did: both sides as they were before it, and the link waits for a person."""

from __future__ import annotations

import pytest

from campaignsync.domain.errors import HaltError, UsageError
from campaignsync.domain.ids import RunId
from campaignsync.runtime.undo import Undo
from desk import Desk

Sides = tuple[dict[str, str], dict[str, str]]


def sides(desk: Desk) -> Sides:
    return desk.here(), desk.there()


def last_run(desk: Desk) -> RunId:
    return RunId(desk.app.views.runs(desk.program, limit=1)[0]["run"])


def undo_of(desk: Desk, run: RunId) -> Undo:
    link, connection = desk.app.registry.link_of_run(run)
    door = desk.app.door(connection)
    return Undo(door=door, ledger=desk.app.ledger, connection=connection, link=link, run=run)


def taken_back(desk: Desk, run: RunId) -> dict[str, str | None]:
    """Undo a run; who was left as they are, and why."""
    plan = undo_of(desk, run).plan()
    report = undo_of(desk, run).carry_out(plan.digest())
    assert report.refused == report.unknown == 0
    return dict(plan.waiting.join(plan.members, on="person_id").select("email", "code").rows())


def resume(desk: Desk) -> None:
    link, _ = desk.app.registry.link_of(desk.program)
    desk.app.registry.resume(link)


@pytest.fixture
def torn(desk: Desk) -> Desk:
    """Members added, changed and removed, on either side, since the two were the same."""
    desk.give(stay="Invited", here="Invited", there="Registered", leave="Registered", gone="Invited")
    desk.link()
    desk.sync()
    org, campaign = desk.org, desk.campaign
    desk.give(here="Registered", new="Attended")
    desk.app.members.remove(desk.program, "leave@example.com", who="ada")
    org.update("CampaignMember", org.member_id(campaign, "there@example.com"), Status="Attended")
    org.delete("CampaignMember", org.member_id(campaign, "gone@example.com"))
    org.add_lead(campaign, "lea@example.com", "Invited")
    return desk


def test_a_run_is_taken_back_on_both_sides(torn: Desk) -> None:
    before = sides(torn)
    torn.sync()
    after = torn.equal()
    assert taken_back(torn, last_run(torn)) == {}
    assert sides(torn) == before
    whys = {
        row["why"] for row in torn.app.views.journal(torn.program, email=None, run=last_run(torn), limit=99)
    }
    assert whys == {f"undo of run {last_run(torn) - 1}"}
    halted = torn.sync().halted
    assert "was undone" in str(halted)
    assert sides(torn) == before
    resume(torn)
    torn.sync()
    assert torn.equal() == after


def test_an_undo_can_be_undone(torn: Desk) -> None:
    torn.sync()
    after = torn.equal()
    taken_back(torn, last_run(torn))
    taken_back(torn, last_run(torn))
    assert torn.equal() == after
    resume(torn)
    report = torn.sync()
    assert (report.program_changes, report.campaign_changes) == (0, 0)


def test_what_somebody_did_since_stays(torn: Desk) -> None:
    torn.sync()
    run = last_run(torn)
    torn.give(there="Attended")  # As it is: no change.
    torn.give(here="Attended")
    torn.sync()
    assert taken_back(torn, run) == {"here@example.com": "CHANGED_SINCE"}
    assert (torn.here()["here@example.com"], torn.there()["here@example.com"]) == ("Attended", "Attended")
    assert torn.there()["there@example.com"] == "Attended"
    assert torn.here()["there@example.com"] == "Registered"


def test_problems_of_the_link_are_none_of_an_undo_s_business(torn: Desk) -> None:
    campaign = torn.campaign
    torn.org.control("POST", "/sandbox/locks", {"ids": [campaign], "seconds": 3600})
    torn.sync()
    torn.org.control("DELETE", "/sandbox/locks")
    known = torn.app.views.problems(torn.program)
    assert known
    taken_back(torn, last_run(torn))
    assert [row["code"] for row in torn.app.views.problems(torn.program) if row["noun"] == "member"] == [
        row["code"] for row in known
    ]


def test_only_the_undo_that_was_read_is_carried_out(torn: Desk) -> None:
    torn.sync()
    run = last_run(torn)
    read = undo_of(torn, run).plan().digest()
    torn.give(new="Attended", stay="Registered")
    torn.give(here="No Show")
    with pytest.raises(HaltError, match="The world has moved"):
        undo_of(torn, run).carry_out(read)
    assert torn.there()["new@example.com"] == "Attended"


def test_what_was_run_outlives_the_link_and_is_taken_back_when_the_two_are_linked_again(torn: Desk) -> None:
    """M4.7: unlinking keeps both lists, and the history."""
    before = sides(torn)
    torn.sync()
    run, runs = last_run(torn), torn.app.views.runs(torn.program, limit=10)
    torn.app.registry.unlink(torn.app.registry.link_of(torn.program)[0])
    assert torn.app.views.runs(torn.program, limit=10) == runs
    with pytest.raises(UsageError, match=f"was ended.*--campaign {torn.campaign} --connection org"):
        undo_of(torn, run)
    torn.link(torn.campaign)
    assert taken_back(torn, run) == {}
    assert sides(torn) == before
