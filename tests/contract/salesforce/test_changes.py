"""Looking at an org: what changed since the last look, and whole lists where an absence must be proved."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import partial

import polars as pl
import pytest

from campaignsync.domain.errors import UsageError
from campaignsync.domain.observation import CURSOR_OBJECTS
from campaignsync.domain.trees import (
    CAMPAIGN_MEMBERS,
    CAMPAIGN_STATUSES,
    CAMPAIGNS,
    COUNTS,
    SALESFORCE_PEOPLE,
)
from campaignsync.salesforce import org as org_module
from campaignsync.salesforce import reading
from campaignsync.salesforce.org import SalesforceOrg
from sandbox_org import SandboxOrg


def calls_of(org: SalesforceOrg, act: object) -> int:
    """How many API calls something costs."""
    before = org.api_calls
    act()  # type: ignore[operator]
    return org.api_calls - before


def row(frame: pl.DataFrame, **key: str) -> dict[str, object]:
    return frame.row(
        by_predicate=pl.all_horizontal(pl.col(name) == value for name, value in key.items()), named=True
    )


def pass_time(sandbox: SandboxOrg, **by: float) -> None:
    sandbox.control("POST", "/sandbox/clock", {"advance_s": timedelta(**by).total_seconds()})
    sandbox._token = ""  # Sessions end after two hours; our own door must find out by itself.


def test_a_look_brings_no_more_of_what_a_bulk_job_will_read_than_tells_so(
    sandbox: SandboxOrg, org: SalesforceOrg, campaign: str
) -> None:
    """An org that gathers a million rows for one page takes minutes over it."""

    def sent_for_a_look() -> int:
        before = sandbox.control("GET", "/sandbox/calls")["bytes"]["sent"]
        assert org.changes_since({}, most=2).unread == ("CampaignMember", "Lead")
        return int(sandbox.control("GET", "/sandbox/calls")["bytes"]["sent"]) - int(before)

    for name in ("ada", "ben"):
        sandbox.add_lead(campaign, f"{name}@mail.example", "Attended")
    org.changes_since({})  # Describes are asked for once.
    few = sent_for_a_look()
    sandbox.control("POST", "/sandbox/seed", {"crowd": {"campaigns": 1, "leads": 200}})
    many = sent_for_a_look()
    assert many < few + 2_000  # One more campaign and its statuses.


def test_the_first_look_reads_all_campaigns_and_the_people_in_them(
    sandbox: SandboxOrg, org: SalesforceOrg, campaign: str
) -> None:
    """M3.4: linked or not. Whoever is in no campaign is nobody of ours."""
    sandbox.add_lead(campaign, "Ada@Mail.Example", "Attended", Title="Chief", AnnualRevenue=1200.5)
    sandbox.create("Lead", LastName="Elsewhere", Company="C")
    delta = org.changes_since({})
    for frame, schema in (
        (delta.campaigns, CAMPAIGNS),
        (delta.statuses, CAMPAIGN_STATUSES),
        (delta.members, CAMPAIGN_MEMBERS),
        (delta.people, SALESFORCE_PEOPLE),
        (delta.member_counts, COUNTS),
        (delta.status_counts, COUNTS),
    ):
        assert frame.schema == dict(schema)
    assert delta.campaigns["name"].to_list() == ["Spring"]
    assert delta.statuses.sort("sort_order")["label"].to_list() == [
        "Invited",
        "Registered",
        "No Show",
        "Attended",
    ]
    member = row(delta.members, campaign_id=campaign)
    assert (member["status"], member["has_responded"]) == ("Attended", True)
    assert isinstance(member["first_responded_date"], date)
    (person,) = delta.people.to_dicts()
    # S0.7: e-mail addresses come back in lower case.
    assert (person["email"], person["title"], person["kind"]) == ("ada@mail.example", "Chief", "lead")
    assert delta.member_counts.to_dicts() == [{"campaign_id": campaign, "rows": 1}]
    assert delta.status_counts.to_dicts() == [{"campaign_id": campaign, "rows": 4}]


def test_money_comes_as_the_digits_that_were_sent(
    sandbox: SandboxOrg, org: SalesforceOrg, campaign: str
) -> None:
    sandbox.update("Campaign", campaign, ActualCost=123456789)
    sandbox.add_lead(campaign, "a@mail.example", "Invited", AnnualRevenue=5000)
    delta = org.changes_since({})
    assert delta.campaigns["actual_cost"].to_list() == ["123456789"]
    assert delta.people["annual_revenue"].to_list() == ["5000"]


def test_the_first_look_at_an_org_without_campaigns_is_empty(sandbox: SandboxOrg, org: SalesforceOrg) -> None:
    """People are followed from then on (M7.7); what else there is none of is read whole when there is some."""
    delta = org.changes_since({})
    assert delta.campaigns.is_empty()
    assert delta.people.is_empty()
    assert set(delta.cursor) == {"Contact", "Lead"}


def test_a_first_look_at_campaigns_without_members_is_one_call(
    sandbox: SandboxOrg, org: SalesforceOrg, campaign: str
) -> None:
    """The counts have told that there are no people to be read; who comes in afterwards is read by the next look."""
    sandbox.create("Lead", LastName="Of no campaign", Company="C")
    delta = org.changes_since({})
    assert org.api_calls == 1
    assert delta.campaigns["id"].to_list() == [campaign]
    assert delta.members.schema == dict(CAMPAIGN_MEMBERS)
    assert delta.people.schema == dict(SALESFORCE_PEOPLE)
    assert (delta.members.height, delta.people.height) == (0, 0)
    assert {"CampaignMember"}.isdisjoint(delta.cursor)
    sandbox.add_lead(campaign, "ada@mail.example", "Invited")
    later = org.changes_since(delta.cursor)
    assert later.members.height == 1
    assert "ada@mail.example" in later.people["email"].to_list()


def test_a_look_costs_two_calls_however_much_there_is(sandbox: SandboxOrg, org: SalesforceOrg) -> None:
    """Design: a quiet cycle costs a fixed, small number of calls; what the user may see is told within the first of them."""
    for number in range(12):
        sandbox.add_lead(sandbox.webinar(), f"p{number}@mail.example", "Invited")
    sandbox.control("POST", "/sandbox/reset", {"only": ["calls"]})
    cursor = org.changes_since({}).cursor
    assert sandbox.calls() == org.api_calls == 2
    assert calls_of(org, lambda: org.changes_since(cursor)) == 2
    assert org.calls_by_kind == {"POST composite": 4}
    assert org.api_usage is not None
    assert org.api_usage.used == sandbox.calls()


def test_a_look_goes_back_ten_minutes_behind_the_look_before(
    sandbox: SandboxOrg, org: SalesforceOrg, campaign: str
) -> None:
    """S0.16: rows appear behind the cursor, which never goes back; people, of whom no row was ever seen, too, have one."""
    sandbox.add_lead(campaign, "early@mail.example", "Invited")
    pass_time(sandbox, minutes=9)
    sandbox.add_lead(campaign, "late@mail.example", "Invited")
    first = org.changes_since({})
    assert first.cursor["CampaignMember"] >= first.members["system_modstamp"].max()
    assert set(first.cursor) == {*CURSOR_OBJECTS}
    again = org.changes_since(first.cursor)
    assert sorted(again.people["email"]) == ["early@mail.example", "late@mail.example"]
    assert all(again.cursor[name] >= at for name, at in first.cursor.items())
    pass_time(sandbox, minutes=2)
    sandbox.add_lead(campaign, "later@mail.example", "Invited")
    later = org.changes_since(org.changes_since(first.cursor).cursor)
    assert sorted(later.people["email"]) == ["late@mail.example", "later@mail.example"]
    ahead = {name: at + timedelta(minutes=5) for name, at in later.cursor.items()}
    assert org.changes_since(ahead).cursor == ahead


def test_a_large_write_is_not_brought_again_when_ten_minutes_have_passed(
    sandbox: SandboxOrg, org: SalesforceOrg, campaign: str
) -> None:
    """Measured by the org's own clock, so that an org in which nothing happens any more costs nothing (docs/delta.md)."""
    sandbox.control("POST", "/sandbox/seed", {"crowd": {"leads": 4500}})
    written = org.changes_since(org.changes_since({}).cursor)
    assert written.members.height == 4500
    pass_time(sandbox, minutes=11)
    after = org.changes_since(written.cursor)
    assert after.members.height == 4500  # It was written within ten minutes before the look before.
    calls = org.api_calls
    quiet = org.changes_since(after.cursor)
    assert (quiet.members.height, quiet.people.height, quiet.campaigns.height) == (0, 0, 0)
    assert org.api_calls - calls == 2


