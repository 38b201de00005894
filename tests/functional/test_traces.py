"""Traces of rounds, as a collector of OpenTelemetry receives them from a worker, and what they do not tell."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from eventful_org import EventfulOrg
from sandbox_org import CLIENT_SECRET
from service_run import Clerk, Part
from serving import serving
from waiting import until


@dataclass
class Collector:
    """Takes spans over HTTP, as the protocol says (OTLP 1.x): protobuf at /v1/traces."""

    url: str = ""
    bodies: list[bytes] = field(default_factory=list)
    services: set[str] = field(default_factory=set)
    spans: list[Span] = field(default_factory=list)

    def take(self, body: bytes) -> None:
        self.bodies.append(body)
        for each in ExportTraceServiceRequest.FromString(body).resource_spans:
            attributes = {pair.key: pair.value.string_value for pair in each.resource.attributes}
            self.services.add(attributes["service.name"])
            self.spans += [span for scope in each.scope_spans for span in scope.spans]


@pytest.fixture
def collector() -> Iterator[Collector]:
    found = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            zipped = self.headers.get("Content-Encoding") == "gzip"
            well = self.path == "/v1/traces" and self.headers["Content-Type"] == "application/x-protobuf"
            if well:
                found.take(gzip.decompress(body) if zipped else body)
            self.send_response(200 if well else 404)
            self.send_header("Content-Type", "application/x-protobuf")
            self.end_headers()
            self.wfile.write(ExportTraceServiceResponse().SerializeToString())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}"
    with serving(server):
        yield found


def test_a_collector_receives_the_steps_of_rounds_and_no_secret(
    collector: Collector, ready_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    data_dir, org = ready_folder("traced"), EventfulOrg()
    clerk = Clerk(data_dir)
    try:
        campaign = clerk.insist("found", name="org0", url=org.url, events=org.events, channel="Webinar")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        worker = Part(data_dir, data_dir.parent, "worker", "worker")
        clerk.insist("set", program="org0", email="ada@example.com", status="Registered")
        until(lambda: org.members(campaign), "Ada, there")
        assert worker.stop() == 0, worker.log.read_text()
    finally:
        clerk.stop()
        org.stop()
    assert collector.services == {"campaignsync-worker"}
    parents = {span.span_id: span.name for span in collector.spans}
    steps = {(parents.get(span.parent_span_id), span.name) for span in collector.spans}
    assert {
        (None, "round"),
        ("round", "observe"),
        ("round", "link"),
        ("link", "plan"),
        ("link", "execute"),
    } <= steps
    told = b"\n".join([*collector.bodies, worker.log.read_bytes()])
    for secret in (CLIENT_SECRET, "ada@example.com"):
        assert secret.encode() not in told
