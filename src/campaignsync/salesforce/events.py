"""Change events over the Pub/Sub API: that something changed, and never what (runtime.service_ports.Events, S2.7).

Called by the listener. Of an event nothing is read but the kind of its change, which tells whether the org itself lost track.
More is asked for only when what came was kept, so that a slow database slows the stream down and nothing piles up. The
connection is encrypted, but to this very machine.
"""

from __future__ import annotations

import io
import os
import queue
import threading
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import fastavro
import grpc
import orjson

from campaignsync.domain.errors import CampaignsyncError, RetryableError, UsageError
from campaignsync.domain.events import ENDPOINT, TOPICS, Heard
from campaignsync.salesforce import pubsub_messages as messages
from campaignsync.salesforce.wire import Wire

MOST_REQUESTED = 100
"""More than that may not be asked for at once (S2.7.1)."""
_TIMEOUT_S = 10.0
_OVER_ALLOCATION_S = 900.0
_OPTIONS = (
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.max_receive_message_length", 16 << 20),
)
_REFUSED = (grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.NOT_FOUND, grpc.StatusCode.UNIMPLEMENTED)
_UNREADABLE = (EOFError, ValueError, KeyError, IndexError, TypeError, fastavro.schema.SchemaParseException)


class PubSub:
    """The events of one org."""

    def __init__(self, wire: Wire, organization_id: str, endpoint: str | None) -> None:
        self._wire = wire
        self._organization_id = organization_id
        self._endpoint = endpoint or ENDPOINT
        self._channel: grpc.Channel | None = None
        self._opening = threading.Lock()
        self._schemas: dict[str, Any] = {}

    def topics(self) -> Mapping[str, str | None]:
        """Each topic of the contract and why it cannot be heard, or None."""
        told: dict[str, str | None] = {}
        for topic in TOPICS:
            try:
                self._require(topic)
                told[topic] = None
            except RetryableError as error:
                # Whoever is out of reach for one is so for all of them.
                return dict.fromkeys(TOPICS, str(error))
            except CampaignsyncError as error:
                told[topic] = str(error)
        return told

    def follow(self, topic: str, replay_id: bytes | None, stop: threading.Event) -> Iterator[Heard]:
        """What is heard behind a place (None: from now on), until told to stop."""
        self._require(topic)
        yield Heard(topic=topic, replay_id=None, opened=True)
        while not stop.is_set():
            try:
                yield from self._stream(topic, replay_id)
            except _PlaceLostError:
                # Too old, or of a stream that was begun anew: what was in between, nobody can tell any more (S0.19).
                replay_id = None
                yield Heard(topic=topic, replay_id=b"", missed=True)

    def close(self) -> None:
        """End all streams."""
        with self._opening:
            if self._channel:
                self._channel.close()
            self._channel = None

    def _stream(self, topic: str, replay_id: bytes | None) -> Iterator[Heard]:
        wanted: queue.Queue[Any] = queue.Queue()
        first = {"replay_preset": messages.CUSTOM, "replay_id": replay_id} if replay_id else {}
        wanted.put(messages.FetchRequest(topic_name=topic, num_requested=MOST_REQUESTED, **first))
        token, metadata = self._session()
        subscribe = self._opened().stream_stream(
            f"{messages.SERVICE}/Subscribe",
            request_serializer=messages.FetchRequest.SerializeToString,
            response_deserializer=messages.FetchResponse.FromString,
        )
        try:
            call = subscribe(iter(wanted.get, None), metadata=metadata)
        except ValueError:  # Whoever left the org has closed the channel meanwhile.
            raise self._ended(topic) from None
        try:
            for answer in call:
                yield self._heard(topic, answer)
                if answer.events:
                    wanted.put(messages.FetchRequest(topic_name=topic, num_requested=len(answer.events)))
            raise self._ended(topic)
        except grpc.RpcError as error:
            raise self._error(error, topic, token) from None
        finally:
            wanted.put(None)
            call.cancel()

    def _heard(self, topic: str, answer: Any) -> Heard:
        kinds = [self._kind(each.event) for each in answer.events]
        return Heard(
            topic=topic,
            replay_id=bytes(answer.latest_replay_id) or None,
            events=len(kinds),
            missed="GAP_OVERFLOW" in kinds,
        )

    def _kind(self, event: Any) -> str:
        """CREATE, UPDATE, DELETE, UNDELETE, or one of the gaps; what cannot be read counts as the worst of them."""
        try:
            schema = self._schema(event.schema_id)
            read: Any = fastavro.schemaless_reader(io.BytesIO(event.payload), schema, None)
            return str(read["ChangeEventHeader"]["changeType"])
        except _UNREADABLE:
            return "GAP_OVERFLOW"

    def _schema(self, schema_id: str) -> Any:
        if schema_id not in self._schemas:
            answer = self._ask("GetSchema", messages.SchemaRequest(schema_id=schema_id), messages.SchemaInfo)
            self._schemas[schema_id] = fastavro.parse_schema(orjson.loads(answer.schema_json))
        return self._schemas[schema_id]

    def _require(self, topic: str) -> None:
        """UsageError when a topic cannot be heard."""
        told = self._ask("GetTopic", messages.TopicRequest(topic_name=topic), messages.TopicInfo)
        if not told.can_subscribe:
            raise UsageError(f"The sync user may not subscribe to {topic}.", code="EVENTS_REFUSED")

    def _ask(self, method: str, request: Any, response: Any) -> Any:
        token, metadata = self._session()
        ask = self._opened().unary_unary(
            f"{messages.SERVICE}/{method}",
            request_serializer=type(request).SerializeToString,
            response_deserializer=response.FromString,
        )
        try:
            return ask(request, metadata=metadata, timeout=_TIMEOUT_S)
        except grpc.RpcError as error:
            raise self._error(error, getattr(request, "topic_name", method), token) from None
        except ValueError:
            raise self._ended(getattr(request, "topic_name", method)) from None

    def _ended(self, topic: str) -> RetryableError:
        return RetryableError(f"{self._endpoint} ended the stream of {topic}.", code="EVENTS_BROKEN")

    def _session(self) -> tuple[str, tuple[tuple[str, str], ...]]:
        token, instance_url = self._wire.session()
        return token, (
            ("accesstoken", token),
            ("instanceurl", instance_url),
            ("tenantid", self._organization_id),
        )

    def _opened(self) -> grpc.Channel:
        with self._opening:
            if self._channel is None:
                if is_loopback(self._endpoint):
                    self._channel = grpc.insecure_channel(self._endpoint, options=_OPTIONS)
                else:
                    self._channel = grpc.secure_channel(self._endpoint, _credentials(), options=_OPTIONS)
            return self._channel

    def _error(self, error: grpc.RpcError, topic: str, token: str) -> CampaignsyncError:
        """What a broken call means; the server's words stay out of it, but for the code that it gives."""
        status = error.code()
        code = next((str(value) for name, value in _trailers(error) if name == "error-code"), "")
        if status is grpc.StatusCode.UNAUTHENTICATED:
            self._wire.renew(token)
        if "replayid" in code:
            return _PlaceLostError(f"The place in {topic} is no more ({code}).", code="EVENTS_LOST")
        said = f"{topic}: {self._endpoint} says {status.name}{f' ({code})' if code else ''}"
        if status in _REFUSED:
            return UsageError(said, code="EVENTS_REFUSED")
        over = status is grpc.StatusCode.RESOURCE_EXHAUSTED
        return RetryableError(said, retry_after_s=_OVER_ALLOCATION_S if over else 1.0, code="EVENTS_BROKEN")


class _PlaceLostError(RetryableError):
    """The replay id is too old or was never given out (S2.7.6)."""


def is_loopback(endpoint: str) -> bool:
    """Whether HOST:PORT is this very machine."""
    host = endpoint.rpartition(":")[0].strip("[]")
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _credentials() -> grpc.ChannelCredentials:
    """Whom we trust: the same certificate authorities as over HTTP, where an operator named them."""
    named = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE")
    return grpc.ssl_channel_credentials(Path(named).read_bytes() if named and Path(named).is_file() else None)


def _trailers(error: Any) -> Iterator[tuple[str, object]]:
    """What gRPC sends behind the end of a call."""
    yield from error.trailing_metadata() or ()
