"""Several steps of Polars as one: what is asked of a handful of rows costs what asking costs.

Called by whoever takes more than one step from frame to frame. Each step by itself is set up, run and handed back to Python,
which for a few rows takes far longer than the step; taken together they are set up once. No step is moved or left out.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

_FEW = 1_000
_AS_SAID = pl.QueryOptFlags.none()


def at_once(steps: pl.LazyFrame) -> pl.DataFrame:
    """What the steps come to."""
    return steps.collect(engine="in-memory", optimizations=_AS_SAID)


def texts_in(columns: Sequence[pl.Series]) -> set[str]:
    """The texts that columns hold, each once."""
    held = pl.concat(columns, rechunk=False)
    return {*(held if held.len() <= _FEW else held.unique()).to_list()} - {None}
