"""Whoever answers in Salesforce's name must prove it: nothing is sent to a server whose certificate is expired, foreign or for
another."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from campaignsync.domain.connections import Login, LoginMethod
from campaignsync.domain.errors import RetryableError, UsageError
from campaignsync.domain.service import again_after_s
from campaignsync.salesforce.events import is_loopback
from campaignsync.salesforce.org import SalesforceOrg
from certificates import server_certificate
from serving import serving


@contextmanager
def served(file: Path) -> Iterator[tuple[str, list[str]]]:
    """A server with this certificate: its address, and the paths that anybody asked it for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            self.send_error(500)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with serving(server):
        yield f"https://127.0.0.1:{server.server_port}", asked


@pytest.mark.parametrize(
    ("days", "address", "trusted", "why"),
    [
        (0, "127.0.0.1", True, "certificate has expired"),
        (9, "127.0.0.2", True, "IP address mismatch"),
        (9, "127.0.0.1", False, "self-signed certificate"),
    ],
    ids=["expired", "of another", "of nobody we know"],
)
def test_nothing_is_sent_to_whoever_cannot_prove_who_they_are(
    days: int, address: str, trusted: bool, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = server_certificate(tmp_path, days=days, address=address)
    if trusted:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(file))
    fields = {"client_id": "x", "client_secret": "hush"}
    with served(file) as (url, asked):
        org = SalesforceOrg(Login(method=LoginMethod.CLIENT_CREDENTIALS, login_url=url, fields=fields))
        with pytest.raises(UsageError) as refused:
            org.sync_user()
    assert refused.value.code == "CERTIFICATE_REFUSED"
    assert why in str(refused.value)
    assert asked == []


def test_a_certificate_that_was_good_before_is_looked_at_again_every_five_minutes() -> None:
    assert again_after_s(RetryableError("x", code="CERTIFICATE_REFUSED"), 20) == 300


@pytest.mark.parametrize(
    ("endpoint", "here"),
    [
        ("127.0.0.1:7", True),
        ("localhost:7", True),
        ("[::1]:7", True),
        ("api.pubsub.salesforce.com:7443", False),
        ("10.0.0.1:7", False),
        ("localhost.example.com:7", False),
        ("127.0.0.1.example.com:7", False),
    ],
)
def test_events_travel_unencrypted_to_this_machine_only(endpoint: str, here: bool) -> None:
    assert is_loopback(endpoint) is here
