"""Flows are killed at random moments, two workers at once: no step is done twice, none is left out, and every change fires once,
in order per person (M9.8, M10.3)."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from typing import Any

from campaignsync.domain.statuses import DEFAULT_CHANNELS
from desk import Desk
from simulation.real.bearing import Cradle

KILLS = int(os.environ.get("CAMPAIGNSYNC_FLOW_KILLS", "80"))
KILLS_A_TURN = 10
SEED = 20_261_129
STEPS = {s.name: s.step for c in DEFAULT_CHANNELS if c.name == "Webinar" for s in c.statuses}
ANY_TIME = {"qualification": "every time"}


def defined(desk: Desk, follow_up: str) -> None:
    """A flow with waits and steps in Salesforce, one that it requests, one that its doing in Salesforce fires, and one that
    remembers what fired it."""
    campaign = {"campaign": follow_up}
    smart = desk.app.smart_campaigns
    for name in ("Seen", "Asked", "Heard"):
        smart.shelf.make_list(name)
    desk.app.registry.create_program("Nurture", "Webinar", {})
    definitions: dict[str, Any] = {
        "Second": {
            "triggers": [{"trigger": "Campaign is Requested"}],
            "flow": [{"action": "Add to List", "list": "Asked"}],
        },
        "Echo": {
            "triggers": [
                {"trigger": "Added to SFDC Campaign", **campaign},
                {"trigger": "Status is Changed in SFDC Campaign", **campaign},
            ],
            "flow": [{"action": "Change Data Value", "field": "title", "value": "{{trigger.new}}"}],
            **ANY_TIME,
        },
        "Order": {
            "triggers": [{"trigger": "Program Status is Changed", "program": desk.program}],
            "flow": [{"action": "Change Data Value", "field": "notes", "value": "{{trigger.new}}"}],
            **ANY_TIME,
        },
        "Welcome": {
            "triggers": [{"trigger": "Added to Program", "program": desk.program}],
            "flow": [
                {"action": "Add to List", "list": "Seen"},
                {"action": "Add to SFDC Campaign", **campaign, "status": "Sent"},
                {"action": "Wait", "for": "1 hour"},
                {"action": "Change Program Status", "program": "Nurture", "status": "Invited"},
                {"action": "Request Campaign", "smart campaign": "Second"},
                {"action": "Change Status in SFDC Campaign", **campaign, "status": "Responded"},
                {"action": "Wait", "for": "30 days"},
                {"action": "Add to List", "list": "Heard"},
            ],
        },
    }
    for name, definition in definitions.items():
        smart.save(name, definition, who="ada")
        smart.activate(name)


class Marketing:
    """Who brings in people and moves them forward."""

    def __init__(self, desk: Desk, chance: random.Random) -> None:
        self.desk, self.chance = desk, chance
        self.statuses: dict[str, list[str]] = {}

    def some(self) -> None:
        for _ in range(4):
            name = f"person{len(self.statuses) + 1}"
            self.desk.give(**{name: "Invited"})
            self.statuses[name] = ["Invited"]
        for name in self.chance.sample(sorted(self.statuses), 3):
            told = self.statuses[name]
            wanted = self.chance.choice(list(STEPS))
            if STEPS[wanted] > STEPS[told[-1]]:
                self.desk.give(**{name: wanted})
                told.append(wanted)


def test_flows_that_are_killed_repeat_no_step_and_leave_none_out(desk: Desk) -> None:
    chance, killed, ahead_s = random.Random(SEED), 0, 0
    follow_up = desk.org.create("Campaign", Name="Follow Up", IsActive=True)
    desk.link()
    desk.sync()
    defined(desk, follow_up)
    first, second = Cradle(desk, "flows"), Cradle(desk, "flows")
    marketing, longest_s = Marketing(desk, chance), 0.0
    while killed < KILLS:
        marketing.some()
        longest_s = longest_s or first.lifetime_s(ahead_s)
        for _ in range(KILLS_A_TURN // 2):
            moments = chance.uniform(0, longest_s), chance.uniform(0, longest_s)
            killed += killed_both(first, second, moments, ahead_s)
        ahead_s += 2 * 3600
    # A command that was sent waits for a turn with the org that its dead sender may still seem to have; then all waits are over.
    for _ in range(6):
        ahead_s += 31 * 24 * 3600
        first.lifetime_s(ahead_s)
    for cradle in (first, second):
        cradle.over()
    told(desk, marketing, follow_up)
    print(f"killed: {killed} times, people: {len(marketing.statuses)}")


def killed_both(first: Cradle, second: Cradle, moments: tuple[float, float], ahead_s: int) -> int:
    """Two workers at once, each killed at its moment; how many were killed at work."""
    began, ended = time.monotonic(), 0
    living = sorted(
        (
            (moment, cradle, cradle.born(ahead_s))
            for moment, cradle in zip(moments, (first, second), strict=True)
        ),
        key=lambda each: each[0],
    )
    for moment, cradle, child in living:
        while time.monotonic() < began + moment:
            time.sleep(0.001)
        ended += cradle.ended(child)
    return ended


def told(desk: Desk, marketing: Marketing, follow_up: str) -> None:
    """What must have come of it."""
    from campaignsync.store.frames import rows

    everybody = {f"{name}@example.com" for name in marketing.statuses}
    steps = rows(
        "SELECT s.name, p.email, j.id AS journey, j.state, array_agg(r.step ORDER BY r.id) AS steps,"
        " array_agg(DISTINCT r.outcome) AS outcomes, array_agg(r.message) AS said, j.event->>'new' AS new FROM store_journey j"
        " JOIN store_smartcampaign s ON s.id = j.smart_campaign_id JOIN store_person p ON p.id = j.person_id"
        " LEFT JOIN store_stepresult r ON r.journey_id = j.id GROUP BY j.id, s.id, p.id ORDER BY j.id"
    )
    length = {"Second": 1, "Echo": 1, "Order": 1, "Welcome": 8}
    assert [row for row in steps if row["steps"] != list(range(length[row["name"]]))] == []
    assert [row for row in steps if row["state"] != "done" or row["outcomes"] != ["done"]] == []
    for name in ("Welcome", "Second"):
        assert Counter(row["email"] for row in steps if row["name"] == name) == Counter(everybody)
    came = {
        email: [r["new"] for r in steps if (r["name"], r["email"]) == ("Echo", email)] for email in everybody
    }
    assert came == {email: ["Sent", "Responded"] for email in everybody}
    moved = {
        name: [row["new"] for row in steps if (row["name"], row["email"]) == ("Order", f"{name}@example.com")]
        for name in marketing.statuses
    }
    assert moved == {name: told[1:] for name, told in marketing.statuses.items()}
    assert desk.org.members(follow_up) == dict.fromkeys(everybody, "Responded")
    leads = [row["Email"] for row in desk.org.query("SELECT Email FROM Lead")]
    assert Counter(leads) == Counter(everybody)
