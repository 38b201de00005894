"""Two people become one here because they are one in Salesforce: what is kept, and what keeps them two (M7.7, M7.8, M2.4)."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from campaign_words import CAMPAIGN_ID, SYNC_USER, Linked, counts, delta, lead, member, whole_list
from campaignsync.domain.connections import Login, LoginMethod
from campaignsync.domain.matching import MATCHES
from campaignsync.domain.observation import WholeLists
from campaignsync.domain.trees import CAMPAIGN_MEMBERS, CAMPAIGN_STATUSES
from campaignsync.planner.reconcile import reconcile
from campaignsync.store.frames import execute, rows

CONTACT = "003000000000001AAA"


def observe(linked: Linked, *members: dict[str, object], **more: object) -> None:
    seen = delta(*members, **more)  # type: ignore[arg-type]
    linked.app.ledger.mirror(linked.connection.connection_id, seen)
    linked.app.ledger.follow_people(linked.connection.connection_id)
    linked.app.ledger.adopt_people(linked.link)


def merged(linked: Linked, loser: int, winner: int) -> None:
    """A look that brings home that a lead was merged into another; its row of the campaign is the other's now, or gone."""
    gone = lead(loser, is_deleted=True, master_record_id=lead(winner)["salesforce_id"])
    observe(linked, people=[gone, lead(winner)], member_counts=counts(0))


def everybody() -> list[dict[str, object]]:
    return rows("SELECT * FROM store_person WHERE merged_into_id IS NULL ORDER BY id")


def agree(linked: Linked) -> None:
    """Both sides are the same, and remember it."""
    ledger = linked.app.ledger
    with ledger.run(linked.link, "test") as run:
        campaign = ledger.trees(linked.link).campaign.select(
            "person_id", pl.lit(None, pl.String).alias("was"), "status", pl.lit("test").alias("why")
        )
        ledger.change_program(run, campaign)


@pytest.fixture
def elsewhere(linked: Linked) -> Linked:
    """The same program linked in a second org."""
    login = Login(method=LoginMethod.PASSWORD, login_url="https://y.example", fields={"password": "x"})
    user = replace(SYNC_USER, organization_id="00D000000000002AAA")
    linked.app.registry.save_connection(
        "elsewhere", login, instance_url="https://y.example", campaign_sync=True, user=user
    )
    connection = linked.app.registry.connection("elsewhere")
    linked.app.ledger.mirror(connection.connection_id, delta())
    link = linked.app.registry.create_link("Spring", connection.connection_id, CAMPAIGN_ID)
    return Linked(app=linked.app, connection=connection, link=link)


def test_the_winners_values_count_and_a_losers_fill_what_is_empty(linked: Linked) -> None:
    """M7.8."""
    observe(linked, member(1, "Invited"), member(2, "Invited"))
    execute(
        "UPDATE store_person SET title = 'Chief', phone = '1', custom = '{\"a\": 1, \"b\": 2}' WHERE email LIKE 'person1@%%'"
    )
    execute(
        "UPDATE store_person SET phone = '2', custom = '{\"b\": 3, \"c\": null}' WHERE email LIKE 'person2@%%'"
    )
    merged(linked, 1, 2)
    (person,) = everybody()
    assert (person["email"], person["title"], person["phone"]) == ("person2@example.com", "Chief", "2")
    assert person["custom"] == {"a": 1, "b": 3}


def test_the_acquisition_program_is_that_of_who_was_known_first(linked: Linked) -> None:
    """M1.5, M7.8."""
    linked.app.members.set_status("Spring", "person1@example.com", "Invited", who="ada")
    observe(linked, member(1, "Invited"), member(2, "Invited"))
    merged(linked, 1, 2)
    (person,) = everybody()
    assert person["acquisition_program_id"] is not None


def test_three_who_become_one_are_one(linked: Linked) -> None:
    observe(linked, member(1, "Invited"), member(2, "Attended"), member(3, "Registered"))
    agree(linked)
    people = [lead(n, is_deleted=True, master_record_id=lead(3)["salesforce_id"]) for n in (1, 2)]
    observe(linked, people=[*people, lead(3)], member_counts=counts(0))
    assert [person["email"] for person in everybody()] == ["person3@example.com"]
    assert linked.statuses() == {"person3@example.com": "Attended"}


def test_what_the_campaign_kept_is_what_is_agreed_so_that_the_further_status_goes_there(
    linked: Linked,
) -> None:
    """M7.8, S1.3.8: under any policy of the link."""
    observe(linked, member(1, "Attended"), member(2, "Invited"))
    agree(linked)
    linked.app.registry.set_policy(linked.link, {"winner": "ask", "step_back": "accept"})
    moved = member(2, "Invited")
    seen = delta(
        people=[lead(1, is_deleted=True, master_record_id=lead(2)["salesforce_id"]), lead(2)],
        member_counts=counts(1),
    )
    ledger, connection = linked.app.ledger, linked.connection.connection_id
    ledger.mirror(connection, seen)
    lists = WholeLists(
        members_of=frozenset({CAMPAIGN_ID}),
        members=pl.DataFrame([moved], schema=CAMPAIGN_MEMBERS),
        statuses=pl.DataFrame(schema=CAMPAIGN_STATUSES),
    )
    assert ledger.people_vanished(connection, lists) == [lead(1)["salesforce_id"]]
    ledger.mirror_whole(connection, lists)
    ledger.follow_people(connection)
    plan = reconcile(ledger.link(linked.link), ledger.trees(linked.link))
    assert plan.for_campaign.select("program", "campaign", "becomes").rows() == [
        ("Attended", "Invited", "Attended")
    ]
    assert plan.for_program.is_empty()


