"""Salesforce ids in their one form (S1.5.2), and e-mail addresses as they are compared (M2.4, S0.7)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignsync.domain.errors import UsageError
from campaignsync.domain.ids import salesforce_id
from campaignsync.domain.people import comparable_email, looks_like_email

BARE = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", min_size=15, max_size=15)


@pytest.mark.parametrize(
    ("bare", "whole"),
    [
        ("001D000000IRFma", "001D000000IRFmaIAH"),
        ("001D000000IqhSL", "001D000000IqhSLIAZ"),
        ("000000000000000", "000000000000000AAA"),
        ("aaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaAAA"),
        ("AAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAA555"),
        ("Aaaaa0000Aaaaaa", "Aaaaa0000AaaaaaBQA"),
    ],
)
def test_15_characters_become_18(bare: str, whole: str) -> None:
    """S1.5.2."""
    assert salesforce_id(bare) == whole
    assert salesforce_id(whole) == whole


@given(BARE)
def test_both_spellings_of_an_id_are_one_and_the_case_can_be_told_from_the_suffix(bare: str) -> None:
    """S1.5.2: ids that differ in case only differ in their last three characters too."""
    whole = salesforce_id(bare)
    assert whole[:15] == bare
    assert salesforce_id(whole) == whole
    if bare.swapcase() != bare:
        assert salesforce_id(bare.swapcase())[15:] != whole[15:]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "701",
        "001D000000IRFmaI",
        "001D000000IRFmaIAHX",
        "001D000000IRFm-",
        "001D000000IRFmaIAZ",
        "001D000000IRFmaiah",
        " 001D000000IRFma",
        "001D000000IRFma\n",
        "００１D000000IRFma",
    ],
)
def test_what_is_no_id_is_refused(text: str) -> None:
    """S1.5.2."""
    with pytest.raises(UsageError, match="is no Salesforce id"):
        salesforce_id(text)


def test_an_id_of_another_object_is_refused_with_the_prefix_that_is_wanted() -> None:
    """S1.1: campaigns start with 701."""
    assert salesforce_id("701D000000IRFma", prefix="701").startswith("701")
    with pytest.raises(UsageError, match="starting with 701"):
        salesforce_id("001D000000IRFma", prefix="701")


@pytest.mark.parametrize(
    ("text", "compared"),
    [
        ("ada@example.com", "ada@example.com"),
        (" Chloe.Myers@Example.COM\n", "chloe.myers@example.com"),
        ("", None),
        ("  ", None),
    ],
)
def test_addresses_compare_lower_cased_and_trimmed(text: str, compared: str | None) -> None:
    """M2.4, S0.7."""
    assert comparable_email(text) == compared


@pytest.mark.parametrize(
    ("text", "looks"),
    [
        ("ada@example.com", True),
        (" ada@example.com ", True),
        ("ada+fair@mail.example.co.uk", True),
        ("josé@exämple.de", True),
        ("ada@example", False),
        ("@example.com", False),
        ("ada", False),
        ("ada@@example.com", False),
        ("ada lovelace@example.com", False),
        ("ada@example.", False),
        ("ada@.com", False),
        ("", False),
    ],
)
def test_what_can_be_an_address(text: str, looks: bool) -> None:
    """M2.4: a list's broken addresses are named, not guessed."""
    assert looks_like_email(text) == looks
