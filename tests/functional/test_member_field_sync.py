"""Custom member fields are kept the same with those of campaign members, both ways (M6.8, docs/adr/0010)."""

from __future__ import annotations

from typing import Any

import pytest

from campaignsync.domain.errors import UsageError
from campaignsync.domain.member_fields import FieldKind, FieldMapping, MemberField
from desk import Desk
from terminal import Terminal

FIELDS = [
    {"object": "CampaignMember", "name": name, "type": of}
    for name, of in (
        ("Diet__c", "string(20)"),
        ("Guests__c", "double(4,0)"),
        ("Paid__c", "double(8,2)"),
        ("Vip__c", "boolean"),
        ("Arrives__c", "date"),
        ("Site__c", "url"),
    )
]
ADA, BEN = "ada@example.com", "ben@example.com"


@pytest.fixture
def terminal(desk: Desk) -> Terminal:
    return Terminal(desk.app)


@pytest.fixture
def mapped(desk: Desk) -> Desk:
    """Two members in sync, and four fields that are kept the same."""
    desk.org.control("POST", "/sandbox/seed", {"fields": FIELDS})
    desk.give(ada="Registered", ben="Registered")
    desk.link()
    for name, kind in (
        ("Diet", FieldKind.TEXT),
        ("Guests", FieldKind.INTEGER),
        ("Paid", FieldKind.FLOAT),
        ("VIP", FieldKind.CHECKBOX),
    ):
        field = MemberField(name=name, kind=kind)
        desk.app.member_fields.add(field)
        mapping = FieldMapping(field=field, salesforce_field=f"{name.capitalize()}__c")
        desk.app.member_fields.map(desk.connection.connection_id, mapping, who="ada")
    desk.sync()
    return desk


def here(desk: Desk, email: str = ADA) -> dict[str, str]:
    return next(row["custom"] for row in desk.members() if row["email"] == email)  # type: ignore[return-value]


def there(desk: Desk, email: str = ADA) -> dict[str, Any]:
    member = desk.org.member_id(desk.campaign, email)
    columns = ", ".join(field["name"] for field in FIELDS)
    (row,) = desk.org.query(f"SELECT {columns} FROM CampaignMember WHERE Id = '{member}'")
    return {name: row[name] for name in (field["name"] for field in FIELDS) if row[name] not in (None, False)}


def set_here(desk: Desk, email: str = ADA, **values: str | None) -> None:
    desk.app.members.set_fields(desk.program, email, values, who="ada")


def set_there(desk: Desk, email: str = ADA, **values: object) -> None:
    desk.org.update("CampaignMember", desk.org.member_id(desk.campaign, email), **values)


def winner(desk: Desk, choice: str) -> None:
    link, _ = desk.app.registry.link_of(desk.program)
    desk.app.registry.set_policy(link, {"winner": choice})


def test_values_go_both_ways_whatever_they_are(mapped: Desk) -> None:
    """M6.8: in one sync, each to the other side, and the next sync has nothing to do; the member's status is left alone."""
    set_here(mapped, Diet="vegan", Guests="2", VIP="true")
    set_there(mapped, BEN, Diet__c="fish", Paid__c=12.5, Vip__c=True)
    report = mapped.sync()
    assert (report.program_changes, report.campaign_changes, report.refused) == (3, 1, 0)
    assert here(mapped) == {"Diet": "vegan", "Guests": "2", "VIP": "true"}
    assert there(mapped) == {"Diet__c": "vegan", "Guests__c": 2, "Vip__c": True}
    assert here(mapped, BEN) == {"Diet": "fish", "Paid": "12.5", "VIP": "true"}
    assert mapped.equal() == {ADA: "Registered", BEN: "Registered"}
    again = mapped.sync()
    assert (again.program_changes, again.campaign_changes) == (0, 0)


def test_a_value_that_is_cleared_on_one_side_is_cleared_on_the_other(mapped: Desk) -> None:
    """M6.8: no value is a value like any other, an unticked box too."""
    set_here(mapped, Diet="vegan", VIP="true")
    set_there(mapped, BEN, Guests__c=3, Paid__c=1)
    mapped.sync()
    set_here(mapped, Diet=None, VIP=None)
    set_there(mapped, BEN, Guests__c=None)
    mapped.sync()
    assert there(mapped) == {}
    assert here(mapped, BEN) == {"Paid": "1"}


def test_who_is_added_on_either_side_brings_the_fields_along_in_one_sync(mapped: Desk) -> None:
    """M6.8, M6.1."""
    mapped.give(cora="Invited")
    set_here(mapped, "cora@example.com", Diet="vegan")
    mapped.org.add_lead(mapped.campaign, "dan@example.com", "Invited")
    set_there(mapped, "dan@example.com", Guests__c=4)
    mapped.sync()
    assert there(mapped, "cora@example.com") == {"Diet__c": "vegan"}
    assert here(mapped, "dan@example.com") == {"Guests": "4"}
    assert mapped.sync().campaign_changes == 0


