"""From a row of SQLite to what the API answers: records with attributes, nested parents, children, compound fields.

The compiler builds a tree of cells once; for each answer the tree makes one function, and that runs over the rows.
Rests on S2.2.5 and the REST guide, "Query".
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Protocol, TypeAlias

import orjson

from salesforce_sandbox.org.schema import Field, SObject

Row: TypeAlias = Sequence[Any]
Read: TypeAlias = Callable[[Row], Any]

MOST_CHILDREN = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """For whom records are made: the API version that is spoken, and what keeps children beyond the first page.

    `keep` takes the children's record and all their rows and gives the locator of the second page.
    """

    version: str
    keep: Callable[["Record", Sequence[Row]], str] | None = None


class Cell(Protocol):
    """One entry of a record."""

    @property
    def name(self) -> str: ...

    def read(self, answering: Answering) -> Read:
        """What makes the entry's value of a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A plain value. `field` is None for what no field stands behind, such as a count."""

    name: str
    index: int
    convert: Callable[[Any], Any] | None = None
    field: Field | None = None
    display: str | None = None
    number: bool = False

    def read(self, answering: Answering) -> Read:
        if self.convert is None:
            return itemgetter(self.index)
        index, convert = self.index, self.convert
        return lambda row: convert(row[index])


@dataclass(frozen=True, slots=True, kw_only=True)
class Compound:
    """An address; null when all of its parts are."""

    name: str
    parts: tuple[tuple[str, int], ...]
    field: Field

    def read(self, answering: Answering) -> Read:
        def build(row: Row) -> dict[str, Any] | None:
            address = {part: row[index] for part, index in self.parts}
            return None if all(value is None for value in address.values()) else address

        return build


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record's cells. `objects` says, by key prefix, what the row may be of; none for rows of aggregates."""

    type: str
    id_index: int | None
    objects: Mapping[str, str]
    cells: tuple[Cell, ...]

    def read(self, answering: Answering) -> Read:
        cells = [(cell.name, cell.read(answering)) for cell in self.cells]
        attributes = self._attributes(answering.version)
        return lambda row: {"attributes": attributes(row), **{name: read(row) for name, read in cells}}

    def _attributes(self, version: str) -> Read:
        kind, index = self.type, self.id_index
        if index is None:
            return lambda row: {"type": kind}
        urls = {
            prefix: f"/services/data/v{version}/sobjects/{name}/" for prefix, name in self.objects.items()
        }
        if len(urls) == 1:
            (url,) = urls.values()
            return lambda row: {"type": kind, "url": url + row[index]}
        return lambda row: {"type": kind, "url": urls[row[index][:3]] + row[index]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """A parent's record, or null."""

    name: str
    record: Record
    reference: Field

    def read(self, answering: Answering) -> Read:
        build, index = self.record.read(answering), self.record.id_index
        assert index is not None  # noqa: S101 - parents always have an id
        return lambda row: None if row[index] is None else build(row)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """TYPEOF: the record of the branch that the parent's object has, or of ELSE."""

    name: str
    id_index: int
    branches: Mapping[str, Record]
    otherwise: Record

    def read(self, answering: Answering) -> Read:
        branches = {prefix: record.read(answering) for prefix, record in self.branches.items()}
        otherwise, index = self.otherwise.read(answering), self.id_index

        def build(row: Row) -> Any:
            return None if row[index] is None else branches.get(row[index][:3], otherwise)(row)

        return build


@dataclass(frozen=True, slots=True, kw_only=True)
class Children:
    """A child subquery, which SQLite answers as one JSON array of rows; null when there are none."""

    name: str
    index: int
    record: Record

    def read(self, answering: Answering) -> Read:
        build, index = self.record.read(answering), self.index

        def children(row: Row) -> dict[str, Any] | None:
            # SQLite hands out nested arrays as part of the outer one.
            rows = row[index] if isinstance(row[index], list) else orjson.loads(row[index])
            if not rows:
                return None
            answer: dict[str, Any] = {"totalSize": len(rows), "done": True}
            if len(rows) > MOST_CHILDREN and answering.keep:
                following = answering.keep(self.record, rows)
                answer |= {
                    "done": False,
                    "nextRecordsUrl": f"/services/data/v{answering.version}/query/{following}",
                }
                rows = rows[:MOST_CHILDREN]
            return {**answer, "records": [build(child) for child in rows]}

        return children


def record_of(sobject: SObject, id_index: int, cells: tuple[Cell, ...]) -> Record:
    objects = {sobject.key_prefix: sobject.name}
    return Record(type=sobject.name, id_index=id_index, objects=objects, cells=cells)
