"""The `campaignsync` command as a script calls it: a process of its own, its output, its exit code."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
import threading
from dataclasses import dataclass
from pathlib import Path

from spoken_to import SpokenTo

_STEERING = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_ROWS = 24


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody saw of a command whose error stream is a terminal: its exit code, its standard output, and each line that
    stood on the screen at some time."""

    code: int
    out: str
    lines: list[str]


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

    def watched(self, columns: int, *arguments: str) -> Seen:
        """The command at a terminal of so many columns; only its standard output goes elsewhere."""
        ours, its = pty.openpty()
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, columns, 0, 0))
        told = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR")}
        process = subprocess.Popen(
            [str(self.program), "--data-dir", str(self.data_dir), *arguments],
            stdin=its,
            stdout=subprocess.PIPE,
            stderr=its,
            env={**told, "TERM": "xterm"},
            cwd="/",
        )
        os.close(its)
        shown: list[bytes] = []
        watching = threading.Thread(target=_watch, args=(ours, shown))
        watching.start()
        out, _ = process.communicate()
        watching.join()
        os.close(ours)
        text = _STEERING.sub("", b"".join(shown).decode())
        return Seen(
            process.returncode, out.decode(), [line for line in re.split(r"[\r\n]+", text) if line.strip()]
        )


def _watch(screen: int, shown: list[bytes]) -> None:
    """Read until nobody writes to the terminal any more, which the system tells as an error."""
    try:
        while some := os.read(screen, 65_536):
            shown.append(some)
    except OSError:
        return


class BornShell(Shell):
    """The same, where how a process starts is not what is asked: each command is born by one that has loaded all it needs.

    The database runs for as long as this is open.
    """

    def __init__(self, data_dir: Path) -> None:
        super().__init__(data_dir)
        self._mother = SpokenTo(Path(__file__).with_name("born_commands.py"), str(data_dir))

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        with tempfile.TemporaryDirectory() as folder:
            files = [Path(folder) / "out", Path(folder) / "errors"]
            command = ["--data-dir", str(self.data_dir), *arguments]
            wish = {"arguments": command, "files": [str(file) for file in files]}
            status = int(self._mother.ask(json.dumps(wish)))
            printed, errors = (file.read_text("utf-8") for file in files)
        return subprocess.CompletedProcess(command, status, printed, errors)

    def close(self) -> None:
        self._mother.over()