def test_a_look_is_dated_by_the_org_and_not_by_us(
    sandbox: SandboxOrg, org: SalesforceOrg, campaign: str
) -> None:
    """Its rows are stamped by its clock: by ours, running ahead, edits would be passed over."""
    pass_time(sandbox, days=-30)
    sandbox.add_lead(campaign, "then@mail.example", "Invited")
    cursor = org.changes_since({}).cursor
    assert cursor["CampaignMember"] < datetime.now(UTC) - timedelta(days=29)
    sandbox.add_lead(campaign, "now@mail.example", "Invited")
    assert "now@mail.example" in org.changes_since(cursor).people["email"].to_list()


def test_an_old_lead_who_joins_a_campaign_today_is_read_with_the_membership(
    sandbox: SandboxOrg, org: SalesforceOrg, campaign: str
) -> None:
    """The lead itself has no new SystemModstamp (S1.5.1), so that no delta of leads shows who joined."""
    lead = sandbox.create("Lead", LastName="Old", Company="Acme", Email="old@mail.example", Title="Buyer")
    account = sandbox.create("Account", Name="Acme", Industry="Energy")
    contact = sandbox.create("Contact", LastName="Older", AccountId=account, MailingCity="Oslo")
    pass_time(sandbox, days=400)
    sandbox.add_lead(campaign, "first@mail.example", "Invited")
    cursor = org.changes_since({}).cursor
    pass_time(sandbox, days=1)
    for who in ({"LeadId": lead}, {"ContactId": contact}):
        sandbox.create("CampaignMember", CampaignId=campaign, Status="Invited", **who)
    delta = org.changes_since(cursor)
    assert {lead, contact} <= set(delta.people["salesforce_id"])
    assert row(delta.people, salesforce_id=lead)["title"] == "Buyer"
    person = row(delta.people, salesforce_id=contact)
    assert (person["kind"], person["company"], person["industry"], person["city"]) == (
        "contact",
        "Acme",
        "Energy",
        "Oslo",
    )


