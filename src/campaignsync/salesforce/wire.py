"""The one place where HTTP to an org happens: sends, counts, renews the token, repeats reads that may be repeated.

Used by the other modules of this folder. A token that has expired is renewed once, by one thread, however many find out at the
same time. A read is repeated a few times when the way to Salesforce stumbles. A write never is: whether it was done is for the
next observation to say.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson
import requests

from campaignsync.domain.connections import Login
from campaignsync.domain.errors import RetryableError, UnknownOutcomeError
from campaignsync.salesforce.errors import call_error
from campaignsync.salesforce.login import Token, log_in

API_VERSION = "62.0"
CLIENT_NAME = "campaignsync"
_TIMEOUT_S = (10, 120)
_READ_PAUSES_S = (0.2, 1.0, 3.0)
MOST_QUERIES = (
    5  # Of the subrequests of one Composite call, at most five may be queries or collections (S2.2.8).
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One subrequest of a Composite call; `path` begins behind the version."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartAnswer:
    """What a subrequest answered."""

    status: int
    body: Any


class Wire:
    """One org over HTTP."""

    def __init__(self, login: Login, *, pause: Callable[[float], None] = time.sleep) -> None:
        self._login = login
        self._pause = pause
        self._session = requests.Session()
        self._token: Token | None = None
        self._renewing = threading.Lock()
        self.calls: Counter[str] = Counter()

    @property
    def instance_url(self) -> str:
        return self._fresh_token(None).instance_url

    def get(self, path: str, **parameters: str) -> Any:
        """Read something; repeated when that may help."""
        return self._repeatable("GET", f"{path}?{urlencode(parameters)}" if parameters else path, None)

    def write(self, method: str, path: str, body: object, headers: Mapping[str, str] | None = None) -> Any:
        """Write something, once."""
        return self._send(method, path, body, headers or {}, writes=True)

    def composite(
        self, parts: Sequence[Part], *, writes: bool, all_or_none: bool = False
    ) -> list[PartAnswer]:
        """Several requests in one call, in their order; each has its own status."""
        body = {
            "allOrNone": all_or_none,
            "compositeRequest": [_subrequest(number, part) for number, part in enumerate(parts)],
        }
        send = self.write if writes else self._repeatable
        answer = send("POST", "/composite", body)
        return [
            PartAnswer(status=each["httpStatusCode"], body=each["body"])
            for each in answer["compositeResponse"]
        ]

    def _repeatable(self, method: str, path: str, body: object) -> Any:
        for pause_s in (*_READ_PAUSES_S, None):
            try:
                return self._send(method, path, body, {}, writes=False)
            except RetryableError:
                if pause_s is None:
                    raise
                self._pause(pause_s)
        raise AssertionError("the last turn returns or raises")

    def _send(self, method: str, path: str, body: object, headers: Mapping[str, str], *, writes: bool) -> Any:
        token = self._fresh_token(None)
        answer = self._once(token, method, path, body, headers, writes=writes)
        if answer.status_code == 401 and _session_is_gone(answer):
            # A session that is gone did nothing, so that even a write may be sent again, once.
            answer = self._once(self._fresh_token(token), method, path, body, headers, writes=writes)
        if answer.status_code < 300:
            return _parsed(answer)
        raise call_error(
            answer.status_code, _parsed(answer), writes=writes, what=f"{method} {path.split('?')[0]}"
        )

    def _once(
        self, token: Token, method: str, path: str, body: object, headers: Mapping[str, str], *, writes: bool
    ) -> requests.Response:
        url = token.instance_url + (
            path if path.startswith("/services/") else f"/services/data/v{API_VERSION}{path}"
        )
        what = f"{method} {path.split('?')[0]}"
        self.calls[f"{method} {path.split('?')[0].split('/')[1]}"] += 1
        try:
            return self._session.request(
                method,
                url,
                data=None if body is None else orjson.dumps(body),
                headers={
                    "Authorization": f"Bearer {token.access_token}",
                    "Content-Type": "application/json",
                    "Sforce-Call-Options": f"client={CLIENT_NAME}",
                    **headers,
                },
                timeout=_TIMEOUT_S,
                allow_redirects=False,
            )
        except requests.ConnectTimeout:
            raise RetryableError(
                f"{what}: no connection to {token.instance_url} within {_TIMEOUT_S[0]} s"
            ) from None
        except requests.RequestException as error:
            if writes and not _was_never_sent(error):
                raise UnknownOutcomeError(
                    f"{what}: sent, and no answer came ({type(error).__name__})"
                ) from None
            raise RetryableError(
                f"{what}: no answer from {token.instance_url} ({type(error).__name__})"
            ) from None

    def _fresh_token(self, stale: Token | None) -> Token:
        """The token in use; another one when it is the `stale` one, fetched by one thread for all."""
        if self._token is None or self._token is stale:
            with self._renewing:
                if self._token is None or self._token is stale:
                    self._token = log_in(self._login)
        return self._token


def _subrequest(number: int, part: Part) -> dict[str, Any]:
    url = part.path if part.path.startswith("/services/") else f"/services/data/v{API_VERSION}{part.path}"
    whole: dict[str, Any] = {"method": part.method, "url": url, "referenceId": f"part{number}"}
    if part.body is not None:
        whole["body"] = part.body
    if part.headers:
        whole["httpHeaders"] = part.headers
    return whole


def _parsed(answer: requests.Response) -> Any:
    try:
        return orjson.loads(answer.content) if answer.content else None
    except orjson.JSONDecodeError:
        return None


def _session_is_gone(answer: requests.Response) -> bool:
    """A session that this API never takes says so in other words, and no new token would help (S2.1.2)."""
    body = _parsed(answer)
    first = body[0] if isinstance(body, list) and body else {}
    return first.get("errorCode") == "INVALID_SESSION_ID" and "not valid for use" not in str(
        first.get("message")
    )


def _was_never_sent(error: requests.RequestException) -> bool:
    """Whether the connection was refused before a byte of the request had left."""
    return "NewConnectionError" in repr(error) or "Connection refused" in repr(error)
