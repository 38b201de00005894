"""Smart campaigns end to end: a change on either side fires, people are taken through the flow, Salesforce follows."""

from __future__ import annotations

from typing import Any

import pytest

from campaignsync.runtime.flow_runner import FlowReport, run_flows
from campaignsync.store.frames import execute
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


def test_the_first_read_of_an_org_fires_nothing_and_what_follows_does(desk: Desk, follow_up: str) -> None:
    """M10.3, M3.1: every member is new to us then, and nobody did anything."""
    member_there(desk, follow_up, "ann", "Sent")
    known(desk, "ann", "ben")
    activated(
        desk, "Echo", triggers=[{"trigger": "Added to SFDC Campaign"}], flow=[in_notes("{{trigger.new}}")]
    )
    desk.link()
    desk.sync()
    flows(desk)
    assert told(desk, "Echo") == []
    member_there(desk, follow_up, "ben", "Responded")
    desk.sync()
    flows(desk)
    assert told(desk, "Echo") == [("ben", "done", "")]


@pytest.mark.parametrize("copies", [True, False])
def test_who_was_a_lead_long_before_is_known_by_the_address_too(
    desk: Desk, follow_up: str, *, copies: bool
) -> None:
    """M10.3, M7.3, S1.3.9: made before we looked or after it, in a campaign that nobody is linked with."""
    desk.org.switch(member_copies_readable=copies)
    first = desk.org.create("Lead", LastName="Ann", Company="Northwind", Email="ann@example.com")
    known(desk, "ann", "ben")
    activated(
        desk, "Echo", triggers=[{"trigger": "Added to SFDC Campaign"}], flow=[in_notes("{{trigger.new}}")]
    )
    desk.link()
    desk.sync()
    second = desk.org.create("Lead", LastName="Ben", Company="Northwind", Email="ben@example.com")
    desk.sync()
    desk.org.control("POST", "/sandbox/clock", {"advance_s": 86_400})
    desk.org.forget_token()
    desk.sync()
    for lead in (first, second):
        desk.org.create("CampaignMember", CampaignId=follow_up, LeadId=lead, Status="Sent")
    desk.sync()
    flows(desk)
    assert told(desk, "Echo") == [("ann", "done", ""), ("ben", "done", "")]


SEEN = [
    ("Added to SFDC Campaign", {}, ["ann Sent", "ben Responded", "cid Sent"]),
    ("Added to SFDC Campaign", {"campaign": "Follow Up"}, ["ann Sent", "ben Responded"]),
    ("Added to SFDC Campaign", {"campaign": {"is not": "Follow Up"}}, ["cid Sent"]),
    (
        "Added to SFDC Campaign",
        {"campaign": ["Follow Up", "Other"]},
        ["ann Sent", "ben Responded", "cid Sent"],
    ),
    ("Added to SFDC Campaign", {"type": "Webinar"}, ["cid Sent"]),
    ("Added to SFDC Campaign", {"status": "sent"}, ["ann Sent", "cid Sent"]),
    ("Added to SFDC Campaign", {"responded": True}, ["ben Responded"]),
    ("Status is Changed in SFDC Campaign", {}, ["ann Responded", "ben Sent"]),
    ("Status is Changed in SFDC Campaign", {"new status": "Responded"}, ["ann Responded"]),
    ("Status is Changed in SFDC Campaign", {"previous status": "Responded"}, ["ben Sent"]),
    ("Status is Changed in SFDC Campaign", {"responded": False}, ["ben Sent"]),
    ("Status is Changed in SFDC Campaign", {"type": {"is not": "Webinar"}}, ["ann Responded", "ben Sent"]),
    ("Status is Changed in SFDC Campaign", {"campaign": "Other"}, []),
    ("Removed from SFDC Campaign", {}, ["ann ", "cid "]),
    ("Removed from SFDC Campaign", {"type": "Webinar", "status": "Sent"}, ["cid "]),
    ("Removed from SFDC Campaign", {"status": {"is not": "Sent"}}, ["ann "]),
]


