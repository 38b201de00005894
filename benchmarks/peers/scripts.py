"""How a peer is run: its script in its own environment, with an org's address and session before what else it takes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from benchmarks.machine import Cost, run
from benchmarks.peers.environments import python_of
from benchmarks.world import CACHE, Org

_HERE = Path(__file__).parent


def proxied(name: str, script: str, org: Org, *arguments: object) -> Callable[[], Cost]:
    """The same for a peer that knows Salesforce's own host names only: it is led to the org by the proxy."""
    surroundings = {"HTTPS_PROXY": org.announced["proxy"], "NO_PROXY": "127.0.0.1"}
    folder = CACHE / "peers" / name
    shutil.rmtree(folder, ignore_errors=True)
    return lambda: run([python_of(name), _HERE / script, folder, *arguments], surroundings)


def peer(name: str, script: str, org: Org, *arguments: object) -> Callable[[], Cost]:
    """A peer's script as a process of its own."""
    command = [python_of(name), _HERE / script, org.address, org.token(), *arguments]
    return lambda: run(command)
