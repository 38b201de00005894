"""Listeners: a sandbox on ports of loopback, plain and over TLS, served by uvicorn on one event loop.

Able to say when all of them are ready, and to drop connections. Whoever insists on https://login.salesforce.com comes through the
proxy, which sends every tunnel to the TLS port (contract, section 3).
"""

import asyncio
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from salesforce_sandbox.events.sandbox import EventfulSandbox
from salesforce_sandbox.listeners.certificates import Certificates
from salesforce_sandbox.listeners.headers import OrgTransport
from salesforce_sandbox.listeners.proxy import LONGEST_HEAD, TunnelProxy
from salesforce_sandbox.org.clock import Clock
from salesforce_sandbox.org.org import Org
from salesforce_sandbox.wire.app import make_app
from salesforce_sandbox.wire.sandbox import Beginning, Sandbox
from salesforce_sandbox.wire.table import endpoints


def make_sandbox(beginning: Beginning, clock: Clock | None = None, org_number: int = 0) -> EventfulSandbox:
    """A whole sandbox, not yet listening anywhere."""
    return EventfulSandbox(Org(clock, org_number), beginning, endpoints)


class Listener:
    """Serves one sandbox; port 0 is a free one. The ports are taken at once, `run` answers on them."""

    def __init__(self, sandbox: Sandbox, port: int, latency_ms: float = 0) -> None:
        self._app = make_app(sandbox, latency_ms)
        self._socket = socket.create_server(("127.0.0.1", port))
        self._servers = [(_Announced(self._config()), self._socket)]
        self._tls_socket: socket.socket | None = None
        self._proxy_socket: socket.socket | None = None
        self._tunnels: dict[int, int] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    @property
    def tls_url(self) -> str | None:
        return f"https://127.0.0.1:{self._tls_socket.getsockname()[1]}" if self._tls_socket else None

    @property
    def proxy_url(self) -> str | None:
        return f"http://127.0.0.1:{self._proxy_socket.getsockname()[1]}" if self._proxy_socket else None

    def add_tls(self, port: int, certificates: Certificates) -> None:
        """Answer over TLS too."""
        self._tls_socket = socket.create_server(("127.0.0.1", port))
        with tempfile.TemporaryDirectory() as folder:
            chain, key = certificates.write(Path(folder))
            config = self._config(ssl_certfile=chain, ssl_keyfile=key)
            config.load()
        self._servers.append((_Announced(config), self._tls_socket))

    def add_proxy(self, port: int) -> None:
        """Take tunnels to wherever, and lead them to the TLS port."""
        self._proxy_socket = socket.create_server(("127.0.0.1", port))

    def lead_tunnels(self, wanted_port: int, port: int) -> None:
        """Lead tunnels that want that port, on whatever host, to this one instead."""
        self._tunnels[wanted_port] = port

    def run(self, when_ready: Callable[[], None] = lambda: None) -> None:
        """Answers until `stop` or a signal; calls back once all listeners do."""
        with asyncio.Runner(loop_factory=self._servers[0][0].config.get_loop_factory()) as runner:
            runner.run(self._serve(when_ready))

    async def _serve(self, when_ready: Callable[[], None]) -> None:
        waiting = len(self._servers)

        def one_is_ready() -> None:
            nonlocal waiting
            waiting -= 1
            if not waiting:
                when_ready()

        for server, _ in self._servers:
            server.when_ready = one_is_ready
        if self._proxy_socket and self._tls_socket:
            tunnels = TunnelProxy(self._tls_socket.getsockname()[1], self._tunnels)
            await asyncio.start_server(tunnels, sock=self._proxy_socket, limit=LONGEST_HEAD)
        # One listener ends with a signal; the others end with it.
        serving = [asyncio.create_task(server.serve(sockets=[taken])) for server, taken in self._servers]
        await asyncio.wait(serving, return_when=asyncio.FIRST_COMPLETED)
        self.stop()
        await asyncio.gather(*serving)

    def stop(self) -> None:
        """Lets `run` end soon; may be called from another thread."""
        for server, _ in self._servers:
            server.should_exit = True

    def _config(self, **tls: Path) -> uvicorn.Config:
        return uvicorn.Config(
            self._app,
            http=_OrgProtocol,
            ws="none",
            loop="uvloop",
            lifespan="off",
            log_level="warning",
            access_log=False,
            server_header=False,
            # Answers bear the time of the org, which may be another than the machine's.
            date_header=False,
            timeout_graceful_shutdown=1,
            # Clients that look again after some seconds find their connection still open.
            timeout_keep_alive=75,
            **tls,  # type: ignore[arg-type]
        )


class _OrgProtocol(HttpToolsProtocol):
    """HTTP as real orgs spell it, whose connection the application can cut off."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {"sandbox": {"drop": self.transport.abort}}

    def on_headers_complete(self) -> None:
        before = self.cycle
        super().on_headers_complete()
        # The answer is written by a task that has not begun yet.
        if self.cycle is not before:
            self.cycle.transport = OrgTransport(self.transport)  # type: ignore[assignment]


class _Announced(uvicorn.Server):
    """Calls back once the sockets are served."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.when_ready: Callable[[], None] = lambda: None

    async def startup(self, sockets: list[Any] | None = None) -> None:
        await super().startup(sockets)
        self.when_ready()
