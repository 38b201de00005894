"""Whoever answers in Salesforce's name must prove it: nothing is sent to a server whose certificate is expired, foreign or for
another."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from campaignsync.domain.connections import Login, LoginMethod
from campaignsync.domain.errors import RetryableError, UsageError
from campaignsync.domain.service import again_after_s
from campaignsync.salesforce.events import is_loopback
from campaignsync.salesforce.org import SalesforceOrg
from certificates import new_key, pem_of


def certificate(folder: Path, *, days: int, address: str) -> Path:
    """Key and certificate of a server in one file, signed by itself, good for so many days from yesterday on."""
    key, began = new_key(), datetime.now(UTC) - timedelta(days=1)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "here")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(began - timedelta(days=9))
        .not_valid_after(began + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    from cryptography.hazmat.primitives.serialization import Encoding

    file = folder / "server.pem"
    file.write_text(pem_of(key) + made.public_bytes(Encoding.PEM).decode())
    return file


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
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()
    thread.join()


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
    file = certificate(tmp_path, days=days, address=address)
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
