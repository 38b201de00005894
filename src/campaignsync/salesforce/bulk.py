"""Jobs of Bulk API 2.0: queries whose results are read page by page, and files of rows to be written (section 2.4).

Used by `reading` and `bulk_writing` for what would take many calls otherwise. A job does nothing before it is closed: making one
twice or leaving one open does no harm. What is about to be closed is noted first, so that whoever comes after a crash can wait
for it instead of sending its rows again.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from campaignsync.domain.errors import CampaignsyncError, RetryableError, UnknownOutcomeError, UsageError
from campaignsync.salesforce.errors import SOON_S, passes_by_itself
from campaignsync.salesforce.wire import CsvFile, Wire

ROWS_A_PAGE = 100_000
"""Few enough that a page fits in memory many times over, many enough that a million rows are ten calls."""
IDS_A_PAGE = 250_000
"""Of a list of ids, which has few bytes a row."""
SLOW_PAGE_S = 3.0
"""A page that takes as long to come has Salesforce or the network to thank for it: then a call more for each five saves time."""
_PAGES_AT_ONCE = 5
JOBS_AT_ONCE = 4
"""Few of the batches that an org works on side by side, and enough that making files, sending them and reading what came of one
costs no time of its own."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.25, 15.0
_DIALECT = {"contentType": "CSV", "columnDelimiter": "COMMA", "lineEnding": "LF"}
_UNDER_WAY = ("UploadComplete", "InProgress")
_ROW_ERROR = r"(?s)^(?<code>[A-Z_]+):(?<message>.*?):?(?:[\w., ]*)--$"

