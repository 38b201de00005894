"""Results of queries that do not fit one page, kept until their user has too many of them open (S2.2.5).

A result is read once and kept page by page as bytes: later pages show what the first moment showed, can be read again in
any order, and cost little memory. REST and SOAP page through the same cursors. Child rows of one record that do not fit
its page are a result of their own.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import orjson

from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.org.ids import Ids
from salesforce_sandbox.org.soql import CompiledQuery
from salesforce_sandbox.org.soql.shape import MOST_CHILDREN, Answering, Record, Row
from salesforce_sandbox.org.storage import Storage

MOST_OPEN = 10
MOST_OPEN_CHILDREN = 2_000
Make: TypeAlias = Callable[[Sequence[Row], Answering], list[dict[str, Any]]]
Keep: TypeAlias = Callable[[Record, Sequence[Row]], str]
_KEY_PREFIX = "01g"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some rows of a result. `following` is the locator of the next page; None when this is the last."""

    total: int
    rows: Sequence[Row]
    following: str | None
    make: Make
    keep: Keep

    def records(self, version: str) -> list[dict[str, Any]]:
        return self.make(self.rows, Answering(version=version, keep=self.keep))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Result:
    make: Make
    total: int
    page_size: int
    pages: list[bytes]


@dataclass(frozen=True, slots=True)
class _Shelf:
    """One user's results, and the child rows of their records."""

    results: OrderedDict[str, _Result] = field(default_factory=OrderedDict)
    children: OrderedDict[str, _Result] = field(default_factory=OrderedDict)


class Cursors:
    """One org's open results, which are their user's alone; opening one more than a user may have open closes the oldest."""

    def __init__(self, storage: Storage, ids: Ids) -> None:
        self._storage = storage
        self._ids = ids
        self._shelves: dict[str, _Shelf] = {}

    def open(self, query: CompiledQuery, page_size: int, user_id: str) -> Page:
        """Runs the query and gives its first page."""
        shelf = self._shelves.setdefault(user_id, _Shelf())
        if query.bare_count:
            ((total,),) = self._storage.rows(query.sql, *query.params)
            return self._whole(query, [], total, shelf)
        cursor = self._storage.database.execute(query.sql, query.params)
        first = cursor.fetchmany(page_size + 1)
        if len(first) <= page_size or "aggregate" in query.features:
            rows = [*first, *cursor]
            return self._whole(query, rows, len(rows), shelf)
        pages, overhang = [orjson.dumps(first[:page_size])], first[page_size:]
        total = page_size
        while lot := [*overhang, *cursor.fetchmany(page_size - len(overhang))]:
            pages.append(orjson.dumps(lot))
            total += len(lot)
            overhang = []
        result = _Result(make=query.records, total=total, page_size=page_size, pages=pages)
        return self.more(f"{self._file(result, shelf.results, MOST_OPEN)}-0", user_id)

    def more(self, locator: str, user_id: str) -> Page:
        """The page that a locator such as `01g…-2000` names; SalesforceError INVALID_QUERY_LOCATOR if the user has none such."""
        name, _, start = locator.partition("-")
        shelf = self._shelves.get(user_id, _Shelf())
        result = shelf.results.get(name) or shelf.children.get(name)
        index = int(start) // result.page_size if result and start.isdecimal() else -1
        if result is None or not 0 <= index < len(result.pages):
            raise SalesforceError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        end = (index + 1) * result.page_size
        following = f"{name}-{end}" if index + 1 < len(result.pages) else None
        rows = orjson.loads(result.pages[index])
        return Page(
            total=result.total, rows=rows, following=following, make=result.make, keep=self._keeper(shelf)
        )

    def _whole(self, query: CompiledQuery, rows: list[Row], total: int, shelf: "_Shelf") -> Page:
        return Page(total=total, rows=rows, following=None, make=query.records, keep=self._keeper(shelf))

    def _keeper(self, shelf: "_Shelf") -> Keep:
        return lambda record, rows: self._keep_children(record, rows, shelf)

    def _keep_children(self, record: Record, rows: Sequence[Row], shelf: "_Shelf") -> str:
        """Files all child rows of one parent; the locator of their second page."""
        starts = range(0, len(rows), MOST_CHILDREN)
        pages = [orjson.dumps(rows[start : start + MOST_CHILDREN]) for start in starts]

        def make(lot: Sequence[Row], answering: Answering) -> list[dict[str, Any]]:
            return list(map(record.read(answering), lot))

        result = _Result(make=make, total=len(rows), page_size=MOST_CHILDREN, pages=pages)
        return f"{self._file(result, shelf.children, MOST_OPEN_CHILDREN)}-{MOST_CHILDREN}"

    def _file(self, result: _Result, among: OrderedDict[str, _Result], most: int) -> str:
        locator = self._ids.take(_KEY_PREFIX)
        among[locator] = result
        if len(among) > most:
            among.popitem(last=False)
        return locator
