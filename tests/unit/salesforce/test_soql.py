"""SOQL made safely: everything typed is untrusted."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st

from campaignsync.salesforce.fields import STANDARD
from campaignsync.salesforce.soql import LONGEST_ADDRESS, Query, in_address, listed, lists, moment, text

_LITERAL = re.compile(r"'(?:[^'\\]|\\.)*'", re.DOTALL)
_UNESCAPED = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


def read_back(literal: str) -> str:
    """What Salesforce understands by a literal, after its own rule of escapes."""
    return re.sub(r"\\(.)", lambda found: _UNESCAPED.get(found[1], found[1]), literal[1:-1], flags=re.DOTALL)


@given(st.text())
def test_whatever_is_typed_stays_inside_its_quotes(typed: str) -> None:
    literal = text(typed)
    assert _LITERAL.fullmatch(literal)
    assert read_back(literal) == typed


def test_a_quote_does_not_end_the_literal() -> None:
    assert text("x' OR Name != '") == r"'x\' OR Name != \''"
    assert text("back\\slash") == r"'back\\slash'"
    assert text("two\nlines") == r"'two\nlines'"
    assert listed(["a", "b'c"]) == r"('a','b\'c')"


def test_moments_are_told_in_utc_to_the_second() -> None:
    oslo = timezone(timedelta(hours=2))
    assert moment(datetime(2026, 3, 1, 14, 30, 5, 999_999, tzinfo=oslo)) == "2026-03-01T12:30:05Z"
    assert moment(datetime(2026, 3, 1, tzinfo=UTC)) == "2026-03-01T00:00:00Z"


@given(st.lists(st.text(min_size=1, max_size=80), max_size=400))
def test_lists_hold_every_value_once_and_every_address_is_short_enough(values: list[str]) -> None:
    """S2.2.2: with the longest list of fields that we ever ask for."""
    parts = list(lists(values))
    assert sorted(value for part in parts for value in part) == sorted(set(values))
    for part in parts:
        fields = ", ".join(STANDARD["Contact"].paths.values())
        soql = f"SELECT {fields} FROM Contact WHERE Email IN {listed(part)}"
        assert len(Query(of="Contact", soql=soql, deleted_too=True).path) <= LONGEST_ADDRESS


def test_lists_are_not_cut_more_than_they_must() -> None:
    ids = [f"00Q{number:015}" for number in range(1000)]
    assert len(list(lists(ids))) == 3


@given(st.text(max_size=200))
def test_an_address_holds_the_query_unchanged(soql: str) -> None:
    assert unquote(in_address(soql)) == soql
    assert not set(in_address(soql)) & set("&#+% \n") - {"%"}
