"""Request and Response: HTTP as values, so that handlers and composite subrequests need no server."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from salesforce_sandbox.org.errors import SalesforceError, UnreadableError
from salesforce_sandbox.wire.rest_xml import read_object

JSON = "application/json;charset=UTF-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request. `path` is decoded; header names are in lower case; `origin` is scheme and host it was sent to."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    origin: str = "http://localhost"

    def json(self) -> Any:
        """The body; SalesforceError when it is not JSON or does not say so."""
        media_type = self.headers.get("content-type", JSON)
        if "xml" in media_type.lower():
            return read_object(self.body)
        if "json" not in media_type.lower():
            message = f"Content-Type header specified in HTTP request is not supported: {media_type}"
            raise SalesforceError(415, "UNSUPPORTED_MEDIA_TYPE", message)
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            message = f"{error.msg} at [line:{error.lineno}, column:{error.colno}]"
            raise SalesforceError(400, "JSON_PARSER_ERROR", message) from None

    def json_object(self) -> dict[str, Any]:
        """The body, which must be an object."""
        found = self.json()
        if not isinstance(found, dict):
            message = "Cannot deserialize request body: an object is expected at [line:1, column:1]"
            raise SalesforceError(400, "JSON_PARSER_ERROR", message)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One answer. `body` is bytes, or what becomes JSON; None is an empty body."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = JSON

    def headed(self, name: str, value: str) -> "Response":
        """The same with one more header, unless it says that itself."""
        return Response(
            status=self.status,
            body=self.body,
            headers={name: value, **self.headers},
            media_type=self.media_type,
        )

    def content(self) -> bytes:
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else orjson.dumps(self.body)


def objects_in(body: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """The list of objects that a body holds under a name; SalesforceError when there is none such."""
    found = body.get(name)
    if isinstance(found, list) and all(isinstance(each, dict) for each in found):
        return found
    raise SalesforceError(
        400, "JSON_PARSER_ERROR", f"The request body must have a list of objects named {name}"
    )


def texts_in(body: Mapping[str, Any], name: str) -> list[str]:
    """The list of texts that a body holds under a name; SalesforceError when there is none such."""
    found = body.get(name)
    if isinstance(found, list) and all(isinstance(each, str) for each in found):
        return found
    raise SalesforceError(
        400, "JSON_PARSER_ERROR", f"The request body must have a list of texts named {name}"
    )


def object_in(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The object that a body holds under a name, empty when it holds none; SalesforceError when it is something else."""
    found = body.get(name)
    if found is None or isinstance(found, dict):
        return found or {}
    raise SalesforceError(400, "JSON_PARSER_ERROR", f"{name} must be an object")


def placed(error: SalesforceError, body: bytes) -> SalesforceError:
    """The refusal of a value that cannot be read with the place in the body, which orgs count up to the name's beginning."""
    if not isinstance(error, UnreadableError) or error.code != "JSON_PARSER_ERROR":
        return error
    text = body.decode("utf-8", "replace")
    before = text[: max(text.find(f'"{error.fields[0]}"'), 0)].rstrip()
    line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1)
    at = "" if error.message.endswith(" value") else " at"
    return SalesforceError(error.status, error.code, f"{error.message}{at} [line:{line}, column:{column}]")


def error_body(error: SalesforceError) -> list[dict[str, Any]]:
    """The array with which the REST API refuses (S2.2.2)."""
    body: dict[str, Any] = {**error.extra, "message": error.message, "errorCode": error.code}
    if error.fields or error.code in _ALWAYS_WITH_FIELDS:
        body["fields"] = list(error.fields)
    return [body]


_ALWAYS_WITH_FIELDS = (
    "ENTITY_IS_DELETED",
    "CANNOT_UPDATE_CONVERTED_LEAD",
    "DUPLICATE_VALUE",
    "MALFORMED_ID",
    "REQUIRED_FIELD_MISSING",
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
    "UNABLE_TO_LOCK_ROW",
    "INSUFFICIENT_ACCESS_OR_READONLY",
    "FIELD_CUSTOM_VALIDATION_EXCEPTION",
    "FIELD_INTEGRITY_EXCEPTION",
    "DELETE_FAILED",
)