def test_each_trigger_of_campaigns_fires_by_each_of_its_constraints(desk: Desk, follow_up: str) -> None:
    """M10.1: by campaign (is, is not, any), type, status, new and previous status, responded; none but those that are meant."""
    other = desk.org.create("Campaign", Name="Other", Type="Webinar", IsActive=True)
    known(desk, "ann", "ben", "cid")
    desk.link()
    desk.sync()
    for number, (trigger, constraints, _) in enumerate(SEEN):
        activated(
            desk,
            str(number),
            triggers=[{"trigger": trigger, **constraints}],
            qualification="every time",
            flow=[in_notes(f"{number}")],
        )
    for campaign, name, status in (
        (follow_up, "ann", "Sent"),
        (follow_up, "ben", "Responded"),
        (other, "cid", "Sent"),
    ):
        member_there(desk, campaign, name, status)
    desk.sync()
    flows(desk)
    for name, status in (("ann", "Responded"), ("ben", "Sent")):
        desk.org.update("CampaignMember", desk.org.member_id(follow_up, f"{name}@example.com"), Status=status)
    desk.sync()
    flows(desk)
    for campaign, name in ((follow_up, "ann"), (other, "cid")):
        desk.org.delete("CampaignMember", desk.org.member_id(campaign, f"{name}@example.com"))
    desk.sync()
    flows(desk)
    assert {number: brought(desk, str(number)) for number in range(len(SEEN))} == {
        number: wanted for number, (_, _, wanted) in enumerate(SEEN)
    }


def brought(desk: Desk, name: str) -> list[str]:
    """Whom a smart campaign let in, and the new status that brought them."""
    from campaignsync.store.frames import rows

    found = rows(
        "SELECT p.email, j.event->>'new' AS new FROM store_journey j JOIN store_person p ON p.id = j.person_id"
        " JOIN store_smartcampaign s ON s.id = j.smart_campaign_id WHERE s.name = %s ORDER BY j.id",
        (name,),
    )
    return sorted(f"{row['email'].split('@')[0]} {row['new'] or ''}" for row in found)


def in_notes(text: str) -> dict[str, Any]:
    return {"action": "Change Data Value", "field": "notes", "value": text}


def member_there(desk: Desk, campaign: str, name: str, status: str) -> None:
    desk.org.add_lead(campaign, f"{name}@example.com", status, LastName=name)


def known(desk: Desk, *names: str) -> None:
    """People whom only we know."""
    from campaignsync.store import models

    for name in names:
        models.Person.objects.create(email=f"{name}@example.com", last_name=name, company="Some Company")


def batch(desk: Desk, name: str, *flow: dict[str, Any], **definition: Any) -> FlowReport:
    saved(desk, name, flow=list(flow), qualification="every time", **definition)
    desk.app.smart_campaigns.run(name, who="ada")
    return flows(desk)


def told(desk: Desk, name: str) -> list[tuple[str, str, str]]:
    """Who, outcome, why, by name."""
    listed = desk.app.smart_campaigns.people(name, limit=1000)
    return sorted((row["email"].split("@")[0], row["outcome"], row["message"]) for row in listed)


