"""Errors as problem+json (RFC 9457): what, where, numbers, and the next step; the class of the error decides the status.

Used by the application for what routes raise, and by the middleware for what Django itself refuses.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from ninja import Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError

from campaignsync.domain.access import NOT_ALLOWED
from campaignsync.domain.errors import (
    ALREADY_THERE,
    NOT_THERE,
    CampaignsyncError,
    HaltError,
    RefusedError,
    RetryableError,
    UnknownOutcomeError,
    UsageError,
)

MEDIA_TYPE = "application/problem+json"
STATUS: Mapping[type[CampaignsyncError], int] = {
    UsageError: 422,
    HaltError: 409,
    RefusedError: 422,
    RetryableError: 503,
    UnknownOutcomeError: 503,
}
_OF_CODE = {NOT_ALLOWED: 403, NOT_THERE: 404, ALREADY_THERE: 409}
_TITLES = {
    400: "This is no request that can be read",
    401: "Nobody is known who asks",
    403: "This may not be done",
    404: "There is no such thing",
    405: "This cannot be done here",
    409: "The state of things is against it",
    413: "This is too large",
    415: "Another kind of body is wanted",
    422: "Something must be mended first",
    429: "This is asked too often",
    500: "An error of ours",
    503: "Try again later",
}
_STEP = re.compile(
    r"((?<=: )campaignsync [a-z][^\n]*?|(?:GET|POST|PUT|PATCH|DELETE) /api/[^\s,]+)(?=[.,]?(?:\n|$)|, or )"
)


class FieldFault(Schema):
    """What is wrong with one part of a request."""

    where: str
    message: str


class Problem(Schema):
    """Why something was not done."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    next: str | None = None
    errors: list[FieldFault] = []


def status_of(error: CampaignsyncError) -> int:
    """The status that an error of the field is answered with."""
    usual = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 500)
    return _OF_CODE.get(error.code, usual) if isinstance(error, UsageError) else usual


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """An answer of problem+json."""
    step = _STEP.search(detail)
    value = {
        "type": f"urn:campaignsync:problem:{code.lower()}",
        "title": _TITLES.get(status, "This was not done"),
        "status": status,
        "code": code,
        "detail": detail,
        "next": step[1] if step else None,
        "errors": list(errors),
    }
    return HttpResponse(
        orjson.dumps(value), status=status, content_type=MEDIA_TYPE, headers=dict(headers or {})
    )


def of_the_field(request: HttpRequest, error: CampaignsyncError) -> HttpResponse:
    """An error that this product raised on purpose."""
    wait = math.ceil(error.retry_after_s) if isinstance(error, RetryableError) else None
    return problem(
        status_of(error), error.code, str(error), headers={"Retry-After": str(wait)} if wait else None
    )


def of_the_form(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """A request whose parts are not what the schema says."""
    faults = [
        {"where": _where(each.get("loc", ())), "message": str(each.get("msg", ""))} for each in error.errors
    ]
    told = "; ".join(f"{fault['where']}: {fault['message']}" for fault in faults[:5])
    return problem(422, "WRONG_REQUEST", f"The request is not as docs/api.md says: {told}", errors=faults)


def _where(path: Sequence[Any]) -> str:
    return ".".join(str(part) for part in path if part not in ("data", "payload"))


def of_nobody(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    """Nobody is known who asks, or their key is none any more."""
    said = "Give an API key as 'Authorization: Bearer KEY'. Make one with: campaignsync api-key create USER --scope SCOPE"
    return problem(401, "NOT_KNOWN", said, headers={"WWW-Authenticate": "Bearer"})


def of_http(request: HttpRequest, error: HttpError) -> HttpResponse:
    """What the library refuses: a body that cannot be read, a forged request."""
    return problem(error.status_code, "NOT_TAKEN", str(error))


def of_django(response: HttpResponse) -> HttpResponse:
    """What Django itself refused, in our form."""
    headers = {name: response.headers[name] for name in ("Allow", "Retry-After") if name in response.headers}
    details = {
        404: "There is nothing at this address: docs/api.md lists what is.",
        405: "Another method is wanted here.",
    }
    detail = details.get(response.status_code, "The request was not taken.")
    return problem(response.status_code, "NOT_TAKEN", detail, headers=headers)
