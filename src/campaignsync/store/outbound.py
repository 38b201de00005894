"""The one way out to addresses that people give us: webhooks of alerts, of flows and of the API.

Used by `outlets`, `couriers` and `webhooks`. Whom it may ask is asked of the address that is connected to, not of the name that
was typed, since a name may be made to point elsewhere; it is looked up once, and what was found is connected to. Nobody is
followed elsewhere: a redirect is an answer like any other that is no success. Machines in private networks, our own first, are
out of bounds unless whoever runs campaignsync names their network (CAMPAIGNSYNC_WEBHOOK_NETWORKS).
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from campaignsync.domain.errors import UsageError
from campaignsync.domain.webhooks import Network, may_be_told

PRIVATE = "PRIVATE_ADDRESS"
TIMEOUT_S = 10.0
UNREACHABLE = (OSError, http.client.HTTPException)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked of an address."""

    url: str
    headers: Mapping[str, str]
    body: bytes | None
    method: str = "POST"


def ask(request: Request, allowed: Sequence[Network], timeout_s: float = TIMEOUT_S) -> int:
    """The status of the answer. UsageError (PRIVATE_ADDRESS) for whom we may not ask, ValueError for what is no address, and
    what is UNREACHABLE as it comes."""
    parts = urlsplit(request.url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection = _connection(parts.scheme, parts.hostname or "", parts.port, allowed, timeout_s)
    try:
        connection.request(request.method, path, body=request.body, headers=dict(request.headers))
        return connection.getresponse().status
    finally:
        connection.close()


def _connection(
    scheme: str, host: str, port: int | None, allowed: Sequence[Network], timeout_s: float
) -> http.client.HTTPConnection:
    port = port or (443 if scheme == "https" else 80)
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    fit = [entry for entry in found if may_be_told(str(entry[4][0]), allowed)]
    if not fit:
        raise UsageError(
            f"{host} is an address of a private network: whoever runs campaignsync allows it with"
            " CAMPAIGNSYNC_WEBHOOK_NETWORKS",
            code=PRIVATE,
        )
    family, kind, protocol, _, address = fit[0]
    with contextlib.ExitStack() as unless_it_is_up:
        plain = unless_it_is_up.enter_context(socket.socket(family, kind, protocol))
        plain.settimeout(timeout_s)
        plain.connect(address)
        connection = http.client.HTTPConnection(host, port, timeout=timeout_s)
        trusted = ssl.create_default_context() if scheme == "https" else None
        connection.sock = trusted.wrap_socket(plain, server_hostname=host) if trusted else plain
        unless_it_is_up.pop_all()
    return connection
