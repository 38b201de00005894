"""The one table of Salesforce's error codes: complete, and every class of ours means what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignsync.domain.errors import (
    CampaignsyncError,
    HaltError,
    RefusedError,
    RetryableError,
    UnknownOutcomeError,
    UsageError,
)
from campaignsync.salesforce.errors import MEANINGS, Meaning, call_error, meaning_of, refusal

DOCUMENTED = Path(__file__).with_name("documented_codes.txt").read_text("utf-8").split()


def told(code: str, *, writes: bool = True, message: str = "words", status: int = 400) -> CampaignsyncError:
    return call_error(status, [{"errorCode": code, "message": message}], writes=writes, what="POST composite")


def test_every_documented_code_has_a_meaning_of_its_own() -> None:
    """Those of the contract, and the StatusCodes and ExceptionCodes of the SOAP and REST guides."""
    assert [code for code in DOCUMENTED if code not in MEANINGS] == []
    assert len(DOCUMENTED) > 200


def test_the_table_holds_codes_and_nothing_else() -> None:
    assert [code for code in MEANINGS if not re.fullmatch(r"[A-Z][A-Z0-9_]+", code)] == []
    assert set(MEANINGS.values()) == set(Meaning)


@pytest.mark.parametrize(
    ("code", "when_writing", "when_reading"),
    [
        ("UNABLE_TO_LOCK_ROW", RetryableError, RetryableError),
        ("REQUEST_LIMIT_EXCEEDED", RetryableError, RetryableError),
        ("SERVER_UNAVAILABLE", RetryableError, RetryableError),
        ("UNKNOWN_EXCEPTION", UnknownOutcomeError, RetryableError),
        ("STORAGE_LIMIT_EXCEEDED", HaltError, HaltError),
        ("INVALID_SESSION_ID", UsageError, UsageError),
        ("API_DISABLED_FOR_ORG", UsageError, UsageError),
        ("INVALID_TYPE", UsageError, UsageError),
        ("INVALID_FIELD", UsageError, UsageError),
        ("MALFORMED_QUERY", UsageError, UsageError),
        ("DUPLICATE_VALUE", RefusedError, UsageError),
        ("DUPLICATES_DETECTED", RefusedError, UsageError),
        ("ENTITY_IS_DELETED", RefusedError, UsageError),
        ("NOT_FOUND", RefusedError, UsageError),
        ("CANNOT_UPDATE_CONVERTED_LEAD", RefusedError, UsageError),
        ("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", RefusedError, UsageError),
        ("INSUFFICIENT_ACCESS_OR_READONLY", RefusedError, UsageError),
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION", RefusedError, UsageError),
        ("WORDS_OF_SOME_PACKAGE", RefusedError, UsageError),
    ],
)
def test_a_code_becomes_the_error_that_says_what_to_do(
    code: str, when_writing: type[Exception], when_reading: type[Exception]
) -> None:
    assert type(told(code)) is when_writing
    assert type(told(code, writes=False)) is when_reading


@given(st.from_regex(r"[A-Z][A-Z_]{3,40}", fullmatch=True))
def test_a_code_that_nobody_knows_refuses_its_record_and_is_not_tried_again(code: str) -> None:
    if code not in MEANINGS:
        assert meaning_of(code) is Meaning.REFUSE
        assert not refusal([{"statusCode": code, "message": "no"}]).retriable


@pytest.mark.parametrize(
    ("status", "writes", "expected"),
    [
        (503, True, UnknownOutcomeError),
        (503, False, RetryableError),
        (500, True, UnknownOutcomeError),
        (420, True, RetryableError),
        (429, False, RetryableError),
        (302, False, UsageError),
        (404, False, UsageError),
    ],
)
def test_an_answer_in_html_or_without_a_word_is_judged_by_its_number(
    status: int, *, writes: bool, expected: type[Exception]
) -> None:
    """S2.2.12: it comes from the edge, in front of Salesforce."""
    for body in (None, [], {}, "gone"):
        assert type(call_error(status, body, writes=writes, what="GET query")) is expected


def test_a_refusal_keeps_salesforces_own_words_and_all_of_them() -> None:
    """M8.2."""
    errors = [
        {
            "statusCode": "REQUIRED_FIELD_MISSING",
            "message": "Required fields are missing: [A]",
            "fields": ["A"],
        },
        {"statusCode": "STRING_TOO_LONG", "message": "too long", "fields": []},
    ]
    found = refusal(errors)
    assert (found.code, found.retriable) == ("REQUIRED_FIELD_MISSING", False)
    assert found.message == "Required fields are missing: [A] (fields: A); too long"
    assert refusal([]).code == "UNKNOWN_EXCEPTION"


def test_a_row_is_tried_again_for_what_passes_by_itself_alone() -> None:
    retriable = {code for code in MEANINGS if refusal([{"statusCode": code}]).retriable}
    assert {"UNABLE_TO_LOCK_ROW", "ALL_OR_NONE_OPERATION_ROLLED_BACK", "UNKNOWN_EXCEPTION"} <= retriable
    assert not retriable & {"DUPLICATE_VALUE", "INVALID_FIELD", "ENTITY_IS_DELETED", "NOT_FOUND"}


def test_an_error_says_what_was_tried_and_what_salesforce_said() -> None:
    assert str(told("INVALID_TYPE")) == "POST composite: Salesforce says INVALID_TYPE: words"
    assert str(told("DUPLICATE_VALUE")) == "words"
