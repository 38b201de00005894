"""One process tree: starts the parts of a service as processes of their own, and starts again what dies.

Used by `campaignsync serve`. A part is the very command that would run it on a machine of its own, so that there is one way to
be a worker. Told to stop, it tells its parts and waits for them; a part that does not end in time is ended.
"""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from campaignsync.domain.service import back_off_s
from campaignsync.runtime.telemetry import log

_LOOKS_EVERY_S = 0.5
_LIVED_S = 60.0
"""A part that lived for so long was well: its next death is its first."""


@dataclass
class _Part:
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    began: float = 0.0
    deaths: int = 0
    start_at: float = 0.0


@dataclass
class Supervisor:
    """The parts of a service by name, each the command that runs it."""

    commands: Mapping[str, Sequence[str]]
    look_after: Callable[[], None]
    """Done between looks at the parts: keeps alive what all of them need."""
    grace_s: float
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Keep all parts running until told to stop; ends when all of them have ended."""
        parts = {name: _Part(command) for name, command in self.commands.items()}
        try:
            while not self.stop.is_set():
                self.look_after()
                for name, part in parts.items():
                    _keep_running(name, part)
                self.stop.wait(_LOOKS_EVERY_S)
        finally:
            self._end(parts)

    def _end(self, parts: Mapping[str, _Part]) -> None:
        running = {name: part.process for name, part in parts.items() if part.process is not None}
        for process in running.values():
            process.terminate()
        deadline = time.monotonic() + self.grace_s
        for name, process in running.items():
            try:
                process.wait(max(deadline - time.monotonic(), 0))
            except subprocess.TimeoutExpired:
                log().warning("part did not end in time", part=name)
                process.kill()
                process.wait()


def _keep_running(name: str, part: _Part) -> None:
    now = time.monotonic()
    if part.process is not None:
        status = part.process.poll()
        if status is None:
            return
        part.deaths = 1 if now - part.began > _LIVED_S else part.deaths + 1
        part.start_at, part.process = now + back_off_s(part.deaths - 1), None
        log().warning("part ended", part=name, status=status, again_in_s=round(part.start_at - now, 1))
    if now >= part.start_at:
        # A process group of its own: Ctrl-C at a terminal reaches us alone, and we tell the parts.
        part.process = subprocess.Popen(part.command, start_new_session=True)  # noqa: S603 - our own command.
        part.began = now
        log().info("part started", part=name, pid=part.process.pid)