def test_a_changed_person_of_a_campaign_is_seen(
    sandbox: SandboxOrg, org: SalesforceOrg, campaign: str
) -> None:
    """S1.3.9: the member's own row tells nothing of it."""
    lead = sandbox.add_lead(campaign, "a@mail.example", "Invited")
    cursor = org.changes_since({}).cursor
    pass_time(sandbox, days=1)
    sandbox.update("Lead", lead, Title="Chief")
    delta = org.changes_since(cursor)
    assert row(delta.people, salesforce_id=lead)["title"] == "Chief"


def test_a_deleted_campaign_is_seen_as_deleted(
    sandbox: SandboxOrg, org: SalesforceOrg, campaign: str
) -> None:
    """S1.1.8, M6.9: never read as the removal of its members."""
    cursor = org.changes_since({}).cursor
    sandbox.delete("Campaign", campaign)
    delta = org.changes_since(cursor)
    assert row(delta.campaigns, id=campaign)["is_deleted"] is True
    assert delta.member_counts.is_empty()


def test_people_who_were_deleted_or_converted_are_seen_as_gone(
    sandbox: SandboxOrg, org: SalesforceOrg, campaign: str
) -> None:
    """M7.7, M7.9: a deletion takes the membership with it (S1.3.6), so that the person must be seen by itself."""
    lead = sandbox.add_lead(campaign, "deleted@mail.example", "Invited")
    contact = sandbox.create("Contact", LastName="Gone")
    sandbox.create("CampaignMember", CampaignId=campaign, ContactId=contact, Status="Invited")
    cursor = org.changes_since({}).cursor
    sandbox.delete("Lead", lead)
    sandbox.delete("Contact", contact)
    document = {
        "records": [
            {"type": "Lead", "name": "l", "LastName": "Conv", "Company": "C", "Email": "c@mail.example"}
        ],
        "conversions": ["l"],
    }
    converted = sandbox.control("POST", "/sandbox/seed", document)["l"]
    delta = org.changes_since(cursor)
    assert row(delta.people, salesforce_id=lead)["is_deleted"] is True
    assert row(delta.people, salesforce_id=contact)["is_deleted"] is True
    gone = row(delta.people, salesforce_id=converted)
    assert (gone["is_converted"], str(gone["converted_contact_id"])[:3]) == (True, "003")
    assert delta.member_counts.is_empty()


