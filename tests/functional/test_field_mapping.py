"""An admin says which field is which, which way it goes and who wins; custom fields are mapped alike (M7.4, M7.5)."""

from __future__ import annotations

import csv
from io import StringIO

import pytest

from campaignsync.domain.errors import UsageError
from campaignsync.runtime import cycle
from campaignsync.runtime.cycle import look
from campaignsync.store.frames import rows
from desk import Desk
from terminal import Terminal

CUSTOM = [
    {"object": kind, "name": name, "type": of}
    for kind in ("Lead", "Contact")
    for name, of in (("Nick__c", "string(80)"), ("Score__c", "double(10,2)"), ("Vip__c", "boolean"))
]


@pytest.fixture
def terminal(desk: Desk) -> Terminal:
    return Terminal(desk.app)


@pytest.fixture
def synced(desk: Desk) -> Desk:
    desk.org.control("POST", "/sandbox/seed", {"fields": CUSTOM})
    desk.bring_in("Email,Last Name,Title\nada@example.com,Lindqvist,Chief\n", "Registered")
    desk.link()
    quiet(desk)
    return desk


def quiet(desk: Desk) -> None:
    for _ in range(3):
        last = desk.round()
    assert (last.people.here, last.people.there, last.people.unknown) == (0, 0, 0)


def lead(desk: Desk, *fields: str) -> tuple[object, ...]:
    (row,) = desk.org.query(f"SELECT {', '.join(fields)} FROM Lead WHERE Email = 'ada@example.com'")
    return tuple(row[field] for field in fields)


def change_there(desk: Desk, **values: object) -> None:
    desk.org.update("Lead", str(lead(desk, "Id")[0]), **values)


def shown(terminal: Terminal) -> dict[str, object]:
    row = terminal.json("person", "show", "ada@example.com")
    return {**row, **row["custom"]}


def test_the_fields_are_listed_with_what_the_sync_user_may_do(synced: Desk, terminal: Terminal) -> None:
    """M7.5, M11."""
    listed = {row["field"]: row for row in terminal.json("fields")}
    assert listed["title"] == {
        "field": "title",
        "kind": "text",
        "lead": "Title",
        "contact": "Title",
        "direction": "both",
        "winner": "default",
        "custom": False,
        "lead_access": "write",
        "contact_access": "write",
        "rights": "",
    }
    assert (listed["company"]["contact"], listed["company"]["contact_access"]) == ("Account.Name", "read")
    assert (listed["unsubscribed"]["lead_access"], listed["status"]["contact_access"]) == ("none", "none")
    assert "read only" in terminal("fields")


def test_a_custom_field_goes_both_ways_from_then_on(synced: Desk, terminal: Terminal) -> None:
    """M7.5: what was there before it was mapped is read first, and not written over."""
    change_there(synced, Nick__c="Adi", Score__c=7.5, Vip__c=True)
    for name, path in (("nickname", "nick__c"), ("score", "Score__c"), ("vip", "Vip__c")):
        terminal("fields", "set", name, "--lead", path, "--contact", path)
    quiet(synced)
    person = shown(terminal)
    assert (person["nickname"], person["score"], person["vip"]) == ("Adi", 7.5, True)
    terminal("person", "set", "ada@example.com", "nickname=A.", "score=8", "vip=no")
    quiet(synced)
    assert lead(synced, "Nick__c", "Score__c", "Vip__c") == ("A.", 8, False)


def test_new_leads_get_custom_fields_too(synced: Desk, terminal: Terminal) -> None:
    terminal("fields", "set", "nickname", "--lead", "Nick__c")
    synced.org.delete("Lead", str(lead(synced, "Id")[0]))
    synced.sync()
    terminal("person", "set", "ada@example.com", "nickname=Adi")
    terminal("person", "sync", "ada@example.com")
    assert lead(synced, "Nick__c", "Title") == ("Adi", "Chief")


def test_a_field_goes_the_way_it_is_told_to(synced: Desk, terminal: Terminal) -> None:
    """M7.4."""
    terminal("fields", "set", "title", "--direction", "from-salesforce")
    terminal("person", "set", "ada@example.com", "title=Ours")
    quiet(synced)
    assert (shown(terminal)["title"], lead(synced, "Title")) == ("Ours", ("Chief",))
    change_there(synced, Title="Theirs")
    quiet(synced)
    assert shown(terminal)["title"] == "Theirs"
    terminal("fields", "set", "title", "--direction", "to-salesforce")
    change_there(synced, Title="Edited there")
    quiet(synced)
    assert shown(terminal)["title"] == "Theirs"
    terminal("person", "set", "ada@example.com", "title=Director")
    quiet(synced)
    assert lead(synced, "Title") == ("Director",)
    terminal("fields", "set", "title", "--direction", "off")
    terminal("person", "set", "ada@example.com", "title=Nobody there cares")
    quiet(synced)
    assert lead(synced, "Title") == ("Director",)


