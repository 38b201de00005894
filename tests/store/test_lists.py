"""Lists go into SQL whole, and arrive as they are."""

from __future__ import annotations

from django.db import connection
from hypothesis import example, given
from hypothesis import strategies as st

from campaignsync.bootstrap import Application
from campaignsync.store.lists import WholeListDumper

TEXTS = st.lists(st.none() | st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",))))
NUMBERS = st.lists(st.none() | st.integers(-(2**63), 2**63 - 1))


def arrived(kind: str, values: list[object]) -> object:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT %s::{kind}[]", (values,))
        return cursor.fetchone()[0]


@given(TEXTS)
@example(
    [
        '"',
        "\\",
        "a\\n",
        "\n\t\r",
        "\x01",
        "{a,b}",
        "null",
        "NULL",
        None,
        "",
        " ",
        "\N{OGHAM SPACE MARK}",
        "Łódź",
    ]
)
def test_texts_arrive_as_they_are(installation: Application, texts: list[object]) -> None:
    assert arrived("text", texts) == texts


@given(NUMBERS)
@example([2**31, None, -1])
@example([2**63 - 1])
def test_whole_numbers_arrive_as_they_are(installation: Application, numbers: list[object]) -> None:
    assert arrived("bigint", numbers) == numbers


def test_what_is_no_list_of_numbers_or_texts_is_spelled_as_before(installation: Application) -> None:
    assert arrived("numeric", [2**70, 1]) == [2**70, 1]
    assert arrived("boolean", [True, None, False]) == [True, None, False]


def test_every_session_spells_lists_so(installation: Application) -> None:
    connection.ensure_connection()
    assert connection.connection.adapters.get_dumper(list, "t") is WholeListDumper
