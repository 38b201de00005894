"""Subscribers on the sandbox that serves all tests of a session."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from salesforce_sandbox.events.server import PubSubServer, serve
from salesforce_sandbox.wire.sandbox import Sandbox
from sandbox.events.subscriber import Client


@pytest.fixture(scope="session")
def pubsub(running: Any) -> Iterator[PubSubServer]:
    server = serve(running.sandbox.events)
    yield server
    server.stop()


@pytest.fixture
def channel(pubsub: PubSubServer) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(f"127.0.0.1:{pubsub.port}") as channel:
        yield channel


@pytest.fixture
def client(channel: grpc.Channel, admin: Any, sandbox: Sandbox) -> Iterator[Client]:
    """The administrator as a subscriber."""
    token = admin.http.headers["Authorization"].removeprefix("Bearer ")
    client = Client(
        channel, (("accesstoken", token), ("instanceurl", admin.url), ("tenantid", sandbox.org.id))
    )
    yield client
    for stream in client.open:
        stream.hang_up()