def test_actions_in_salesforce_keep_to_the_contract(desk: Desk, follow_up: str) -> None:
    """M9.1–M9.4: who is a member is not added anew, who is none is not removed, who is not there is made a lead first."""
    desk.link()
    member_there(desk, follow_up, "ann", "Sent")
    member_there(desk, desk.campaign, "ann2", "Invited")
    desk.sync()
    known(desk, "ann", "ben")
    only = {
        "filters": [
            {"filter": "Person Field", "field": "email", "value": ["ann@example.com", "ben@example.com"]}
        ]
    }
    add = {"action": "Add to SFDC Campaign", "campaign": follow_up}
    # Ann is a member there and nobody here is joined to that lead yet: she is found by her address.
    batch(desk, "Add", {**add, "status": "Responded"}, **only)
    assert desk.org.members(follow_up) == {"ann@example.com": "Sent", "ben@example.com": "Responded"}
    already = "Is a member of the campaign already, with the status 'Sent'."
    assert told(desk, "Add") == [("ann", "skipped", already), ("ben", "done", "")]
    change = {"action": "Change Status in SFDC Campaign", "campaign": follow_up, "status": "responded"}
    batch(desk, "Change", change, **only)
    assert told(desk, "Change") == [("ann", "done", ""), ("ben", "skipped", "Has the status already.")]
    remove = {"action": "Remove from SFDC Campaign", "campaign": follow_up}
    batch(desk, "Remove", remove, remove, **only)
    assert desk.org.members(follow_up) == {}
    assert told(desk, "Remove") == sorted(
        (name, *came)
        for name in ("ann", "ben")
        for came in (("done", ""), ("skipped", "Is no member of the campaign."))
    )


def test_what_a_flow_names_and_is_gone_is_told_where_the_marketer_looks(desk: Desk, follow_up: str) -> None:
    known(desk, "ann")
    desk.link()
    gone = desk.org.create("Campaign", Name="Gone", IsActive=True)
    desk.sync()
    desk.org.delete("Campaign", gone)
    desk.sync()
    add = {"action": "Add to SFDC Campaign"}
    batch(
        desk,
        "Add",
        {**add, "campaign": gone, "status": "Sent"},
        {**add, "campaign": "Follow Up", "status": "Sold"},
        {**add, "campaign": "Nowhere"},
        {**add, "campaign": "Follow Up"},
    )
    assert desk.org.members(follow_up) == {"ann@example.com": "Sent"}
    assert results(desk, "Add") == [
        (1, "failed", f"The campaign '{gone}' was deleted in Salesforce.", 1),
        (2, "failed", "The campaign 'Follow Up' has no status 'Sold'.", 1),
        (3, "failed", "There is no campaign 'Nowhere' in what was seen of Salesforce.", 1),
        (4, "done", "", 1),
    ]
    assert desk.app.smart_campaigns.show("Add")["faults"] == [
        f"step 1: the campaign '{gone}' is not there, or was deleted.",
        "step 2: the campaign 'Follow Up' has no status 'Sold', so that this can never be.",
        "step 3: the campaign 'Nowhere' is not there, or was deleted.",
    ]


def test_in_a_linked_program_nobody_is_made_a_lead_by_a_flow(desk: Desk, follow_up: str) -> None:
    """M4.6."""
    desk.link()
    desk.sync()
    known(desk, "ann")
    add = {"action": "Add to SFDC Campaign", "campaign": follow_up, "status": "Sent"}
    batch(desk, "Child", add, program="Spring Webinar")
    assert desk.org.members(follow_up) == {}
    ((_, outcome, message),) = told(desk, "Child")
    assert (outcome, "M4.6" in message) == ("skipped", True)


def test_a_refusal_is_told_in_the_words_of_salesforce_and_keeps_nobody_else(
    desk: Desk, follow_up: str
) -> None:
    desk.link()
    desk.sync()
    desk.choose(default_company="")
    known(desk, "ann")
    from campaignsync.store import models

    models.Person.objects.create(email="ben@example.com", last_name="Ben")
    desk.app.registry.connection("org")
    batch(desk, "Add", {"action": "Add to SFDC Campaign", "campaign": follow_up, "status": "Sent"})
    assert desk.org.members(follow_up) == {"ann@example.com": "Sent"}
    refused = [(name, message) for name, outcome, message in told(desk, "Add") if outcome == "refused"]
    assert [name for name, _ in refused] == ["ben"]
    assert "REQUIRED_FIELD_MISSING" in refused[0][1]


