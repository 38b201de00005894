"""Columns go into PostgreSQL and come back as they were, whatever people typed."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime

import polars as pl
import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from campaignsync.bootstrap import Application
from campaignsync.domain.trees import UTC_TIME
from campaignsync.store.frames import micros, query, rows, temporary

SCHEMA = {"n": pl.Int64, "text": pl.String, "truth": pl.Boolean, "day": pl.Date, "at": UTC_TIME}
ROWS = st.lists(
    st.tuples(
        st.none() | st.integers(-(2**62), 2**62),
        # PostgreSQL holds no NUL, and one control character stands for absence on the way.
        st.none() | st.text(st.characters(exclude_characters="\x00\x01", exclude_categories=("Cs",))),
        st.none() | st.booleans(),
        st.none() | st.dates(date(1900, 1, 1), date(2200, 1, 1)),
        st.none() | st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    ),
    max_size=20,
)


@given(ROWS)
def test_a_frame_comes_back_from_the_database_as_it_was(
    installation: Application, rows: list[tuple[object, ...]]
) -> None:
    frame = (
        pl.DataFrame(rows, schema=SCHEMA, orient="row")
        .with_row_index("place")
        .with_columns(pl.col("place").cast(pl.Int64))
    )
    with transaction.atomic():
        temporary("round_trip", frame)
        back = query(
            f"SELECT place, n, text, truth, day, {micros('at')} AS at FROM round_trip ORDER BY place",
            (),
            {"place": pl.Int64, **SCHEMA},
        )
    assert back.rows() == frame.rows()


@pytest.mark.parametrize(
    "text", ["", " ", '"', "'; DROP TABLE store_person; --", "a\r\nb", "\\N", "李,\t名", "=1+1"]
)
def test_hostile_text_is_only_text(installation: Application, text: str) -> None:
    with transaction.atomic():
        temporary("hostile", pl.DataFrame({"text": [text]}))
        assert query("SELECT text FROM hostile", (), {"text": pl.String})["text"].to_list() == [text]


def test_what_no_text_of_the_database_can_hold_is_left_out_and_empty_is_not_absent(
    installation: Application,
) -> None:
    texts = ["a\x00b", "\x00", "", None, "\x01"]
    with transaction.atomic():
        temporary("odd", pl.DataFrame({"n": range(5), "text": texts}))
        found = [row["text"] for row in rows("SELECT text FROM odd ORDER BY n")]
    assert found == ["ab", "", "", None, "\x01"]


def test_one_column_alone_keeps_what_is_absent_and_what_is_empty(installation: Application) -> None:
    texts = [None, "", "\\.", "x"]
    with transaction.atomic():
        temporary("alone", pl.DataFrame({"text": texts}))
        found = [row["text"] for row in rows("SELECT text FROM alone")]
    assert found == texts


def test_a_hundred_times_the_rows_take_no_more_calls_of_python(installation: Application) -> None:
    """Neither on the way in nor out: a few pieces more, and nothing for a row."""

    def calls(rows: int) -> int:
        frame = pl.DataFrame({"n": range(rows), "text": ["x"] * rows})
        counted = [0]

        def count(*_: object) -> None:
            counted[0] += 1

        with transaction.atomic():
            sys.setprofile(count)
            try:
                temporary("many", frame)
                found = query("SELECT n, text FROM many ORDER BY n", (), frame.schema)
            finally:
                sys.setprofile(None)
        assert found.equals(frame)
        return counted[0]

    calls(10)
    assert calls(100_000) < calls(1_000) + 2_000
