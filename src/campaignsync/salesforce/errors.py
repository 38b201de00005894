"""Every error of Salesforce as an error of ours, whose class says what to do next: one table, and nobody else reads a code.

Codes are those of the REST and SOAP documentation (StatusCode and ExceptionCode). A code may speak of a whole call or of one
record; a record's refusal is kept with it, a call's error is raised.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from campaignsync.domain.errors import (
    CampaignsyncError,
    HaltError,
    Refusal,
    RefusedError,
    RetryableError,
    UnknownOutcomeError,
    UsageError,
)


class Meaning(StrEnum):
    """What an error code asks for."""

    RETRY = "retry"  # nothing was done, and it may go through later
    MEND = "mend"  # a person must change a setting, a right or a credential
    HALT = "halt"  # going on could do harm or is useless
    REFUSE = "refuse"  # this record, and only this one
    OBSERVE = "observe"  # it may have been done


MEANINGS: Mapping[str, Meaning] = {
    **dict.fromkeys(
        (
            "UNABLE_TO_LOCK_ROW",
            "REQUEST_RUNNING_TOO_LONG",
            "QUERY_TIMEOUT",
            "QUERY_TOO_COMPLICATED",
            "SERVER_UNAVAILABLE",
            "TRANSACTION_ROLLED_BACK",
            "ALL_OR_NONE_OPERATION_ROLLED_BACK",
            "PROCESSING_HALTED",
            "CONCURRENT_REQUEST_LIMIT_EXCEEDED",
            "OPERATION_TOO_LARGE",
            "TXN_SECURITY_RUNTIME_EXCEPTION",
            "INVALID_QUERY_LOCATOR",
            "RATE_LIMIT_EXCEEDED",
            "SERVICE_UNAVAILABLE",
            "LIMIT_EXCEEDED",
        ),
        Meaning.RETRY,
    ),
    **dict.fromkeys(
        (
            "INVALID_SESSION_ID",
            "INVALID_LOGIN",
            "INVALID_TYPE",
            "INVALID_TYPE_FOR_OPERATION",
            "INVALID_FIELD",
            "API_DISABLED_FOR_ORG",
            "API_CURRENTLY_DISABLED",
            "FUNCTIONALITY_NOT_ENABLED",
            "FUNCTIONALITY_TEMPORARILY_UNAVAILABLE",
            "INSUFFICIENT_ACCESS",
            "INSUFFICIENT_ACCESS_OR_READONLY",
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY_RIGHT",
            "LOGIN_MUST_USE_SECURITY_TOKEN",
            "PASSWORD_LOCKOUT",
            "INVALID_OPERATION_WITH_EXPIRED_PASSWORD",
            "ORG_LOCKED",
            "INACTIVE_OWNER_OR_USER",
            "EXCEEDED_MAX_TYPES_LIMIT",
            "NOT_FOUND",
            "METHOD_NOT_ALLOWED",
            "MALFORMED_QUERY",
            "JSON_PARSER_ERROR",
            "UNSUPPORTED_API_VERSION",
            "MALFORMED_SEARCH",
            "INVALID_QUERY_FILTER_OPERATOR",
        ),
        Meaning.MEND,
    ),
    **dict.fromkeys(
        ("REQUEST_LIMIT_EXCEEDED", "STORAGE_LIMIT_EXCEEDED", "EXCEEDED_QUOTA", "TOO_MANY_APEX_REQUESTS"),
        Meaning.HALT,
    ),
    **dict.fromkeys(("UNKNOWN_EXCEPTION", "GACK", "SERVER_ERROR"), Meaning.OBSERVE),
}
"""What is not named here refuses the one record it speaks of: validation, duplicates, missing fields, lengths, deleted records.
There are hundreds of such codes and every org can make more words for them, so that the rule is stated and not the list."""

RETRIABLE_ROWS = {code for code, meaning in MEANINGS.items() if meaning in (Meaning.RETRY, Meaning.HALT)}


def meaning_of(code: str) -> Meaning:
    """What an error code asks for."""
    return MEANINGS.get(code, Meaning.REFUSE)


def refusal(errors: Sequence[Mapping[str, Any]]) -> Refusal:
    """What Salesforce said of one row of a collection, or of one subrequest: the first error leads, all are told."""
    first = errors[0] if errors else {}
    code = str(first.get("statusCode") or first.get("errorCode") or "UNKNOWN_EXCEPTION")
    words = "; ".join(_sentence(error) for error in errors) or "Salesforce gave no reason."
    return Refusal(code=code, message=words, retriable=code in RETRIABLE_ROWS)


def call_error(status: int, body: object, *, writes: bool, what: str) -> CampaignsyncError:
    """The error of a whole call, from its status and its body, whatever the body is."""
    errors = body if isinstance(body, list) and body and isinstance(body[0], dict) else []
    if not errors:
        return _edge_error(status, writes=writes, what=what)
    told = refusal(errors)
    sentence = f"{what}: Salesforce says {told.code}: {told.message}"
    match meaning_of(told.code):
        case Meaning.RETRY:
            return RetryableError(sentence, retry_after_s=30)
        case Meaning.MEND:
            return UsageError(sentence)
        case Meaning.HALT:
            return HaltError(sentence)
        case Meaning.OBSERVE if writes:
            return UnknownOutcomeError(sentence)
        case Meaning.OBSERVE:
            return RetryableError(sentence, retry_after_s=30)
        case Meaning.REFUSE:
            return RefusedError(told.message, code=told.code)


def _edge_error(status: int, *, writes: bool, what: str) -> CampaignsyncError:
    """What comes from in front of Salesforce, in HTML or without a word (S2.2.12)."""
    sentence = f"{what}: the answer was HTTP {status} without a reason"
    if status in (406, 420, 429) or (status >= 500 and not writes):
        return RetryableError(sentence, retry_after_s=30)
    if status >= 500:
        return UnknownOutcomeError(sentence)
    return UsageError(f"{sentence}. Is this the address of a Salesforce org?")


def _sentence(error: Mapping[str, Any]) -> str:
    fields = ", ".join(str(name) for name in error.get("fields") or ())
    return f"{error.get('message') or 'no message'}" + (f" (fields: {fields})" if fields else "")
