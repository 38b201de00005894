"""Workers, the listener and PostgreSQL die under load: nothing is lost, nothing is done twice, both sides end equal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from campaignsync.domain.service import STALE_AFTER_S, TAKEN_OVER_WITHIN_S
from failover import fail_over, told_in_words

OVERLOADED = 3
"""How many times what is promised a takeover may take here, where tests run beside it: the schedule would come after 300 s."""


def test_nothing_is_lost_or_done_twice_whoever_dies_under_load(ready_folder: Callable[[str], Path]) -> None:
    """The short version of `./run failover`, which goes on for five minutes."""
    found = fail_over(ready_folder("failover"), seconds=12, every_s=3, seed=20261128, samples=1)
    print(told_in_words(found))
    taken = found["takeovers_where_workers_alone_died"]
    assert taken
    assert all(STALE_AFTER_S < each < TAKEN_OVER_WITHIN_S * OVERLOADED for each in taken)
