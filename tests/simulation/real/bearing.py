"""Bears processes that do one piece of work each, and kills them at chosen moments: the tests' side of `cradle.py`."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from desk import Desk
from spoken_to import SpokenTo


class Cradle(SpokenTo):
    """Bears processes that do one round each, or all that is due of flows."""

    def __init__(self, desk: Desk, *work: str) -> None:
        super().__init__(Path(__file__).with_name("cradle.py"), str(desk.app.settings.data_dir), *work)

    def born(self, ahead_s: int = 0) -> int:
        return int(self.ask(str(ahead_s)))

    def killed(self, after_s: float, ahead_s: int = 0) -> bool:
        """Let one live so long; whether it was killed before its work was over."""
        child, deadline = self.born(ahead_s), time.monotonic() + after_s
        while time.monotonic() < deadline:
            time.sleep(0.001)
        return self.ended(child)

    def ended(self, child: int) -> bool:
        """Kill one now; whether its work was not over yet."""
        try:
            os.kill(child, signal.SIGKILL)
        except ProcessLookupError:
            """It was over already."""
        return self.hear() == str(-signal.SIGKILL)

    def lifetime_s(self, ahead_s: int = 0) -> float:
        """How long work takes that nobody kills."""
        began = time.monotonic()
        self.born(ahead_s)
        assert self.hear() == "0"
        return time.monotonic() - began
