"""Logs and traces of what runs: one line a round, one span a step. No secret ever leaves by either.

Called by whatever runs for long. Lines go to the error stream, as JSON where no terminal shows them; spans go where
OTEL_EXPORTER_OTLP_ENDPOINT says, and nowhere without it. `hide` is told every secret that a process comes to know, and whatever
is written is searched for them: a second net under the rule that nobody puts a secret into a message.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from opentelemetry import trace

if TYPE_CHECKING:
    from structlog.typing import Processor

_HIDDEN: set[str] = set()
_SHORTEST_SECRET = 4
_MASK = "(hidden)"


def hide(secrets: Iterable[str]) -> None:
    """From now on these texts are masked wherever they would be written."""
    _HIDDEN.update(text for text in secrets if len(text) >= _SHORTEST_SECRET)


def masked(value: Any) -> Any:
    """A value as it may be written."""
    if isinstance(value, str):
        for secret in _HIDDEN:
            value = value.replace(secret, _MASK)
        return value
    if isinstance(value, dict):
        return {key: masked(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [masked(each) for each in value]
    return value


def _mask(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        event[key] = masked(value)
    return event


def log() -> Any:
    """The log of what runs."""
    # Loaded by who logs: a command that only prints does not.
    import structlog

    return structlog.stdlib.get_logger("campaignsync")


def start_logs(*, as_json: bool | None = None) -> None:
    """Write lines to the error stream: for people at a terminal, as JSON for whoever collects them."""
    import structlog

    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    as_json = not sys.stderr.isatty() if as_json is None else as_json
    render: Processor = (
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _mask, render],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    # What the queue complains of while the database is away, the worker tells in one line.
    logging.getLogger("procrastinate.utils").setLevel(logging.CRITICAL)
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
    logging.getLogger("campaignsync").setLevel(os.environ.get("CAMPAIGNSYNC_LOG_LEVEL", "INFO").upper())


@contextmanager
def span(name: str, **attributes: str | int | float) -> Iterator[None]:
    """A step of a round, timed where anybody is told of it."""
    if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        yield
        return
    told = {f"campaignsync.{key}": masked(value) for key, value in attributes.items()}
    with trace.get_tracer("campaignsync").start_as_current_span(
        name, attributes=told, record_exception=False, set_status_on_exception=False
    ):
        yield


def start_traces(service: str) -> None:
    """Send spans where OTEL_EXPORTER_OTLP_ENDPOINT says, if it says anything."""
    if not (
        os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    ):
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": f"campaignsync-{service}"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
