"""Answers' heads in the letters that real orgs write them in: `Content-Type` where the server writes `content-type`.

Used by `server` for every connection. Names of headers mean the same in any letters, yet there are clients that look for one
spelling only, and that real orgs therefore lead astray or not (S2.2.2). Never touches a body.
"""

from typing import Any

_ODD = {b"etag": b"ETag", b"www-authenticate": b"WWW-Authenticate"}
_ODD |= {b"sforce-numberofrecords": b"Sforce-NumberOfRecords"}
_CONTINUE = b"HTTP/1.1 100 "


class OrgTransport:
    """A transport for one answer, whose head is the first that is written through it."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self._head_is_due = True

    def write(self, data: bytes) -> None:
        if self._head_is_due and not data.startswith(_CONTINUE):
            self._head_is_due = False
            data = in_org_letters(data)
        self._transport.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


def in_org_letters(head: bytes) -> bytes:
    """A status line and headers, each header's words beginning with capitals."""
    status, *headers = head.split(b"\r\n")
    return b"\r\n".join([status, *map(_in_org_letters, headers)])


def _in_org_letters(header: bytes) -> bytes:
    name, colon, value = header.partition(b":")
    return _ODD.get(name.lower(), name.title()) + colon + value
