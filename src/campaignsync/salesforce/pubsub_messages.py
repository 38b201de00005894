"""The messages of the Pub/Sub API that we send and read: names and numbers of their fields, as the API documents them
(S2.7.1).

Used by `events` alone. Only what we need stands here; whatever else a server sends is skipped, as the format wants it. The
classes live in a pool of their own, since whoever shares our process may bring the API's own definitions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

SERVICE = "/eventbus.v1.PubSub"
LATEST, CUSTOM = 0, 2
"""Where a subscription begins: with what comes from now on, or behind a replay id."""
_PACKAGE = "eventbus.v1"
_KINDS = {
    "text": FieldDescriptorProto.TYPE_STRING,
    "bytes": FieldDescriptorProto.TYPE_BYTES,
    "number": FieldDescriptorProto.TYPE_INT32,
    "truth": FieldDescriptorProto.TYPE_BOOL,
}
_FIELDS: Mapping[str, Mapping[str, tuple[int, str]]] = {
    "TopicRequest": {"topic_name": (1, "text")},
    "TopicInfo": {"topic_name": (1, "text"), "can_subscribe": (4, "truth")},
    "SchemaRequest": {"schema_id": (1, "text")},
    "SchemaInfo": {"schema_json": (1, "text"), "schema_id": (2, "text")},
    "ProducerEvent": {"id": (1, "text"), "schema_id": (2, "text"), "payload": (3, "bytes")},
    "ConsumerEvent": {"event": (1, "ProducerEvent"), "replay_id": (2, "bytes")},
    "FetchRequest": {
        "topic_name": (1, "text"),
        "replay_preset": (2, "number"),
        "replay_id": (3, "bytes"),
        "num_requested": (4, "number"),
    },
    "FetchResponse": {
        "events": (1, "ConsumerEvent*"),
        "latest_replay_id": (2, "bytes"),
        "pending_num_requested": (4, "number"),
    },
}


def _described() -> FileDescriptorProto:
    file = FileDescriptorProto(name="campaignsync_events.proto", package=_PACKAGE, syntax="proto3")
    for name, fields in _FIELDS.items():
        message = file.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            added = message.field.add(name=field, number=number, label=FieldDescriptorProto.LABEL_OPTIONAL)
            if kind in _KINDS:
                added.type = _KINDS[kind]
                continue
            if kind.endswith("*"):
                added.label = FieldDescriptorProto.LABEL_REPEATED
            added.type = FieldDescriptorProto.TYPE_MESSAGE
            added.type_name = f".{_PACKAGE}.{kind.rstrip('*')}"
    return file


_POOL = DescriptorPool()
_POOL.AddSerializedFile(_described().SerializeToString())


def _message(name: str) -> Any:
    return GetMessageClass(_POOL.FindMessageTypeByName(f"{_PACKAGE}.{name}"))


TopicRequest, TopicInfo = _message("TopicRequest"), _message("TopicInfo")
SchemaRequest, SchemaInfo = _message("SchemaRequest"), _message("SchemaInfo")
FetchRequest, FetchResponse = _message("FetchRequest"), _message("FetchResponse")
