"""The one place where HTTP to an org happens: sends, counts, renews the token, repeats reads that may be repeated.

Used by the other modules of this folder, from several threads if need be. A token that has expired is renewed once, by one
thread, however many find out at the same time. A read is repeated a few times when the way to Salesforce stumbles. A write never
is: whether it was done is for the next observation to say. The token never leaves for another host: redirects are not followed.
"""

from __future__ import annotations

import re
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import orjson
import requests
from urllib3.exceptions import HTTPError, MaxRetryError, NewConnectionError

from campaignsync.domain.connections import Login
from campaignsync.domain.errors import RetryableError, UnknownOutcomeError, UsageError
from campaignsync.domain.observation import ApiUsage
from campaignsync.salesforce.errors import SOON_S, call_error
from campaignsync.salesforce.login import (
    CERTIFICATE_REFUSED,
    UNREACHABLE,
    LoginUnreachableError,
    Token,
    log_in,
    why_certificate_refused,
)

API_VERSION = "62.0"
CLIENT_NAME = "campaignsync"
"""What change events call the origin of our changes (S2.2.13)."""
MOST_QUERIES = 5
"""Of the subrequests of one Composite call, at most five may be queries or collections (S2.2.8)."""
Read = Callable[[requests.Response], Any]
"""Makes a value of what was answered; None where it is not what it should be."""
_TIMEOUT_S = (10, 120)
_READ_PAUSES_S = (0.2, 1.0, 3.0)
_USAGE = re.compile(r"(?<![\w-])api-usage=(\d+)/(\d+)")
_RESOURCE = re.compile(r"/services/(?:data/v[\d.]+/)?(\w+(?:/[A-Za-z]+)?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One subrequest of a Composite call; `path` begins behind the version."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartAnswer:
    """What a subrequest answered."""

    status: int
    body: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvFile:
    """A file that was downloaded, kept as it travelled: a page of results has a tenth of its bytes then."""

    headers: Mapping[str, str]
    packed: bytes
    is_packed: bool

    def pieces(self) -> Iterator[bytes]:
        """What is in it, piece by piece; RetryableError where it was cut off or spoilt on its way."""
        if not self.is_packed:
            yield self.packed
            return
        unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | _ANY_HEADER)
        try:
            for start in range(0, len(self.packed), _PIECE):
                yield unpacker.decompress(self.packed[start : start + _PIECE])
            yield unpacker.flush()
        except zlib.error:
            raise _spoilt() from None
        if not unpacker.eof:
            raise _spoilt()

    @property
    def content(self) -> bytes:
        """All of it."""
        return b"".join(self.pieces())


_ANY_HEADER = 32
"""Has zlib take gzip's header as well as its own."""
_PIECE = 65_536
_PACKED = ("gzip", "deflate")


def _spoilt() -> RetryableError:
    return RetryableError("A file from Salesforce arrived damaged.", retry_after_s=SOON_S)


