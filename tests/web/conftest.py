"""The pages of the tests' installation, served on a free port by a thread, and a browser that looks at them."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler

import pytest

from campaignsync.bootstrap import Application

# Playwright runs a loop of its own in this thread, which Django would take for asynchronous code of ours.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture(scope="session")
def served(installation: Application) -> Iterator[str]:
    """The address of the pages."""
    from django.core.servers.basehttp import ThreadedWSGIServer

    from campaignsync.web.wsgi import wsgi_application

    class Silent(WSGIRequestHandler):
        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadedWSGIServer(("127.0.0.1", 0), Silent)
    server.set_app(wsgi_application(installation))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def site(served: str, app: Application) -> str:
    """The pages of an installation with nothing in it and no user."""
    from django.core.cache import cache
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE auth_user, auth_group, django_session RESTART IDENTITY CASCADE")
    cache.clear()
    return served


@pytest.fixture(scope="session")
def base_url() -> str:
    """None: tests say whole addresses. (The plugin's own fixture is written in a way that pytest warns of.)"""
    return ""


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    return {
        "executable_path": "/usr/bin/chromium",
        "args": ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
    }


@pytest.fixture
def shots() -> Path | None:
    """Where pictures of pages are wanted, if so: set PAGES_SHOWN to a folder."""
    folder = os.environ.get("PAGES_SHOWN")
    return Path(folder) if folder else None
