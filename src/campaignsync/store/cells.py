"""Has PostgreSQL make columns of ours from cells of CSV, as they came: no row of them is ever a row of this process.

Called by `mirror`. It must make of every cell what the Salesforce door makes of it in columns (domain.observation.Cells.frame);
`tests/store/test_cells.py` holds the two equal.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from itertools import chain

import polars as pl
from django.db import connection
from polars.datatypes import DataType

from campaignsync.domain.observation import Cells
from campaignsync.domain.trees import UTC_TIME, Schema
from campaignsync.store.frames import SQL_TYPES, execute, rows

_MONEY = "annual_revenue"
"""A number that is text here, in its shortest digits."""
_READ = {
    pl.String: "{}",
    pl.Boolean: "({} = 'true')",
    pl.Date: "{}::date",
    pl.Int64: "trunc({}::double precision)::bigint",
    UTC_TIME: "{}::timestamptz",
}


def read(cells: Cells, schema: Schema, key: str) -> str:
    """Take cells in; what to select them from as columns of a schema, each key once, until the transaction ends."""
    pieces = _whole_header(cells.pieces())
    header = _header(next(pieces))
    names = [f"c{place}" for place in range(len(header))]
    columns = ", ".join(f"{name} text" for name in names)
    execute(f"DROP TABLE IF EXISTS cells; CREATE TEMPORARY TABLE cells ({columns}) ON COMMIT DROP")
    # A cell in quotes that has nothing in it is none, too (S2.4.5).
    _copied("cells", pieces, f", FORCE_NULL ({', '.join(names)})")
    at = dict(zip(header, names, strict=True))
    mine = at[cells.fields[key]]
    # The planner is to know that each key comes once, which a few thousand of them show as well as thirty thousand.
    execute(f"ALTER TABLE cells ALTER {mine} SET STATISTICS 10; ANALYZE cells ({mine})")
    twice = rows(f"SELECT {mine} FROM cells GROUP BY {mine} HAVING count(*) > 1 LIMIT 1")
    once, ordered = (f"DISTINCT ON ({mine})", f" ORDER BY {mine}, ctid DESC") if twice else ("", "")
    values = ", ".join(
        f'{_value(name, kind, at.get(cells.fields.get(name, "")), cells)} AS "{name}"'
        for name, kind in schema.items()
    )
    return f"(SELECT {once} {values} FROM cells{ordered})"


def listed(pages: Iterable[Cells], name: str) -> None:
    """Take in cells of one column, ids, as a temporary table of that name (id), which lasts until the transaction ends."""
    execute(f'DROP TABLE IF EXISTS "{name}"; CREATE TEMPORARY TABLE "{name}" (id text) ON COMMIT DROP')
    for page in pages:
        pieces = _whole_header(page.pieces())
        next(pieces)
        _copied(name, pieces)
    execute(f'ANALYZE "{name}"')


def _copied(name: str, pieces: Iterable[bytes], more: str = "") -> None:
    """Lines of CSV into a table; PostgreSQL takes no text with a zero in it."""
    with (
        connection.cursor() as cursor,
        cursor.cursor.copy(f"COPY \"{name}\" FROM STDIN (FORMAT csv, NULL ''{more})") as copy,
    ):
        for piece in pieces:
            copy.write(piece.replace(b"\x00", b"") if b"\x00" in piece else piece)


def _value(name: str, kind: type[DataType] | DataType, column: str | None, cells: Cells) -> str:
    """SQL for a column of ours."""
    if name in cells.same:
        return "'" + cells.same[name].replace("'", "''") + "'"
    if name == _MONEY and column:
        return f"trim_scale({column}::double precision::numeric)::text"
    value = _READ[kind].format(column) if column else f"NULL::{SQL_TYPES[kind]}"
    return f"coalesce({value}, false)" if name == "is_converted" else value


def _whole_header(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The first line by itself, then the rest as it comes. No name of a field has a line break in it."""
    begun = b""
    for piece in pieces:
        begun += piece
        line, found, rest = begun.partition(b"\n")
        if found:
            yield line
            yield from chain([rest], pieces)
            return
    yield begun


def _header(line: bytes) -> list[str]:
    return next(csv.reader([line.decode("utf-8-sig").rstrip("\r")]))