@pytest.mark.parametrize(
    ("choice", "outcome"),
    [("program", "vegan"), ("campaign", "fish"), ("further", "vegan")],
)
def test_where_both_changed_the_links_winner_wins(mapped: Desk, choice: str, outcome: str) -> None:
    """M6.3, M7.4: a field is never further, so that a lead's is ours by default."""
    winner(mapped, choice)
    set_here(mapped, Diet="vegan")
    set_there(mapped, Diet__c="fish")
    mapped.sync()
    assert (here(mapped)["Diet"], there(mapped)["Diet__c"]) == (outcome, outcome)


@pytest.mark.parametrize(("side", "outcome"), [("--program", "vegan"), ("--campaign", "fish")])
def test_a_person_decides_where_they_are_to_be_asked(
    mapped: Desk, terminal: Terminal, side: str, outcome: str
) -> None:
    """M6.3: neither side is touched until somebody has decided, and the journal says who did."""
    winner(mapped, "ask")
    set_here(mapped, Diet="vegan", Guests="1")
    set_there(mapped, Diet__c="fish")
    assert mapped.sync().conflicts == 1
    assert (here(mapped)["Diet"], there(mapped)) == ("vegan", {"Diet__c": "fish", "Guests__c": 1})
    (problem,) = terminal.json("problems", "--noun", "member field")
    assert problem["message"] == "Diet: 'vegan' in the program, 'fish' in the campaign"
    (decided,) = terminal.json("resolve", mapped.program, ADA, side)
    assert (decided["field"], decided["program"], decided["campaign"]) == ("Diet", "vegan", "fish")
    mapped.sync()
    assert (here(mapped)["Diet"], there(mapped)["Diet__c"]) == (outcome, outcome)
    assert terminal.json("problems") == []
    noted = mapped.app.views.journal(mapped.program, email=ADA, limit=20)
    assert "decision" in {row["noun"] for row in noted}


def test_a_refused_value_keeps_nobody_else_back_and_waits_for_another(
    mapped: Desk, terminal: Terminal
) -> None:
    """M8.2: in Salesforce's words, not tried again until it is another value."""
    set_here(mapped, Diet="x" * 21)
    set_here(mapped, BEN, Diet="fish")
    report = mapped.sync()
    assert (report.refused, there(mapped, BEN)) == (1, {"Diet__c": "fish"})
    (problem,) = terminal.json("problems")
    assert (problem["code"], problem["noun"], problem["email"]) == ("STRING_TOO_LONG", "member field", ADA)
    assert (mapped.sync().refused, mapped.sync().campaign_changes) == (0, 0)
    set_here(mapped, Diet="short")
    mapped.sync()
    assert (there(mapped), terminal.json("problems")) == ({"Diet__c": "short"}, [])


def test_salesforces_own_rendition_is_taken_over(mapped: Desk) -> None:
    """S0.7: 12.349 in a field of two decimals."""
    set_here(mapped, Paid="12.349")
    mapped.sync()
    mapped.sync()
    assert here(mapped)["Paid"] == f"{there(mapped)['Paid__c']:g}"
    last = mapped.sync()
    assert (last.program_changes, last.campaign_changes) == (0, 0)


def test_a_plan_shows_the_fields_and_is_out_of_date_when_they_change(
    mapped: Desk, terminal: Terminal
) -> None:
    set_here(mapped, Diet="vegan")
    before = terminal.json("plan", mapped.program)
    assert [(row["field"], row["becomes"]) for row in before["member_fields"]] == [("Diet", "vegan")]
    said = terminal("plan", mapped.program)
    assert f"{ADA}, Diet of the campaign: becomes 'vegan'" in said
    assert "1 in fields of members" in said
    set_here(mapped, Diet="fish")
    assert terminal.json("plan", mapped.program)["digest"] != before["digest"]


@pytest.mark.parametrize(
    ("seed", "why"),
    [
        ({"denied_fields": [["*", "CampaignMember", "Diet__c", "read"]]}, "the sync user sees no field"),
        (
            {"fields": [{"object": "CampaignMember", "name": "Diet__c", "type": "url"}]},
            "'Diet__c' is a url, and 'Diet' is a text",
        ),
    ],
    ids=["gone", "retyped"],
)
def test_a_field_that_is_gone_or_of_another_kind_loses_its_mapping_and_says_so(
    mapped: Desk, terminal: Terminal, seed: dict[str, object], why: str
) -> None:
    """M6.8: whatever else is mapped goes on, no value is taken for cleared, and a notice is told once."""
    set_here(mapped, Diet="vegan", Guests="2")
    mapped.sync()
    mapped.org.control("POST", "/sandbox/seed", seed)
    set_here(mapped, Guests="3", Diet="fish")
    mapped.sync()
    mapped.sync()
    assert here(mapped) == {"Diet": "fish", "Guests": "3"}
    member = mapped.org.member_id(mapped.campaign, ADA)
    (row,) = mapped.org.query(f"SELECT Guests__c FROM CampaignMember WHERE Id = '{member}'")
    assert row["Guests__c"] == 3
    (problem,) = terminal.json("problems")
    assert (problem["code"], problem["tries"]) == ("MEMBER_FIELD_LOST", 1)
    assert f"'Diet' is kept the same no more: {why}" in problem["message"]
    off = {row["name"]: row["mapped"][0]["off"] for row in terminal.json("member-field", "list")}
    assert (why in off["Diet"], off["Guests"]) == (True, None)
    assert [row["code"] for row in terminal.json("notices")] == ["MEMBER_FIELD_LOST"]
    terminal("member-field", "unmap", "Diet")
    assert terminal.json("problems") == []


