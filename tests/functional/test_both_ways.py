"""A program and a campaign kept the same, both ways, against the sandbox over HTTP and a real PostgreSQL."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from campaignsync.domain.errors import HaltError, UsageError
from campaignsync.domain.programs import PeriodCost
from campaignsync.runtime.rounds import run_round
from desk import Desk


def test_a_campaign_made_from_a_program_has_its_type_and_exactly_its_statuses(desk: Desk) -> None:
    """M4.2, M5.1."""
    campaign = desk.link()
    rows = desk.org.query(
        "SELECT Label, IsDefault, HasResponded FROM CampaignMemberStatus"
        f" WHERE CampaignId = '{campaign}' ORDER BY SortOrder"
    )
    assert [(r["Label"], r["IsDefault"], r["HasResponded"]) for r in rows] == [
        ("Invited", True, False),
        ("Registered", False, False),
        ("No Show", False, False),
        ("Attended", False, True),
    ]
    made = desk.org.query(f"SELECT Name, Type, IsActive FROM Campaign WHERE Id = '{campaign}'")[0]
    assert (made["Name"], made["Type"], made["IsActive"]) == ("Spring Webinar 2026", "Webinar", True)


def test_members_whom_salesforce_does_not_know_are_created_as_leads_once(desk: Desk) -> None:
    """M7.1, M7.2."""
    desk.bring_in(
        "Email,Last Name,Company\nada@example.com,Lindqvist,Northwind\nben@example.com,,\n", "Registered"
    )
    desk.link()
    assert desk.sync().campaign_changes == 2
    assert desk.equal() == {"ada@example.com": "Registered", "ben@example.com": "Registered"}
    leads = desk.org.query("SELECT Email, LastName, Company FROM Lead ORDER BY Email")
    assert [(lead["Email"], lead["LastName"], lead["Company"]) for lead in leads] == [
        ("ada@example.com", "Lindqvist", "Northwind"),
        ("ben@example.com", "Unknown", "Unknown"),
    ]
    desk.sync()
    assert desk.org.query("SELECT COUNT(Id) n FROM Lead")[0]["n"] == 2


def test_a_second_sync_writes_nothing_and_makes_a_fixed_number_of_reads(desk: Desk) -> None:
    desk.give(ada="Registered", ben="Invited")
    desk.link()
    desk.sync()
    before = desk.org.query("SELECT Id, SystemModstamp FROM CampaignMember ORDER BY Id")
    desk.org.control("POST", "/sandbox/clock", {"advance_s": 60})
    quiet = [desk.round() for _ in range(3)]
    assert {(r.reports[0].program_changes, r.reports[0].campaign_changes) for r in quiet} == {(0, 0)}
    assert {r.api_calls for r in quiet} == {quiet[0].api_calls}
    assert quiet[0].api_calls <= 5
    after = desk.org.query("SELECT Id, SystemModstamp FROM CampaignMember ORDER BY Id")
    assert [r["SystemModstamp"] for r in before] == [r["SystemModstamp"] for r in after]


def test_our_count_of_calls_is_salesforces_own(desk: Desk) -> None:
    """Contract, section 2.3."""
    desk.give(ada="Registered")
    desk.link()
    before = desk.org.calls()
    assert desk.round().api_calls == desk.org.calls() - before


def test_leads_and_contacts_in_the_campaign_become_members(desk: Desk) -> None:
    """M2.1, M6.1."""
    campaign = desk.org.webinar()
    desk.org.add_lead(campaign, "lea@example.com", "Attended")
    contact = desk.org.create("Contact", LastName="Conte", Email="con@example.com")
    desk.org.create("CampaignMember", CampaignId=campaign, ContactId=contact, Status="Invited")
    desk.link(campaign)
    desk.sync()
    assert desk.equal() == {"lea@example.com": "Attended", "con@example.com": "Invited"}
    kinds = {
        row["email"]: (row["kind"], row["reached_success"] is not None)
        for row in desk.app.members.list(desk.program, desk.connection.connection_id)
    }
    assert kinds == {"lea@example.com": ("lead", True), "con@example.com": ("contact", False)}


def test_two_lists_are_united_by_the_further_step(desk: Desk) -> None:
    """M4.5."""
    campaign = desk.org.webinar()
    desk.org.add_lead(campaign, "ada@example.com", "Attended")
    desk.org.add_lead(campaign, "ben@example.com", "Invited")
    desk.org.add_lead(campaign, "cora@example.com", "Invited")
    desk.give(ada="Invited", ben="Registered", dan="Invited")
    desk.link(campaign)
    desk.sync()
    assert desk.equal() == {
        "ada@example.com": "Attended",
        "ben@example.com": "Registered",
        "cora@example.com": "Invited",
        "dan@example.com": "Invited",
    }


@pytest.fixture
def synced(desk: Desk) -> Desk:
    """Six people, the same on both sides."""
    desk.give(
        ada="Registered",
        ben="Registered",
        cora="Registered",
        dan="Registered",
        eve="Registered",
        fay="Registered",
    )
    desk.link()
    desk.sync()
    return desk


def in_salesforce(desk: Desk, name: str, status: str | None) -> None:
    member = desk.org.member_id(desk.campaign, f"{name}@example.com")
    if status is None:
        desk.org.delete("CampaignMember", member)
    else:
        desk.org.update("CampaignMember", member, Status=status)


def test_changes_on_either_side_reach_the_other(synced: Desk) -> None:
    """M6.1, M6.4."""
    in_salesforce(synced, "ada", "Attended")
    in_salesforce(synced, "ben", None)
    synced.org.add_lead(synced.campaign, "gus@example.com", "No Show")
    synced.give(cora="No Show", hal="Invited")
    synced.app.members.remove(synced.program, "dan@example.com", who="ada")
    synced.sync()
    assert synced.equal() == {
        "ada@example.com": "Attended",
        "cora@example.com": "No Show",
        "eve@example.com": "Registered",
        "fay@example.com": "Registered",
        "gus@example.com": "No Show",
        "hal@example.com": "Invited",
    }


def test_a_step_back_made_in_salesforce_is_put_back_and_the_journal_says_why(synced: Desk) -> None:
    """M2.2, M6.2."""
    in_salesforce(synced, "ada", "Invited")
    synced.sync()
    assert synced.equal()["ada@example.com"] == "Registered"
    journal = synced.app.views.journal(synced.program, email="ada@example.com", limit=2)
    assert [(row["old"], row["new"]) for row in journal] == [
        ("Registered", "Invited"),
        ("Invited", "Registered"),
    ]
    assert journal[-1]["why"] == "'Invited' in the campaign is a step back from 'Registered', put back"


def test_when_both_sides_changed_the_further_step_wins(synced: Desk) -> None:
    """M6.3."""
    in_salesforce(synced, "ada", "Attended")
    in_salesforce(synced, "ben", "No Show")
    synced.give(ada="No Show", ben="Attended")
    synced.sync()
    members = synced.equal()
    assert (members["ada@example.com"], members["ben@example.com"]) == ("Attended", "Attended")


def test_an_edit_outlives_a_removal_on_the_other_side(synced: Desk) -> None:
    """M6.4."""
    in_salesforce(synced, "ada", None)
    synced.give(ada="Attended")
    in_salesforce(synced, "ben", "Attended")
    synced.app.members.remove(synced.program, "ben@example.com", who="ada")
    synced.sync()
    members = synced.equal()
    assert (members["ada@example.com"], members["ben@example.com"]) == ("Attended", "Attended")


def test_a_person_is_found_as_contact_before_lead_and_never_made_twice(desk: Desk) -> None:
    """M7.3."""
    contact = desk.org.create("Contact", LastName="Lindqvist", Email="Ada@Example.com")
    desk.org.create("Lead", LastName="Lindqvist", Company="Northwind", Email="ada@example.com")
    desk.give(ada="Registered")
    desk.link()
    desk.sync()
    row = desk.app.members.list(desk.program, desk.connection.connection_id)[0]
    assert (row["kind"], row["salesforce_id"]) == ("contact", contact)
    assert desk.org.query("SELECT COUNT(Id) n FROM Lead")[0]["n"] == 1


def test_type_and_cost_go_one_way_and_are_put_back(desk: Desk) -> None:
    """M5.1–M5.3."""
    for month, amount in ((2, "1000.25"), (3, "499.75")):
        desk.app.registry.set_cost(
            desk.program, PeriodCost(month=date(2026, month, 1), amount=Decimal(amount))
        )
    campaign = desk.org.webinar()
    desk.link(campaign)
    desk.sync()

    def fields() -> tuple[str, float]:
        row = desk.org.query(f"SELECT Type, ActualCost FROM Campaign WHERE Id = '{campaign}'")[0]
        return row["Type"], row["ActualCost"]

    assert fields() == ("Webinar", 1500)
    desk.org.update("Campaign", campaign, Type="Other", ActualCost=1)
    assert desk.sync().campaign_changes == 2
    assert fields() == ("Webinar", 1500)


def test_a_type_edited_in_salesforce_is_kept_by_choice_until_ours_changes(desk: Desk) -> None:
    """M5.3."""
    campaign = desk.link()
    desk.sync()
    link, _ = desk.app.registry.link_of(desk.program)
    desk.app.registry.set_policy(link, {"field_edit": "keep"})
    desk.org.update("Campaign", campaign, Type="Other")
    assert desk.sync().campaign_changes == 0
    desk.app.registry.set_alias("Webinar", "Web Seminar")
    assert desk.sync().campaign_changes == 1
    assert desk.org.query(f"SELECT Type FROM Campaign WHERE Id = '{campaign}'")[0]["Type"] == "Web Seminar"


def test_a_campaign_whose_statuses_do_not_fit_is_refused_with_what_to_mend(desk: Desk) -> None:
    """M4.3."""
    campaign = desk.org.create("Campaign", Name="Sent and Responded", IsActive=True)
    desk.org.add_lead(campaign, "ada@example.com", "Sent")
    with pytest.raises(UsageError) as refused:
        desk.link(campaign)
    account = str(refused.value)
    assert "'Sent': the channel lacks it, 1 members carry it" in account
    assert "'Attended': the campaign lacks it" in account
    assert "--create-statuses" in account


def test_statuses_that_a_campaign_lacks_are_created_there_when_that_is_asked_for(desk: Desk) -> None:
    """M4.4: the way out beyond Marketo."""
    campaign = desk.org.create("Campaign", Name="Sent and Responded", IsActive=True)
    desk.give(ada="Registered")
    desk.link(campaign, create_statuses=True)
    desk.sync()
    assert desk.equal() == {"ada@example.com": "Registered"}
    rows = desk.org.query(
        f"SELECT Label, IsDefault FROM CampaignMemberStatus WHERE CampaignId = '{campaign}'"
    )
    assert {row["Label"] for row in rows} == {
        "Sent",
        "Responded",
        "Invited",
        "Registered",
        "No Show",
        "Attended",
    }
    assert [row["Label"] for row in rows if row["IsDefault"]] == ["Sent"]


def test_one_refused_record_does_not_stop_the_others(desk: Desk) -> None:
    """S1.1.5, M7.6."""
    desk.bring_in(f"Email,Last Name\nada@example.com,{'x' * 81}\nben@example.com,Ok\n", "Registered")
    desk.link()
    report = desk.sync()
    assert (report.refused, report.campaign_changes) == (1, 1)
    assert desk.there() == {"ben@example.com": "Registered"}
    problem = desk.app.views.problems(desk.program)
    assert [(row["email"], row["code"]) for row in problem] == [("ada@example.com", "STRING_TOO_LONG")]
    quiet = desk.sync()
    assert (quiet.campaign_changes, quiet.refused) == (0, 0)
    assert len(desk.app.views.problems(desk.program)) == 1


def test_too_many_removals_halt_the_link_until_a_person_lets_it_go_on(desk: Desk) -> None:
    """M6.6."""
    desk.give(**{f"person{n}": "Registered" for n in range(20)})
    desk.link()
    desk.sync()
    for row in desk.org.query("SELECT Id FROM CampaignMember ORDER BY Id")[:12]:
        desk.org.delete("CampaignMember", row["Id"])
    report = desk.sync()
    assert "12 of 20 members would be removed" in str(report.halted)
    assert len(desk.here()) == 20
    assert desk.app.views.status()[0]["state"] == "halted"
    link, _ = desk.app.registry.link_of(desk.program)
    desk.app.registry.resume(link)
    assert desk.sync().halted is None
    assert len(desk.equal()) == 8
    assert desk.app.views.status()[0]["state"] == "active"


def test_a_deleted_campaign_is_not_read_as_the_removal_of_its_members(synced: Desk) -> None:
    """M6.9."""
    synced.org.delete("Campaign", synced.campaign)
    assert "deleted in Salesforce" in str(synced.sync().halted)
    assert len(synced.here()) == 6


def test_exactly_the_plan_that_was_read_is_carried_out_or_none(synced: Desk) -> None:
    synced.give(ada="No Show")
    read = synced.plan().plan.digest()
    synced.give(ben="No Show")
    link, connection = synced.app.registry.link_of(synced.program)
    with pytest.raises(HaltError, match="The world has moved"):
        run_round(synced.app.door(connection), synced.app.ledger, connection, links=[link], only=read)
    assert synced.there()["ada@example.com"] == "Registered"
    run_round(
        synced.app.door(connection),
        synced.app.ledger,
        connection,
        links=[link],
        only=synced.plan().plan.digest(),
    )
    assert synced.equal()["ben@example.com"] == "No Show"


def test_a_plan_changes_nothing(synced: Desk) -> None:
    synced.give(ada="No Show")
    in_salesforce(synced, "ben", "Attended")
    assert synced.plan().plan == synced.plan().plan
    assert synced.there()["ada@example.com"] == "Registered"
    assert synced.here()["ben@example.com"] == "Registered"
