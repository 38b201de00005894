"""Jobs of Bulk API 2.0: queries whose results are read page by page (section 2.4).

Used by `reading` for what would take many pages of the REST API. Making a query job twice does no harm, so that one whose answer
got lost is simply made again.
"""

from __future__ import annotations

from collections.abc import Iterator

from campaignsync.domain.errors import RetryableError
from campaignsync.salesforce.errors import SOON_S
from campaignsync.salesforce.wire import Wire

ROWS_A_PAGE = 100_000
"""Few enough that a page fits in memory many times over, many enough that a million rows are ten calls."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.25, 15.0
_DIALECT = {"contentType": "CSV", "columnDelimiter": "COMMA", "lineEnding": "LF"}


def query(wire: Wire, soql: str, *, deleted_too: bool) -> Iterator[bytes]:
    """The results of a query as CSV, page by page, each with its header."""
    operation = "queryAll" if deleted_too else "query"
    job = wire.ask("POST", "/jobs/query", {"operation": operation, "query": soql, **_DIALECT})
    path = f"/jobs/query/{job['id']}"
    _wait(wire, path)
    locator: str | None = None
    while locator != "null":  # The literal word, at the end (S2.4.5).
        place = f"&locator={locator}" if locator else ""
        page = wire.download(f"{path}/results?maxRecords={ROWS_A_PAGE}{place}")
        yield page.content
        locator = page.headers["Sforce-Locator"]


def _wait(wire: Wire, path: str) -> None:
    """Look at a job until it is done, ever more seldom, since each look is a call."""
    pause_s = _FIRST_PAUSE_S
    while (job := wire.get(path))["state"] in ("UploadComplete", "InProgress"):
        wire.pause(pause_s)
        pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
    if job["state"] != "JobComplete":
        reason = f"Salesforce ended the bulk job {job['id']} as {job['state']}: {job.get('errorMessage') or 'no reason given'}"
        raise RetryableError(reason, retry_after_s=SOON_S)
