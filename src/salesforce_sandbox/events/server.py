"""The event bus over gRPC: `eventbus.v1.PubSub` on loopback, plain and, with a certificate, over TLS beside it.

Started by the sandbox's listeners. Each stream has two threads, one that reads requests and one that answers; both rest
on the bus's condition, which frees the org's lock while they wait. Encoding and sending happen outside that lock.
"""

import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn

import grpc
from google.protobuf.message_factory import GetMessageClass

from salesforce_sandbox.events import messages
from salesforce_sandbox.events.bus import EventBus
from salesforce_sandbox.events.encoding import encode
from salesforce_sandbox.events.refusals import Refusal
from salesforce_sandbox.events.subscriptions import Delivery, ManagedSubscriber, Subscription
from salesforce_sandbox.listeners.certificates import Certificates

MOST_STREAMS = 200
# Below the 4 MB that gRPC clients take unless told otherwise.
MOST_RESPONSE_BYTES = 3_000_000
# The org's clock may be moved ahead, and tells nobody: so long at most does a subscriber not look at it.
_LOOKS_EVERY_S = 0.5
_ID_LENGTHS = (15, 18)
_COMMIT_FAILED = 2


class PubSubServer:
    """A running server; `tls_port` is None without a certificate."""

    def __init__(self, server: grpc.Server, port: int, tls_port: int | None) -> None:
        self._server = server
        self.port = port
        self.tls_port = tls_port

    def stop(self) -> None:
        """Ends all streams and waits until nobody is served any more."""
        self._server.stop(grace=None).wait()


def serve(bus: EventBus, port: int = 0, tls: Certificates | None = None, tls_port: int = 0) -> PubSubServer:
    """Serves the bus on 127.0.0.1 until it is stopped; port 0 is a free one. OSError when a port is taken."""
    server = grpc.server(
        ThreadPoolExecutor(MOST_STREAMS, thread_name_prefix="pubsub"), options=[("grpc.so_reuseport", 0)]
    )
    service = PubSubService(bus)
    behaviours = {
        "GetTopic": service.get_topic,
        "GetSchema": service.get_schema,
        "Subscribe": service.subscribe,
        "ManagedSubscribe": service.managed_subscribe,
        "Publish": service.publish,
        "PublishStream": service.publish_stream,
    }
    handlers = {each.name: _handler(each, behaviours[each.name]) for each in messages.SERVICE.methods}
    server.add_generic_rpc_handlers(
        [grpc.method_handlers_generic_handler(messages.SERVICE.full_name, handlers)]
    )
    plain = _taken(server.add_insecure_port(f"127.0.0.1:{port}"), port)
    secure = None
    if tls:
        credentials = grpc.ssl_server_credentials([(tls.key, tls.chain)])
        secure = _taken(server.add_secure_port(f"127.0.0.1:{tls_port}", credentials), tls_port)
    server.start()
    return PubSubServer(server, plain, secure)


def _taken(bound: int, port: int) -> int:
    if not bound:
        message = f"port {port} of 127.0.0.1 cannot be listened on"
        raise OSError(message)
    return bound


def _handler(method: Any, behaviour: Callable[..., Any]) -> "grpc.RpcMethodHandler[Any, Any]":
    shapes = {
        (False, False): grpc.unary_unary_rpc_method_handler,
        (True, True): grpc.stream_stream_rpc_method_handler,
    }
    return shapes[method.client_streaming, method.server_streaming](
        behaviour,
        request_deserializer=GetMessageClass(method.input_type).FromString,
        response_serializer=GetMessageClass(method.output_type).SerializeToString,
    )


class PubSubService:
    """The methods of the service, as gRPC calls them."""

    def __init__(self, bus: EventBus) -> None:
        self._bus = bus

    def get_topic(self, request: Any, context: grpc.ServicerContext) -> Any:
        call = Call(self._bus, context)
        with call.refusing(), self._bus.changed:
            call.log_in()
            entities = self._bus.entities(request.topic_name)
            one = not self._bus.mixes(request.topic_name)
            return messages.TopicInfo(
                topic_name=request.topic_name,
                tenant_guid=self._bus.tenant,
                can_publish=False,
                can_subscribe=True,
                schema_id=self._bus.schema(entities[0]).id if one else "",
                rpc_id=call.id,
            )

    def get_schema(self, request: Any, context: grpc.ServicerContext) -> Any:
        call = Call(self._bus, context)
        with call.refusing(), self._bus.changed:
            call.log_in()
            schema = self._bus.known_schema(request.schema_id)
            return messages.SchemaInfo(schema_json=schema.text, schema_id=schema.id, rpc_id=call.id)

    def subscribe(self, requests: Iterable[Any], context: grpc.ServicerContext) -> Iterator[Any]:
        yield from self._stream(Subscription, messages.FetchResponse, requests, context)

    def managed_subscribe(self, requests: Iterable[Any], context: grpc.ServicerContext) -> Iterator[Any]:
        yield from self._stream(ManagedSubscriber, messages.ManagedFetchResponse, requests, context)

    def publish(self, request: Any, context: grpc.ServicerContext) -> None:
        self._refuse_to_publish(request.topic_name, context)

    def publish_stream(self, requests: Iterable[Any], context: grpc.ServicerContext) -> None:
        first = next(iter(requests), None)
        self._refuse_to_publish(first.topic_name if first else "", context)

    def _refuse_to_publish(self, topic: str, context: grpc.ServicerContext) -> None:
        """Nobody may publish changes, in real orgs either; events that people define themselves are not built."""
        call = Call(self._bus, context)
        with call.refusing(), self._bus.changed:
            call.log_in()
            if topic.startswith("/data/"):
                self._bus.entities(topic)
                raise Refusal("changes_only_by_org", topic=topic)
            raise Refusal("cannot_publish")

    def _stream(
        self,
        kind: type[Subscription],
        response: Any,
        requests: Iterable[Any],
        context: grpc.ServicerContext,
    ) -> Iterator[Any]:
        call = Call(self._bus, context)
        with call.refusing():
            with self._bus.changed:
                subscription = kind(self._bus, *call.log_in())
            inbox = _Inbox(self._bus, requests)
            if not context.add_callback(self._bus.wake):
                return
            while delivery := self._next(subscription, inbox, context):
                yield from responses(delivery, response, call.id)

    def _next(
        self, subscription: Subscription, inbox: "_Inbox", context: grpc.ServicerContext
    ) -> Delivery | None:
        """Waits for what is due; None when the subscriber has gone or asks for no more."""
        with self._bus.changed:
            while context.is_active():
                for request in inbox.take():
                    subscription.receive(request)
                delivery = subscription.due()
                if delivery or inbox.closed:
                    return delivery
                self._bus.changed.wait(min(max(subscription.waits_s(), 0), _LOOKS_EVERY_S))
        return None


