"""A process of a test that does what it is told line by line on its standard input, and answers on its standard output.

The tests' side of `clerk.py`, `born_commands.py` and `simulation/real/cradle.py`, each of which begins by saying that it is
ready.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


class SpokenTo:
    """Such a process, from being ready until it is told nothing more."""

    def __init__(self, program: Path, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(program), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        assert self.hear() == "ready"

    def hear(self) -> str:
        """The next line that it says."""
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def ask(self, line: str) -> str:
        """What it answers to a line."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        return self.hear()

    def over(self) -> None:
        """Tell it nothing more, and wait until it is gone."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)
        self._process.stdout.close()
