"""One story of a campaign under every answer to every open question of Salesforce (the rules marked [?] in the contract).

Every switch of the sandbox is set to every answer that does not hold by itself: those of one part of the contract together, and
once all of them. Whatever Salesforce does in truth: both sides end equal, nobody is two, and the next round has nothing to do.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from campaignsync.store.frames import rows
from desk import Desk
from salesforce_sandbox.org.switches import SWITCHES

PARTS = sorted({switch.rule[:4] for switch in SWITCHES})
MOST_ANSWERS = max(len(switch.answers) for switch in SWITCHES)


def others(part: str, place: int) -> dict[str, object]:
    """The answers at that place, as far as there are so many, of all switches of a part of the contract."""
    return {
        switch.name: switch.answers[place]
        for switch in SWITCHES
        if switch.rule.startswith(part) and len(switch.answers) > place
    }


OTHERWISE = {
    f"{part or 'all'}-{place}": others(part, place)
    for part in ["", *PARTS]
    for place in range(1, MOST_ANSWERS)
    if others(part, place)
}


def lead_of(desk: Desk, name: str) -> str:
    return str(desk.org.query(f"SELECT Id FROM Lead WHERE Email = '{name}@example.com'")[0]["Id"])


def status_row(desk: Desk, label: str) -> str:
    where = f"CampaignId = '{desk.campaign}' AND Label = '{label}'"
    return str(desk.org.query(f"SELECT Id FROM CampaignMemberStatus WHERE {where}")[0]["Id"])


def begin(desk: Desk, answers: dict[str, object]) -> None:
    """Two lists become one: some are in both, some in one. Another program gets a campaign of its own."""
    campaign = desk.org.webinar()
    desk.org.switch(**answers)
    for name in ("ada", "cora", "dan", "eva", "fay"):
        desk.org.add_lead(campaign, f"{name}@example.com", "Registered")
    desk.org.create("Contact", LastName="Bell", Email="ben@example.com")
    desk.give(ada="Attended", ben="Invited", gus="Registered", hal="Invited")
    desk.link(campaign)
    desk.sync()
    desk.app.registry.create_program("Autumn Webinar", "Webinar", {})
    autumn = replace(desk, program="Autumn Webinar", campaign="")
    autumn.give(ada="Invited", joe="Registered")
    autumn.link()
    autumn.sync()
    assert autumn.equal() == {"ada@example.com": "Invited", "joe@example.com": "Registered"}


def turn_everything_over(desk: Desk) -> None:
    """What people do in both systems between two rounds."""
    org = desk.org
    org.update("CampaignMember", org.member_id(desk.campaign, "gus@example.com"), Status="Attended")
    desk.give(ben="Registered", ida="Registered")
    org.delete("CampaignMember", org.member_id(desk.campaign, "hal@example.com"))
    org.convert(lead_of(desk, "cora"))
    org.merge("Lead", lead_of(desk, "dan"), lead_of(desk, "eva"))
    fay = lead_of(desk, "fay")
    org.delete("Lead", fay)
    org.undelete(fay)
    org.update("CampaignMemberStatus", status_row(desk, "Registered"), HasResponded=True)


def ends_equal(desk: Desk) -> None:
    """Two rounds bring everything together; a third finds nothing to do."""
    for _ in range(2):
        desk.sync()
    report = desk.sync()
    assert (report.program_changes, report.campaign_changes, report.refused, report.unknown) == (0, 0, 0, 0)
    assert desk.app.views.problems(None) == []
    known = rows("SELECT email FROM store_person WHERE merged_into_id IS NULL")
    assert len(known) == len({row["email"] for row in known})
    both = desk.equal()
    assert {name: both.get(f"{name}@example.com") for name in ("ada", "ben", "gus", "hal", "ida")} == {
        "ada": "Attended",
        "ben": "Registered",
        "gus": "Attended",
        "hal": None,
        "ida": "Registered",
    }
    assert {"cora@example.com", "dan@example.com"} <= set(both)


@pytest.mark.parametrize("others", OTHERWISE)
def test_a_sync_is_right_whatever_the_answers_to_open_questions_are(desk: Desk, others: str) -> None:
    begin(desk, OTHERWISE[others])
    turn_everything_over(desk)
    ends_equal(desk)


def test_every_other_answer_is_tried() -> None:
    tried = {(name, answer) for answers in OTHERWISE.values() for name, answer in answers.items()}
    assert tried == {(switch.name, answer) for switch in SWITCHES for answer in switch.answers[1:]}
