"""Smart campaigns end to end: a change on either side fires, people are taken through the flow, Salesforce follows."""

from __future__ import annotations

from typing import Any

import pytest

from campaignsync.runtime.flow_runner import FlowReport, run_flows
from desk import Desk

WEBINAR = "Spring Webinar 2026"


@pytest.fixture
def follow_up(desk: Desk) -> str:
    """Another campaign, that no program is linked to; its members may be Sent or Responded."""
    return desk.org.create("Campaign", Name="Follow Up", IsActive=True)


def saved(desk: Desk, name: str, **definition: Any) -> None:
    desk.app.smart_campaigns.save(name, definition, who="ada")


def activated(desk: Desk, name: str, **definition: Any) -> None:
    saved(desk, name, **definition)
    desk.app.smart_campaigns.activate(name)


def flows(desk: Desk) -> FlowReport:
    report = run_flows(desk.app.flow_doors)
    assert report.failures == {}
    return report


def results(desk: Desk, name: str) -> list[tuple[Any, ...]]:
    return [
        (row["step"], row["outcome"], row["message"], row["people"])
        for row in desk.app.smart_campaigns.results(name)["steps"]
    ]


def test_who_attends_according_to_salesforce_is_added_to_another_campaign(desk: Desk, follow_up: str) -> None:
    desk.give(ada="Registered", ben="Registered")
    desk.link()
    desk.sync()
    activated(
        desk,
        "Thank attendees",
        triggers=[
            {"trigger": "Status is Changed in SFDC Campaign", "campaign": WEBINAR, "new status": "Attended"}
        ],
        flow=[{"action": "Add to SFDC Campaign", "campaign": "Follow Up", "status": "Sent"}],
    )
    member = desk.org.member_id(desk.campaign, "ada@example.com")
    desk.org.update("CampaignMember", member, Status="Attended")
    desk.sync()
    report = flows(desk)
    assert desk.org.members(follow_up) == {"ada@example.com": "Sent"}
    assert (report.fired, report.entered) == (1, 1)
    assert results(desk, "Thank attendees") == [(1, "done", "", 1)]


def test_the_same_trigger_fires_once_whichever_side_the_change_came_from(desk: Desk, follow_up: str) -> None:
    """design: triggers fire on committed changes."""
    desk.give(ada="Registered", ben="Registered")
    desk.link()
    desk.sync()
    activated(
        desk,
        "Count",
        triggers=[{"trigger": "Status is Changed in SFDC Campaign", "new status": "Attended"}],
        flow=[{"action": "Add to SFDC Campaign", "campaign": follow_up, "status": "Sent"}],
        qualification="every time",
    )
    desk.org.update("CampaignMember", desk.org.member_id(desk.campaign, "ada@example.com"), Status="Attended")
    desk.give(ben="Attended")
    for _ in range(3):
        desk.sync()
        flows(desk)
    assert desk.equal() == {"ada@example.com": "Attended", "ben@example.com": "Attended"}
    assert results(desk, "Count") == [(1, "done", "", 2)]


def test_a_lead_that_is_added_there_fires_though_nobody_here_knew_them(desk: Desk, follow_up: str) -> None:
    desk.link()
    desk.sync()
    activated(
        desk,
        "Welcome",
        triggers=[{"trigger": "Added to SFDC Campaign", "campaign": WEBINAR}],
        flow=[{"action": "Change Status in SFDC Campaign", "campaign": follow_up, "status": "Responded"}],
    )
    desk.org.add_lead(desk.campaign, "cora@example.com", "Invited")
    desk.sync()
    flows(desk)
    assert desk.org.members(follow_up) == {"cora@example.com": "Responded"}
