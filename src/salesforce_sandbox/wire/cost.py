"""What answering costs the sandbox itself, so that whoever measures a client can take it off (GET /sandbox/calls).

Kept by `app` around everything between the last byte of a request and the first of its answer, latency left out. Seconds are
those of this thread on a processor: what other programs do on the machine does not count.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class Cost:
    """Calls answered so far, the sandbox's own resources left out, and the seconds they took."""

    calls: int = 0
    seconds: float = 0

    @contextmanager
    def of_a_call(self, path: str) -> Iterator[None]:
        began = time.thread_time()
        try:
            yield
        finally:
            if not path.startswith("/sandbox"):
                self.calls += 1
                self.seconds += time.thread_time() - began

    def report(self) -> dict[str, float]:
        mean_ms = self.seconds / self.calls * 1000 if self.calls else 0
        return {
            "calls": self.calls,
            "seconds": round(self.seconds, 4),
            "ms_per_call": round(mean_ms, 3),
        }

    def reset(self) -> None:
        self.calls, self.seconds = 0, 0
