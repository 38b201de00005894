"""Servers of the standard library that answer while a test runs, in a thread of their own, and are gone as soon as it ends."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_LOOKS_EVERY_S = 0.01
"""How often a server looks whether it is to end: the standard library's half a second would be spent by each test."""


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[None]:
    """The server answers until the block ends, and is closed then."""
    thread = threading.Thread(target=server.serve_forever, args=(_LOOKS_EVERY_S,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
