"""The rows: SQLite in memory, one table per object, one column per stored field, named as the field.

Everybody in the org reads and writes through here. Dates and numbers are stored as the package's law says, so that SOQL's
SQL can compare them. Nothing here knows rules; whoever writes stands in a transaction (`transaction`).
"""

# ruff: noqa: S608 - what is put into statements are names of the schema.

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import orjson

from salesforce_sandbox.org.schema import INDEXED, Schema, SObject
from salesforce_sandbox.org.schema import Field as SchemaField
from salesforce_sandbox.org.soql.sql_functions import teach

_COLUMN_TYPES = {
    **dict.fromkeys(("boolean", "int"), "INTEGER"),
    **dict.fromkeys(("double", "currency", "percent"), "REAL"),
    **dict.fromkeys(("id", "reference", "date", "datetime"), "TEXT"),
    # Values of any type are kept as what they are.
    "anyType": "",
}
_ROWS_LOOKED_AT = 20_000
_FETCHED_AT_ONCE = 2_000
_PAGES_OF_A_SMALL_ORG = 1_000
_MOST_SPARE = 4


def column_type(field: SchemaField) -> str:
    if field.case_sensitive:
        return "TEXT"
    return _COLUMN_TYPES.get(field.type, "TEXT COLLATE NOCASE")


def _connected() -> sqlite3.Connection:
    database = sqlite3.connect(
        ":memory:", isolation_level=None, check_same_thread=False, cached_statements=1_000
    )
    teach(database)
    database.execute("PRAGMA temp_store = 2")
    return database


_CLOSED = sqlite3.connect(":memory:")
_CLOSED.close()


