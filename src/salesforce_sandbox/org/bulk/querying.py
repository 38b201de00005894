"""Queries in bulk: which SOQL is refused, the rows as texts in CSV, JSON or XML, and the query jobs of Bulk API 2.0.

A query's rows are read once, while the job is carried out, and kept (`kept`), so that every page shows that moment and may
be read again, in any order and by several readers. Rests on S2.4.5 and S2.5.1.
"""

import math
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias
from xml.sax.saxutils import escape

import orjson

from salesforce_sandbox.org.access import Caller
from salesforce_sandbox.org.bulk.dialect import Dialect
from salesforce_sandbox.org.bulk.job import Job
from salesforce_sandbox.org.bulk.kept import Kept
from salesforce_sandbox.org.bulk.means import Means
from salesforce_sandbox.org.bulk.steps import Steps
from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.org.soql import CompiledQuery
from salesforce_sandbox.org.soql.shape import Answering, Parent, Record, Value

FILE_STORAGE = "DailyBulkV2QueryFileStorageMB"
_MEGABYTE = 1_000_000
# What the refusal names, in which orgs show a limit of as many megabytes as that makes.
MOST_STORED_KB = 1_000_000_000
_REFUSED = {
    "compound": "Selecting compound data not supported in Bulk Query",
    "subselect": "Aggregate Relationships not supported in Bulk Query",
    "aggregate": "Aggregate functions and GROUP BY not supported in Bulk Query",
    "offset": "OFFSET not supported in Bulk Query",
    "typeof": "TYPEOF not supported in Bulk Query",
    "unbounded": "FIELDS(ALL) and FIELDS(CUSTOM) not supported in Bulk Query",
}
_UNKNOWN_TO_BULK = ("LeadStatus", "Organization")
_CHUNKED = ("Account", "Campaign", "CampaignMember", "Contact", "Lead", "Opportunity", "User")
RowTexts: TypeAlias = Callable[[Sequence[Any]], list[str]]


def judge(query: CompiledQuery) -> None:
    """SalesforceError for what the Bulk APIs cannot query (S2.4.5)."""
    for feature, message in _REFUSED.items():
        if feature in query.features:
            raise SalesforceError(400, "API_ERROR", message)
    if query.sobject.name in _UNKNOWN_TO_BULK:
        message = f"Entity '{query.sobject.name}' is not supported by the Bulk API."
        raise SalesforceError(400, "InvalidEntity", message)


def keep(query: CompiledQuery, texts: RowTexts, means: Means) -> Kept:
    """Runs the query and keeps its rows."""
    kept = Kept()
    for lot in means.ground.storage.stream(query.sql, query.params):
        kept.add(texts(lot))
    return kept


def csv_texts(query: CompiledQuery, dialect: Dialect) -> RowTexts:
    return lambda rows: list(map(dialect.line, query.flat(rows)))


def json_texts(query: CompiledQuery, version: str) -> RowTexts:
    """Records as REST shows them, but for datetimes, which are milliseconds since 1970 (S2.5.1)."""
    dated = list(_datetimes(query.record))

    def texts(rows: Sequence[Any]) -> list[str]:
        records = query.records(rows, Answering(version=version))
        for record in records:
            for path in dated:
                _to_milliseconds(record, path)
        return [orjson.dumps(record).decode() for record in records]

    return texts


def xml_texts(query: CompiledQuery) -> RowTexts:
    """Records as elements; the Id comes twice, as in every answer of the partner API."""

    def element(record: dict[str, Any], name: str) -> str:
        fields = {key: value for key, value in record.items() if key != "attributes"}
        record_id = fields.pop("Id", None)
        ids = f"<Id>{record_id}</Id><Id>{record_id}</Id>" if record_id else '<Id xsi:nil="true"/>'
        inner = "".join(child(key, value) for key, value in fields.items())
        return f'<{name} xsi:type="sObject"><type>{record["attributes"]["type"]}</type>{ids}{inner}</{name}>'

    def child(name: str, value: Any) -> str:
        if isinstance(value, dict):
            return element(value, name)
        if value is None:
            return f'<{name} xsi:nil="true"/>'
        text = str(value).lower() if isinstance(value, bool) else str(value)
        return f"<{name}>{escape(text)}</{name}>"

    return lambda rows: [element(record, "records") for record in query.records(rows)]


def chunkable(sobject: str) -> bool:
    return sobject in _CHUNKED or sobject.endswith("__c")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Lines of a result from a locator on. `following` is the next locator; None at the end."""

    lines: list[str]
    following: str | None


@dataclass(slots=True, kw_only=True)
class QueryJob(Job):
    """One query job; `kept` is filled when it is complete."""

    query: CompiledQuery
    operation: str
    caller: Caller
    state: str = "UploadComplete"
    kept: Kept = field(default_factory=Kept)

    def begin(self, means: Means) -> None:
        self.steps = Steps(self._work(means), means.now)

    def page(self, locator: str | None, most: int) -> Page:
        """The header and the rows from a locator on; SalesforceError for a locator that is none."""
        if self.state != "JobComplete":
            raise SalesforceError(404, "NOT_FOUND", "The requested resource does not exist")
        start = self._start(locator)
        end = start + most
        following = locator_of(end) if end < self.kept.count else None
        return Page(
            lines=[self.dialect.line(self.query.header), *self.kept.rows(start, most)], following=following
        )

    def pages(self, locator: str | None, size: int, most: int) -> tuple[list[str], str | None]:
        """The locators of the pages from one on, at most so many, and the locator of the page after them."""
        starts = list(range(self._start(locator), max(1, self.kept.count), size))
        following = locator_of(starts[most]) if len(starts) > most else None
        return [locator_of(start) for start in starts[:most]], following

    def _start(self, locator: str | None) -> int:
        if not locator:
            return 0
        try:
            start = int(urlsafe_b64decode(locator + "=" * (-len(locator) % 4)))
        except (NotBase64, ValueError):
            start = -1
        if not 0 <= start < max(1, self.kept.count):
            raise SalesforceError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        return start

    def _work(self, means: Means) -> Iterator[None]:
        self.state, self.changed = "InProgress", means.now
        yield
        self.kept = keep(self.query, csv_texts(self.query, self.dialect), means)
        means.accounting.spend(FILE_STORAGE, math.ceil(self.kept.size / _MEGABYTE))
        self.state, self.changed = "JobComplete", means.now


def locator_of(start: int) -> str:
    """The name of a place in a result, as real orgs make it: the number of the row in base 64."""
    return urlsafe_b64encode(str(start).encode()).decode().rstrip("=")


def _datetimes(record: Record) -> Iterator[tuple[str, ...]]:
    for cell in record.cells:
        if isinstance(cell, Value) and cell.field and cell.field.type == "datetime":
            yield (cell.name,)
        elif isinstance(cell, Parent):
            yield from ((cell.name, *path) for path in _datetimes(cell.record))


def _to_milliseconds(record: dict[str, Any], path: tuple[str, ...]) -> None:
    *parents, name = path
    for parent in parents:
        if record[parent] is None:
            return
        record = record[parent]
    if record[name] is not None:
        record[name] = int(datetime.fromisoformat(record[name]).timestamp() * 1000)
