"""Quiet means quiet: a round plans the links for which something may have to be done, and never misses one (section 2.8)."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from types import FrameType

import pytest

from campaignsync.bootstrap import Application
from campaignsync.domain.ids import LinkId
from campaignsync.domain.programs import PeriodCost
from campaignsync.domain.statuses import Channel, ProgressionStatus
from campaignsync.runtime.rounds import Round, run_round
from campaignsync.store.frames import execute, rows
from desk import Desk, login
from ready_database import empty_tables
from sandbox_org import SandboxOrg


def whole_round(desk: Desk) -> Round:
    return run_round(desk.app.door(desk.connection), desk.app.ledger, desk.connection)


def due(desk: Desk) -> tuple[LinkId, ...]:
    return desk.app.ledger.links_due(desk.connection.connection_id)


@pytest.fixture
def calm(desk: Desk) -> Desk:
    """A link of two members that are the same on both sides, and nothing more to be done."""
    desk.give(ada="Registered", ben="Invited")
    desk.link()
    for _ in range(3):
        whole_round(desk)
    assert due(desk) == ()
    desk.org.control("POST", "/sandbox/clock", {"advance_s": 86_400})
    return desk


def _costs(desk: Desk) -> None:
    desk.app.registry.set_cost(
        desk.program, PeriodCost(month=date(2026, 3, 1), amount=Decimal(7), currency="USD", note="")
    )


def _policy(desk: Desk) -> None:
    desk.app.registry.set_policy(desk.app.registry.link_of(desk.program)[0], {"winner": "program"})


def _status_here(desk: Desk) -> None:
    desk.give(ada="Attended")


def _leaves(desk: Desk) -> None:
    desk.app.members.remove(desk.program, "ben@example.com", who="ada")


def _rates(desk: Desk) -> None:
    desk.app.registry.set_currency(desk.connection.connection_id, "EUR", {})


def _alias(desk: Desk) -> None:
    desk.app.registry.set_alias("Webinar", "Online Event")


def _new_status_of_the_channel(desk: Desk) -> None:
    execute(
        "INSERT INTO store_progressionstatus (channel_id, name, step, success)"
        " SELECT channel_id, 'Waited', 15, false FROM store_program"
    )


@pytest.mark.parametrize(
    "change", [_costs, _policy, _status_here, _leaves, _rates, _alias, _new_status_of_the_channel]
)
def test_what_changes_on_our_side_makes_the_link_due(calm: Desk, change: Callable[[Desk], None]) -> None:
    change(calm)
    assert len(due(calm)) == 1
    for _ in range(3):
        whole_round(calm)
    assert due(calm) == ()


def _status_there(desk: Desk) -> None:
    member = desk.org.member_id(desk.campaign, "ada@example.com")
    desk.org.update("CampaignMember", member, Status="Attended")


def _removed_there(desk: Desk) -> None:
    desk.org.delete("CampaignMember", desk.org.member_id(desk.campaign, "ada@example.com"))


def _added_there(desk: Desk) -> None:
    desk.org.add_lead(desk.campaign, "cy@example.com", "Registered")


def _type_there(desk: Desk) -> None:
    desk.org.update("Campaign", desk.campaign, Type="Other")


def _label_there(desk: Desk) -> None:
    desk.org.create("CampaignMemberStatus", CampaignId=desk.campaign, Label="Late", SortOrder=9)


def _converted_there(desk: Desk) -> None:
    desk.org.convert(desk.org.query("SELECT Id FROM Lead WHERE Email = 'ada@example.com'")[0]["Id"])


def _deleted_there(desk: Desk) -> None:
    desk.org.delete("Lead", desk.org.query("SELECT Id FROM Lead WHERE Email = 'ada@example.com'")[0]["Id"])


@pytest.mark.parametrize(
    "change",
    [
        _status_there,
        _removed_there,
        _added_there,
        _type_there,
        _label_there,
        _converted_there,
        _deleted_there,
    ],
)
def test_what_changes_there_is_planned_in_the_round_that_sees_it(
    calm: Desk, change: Callable[[Desk], None]
) -> None:
    change(calm)
    runs = len(rows("SELECT id FROM store_run"))
    whole_round(calm)
    assert len(rows("SELECT id FROM store_run")) == runs + 1
    for _ in range(2):
        whole_round(calm)
    assert due(calm) == ()
    assert calm.here() == calm.there() or change is _deleted_there


def test_a_quiet_round_plans_nothing_and_still_tells_of_every_link(calm: Desk) -> None:
    runs = rows("SELECT count(*) AS n FROM store_run")
    told = whole_round(calm)
    assert rows("SELECT count(*) AS n FROM store_run") == runs
    assert [(each.program, each.halted, each.program_changes) for each in told.reports] == [
        ("Spring Webinar", None, 0)
    ]
    assert told.api_calls == 2


def test_a_link_that_waits_is_told_of_and_not_planned(calm: Desk) -> None:
    """M6.9."""
    calm.org.update("Campaign", calm.campaign, IsActive=False)
    (report,) = whole_round(calm).reports
    assert "inactive" in str(report.halted)
    calm.org.update("Campaign", calm.campaign, IsActive=True)
    assert whole_round(calm).reports[0].halted is None


def test_a_change_that_comes_after_the_trees_were_read_keeps_its_mark(calm: Desk) -> None:
    """A mark is taken away by the plan that saw it, and by no other."""
    calm.give(ada="Attended")
    ledger, (link,) = calm.app.ledger, due(calm)
    seen = ledger.trees(link)
    assert seen.mark is not None
    calm.give(ben="No Show")
    ledger.settle_mark(link, seen.mark)
    assert due(calm) == (link,)
    again = ledger.trees(link)
    assert again.mark is not None
    ledger.settle_mark(link, again.mark)
    assert due(calm) == ()


def test_a_refused_write_is_due_when_its_time_has_come(calm: Desk) -> None:
    """docs/adr/0004: nothing changes then, only time passes."""
    member = calm.org.member_id(calm.campaign, "ada@example.com")
    calm.org.control("POST", "/sandbox/locks", {"ids": [member], "seconds": 3_600})
    calm.give(ada="Attended")
    for _ in range(2):
        whole_round(calm)
    assert due(calm) == ()
    calm.org.control("DELETE", "/sandbox/locks")
    execute("UPDATE store_problem SET retry_at = now() - interval '1 second' WHERE noun = 'member'")
    assert len(due(calm)) == 1
    whole_round(calm)
    assert calm.equal()["ada@example.com"] == "Attended"


def test_a_write_that_nobody_heard_of_keeps_its_link_due(calm: Desk) -> None:
    """S0.2."""
    calm.give(ada="Attended")
    calm.org.control(
        "POST",
        "/sandbox/faults",
        {"rules": [{"match": {"path": "/composite$", "nth": 3}, "times": 1, "action": {"drop": "after"}}]},
    )
    assert whole_round(calm).reports[0].unknown == 1
    assert len(due(calm)) == 1
    whole_round(calm)
    assert calm.equal()["ada@example.com"] == "Attended"


def test_links_that_ran_before_go_before_first_loads(calm: Desk) -> None:
    """Small urgent changes do not wait behind a backfill."""
    registry = calm.app.registry
    first = registry.link_of(calm.program)[0]
    registry.create_program("Autumn Webinar", "Webinar", {})
    second = replace(calm, program="Autumn Webinar")
    second.link()
    (newer,) = set(due(calm)) - {first}
    calm.give(ada="Attended")
    assert due(calm) == (first, newer)


def test_the_counts_of_each_campaign_are_kept_as_members_come_and_go(calm: Desk) -> None:
    calm.give(cy="Invited", di="Invited")
    whole_round(calm)
    _leaves(calm)
    whole_round(calm)
    kept = "SELECT rows FROM store_mirrorcount WHERE object = 'CampaignMember'"
    assert rows(kept) == [{"rows": 3}] == rows("SELECT count(*) AS rows FROM store_campaignmember")


def test_a_quiet_round_over_five_thousand_campaigns_takes_three_calls(desk: Desk) -> None:
    """Counts of 5,000 campaigns ride in what is left of two calls, and in a third; runs of links that are not due take none."""
    campaigns = [{"type": "Campaign", "Name": f"C {number}", "IsActive": True} for number in range(5_000)]
    desk.org.control("POST", "/sandbox/seed", {"records": campaigns})
    whole_round(desk)
    desk.org.control("POST", "/sandbox/clock", {"advance_s": 86_400})
    desk.org.forget_token()
    whole_round(desk)
    assert whole_round(desk).api_calls == 3


def test_a_quiet_round_reads_no_more_where_there_are_ten_times_the_members(
    app: Application, org: SandboxOrg
) -> None:
    """Sixty links: as many calls, bytes of Salesforce's answers and calls of our functions with 3,600 members as with 360."""

    def quiet(leads: int) -> tuple[int, int, int]:
        desk = sixty_links(app, org, leads)
        while due(desk):
            whole_round(desk)
        org.control("POST", "/sandbox/clock", {"advance_s": 86_400})
        org.forget_token()
        whole_round(desk)
        org.control("POST", "/sandbox/reset", {"only": ["calls"]})
        functions = [0]

        def count(frame: FrameType, event: str, _: object) -> None:
            functions[0] += event == "call" and frame.f_globals.get("__name__", "").startswith(
                "campaignsync."
            )

        sys.setprofile(count)
        try:
            done = whole_round(desk)
        finally:
            sys.setprofile(None)
        assert len(done.reports) == 60
        return done.api_calls, sum(org.control("GET", "/sandbox/calls")["bytes"].values()), functions[0]

    few, many = quiet(6), quiet(60)
    assert few[0] == many[0] <= 5
    assert many[1] < few[1] * 1.1
    assert many[2] < few[2] * 1.1


def sixty_links(app: Application, org: SandboxOrg, leads: int) -> Desk:
    """Sixty campaigns that each have so many leads, and the programs they are linked with, as at the beginning."""
    empty_tables()
    org.reset()
    org.control("POST", "/sandbox/seed", {"crowd": {"campaigns": 60, "leads": leads, "seconds_apart": 60}})
    steps = (("Sent", 0, False), ("Responded", 10, True))
    statuses = tuple(
        ProgressionStatus(name=name, step=step, success=success) for name, step, success in steps
    )
    app.registry.add_channels([Channel(name="Crowd", program_type="event", statuses=statuses)])
    door = app.new_door(login(org))
    app.registry.save_connection(
        "org", login(org), instance_url=door.instance_url, campaign_sync=True, user=door.sync_user()
    )
    desk = Desk(app=app, connection=app.registry.connection("org"), org=org)
    whole_round(desk)
    for number, campaign in enumerate(org.query("SELECT Id FROM Campaign")):
        app.registry.create_program(f"P {number}", "Crowd", {})
        app.registry.create_link(f"P {number}", desk.connection.connection_id, campaign["Id"])
    return desk