class DyingDoor:
    """A door to the org whose process dies around its writes of members."""

    def __init__(self, door: Any, *, before: bool) -> None:
        self._door, self._before = door, before

    def __getattr__(self, name: str) -> Any:
        return getattr(self._door, name)

    def write_members(self, *arguments: Any) -> Any:
        if self._before:
            raise KeyboardInterrupt
        yield from [*self._door.write_members(*arguments)][:0]
        raise KeyboardInterrupt


@pytest.mark.parametrize("before", [True, False])
def test_dying_around_a_write_does_it_once(desk: Desk, follow_up: str, before: bool) -> None:
    from dataclasses import replace

    known(desk, "ann", "ben")
    desk.link()
    desk.sync()
    activated(
        desk,
        "Echo",
        triggers=[{"trigger": "Added to SFDC Campaign", "campaign": follow_up}],
        qualification="every time",
        flow=[{"action": "Change Data Value", "field": "notes", "value": "seen"}],
    )
    saved(desk, "Add", flow=[{"action": "Add to SFDC Campaign", "campaign": follow_up, "status": "Sent"}])
    desk.app.smart_campaigns.run("Add", who="ada")
    doors = desk.app.flow_doors
    with pytest.raises(KeyboardInterrupt):
        run_flows(replace(doors, open_door=lambda each: DyingDoor(doors.open_door(each), before=before)))
    flows(desk)
    assert desk.org.members(follow_up) == {"ann@example.com": "Sent", "ben@example.com": "Sent"}
    assert told(desk, "Add") == [("ann", "done", ""), ("ben", "done", "")]
    assert [name for name, *_ in told(desk, "Echo")] == ["ann", "ben"]


def let_all_be_due() -> None:
    execute("UPDATE store_command SET due_at = now() - interval '1 hour'")


def test_a_step_whose_answer_was_lost_is_not_done_again_when_somebody_undid_it_meanwhile(
    desk: Desk, follow_up: str
) -> None:
    """M9.8: their edit came later; what was seen done by us since counts as done."""
    from dataclasses import replace

    desk.link()
    member_there(desk, desk.campaign, "ann", "Invited")
    desk.sync()
    step = {"action": "Change Status in SFDC Campaign", "campaign": follow_up, "status": "Sent"}
    saved(desk, "Send", flow=[step])
    desk.app.smart_campaigns.run("Send", who="ada")
    doors = desk.app.flow_doors
    with pytest.raises(KeyboardInterrupt):
        run_flows(replace(doors, open_door=lambda each: DyingDoor(doors.open_door(each), before=False)))
    assert desk.org.members(follow_up) == {"ann@example.com": "Sent"}
    desk.sync()
    member = desk.org.member_id(follow_up, "ann@example.com")
    desk.org.update("CampaignMember", member, Status="Responded")
    let_all_be_due()
    flows(desk)
    assert desk.org.members(follow_up) == {"ann@example.com": "Responded"}
    assert told(desk, "Send") == [("ann", "done", "")]


ADD = {"action": "Add to SFDC Campaign", "status": "Sent"}
CHANGE = {"action": "Change Status in SFDC Campaign", "status": "Responded"}


