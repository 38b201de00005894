"""A subscriber over real gRPC: a plain client made of our .proto file, that knows nothing else of the sandbox."""

from __future__ import annotations

import io
import json
import queue
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import fastavro
import grpc
import pytest

from salesforce_sandbox.events import messages

SERVICE = "/eventbus.v1.PubSub/"
DEADLINE_S = 10
ALL = "/data/ChangeEvents"


@dataclass
class Stream:
    """One open stream: `ask` sends a request, `next` takes a response."""

    requests: queue.SimpleQueue[Any]
    responses: Any

    def ask(self, request: Any) -> None:
        self.requests.put(request)

    def next(self) -> Any:
        return next(self.responses)

    def events(self, number: int) -> list[Any]:
        """The next so many events, in as many responses as they come; keep-alives are passed over."""
        found: list[Any] = []
        while len(found) < number:
            found += self.next().events
        assert len(found) == number
        return found

    def hang_up(self) -> None:
        self.requests.put(None)
        self.responses.cancel()


@dataclass
class Client:
    """Somebody with a session who speaks the Pub/Sub API."""

    channel: grpc.Channel
    metadata: tuple[tuple[str, str], ...]
    schemas: dict[str, Any] = field(default_factory=dict)
    open: list[Stream] = field(default_factory=list)

    def ask(self, method: str, request: Any, response: Any) -> Any:
        call = self.channel.unary_unary(
            SERVICE + method, type(request).SerializeToString, response.FromString
        )
        return call(request, metadata=self.metadata, timeout=DEADLINE_S)

    def topic(self, name: str) -> Any:
        return self.ask("GetTopic", messages.TopicRequest(topic_name=name), messages.TopicInfo)

    def schema(self, schema_id: str) -> dict[str, Any]:
        answer = self.ask("GetSchema", messages.SchemaRequest(schema_id=schema_id), messages.SchemaInfo)
        assert answer.schema_id == schema_id
        return dict(json.loads(answer.schema_json))

    def stream(self, method: str, first: Any, response: Any) -> Stream:
        requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
        requests.put(first)
        call = self.channel.stream_stream(
            SERVICE + method, type(first).SerializeToString, response.FromString
        )
        responses = call(iter(requests.get, None), metadata=self.metadata, timeout=DEADLINE_S)
        stream = Stream(requests, responses)
        self.open.append(stream)
        return stream

    def subscribe(
        self, topic: str = ALL, number: int = 100, preset: int = 1, replay_id: bytes = b""
    ) -> Stream:
        """Subscribes, from the earliest event unless told otherwise (0 is LATEST, 2 is CUSTOM)."""
        first = messages.FetchRequest(
            topic_name=topic, num_requested=number, replay_preset=preset, replay_id=replay_id
        )
        return self.stream("Subscribe", first, messages.FetchResponse)

    def decode(self, event: Any) -> dict[str, Any]:
        """An event as its writer meant it."""
        schema_id = event.event.schema_id
        if schema_id not in self.schemas:
            self.schemas[schema_id] = fastavro.parse_schema(self.schema(schema_id))
        decoded = fastavro.schemaless_reader(
            io.BytesIO(event.event.payload), self.schemas[schema_id], self.schemas[schema_id]
        )
        assert isinstance(decoded, dict)
        return decoded

    def read(self, number: int, topic: str = ALL) -> list[dict[str, Any]]:
        """The first so many events of a topic that are kept, decoded."""
        return [self.decode(event) for event in self.subscribe(topic).events(number)]

    def changed(self, event: Any, which: str = "changedFields") -> set[str]:
        """The fields that a bitmap of the event names, parts of compounds with a dot."""
        schema = self.schema(event.event.schema_id)
        named: set[str] = set()
        for text in self.decode(event)["ChangeEventHeader"][which]:
            within, _, bits = text.rpartition("-")
            prefix, fields = "", schema["fields"]
            if within:
                compound = fields[int(within)]
                prefix, fields = f"{compound['name']}.", compound["type"][-1]["fields"]
            named |= {prefix + each["name"] for i, each in enumerate(fields) if int(bits, 16) >> i & 1}
        return named


@dataclass(frozen=True)
class Refused:
    """How a call was refused."""

    status: grpc.StatusCode
    code: str
    message: str


def refusal_of(attempt: Callable[[], Any]) -> Refused:
    with pytest.raises(grpc.RpcError) as refused:
        attempt()
    error: Any = refused.value
    trailers = dict(error.trailing_metadata() or ())
    assert f"rpcId: {trailers['rpc-id']}" in error.details()
    return Refused(error.code(), str(trailers["error-code"]), error.details())
