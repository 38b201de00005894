"""The way of change events without sockets: a gRPC channel that asks the sandbox's own service, in the same thread.

`hearing` gives it to `salesforce.events`, of which all else is the real thing: sessions, Avro, replay ids, refusals.
Where nothing is due, an answer without events comes at once, as it would in real time after a while (`keepalive_s`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn

import grpc

from salesforce_sandbox.events import messages
from salesforce_sandbox.events.bus import EventBus
from salesforce_sandbox.events.refusals import Refusal
from salesforce_sandbox.events.server import Call, PubSubService, responses
from salesforce_sandbox.events.subscriptions import Subscription

Metadata = Sequence[tuple[str, str]]


class EndedError(grpc.RpcError):
    """A call that the server has ended, as a client sees it."""

    def __init__(self, status: grpc.StatusCode, trailers: Metadata) -> None:
        super().__init__(status.name)
        self._status, self._trailers = status, trailers

    def code(self) -> grpc.StatusCode:
        return self._status

    def trailing_metadata(self) -> Metadata:
        return self._trailers


class _Context:
    """A call as the server sees it."""

    def __init__(self, metadata: Metadata) -> None:
        self._metadata = metadata
        self._trailers: Metadata = ()

    def invocation_metadata(self) -> Metadata:
        return self._metadata

    def set_trailing_metadata(self, trailers: Metadata) -> None:
        self._trailers = trailers

    def abort(self, status: grpc.StatusCode, words: str) -> NoReturn:
        raise EndedError(status, self._trailers)


class _Stream:
    """An open Subscribe."""

    def __init__(self, answers: Iterator[Any]) -> None:
        self._answers = answers

    def __iter__(self) -> Iterator[Any]:
        return self._answers

    def cancel(self) -> None:
        """Nobody waits for it."""


class Channel:
    """A channel to an org's bus."""

    def __init__(self, bus: EventBus) -> None:
        self._bus = bus
        service = PubSubService(bus)
        self._methods = {
            "GetTopic": (service.get_topic, messages.TopicRequest),
            "GetSchema": (service.get_schema, messages.SchemaRequest),
        }

    def unary_unary(
        self,
        method: str,
        request_serializer: Callable[[Any], bytes],
        response_deserializer: Callable[[bytes], Any],
    ) -> Callable[..., Any]:
        behaviour, kind = self._methods[method.rpartition("/")[2]]

        def ask(request: Any, *, metadata: Metadata, timeout: float) -> Any:
            asked = kind.FromString(request_serializer(request))
            answer = behaviour(asked, _Context(metadata))  # type: ignore[arg-type]
            return response_deserializer(answer.SerializeToString())

        return ask

    def stream_stream(
        self,
        method: str,
        request_serializer: Callable[[Any], bytes],
        response_deserializer: Callable[[bytes], Any],
    ) -> Callable[..., _Stream]:
        def subscribe(requests: Iterator[Any], *, metadata: Metadata) -> _Stream:
            asked = (messages.FetchRequest.FromString(request_serializer(each)) for each in requests)
            answers = self._answers(asked, Call(self._bus, _Context(metadata)))  # type: ignore[arg-type]
            return _Stream(response_deserializer(each.SerializeToString()) for each in answers)

        return subscribe

    def _answers(self, requests: Iterator[Any], call: Call) -> Iterator[Any]:
        with call.refusing():
            subscription = Subscription(self._bus, *call.log_in())
            subscription.receive(next(requests))
            while True:
                delivery = subscription.due()
                if delivery is None:
                    yield messages.FetchResponse()
                    continue
                for answer in responses(delivery, messages.FetchResponse, call.id):
                    yield answer
                    if answer.events:
                        subscription.receive(next(requests))

    def close(self) -> None:
        """Nothing is open."""


__all__ = ["Channel", "EndedError", "Refusal"]