def test_a_removed_member_shows_in_the_count_alone_and_the_whole_list_tells_who(
    sandbox: SandboxOrg, org: SalesforceOrg, campaign: str
) -> None:
    """S0.1: a hard delete leaves no row anywhere."""
    sandbox.add_lead(campaign, "stays@mail.example", "Invited")
    sandbox.add_lead(campaign, "leaves@mail.example", "Invited")
    cursor = org.changes_since({}).cursor
    pass_time(sandbox, days=1)
    sandbox.delete("CampaignMember", sandbox.member_id(campaign, "leaves@mail.example"))
    assert org.changes_since(cursor).member_counts.to_dicts() == [{"campaign_id": campaign, "rows": 1}]
    lists = org.whole_lists(members_of=[campaign], statuses_of=[])
    assert lists.members["id"].to_list() == [sandbox.member_id(campaign, "stays@mail.example")]
    assert lists.members_of == {campaign}


def test_whole_lists_of_nothing_cost_nothing(org: SalesforceOrg) -> None:
    lists = org.whole_lists(members_of=[], statuses_of=[])
    assert lists.members.schema == dict(CAMPAIGN_MEMBERS)
    assert lists.statuses.schema == dict(CAMPAIGN_STATUSES)
    assert org.api_calls == 0


def test_lists_are_read_to_the_last_page(sandbox: SandboxOrg, org: SalesforceOrg) -> None:
    """S2.2.5: 2,000 rows a page, one call each."""
    sandbox.control("POST", "/sandbox/seed", {"crowd": {"leads": 4500}})
    delta = org.changes_since({})
    assert delta.members.height == delta.people.height == 4500
    assert delta.members["id"].n_unique() == 4500
    # Two pages more of members, and two more of leads.
    assert org.api_calls == 2 + 4
    (campaign,) = delta.member_counts["campaign_id"]
    assert org.whole_lists(members_of=[campaign], statuses_of=[campaign]).members.height == 4500


def test_counts_of_more_campaigns_than_fit_a_page_are_read_to_the_end(
    sandbox: SandboxOrg, org: SalesforceOrg
) -> None:
    """S2.2.5: aggregates have no further pages."""
    records = [{"type": "Campaign", "Name": f"C{number}"} for number in range(2100)]
    sandbox.control("POST", "/sandbox/seed", {"records": records})
    delta = org.changes_since({})
    assert delta.status_counts.height == delta.campaigns.height == 2100
    assert set(delta.status_counts["rows"]) == {2}
    campaigns = sorted(delta.campaigns["id"])
    pass_time(sandbox, minutes=11)
    cursor = org.changes_since(delta.cursor).cursor
    calls = org.api_calls
    parted = org.changes_since(cursor, bounds=campaigns[699:2100:700])
    assert parted.status_counts.sort("campaign_id").equals(delta.status_counts.sort("campaign_id"))
    assert org.api_calls - calls == 3
    misordered = org.changes_since(cursor, bounds=[campaigns[1400], campaigns[700]])
    assert misordered.status_counts.sort("campaign_id").equals(delta.status_counts.sort("campaign_id"))
    assert org.whole_lists(members_of=[], statuses_of=delta.campaigns["id"].to_list()).statuses.height == 4200


