"""The wire of the client: one session, errors as `ApiError`, writes that are done once however often they must be sent.

Used by `calls` alone. A request is sent again when the server says that it may be (429, 503), or when no answer came: a write
carries an idempotency key of its own, so that it is done once all the same. The key of the API is never part of an error.
"""

from __future__ import annotations

import hashlib
import hmac
import time
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import requests

_TRIES = 4
_AGAIN = (requests.codes.too_many_requests, requests.codes.service_unavailable)
_LONGEST_WAIT_S = 30.0


class ApiError(Exception):
    """Why the API did not do something: `status`, `code`, and the next step where it knows one."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(str(problem.get("detail") or f"HTTP {status}"))
        self.status = status
        self.code = str(problem.get("code", "UNKNOWN"))
        self.next = problem.get("next")
        self.errors = list(problem.get("errors", ()))


def signed_by(secret: str, body: bytes, signature: str) -> bool:
    """Whether an event of a webhook was signed with its secret: `body` as it came, `signature` of X-Campaignsync-Signature."""
    wanted = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(f"sha256={wanted}", signature)


class Wire:
    """Requests to `/api/v1` with an API key."""

    def __init__(self, url: str, key: str, *, timeout_s: float) -> None:
        self._root = f"{url.rstrip('/')}/api/v1"
        self._timeout_s = timeout_s
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {key}"
        self._session.headers["User-Agent"] = "campaignsync.client"

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        once: str | None = None,
    ) -> requests.Response:
        """An answer that is a success; a body of bytes is CSV, any other JSON. ApiError for every refusal."""
        headers = {} if method == "GET" else {"Idempotency-Key": once or uuid.uuid4().hex}
        sent: dict[str, Any] = {"json": body}
        if isinstance(body, bytes):
            headers["Content-Type"] = "text/csv"
            sent = {"data": body}
        params = {name: value for name, value in (query or {}).items() if value is not None}
        for left in reversed(range(_TRIES)):
            wait = 0.5 * (_TRIES - left)
            try:
                answer = self._session.request(
                    method, self._root + path, params=params, headers=headers, timeout=self._timeout_s, **sent
                )
            except requests.ConnectionError:
                if not left:
                    raise
            else:
                if answer.ok:
                    return answer
                if answer.status_code not in _AGAIN or not left:
                    raise _error(answer)
                wait = float(answer.headers.get("Retry-After", wait))
            time.sleep(min(wait, _LONGEST_WAIT_S))
        raise AssertionError("the last try returns or raises")

    def json(self, method: str, path: str, **more: Any) -> Any:
        """The JSON of an answer; None where it has none."""
        answer = self.send(method, path, **more)
        return answer.json() if answer.content else None

    def pages(self, path: str, query: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """The rows of a list, page after page."""
        cursor: str | None = None
        while True:
            page = self.json("GET", path, query={"limit": 200, **query, "cursor": cursor})
            yield from page["items"]
            cursor = page["next"]
            if cursor is None:
                return


def _error(answer: requests.Response) -> ApiError:
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    return ApiError(answer.status_code, problem if isinstance(problem, dict) else {})
