"""Bears processes that do one piece of work each, and kills them at chosen moments: the tests' side of `cradle.py`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from desk import Desk


class Cradle:
    """Bears processes that do one round each, or all that is due of flows."""

    def __init__(self, desk: Desk, *work: str) -> None:
        program = Path(__file__).with_name("cradle.py")
        self.process = subprocess.Popen(
            [sys.executable, str(program), str(desk.app.settings.data_dir), *work],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        assert self._heard() == "ready"

    def _heard(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def born(self, ahead_s: int = 0) -> int:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{ahead_s}\n")
        return int(self._heard())

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
        return self._heard() == str(-signal.SIGKILL)

    def lifetime_s(self, ahead_s: int = 0) -> float:
        """How long work takes that nobody kills."""
        began = time.monotonic()
        self.born(ahead_s)
        assert self._heard() == "0"
        return time.monotonic() - began

    def over(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()
        self.process.wait(timeout=60)
