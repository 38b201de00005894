"""Workers, the listener and PostgreSQL die under load: nothing is lost, nothing is done twice, both sides end equal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from failover import fail_over, told_in_words


def test_nothing_is_lost_or_done_twice_whoever_dies_under_load(server_folder: Callable[[str], Path]) -> None:
    """The short version of `./run failover`, which goes on for five minutes."""
    print(told_in_words(fail_over(server_folder("failover"), seconds=12, every_s=3, seed=20261128)))
