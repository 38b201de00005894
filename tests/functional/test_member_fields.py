"""Custom member fields, typed at a terminal (M6.8)."""

from __future__ import annotations

from pathlib import Path

import pytest

from campaignsync.domain.errors import UsageError
from desk import Desk
from terminal import Terminal


@pytest.fixture
def terminal(desk: Desk) -> Terminal:
    return Terminal(desk.app)


@pytest.fixture
def fields(terminal: Terminal) -> Terminal:
    terminal("member-field", "add", "Diet", "--kind", "text")
    terminal("member-field", "add", "Guests", "--kind", "integer")
    return terminal


def custom(desk: Desk) -> dict[str, dict[str, str]]:
    """The program's members: e-mail → member fields."""
    return {str(row["email"]): row["custom"] for row in desk.app.members.list(desk.program)}  # type: ignore[misc]


def test_fields_are_made_listed_and_removed(terminal: Terminal) -> None:
    assert "No member field yet" in terminal("member-field", "list")
    terminal("member-field", "add", "Diet", "--kind", "picklist")
    assert terminal.json("member-field", "list") == [{"name": "Diet", "kind": "picklist", "mapped": []}]
    with pytest.raises(UsageError, match="There is a member field 'diet' already"):
        terminal("member-field", "add", "diet")
    for taken in ("E-Mail", "first_name", "Status", "member"):
        with pytest.raises(UsageError, match="has a meaning already"):
            terminal("member-field", "add", taken)
    terminal("member-field", "remove", "DIET")
    assert terminal.json("member-field", "list") == []
    with pytest.raises(UsageError, match="There is no member field 'Diet'"):
        terminal("member-field", "remove", "Diet")


def test_a_member_gets_values_and_loses_them_and_the_journal_tells(desk: Desk, fields: Terminal) -> None:
    said = fields(
        "member", "set", desk.program, "ada@example.com", "--status", "Invited", "--field", "diet=vegan"
    )
    assert "added with Invited, Diet = vegan" in said
    fields("member", "set", desk.program, "ada@example.com", "--field", "Guests=02")
    assert custom(desk) == {"ada@example.com": {"Diet": "vegan", "Guests": "2"}}
    assert "DIET" in fields("members", desk.program)
    told = fields.json("member", "set", desk.program, "ada@example.com", "--field", "Diet=")
    assert told == {"email": "ada@example.com", "custom": {"Guests": "2"}}
    entries = desk.app.views.journal(desk.program, email=None, limit=10)
    assert [(row["noun"], row["old"], row["new"]) for row in entries if row["noun"] != "member"] == [
        ("Diet", None, "vegan"),
        ("Guests", None, "2"),
        ("Diet", "vegan", None),
    ]


def test_wrong_values_are_refused_before_anything_is_done(desk: Desk, fields: Terminal) -> None:
    for wrong, why in (
        ("Guests=many", "is no integer"),
        ("Shirt=L", "no member field 'Shirt'"),
        ("Diet", "no value"),
    ):
        with pytest.raises(UsageError, match=why):
            fields("member", "set", desk.program, "ada@example.com", "--status", "Invited", "--field", wrong)
    assert desk.here() == {}
    with pytest.raises(UsageError, match="is no member"):
        fields("member", "set", desk.program, "ada@example.com", "--field", "Diet=vegan")


def test_columns_of_a_file_fill_fields_and_a_bad_cell_spoils_itself_only(
    desk: Desk, fields: Terminal, tmp_path: Path
) -> None:
    """M6.8, M2.4: what is there already stays, unless all is to be overwritten."""
    fields("member", "set", desk.program, "ada@example.com", "--status", "Invited", "--field", "Diet=vegan")
    file = tmp_path / "list.csv"
    file.write_text("Email,DIET,guests\nada@example.com,fish,2\nben@example.com,meat,many\n")
    told = fields.json("import-members", desk.program, str(file), "--status", "Registered")
    assert (told["ignored_columns"], told["refused"]) == ([], [])
    assert [(cell["line"], cell["reason"].partition(":")[0]) for cell in told["refused_cells"]] == [
        (3, "Guests")
    ]
    assert custom(desk) == {
        "ada@example.com": {"Diet": "vegan", "Guests": "2"},
        "ben@example.com": {"Diet": "meat"},
    }
    said = fields("import-members", desk.program, str(file), "--status", "Registered", "--update")
    assert "line 3 came in without one value: Guests: 'many' is no integer" in said
    assert custom(desk)["ada@example.com"]["Diet"] == "fish"


def test_a_removed_field_takes_its_values_along(desk: Desk, fields: Terminal) -> None:
    fields("member", "set", desk.program, "ada@example.com", "--status", "Invited", "--field", "Diet=vegan")
    fields("member-field", "remove", "Diet")
    assert custom(desk) == {"ada@example.com": {}}
