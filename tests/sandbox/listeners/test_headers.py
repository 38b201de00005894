"""Heads of answers as real orgs write them: there are clients that look for one spelling only (S2.2.2)."""

from __future__ import annotations

import socket
from typing import Any
from urllib.parse import urlsplit


def spoken(admin: Any, sent: bytes) -> bytes:
    """What the server says to these bytes until it hangs up."""
    address = urlsplit(admin.url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as line:
        line.sendall(sent)
        heard = b""
        while block := line.recv(65_536):
            heard += block
    return heard


def test_headers_begin_with_capitals_and_name_no_server(admin: Any) -> None:
    short, long = admin.call("GET", ""), admin.call("GET", "/sobjects")
    always = {"Cache-Control", "Content-Length", "Content-Type", "Date", "Sforce-Limit-Info"}
    assert set(dict(short.headers)) == always
    assert set(dict(long.headers)) == always | {"Content-Encoding", "ETag", "Last-Modified", "Vary"}


def test_odd_names_are_spelt_as_salesforce_spells_them(admin: Any) -> None:
    described = admin.call("GET", "/sobjects/Lead/describe")
    job = admin.call("POST", "/jobs/query", {"operation": "query", "query": "SELECT Id FROM Lead"}).json()
    results = admin.call("GET", f"/jobs/query/{job['id']}/results")
    assert "ETag" in dict(described.headers)
    assert {"Sforce-Locator", "Sforce-NumberOfRecords"} <= set(dict(results.headers))


def test_answers_on_one_connection_keep_their_bodies_as_they_are(admin: Any) -> None:
    question = b"GET /services/data HTTP/1.1\r\nHost: org\r\n"
    heard = spoken(admin, question + b"\r\n" + question + b"Connection: close\r\n\r\n")
    heads = [part.rpartition(b"HTTP/1.1 200 OK")[2] for part in heard.split(b"\r\n\r\n")]
    assert heard.count(b"HTTP/1.1 200 OK\r\nDate: ") == 2
    assert heard.count(b'"label":"Summer \'14"') == 2
    assert b"content-type" not in b"".join(heads)


def test_who_asks_whether_to_go_on_is_told_so_first(admin: Any) -> None:
    """curl asks that before it sends a large file."""
    heard = spoken(
        admin,
        b"POST /services/oauth2/token HTTP/1.1\r\nHost: org\r\nExpect: 100-continue\r\nConnection: close\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 12\r\n\r\ngrant_type=x",
    )
    assert heard.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400 Bad Request\r\nDate: ")
