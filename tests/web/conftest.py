"""The pages of the tests' installation, served on a free port by a thread, and a browser that looks at them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler

import pytest
from playwright.sync_api import Page, expect

from campaignsync.bootstrap import Application
from serving import serving
from web_words import Look

# Playwright runs a loop of its own in this thread, which Django would take for asynchronous code of ours.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


# The machine that runs the tests is shared: nothing fails for being slow.
expect.set_options(timeout=60_000)
RULES = {
    "light": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"],
    "dark": {"type": "rule", "values": ["color-contrast"]},
}
"""What axe looks for in each theme; all but the colours are the same in both."""


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    """The language of the last page that a test asked for is nobody else's."""
    from django.conf import settings
    from django.utils import translation

    yield
    if settings.configured:
        translation.deactivate()


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
    with serving(server):
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def site(served: str, app: Application) -> str:
    """The pages of an installation with nothing in it and no user."""
    from django.core.cache import cache

    cache.clear()
    return served


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """What `./run bench pages` measures."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2]))
    from benchmarks import pages

    return pages


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
def look() -> Look:
    """Looks at a page: axe finds nothing wrong with it in light or dark, and PAGES_SHOWN=folder keeps a picture."""
    from axe_playwright_python.sync_playwright import Axe

    folder, axe = os.environ.get("PAGES_SHOWN"), Axe()

    def looked(page: Page, name: str) -> None:
        for theme, rules in RULES.items():
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            found = axe.run(page, options={"runOnly": rules})
            if folder:
                page.screenshot(path=f"{folder}/{name}_{theme}.png", full_page=True)
            assert found.violations_count == 0, f"{name}, {theme}: {found.generate_report()}"
        page.emulate_media(color_scheme="light")

    return looked
