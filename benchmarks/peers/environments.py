"""Environments of the peers: made once from a lock file with hashes, then kept under `.cache/peers`."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

LOCKS = Path(__file__).with_name("locks"), Path(__file__).resolve().parents[2] / "tests" / "witness" / "locks"
"""Some of them are witnesses, too."""
CACHE = Path(__file__).resolve().parents[2] / ".cache" / "peers"


def python_of(peer: str) -> Path:
    """The Python of a peer's environment; ours for no peer."""
    if not peer:
        return Path(sys.executable)
    lock = next(file for folder in LOCKS if (file := folder / f"{peer}.txt").exists())
    folder = CACHE / f"{peer}-{hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()[:12]}"
    python = folder / "bin" / "python"
    if not (folder / "made").exists():
        uv = Path(sys.executable).with_name("uv")
        surroundings = {"UV_SYSTEM_CERTS": "1", **os.environ}
        for command in (
            [uv, "venv", "--quiet", "--clear", "--python", sys.executable, folder],
            [uv, "pip", "install", "--quiet", "--python", python, "--require-hashes", "--requirement", lock],
        ):
            subprocess.run(command, env=surroundings, check=True)
        (folder / "made").touch()
    return python
