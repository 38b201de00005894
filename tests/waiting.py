"""Waiting for what another process or thread does: by looking, and never for a fixed time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")
_LONG_S = 120.0
"""Only what will never come takes so long, however busy the machine is."""


def until(look: Callable[[], T], what: str, *, every_s: float = 0.02) -> T:
    """What a look gives when it first gives something; fails when it never does."""
    deadline = time.monotonic() + _LONG_S
    pause = threading.Event()
    while time.monotonic() < deadline:
        if found := look():
            return found
        pause.wait(every_s)
    raise AssertionError(f"never came: {what}")


@contextmanager
def meanwhile(work: Callable[[], None], stop: threading.Event) -> Iterator[None]:
    """Something goes on in a thread until the block ends."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(_LONG_S)
        assert not thread.is_alive(), "it did not stop when it was told to"
