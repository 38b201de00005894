"""The command `salesforce-sandbox`: a small Salesforce on this machine, ready in a second, gone when stopped."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from salesforce_sandbox.events.sandbox import EventfulSandbox
from salesforce_sandbox.listeners.certificates import Certificates, make_certificates
from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.org.org import MOST_ORGS
from salesforce_sandbox.org.seeds.demo import demo
from salesforce_sandbox.server import Listener, make_sandbox
from salesforce_sandbox.wire.sandbox import Beginning

SALESFORCE_EVENTS_PORT = 7443
_MISTAKES = (
    AttributeError,
    KeyError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    SalesforceError,
    sqlite3.Error,
)


def run(
    port: Annotated[int, typer.Option(help="Port of the HTTP listener; 0 takes a free one.")] = 8025,
    seed: Annotated[str, typer.Option(help="demo, empty, or a JSON file.")] = "demo",
    org_number: Annotated[
        int, typer.Option(min=0, max=MOST_ORGS - 1, help="Tells several orgs and their ids apart.")
    ] = 0,
    latency_ms: Annotated[float, typer.Option(help="How much longer each answer takes.")] = 0,
    snapshot: Annotated[
        Path | None, typer.Option(help="Start from this file if it is there, instead of the seed.")
    ] = None,
    faults: Annotated[Path | None, typer.Option(help="A JSON file of what goes wrong.")] = None,
    tls_port: Annotated[
        int | None, typer.Option(help="Port of the TLS listener; 0 takes a free one.")
    ] = None,
    proxy_port: Annotated[
        int | None, typer.Option(help="Port of the CONNECT proxy that leads every host to the TLS listener.")
    ] = None,
    pubsub_port: Annotated[
        int | None, typer.Option(help="Port of the Pub/Sub API without TLS; 0 takes a free one.")
    ] = None,
    pubsub_tls_port: Annotated[int | None, typer.Option(help="Port of the Pub/Sub API over TLS.")] = None,
    ca_out: Annotated[
        Path | None, typer.Option(help="Where to write the certificate that clients have to trust.")
    ] = None,
) -> None:
    """Serves a Salesforce org of your own until you stop it."""
    with _told_in_a_sentence(f"the org cannot begin from {snapshot or f'--seed {seed}'}"):
        document = _document(seed)
        sandbox = make_sandbox(Beginning(seed=document, snapshot=snapshot), org_number=org_number)
    if faults:
        with _told_in_a_sentence(f"--faults is a JSON file of what goes wrong, and {faults} is none"):
            sandbox.begin_with_faults(json.loads(faults.read_text("utf-8")))
    certificates = make_certificates()
    if ca_out:
        with _told_in_a_sentence("--ca-out cannot be written"):
            ca_out.write_bytes(certificates.authority)
    with _told_in_a_sentence("a port cannot be taken"):
        listener = Listener(sandbox, port, latency_ms)
        if tls_port is not None or proxy_port is not None:
            listener.add_tls(tls_port or 0, certificates)
        if proxy_port is not None:
            listener.add_proxy(proxy_port)
    with _events(sandbox, listener, (pubsub_port, pubsub_tls_port), certificates) as addresses:
        listener.run(lambda: _announce(sandbox, listener, addresses))


@contextmanager
def _events(
    sandbox: EventfulSandbox,
    listener: Listener,
    ports: tuple[int | None, int | None],
    certificates: Certificates,
) -> Iterator[dict[str, str]]:
    """The Pub/Sub API if either port, plain or TLS, is asked for; yields its addresses by name."""
    if ports == (None, None):
        yield {}
        return
    # gRPC takes a while to load, which nobody shall wait for who does not want it.
    from salesforce_sandbox.events.server import serve

    with _told_in_a_sentence("a port of the Pub/Sub API cannot be taken"):
        server = serve(sandbox.events, ports[0] or 0, certificates, ports[1] or 0)
    if server.tls_port:
        # Whoever asks for the port of the real thing, or for this one by way of the proxy, gets there.
        for wanted in (SALESFORCE_EVENTS_PORT, server.tls_port):
            listener.lead_tunnels(wanted, server.tls_port)
    try:
        yield {"events": f"127.0.0.1:{server.port}", "events, TLS": f"127.0.0.1:{server.tls_port}"}
    finally:
        server.stop()


@contextmanager
def _told_in_a_sentence(what: str) -> Iterator[None]:
    """What people get wrong at the command line is told without a traceback."""
    try:
        yield
    except _MISTAKES as error:
        # SQLite, gRPC and the file system each have a word for it.
        message = f"{what}: {error or type(error).__name__}"
        raise typer.BadParameter(message) from None


def _document(seed: str) -> dict[str, object]:
    if seed in ("demo", "empty"):
        return demo() if seed == "demo" else {}
    file = Path(seed)
    if not file.exists():
        message = f"--seed is demo, empty or a JSON file, and there is no file {seed}"
        raise typer.BadParameter(message)
    document: dict[str, object] = json.loads(file.read_text("utf-8"))
    return document


def _announce(sandbox: EventfulSandbox, listener: Listener, events: dict[str, str]) -> None:
    known, url = sandbox.known(), listener.url
    # The first line is for programs; they read it to learn that the sandbox listens, and where.
    typer.echo(f"ready {url}")
    addresses = {"over TLS": listener.tls_url, "proxy": listener.proxy_url, **events}
    for name, address in addresses.items():
        if address:
            typer.echo(f"  {name:<14} {address}")
    typer.echo(f"  org            {known['org_id']}, kept in memory only")
    typer.echo(f"  user           {known['username']} / {known['password']}")
    typer.echo(f"  connected app  {known['client_id']} / {known['client_secret']}")
    typer.echo(
        f"  look inside    curl {url}/sandbox   curl {url}/sandbox/calls   curl {url}/sandbox/switches"
    )


def main() -> None:
    """The console script."""
    typer.run(run)
