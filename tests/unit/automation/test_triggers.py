"""What fires: changes against triggers, by table; and no change is compared with triggers that cannot match it (M10.1, M10.7)."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from campaignsync.automation.reading import read_definition
from campaignsync.automation.triggers import TriggerIndex
from campaignsync.domain.smart_campaigns import EVENTS, Watching

MOVED: dict[str, Any] = {
    "trigger": "Status is Changed in SFDC Campaign",
    "campaign_id": "701000000000001AAA",
    "campaign": "Spring",
    "type": "Webinar",
    "old": "Registered",
    "new": "Attended",
    "responded": True,
}
ADDED = {**MOVED, "trigger": "Added to SFDC Campaign", "old": None, "new": "Sent", "responded": False}
REMOVED = {**MOVED, "trigger": "Removed from SFDC Campaign", "old": "Sent", "new": None, "responded": None}
TITLE = {"trigger": "Data Value Changes", "field": "title", "old": None, "new": "Head of Marketing"}


def events(*changes: dict[str, Any]) -> pl.DataFrame:
    rows = [
        {"entry_id": number, "person_id": number, **change} for number, change in enumerate(changes, start=1)
    ]
    return pl.DataFrame(rows, schema=EVENTS)


def watching(number: int, *triggers: dict[str, Any], since: int = 0) -> Watching:
    read = read_definition("x", {"triggers": list(triggers)})
    return Watching(smart_campaign_id=number, since_entry=since, triggers=read.smart_list.triggers)


def fires(trigger: dict[str, Any], change: dict[str, Any]) -> bool:
    return not TriggerIndex([watching(1, trigger)]).fired(events(change)).is_empty()


@pytest.mark.parametrize(
    ("constraints", "change", "wanted"),
    [
        ({}, MOVED, True),
        ({"campaign": "spring "}, MOVED, True),
        ({"campaign": "701000000000001AAA"}, MOVED, True),
        ({"campaign": "Summer"}, MOVED, False),
        ({"campaign": ["Summer", "Spring"]}, MOVED, True),
        ({"campaign": {"is not": "Spring"}}, MOVED, False),
        ({"campaign": {"is not": "701000000000001AAA"}}, MOVED, False),
        ({"campaign": {"is not": "Summer"}}, MOVED, True),
        ({"type": "webinar"}, MOVED, True),
        ({"type": {"is not": "Webinar"}}, MOVED, False),
        ({"new status": "Attended", "previous status": "Registered"}, MOVED, True),
        ({"new status": "Attended", "previous status": "Invited"}, MOVED, False),
        ({"new status": {"contains": "TEND"}}, MOVED, True),
        ({"new status": {"does not start with": "att"}}, MOVED, False),
        ({"responded": True}, MOVED, True),
        ({"responded": False}, MOVED, False),
        ({"status": "Sent"}, ADDED, True),
        ({"status": "Registered"}, ADDED, False),
        ({"status": "Sent"}, REMOVED, True),
        ({"status": {"is not": "Sent"}}, REMOVED, False),
        ({"field": "title"}, TITLE, True),
        ({"field": "title", "previous value": {"is empty": True}}, TITLE, True),
        ({"field": "title", "new value": {"contains": "head"}}, TITLE, True),
        ({"field": "company"}, TITLE, False),
    ],
)
def test_a_trigger_fires_for_what_its_constraints_say(
    constraints: dict[str, Any], change: dict[str, Any], wanted: bool
) -> None:
    assert fires({"trigger": change["trigger"], **constraints}, change) is wanted


def test_a_trigger_of_another_kind_does_not_fire() -> None:
    assert not fires({"trigger": "Added to SFDC Campaign"}, MOVED)


def test_a_smart_campaign_fires_once_a_change_however_many_of_its_triggers_match() -> None:
    """M10.7."""
    both = watching(7, {"trigger": MOVED["trigger"]}, {"trigger": MOVED["trigger"], "campaign": "Spring"})
    assert TriggerIndex([both]).fired(events(MOVED)).height == 1


def test_changes_fire_in_their_order_and_none_from_before_the_activation() -> None:
    index = TriggerIndex([watching(1, {"trigger": MOVED["trigger"]}, since=1)])
    assert index.fired(events(MOVED, ADDED, MOVED, MOVED)).rows() == [(1, 3, 3), (1, 4, 4)]


def test_a_request_fires_the_smart_campaign_that_was_requested() -> None:
    request = {"trigger": "Campaign is Requested", "field": "2", "new": "Second"}
    index = TriggerIndex(watching(number, {"trigger": "Campaign is Requested"}) for number in (1, 2, 3))
    assert index.fired(events(request))["smart_campaign_id"].to_list() == [2]


@pytest.mark.parametrize("campaigns", [10, 1000])
def test_a_change_is_compared_with_as_many_triggers_as_can_match_however_many_there_are(
    campaigns: int,
) -> None:
    index = TriggerIndex(
        watching(number, {"trigger": MOVED["trigger"], "campaign": f"Campaign {number}"})
        for number in range(campaigns)
    )
    changes = [
        {**MOVED, "campaign": f"Campaign {number % 5}", "campaign_id": f"701{number % 5}"}
        for number in range(100)
    ]
    assert index.fired(events(*changes)).height == 100
    assert index.comparisons == 5
