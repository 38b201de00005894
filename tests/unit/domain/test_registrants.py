"""Lists of people as other tools export them (M2.1, M2.4; bad rows are named and cost nothing)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignsync.domain.errors import UsageError
from campaignsync.domain.registrants import Registrants, read_registrants
from campaignsync.domain.statuses import DEFAULT_CHANNELS

WEBINAR = next(channel for channel in DEFAULT_CHANNELS if channel.name == "Webinar")


def read(text: str, status: str | None = "Registered") -> Registrants:
    return read_registrants(text.encode(), channel=WEBINAR, status=status)


def test_a_plain_list_is_read_with_the_header_names_tools_use() -> None:
    read_in = read(
        "First Name,Last Name,E-mail Address,Organization\nAda,Lindqvist,ada@example.com,Northwind\n"
    )
    assert read_in.people.select("first_name", "last_name", "email", "company", "program_status").rows() == [
        ("Ada", "Lindqvist", "ada@example.com", "Northwind", "Registered")
    ]
    assert read_in.refused == ()


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("Ada,not-an-address", "'not-an-address' is no e-mail address"),
        ("Ada,", "it has no e-mail address"),
        ("Ada", "it has 1 cells where the header has 2"),
        ("Ada,ada@example.com,more", "it has 3 cells where the header has 2"),
        ("A\x00da,ada@example.com", "it holds a NUL character"),
    ],
)
def test_a_broken_row_is_named_by_line_and_reason_and_the_rest_is_kept(row: str, reason: str) -> None:
    read_in = read(f"Name,Email\nNoah,noah@example.com\n{row}\nMia,mia@example.com\n")
    assert [(each.line, each.reason) for each in read_in.refused] == [(3, reason)]
    assert read_in.people["email"].to_list() == ["noah@example.com", "mia@example.com"]


def test_bytes_that_are_no_utf8_spoil_their_own_row_only() -> None:
    raw = b"First Name,Email\nJos\xe9,jose@example.com\nMia,mia@example.com\n"
    read_in = read_registrants(raw, channel=WEBINAR, status="Registered")
    assert [(each.line, each.reason) for each in read_in.refused] == [
        (2, "it holds bytes that are not UTF-8")
    ]
    assert read_in.people["email"].to_list() == ["mia@example.com"]


def test_rows_of_one_address_are_joined_the_furthest_status_wins_and_gaps_are_filled() -> None:
    """M2.4, with addresses compared lower-cased and trimmed."""
    read_in = read(
        "Email,Last Name,Company,Status\n"
        "Ada@Example.com,Lindqvist,,Attended\n"
        " ada@example.COM ,Other,Northwind,Registered\n",
        status=None,
    )
    assert read_in.people.select("email", "last_name", "company", "program_status").rows() == [
        ("ada@example.com", "Lindqvist", "Northwind", "Attended")
    ]
    assert (read_in.rows, read_in.joined) == (2, 1)


def test_without_a_status_the_column_rules_and_then_the_first_status_of_the_channel() -> None:
    """M2.1: the first status unless another is chosen."""
    read_in = read(
        "Email,Status\na@example.com,attended\nb@example.com,\nc@example.com,Napping\n", status=None
    )
    assert dict(read_in.people.select("email", "program_status").rows()) == {
        "a@example.com": "Attended",
        "b@example.com": "Invited",
    }
    assert "no status 'Napping'" in read_in.refused[0].reason


def test_a_quoted_cell_may_hold_lines_and_the_line_numbers_stay_right() -> None:
    read_in = read('Email,Street\na@example.com,"1 Main St\nFloor 2"\nbroken,x\n')
    assert read_in.people["street"].to_list() == ["1 Main St\nFloor 2"]
    assert [each.line for each in read_in.refused] == [4]


def test_spreadsheets_that_separate_by_semicolon_or_tab_are_read() -> None:
    for separator in ";\t":
        assert read(f"Email{separator}Company\na@example.com{separator}Blue\n").people[
            "company"
        ].to_list() == ["Blue"]


@pytest.mark.parametrize("text", ["", "Name,Company\nAda,Northwind\n"])
def test_a_file_without_an_email_column_is_refused_as_a_whole(text: str) -> None:
    with pytest.raises(UsageError, match="no column for the e-mail address"):
        read(text)


def test_a_status_the_channel_lacks_is_refused_naming_the_choices() -> None:
    with pytest.raises(UsageError, match="Invited, Registered, No Show, Attended"):
        read("Email\na@example.com\n", status="Napping")


@given(st.binary(max_size=300))
def test_no_file_whatever_it_holds_breaks_the_reader(raw: bytes) -> None:
    read_in = read_registrants(b"Email,Company\n" + raw, channel=WEBINAR, status="Registered")
    assert read_in.people.height + len(read_in.refused) + read_in.joined == read_in.rows