Gained: TypeAlias = dict[tuple[str, str], str]
"""By table and name, what columns a database has beyond those that it began with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Born:
    """The tables of orgs as they begin, and databases of small orgs that are no more: emptied, they are as new, and what they are
    asked needs not be made a plan of again. Columns for fields that an org gained stay, and nobody sees them who has no such
    field."""

    empty: sqlite3.Connection
    columns: Mapping[str, list[str]]
    spare: list[tuple[sqlite3.Connection, Gained]] = field(default_factory=list)

    def database(self) -> tuple[sqlite3.Connection, Gained]:
        """One with all tables and no rows, and what it has besides."""
        try:
            return self.spare.pop()
        except IndexError:
            database = _connected()
            self.empty.backup(database)
            return database, {}

    def take_back(self, database: sqlite3.Connection, gained: Gained) -> bool:
        """Empty a database that nobody asks any more and keep it for the next org; whether that was worth while."""
        ((pages,),) = database.execute("PRAGMA page_count")
        if pages > _PAGES_OF_A_SMALL_ORG or len(self.spare) >= _MOST_SPARE:
            return False
        if database.in_transaction:
            database.execute("ROLLBACK")
        for table in ("_Deletion", "_Setting", *self.columns):
            database.execute(f'DELETE FROM "{table}"')
        self.spare.append((database, gained))
        return True


class Storage:
    """One org's tables."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._made_for = -1
        self._made: dict[str, SObject] = {}
        self._columns: dict[str, list[str]] = {}
        self._gained: Gained = {}
        self._left: Gained = {}
        """Columns that another org left here, and that this one has no field for yet."""
        born: _Born | None = schema.memo.get("tables")
        if born is None:
            self.database = _connected()
            self._make_tables()
            self._born = _Born(empty=_connected(), columns=dict(self._columns))
            self.database.backup(self._born.empty)
            schema.memo.keep("tables", self._born)
        else:
            # Copying empty tables takes a small part of the time that making them does.
            self._born = born
            self.database, self._left = born.database()
            self._columns = dict(born.columns)
            self._made = {sobject.name: sobject for sobject in schema}
        self._made_for = schema.version
        self._is_as_born = True

    def _make_tables(self) -> None:
        self.database.executescript(
            'CREATE TABLE "_Deletion" ("Id" TEXT PRIMARY KEY, "Type" TEXT, "DeletedDate" TEXT, "With" TEXT,'
            ' "Hard" INTEGER);'
            'CREATE INDEX "_Deletion With" ON "_Deletion" ("With");'
            'CREATE INDEX "_Deletion DeletedDate" ON "_Deletion" ("DeletedDate");'
            'CREATE TABLE "_Setting" ("Name" TEXT PRIMARY KEY, "Value" TEXT);'
        )
        self.follow_schema()

    def follow_schema(self) -> None:
        """Makes tables and columns for what the schema has gained."""
        if self._made_for == self._schema.version:
            return
        for sobject in self._schema:
            if self._made.get(sobject.name) is not sobject:
                self._make_table(sobject)
                self._made[sobject.name] = sobject
        self._made_for = self._schema.version

    def columns(self, sobject: str) -> list[str]:
        """The names of the table's columns, in order."""
        self.follow_schema()
        return self._columns[sobject]

    def rows(self, sql: str, *params: Any) -> list[tuple[Any, ...]]:
        return self.database.execute(sql, params).fetchall()

    def stream(self, sql: str, params: Sequence[Any]) -> Iterator[list[tuple[Any, ...]]]:
        """The rows in lots, so that a large answer never lies in memory as a whole."""
        cursor = self.database.execute(sql, params)
        while lot := cursor.fetchmany(_FETCHED_AT_ONCE):
            yield lot

    def records(
        self, sobject: str, ids: Iterable[str], columns: Sequence[str] = ()
    ) -> dict[str, dict[str, Any]]:
        """Rows by id, deleted ones too, whole unless columns are named; ids without a row are missing."""
        names = ["Id", *columns] if columns else self.columns(sobject)
        listed = ", ".join(f'"{name}"' for name in names)
        found = self.rows(
            f'SELECT {listed} FROM "{sobject}" WHERE "Id" IN (SELECT value FROM json_each(?))', as_list(ids)
        )
        at = names.index("Id")
        return {row[at]: dict(zip(names, row, strict=True)) for row in found}

    def insert(self, sobject: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Inserts rows that name every column."""
        names = self.columns(sobject)
        listed, marks = ", ".join(f'"{name}"' for name in names), ", ".join("?" * len(names))
        self.database.executemany(
            f'INSERT INTO "{sobject}" ({listed}) VALUES ({marks})',
            [[row[name] for name in names] for row in rows],
        )

    def update(self, sobject: str, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Sets the named columns; each row holds their values and, last, the id."""
        settings = ", ".join(f'"{name}" = ?' for name in names)
        self.database.executemany(f'UPDATE "{sobject}" SET {settings} WHERE "Id" = ?', rows)

    def remove(self, sobject: str, ids: Iterable[str]) -> None:
        self.rows(f'DELETE FROM "{sobject}" WHERE "Id" IN (SELECT value FROM json_each(?))', as_list(ids))

    def empty_bin(self, roots: Iterable[str]) -> None:
        """Removes what went with these; the log of what was deleted when keeps them."""
        listed = as_list(roots)
        gone = 'FROM "_Deletion" WHERE "With" IN (SELECT value FROM json_each(?))'
        for (sobject,) in self.rows(f'SELECT DISTINCT "Type" {gone}', listed):
            self.rows(f'DELETE FROM "{sobject}" WHERE "Id" IN (SELECT "Id" {gone})', listed)
        self.rows(
            'UPDATE "_Deletion" SET "Hard" = 1 WHERE "With" IN (SELECT value FROM json_each(?))', listed
        )

    def setting(self, name: str) -> Any:
        """A value kept beside the rows, so that snapshots carry it; None when there is none."""
        found = self.rows('SELECT "Value" FROM "_Setting" WHERE "Name" = ?', name)
        return orjson.loads(found[0][0]) if found else None

    def keep_setting(self, name: str, value: Any) -> None:
        self.rows('REPLACE INTO "_Setting" VALUES (?, ?)', name, orjson.dumps(value).decode())

    def close(self) -> None:
        """Lets every row go; nothing may be asked of it from now on."""
        database, self.database = self.database, _CLOSED
        if not (self._is_as_born and self._born.take_back(database, self._left | self._gained)):
            database.close()

    def save(self, file: Path) -> None:
        """Writes everything into an SQLite file, replacing it."""
        file.unlink(missing_ok=True)
        with sqlite3.connect(file) as copy:
            self.database.backup(copy)
        copy.close()

    def load(self, file: Path) -> None:
        """Takes everything from an SQLite file that `save` wrote; the schema may since have gained fields."""
        stored = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
        stored.backup(self.database)
        stored.close()
        # Unless SQLite has seen that a campaign may have a million members, it asks for some of them by going through all.
        self.database.executescript(f"PRAGMA analysis_limit = {_ROWS_LOOKED_AT}; ANALYZE")
        self._columns.clear()
        self._made.clear()
        self._left.clear()
        self._made_for, self._is_as_born = -1, False
        self.follow_schema()

    def _make_table(self, sobject: SObject) -> None:
        wanted = {field.name: field for field in sobject.stored_fields}
        present = [row[1] for row in self.rows(f'PRAGMA table_info("{sobject.name}")')]
        if not present:
            self._is_as_born = False
            columns = ", ".join(
                f'"{name}" {column_type(field)}' + (" PRIMARY KEY" if name == "Id" else "")
                for name, field in wanted.items()
            )
            self.rows(f'CREATE TABLE "{sobject.name}" ({columns})')
            for index in INDEXED.get(sobject.name, ()):
                self._make_index(sobject.name, index)
            present = list(wanted)
        for name, found in wanted.items():
            if name not in present or (sobject.name, name) in self._left:
                self._gain(sobject.name, name, found)
            if found.external_id:
                self._make_index(sobject.name, (name,))
        self._columns[sobject.name] = list(wanted)

    def _gain(self, sobject: str, name: str, found: SchemaField) -> None:
        """Makes a column, unless another org has left one that is alike."""
        filled = " DEFAULT 0" if found.type == "boolean" else ""
        kind = f"{column_type(found)}{filled}"
        self._gained[sobject, name] = kind
        if (left := self._left.pop((sobject, name), None)) != kind:
            if left is not None:
                self.rows(f'DROP INDEX IF EXISTS "{sobject} {name}"')
                self.rows(f'ALTER TABLE "{sobject}" DROP COLUMN "{name}"')
            self.rows(f'ALTER TABLE "{sobject}" ADD COLUMN "{name}" {kind}')

    def _make_index(self, sobject: str, columns: Sequence[str]) -> None:
        listed = ", ".join(f'"{column}"' for column in columns)
        self.rows(f'CREATE INDEX IF NOT EXISTS "{sobject} {" ".join(columns)}" ON "{sobject}" ({listed})')


def spellings(values: Iterable[str]) -> Iterator[str]:
    """Values, and those with letters beyond A to Z in capitals and in small letters too: SQLite folds only A to Z."""
    for value in values:
        yield value
        if not str(value).isascii():
            yield str(value).lower()
            yield str(value).upper()


def as_list(values: Iterable[str]) -> str:
    """Values as one parameter, for `IN (SELECT value FROM json_each(?))`."""
    return orjson.dumps(list(values)).decode()