def test_what_does_not_fit_is_refused_when_it_is_mapped(mapped: Desk, terminal: Terminal) -> None:
    """M6.8: kinds join as the contract says."""
    terminal("member-field", "add", "Meal")
    for name, wanted, sentence in (
        ("Diet", "Nothing__c", "sees no field 'Nothing__c'"),
        ("Diet", "Guests__c", "'Guests__c' is a double with 0 decimals, and 'Diet' is a text"),
        ("Guests", "Paid__c", "a double with 2 decimals, and 'Guests' is a integer"),
        ("Diet", "Status", "one of Salesforce's own fields"),
        ("Shirt", "Diet__c", "There is no member field 'Shirt'"),
        ("Meal", "diet__c", "Diet__c is kept the same with 'Diet' already"),
    ):
        with pytest.raises(UsageError, match=sentence):
            terminal("member-field", "map", name, wanted)
    with pytest.raises(UsageError, match="end that first with: campaignsync member-field unmap"):
        terminal("member-field", "remove", "Diet")
    with pytest.raises(UsageError, match="'Meal' is not mapped"):
        terminal("member-field", "unmap", "Meal")


def test_a_field_that_is_mapped_later_is_read_of_everybody(mapped: Desk, terminal: Terminal) -> None:
    """Members who have not changed since are read anew, and a mapped field is not removed."""
    set_there(mapped, Arrives__c="2026-03-17", Site__c="https://example.com/a")
    mapped.sync()
    for name, kind, field in (("Arrives", "date", "Arrives__c"), ("Site", "url", "Site__c")):
        terminal("member-field", "add", name, "--kind", kind)
        terminal("member-field", "map", name, field)
    mapped.sync()
    assert here(mapped) == {"Arrives": "2026-03-17", "Site": "https://example.com/a"}


@pytest.mark.parametrize("drop", ["before", "after"])
def test_a_write_whose_answer_never_came_is_observed_before_it_is_tried_again(
    mapped: Desk, drop: str
) -> None:
    set_here(mapped, Diet="vegan")
    written = {"method": "POST", "path": r"/composite$", "nth": 3}
    mapped.org.control("POST", "/sandbox/faults", {"rules": [{"match": written, "action": {"drop": drop}}]})
    report = mapped.round_that_may_fail()
    assert report is None or report.unknown
    mapped.org.control("DELETE", "/sandbox/faults")
    mapped.sync()
    assert (here(mapped), there(mapped)) == ({"Diet": "vegan"}, {"Diet__c": "vegan"})
    assert mapped.sync().campaign_changes == 0


def test_an_undo_takes_values_back_on_both_sides_but_not_what_changed_since(
    mapped: Desk, terminal: Terminal
) -> None:
    """The two sides differ again as before the run, and a sync would do the same once more."""
    set_here(mapped, Diet="vegan", Guests="1")
    set_there(mapped, BEN, Diet__c="fish")
    mapped.sync()
    run = terminal.json("runs", mapped.program, "--limit", "1")[0]["run"]
    set_there(mapped, Guests__c=2)
    plan = terminal.json("undo", str(run), "--dry-run")
    assert {
        (row["email"], row["field"], row["verdict"], row["becomes"]) for row in plan["member_fields"]
    } == {
        (ADA, "Diet", "to campaign", None),
        (ADA, "Guests", "hold", None),
        (BEN, "Diet", "to program", None),
    }
    terminal("undo", str(run), "--yes")
    assert (here(mapped), there(mapped)) == ({"Diet": "vegan", "Guests": "1"}, {"Guests__c": 2})
    assert (here(mapped, BEN), there(mapped, BEN)) == ({}, {"Diet__c": "fish"})
    terminal("resume", mapped.program)
    mapped.sync()
    assert (here(mapped), there(mapped)) == (
        {"Diet": "vegan", "Guests": "2"},
        {"Diet__c": "vegan", "Guests__c": 2},
    )
    assert here(mapped, BEN) == {"Diet": "fish"}
