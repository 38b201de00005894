"""Results of queries that do not fit one page, kept until they are read or too many are open (S2.2.5).

A result is read once and kept page by page as bytes: later pages show what the first moment showed, can be read again in
any order, and cost little memory. REST and SOAP page through the same cursors.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import orjson

from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.org.ids import Ids
from salesforce_sandbox.org.soql import CompiledQuery
from salesforce_sandbox.org.soql.shape import Row
from salesforce_sandbox.org.storage import Storage

MOST_OPEN = 10
_KEY_PREFIX = "01g"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some rows of a result. `following` is the locator of the next page; None when this is the last."""

    query: CompiledQuery
    total: int
    rows: list[Row]
    following: str | None

    def records(self, version: str) -> list[dict[str, Any]]:
        return self.query.records(self.rows, version=version)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Result:
    query: CompiledQuery
    total: int
    page_size: int
    pages: list[bytes]


class Cursors:
    """One org's open results; opening one more than MOST_OPEN closes the oldest."""

    def __init__(self, storage: Storage, ids: Ids) -> None:
        self._storage = storage
        self._ids = ids
        self._open: OrderedDict[str, _Result] = OrderedDict()

    def open(self, query: CompiledQuery, page_size: int) -> Page:
        """Runs the query and gives its first page."""
        if query.bare_count:
            ((total,),) = self._storage.rows(query.sql, *query.params)
            return Page(query=query, total=total, rows=[], following=None)
        cursor = self._storage.database.execute(query.sql, query.params)
        first = cursor.fetchmany(page_size + 1)
        if len(first) <= page_size or "aggregate" in query.features:
            rows = [*first, *cursor]
            return Page(query=query, total=len(rows), rows=rows, following=None)
        pages, overhang = [orjson.dumps(first[:page_size])], first[page_size:]
        total = page_size
        while lot := [*overhang, *cursor.fetchmany(page_size - len(overhang))]:
            pages.append(orjson.dumps(lot))
            total += len(lot)
            overhang = []
        locator = self._ids.take(_KEY_PREFIX)
        self._open[locator] = _Result(query=query, total=total, page_size=page_size, pages=pages)
        if len(self._open) > MOST_OPEN:
            self._open.popitem(last=False)
        return self.more(f"{locator}-0")

    def more(self, locator: str) -> Page:
        """The page that a locator such as `01g…-2000` names; SalesforceError INVALID_QUERY_LOCATOR if there is none."""
        name, _, start = locator.partition("-")
        result = self._open.get(name)
        index = int(start) // result.page_size if result and start.isdecimal() else -1
        if result is None or not 0 <= index < len(result.pages):
            raise SalesforceError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        end = (index + 1) * result.page_size
        following = f"{name}-{end}" if index + 1 < len(result.pages) else None
        rows = orjson.loads(result.pages[index])
        return Page(query=result.query, total=result.total, rows=rows, following=following)
