"""What must never be read as a removal of members, and what state a link is in meanwhile (M6.9, M7.9)."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from campaign_words import Linked, campaigns, counts, delta, lead, member, whole_list
from campaignsync.domain.errors import UsageError
from campaignsync.domain.links import LinkState
from campaignsync.domain.observation import Delta
from campaignsync.domain.runs import FieldRefusal, MemberBatch, RunReport
from campaignsync.domain.trees import CAMPAIGN_MEMBERS, CAMPAIGN_STATUSES, MEMBER_OUTCOMES
from campaignsync.planner.reconcile import reconcile
from campaignsync.store.frames import execute


def observe(linked: Linked, seen: Delta) -> None:
    linked.app.ledger.mirror(linked.connection.connection_id, seen)
    linked.app.ledger.follow_people(linked.connection.connection_id)
    linked.app.ledger.adopt_people(linked.link)


def list_whole(linked: Linked, *members: dict[str, object]) -> None:
    linked.app.ledger.mirror_whole(linked.connection.connection_id, whole_list(*members))


def state(linked: Linked) -> LinkState:
    return linked.app.ledger.link(linked.link).state


def test_a_campaign_that_cannot_be_seen_any_more_suspends_the_link_until_it_is_seen(linked: Linked) -> None:
    """M6.9: a campaign always has statuses (S1.2.4), so one without any is hidden, not empty."""
    ledger, connection = linked.app.ledger, linked.connection.connection_id
    observe(linked, delta(member(1, "Invited")))
    hidden = replace(
        delta(campaigns=campaigns().clear()),
        statuses=pl.DataFrame(schema=CAMPAIGN_STATUSES),
        status_counts=counts(0),
    )
    observe(linked, hidden)
    assert state(linked) is LinkState.SUSPENDED
    assert ledger.campaigns_to_list(connection, hidden) == (frozenset(), frozenset())
    assert linked.tree("campaign") == {"person1@example.com": "Invited"}
    observe(linked, delta(member(1, "Invited")))
    assert state(linked) is LinkState.ACTIVE


def test_a_lead_that_was_deleted_stays_in_the_program(linked: Linked) -> None:
    """M7.9."""
    ledger = linked.app.ledger
    observe(linked, delta(member(1, "Invited"), member(2, "Invited")))
    for number in (1, 2):
        linked.app.members.set_status("Spring", f"person{number}@example.com", "Invited", who="ada")
    with ledger.run(linked.link, "test") as run:
        ledger.agree(run, ledger.trees(linked.link).program)
    observe(linked, delta(people=[lead(1, is_deleted=True)], member_counts=counts(1)))
    list_whole(linked, member(2, "Invited"))
    plan = reconcile(ledger.link(linked.link), ledger.trees(linked.link))
    assert plan.for_program.is_empty()
    assert plan.for_campaign.is_empty()
    assert linked.statuses() == {"person1@example.com": "Invited", "person2@example.com": "Invited"}


def test_an_undeleted_campaign_that_is_inactive_leaves_its_link_paused(linked: Linked) -> None:
    observe(linked, delta(campaigns=campaigns(is_deleted=True, is_active=False)))
    assert state(linked) is LinkState.BROKEN
    observe(linked, delta(campaigns=campaigns(is_active=False)))
    assert state(linked) is LinkState.PAUSED
    observe(linked, delta(campaigns=campaigns()))
    assert state(linked) is LinkState.ACTIVE


def test_a_halt_does_not_hide_that_the_campaign_was_deleted(linked: Linked) -> None:
    linked.app.ledger.stop(linked.link, LinkState.HALTED, "too many removals")
    observe(linked, delta())
    assert state(linked) is LinkState.HALTED
    observe(linked, delta(campaigns=campaigns(is_deleted=True)))
    assert state(linked) is LinkState.BROKEN


def test_a_run_that_ends_does_not_mend_a_link_that_broke_meanwhile(linked: Linked) -> None:
    ledger = linked.app.ledger
    with ledger.run(linked.link, "test") as run:
        observe(linked, delta(campaigns=campaigns(is_deleted=True)))
        ledger.finish(run, RunReport(program="Spring", connection="org"))
    assert state(linked) is LinkState.BROKEN


def test_a_removal_in_salesforce_is_not_noted_under_our_name(linked: Linked) -> None:
    observe(linked, delta(member(1, "Invited")))
    list_whole(linked)
    assert linked.journal()[-1]["who"] == "somebody in Salesforce"


def test_the_first_member_of_an_org_that_was_looked_at_before_is_an_addition(linked: Linked) -> None:
    """M10.3: no cursor of members stands while there are none."""
    execute("UPDATE store_cursor SET object_name = 'Campaign' WHERE object_name = 'CampaignMember'")
    observe(linked, delta(member(1, "Invited")))
    assert linked.journal()[-1]["why"] == "observed"


def test_a_removal_that_salesforce_took_and_did_not_do_is_a_problem_in_words(linked: Linked) -> None:
    ledger = linked.app.ledger
    observe(linked, delta(member(1, "Invited")))
    still_there = {
        "person_id": ledger.trees(linked.link).campaign["person_id"][0],
        "found": "Invited",
        "known": True,
    }
    with ledger.run(linked.link, "test") as run:
        batch = MemberBatch(
            outcomes=pl.DataFrame([still_there], schema=MEMBER_OUTCOMES),
            members=pl.DataFrame([member(1, "Invited")], schema=CAMPAIGN_MEMBERS),
        )
        ledger.record_members(run, batch)
    assert [row["message"] for row in linked.app.views.problems("Spring")] == [
        "Salesforce stored 'Invited' instead of no member."
    ]


def test_a_type_that_is_tried_again_and_refused_again_waits_again(linked: Linked) -> None:
    """M5.1, docs/adr/0004."""
    ledger, refusal = linked.app.ledger, FieldRefusal(value="Webinar", message="bad value for picklist")
    with ledger.run(linked.link, "test") as run:
        ledger.record_field_refusal(run, "Type", refusal)
        linked.app.views.retry_problems("Spring")
        assert ledger.link(linked.link).refused_fields == {}
        ledger.record_field_refusal(run, "Type", refusal)
    assert ledger.link(linked.link).refused_fields == {"Type": refusal}


@pytest.mark.parametrize("email", ["", " ", "ada", "@example.com"])
def test_what_is_no_e_mail_address_makes_nobody_a_member(linked: Linked, email: str) -> None:
    """M2.4: least of all somebody who has none."""
    execute("INSERT INTO store_person (custom, created_at) VALUES ('{}', now())")
    with pytest.raises(UsageError, match="no e-mail address"):
        linked.app.members.set_status("Spring", email, "Invited", who="ada")
    with pytest.raises(UsageError, match="no member"):
        linked.app.members.remove("Spring", email, who="ada")
