"""Cuts rows into the files of bulk jobs: so many rows, and so many bytes of CSV, at the most (S2.4.2).

Used by `lead_writing`, whose rows may be long. Pure: sizes are reckoned column by column, and never too small, so that no file
has to be written to be weighed.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

MOST_BYTES = 100_000_000
"""What one upload may have: 150 MB as Salesforce keeps it, by base64 (S2.4.2)."""


def parts(rows: pl.DataFrame, *, most_rows: int, most_bytes: int = MOST_BYTES) -> Iterator[pl.DataFrame]:
    """The rows in their order, in as few parts as hold no more rows and no more bytes of CSV, the header among them. A row that
    is too big by itself is a part of its own: refusing it is for Salesforce."""
    room = most_bytes - _header(rows)
    until = rows.select(_bytes(rows).cum_sum()).to_series() if rows.width else pl.Series([0] * rows.height)
    start = 0
    while start < rows.height:
        before = until[start - 1] if start else 0
        end = int(until.search_sorted(before + room, side="right"))
        end = min(max(end, start + 1), start + most_rows, rows.height)
        yield rows.slice(start, end - start)
        start = end


def _bytes(rows: pl.DataFrame) -> pl.Expr:
    """The bytes of each row as CSV, were each cell quoted: quotes within count twice, and a comma or the end of the line."""
    texts = [pl.col(name).cast(pl.String).fill_null("") for name in rows.columns]
    return pl.sum_horizontal(
        each.str.len_bytes().cast(pl.Int64) + each.str.count_matches('"', literal=True).cast(pl.Int64) + 3
        for each in texts
    )


def _header(rows: pl.DataFrame) -> int:
    return sum(len(name.encode()) + name.count('"') + 3 for name in rows.columns)
