"""Laws that hold for every condition, value and day, found by searching for what breaks them."""

from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from salesforce_sandbox.org.soql.compiled import java_double
from salesforce_sandbox.org.soql.parse import parse
from salesforce_sandbox.org.soql.periods import days_of
from salesforce_sandbox.org.soql.values import like_pattern, record_id, unescaped

EVERYBODY = ["Ash", "Bo", "Cole", "O'Hara"]

ATOMS = st.sampled_from(
    [
        "Status = 'Working - Contacted'",
        "Status != 'Working - Contacted'",
        "Status LIKE '%contact%'",
        "Status IN ('Working - Contacted', null)",
        "Status NOT IN ('Open - Not Contacted')",
        "Status > 'd'",
        "NumberOfEmployees < 11",
        "NumberOfEmployees = null",
        "Owner.Name = 'Inbound'",
        "Sponsor__r.Name = 'Acme'",
        "IsConverted = false",
        "SystemModstamp < TODAY",
        "SystemModstamp != LAST_N_DAYS:1",
        "Id IN (SELECT LeadId FROM CampaignMember)",
    ]
)
SEARCH = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@SEARCH
@given(one=ATOMS, other=ATOMS)
def test_conditions_know_only_true_and_false(org: Any, one: str, other: str) -> None:
    """No null hides a row from a condition and from its opposite at once; and NOT swaps AND with OR."""

    def find(condition: str) -> set[Any]:
        return set(org.names(f"SELECT LastName FROM Lead WHERE {condition}"))

    assert find(one) | find(f"NOT ({one})") == set(EVERYBODY)
    assert not find(one) & find(f"NOT ({one})")
    both = f"({one}) AND ({other})"
    assert find(both) == find(one) & find(other)
    assert find(f"NOT ({both})") == set(EVERYBODY) - find(both)


@SEARCH
@given(name=st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=20))
def test_what_is_stored_is_found_by_its_quoted_text(empty_org: Any, name: str) -> None:
    """A quote or a backslash in a value can neither break a query nor widen it."""
    quoted = name.replace("\\", "\\\\").replace("'", "\\'")
    wild = quoted.replace("%", "\\%").replace("_", "\\_")
    empty_org.database.execute("DELETE FROM Account")
    empty_org.insert("Account", Id="001000000000001AAA", Name=name)
    empty_org.insert("Account", Id="001000000000002AAA", Name=f"not {name}")
    assert empty_org.names(f"SELECT Name FROM Account WHERE Name = '{quoted}'") == [name]
    assert empty_org.names(f"SELECT Name FROM Account WHERE Name IN ('{quoted}')") == [name]
    assert empty_org.names(f"SELECT Name FROM Account WHERE Name LIKE '{wild}'") == [name]


def test_values_never_enter_the_statement(org: Any) -> None:
    query = org.compile(
        "SELECT Id FROM Lead WHERE LastName = 'xyzzy' AND Email IN ('plugh') AND NumberOfEmployees > 4711"
    )
    assert not {"xyzzy", "plugh", "4711"} & set(query.sql.replace("'", " ").replace("(", " ").split())
    assert len(query.params) == query.sql.count("?") == 3


@SEARCH
@given(
    today=st.dates(date(2000, 1, 1), date(2050, 12, 31)),
    unit=st.sampled_from(["DAY", "WEEK", "MONTH", "QUARTER", "YEAR"]),
)
def test_periods_meet_without_gap_or_overlap(today: date, unit: str) -> None:
    if unit == "DAY":
        last, this, following = (days_of(name, today) for name in ("YESTERDAY", "TODAY", "TOMORROW"))
    else:
        last, this, following = (days_of(f"{name}_{unit}", today) for name in ("LAST", "THIS", "NEXT"))
    assert last
    assert this
    assert following
    assert last[1] == this[0] <= today < this[1] == following[0]
    assert days_of(f"N_{unit}S_AGO:1", today) == last
    assert days_of(f"NEXT_N_{unit}S:1", today) == following


PERIODS = [
    ("LAST_N_DAYS:2", "2026-03-16", "2026-03-19"),
    ("NEXT_N_DAYS:2", "2026-03-19", "2026-03-21"),
    ("LAST_90_DAYS", "2025-12-18", "2026-03-19"),
    ("THIS_WEEK", "2026-03-15", "2026-03-22"),
    ("LAST_N_WEEKS:2", "2026-03-01", "2026-03-15"),
    ("LAST_N_MONTHS:3", "2025-12-01", "2026-03-01"),
    ("NEXT_QUARTER", "2026-04-01", "2026-07-01"),
    ("N_QUARTERS_AGO:1", "2025-10-01", "2026-01-01"),
    ("THIS_FISCAL_YEAR", "2026-01-01", "2027-01-01"),
    ("last_n_years:2", "2024-01-01", "2026-01-01"),
]


@pytest.mark.parametrize(("literal", "first", "after"), PERIODS)
def test_a_period_covers_these_days(literal: str, first: str, after: str) -> None:
    """Seen from Wednesday, 18 March 2026."""
    assert days_of(literal, date(2026, 3, 18)) == (date.fromisoformat(first), date.fromisoformat(after))


DOUBLES = [
    (0.0, "0.0"),
    (5.0, "5.0"),
    (0.25, "0.25"),
    (912260031.0, "9.12260031E8"),
    (10000000.0, "1.0E7"),
    (9999999.0, "9999999.0"),
    (0.0001, "1.0E-4"),
    (0.001, "0.001"),
    (-12345678.9, "-1.23456789E7"),
]


@pytest.mark.parametrize(("value", "text"), DOUBLES)
def test_doubles_are_printed_as_java_prints_them(value: float, text: str) -> None:
    """S0.7."""
    assert java_double(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_no_digit_of_a_double_is_lost(value: float) -> None:
    assert float(java_double(value)) == value


def test_escapes_stand_for_characters() -> None:
    assert unescaped(r"a\'b\\c\nd\u00e9\"") == "a'b\\c\nd\u00e9\""
    assert like_pattern(r"50\%\_\n") == "50\\%\\_\n"


def test_an_id_of_fifteen_characters_gets_its_suffix() -> None:
    """S1.5.2."""
    assert record_id("0057e00000RmwSW") == "0057e00000RmwSWAAZ"
    assert record_id("01254000001upcK") == "01254000001upcKAAQ"
    assert record_id("nobody") is None


def test_the_same_text_is_parsed_once() -> None:
    assert parse("SELECT Id FROM Lead LIMIT 1") is parse("SELECT Id FROM Lead LIMIT 1")
