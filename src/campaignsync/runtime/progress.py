"""How far something long has come, for whoever shows it: a bar of a command, an errand of a page.

Handed down by the commands and the errands to whatever reads and writes much. It is told after what was done was recorded, and
decides nothing: telling nobody is the same work.
"""

from __future__ import annotations

from collections.abc import Callable

Tell = Callable[[int, int, int], None]
"""Told how many of how many rows are read or written, 0 where nobody knows yet how many there will be, and how many API calls
were made so far."""


def nobody(done: int, of: int, calls: int) -> None:
    """For whoever wants no progress."""
