"""Rows of a query page by page, however they travel: as JSON of the REST API, or as CSV of Bulk API 2.0 (section 2.4).

Used by `reading` and `changes`. A page gives the rows of its object as columns of ours, and the people that were asked for
along with members. CSV goes straight into columns: no Python object is made for a row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import polars as pl

from campaignsync.salesforce.fields import Layout, frame, frame_of_csv

Record = Mapping[str, Any]


class Page(Protocol):
    """Some rows of one query."""

    def rows(self, of: str) -> pl.DataFrame:
        """The rows as columns of ours."""

    def related(self, kind: str) -> pl.DataFrame:
        """The leads or contacts that the rows speak of, where their fields were asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonPage:
    """A page of the REST API."""

    records: Sequence[Record]
    layouts: Mapping[str, Layout]

    def rows(self, of: str) -> pl.DataFrame:
        return frame(of, self.records, self.layouts[of])

    def related(self, kind: str) -> pl.DataFrame:
        people = [record[kind] for record in self.records if record.get(kind)]
        return frame(kind, people, self.layouts[kind])


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvPage:
    """A page of a bulk job's results; every cell is text, an empty one is none (S2.4.5)."""

    cells: pl.DataFrame
    layouts: Mapping[str, Layout]

    @classmethod
    def of(cls, csv: bytes, layouts: Mapping[str, Layout]) -> CsvPage:
        return cls(cells=pl.read_csv(csv, infer_schema=False, null_values=""), layouts=layouts)

    def rows(self, of: str) -> pl.DataFrame:
        return frame_of_csv(of, self.cells, self.layouts[of])

    def related(self, kind: str) -> pl.DataFrame:
        prefix = f"{kind}."
        own = self.cells.select(
            pl.col(name).alias(name.removeprefix(prefix))
            for name in self.cells.columns
            if name.startswith(prefix)
        )
        layout = self.layouts[kind]
        return frame_of_csv(kind, own.drop_nulls("Id"), layout) if own.width else frame(kind, [], layout)
