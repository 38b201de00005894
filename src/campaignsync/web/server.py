"""Serves the pages and the API with gunicorn: one process of many threads, which is what one installation needs.

Called by `campaignsync web`. Of such processes there may be several, on one machine or on many: what they have to know of one
another stands in the database.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from gunicorn.app.base import BaseApplication

from campaignsync.bootstrap import Application
from campaignsync.domain.errors import UsageError
from campaignsync.web.wsgi import wsgi_application


class _Server(BaseApplication):  # type: ignore[misc]
    def __init__(self, app: Application, options: dict[str, Any]) -> None:
        self._app, self._options = app, options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return wsgi_application(self._app)


def run_server(app: Application, *, host: str, port: int, threads: int, ready: Callable[[str], None]) -> None:
    """Serve until the process is told to stop; `ready` is told the address once it answers. UsageError for an address that cannot
    be served on."""
    from django.db import connections

    _require_free(host, port)
    # What is open here must not be shared with the process that gunicorn makes.
    connections.close_all()

    def told(server: Any) -> None:
        name, number = server.LISTENERS[0].sock.getsockname()[:2]
        ready(f"http://{'localhost' if name in ('0.0.0.0', '127.0.0.1') else name}:{number}/")  # noqa: S104

    _Server(
        app,
        {
            "bind": f"{host}:{port}",
            "worker_class": "gthread",
            "workers": 1,
            "threads": threads,
            "timeout": 120,
            "graceful_timeout": 20,
            "when_ready": told,
            "loglevel": "warning",
            "proc_name": "campaignsync web",
        },
    ).run()


def _require_free(host: str, port: int) -> None:
    """gunicorn would try for seconds, and say so in words of its own."""
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        raise UsageError(
            f"The pages cannot be served on {host}:{port}: {error.strerror}. Choose another place with:"
            " campaignsync web --host ADDRESS --port NUMBER"
        ) from None
