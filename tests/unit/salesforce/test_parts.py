"""Files of bulk jobs hold as much as an upload may have and no more (S2.4.2), whatever stands in them."""

from __future__ import annotations

import itertools

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignsync.salesforce.parts import MOST_BYTES, parts

CELLS = (
    st.none()
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
    | st.sampled_from(['"' * 9, ",\n"])
)


@given(
    st.lists(st.tuples(CELLS, CELLS), max_size=40),
    st.integers(20, 300),
    st.integers(1, 12),
)
def test_no_part_is_too_long_or_too_big_and_together_they_are_all_the_rows(
    cells: list[tuple[str | None, str | None]], most_bytes: int, most_rows: int
) -> None:
    rows = pl.DataFrame(cells, schema={"Name": pl.String, 'Odd "name"': pl.String}, orient="row")
    cut = list(parts(rows, most_rows=most_rows, most_bytes=most_bytes))
    assert pl.concat([rows.clear(), *cut]).equals(rows)
    for part in cut:
        assert 1 <= part.height <= most_rows
        assert part.height == 1 or len(part.write_csv().encode()) <= most_bytes


@given(st.lists(st.integers(0, 50), min_size=1, max_size=60), st.integers(1, 20))
def test_no_two_neighbours_would_have_fitted_into_one_part(lengths: list[int], most_rows: int) -> None:
    """Of texts that need no quotes, but for these, which are reckoned with."""
    rows = pl.DataFrame({"text": ["x" * length for length in lengths]})
    cut = list(parts(rows, most_rows=most_rows, most_bytes=120))
    quotes = 2
    for one, other in itertools.pairwise(cut):
        both = pl.concat([one, other.head(1)])
        size = len(both.write_csv().encode()) + quotes * (both.height + 1)
        assert both.height > most_rows or size > 120


def test_half_a_million_rows_of_300_bytes_are_two_uploads() -> None:
    """150 MB, as no test has to send them."""
    rows = pl.DataFrame({"Description": pl.repeat("x" * 297, 500_000, eager=True)})
    assert MOST_BYTES == 100_000_000
    assert [part.height for part in parts(rows, most_rows=1_000_000)] == [333_333, 166_667]


@pytest.mark.parametrize("rows", [pl.DataFrame(), pl.DataFrame({"a": []})])
def test_nothing_is_no_part(rows: pl.DataFrame) -> None:
    assert list(parts(rows, most_rows=10)) == []
