"""A story told by a public Pub/Sub client in its own environment: log in by SOAP, subscribe, decode what comes.

Run by tests/witness; argument: JSON `{client, url, host, port, topic, wanted}`; prints `{topic, fields, events}` as JSON.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import os
import sys
from typing import Any

import certifi

# Both clients trust what certifi ships and nothing else; this is what certifi says where a system has a store of its own.
certifi.where = lambda: os.environ["SSL_CERT_FILE"]


class EnoughError(Exception):
    """As many events have come as were wanted."""


def main() -> None:
    asked = json.loads(sys.argv[1])
    module = importlib.import_module(asked["client"])
    client = module.Client(
        url=asked["url"],
        username="admin@sandbox.example",
        password="sandbox",
        grpc_host=asked["host"],
        grpc_port=asked["port"],
    )
    client.auth()
    topic = client.get_topic(asked["topic"])
    events: list[dict[str, Any]] = []

    def take(answer: Any, client: Any) -> None:
        for each in answer.events:
            schema = client.get_schema_json(each.event.schema_id)
            events.append(client.decode(schema, each.event.payload))
        if len(events) >= asked["wanted"]:
            raise EnoughError

    try:
        subscribed = client.subscribe(asked["topic"], "EARLIEST", None, asked["wanted"], take)
        if inspect.isawaitable(subscribed):
            asyncio.run(asyncio.wait_for(subscribed, timeout=60))
    except EnoughError:
        pass
    schema = json.loads(client.get_schema_json(topic.schema_id))
    print(
        json.dumps(
            {
                "topic": topic.topic_name,
                "fields": [field["name"] for field in schema["fields"]],
                "events": events,
            }
        )
    )
    sys.stdout.flush()
    # A subscription that is still open keeps threads of gRPC waiting for ever.
    os._exit(0)


if __name__ == "__main__":
    main()
