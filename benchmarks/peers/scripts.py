"""How a peer is run: its script in its own environment, with an org's address and session before what else it takes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from benchmarks.machine import Cost, run
from benchmarks.peers.environments import python_of
from benchmarks.world import Org

_HERE = Path(__file__).parent


def peer(name: str, script: str, org: Org, *arguments: object) -> Callable[[], Cost]:
    """A peer's script as a process of its own."""
    command = [python_of(name), _HERE / script, org.address, org.token(), *arguments]
    return lambda: run(command)
