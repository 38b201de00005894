"""Code of the release before runs on today's schema: while parts are replaced one by one, both are at work.

There is no release yet. What stands for it are the schemas of migration 0016, the last one before pages, workers and smart
campaigns, and of 0026, the last one before the filter of the mirror and what came behind it, as `schema_NNNN.json` records
them; with each release its own is to be added. What that code reads and writes must be there and take it: no column is gone or of
another type, none has become required, and a new one is filled in by the database itself.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from campaignsync.bootstrap import Application

Schema = dict[str, dict[str, list[object]]]
"""Every column of our tables: its type, whether it may be empty, and whether the database fills it in."""
RECORDED: dict[str, Schema] = {
    path.stem: json.loads(path.read_text("utf-8"))
    for path in sorted(Path(__file__).parent.glob("schema_*.json"))
}
every_record = pytest.mark.parametrize("recorded", RECORDED.values(), ids=RECORDED.keys())


def columns() -> Schema:
    """Today's."""
    from campaignsync.store.frames import rows

    found: Schema = {}
    for row in rows(
        "SELECT table_name, column_name, data_type, is_nullable = 'YES' AS may_be_empty,"
        " column_default IS NOT NULL OR is_identity = 'YES' AS filled_in FROM information_schema.columns"
        " WHERE table_schema = 'public' AND table_name LIKE 'store_%%' ORDER BY 1, 2",
        {},
    ):
        found.setdefault(row["table_name"], {})[row["column_name"]] = [
            row["data_type"],
            row["may_be_empty"],
            row["filled_in"],
        ]
    return found


@every_record
def test_what_the_code_before_reads_is_there_and_of_the_same_type(app: Application, recorded: Schema) -> None:
    now = columns()
    gone = [
        f"{table}.{name}"
        for table, then in recorded.items()
        for name, (kind, _, _) in then.items()
        if now.get(table, {}).get(name, [None])[0] != kind
    ]
    assert gone == []


@every_record
def test_what_the_code_before_writes_is_taken(app: Application, recorded: Schema) -> None:
    now = columns()
    refused = [
        f"{table}.{name}"
        for table, then in recorded.items()
        for name, (_, may_be_empty, filled_in) in now.get(table, {}).items()
        if not (may_be_empty or filled_in) and (name not in then or then[name][1])
    ]
    assert refused == []


@every_record
@pytest.mark.parametrize("table", ["store_mark", "store_link", "store_run"])
def test_the_record_knows_the_tables_that_matter(table: str, recorded: Schema) -> None:
    assert table in recorded
