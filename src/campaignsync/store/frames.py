"""Columns in and out of PostgreSQL: never a Python object per row.

Called by the other modules of the store. A frame becomes a temporary table of its transaction by COPY, which set-based SQL then
merges; a query becomes a frame. On the way in absence is an empty cell without quotes, and an empty text one with them; on the
way out it is one character that no text holds, since no reader tells these two apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import orjson
import polars as pl
from django.db import connection

from campaignsync.domain.trees import UTC_TIME, Schema

_ABSENT = "\x01"
_MANY = 1000
_SHARE = 0.05
"""Of a table of which less was touched the planner knows enough: to look at it anew takes as long as all of that."""
_ROWS_AT_ONCE = 20_000
"""Whose text is in memory at a time."""
_JSONB = 3802
"""The type's number in PostgreSQL; Django hands it over unread."""
SQL_TYPES = {
    pl.Int64: "bigint",
    pl.String: "text",
    pl.Boolean: "boolean",
    pl.Date: "date",
    UTC_TIME: "timestamptz",
}


def temporary(name: str, frame: pl.DataFrame) -> None:
    """Make a temporary table of a frame; it lasts until the transaction ends."""
    columns = ", ".join(f'"{column}" {SQL_TYPES[kind]}' for column, kind in frame.schema.items())
    made = f'DROP TABLE IF EXISTS "{name}"; CREATE TEMPORARY TABLE "{name}" ({columns}) ON COMMIT DROP'
    analyzed = f'ANALYZE "{name}"'
    if frame.is_empty():
        execute(f"{made}; {analyzed}")
        return
    with connection.cursor() as cursor:
        cursor.execute(made)
        with cursor.cursor.copy(f"COPY \"{name}\" FROM STDIN (FORMAT csv, NULL '')") as copy:
            for part in frame.iter_slices(_ROWS_AT_ONCE):
                copy.write(_csv(part))
        cursor.execute(analyzed)


def _csv(frame: pl.DataFrame) -> bytes:
    """A frame as CSV without a header. PostgreSQL takes no text with a zero in it, which hardly any has: looked for at last."""
    csv = BytesIO()
    frame.write_csv(
        csv,
        include_header=False,
        null_value="",
        quote_style="necessary",
        datetime_format="%Y-%m-%d %H:%M:%S%.6fZ",
    )
    written = csv.getvalue()
    if b"\x00" in written:
        return _csv(frame.with_columns(pl.col(pl.String).str.replace_all("\x00", "", literal=True)))
    return written


def table(name: str, select: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> int:
    """Make a temporary table of a SELECT, which lasts until the transaction ends; how many rows it has."""
    with connection.cursor() as cursor:
        cursor.execute(
            f'DROP TABLE IF EXISTS "{name}"; CREATE TEMPORARY TABLE "{name}" ON COMMIT DROP AS {select}',
            parameters,
        )
        cursor.nextset()
        found = int(cursor.rowcount)
        cursor.execute(f'ANALYZE "{name}"')
    return found


def query(sql: str, parameters: Sequence[Any] | Mapping[str, Any], schema: Schema) -> pl.DataFrame:
    """What a SELECT gives as a frame. A time must be selected with `micros`.

    The database puts the rows together to pieces of CSV: what COPY sends comes row by row, each an object of Python's.
    """
    wire: Schema = {name: pl.Int64 if kind == UTC_TIME else kind for name, kind in schema.items()}
    names = [f"c{place}" for place in range(len(wire))]
    line = " || ',' || ".join(map(_csv_cell, names, wire.values()))
    raw = BytesIO()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT string_agg(line, E'\\n' ORDER BY place) FROM (SELECT place, {line} AS line FROM"
            f" (SELECT *, row_number() OVER () AS place FROM ({sql}) AS read({', '.join(names)})) placed) lines"
            f" GROUP BY place / {_ROWS_AT_ONCE} ORDER BY place / {_ROWS_AT_ONCE}",
            parameters,
        )
        for (piece,) in cursor.fetchall():
            raw.write(piece.encode())
            raw.write(b"\n")
    if not raw.tell():
        return pl.DataFrame(schema=dict(schema))
    raw.seek(0)
    read = pl.read_csv(raw, has_header=False, schema=wire, null_values=_ABSENT, empty_string_is_null=False)
    return read if wire == schema else read.cast(dict(schema))  # type: ignore[arg-type]


def _csv_cell(column: str, kind: object) -> str:
    """SQL for a cell: texts are in quotes, absence is not."""
    text = (
        f"'\"' || replace({column}::text, '\"', '\"\"') || '\"'" if kind == pl.String else f"{column}::text"
    )
    return f"coalesce({text}, '{_ABSENT}')"


def micros(expression: str) -> str:
    """SQL for a time as `query` reads it: microseconds since 1970."""
    return f"(extract(epoch from {expression}) * 1000000)::bigint"


def execute(sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> int:
    """Run a statement; how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return int(cursor.rowcount)


def bulk(table: str, sql: str, parameters: Sequence[Any] = ()) -> int:
    """Run a statement that may write very many rows of a table; how many it touched.

    The planner is told of them at once, unless the table has far more: believing that there are few, it would join the next such
    lists row by row.
    """
    touched = execute(sql, parameters)
    if touched >= _MANY:
        (known,) = rows("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", (table,))
        if touched >= known["reltuples"] * _SHARE:
            execute(f"ANALYZE {table}")
    return touched


def packed(frame: pl.DataFrame) -> bytes:
    """A frame as it is kept in a column: Arrow, compressed."""
    raw = BytesIO()
    frame.write_ipc(raw, compression="zstd")
    return raw.getvalue()


def unpacked(raw: bytes | memoryview) -> pl.DataFrame:
    """A frame that was `packed`."""
    return pl.read_ipc(BytesIO(bytes(raw)))


def rows(sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[dict[str, Any]]:
    """The rows of a small SELECT as dictionaries, for lists that people read."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        columns = [(column.name, column.type_code == _JSONB) for column in cursor.description or ()]
        return [
            {
                name: orjson.loads(value) if is_json and value is not None else value
                for (name, is_json), value in zip(columns, row, strict=True)
            }
            for row in cursor.fetchall()
        ]
