"""Jobs and batches of Bulk API 1.0: each batch goes its own way and keeps its own results (S2.5.1, S2.5.2).

Made and driven by `jobs`. The wire reads bodies into a batch's `Contents` and words states and results. Unlike Bulk 2.0,
results come in the order of the rows, and a batch that is wrong as a whole says so in its own state message.
"""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from salesforce_sandbox.org.bulk.dialect import judge_size
from salesforce_sandbox.org.bulk.kept import Kept
from salesforce_sandbox.org.bulk.means import Means
from salesforce_sandbox.org.bulk.querying import RowTexts, chunkable, judge, keep
from salesforce_sandbox.org.bulk.saving import Order, Row
from salesforce_sandbox.org.bulk.steps import Steps
from salesforce_sandbox.org.drafts import Outcome
from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.org.soql import CompiledQuery

QUERIES = ("query", "queryAll")
MOST_ROWS = 10_000
MOST_BYTES = 10_000_000
# What content types begin with whose batches come as ZIP archives.
ZIPPED = "ZIP_"
BATCH_PREFIX, RESULT_PREFIX = "751", "752"
_OVER = ("Completed", "Failed", "NotProcessed")

ReadRows: TypeAlias = Callable[[], tuple[list[str], list[Row]]]
ReadQuery: TypeAlias = Callable[[], tuple[CompiledQuery, RowTexts]]


@dataclass(slots=True, kw_only=True)
class Batch:
    """One batch. `request` is its body as sent, compressed; `files` are a query's results by id."""

    id: str
    created: datetime
    changed: datetime
    request: bytes = b""
    request_type: str = ""
    state: str = "Queued"
    state_message: str | None = None
    outcomes: list[Outcome] = field(default_factory=list)
    files: dict[str, Kept] = field(default_factory=dict)
    header: list[str] = field(default_factory=list)
    retries: int = 0
    steps: Steps | None = None

    @property
    def over(self) -> bool:
        return self.state in _OVER

    @property
    def processed(self) -> int:
        return len(self.outcomes) + sum(file.count for file in self.files.values())

    @property
    def failed_rows(self) -> int:
        return sum(not outcome.success for outcome in self.outcomes)

    @property
    def body(self) -> bytes:
        return zlib.decompress(self.request)


@dataclass(slots=True, kw_only=True)
class ClassicJob:
    """One job of Bulk 1.0. `chunk_size` is the number of rows of a chunk where primary keys split a query."""

    id: str
    order: Order
    content_type: str
    concurrency: str
    api_version: float
    created: datetime
    changed: datetime
    chunk_size: int | None = None
    state: str = "Open"
    batches: list[Batch] = field(default_factory=list)

    @property
    def zipped(self) -> bool:
        return self.content_type.startswith(ZIPPED)

    @property
    def format(self) -> str:
        """CSV, JSON or XML: of the rows, packed or not."""
        return self.content_type.removeprefix(ZIPPED)

    @property
    def is_query(self) -> bool:
        return self.order.operation in QUERIES

    def batch(self, batch_id: str) -> Batch:
        found = next((batch for batch in self.batches if batch.id[:15] == batch_id[:15]), None)
        if found is None:
            raise SalesforceError(400, "InvalidBatch", f"Unable to find batch for id: {batch_id}")
        return found

    def put(self, state: str, means: Means) -> None:
        """Closes or aborts the job."""
        if state not in ("Closed", "Aborted"):
            raise SalesforceError(400, "InvalidJobState", f"Invalid job state: {state}")
        if self.state != "Open":
            verb = "Closing" if state == "Closed" else "Aborting"
            raise SalesforceError(400, "InvalidJobState", f"{verb} already {self.state} Job not allowed")
        self.state, self.changed = state, means.now
        for batch in self.batches if state == "Aborted" else ():
            if not batch.over and batch.steps:
                batch.steps.stop()
                batch.state = "NotProcessed"

    def add(self, body: bytes, request_type: str, read: ReadRows | ReadQuery, means: Means) -> Batch:
        """Queues a batch; `read` makes rows, or a query, of its body."""
        if self.state != "Open":
            raise SalesforceError(400, "InvalidJobState", f"Adding a batch to a {self.state} Job not allowed")
        if not body.strip():
            raise SalesforceError(400, "ClientInputError", "Unable to find any data to create batch")
        judge_size(body, MOST_BYTES)
        means.charge_batch()
        batch = self._new_batch(means)
        batch.request, batch.request_type = zlib.compress(body, level=1), request_type
        work = self._query(batch, read, means) if self.is_query else self._save(batch, read, means)  # type: ignore[arg-type]
        batch.steps = Steps(work, means.now)
        return batch

    def _new_batch(self, means: Means) -> Batch:
        batch = Batch(id=means.ground.ids.take(BATCH_PREFIX), created=means.now, changed=means.now)
        self.batches.append(batch)
        return batch

    def _save(self, batch: Batch, read: ReadRows, means: Means) -> Iterator[None]:
        batch.state = "InProgress"
        yield
        try:
            names, rows = read()
            saving = means.saving(self.order)
            saving.judge(names)
            if not rows:
                raise SalesforceError(400, "InvalidBatch", "Records not found")  # noqa: TRY301 - told below
            if len(rows) > MOST_ROWS:
                raise SalesforceError(400, "InvalidBatch", f"Batch has more than {MOST_ROWS} records")  # noqa: TRY301
            for _ in means.tries():
                batch.retries += 1
                yield
            batch.outcomes = saving.save(rows, 1)
            batch.retries += saving.retries
            batch.state = "Completed"
        except SalesforceError as error:
            batch.state, batch.state_message = "Failed", f"{error.code} : {error.message}"
        batch.changed = means.now

    def _query(self, batch: Batch, read: ReadQuery, means: Means) -> Iterator[None]:
        batch.state = "InProgress"
        yield
        try:
            query, texts = read()
            judge(query)
            self._hand_out(batch, query, keep(query, texts, means), means)
        except SalesforceError as error:
            code = "FUNCTIONALITY_NOT_ENABLED" if error.code == "API_ERROR" else error.code
            batch.state = "Failed"
            batch.state_message = f"InvalidBatch : Failed to process query: {code}: {error.message}"
        batch.changed = means.now

    def _hand_out(self, batch: Batch, query: CompiledQuery, kept: Kept, means: Means) -> None:
        """The result as one file, or in chunks, each of which is a batch of its own."""
        if self.chunk_size is None or not chunkable(query.sobject.name):
            batch.state, batch.header = "Completed", query.header
            batch.files[means.ground.ids.take(RESULT_PREFIX)] = kept
            return
        batch.state = "NotProcessed"
        for start in range(0, max(1, kept.count), self.chunk_size):
            means.charge_batch()
            chunk, file = self._new_batch(means), Kept()
            file.add(list(kept.rows(start, self.chunk_size)))
            chunk.state, chunk.header = "Completed", query.header
            chunk.files[means.ground.ids.take(RESULT_PREFIX)] = file