NoteJob = Callable[[str], None]
"""Told the id of a job that is about to be closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a job shall do with its rows. `key` is the external id by which rows are upserted, `rule` the assignment rule for new
    leads (S2.4.1). With `tells_ids`, the ids of what was written are read when it has ended."""

    of: str
    operation: str
    key: str | None = None
    rule: str | None = None
    tells_ids: bool = False

    @property
    def body(self) -> dict[str, str]:
        more = {"externalIdFieldName": self.key, "assignmentRuleId": self.rule}
        return {
            "object": self.of,
            "operation": self.operation,
            **_DIALECT,
            **{name: value for name, value in more.items() if value},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested:
    """A job that has ended: when it was made by the org's clock, the rows it refused, and whether it tried them all."""

    made_at: datetime
    refused: pl.DataFrame
    """The columns that were sent, as text, and `code`, `message`, `retriable`."""
    tried_all: bool
    done: pl.DataFrame
    """Of a job that tells ids: `sf__Id` and the columns that were sent, as text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultPage:
    """A page of a query's results as CSV with its header; its rows; the place of the next one (None: it was the last); and how
    many rows there are in all."""

    csv: CsvFile
    rows: int
    following: str | None
    of: int


def begin_query(wire: Wire, soql: str, *, deleted_too: bool) -> tuple[str, datetime]:
    """Make a query job; its id, and when it was made by the org's clock. What it finds is kept for a week and may be read more
    than once."""
    operation = "queryAll" if deleted_too else "query"
    job = wire.ask("POST", "/jobs/query", {"operation": operation, "query": soql, **_DIALECT})
    return str(job["id"]), datetime.fromisoformat(job["createdDate"])


def results(wire: Wire, job: str, locator: str = "", rows_a_page: int = 0) -> Iterator[ResultPage]:
    """The results of a query job from a place on, in order, once it has ended. The next page is on its way while one is in work,
    and several are where pages take long to come."""
    path = f"/jobs/query/{job}"
    ended = _when_over(wire, path)
    if ended["state"] != "JobComplete":
        raise _ended_badly(ended)
    of = int(ended["numberRecordsProcessed"])
    with ThreadPoolExecutor(max_workers=_PAGES_AT_ONCE) as ahead:
        coming: Future[tuple[CsvFile, float]] | None = ahead.submit(_page, wire, path, locator, rows_a_page)
        while coming:
            page, took_s = coming.result()
            told = _result(page, of)
            coming = None
            if told.following and took_s < SLOW_PAGE_S:
                coming = ahead.submit(_page, wire, path, told.following, rows_a_page)
            yield told
            if told.following and not coming:
                yield from _at_once(wire, f"{path}/resultPages?locator={told.following}", of, ahead)


def _at_once(wire: Wire, place: str | None, of: int, ahead: ThreadPoolExecutor) -> Iterator[ResultPage]:
    """The same where Salesforce says where the next five pages are, which is a call more (S2.4.5)."""
    while place:
        told = wire.get(place)
        pages = [ahead.submit(wire.download, each["resultUrl"]) for each in told["resultPages"]]
        for page in pages:
            yield _result(page.result(), of)
        place = told["nextRecordsUrl"]


def _page(wire: Wire, path: str, locator: str, rows: int) -> tuple[CsvFile, float]:
    """A page, and how long it took to come."""
    place = f"&locator={locator}" if locator else ""
    began = time.monotonic()
    page = wire.download(f"{path}/results?maxRecords={rows or ROWS_A_PAGE}{place}")
    return page, time.monotonic() - began


def _result(page: CsvFile, of: int) -> ResultPage:
    following = page.headers["Sforce-Locator"]
    # The literal word, at the end (S2.4.5).
    return ResultPage(
        csv=page,
        rows=int(page.headers["Sforce-NumberOfRecords"]),
        following=None if following == "null" else following,
        of=of,
    )


def query(wire: Wire, soql: str, *, deleted_too: bool, rows_a_page: int = 0) -> Iterator[bytes]:
    """The results of a query as CSV, page by page, each with its header."""
    job, _ = begin_query(wire, soql, deleted_too=deleted_too)
    for page in results(wire, job, rows_a_page=rows_a_page):
        yield page.csv.content


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A job that was given its rows and closed, whether or not that was heard."""

    path: str
    made_at: datetime
    columns: list[str]
    tells_ids: bool


def ingest(wire: Wire, order: Order, rows: pl.DataFrame, note: NoteJob) -> Ingested:
    """Insert, update, upsert or delete rows; what came of them, when the job has ended. An empty cell leaves a field alone."""
    return ended(wire, begin(wire, order, rows, note))


def ingest_side_by_side(
    wire: Wire, order: Order, files: Iterable[pl.DataFrame], note: NoteJob
) -> Iterator[Ingested]:
    """The same for rows that lock nothing in common (S2.2.11), file by file in their order: while Salesforce works on one job the
    next are made. What concerns every job is raised after those that were begun before it are told."""
    under_way: deque[Begun] = deque()
    failed: CampaignsyncError | None = None
    for file in files:
        try:
            under_way.append(begin(wire, order, file, note))
        except CampaignsyncError as error:
            failed = error
            break
        if len(under_way) == JOBS_AT_ONCE:
            yield ended(wire, under_way.popleft())
    while under_way:
        yield ended(wire, under_way.popleft())
    if failed:
        raise failed


def begin(wire: Wire, order: Order, rows: pl.DataFrame, note: NoteJob) -> Begun:
    """Make a job, give it its rows and close it. RetryableError where nothing was done."""
    job = wire.ask("POST", "/jobs/ingest", order.body)
    path = f"/jobs/ingest/{job['id']}"
    try:
        wire.upload(f"{path}/batches", rows.write_csv().encode())
    except UnknownOutcomeError as error:
        # Uploaded or not, nothing of it is done: the job was never closed.
        raise RetryableError(str(error), retry_after_s=SOON_S) from None
    note(job["id"])
    _close(wire, path)
    return Begun(
        path=path,
        made_at=datetime.fromisoformat(job["createdDate"]),
        columns=rows.columns,
        tells_ids=order.tells_ids,
    )


def ended(wire: Wire, job: Begun) -> Ingested:
    """What came of a job, as soon as it has ended."""
    while (told := _when_over(wire, job.path))["state"] == "Open":
        _close(wire, job.path)
    failed = int(told["numberRecordsFailed"])
    refused = wire.download(f"{job.path}/failedResults").content if failed else b""
    written = job.tells_ids and int(told["numberRecordsProcessed"]) > failed
    done = wire.download(f"{job.path}/successfulResults").content if written else b""
    return Ingested(
        made_at=job.made_at,
        refused=_refused(refused, job.columns),
        tried_all=told["state"] == "JobComplete",
        done=pl.read_csv(done, infer_schema=False, null_values="")
        if done
        else pl.DataFrame(schema=dict.fromkeys(("sf__Id", *job.columns), pl.String)),
    )


def end(wire: Wire, job: str) -> None:
    """Wait for a job of a run that did not live to see it end; one that was never closed is aborted."""
    path = f"/jobs/ingest/{job}"
    try:
        if _when_over(wire, path)["state"] == "Open":
            wire.ask("PATCH", path, {"state": "Aborted"})
    except UsageError as error:
        if error.code != "NOT_FOUND":  # Salesforce keeps ended jobs for a week only.
            raise


def _close(wire: Wire, path: str) -> None:
    """Close a job. Whether a close whose answer got lost was heard, the job's state tells."""
    try:
        wire.write("PATCH", path, {"state": "UploadComplete"})
    except UnknownOutcomeError:
        wire.pause(_FIRST_PAUSE_S)


def _when_over(wire: Wire, path: str) -> dict[str, Any]:
    """Look at a job until Salesforce does not work on it any more, ever more seldom, since each look is a call."""
    pause_s = _FIRST_PAUSE_S
    while (job := wire.get(path))["state"] in _UNDER_WAY:
        wire.pause(pause_s)
        pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
    return dict(job)


def _ended_badly(job: dict[str, Any]) -> RetryableError:
    why = job.get("errorMessage") or "no reason given"
    return RetryableError(
        f"Salesforce ended the bulk job {job['id']} as {job['state']}: {why}", retry_after_s=SOON_S
    )


def _refused(csv: bytes, columns: list[str]) -> pl.DataFrame:
    if not csv:
        return pl.DataFrame(
            schema=dict.fromkeys((*columns, "code", "message"), pl.String) | {"retriable": pl.Boolean}
        )
    cells = pl.read_csv(csv, infer_schema=False, null_values="")
    told = pl.col("sf__Error").str.extract_groups(_ROW_ERROR)
    parted = cells.with_columns(
        told.struct.field("code").fill_null("UNKNOWN_EXCEPTION"),
        told.struct.field("message").fill_null(pl.col("sf__Error")),
    )
    passes = {code: passes_by_itself(code) for code in parted["code"].unique()}
    return parted.select(
        *columns,
        "code",
        "message",
        pl.col("code").replace_strict(passes, return_dtype=pl.Boolean).alias("retriable"),
    )
