"""Starts the listeners of a sandbox: uvicorn on a port, told to say when it is ready and able to drop connections."""

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


class _Droppable(HttpToolsProtocol):
    """HTTP whose connection the application can cut off."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {"sandbox": {"drop": self.transport.abort}}


def make_sandbox(beginning: Beginning, clock: Clock | None = None) -> Sandbox:
    """A whole sandbox, not yet listening anywhere."""
    return Sandbox(Org(clock), beginning, endpoints)


def serve(sandbox: Sandbox, port: int, latency_ms: float, when_ready: Callable[[int], None]) -> None:
    """Listens on loopback until told to stop; port 0 is a free one, which `when_ready` learns."""
    listener = socket.create_server(("127.0.0.1", port))
    config = uvicorn.Config(
        make_app(sandbox, latency_ms),
        http=_Droppable,
        ws="none",
        loop="uvloop",
        lifespan="off",
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    server = _Announced(config, lambda: when_ready(listener.getsockname()[1]))
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(server.serve(sockets=[listener]))


class _Announced(uvicorn.Server):
    """Calls back once the sockets are served."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._started = started

    async def startup(self, sockets: list[Any] | None = None) -> None:
        await super().startup(sockets)
        self._started()