def test_only_fields_that_the_sync_user_can_see_are_asked_for(
    sandbox: SandboxOrg, org: SalesforceOrg, campaign: str
) -> None:
    """M7.5, S1.5.3; HasOptedOutOfEmail is closed in a fresh org (S1.4.2), accounts may be closed altogether."""
    contact = sandbox.create("Contact", LastName="Seen", Email="seen@mail.example", Fax="1")
    sandbox.create("CampaignMember", CampaignId=campaign, ContactId=contact, Status="Invited")
    sandbox.control(
        "POST",
        "/sandbox/seed",
        {
            "denied_fields": [["*", "Contact", "Fax", "read"], ["*", "Campaign", "EndDate", "read"]],
            "denied_objects": [["*", "Account", "read"]],
        },
    )
    delta = org.changes_since({})
    (person,) = delta.people.to_dicts()
    assert (person["email"], person["fax"], person["company"], person["unsubscribed"]) == (
        "seen@mail.example",
        None,
        None,
        None,
    )
    assert delta.campaigns["end_date"].to_list() == [None]
    assert org.api_calls == 2
    assert org.find_people(emails=["seen@mail.example"], ids=[])["salesforce_id"].to_list() == [contact]


def test_the_email_opt_out_is_read_where_it_is_open(
    sandbox: SandboxOrg, org: SalesforceOrg, campaign: str
) -> None:
    sandbox.control("POST", "/sandbox/switches", {"email_opt_out_visible": True})
    sandbox.add_lead(campaign, "no@mail.example", "Invited", HasOptedOutOfEmail=True)
    assert org.changes_since({}).people["unsubscribed"].to_list() == [True]


def test_an_object_that_is_closed_is_named(sandbox: SandboxOrg, org: SalesforceOrg) -> None:
    """S1.5.3, M3.3."""
    sandbox.control("POST", "/sandbox/seed", {"denied_objects": [["*", "Campaign", "read"]]})
    with pytest.raises(UsageError, match=r"Reading Campaign.*INVALID_TYPE"):
        org.changes_since({})
    with pytest.raises(UsageError, match="Campaign"):
        org.visible_rows()


def test_the_rows_of_each_object_are_counted_in_one_call(
    sandbox: SandboxOrg, org: SalesforceOrg, campaign: str
) -> None:
    sandbox.add_lead(campaign, "a@mail.example", "Invited")
    assert org.visible_rows() == {
        "Campaign": 1,
        "CampaignMemberStatus": 4,
        "CampaignMember": 1,
        "Lead": 1,
        "Contact": 0,
    }
    assert org.api_calls == 1


def test_people_are_found_by_email_and_by_id_deleted_and_converted_ones_too(
    sandbox: SandboxOrg, org: SalesforceOrg
) -> None:
    """M7.3: a converted lead counts as its contact, so that it must be found; case does not matter (S0.7)."""
    lead = sandbox.create("Lead", LastName="L", Company="C", Email="both@mail.example")
    contact = sandbox.create("Contact", LastName='O\'Neil \\ "Q"', Email="Both@Mail.Example")
    by_id = sandbox.create("Contact", LastName="Id")
    deleted = sandbox.create("Lead", LastName="D", Company="C", Email="o'neil@mail.example")
    sandbox.delete("Lead", deleted)
    found = org.find_people(
        emails=["BOTH@mail.example", "o'neil@mail.example", "nobody'; --"], ids=[by_id, lead]
    )
    assert sorted(found["salesforce_id"]) == sorted([lead, contact, by_id, deleted])
    assert found.schema == dict(SALESFORCE_PEOPLE)
    assert row(found, salesforce_id=deleted)["is_deleted"] is True