def test_the_record_in_another_org_goes_along(linked: Linked, elsewhere: Linked) -> None:
    observe(linked, member(1, "Invited"), member(2, "Invited"))
    observe(elsewhere, member(9, "Invited"), people=[lead(9, email="person1@example.com")])
    merged(linked, 1, 2)
    assert len(everybody()) == 1
    (person,) = everybody()
    assert person["email"] == "person2@example.com"
    assert rows("SELECT person_id, salesforce_id FROM store_personidentity ORDER BY connection_id") == [
        {"person_id": person["id"], "salesforce_id": lead(2)["salesforce_id"]},
        {"person_id": person["id"], "salesforce_id": lead(9)["salesforce_id"]},
    ]


def test_whom_another_org_knows_as_two_stay_two_until_they_are_one_there(
    linked: Linked, elsewhere: Linked
) -> None:
    """M2.4: nobody's membership is given up for it."""
    observe(linked, member(1, "Invited"), member(2, "Invited"))
    same = [lead(8, email="person1@example.com"), lead(9, email="person2@example.com")]
    observe(elsewhere, member(8, "Invited"), member(9, "Invited"), people=same)
    merged(linked, 1, 2)
    assert len(everybody()) == 2
    (problem,) = linked.app.views.problems(None)
    assert (problem["code"], problem["email"]) == ("PEOPLE_APART", "person1@example.com")
    assert "in connection elsewhere the two are different records" in str(problem["message"])
    merged(elsewhere, 8, 9)
    merged(linked, 1, 2)
    assert len(everybody()) == 1
    assert linked.app.views.problems(None) == []


@pytest.mark.parametrize("loser", [1, 2])
def test_a_membership_in_the_bin_was_removed_by_nobody_whoever_they_are_merged_with(
    linked: Linked, loser: int
) -> None:
    """M7.9: the person has another record from then on, which never was a member."""
    observe(linked, member(1, "Invited"), people=[lead(1), lead(2)])
    linked.app.members.set_status("Spring", "person2@example.com", "Invited", who="ada")
    linked.app.members.remove("Spring", "person2@example.com", who="ada")
    found = {
        "person_id": linked.app.directory.find("person2@example.com"),
        "salesforce_id": lead(2)["salesforce_id"],
        "kind": "lead",
        "several": 1,
    }
    linked.app.ledger.match_people(
        linked.connection.connection_id, pl.DataFrame([found], schema=MATCHES), None
    )
    agree(linked)
    observe(linked, people=[lead(1, is_deleted=True)], member_counts=counts(0))
    linked.app.ledger.mirror_whole(linked.connection.connection_id, whole_list())
    directory = linked.app.directory
    people = [directory.find(f"person{number}@example.com") for number in (loser, 3 - loser)]
    directory.merge(people[0], people[1], who="ada")
    plan = reconcile(linked.app.ledger.link(linked.link), linked.app.ledger.trees(linked.link))
    assert plan.for_program.is_empty()
    assert plan.for_campaign["becomes"].to_list() == ["Invited"]


def test_a_converted_leads_member_is_the_contacts_even_where_it_names_the_lead_alone(linked: Linked) -> None:
    """S1.3.7: not verified, so it is no removal either way."""
    observe(linked, member(1, "Invited"))
    agree(linked)
    people = [lead(1, is_converted=True, converted_contact_id=CONTACT)]
    observe(linked, member(1, "Invited"), people=people)
    assert linked.app.ledger.follow_people(linked.connection.connection_id) == [CONTACT]
    seen = pl.DataFrame([lead(1, salesforce_id=CONTACT, kind="contact")], schema=delta().people.schema)
    linked.app.ledger.mirror_people(linked.connection.connection_id, seen, asked=[CONTACT])
    assert linked.app.ledger.follow_people(linked.connection.connection_id) == []
    linked.app.ledger.adopt_people(linked.link)
    (person,) = everybody()
    assert person["email"] == "person1@example.com"
    trees = linked.app.ledger.trees(linked.link, also=[person["id"]])
    for side in ("campaign", "program", "agreed"):
        assert getattr(trees, side).select("person_id", "status").rows() == [(person["id"], "Invited")], side


def test_a_contact_that_nobody_can_find_was_deleted(linked: Linked) -> None:
    observe(linked, member(1, "Invited"))
    agree(linked)
    observe(
        linked, people=[lead(1, is_converted=True, converted_contact_id=CONTACT)], member_counts=counts(0)
    )
    connection = linked.connection.connection_id
    linked.app.ledger.mirror_people(connection, delta().people, asked=[CONTACT])
    assert linked.app.ledger.follow_people(connection) == []
    assert rows("SELECT salesforce_id, is_deleted FROM store_personidentity") == [
        {"salesforce_id": CONTACT, "is_deleted": True}
    ]
    assert linked.tree("program") == {}
    assert linked.statuses() == {"person1@example.com": "Invited"}


def test_people_of_the_org_who_are_none_of_ours_are_not_kept(linked: Linked) -> None:
    observe(linked, member(1, "Invited"))
    observe(linked, people=[lead(1), lead(5), lead(6, is_deleted=True)], member_counts=counts(1))
    assert rows("SELECT salesforce_id FROM store_salesforceperson") == [
        {"salesforce_id": lead(1)["salesforce_id"]}
    ]
