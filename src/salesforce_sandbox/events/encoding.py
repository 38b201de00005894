"""Writes a change event as Avro for one subscriber: header, bitmaps, and the values that this subscriber may read.

Called by the server outside the org's lock. An event of more than a megabyte becomes a gap event (S2.7.5).
"""

import io
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

import fastavro
import orjson

from salesforce_sandbox.events.bitmaps import bitmaps
from salesforce_sandbox.events.grouping import ChangeEvent
from salesforce_sandbox.events.schemas import EventSchema, Place

MOST_BYTES = 1_000_000


def encode(event: ChangeEvent, schema: EventSchema, readable: Callable[[str, str], bool]) -> bytes:
    """The payload of an event. `readable` says whether the subscriber may read a field of an object."""
    written = [
        (schema.places[name], value)
        for name, value in event.values.items()
        if name in schema.places and readable(event.entity, name)
    ]
    payload = io.BytesIO()
    record = {"ChangeEventHeader": _header(event, written), **_body(written)}
    fastavro.schemaless_writer(payload, _parsed(schema.text), record)
    if payload.tell() > MOST_BYTES:
        return encode(event.gap(), schema, readable) if event.values else payload.getvalue()
    return payload.getvalue()


@lru_cache
def _parsed(schema: str) -> Any:
    return fastavro.parse_schema(orjson.loads(schema))


def _header(event: ChangeEvent, written: list[tuple[Place, Any]]) -> dict[str, Any]:
    # Only updates name their fields: elsewhere, what is not null has changed.
    named = written if event.change_type == "UPDATE" else []
    return {
        "entityName": event.entity,
        "recordIds": event.record_ids,
        "changeType": event.change_type,
        "changeOrigin": event.commit.origin,
        "transactionKey": event.commit.transaction_key,
        "sequenceNumber": event.sequence,
        "commitTimestamp": int(event.commit.at.timestamp()) * 1000,
        "commitNumber": event.commit_number,
        "commitUser": event.commit.user_id,
        "nulledFields": bitmaps(place for place, value in named if value is None),
        "diffFields": [],
        "changedFields": bitmaps(place for place, _ in named),
    }


def _body(written: list[tuple[Place, Any]]) -> Mapping[str, Any]:
    body: dict[str, Any] = {}
    for place, stored in written:
        value = _value(place.field.type, stored)
        if place.inner is None:
            body[place.name] = value
        elif value is not None:
            body.setdefault(place.name, {})[place.inner_name] = value
    return body


def _value(kind: str, stored: Any) -> Any:
    """A stored value as Avro takes it; moments and days are milliseconds since 1970."""
    if stored is None:
        return None
    if kind == "boolean":
        return bool(stored)
    if kind == "datetime":
        return int(datetime.strptime(stored, "%Y-%m-%dT%H:%M:%S.%f%z").timestamp() * 1000)
    if kind == "date":
        day = date.fromisoformat(stored)
        return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
    return stored
