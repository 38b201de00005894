"""Listeners: a sandbox on a port of loopback, served by uvicorn, able to say when it is ready and to drop connections."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from salesforce_sandbox.org.clock import Clock
from salesforce_sandbox.org.org import Org
from salesforce_sandbox.wire.app import make_app
from salesforce_sandbox.wire.sandbox import Beginning, Sandbox
from salesforce_sandbox.wire.table import endpoints


def make_sandbox(beginning: Beginning, clock: Clock | None = None) -> Sandbox:
    """A whole sandbox, not yet listening anywhere."""
    return Sandbox(Org(clock), beginning, endpoints)


class Listener:
    """Serves one sandbox over plain HTTP; port 0 is a free one. The port is taken at once, `run` answers on it."""

    def __init__(self, sandbox: Sandbox, port: int, latency_ms: float = 0) -> None:
        self._socket = socket.create_server(("127.0.0.1", port))
        self._config = uvicorn.Config(
            make_app(sandbox, latency_ms),
            http=_Droppable,
            ws="none",
            loop="uvloop",
            lifespan="off",
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=1,
        )
        self._server = _Announced(self._config)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def run(self, when_ready: Callable[[], None] = lambda: None) -> None:
        """Answers until `stop` or a signal; calls back once it does."""
        self._server.when_ready = when_ready
        with asyncio.Runner(loop_factory=self._config.get_loop_factory()) as runner:
            runner.run(self._server.serve(sockets=[self._socket]))

    def stop(self) -> None:
        """Lets `run` end soon; may be called from another thread."""
        self._server.should_exit = True


class _Droppable(HttpToolsProtocol):
    """HTTP whose connection the application can cut off."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {"sandbox": {"drop": self.transport.abort}}


class _Announced(uvicorn.Server):
    """Calls back once the sockets are served."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.when_ready: Callable[[], None] = lambda: None

    async def startup(self, sockets: list[Any] | None = None) -> None:
        await super().startup(sockets)
        self.when_ready()
