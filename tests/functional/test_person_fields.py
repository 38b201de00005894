"""The fields of people go both ways; what one side changed is never lost, and who wins is said field by field (M7.4, M7.5)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from campaignsync.store.frames import execute, rows
from desk import Desk
from terminal import Terminal

REGISTRANTS = (
    "Email,First Name,Last Name,Company,Title,Phone\n"
    "ada@example.com,Ada,Lindqvist,Northwind,Chief,555\n"
    "ben@example.com,,Bell,Bell & Co,,\n"
)


@pytest.fixture
def synced(desk: Desk) -> Desk:
    """Two leads that are the same on both sides."""
    desk.bring_in(REGISTRANTS, "Registered")
    desk.link()
    quiet(desk)
    return desk


def quiet(desk: Desk) -> None:
    """A round or two, and one that has nothing to do any more."""
    for _ in range(3):
        last = desk.round()
    assert (last.people.here, last.people.there, last.people.unknown) == (0, 0, 0)
    assert (last.reports[0].program_changes, last.reports[0].campaign_changes) == (0, 0)


def here(name: str, *fields: str) -> tuple[object, ...]:
    (row,) = rows(f"SELECT {', '.join(fields)} FROM store_person WHERE email = %s", (f"{name}@example.com",))
    return tuple(row.values())


def there(desk: Desk, name: str, *fields: str, kind: str = "Lead") -> tuple[object, ...]:
    soql = f"SELECT {', '.join(fields)} FROM {kind} WHERE Email = '{name}@example.com'"
    (row,) = desk.org.query(soql)
    return tuple(row[field] for field in fields)


def record(desk: Desk, name: str, kind: str = "Lead") -> str:
    return str(there(desk, name, "Id", kind=kind)[0])


def change_here(name: str, **values: object) -> None:
    sets = ", ".join(f"{field} = %s" for field in values)
    execute(f"UPDATE store_person SET {sets} WHERE email = %s", (*values.values(), f"{name}@example.com"))


def noted(desk: Desk, name: str) -> Iterator[tuple[object, ...]]:
    for row in desk.app.views.journal(None, email=f"{name}@example.com", limit=100):
        if row["noun"] != "member":
            yield row["side"], row["noun"], row["old"], row["new"], row["who"]


def test_a_new_lead_has_the_persons_fields_and_a_placeholder_stays_there(synced: Desk) -> None:
    """M7.2, M11: a default that filled an empty field is no value that anybody gave."""
    assert there(synced, "ada", "FirstName", "Title", "Phone") == ("Ada", "Chief", "555")
    synced.give(cora="Invited")
    quiet(synced)
    assert there(synced, "cora", "LastName", "Company") == ("Unknown", "Unknown")
    assert here("cora", "last_name", "company") == (None, None)


def test_what_changed_here_goes_to_the_lead(synced: Desk) -> None:
    """M7.4."""
    change_here("ada", title="Director", phone=None)
    assert synced.round().people.there == 1
    assert there(synced, "ada", "Title", "Phone", "FirstName") == ("Director", None, "Ada")
    quiet(synced)


def test_what_changed_there_comes_to_the_person_and_the_journal_says_so(synced: Desk) -> None:
    """M7.4, M8."""
    synced.org.update(
        "Lead", record(synced, "ada"), Title="Director", NumberOfEmployees=12, AnnualRevenue=5000
    )
    assert synced.round().people.here == 3
    assert here("ada", "title", "employees", "annual_revenue") == ("Director", 12, "5000")
    quiet(synced)
    titles = [entry for entry in noted(synced, "ada") if entry[1] == "title"]
    assert titles == [
        ("campaign", "title", "Chief", "Director", "somebody in Salesforce"),
        ("program", "title", "Chief", "Director", "campaign sync"),
    ]


def test_different_fields_of_one_person_change_on_both_sides_and_none_is_lost(synced: Desk) -> None:
    change_here("ada", title="Director")
    synced.org.update("Lead", record(synced, "ada"), Phone="777")
    quiet(synced)
    assert here("ada", "title", "phone") == there(synced, "ada", "Title", "Phone") == ("Director", "777")


def test_for_a_lead_our_value_wins(synced: Desk) -> None:
    """M7.4."""
    change_here("ada", title="Ours")
    synced.org.update("Lead", record(synced, "ada"), Title="Theirs")
    quiet(synced)
    assert here("ada", "title") == there(synced, "ada", "Title") == ("Ours",)


def a_contact(desk: Desk, name: str) -> str:
    account = desk.org.create("Account", Name="Northwind", Industry="Banking")
    return desk.org.create(
        "Contact", LastName="Conte", Email=f"{name}@example.com", Title="Chief", AccountId=account
    )


def test_for_a_contact_salesforces_value_wins(synced: Desk) -> None:
    """M7.4."""
    con = a_contact(synced, "con")
    synced.give(con="Invited")
    quiet(synced)
    assert here("con", "last_name", "title", "company", "industry") == (
        "Conte",
        "Chief",
        "Northwind",
        "Banking",
    )
    change_here("con", title="Ours", phone="1")
    synced.org.update("Contact", con, Title="Theirs")
    quiet(synced)
    assert here("con", "title", "phone") == ("Theirs", "1")
    assert there(synced, "con", "Title", "Phone", kind="Contact") == ("Theirs", "1")


def test_what_a_contact_borrows_from_the_account_is_read_only(synced: Desk) -> None:
    """M11."""
    a_contact(synced, "con")
    synced.give(con="Invited")
    quiet(synced)
    change_here("con", company="Elsewhere")
    quiet(synced)
    assert here("con", "company") == ("Elsewhere",)
    assert synced.org.query("SELECT Name FROM Account")[0]["Name"] == "Northwind"
    assert synced.app.views.problems(None) == []


def test_salesforces_rendition_of_a_value_is_no_change(synced: Desk) -> None:
    """S0.7: addresses in lower case, numbers in other digits, spaces around."""
    change_here("ada", title="  Chief ", annual_revenue="5000.00", notes="two\r\nlines\n")
    quiet(synced)
    assert there(synced, "ada", "AnnualRevenue", "Description") == (5000, "two\nlines")
    assert here("ada", "title", "annual_revenue") == ("  Chief ", "5000.00")


def test_a_box_that_nobody_ticked_here_does_not_take_the_tick_away_there(desk: Desk) -> None:
    """M7.4: not even for a lead, whose fields we win."""
    desk.org.switch(email_opt_out_visible=True)
    desk.org.create("Lead", LastName="L", Company="C", Email="ada@example.com", HasOptedOutOfEmail=True)
    desk.give(ada="Registered")
    desk.link()
    quiet(desk)
    assert there(desk, "ada", "HasOptedOutOfEmail") == (True,)
    assert here("ada", "unsubscribed") == (True,)
    change_here("ada", unsubscribed=False)
    quiet(desk)
    assert there(desk, "ada", "HasOptedOutOfEmail") == (False,)


def test_a_person_found_by_address_fills_what_either_side_lacks(desk: Desk) -> None:
    desk.org.create("Lead", LastName="Lindqvist", Company="Northwind", Email="ada@example.com", Phone="1")
    desk.bring_in("Email,Title\nada@example.com,Chief\n", "Registered")
    desk.link()
    quiet(desk)
    assert here("ada", "last_name", "title", "phone") == ("Lindqvist", "Chief", "1")
    assert there(desk, "ada", "LastName", "Title", "Phone") == ("Lindqvist", "Chief", "1")


def test_a_field_the_sync_user_cannot_see_is_left_alone_and_one_he_cannot_edit_only_read(desk: Desk) -> None:
    """M7.5, S1.5.3."""
    denied = [["*", "Lead", "Phone", "read"], ["*", "Lead", "Title", "edit"]]
    desk.org.control("POST", "/sandbox/seed", {"denied_fields": denied})
    desk.bring_in(REGISTRANTS, "Registered")
    desk.link()
    quiet(desk)
    assert desk.equal() == {"ada@example.com": "Registered", "ben@example.com": "Registered"}
    change_here("ada", phone="9", title="Ours", first_name="Adah")
    quiet(desk)
    assert there(desk, "ada", "FirstName", "Title") == ("Adah", None)
    assert desk.app.views.problems(None) == []


def test_a_refused_change_is_a_problem_in_salesforces_words_and_is_not_repeated(synced: Desk) -> None:
    """M7.6, docs/adr/0004."""
    rule = {"sobject": "Lead", "refuse_when": "Title = 'Boss'", "message": "No bosses.", "field": "Title"}
    synced.org.control("POST", "/sandbox/seed", {"validation_rules": [rule]})
    change_here("ada", title="Boss")
    change_here("ben", title="Clerk")
    first = synced.round()
    assert (first.people.there, first.people.refused) == (1, 1)
    (problem,) = synced.app.views.problems(None)
    assert (problem["noun"], problem["email"], problem["code"], problem["message"], problem["wanted"]) == (
        "person",
        "ada@example.com",
        "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "No bosses. (fields: Title)",
        '{"title": "Boss"}',
    )
    again = synced.round()
    assert (again.people.refused, again.people.there) == (0, 0)
    change_here("ada", phone="777")
    assert synced.round().people.refused == 1
    change_here("ada", title="Chief")
    quiet(synced)
    assert there(synced, "ada", "Title", "Phone") == ("Chief", "777")
    assert synced.app.views.problems(None) == []


def test_a_lost_answer_is_compared_again(synced: Desk) -> None:
    """S0.2."""
    for drop in ("before", "after"):
        change_here("ada", title=f"Director {drop}")
        rule = {
            "match": {"method": "POST", "path": r"/composite$", "nth": 3},
            "action": {"drop": drop},
            "times": 1,
        }
        synced.org.control("POST", "/sandbox/faults", {"rules": [rule]})
        assert synced.round().people.unknown == 1
        synced.org.control("DELETE", "/sandbox/faults")
        quiet(synced)
        assert there(synced, "ada", "Title") == here("ada", "title") == (f"Director {drop}",)


def test_a_converted_lead_is_left_alone_and_the_contact_is_written(synced: Desk) -> None:
    """S0.8, M7.7."""
    contact = synced.org.convert(record(synced, "ada"))
    change_here("ada", title="Director")
    quiet(synced)
    assert there(synced, "ada", "Id", "Title", kind="Contact") == (contact, "Director")
    assert synced.app.views.problems(None) == []


def test_an_address_changed_there_is_changed_here_unless_it_is_somebody_elses(synced: Desk) -> None:
    """M2.4."""
    synced.app.members.set_status(synced.program, "known@example.com", "Invited", who="ada")
    synced.app.members.remove(synced.program, "known@example.com", who="ada")
    ben = record(synced, "ben")
    synced.org.update("Lead", record(synced, "ada"), Email="ada.l@example.com")
    synced.org.update("Lead", ben, Email="known@example.com")
    synced.round()
    assert sorted(synced.here()) == ["ada.l@example.com", "ben@example.com"]
    (problem,) = synced.app.views.problems(None)
    assert (problem["code"], problem["email"], problem["wanted"]) == (
        "EMAIL_TAKEN",
        "ben@example.com",
        "known@example.com",
    )
    synced.org.update("Lead", ben, Email="ben@example.com")
    quiet(synced)
    assert synced.app.views.problems(None) == []


def test_a_quiet_round_costs_no_call_and_compares_nobody(synced: Desk) -> None:
    calls = {synced.round().api_calls for _ in range(3)}
    assert len(calls) == 1
    assert calls.pop() <= 5
    assert rows("SELECT count(*) AS n FROM store_personidentity WHERE changes > 0") == [{"n": 0}]


def test_what_salesforce_gives_new_leads_is_filled_in_and_is_nobodys_change(desk: Desk) -> None:
    """M7.4: the status that every new lead gets there was changed by nobody."""
    desk.bring_in("Email,Last Name\nada@example.com,Lindqvist\nben@example.com,Bauer\n", "Registered")
    desk.link()
    terminal = Terminal(desk.app)
    terminal("sync")
    assert "2 empty ones are filled in" in terminal("plan", "--people")
    said = terminal("sync")
    assert "People in org: 2 empty fields filled in from Salesforce." in said
    assert "changed here" not in said
    there = desk.org.query("SELECT Id FROM Lead WHERE Email = 'ada@example.com'")[0]["Id"]
    desk.org.update("Lead", there, Title="Chief")
    assert "People in org: 1 field changed here." in terminal("sync")