def test_many_people_are_found_in_few_calls(sandbox: SandboxOrg, org: SalesforceOrg) -> None:
    """S2.2.2: addresses stay short enough for Salesforce; five queries share a call."""
    sandbox.control("POST", "/sandbox/seed", {"crowd": {"leads": 1000, "contacts": 200}})
    emails = [f"lead{number}@crowd.example" for number in range(1000)]
    emails += [f"contact{number}@crowd.example" for number in range(200)]
    org.changes_since({})
    cost = calls_of(org, lambda: org.find_people(emails=emails, ids=[]))
    found = org.find_people(emails=emails, ids=[])
    assert found.height >= 1198
    assert cost <= 3


def test_very_many_people_are_found_in_calls_that_do_not_grow_with_them(
    sandbox: SandboxOrg, org: SalesforceOrg, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S2.4.5: by a bulk job over all that have an address, unless the org has far more of them. The same people are found."""
    sandbox.control("POST", "/sandbox/seed", {"crowd": {"leads": 300, "contacts": 100}})
    gone = sandbox.create("Lead", LastName="D", Company="C", Email="gone@mail.example")
    sandbox.delete("Lead", gone)
    emails = [f"LEAD{number}@crowd.example" for number in range(100)] + ["gone@mail.example", "x@y.example"]
    by_lists = org.find_people(emails=emails, ids=[]).sort("salesforce_id")
    monkeypatch.setattr(reading, "BULK_FIND_FROM", 100)
    by_bulk = org.find_people(emails=emails, ids=[]).sort("salesforce_id")
    assert by_bulk.equals(by_lists)
    assert by_bulk.height == 100
    few = calls_of(org, lambda: org.find_people(emails=emails, ids=[]))
    more = [f"contact{number}@crowd.example" for number in range(100)]
    assert calls_of(org, lambda: org.find_people(emails=[*emails, *more], ids=[])) == few
    monkeypatch.setattr(reading, "MOST_READ_FOR_ONE", 1)
    kinds = set(org.calls_by_kind)
    org.find_people(emails=emails, ids=[])
    assert set(org.calls_by_kind) == kinds


def test_ten_times_the_people_are_found_in_a_bounded_number_of_calls_never_one_a_person(
    sandbox: SandboxOrg, org: SalesforceOrg
) -> None:
    """By address: lists up to 8,000, two bulk jobs however many more; by id: 2,300 a call, as addresses hold (S2.2.2)."""
    sandbox.control("POST", "/sandbox/seed", {"crowd": {"campaigns": 0, "leads": 10_000}})
    org.changes_since({})
    everybody = org.find_people(emails=[f"lead{n}@crowd.example" for n in range(1, 10_001)], ids=())
    ids = everybody["salesforce_id"].to_list()
    cost = {
        (number, by): calls_of(org, lambda asked=asked: org.find_people(**asked))  # type: ignore[misc]
        for number in (1_000, 10_000)
        for by, asked in {
            "emails": {"emails": [f"lead{n}@crowd.example" for n in range(1, number + 1)], "ids": ()},
            "ids": {"emails": (), "ids": ids[:number]},
        }.items()
    }
    assert everybody.height == 10_000
    assert cost[1_000, "emails"] <= 3
    assert cost[10_000, "emails"] <= 14
    assert cost[1_000, "ids"] == 1
    assert cost[10_000, "ids"] <= 5


def test_what_must_be_known_to_find_and_make_very_many_rides_in_the_call_that_writes_the_campaign(
    sandbox: SandboxOrg, org: SalesforceOrg, campaign: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How many people there are, and the active assignment rule: asked once, and anew where they were used."""
    sandbox.control("POST", "/sandbox/seed", {"crowd": {"campaigns": 0, "leads": 100}})
    monkeypatch.setattr(reading, "BULK_FIND_FROM", 100)
    monkeypatch.setattr(org_module, "BULK_FIND_FROM", 100)
    emails = [f"lead{number}@crowd.example" for number in range(1, 101)]
    org.field_rules()
    alone = calls_of(org, lambda: org.find_people(emails=emails, ids=()))
    assert org.write_campaign(campaign, {"Type": "Webinar"}, to_find=99) == {"Type": "Webinar"}
    assert calls_of(org, lambda: org.find_people(emails=emails, ids=())) == alone
    write = partial(org.write_campaign, campaign, {"Type": "Webinar"}, to_find=100)
    assert calls_of(org, write) == 1
    assert calls_of(org, lambda: org.find_people(emails=emails, ids=())) == alone - 1
    assert calls_of(org, lambda: org.find_people(emails=emails, ids=())) == alone


def test_finding_nobody_costs_nothing(org: SalesforceOrg) -> None:
    assert org.find_people(emails=[], ids=[]).is_empty()
    assert org.api_calls == 0


def test_leads_that_the_sync_user_made_are_found_again(sandbox: SandboxOrg, org: SalesforceOrg) -> None:
    """M7.11: how an unknown outcome is settled."""
    sandbox.create("Lead", LastName="Before", Company="C")
    pass_time(sandbox, hours=1)
    now = datetime.fromisoformat(sandbox.control("GET", "/sandbox/clock")["now"])
    made = sandbox.create("Lead", LastName="After", Company="C")
    user = org.sync_user().user_id
    found = org.leads_made_by(user, since=now.astimezone(UTC))
    assert found["salesforce_id"].to_list() == [made]
    assert org.leads_made_by("005000000000001AAA", since=now).is_empty()


@pytest.mark.real_org
def test_a_campaign_and_its_member_are_seen(colleague: SandboxOrg, org: SalesforceOrg, campaign: str) -> None:
    lead = colleague.add_lead(campaign, "campaignsync.test@mail.example", "Registered")
    lists = org.whole_lists(members_of=[campaign], statuses_of=[campaign])
    assert lists.members.select("lead_id", "status").rows() == [(lead, "Registered")]
    assert set(lists.statuses["label"]) == {"Invited", "Registered", "No Show", "Attended"}
    assert org.find_people(emails=[], ids=[lead])["email"].to_list() == ["campaignsync.test@mail.example"]
    colleague.delete("Lead", lead)


def test_a_later_look_sees_only_what_changed(sandbox: SandboxOrg, org: SalesforceOrg, campaign: str) -> None:
    pass_time(sandbox, days=1)
    other = sandbox.webinar()
    cursor = org.changes_since({}).cursor
    pass_time(sandbox, days=1)
    sandbox.update("Campaign", campaign, Description="moved on")
    moved = org.changes_since(cursor)
    assert set(moved.campaigns["id"]) == {campaign, other}
    assert set(moved.statuses["campaign_id"]) == {other}
    assert moved.cursor["Campaign"] > cursor["Campaign"]
    assert org.changes_since(moved.cursor).campaigns["id"].to_list() == [campaign]


@pytest.mark.parametrize("rows_in_campaign", [9_999, 10_000])
def test_many_rows_come_by_a_bulk_job_and_are_the_same_rows(
    sandbox: SandboxOrg, org: SalesforceOrg, rows_in_campaign: int
) -> None:
    """Section 2.3: five pages of 2,000 cost as much as a job. What came is what the org holds, whichever way it came."""
    sandbox.control("POST", "/sandbox/seed", {"crowd": {"campaigns": 1, "leads": rows_in_campaign}})
    delta = org.changes_since({})
    by_bulk = {kind: number for kind, number in org.calls_by_kind.items() if "jobs" in kind}
    assert bool(by_bulk) == (rows_in_campaign >= 10_000)
    assert delta.members["id"].n_unique() == delta.people["salesforce_id"].n_unique() == rows_in_campaign
    told = dict(delta.members["status"].value_counts().rows())
    assert told == {"Sent": (rows_in_campaign + 1) // 2, "Responded": rows_in_campaign // 2}
    assert delta.member_counts["rows"].to_list() == [rows_in_campaign]