class Wire:
    """One org over HTTP; `known` is one that let us in before. Whoever drives it without sockets or without waiting hands in a
    `session` and a `pause`, and how JSON is read where they have read it before (`loads`)."""

    def __init__(
        self,
        login: Login,
        *,
        known: bool = False,
        pause: Callable[[float], None] = time.sleep,
        session: requests.Session | None = None,
        loads: Callable[[bytes], Any] = orjson.loads,
    ) -> None:
        self._login = login
        self._known = known
        self.pause = pause
        self._session = session or requests.Session()
        self._loads = loads
        self._token: Token | None = None
        self._renewing = threading.Lock()
        self._counting = threading.Lock()
        self.calls: Counter[str] = Counter()
        self.usage: ApiUsage | None = None
        self.clock_ahead_s: float | None = None
        self.asked_at: datetime | None = None

    @property
    def instance_url(self) -> str:
        """Where the org is, as the login told."""
        return self._fresh_token(None).instance_url

    def session(self) -> tuple[str, str]:
        """An access token and where it is good, for what speaks to the org in another way."""
        token = self._fresh_token(None)
        return token.access_token, token.instance_url

    def renew(self, access_token: str) -> None:
        """This token is not taken any more: have another one by the next time."""
        token = self._token
        if token is not None and token.access_token == access_token:
            self._fresh_token(token)

    def get(self, path: str) -> Any:
        """Read something; repeated when that may help."""
        return self.ask("GET", path)

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Send what changes no record; repeated when that may help."""
        return self._repeatable(path, _request(method, body), self._parsed)

    def download(self, path: str) -> CsvFile:
        """Read a CSV file; repeated when that may help."""
        csv: CsvFile = self._repeatable(path, _request("GET"), _as_csv)
        return csv

    def write(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """Write something, once."""
        return self._send(path, _request(method, body, headers), self._parsed, writes=True)

    def upload(self, path: str, csv: bytes) -> None:
        """Send a CSV file, once."""
        request = requests.Request("PUT", headers={"Content-Type": "text/csv"}, data=csv)
        self._send(path, request, _parsed, writes=True)

    def composite(self, parts: Sequence[Part], *, writes: bool) -> list[PartAnswer]:
        """Several requests in one call, in their order; each has its own status, and none undoes another."""
        subrequests = [_subrequest(number, part) for number, part in enumerate(parts)]
        send = self.write if writes else self.ask
        answer = send("POST", "/composite", {"allOrNone": False, "compositeRequest": subrequests})
        return [
            PartAnswer(status=each["httpStatusCode"], body=each["body"])
            for each in answer["compositeResponse"]
        ]

    def _repeatable(self, path: str, request: requests.Request, read: Read) -> Any:
        for pause_s in _READ_PAUSES_S:
            try:
                return self._send(path, request, read, writes=False)
            except RetryableError as error:
                if error.retry_after_s > SOON_S:
                    raise
            self.pause(pause_s)
        return self._send(path, request, read, writes=False)

    def _send(self, path: str, request: requests.Request, read: Read, *, writes: bool) -> Any:
        token = self._fresh_token(None)
        answer = self._once(token, path, request, writes=writes)
        if answer.status_code == 401 and _session_is_gone(answer):
            # A session that is gone did nothing, so that even a write may be sent again, once.
            answer = self._once(self._fresh_token(token), path, request, writes=writes)
        if answer.status_code < 300:
            value = read(answer)
            if value is not None or not answer.content:
                return value
        what = _named(request.method or "", path)
        raise call_error(answer.status_code, _parsed(answer), writes=writes, what=what)

    def _once(self, token: Token, path: str, request: requests.Request, *, writes: bool) -> requests.Response:
        what = _named(request.method or "", path)
        try:
            answer = self._session.request(
                request.method or "",
                token.instance_url + _whole(path),
                data=request.data,
                headers={
                    **request.headers,
                    "Authorization": f"Bearer {token.access_token}",
                    "Sforce-Call-Options": f"client={CLIENT_NAME}",
                },
                timeout=_TIMEOUT_S,
                allow_redirects=False,
                stream=True,
            )
            _take_in(answer)
        except requests.RequestException as error:
            # The words of the exception stay out of the message: they may hold an address with a whole query.
            refused = why_certificate_refused(error)
            reason = f"{what}: no answer from {token.instance_url} ({refused or type(error).__name__})"
            if refused or _was_never_sent(error):
                code = CERTIFICATE_REFUSED if refused else UNREACHABLE
                raise RetryableError(reason, retry_after_s=SOON_S, code=code, of_org=True) from None
            self._count(what, path)
            if writes:
                raise UnknownOutcomeError(reason) from None
            raise RetryableError(reason, retry_after_s=SOON_S, code=UNREACHABLE, of_org=True) from None
        if answer.status_code != 401:
            self._count(what, path)
        self._note_told(answer)
        return answer

    def _count(self, kind: str, path: str) -> None:
        """Count a call as Salesforce does: neither who is let in nor who is turned away is charged (section 2.3)."""
        if not path.startswith("/services/oauth2/"):
            with self._counting:
                self.calls[kind] += 1

    def _note_told(self, answer: requests.Response) -> None:
        told = _USAGE.search(answer.headers.get("Sforce-Limit-Info", ""))
        if told:
            self.usage = ApiUsage(used=int(told[1]), allowed=int(told[2]))
        try:
            theirs = parsedate_to_datetime(answer.headers.get("Date", ""))
        except ValueError:
            return
        self.clock_ahead_s = time.time() - theirs.timestamp()
        # The answer was dated after the question had come: this is the latest moment that is certainly not after it.
        self.asked_at = theirs.astimezone(UTC) - answer.elapsed

    def _parsed(self, answer: requests.Response) -> Any:
        return _parsed(answer, self._loads)

    def _fresh_token(self, stale: Token | None) -> Token:
        """The token in use; another one when it is the `stale` one, fetched by one thread for all."""
        token = self._token
        if token is None or token is stale:
            with self._renewing:
                token = self._token
                if token is None or token is stale:
                    token = self._token = self._logged_in()
        return token

    def _logged_in(self) -> Token:
        try:
            return log_in(self._login, self._session)
        except LoginUnreachableError as error:
            if self._token is None and not self._known:
                raise UsageError(
                    f"{error}. Check the address and the network, and give the right address with:"
                    " campaignsync connect NAME --url URL",
                    code=error.code,
                ) from None
            # The address was right before, so that nobody but the network has to mend anything.
            raise RetryableError(str(error), retry_after_s=SOON_S, code=error.code, of_org=True) from None


def _request(method: str, body: object = None, headers: Mapping[str, str] | None = None) -> requests.Request:
    return requests.Request(
        method,
        headers={"Content-Type": "application/json", **(headers or {})},
        data=b"" if body is None else orjson.dumps(body),
    )


def _named(method: str, path: str) -> str:
    """A call without its ids and its query: what is counted and what errors speak of."""
    found = _RESOURCE.match(_whole(path))
    return f"{method} {found[1] if found else path}"


def _whole(path: str) -> str:
    return path if path.startswith("/services/") else f"/services/data/v{API_VERSION}{path}"


def _subrequest(number: int, part: Part) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "method": part.method,
        "url": _whole(part.path),
        "referenceId": f"part{number}",
    }
    further = {"body": part.body, "httpHeaders": part.headers or None}
    return whole | {name: value for name, value in further.items() if value is not None}


def _parsed(answer: requests.Response, loads: Callable[[bytes], Any] = orjson.loads) -> Any:
    try:
        return loads(answer.content) if answer.content else None
    except orjson.JSONDecodeError:
        return None


def _take_in(answer: requests.Response) -> None:
    """Take in the whole body: CSV as it travels, anything else unpacked."""
    if not _is_csv(answer) or answer.raw is None:
        answer.content  # noqa: B018 - to ask for it is to read it.
        return
    try:
        body = answer.raw.read(decode_content=False)
    except HTTPError as error:
        raise requests.ConnectionError(error) from error
    answer._content = body  # noqa: SLF001 - as `content` does, but for the unpacking.


def _is_csv(answer: requests.Response) -> bool:
    return answer.status_code < 300 and answer.headers.get("Content-Type", "").startswith("text/csv")


def _as_csv(answer: requests.Response) -> CsvFile | None:
    if not _is_csv(answer):
        return None
    # Whoever answers without a socket has unpacked it already.
    packed = answer.raw is not None and answer.headers.get("Content-Encoding") in _PACKED
    return CsvFile(headers=answer.headers, packed=answer.content, is_packed=packed)


def _session_is_gone(answer: requests.Response) -> bool:
    """A session that this API never takes says so in other words, and no new token would help (S2.1.2)."""
    body = _parsed(answer)
    first = body[0] if isinstance(body, list) and body else {}
    words = str(first.get("message"))
    return first.get("errorCode") == "INVALID_SESSION_ID" and "not valid for use" not in words


def _was_never_sent(error: requests.RequestException) -> bool:
    """Whether no connection came about: then not a byte of the request has left."""
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.ProxyError):
        return True
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else None
    return isinstance(reason, NewConnectionError)