@pytest.mark.parametrize(
    ("step", "stood", "stands", "outcome"),
    [
        (ADD, False, "Sent", "skipped"),
        (CHANGE, False, "Responded", "done"),
        (CHANGE, True, "Responded", "done"),
        ({"action": "Remove from SFDC Campaign"}, True, None, "done"),
    ],
)
def test_who_came_or_left_in_salesforce_since_we_looked_is_refused_nothing(
    desk: Desk, follow_up: str, step: dict[str, str], stood: bool, stands: str | None, outcome: str
) -> None:
    """M9.2-M9.4: who is there already is skipped; else we look, and try again."""
    desk.link()
    member_there(desk, desk.campaign, "ann", "Invited")
    person = desk.org.query("SELECT Id FROM Lead")[0]["Id"]
    there = {"CampaignId": follow_up, "LeadId": person, "Status": "Sent"}
    if stood:
        desk.org.create("CampaignMember", **there)
    desk.sync()
    if stood:
        desk.org.delete("CampaignMember", desk.org.member_id(follow_up, "ann@example.com"))
    else:
        desk.org.create("CampaignMember", **there)
    saved(desk, "Do", flow=[{**step, "campaign": follow_up}])
    desk.app.smart_campaigns.run("Do", who="ada")
    for _ in range(2):
        flows(desk)
        let_all_be_due()
    assert desk.org.members(follow_up) == ({"ann@example.com": stands} if stands else {})
    assert [done for _, done, _ in told(desk, "Do")] == [outcome]


def test_a_circle_through_salesforce_and_back_is_halted(desk: Desk) -> None:
    desk.give(ann="Invited")
    desk.link()
    desk.sync()
    change = {"action": "Change Status in SFDC Campaign", "campaign": WEBINAR}
    for name, seen, then in (("Up", "Attended", "No Show"), ("Down", "No Show", "Attended")):
        activated(
            desk,
            name,
            triggers=[
                {"trigger": "Status is Changed in SFDC Campaign", "campaign": WEBINAR, "new status": seen}
            ],
            qualification="every time",
            flow=[{**change, "status": then}],
        )
    desk.org.update("CampaignMember", desk.org.member_id(desk.campaign, "ann@example.com"), Status="No Show")
    desk.sync()
    flows(desk)
    found = {row["name"]: (row["state"], row["reason"]) for row in desk.app.smart_campaigns.list()}
    assert sorted(state for state, _ in found.values()) == ["active", "halted"]
    (reason,) = [reason for state, reason in found.values() if state == "halted"]
    assert "It goes round in a circle: its own 'Change Status in SFDC Campaign'" in reason


def test_a_batch_of_many_leaves_in_bulk(desk: Desk, follow_up: str) -> None:
    from campaignsync.store.frames import execute

    desk.link()
    desk.sync()
    execute(
        "INSERT INTO store_person (email, last_name, company, custom, created_at) SELECT 'p' || n ||"
        " '@example.com', 'P', 'C', '{}', now()"
        " FROM generate_series(1, 600) n"
    )
    before = desk.org.calls()
    add = {"action": "Add to SFDC Campaign", "campaign": follow_up, "status": "Sent"}
    report = batch(
        desk, "All", add, {**add, "action": "Change Status in SFDC Campaign", "status": "Responded"}
    )
    assert report.commands == 1200
    assert set(desk.org.members(follow_up).values()) == {"Responded"}
    # Three calls of 200 for leads, members, statuses, each; and those that find people and look at the org.
    assert desk.org.calls() - before < 40


def test_sync_person_makes_leads_gives_them_an_owner_and_no_contact_to_a_queue(desk: Desk) -> None:
    """M9.5."""
    desk.link()
    desk.org.create("Contact", LastName="Cid", Email="cid@example.com")
    member_there(desk, desk.campaign, "ben", "Invited")
    desk.sync()
    known(desk, "ann", "cid")
    queue = desk.org.create("Group", Name="Leads", DeveloperName="Leads", Type="Queue")
    sync = {"action": "Sync Person to SFDC"}
    batch(desk, "Sync", {**sync, "assign to": queue}, {**sync, "assign to": "701000000000001AAA"})
    owners = {row["Email"]: row["OwnerId"] for row in desk.org.query("SELECT Email, OwnerId FROM Lead")}
    assert owners["ann@example.com"] == queue
    assert owners["ben@example.com"] != queue
    assert [(name, outcome) for name, outcome, why in told(desk, "Sync") if "neither a user" not in why] == [
        ("ann", "done"),
        ("ben", "skipped"),
        ("cid", "refused"),
    ]
