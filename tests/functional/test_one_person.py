"""One person, across all orgs: shown, listed, synced at once, deleted (M7.9–M7.11, M9.5)."""

from __future__ import annotations

import pytest

from campaignsync.domain.errors import RefusedError, UsageError
from campaignsync.store.frames import rows
from desk import Desk
from terminal import Terminal


@pytest.fixture
def synced(desk: Desk) -> Desk:
    desk.bring_in("Email,Last Name,Company\nada@example.com,Lindqvist,Northwind\n", "Registered")
    desk.give(ben="Invited")
    desk.link()
    desk.sync()
    return desk


@pytest.fixture
def terminal(desk: Desk) -> Terminal:
    return Terminal(desk.app)


def lead_of(desk: Desk, name: str) -> str:
    return str(desk.org.query(f"SELECT Id FROM Lead WHERE Email = '{name}@example.com'")[0]["Id"])


def test_all_we_know_of_somebody_is_shown(synced: Desk, terminal: Terminal) -> None:
    ada = lead_of(synced, "ada")
    row = terminal.json("person", "show", "ada@example.com")
    assert (row["email"], row["last_name"], row["company"]) == ("ada@example.com", "Lindqvist", "Northwind")
    assert row["records"] == [{"connection": "org", "kind": "lead", "salesforce_id": ada, "deleted": False}]
    (program,) = row["programs"]
    assert (program["program"], program["status"]) == ("Spring Webinar", "Registered")
    (campaign,) = program["campaigns"]
    assert (campaign["campaign_id"], campaign["status"]) == (synced.campaign, "Registered")
    assert campaign["campaign_member_id"] == synced.org.member_id(synced.campaign, "ada@example.com")


def test_somebody_is_found_by_address_by_our_id_and_by_an_id_of_either_length(synced: Desk) -> None:
    """M7.11: who has no address has an id."""
    directory, ada = synced.app.directory, lead_of(synced, "ada")
    person = directory.find(" Ada@Example.com ")
    assert {directory.find(each) for each in (str(directory.show(person)["our_id"]), ada, ada[:15])} == {
        person
    }
    with pytest.raises(UsageError, match="We know nobody as 'eve@"):
        directory.find("eve@example.com")


def test_two_people_of_one_address_are_told_apart_by_our_id(synced: Desk) -> None:
    """M2.4."""
    synced.org.add_lead(synced.campaign, "ada@example.com", "Invited")
    synced.sync()
    with pytest.raises(UsageError, match="2 people have the address"):
        synced.app.directory.find("ada@example.com")


def test_what_is_shown_is_shown_in_words_too(synced: Desk, terminal: Terminal) -> None:
    synced.org.delete("Lead", lead_of(synced, "ada"))
    synced.sync()
    shown = terminal("person", "show", "ada@example.com")
    assert "last name: Lindqvist" in shown
    assert "deleted in SFDC" in shown
    assert "No problems." in shown


def test_people_are_listed_page_by_page(synced: Desk, terminal: Terminal) -> None:
    def listed(*options: str) -> list[str]:
        return [row["email"] for row in terminal.json("people", *options)["people"]]

    everybody = listed()
    assert sorted(everybody) == ["ada@example.com", "ben@example.com"]
    first = terminal.json("people", "--limit", "1")
    assert [row["email"] for row in first["people"]] == everybody[:1]
    second = terminal.json("people", "--limit", "1", "--after", str(first["after"]))
    assert ([row["email"] for row in second["people"]], second["after"]) == (everybody[1:], None)
    assert "There are more: go on with --after" in terminal("people", "--limit", "1")
    assert listed("--search", "NORTH") == ["ada@example.com"]
    assert listed("--search", "100%_") == []
    assert listed("--connection", "org") == everybody
    assert terminal("people", "--deleted").strip() == "Nobody like that."


def test_a_deleted_lead_is_made_anew_only_when_somebody_says_so(synced: Desk, terminal: Terminal) -> None:
    """M7.9."""
    gone = lead_of(synced, "ada")
    synced.org.delete("Lead", gone)
    synced.sync()
    (row,) = terminal.json("people", "--deleted")["people"]
    assert (row["email"], row["records"][0]["deleted"]) == ("ada@example.com", True)
    assert synced.sync().campaign_changes == 0
    made = terminal.json("person", "sync", "ada@example.com")
    assert (made["kind"], made["salesforce_id"]) == ("lead", lead_of(synced, "ada"))
    assert made["salesforce_id"] != gone
    synced.sync()
    assert synced.equal() == {"ada@example.com": "Registered", "ben@example.com": "Invited"}


def test_a_deletion_that_no_look_has_seen_yet_is_seen_first(synced: Desk, terminal: Terminal) -> None:
    """M7.9."""
    gone = lead_of(synced, "ada")
    synced.org.delete("Lead", gone)
    assert (
        terminal.json("person", "sync", "ada@example.com")["salesforce_id"] == lead_of(synced, "ada") != gone
    )


def test_whom_salesforce_knows_is_found_and_made_by_nobody(synced: Desk, terminal: Terminal) -> None:
    """M9.5."""
    ada = lead_of(synced, "ada")
    assert terminal("person", "sync", "ada@example.com").strip() == f"ada@example.com is lead {ada} in 'org'."
    assert len(synced.org.query("SELECT Id FROM Lead")) == 2


def test_a_person_who_cannot_be_made_is_told_in_salesforces_words(synced: Desk, terminal: Terminal) -> None:
    """M7.6."""
    rule = {"sobject": "Lead", "refuse_when": "Phone = null", "message": "A phone, please.", "field": "Phone"}
    synced.org.control("POST", "/sandbox/seed", {"validation_rules": [rule]})
    synced.org.delete("Lead", lead_of(synced, "ada"))
    with pytest.raises(RefusedError, match="A phone, please"):
        terminal("person", "sync", "ada@example.com")


@pytest.mark.parametrize("also", [True, False])
def test_a_deleted_person_is_gone_here_and_by_choice_there_and_does_not_come_back(
    synced: Desk, terminal: Terminal, also: bool
) -> None:
    """M7.10."""
    ada = lead_of(synced, "ada")
    choice = ["--also-in-salesforce"] if also else []
    assert terminal.json("person", "delete", "ada@example.com", *choice)["deleted_in"] == (
        ["org"] if also else []
    )
    for _ in range(2):
        synced.sync()
        assert synced.equal() == {"ben@example.com": "Invited"}
    assert len(synced.org.query(f"SELECT Id FROM Lead WHERE Id = '{ada}'")) == (0 if also else 1)
    assert [row["email"] for row in rows("SELECT email FROM store_person")] == ["ben@example.com"]
    assert synced.app.views.problems(None) == []


def test_a_person_whom_salesforce_does_not_let_us_delete_stays_here_too(
    synced: Desk, terminal: Terminal
) -> None:
    """M7.10."""
    synced.org.control("POST", "/sandbox/seed", {"denied_objects": [["*", "Lead", "delete"]]})
    with pytest.raises(RefusedError):
        terminal("person", "delete", "ada@example.com", "--also-in-salesforce")
    synced.sync()
    assert synced.equal() == {"ada@example.com": "Registered", "ben@example.com": "Invited"}
