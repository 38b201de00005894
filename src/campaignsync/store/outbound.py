"""The one way out to addresses that people give us: webhooks of alerts, of flows and of the API.

Used by `outlets`, `couriers` and `webhooks`. Whom it may ask is asked of the address that is connected to, not of the name that
was typed, since a name may be made to point elsewhere; it is looked up once, and what was found is connected to. Nobody is
followed elsewhere: a redirect is an answer like any other that is no success. Machines in private networks, our own first, are
out of bounds, when an address is kept and again when it is asked, unless whoever runs campaignsync names their network
(CAMPAIGNSYNC_WEBHOOK_NETWORKS).
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from campaignsync.domain.webhooks import Network, may_be_told, out_of_bounds, require_no_private

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


def require_public(url: str, allowed: Sequence[Network]) -> None:
    """UsageError (PRIVATE_ADDRESS) for an address that is to be kept and whom we may not ask. A name that nobody knows yet may
    be kept: whoever asks it looks it up again."""
    require_no_private(url, allowed)
    with contextlib.suppress(
        OSError, ValueError
    ):  # ValueError: no address at all, or a label that is too long for a name.
        if host := urlsplit(url).hostname:
            _way_to(host, 443, allowed)


def _way_to(
    host: str, port: int, allowed: Sequence[Network]
) -> tuple[socket.AddressFamily, socket.SocketKind, int, tuple[Any, ...]]:
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        if may_be_told(str(address[0]), allowed):
            return family, kind, protocol, address
    raise out_of_bounds(host)


def _connection(
    scheme: str, host: str, port: int | None, allowed: Sequence[Network], timeout_s: float
) -> http.client.HTTPConnection:
    port = port or (443 if scheme == "https" else 80)
    family, kind, protocol, address = _way_to(host, port, allowed)
    with contextlib.ExitStack() as unless_it_is_up:
        plain = unless_it_is_up.enter_context(socket.socket(family, kind, protocol))
        plain.settimeout(timeout_s)
        plain.connect(address)
        connection = http.client.HTTPConnection(host, port, timeout=timeout_s)
        trusted = ssl.create_default_context() if scheme == "https" else None
        connection.sock = trusted.wrap_socket(plain, server_hostname=host) if trusted else plain
        unless_it_is_up.pop_all()
    return connection
