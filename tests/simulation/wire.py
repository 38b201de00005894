"""The way to Salesforce without sockets: the client's own HTTP session, answered by the sandbox in the same thread.

Each call is told to the world before and after it, which is where people act and where things go wrong. Everything above
`requests` is the product's; everything below is the sandbox's own road of a request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import Enum
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import orjson
import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from salesforce_sandbox.wire.faults import Fault
from salesforce_sandbox.wire.messages import Request, Response
from salesforce_sandbox.wire.sandbox import Sandbox
from simulation import described

ORIGIN = "http://sandbox.example"


class Lost(Enum):
    """How a call goes astray."""

    NEVER_SENT = "no connection comes about"
    BEFORE = "it was sent and never arrives"
    AFTER = "it is carried out and its answer never comes"


Meddle = Callable[[Request], "Fault | Response | Lost | None"]


class InProcess(BaseAdapter):
    """Answers from a sandbox. `before` may make a call go wrong; `after` sees what was answered."""

    def __init__(
        self,
        sandbox: Sandbox,
        before: Meddle,
        after: Callable[[Request, Response | None], None],
    ) -> None:
        super().__init__()
        self._sandbox = sandbox
        self._before = before
        self._after = after
        self._last: tuple[bytes, Any] | None = None

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        asked = asked_of(request)
        wrong = self._before(asked)
        if wrong is Lost.NEVER_SENT:
            raise requests.ConnectTimeout
        if wrong is Lost.BEFORE:
            self._after(asked, None)
            raise requests.ConnectionError
        if isinstance(wrong, Response):
            answer: Response | None = wrong
        else:
            fault = wrong if isinstance(wrong, Fault) else Fault()
            answer = self._sandbox.answer(asked, fault)
        if answer is not None:
            # Written once, for all who look at it.
            answer = Response(
                status=answer.status,
                body=self._written(answer),
                headers=answer.headers,
                media_type=answer.media_type,
            )
        self._after(asked, answer)
        if answer is None or wrong is Lost.AFTER:
            raise requests.ConnectionError
        return answered(request, answer)

    def _written(self, answer: Response) -> bytes:
        self._last = described.answer(answer.body)
        return self._last[0] if self._last else answer.content()

    def loads(self, content: bytes) -> Any:
        """What JSON says; of describes what they said before."""
        if self._last and content is self._last[0]:
            return self._last[1]
        return orjson.loads(content)

    def close(self) -> None:
        """Nothing is open."""


def asked_of(request: requests.PreparedRequest) -> Request:
    """What the client sends, as the sandbox takes it."""
    parts = urlsplit(request.url or "")
    body = request.body or b""
    return Request(
        method=request.method or "",
        path=unquote(parts.path),
        query={name: ",".join(values) for name, values in parse_qs(parts.query, True).items()},
        headers={name.lower(): str(value) for name, value in request.headers.items()},
        body=body.encode() if isinstance(body, str) else bytes(body),
        origin=ORIGIN,
    )


def answered(request: requests.PreparedRequest, answer: Response) -> requests.Response:
    """What the sandbox answers, as the client takes it."""
    made = requests.Response()
    made.status_code = answer.status
    made.headers = CaseInsensitiveDict(headers_of(answer))
    made._content = answer.content()
    made.url, made.request, made.encoding = request.url or "", request, "utf-8"
    return made


def headers_of(answer: Response) -> Mapping[str, str]:
    return {"Content-Type": answer.media_type, **answer.headers}


class Session(requests.Session):
    """A session whose every call is answered in process. What only a network needs is left out: proxies, cookies, redirects.
    How long a call took is told by the history's clock, so that a history is the same on a machine that is slow."""

    def __init__(self, adapter: BaseAdapter, *, call_s: float) -> None:
        super().__init__()
        self.trust_env = False
        self.mount("http://", adapter)
        self._own = dict(self.headers)
        self._adapter, self._took = adapter, timedelta(seconds=call_s)

    def request(  # type: ignore[override]
        self,
        method: str,
        url: str,
        *,
        data: Any = None,
        headers: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> requests.Response:
        prepared = requests.PreparedRequest()
        prepared.method, prepared.url = method, _spelled(url)
        prepared.headers = CaseInsensitiveDict({**self._own, **(headers or {})})
        prepared.prepare_body(data, None)
        answer = self._adapter.send(prepared)
        answer.elapsed = self._took
        return answer


@lru_cache(maxsize=64)
def _spelled(url: str) -> str | None:
    prepared = requests.PreparedRequest()
    prepared.prepare_url(url, None)
    return prepared.url
