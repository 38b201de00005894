"""What happens round every request to the API: a write is one transaction with its answer, and every refusal is problem+json.

A request with an `Idempotency-Key` is done once: whoever sends it again within a day, after a lost answer, gets the first answer.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from typing import cast

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from campaignsync.domain.errors import CampaignsyncError
from campaignsync.store.answers import Answer
from campaignsync.web.api.guard import Asking
from campaignsync.web.api.pace import Pace
from campaignsync.web.api.problems_json import MEDIA_TYPE, of_django, of_the_field, problem
from campaignsync.web.installation import installation

PREFIX = "/api/"
KEY, REPLAYED = "Idempotency-Key", "Idempotency-Replayed"
LARGEST_TABLE = 32 * 2**20
"""How many bytes a CSV file has at the most."""
LONGEST_KEY = 200
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_Next = Callable[[HttpRequest], HttpResponse]


class ApiMiddleware:
    """Stands before the routes of the API, and lets the pages through."""

    def __init__(self, answer: _Next) -> None:
        self._answer = answer
        self._pace = Pace()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(PREFIX):
            return self._answer(request)
        most = installation().settings.web.api_rate
        wait_s = self._pace.wait_s(_owner(request), most)
        response = _too_fast(most, wait_s) if wait_s else self._told(request)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    def _told(self, request: HttpRequest) -> HttpResponse:
        """The answer, a refusal in the one form that refusals have."""
        response = self._answer(request) if request.method in _READING else self._written(request)
        if response.status_code >= 400 and not response.headers.get("Content-Type", "").startswith(
            MEDIA_TYPE
        ):
            response = of_django(response)
        return response

    def _written(self, request: HttpRequest) -> HttpResponse:
        """Carry out a write: all of it and its answer, or nothing."""
        if request.content_type == "text/csv":
            table = request.read(LARGEST_TABLE + 1)
            if len(table) > LARGEST_TABLE:
                return problem(
                    413, "TOO_LARGE", f"A CSV file has {LARGEST_TABLE:,} bytes at the most: divide it."
                )
            cast("Asking", request).table = table
        key = request.headers.get(KEY, "")
        if len(key) > LONGEST_KEY or not key.isprintable():
            return problem(
                422,
                "WRONG_REQUEST",
                f"An idempotency key has {LONGEST_KEY} printable characters at the most.",
            )
        try:
            with transaction.atomic():
                once = key and _known(request)
                response = self._answered_once(request, key) if once else self._answer(request)
                if response.status_code >= 400:
                    transaction.set_rollback(True)
        except CampaignsyncError as error:
            return of_the_field(request, error)
        return response

    def _answered_once(self, request: HttpRequest, key: str) -> HttpResponse:
        answers, owner = installation().answers, _owner(request)
        known = answers.begin(owner, key, _fingerprint(request))
        if known is not None:
            return HttpResponse(
                known.body, status=known.status, content_type=known.content_type, headers={REPLAYED: "true"}
            )
        response = self._answer(request)
        if response.status_code < 400:
            content_type = response.headers.get("Content-Type", "")
            answers.keep(
                owner,
                key,
                Answer(status=response.status_code, body=response.content, content_type=content_type),
            )
        return response


def _known(request: HttpRequest) -> bool:
    """Whether whoever asks is let in at all: nobody else leaves an answer here, or gets one that was left."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    by_key = kind.lower() == "bearer" and installation().users.rights_by_key(token) is not None
    return by_key or request.user.is_authenticated


def _too_fast(most: int, wait_s: float) -> HttpResponse:
    seconds = math.ceil(wait_s)
    return problem(
        429,
        "TOO_MANY_REQUESTS",
        f"More than {most:,} requests a minute came with this key: ask again in {seconds} s. Whoever runs campaignsync"
        " sets the limit with CAMPAIGNSYNC_API_RATE.",
        headers={"Retry-After": str(seconds)},
    )


def _owner(request: HttpRequest) -> str:
    """Who it is that asks, be they let in or not: an API key, a session, or an address. Idempotency keys are one's own."""
    bearer, session = request.headers.get("Authorization"), request.COOKIES.get("sessionid")
    address = request.META.get("REMOTE_ADDR", "")
    who = f"key {bearer}" if bearer else f"session {session}" if session else f"address {address}"
    return hashlib.sha256(who.encode("utf-8", "surrogateescape")).hexdigest()


def _fingerprint(request: HttpRequest) -> str:
    """What tells one request from another."""
    body = cast("Asking", request).table if request.content_type == "text/csv" else request.body
    told = f"{request.method} {request.get_full_path()}\n".encode()
    return hashlib.sha256(told + body).hexdigest()
