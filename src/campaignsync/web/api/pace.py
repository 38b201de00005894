"""How fast one caller may ask the API: so many requests a minute, as many at once, and from then on as they are made good.

Asked by `web.api.middleware` before anything else is done. It is kept in this process's memory, since what it protects are this
process's threads: several web processes let a caller ask each of them so often. It never decides who somebody is.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

_MOST_KNOWN = 10_000
_MINUTE_S = 60.0


@dataclass(slots=True)
class Pace:
    """What is left to each caller."""

    now: Callable[[], float] = time.monotonic
    _left: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Requests that a caller may make at once, as of a moment."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait_s(self, caller: str, per_minute: int) -> float:
        """Seconds until this caller may ask; 0: they may, and it is counted. Without a limit (0) everybody may."""
        if not per_minute:
            return 0.0
        with self._lock:
            now = self.now()
            left, since = self._left.get(caller, (float(per_minute), now))
            left = min(per_minute, left + (now - since) * per_minute / _MINUTE_S)
            allowed = left >= 1
            self._left[caller] = (left - allowed, now)
            if len(self._left) > _MOST_KNOWN:
                self._forget(now)
            return 0.0 if allowed else (1 - left) * _MINUTE_S / per_minute

    def _forget(self, now: float) -> None:
        """Whoever has not asked for a minute has all of it again, and need not be known."""
        self._left = {who: kept for who, kept in self._left.items() if now - kept[1] < _MINUTE_S}