def test_a_winner_may_be_named_for_each_field(synced: Desk, terminal: Terminal) -> None:
    """M7.4."""
    terminal("fields", "set", "title", "--winner", "salesforce")
    terminal("person", "set", "ada@example.com", "title=Ours", "phone=1")
    change_there(synced, Title="Theirs", Phone="2")
    quiet(synced)
    assert (shown(terminal)["title"], shown(terminal)["phone"]) == ("Theirs", "1")
    assert lead(synced, "Title", "Phone") == ("Theirs", "1")


def test_a_field_mapped_elsewhere_is_read_there_before_anything_is_written(
    synced: Desk, terminal: Terminal
) -> None:
    change_there(synced, Nick__c="Boss")
    terminal("fields", "set", "title", "--lead", "Nick__c", "--winner", "salesforce")
    quiet(synced)
    assert shown(terminal)["title"] == "Boss"
    assert lead(synced, "Title", "Nick__c") == ("Chief", "Boss")


def test_a_field_that_becomes_of_another_kind_in_salesforce_is_left_alone_and_said_so(
    synced: Desk, terminal: Terminal
) -> None:
    terminal("fields", "set", "nickname", "--lead", "Nick__c")
    quiet(synced)
    number = {"object": "Lead", "name": "Nick__c", "type": "double(10,2)"}
    synced.org.control("POST", "/sandbox/seed", {"fields": [number]})
    terminal("person", "set", "ada@example.com", "nickname=Adi")
    quiet(synced)
    (row,) = [each for each in terminal.json("fields") if each["field"] == "nickname"]
    assert "hidden, or of another kind now" in row["rights"]
    assert synced.app.views.problems(None) == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("fields", "set", "nickname", "--lead", "Nope__c"), "sees no field 'Nope__c' of Lead"),
        (("fields", "set", "employees", "--lead", "Nick__c"), "Nick__c is text, employees is number"),
        (("person", "set", "ada@example.com", "shoe_size=43"), "There is none of the name shoe_size"),
        (("person", "set", "ada@example.com", "employees=many"), "'many' is no number for 'employees'"),
        (("person", "set", "ada@example.com", "email=ada"), "'ada' is no e-mail address"),
        (("plan",), "Name a program, or give --people"),
        (("plan", "Spring Webinar", "--people"), "Name a program, or give --people"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(
    synced: Desk, terminal: Terminal, arguments: tuple[str, ...], says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        terminal(*arguments)


def test_what_a_sync_would_do_to_people_can_be_read_first_and_changes_nothing(
    synced: Desk, terminal: Terminal
) -> None:
    terminal("person", "set", "ada@example.com", "title==1+1", "phone=555")
    change_there(synced, FirstName="Ada")
    plan = terminal.json("plan", "--people")
    assert plan["counts"] == {"to person": 1, "to Salesforce": 2, "nothing": 0, "hold": 0}
    assert [(row["field"], row["verdict"], row["becomes"]) for row in plan["fields"]] == [
        ("phone", "to Salesforce", "555"),
        ("title", "to Salesforce", "=1+1"),
        ("first_name", "to person", "Ada"),
    ]
    assert "ada@example.com: phone (empty) → 555  (changed here)" in terminal("plan", "--people")
    cells = {
        row["field"]: row["becomes"]
        for row in csv.DictReader(StringIO(terminal("plan", "--people", "--csv")))
    }
    assert cells["title"] == "'=1+1"
    assert terminal.json("plan", "--people") == plan
    assert (lead(synced, "Phone"), shown(terminal)["first_name"]) == ((None,), None)
    synced.sync()
    assert terminal.json("plan", "--people")["fields"] == []
    assert "Nothing to do" in terminal("plan", "--people")


def test_people_changed_by_hand_stand_in_the_journal(synced: Desk, terminal: Terminal) -> None:
    """M8: who, what, old, new."""
    terminal("person", "set", "ada@example.com", "title=Director", "email=Ada.L@Example.com")
    (entry,) = rows("SELECT who, why, old, new FROM store_journalentry WHERE noun = 'email'")
    assert (entry["why"], entry["old"], entry["new"]) == ("set", "ada@example.com", "ada.l@example.com")
    quiet(synced)
    assert (
        synced.org.query("SELECT Title FROM Lead WHERE Email = 'ada.l@example.com'")[0]["Title"] == "Director"
    )


@pytest.mark.parametrize("by_pages", [False, True])
def test_a_look_that_was_begun_before_a_field_was_mapped_does_not_pass_it_by(
    synced: Desk, monkeypatch: pytest.MonkeyPatch, by_pages: bool
) -> None:
    """M7.5: the cursor stays behind people whose new field nobody has asked for."""
    if by_pages:
        monkeypatch.setattr(cycle, "FIRST_READ_FROM_ROWS", 1)
    org = synced.connection.connection_id
    change_there(synced, Nick__c="Addie")
    quiet(synced)
    begun = synced.app.door(synced.connection)
    Terminal(synced.app)("fields", "set", "nickname", "--lead", "Nick__c")
    look(begun, synced.app.ledger, org)
    assert "Lead" not in synced.app.ledger.cursor(org)
    synced.round()
    assert "Lead" in synced.app.ledger.cursor(org)
    assert rows("SELECT custom->>'nickname' AS nickname FROM store_person") == [{"nickname": "Addie"}]