class _Inbox:
    """The requests of one stream, read by a thread of their own; guarded by the bus's condition."""

    def __init__(self, bus: EventBus, requests: Iterable[Any]) -> None:
        self._bus = bus
        self._requests = requests
        self._read: list[Any] = []
        self.closed = False
        threading.Thread(target=self._run, name="pubsub-requests", daemon=True).start()

    def take(self) -> list[Any]:
        taken, self._read = self._read, []
        return taken

    def _run(self) -> None:
        try:
            for request in self._requests:
                with self._bus.changed:
                    self._read.append(request)
                    self._bus.changed.notify_all()
        except grpc.RpcError:
            # The subscriber hung up in the middle of the stream; the answering thread has been told.
            pass
        finally:
            with self._bus.changed:
                self.closed = True
                self._bus.changed.notify_all()


class Call:
    """One call: its id, whose it is, and how it is refused."""

    def __init__(self, bus: EventBus, context: grpc.ServicerContext) -> None:
        self.id = str(uuid.uuid4())
        self._bus = bus
        self._context = context

    def log_in(self) -> tuple[str, str]:
        """Token and user of the session that the metadata name; Refusal when they do not fit."""
        sent = dict(self._context.invocation_metadata())
        token, tenant = str(sent.get("accesstoken", "")), str(sent.get("tenantid", ""))
        ours = len(tenant) in _ID_LENGTHS and self._bus.org.id.startswith(tenant)
        session = self._bus.org.access.session(token)
        if not ours or session is None or not str(sent.get("instanceurl", "")).startswith("http"):
            raise Refusal("auth")
        return token, session.user_id

    def refusing(self) -> "_Refusing":
        return _Refusing(self)

    def refuse(self, refusal: Refusal) -> NoReturn:
        """Ends the call with the status, the words and the trailers of a refusal."""
        reason = refusal.reason
        self._context.set_trailing_metadata((("error-code", reason.code), ("rpc-id", self.id)))
        self._context.abort(grpc.StatusCode[reason.status], f"{refusal} rpcId: {self.id}")


class _Refusing:
    """Turns a Refusal raised within into the end of the call."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Refusal):
            self._call.refuse(error)


def responses(delivery: Delivery, response: Any, rpc_id: str) -> Iterator[Any]:
    """The delivery as one response, or as several where one would be too large for clients."""
    events: list[Any] = []
    size = 0
    pending = delivery.pending + len(delivery.events)
    for entry, schema in delivery.events:
        payload = encode(entry.event, schema, delivery.readable) if entry.event else b""
        if events and size + len(payload) > MOST_RESPONSE_BYTES:
            pending -= len(events)
            yield response(
                events=events,
                latest_replay_id=events[-1].replay_id,
                rpc_id=rpc_id,
                pending_num_requested=pending,
            )
            events, size = [], 0
        size += len(payload)
        events.append(_consumer_event(entry.number, entry.replay_id, schema.id, payload))
    last = response(
        events=events,
        latest_replay_id=delivery.latest,
        rpc_id=rpc_id,
        pending_num_requested=delivery.pending,
    )
    if delivery.commitment:
        commitment = delivery.commitment
        answer = last.commit_response
        answer.commit_request_id, answer.replay_id = commitment.request_id, commitment.replay_id
        answer.process_time = commitment.at_ms
        if commitment.error:
            answer.error.code, answer.error.msg = _COMMIT_FAILED, commitment.error
    yield last


def _consumer_event(number: int, replay_id: bytes, schema_id: str, payload: bytes) -> Any:
    event = messages.ConsumerEvent(replay_id=replay_id)
    event.event.id = str(uuid.UUID(int=number, version=4))
    event.event.schema_id = schema_id
    event.event.payload = payload
    return event
