"""The `campaignsync` command as a script calls it: a process of its own, its output, its exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


class Shell:
    """Somebody at a terminal that is none: standard input is closed."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.program = Path(sys.executable).with_name("campaignsync")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.program), "--data-dir", str(self.data_dir), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd="/",
            check=False,
        )

    def well(self, *arguments: str) -> str:
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def json(self, *arguments: str) -> object:
        return json.loads(self.well(*arguments, "--json"))

    def refused(self, *arguments: str) -> tuple[int, str]:
        done = self.run(*arguments)
        assert "Traceback" not in done.stderr
        return done.returncode, done.stderr.strip()

    def loaded(self, *arguments: str) -> set[str]:
        """The modules that a command has loaded when it ends."""
        code = "import atexit, sys; atexit.register(lambda: sys.stderr.write(' '.join(sys.modules)));"
        code += " from campaignsync.cli.main import main; main()"
        command = [sys.executable, "-c", code, "--data-dir", str(self.data_dir), *arguments]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
        return set(done.stderr.split())
