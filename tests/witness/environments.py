"""Environments of the clients that nobody here wrote: made once from a lock file with hashes, then kept.

Used by the tests beside it. An environment lies in `.cache/witness`, named by its lock file's digest, so a changed lock makes a
new one. Whatever goes wrong while making one is a failure of the test that asked, never a reason to skip it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

LOCKS = Path(__file__).with_name("locks")
CACHE = Path(__file__).resolve().parents[2] / ".cache" / "witness"


def programs_of(client: str) -> Path:
    """The folder of the programs of a client's environment, its `python` among them."""
    lock = LOCKS / f"{client}.txt"
    made_from = f"{sys.version} {lock.read_text('utf-8')}"
    folder = CACHE / f"{client}-{hashlib.sha256(made_from.encode()).hexdigest()[:12]}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{client}.lock").open("w") as door:
        # Tests of several processes may want the same environment at the same time.
        fcntl.flock(door, fcntl.LOCK_EX)
        if not (folder / "made").exists():
            _make(folder, lock)
    return folder / "bin"


def _make(folder: Path, lock: Path) -> None:
    uv = Path(sys.executable).with_name("uv")
    surroundings = {"UV_SYSTEM_CERTS": "1", **os.environ}
    python = folder / "bin" / "python"
    for command in (
        [uv, "venv", "--quiet", "--clear", "--python", sys.executable, folder],
        [uv, "pip", "install", "--quiet", "--python", python, "--require-hashes", "--requirement", lock],
    ):
        done = subprocess.run(command, env=surroundings, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"no environment for {lock.stem}: {done.stderr}"
    (folder / "made").touch()
