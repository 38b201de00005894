"""A link may ask a person first: its rounds make a plan that waits, and exactly the plan that was approved is carried out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from campaignsync.domain.access import Action, Rights, Role
from campaignsync.domain.approvals import PlanDecision
from campaignsync.domain.errors import HaltError, UsageError
from campaignsync.domain.ids import LinkId
from campaignsync.domain.webhooks import Event
from desk import Desk
from terminal import Terminal

APPROVED, DECLINED = PlanDecision


@pytest.fixture
def terminal(desk: Desk) -> Terminal:
    return Terminal(desk.app)


@pytest.fixture
def careful(desk: Desk) -> Desk:
    """Two members on both sides, and a link that asks from now on."""
    desk.give(ada="Registered", ben="Invited")
    desk.link()
    desk.sync()
    desk.app.registry.set_policy(link_of(desk), {"approval": "each plan"})
    desk.give(ben="Registered", cora="Registered")
    return desk


def link_of(desk: Desk) -> LinkId:
    return desk.app.registry.link_of(desk.program)[0]


def decide(desk: Desk, digest: str, decision: PlanDecision = APPROVED) -> None:
    desk.app.approvals.decide(link_of(desk), digest, decision, who="grace")


def test_a_round_of_such_a_link_changes_neither_side_and_leaves_its_plan(careful: Desk) -> None:
    before = careful.here(), careful.there()
    report = careful.sync()
    assert (report.program_changes, report.campaign_changes, report.halted) == (0, 0, None)
    assert (careful.here(), careful.there()) == before
    (waiting,) = careful.app.approvals.waiting(None)
    assert (waiting["program"], waiting["digest"], waiting["decision"]) == (
        careful.program,
        report.to_approve,
        None,
    )
    plan = careful.app.approvals.plan(link_of(careful))
    assert plan.digest == careful.plan().plan.digest()
    assert dict(plan.rows.select("email", "becomes").iter_rows()) == {
        "ben@example.com": "Registered",
        "cora@example.com": "Registered",
    }


def test_what_was_approved_is_carried_out_once_and_stands_in_the_audit_log(careful: Desk) -> None:
    digest = careful.sync().to_approve
    decide(careful, digest)
    report = careful.sync()
    assert (report.campaign_changes, report.to_approve) == (2, None)
    careful.equal()
    assert careful.app.approvals.waiting(None) == []
    told = careful.app.listings.audit(who="grace", noun="plan", since=None, before=None, limit=9)
    assert [(row["action"], row["new"]["decision"], row["new"]["digest"]) for row in told] == [
        ("insert", "approved", digest)
    ]
    # The same difference once more is another look, although its plan may be the same.
    assert not used_again(careful, digest)


def used_again(careful: Desk, digest: str) -> bool:
    return careful.app.ledger.plan_approved(link_of(careful), digest)


def told(desk: Desk) -> list[tuple[str, str]]:
    notices = reversed(desk.app.outbox.list(limit=9))
    return [(notice["code"], notice["event"]) for notice in notices if notice["code"] == "PLAN_WAITS"]


def test_whoever_is_to_approve_is_told_once_that_a_plan_waits_and_once_that_none_does(careful: Desk) -> None:
    """By the outlets of notices once, however often the plan becomes another; webhooks are told of each plan."""
    careful.app.webhooks.add("https://example.com/hook", [Event.PLAN_WAITS])
    first = careful.sync().to_approve
    assert told(careful) == [("PLAN_WAITS", "opened")]
    careful.give(dora="Registered")
    second = careful.sync().to_approve
    careful.sync()
    assert told(careful) == [("PLAN_WAITS", "opened")]
    sent = [(row["event"], row["body"]["digest"]) for row in deliveries(careful)]
    assert sent == [("plan.waits", first), ("plan.waits", second)]
    decide(careful, second)
    careful.sync()
    assert sorted(told(careful)) == [("PLAN_WAITS", "opened"), ("PLAN_WAITS", "solved")]


def deliveries(desk: Desk) -> list[dict[str, Any]]:
    from campaignsync.store.models import WebhookDelivery

    return list(WebhookDelivery.objects.order_by("pk").values("event", "body"))


def test_a_change_on_either_side_since_needs_a_new_look(careful: Desk) -> None:
    digest = careful.sync().to_approve
    decide(careful, digest)
    careful.give(dora="Registered")
    report = careful.sync()
    assert report.to_approve not in (None, digest)
    assert careful.there() == {"ada@example.com": "Registered", "ben@example.com": "Invited"}
    with pytest.raises(HaltError, match="Another plan waits"):
        decide(careful, digest)
    decide(careful, report.to_approve)
    assert careful.sync().campaign_changes == 3
    careful.equal()


def test_a_way_back_to_a_plan_that_was_overtaken_is_asked_about_again(careful: Desk) -> None:
    digest = careful.sync().to_approve
    decide(careful, digest)
    careful.give(dora="Registered")
    careful.sync()
    careful.app.members.remove(careful.program, "dora@example.com", who="ada")
    assert careful.sync().to_approve == digest
    assert careful.there() == {"ada@example.com": "Registered", "ben@example.com": "Invited"}


def test_what_was_declined_is_not_done_and_may_be_approved_after_all(careful: Desk) -> None:
    digest = careful.sync().to_approve
    decide(careful, digest, DECLINED)
    assert careful.sync().to_approve == digest
    assert careful.app.approvals.waiting(None)[0]["decision"] == "declined"
    decide(careful, digest)
    assert careful.sync().campaign_changes == 2


def test_a_link_that_waits_is_planned_again_only_when_something_changed(careful: Desk) -> None:
    careful.sync()
    ledger, org = careful.app.ledger, careful.connection.connection_id
    assert ledger.links_due(org) == ()
    assert ledger.standing(org)[link_of(careful)].to_approve
    decide(careful, careful.app.approvals.waiting(None)[0]["digest"])
    assert ledger.links_due(org) == (link_of(careful),)


def test_a_saved_plan_is_no_approval(careful: Desk, terminal: Terminal, tmp_path: Path) -> None:
    file = str(tmp_path / "plan.json")
    terminal("plan", careful.program, "--out", file)
    told = terminal.json("apply", file)
    assert told["runs"][0]["to_approve"] == careful.plan().plan.digest()
    assert careful.there()["ben@example.com"] == "Invited"


def test_conflicts_of_a_plan_that_waits_can_be_settled_meanwhile(careful: Desk) -> None:
    careful.app.registry.set_policy(link_of(careful), {"winner": "ask"})
    member = careful.org.member_id(careful.campaign, "ben@example.com")
    careful.org.update("CampaignMember", member, Status="No Show")
    assert careful.sync().conflicts == 1
    assert [row["code"] for row in careful.app.views.problems(careful.program)] == ["CONFLICT"]


def test_removals_that_were_allowed_once_wait_for_the_approval_as_well(careful: Desk) -> None:
    """M6.6"""
    for name in ("ada", "ben", "cora"):
        careful.app.members.remove(careful.program, f"{name}@example.com", who="ada")
    assert careful.sync().halted
    careful.app.registry.resume(link_of(careful))
    digest = careful.sync().to_approve
    decide(careful, digest)
    careful.sync()
    assert careful.equal() == {}


def test_it_is_read_and_decided_by_command(careful: Desk, terminal: Terminal) -> None:
    assert terminal.json("sync", careful.program)["runs"][0]["to_approve"]
    (waiting,) = terminal.json("approvals")
    rows = terminal("approvals", careful.program, "--search", "CORA", "--where", "to campaign")
    assert "cora@example.com" in rows
    assert "ben@example.com" not in rows
    with pytest.raises(HaltError, match="Another plan waits"):
        terminal("approve", careful.program, "0" * 12)
    assert "is declined" in terminal("decline", careful.program, waiting["digest"])
    assert "is approved" in terminal("approve", careful.program, waiting["digest"][:8], "--note", "agreed")
    terminal("sync", careful.program)
    careful.equal()
    assert "No plan waits" in terminal("approvals")


def test_without_a_plan_that_waits_there_is_nothing_to_decide(desk: Desk, terminal: Terminal) -> None:
    desk.give(ada="Registered")
    desk.link()
    with pytest.raises(UsageError, match="asks for no approval"):
        terminal("approve", desk.program, "0" * 12)
    with pytest.raises(UsageError, match="No plan of this link waits"):
        decide(desk, "0" * 64)


def test_who_may_sync_may_approve_and_who_may_look_may_not() -> None:
    assert Rights(who="o", folders={"EMEA": Role.OPERATOR}).allows(Action.APPROVE, "EMEA/Webinars")
    assert not Rights(who="o", folders={"EMEA": Role.OPERATOR}).allows(Action.APPROVE, "APAC")
    assert not Rights(who="v", role=Role.VIEWER).allows(Action.APPROVE, "EMEA")
