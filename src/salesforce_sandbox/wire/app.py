"""The one module that knows Starlette: sockets' requests become values, answers become responses, latency is slept here.

Handlers run on the event loop, one at a time, under the org's lock: they never wait, and a plain call takes a few
milliseconds. Latency is slept outside the lock. Rests on S2.2.2 (too long requests) and S2.2.12 (gzip both ways).
"""

import asyncio
import gzip
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request as HttpRequest
from starlette.responses import Response as HttpResponse
from starlette.types import Receive, Scope, Send

from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.wire.messages import Request, Response, error_body
from salesforce_sandbox.wire.sandbox import Sandbox
from salesforce_sandbox.wire.serve import session_token

_LONGEST_HEAD = 16_384
_WORTH_GZIP = 1_024
# Orgs forbid everybody between to keep what they answer.
_NEVER_KEPT = {"Cache-Control": "no-cache,must-revalidate,max-age=0,no-store,private"}
_UNPACK: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.decompress, "deflate": zlib.decompress}

App = Callable[[Scope, Receive, Send], Awaitable[None]]


def make_app(sandbox: Sandbox, latency_ms: float = 0) -> App:
    """The sandbox as an ASGI application; each answer takes `latency_ms` longer than it must."""

    running: dict[object, tuple[str | None, float]] = {}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        http, began = HttpRequest(scope, receive), asyncio.get_running_loop().time()
        try:
            packed = await http.body()
            request = _read(http, packed)
            sandbox.judge_concurrency(request, [(token, began - since) for token, since in running.values()])
            running[http] = session_token(request), began
            fault = sandbox.faults.decide(request)
            # Nobody waits for longer than a call may take.
            await _sleep(latency_ms / 1000 + min(fault.latency_s, sandbox.org.admin.call_timeout_s), request)
            with sandbox.cost.of_a_call(request.path):
                answer = sandbox.answer(request, fault)
                accepted = http.headers.get("accept-encoding", "")
                sent = None if answer is None else _http_response(answer, accepted)
        except SalesforceError as error:
            refused = sandbox.dated(Response(status=error.status, body=error_body(error)))
            sent = _http_response(refused, "")
        finally:
            running.pop(http, None)
        if sent is None:
            _drop(scope)
            # Ending before the server has seen the connection go would be logged as a fault of ours.
            await receive()
            return
        if not http.url.path.startswith("/sandbox"):
            sandbox.org.accounting.received += len(packed)
            sandbox.org.accounting.sent += len(sent.body)
        await sent(scope, receive, send)

    return app


def _read(http: HttpRequest, body: bytes) -> Request:
    uri = len(http.url.path) + len(http.url.query)
    head = uri + sum(len(name) + len(value) for name, value in http.headers.raw)
    if head > _LONGEST_HEAD:
        raise SalesforceError(
            414 if uri > _LONGEST_HEAD // 2 else 431, "URI_TOO_LONG", "URI or headers are too long"
        )
    for packing in set(http.headers.get("content-encoding", "").split(", ")) & _UNPACK.keys():
        try:
            body = _UNPACK[packing](body)
        except (OSError, EOFError, zlib.error):
            raise SalesforceError(400, "UNKNOWN_EXCEPTION", f"The body is not in {packing} format") from None
    host = http.headers.get("host") or "localhost"
    scheme = http.headers.get("x-forwarded-proto", http.url.scheme)
    return Request(
        method=http.method,
        # Salesforce's own command line keeps the address of an org with a slash behind it, and adds paths to that.
        path="/" + http.scope["path"].lstrip("/"),
        # What is named repeatedly is a list, and lists are written with commas.
        query={name: ",".join(http.query_params.getlist(name)) for name in http.query_params},
        headers=dict(http.headers),
        body=body,
        origin=f"{scheme}://{host}",
    )


async def _sleep(seconds: float, request: Request) -> None:
    if seconds and not request.path.startswith("/sandbox"):
        await asyncio.sleep(seconds)


def _http_response(answer: Response, accepted: str) -> HttpResponse:
    content = answer.content()
    # The date comes first, as orgs have it.
    headers = {
        **answer.headers,
        **{name: _NEVER_KEPT[name] for name in _NEVER_KEPT.keys() - answer.headers.keys()},
    }
    if "gzip" in accepted and len(content) >= _WORTH_GZIP:
        content = gzip.compress(content, compresslevel=1)
        headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    media_type = answer.media_type if content else None
    return HttpResponse(content, status_code=answer.status, headers=headers, media_type=media_type)


def _drop(scope: Scope) -> None:
    """Cuts the connection without an answer, by the door that `server` puts into the scope."""
    cut: Any = scope["extensions"]["sandbox"]["drop"]
    cut()
