"""The message classes of `pubsub.proto`, compiled when this module is imported; nothing generated is ever kept.

They live in a descriptor pool of their own: a client in the same process may bring its own copy of eventbus.v1, and the
default pool takes only one.
"""

import tempfile
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_tools import protoc


def _compiled() -> DescriptorPool:
    with tempfile.TemporaryDirectory() as folder, as_file(files(__package__) / "pubsub.proto") as proto:
        answer = Path(folder) / "descriptors"
        code = protoc.main(
            ["protoc", f"--proto_path={proto.parent}", f"--descriptor_set_out={answer}", proto.name]
        )
        if code:
            message = f"{proto} cannot be compiled: protoc ended with {code}"
            raise RuntimeError(message)
        described = FileDescriptorSet.FromString(answer.read_bytes())
    pool = DescriptorPool()
    for file in described.file:
        pool.AddSerializedFile(file.SerializeToString())
    return pool


_POOL = _compiled()
SERVICE = _POOL.FindServiceByName("eventbus.v1.PubSub")


def _message(name: str) -> Any:
    return GetMessageClass(_POOL.FindMessageTypeByName(f"eventbus.v1.{name}"))


TopicInfo = _message("TopicInfo")
TopicRequest = _message("TopicRequest")
ConsumerEvent = _message("ConsumerEvent")
FetchRequest = _message("FetchRequest")
FetchResponse = _message("FetchResponse")
SchemaInfo = _message("SchemaInfo")
SchemaRequest = _message("SchemaRequest")
PublishRequest = _message("PublishRequest")
ManagedFetchRequest = _message("ManagedFetchRequest")
ManagedFetchResponse = _message("ManagedFetchResponse")
