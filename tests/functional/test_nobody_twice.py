"""Nobody is created twice, whatever died and whichever answer was lost, with an e-mail address or without (M7.3, M7.11)."""

from __future__ import annotations

import pytest

from campaignsync.store.frames import execute, rows
from desk import Desk

COLLECTION = r"/composite/sobjects"
EXTERNAL_ID = {"name": "Our_Id__c", "type": "string(36)", "flags": "cunxqp"}


def give_nameless(desk: Desk, *last_names: str) -> None:
    """Members of the program whom we know by name only."""
    execute(
        "WITH made AS (INSERT INTO store_person (last_name, company, custom, created_at)"
        " SELECT unnest(%s::text[]), 'Northwind', '{}', now() RETURNING id)"
        " INSERT INTO store_programmember (program_id, person_id, status_id, member_since, origin)"
        " SELECT p.id, made.id, s.id, now(), 'person' FROM made, store_program p JOIN store_progressionstatus s"
        " ON s.channel_id = p.channel_id AND s.name = 'Registered' WHERE p.name = %s",
        (list(last_names), desk.program),
    )


def know_by_our_ids(desk: Desk) -> None:
    fields = [{"object": name, **EXTERNAL_ID} for name in ("Lead", "Contact")]
    desk.org.control("POST", "/sandbox/seed", {"fields": fields})
    desk.choose(external_id_field="Our_Id__c")


def lose_answers(desk: Desk, drop: str) -> None:
    rule = {"match": {"path": COLLECTION, "probability": 1}, "action": {"drop": drop}}
    desk.org.control("POST", "/sandbox/faults", {"rules": [rule]})


def leads(desk: Desk) -> list[str]:
    return [row["LastName"] for row in desk.org.query("SELECT LastName FROM Lead ORDER BY LastName, Id")]


@pytest.mark.parametrize("drop", ["before", "after"])
@pytest.mark.parametrize("by_our_ids", [True, False])
def test_a_lost_answer_makes_nobody_twice_even_without_an_e_mail_address(
    desk: Desk, drop: str, by_our_ids: bool
) -> None:
    """M7.11."""
    if by_our_ids:
        know_by_our_ids(desk)
    desk.bring_in("Email,Last Name\nada@example.com,Lindqvist\n", "Registered")
    give_nameless(desk, "Novak", "Novak", "Okafor")
    desk.link()
    lose_answers(desk, drop)
    assert desk.sync().unknown == 4
    desk.org.control("DELETE", "/sandbox/faults")
    desk.sync()
    assert leads(desk) == ["Lindqvist", "Novak", "Novak", "Okafor"]
    assert len(desk.org.query("SELECT Id FROM CampaignMember")) == 4
    quiet = desk.sync()
    assert (quiet.campaign_changes, quiet.unknown, quiet.refused) == (0, 0, 0)
    assert rows("SELECT * FROM store_leadintent") == []


@pytest.mark.parametrize("by_our_ids", [True, False])
def test_a_lead_that_was_deleted_before_we_heard_of_it_is_not_made_anew(desk: Desk, by_our_ids: bool) -> None:
    """M7.9."""
    if by_our_ids:
        know_by_our_ids(desk)
    desk.give(ada="Registered")
    desk.link()
    lose_answers(desk, "after")
    desk.sync()
    desk.org.control("DELETE", "/sandbox/faults")
    desk.org.delete("Lead", desk.org.query("SELECT Id FROM Lead")[0]["Id"])
    desk.sync()
    desk.sync()
    assert leads(desk) == []
    assert desk.here() == {"ada@example.com": "Registered"}
    assert desk.app.views.problems(None) == []


def test_a_call_that_is_still_at_work_in_salesforce_makes_nobody_twice_where_our_ids_are_known(
    desk: Desk,
) -> None:
    """M7.11: the lead appears after it was looked for; an upsert finds it nevertheless."""
    know_by_our_ids(desk)
    give_nameless(desk, "Novak")
    desk.link()
    our_id = str(rows("SELECT our_id FROM store_person")[0]["our_id"])
    desk.org.create("Lead", LastName="Novak", Company="Northwind", Our_Id__c=our_id)
    desk.sync()
    assert leads(desk) == ["Novak"]
    assert [row["kind"] for row in desk.members()] == ["lead"]


def test_the_journal_notes_that_there_were_several_to_choose_from(desk: Desk) -> None:
    """M7.3."""
    for last_name in ("Lindqvist", "Berg"):
        desk.org.create("Lead", LastName=last_name, Company="Northwind", Email="ada@example.com")
    desk.give(ada="Registered")
    desk.link()
    desk.sync()
    chosen = desk.members()[0]["salesforce_id"]
    noted = [
        row
        for row in desk.app.views.journal(None, email="ada@example.com", limit=10)
        if row["noun"] == "person"
    ]
    assert [(row["new"], row["why"]) for row in noted] == [
        ("lead", "2 leads and contacts have the e-mail address: this one was chosen")
    ]
    assert rows("SELECT record_id FROM store_journalentry WHERE noun = 'person'") == [{"record_id": chosen}]


def test_the_one_already_in_the_campaign_comes_first(desk: Desk) -> None:
    """M7.3: before a contact of the same address that is not."""
    campaign = desk.org.webinar()
    lead = desk.org.add_lead(campaign, "ada@example.com", "Invited")
    desk.org.create("Contact", LastName="Lindqvist", Email="ada@example.com")
    desk.give(ada="Registered")
    desk.link(campaign)
    desk.sync()
    assert [(row["salesforce_id"], row["status"]) for row in desk.members()] == [(lead, "Registered")]
    assert desk.equal() == {"ada@example.com": "Registered"}
