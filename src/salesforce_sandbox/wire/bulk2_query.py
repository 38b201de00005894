"""Bulk API 2.0, queries: jobs are created, watched, read page by page, aborted and deleted.

A page may be read again and several at a time: locators name places in a result that no longer changes. Rests on S2.4.5
and S2.4.6.
"""

from salesforce_sandbox.org.bulk.classic import QUERIES
from salesforce_sandbox.org.bulk.querying import Page, QueryJob, chunkable
from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.wire.bulk2_ingest import (
    CSV,
    dialect,
    in_capitals,
    job_body,
    listed,
    milliseconds,
    new_state,
    one_of,
)
from salesforce_sandbox.wire.messages import Response
from salesforce_sandbox.wire.routes import Call, Routes

routes = Routes(kind="bulk_query")

PAGE_ROWS = 50_000
MOST_PAGE_ROWS = 250_000
MOST_RESULT_PAGES = 5
_JOBS = "/services/data/v{version}/jobs/query"
_FIRST_WITH_RESULT_PAGES = 58


@routes.on("POST", _JOBS, rules="S2.4.5")
@in_capitals
def create(call: Call) -> Response:
    stated = call.request.json_object()
    operation, text = one_of("operation", stated, QUERIES), str(stated.get("query") or "")
    if not text.strip():
        raise SalesforceError(400, "API_ERROR", "The query is blank")
    query = call.org.compile(text, call.caller, include_deleted=operation == "queryAll")
    jobs = call.org.jobs
    job = jobs.open_query(query, operation, call.caller, dialect(stated), float(call.version))
    answer = job_body(job)
    jobs.catch_up()
    return Response(body=answer)


@routes.on("GET", _JOBS, rules="S2.4.5")
@in_capitals
def list_jobs(call: Call) -> Response:
    return listed(call, "query")


@routes.on("GET", f"{_JOBS}/{{job}}", rules="S2.4.5 S2.4.6")
@in_capitals
def look(call: Call) -> Response:
    job = call.org.jobs.find(call.parameters["job"], QueryJob, looks=True)
    counts = {
        "jobType": "V2Query",
        "numberRecordsProcessed": job.kept.count,
        "retries": 0,
        "totalProcessingTime": milliseconds(job),
        "isPkChunkingSupported": chunkable(job.query.sobject.name),
    }
    return Response(body=job_body(job) | counts)


@routes.on("PATCH", f"{_JOBS}/{{job}}", rules="S2.4.5")
@in_capitals
def abort(call: Call) -> Response:
    jobs = call.org.jobs
    job = jobs.find(call.parameters["job"], QueryJob)
    new_state(call, "Aborted")
    job.abort(jobs.means)
    return Response(body=job_body(job))


@routes.on("DELETE", f"{_JOBS}/{{job}}", rules="S2.4.5")
@in_capitals
def delete(call: Call) -> Response:
    call.org.jobs.delete(call.org.jobs.find(call.parameters["job"], QueryJob))
    return Response(status=204)


@routes.on("GET", f"{_JOBS}/{{job}}/results", rules="S2.4.5")
@in_capitals
def results(call: Call) -> Response:
    job = _readable(call)
    page: Page = job.page(_locator(call), _most(call))
    headers = {
        "Sforce-Locator": page.following or "null",
        "Sforce-NumberOfRecords": str(len(page.lines) - 1),
    }
    return Response(body=job.dialect.file(page.lines), headers=headers, media_type=CSV)


@routes.on("GET", f"{_JOBS}/{{job}}/resultPages", rules="S2.4.5")
@in_capitals
def result_pages(call: Call) -> Response:
    job = _readable(call)
    if float(call.version) < _FIRST_WITH_RESULT_PAGES:
        raise SalesforceError(404, "NOT_FOUND", "The requested resource does not exist")
    locators, following = job.pages(_locator(call), PAGE_ROWS, MOST_RESULT_PAGES)
    base = f"{call.base}/jobs/query/{job.id}"
    return Response(
        body={
            "resultPages": [{"resultUrl": f"{base}/results?locator={locator}"} for locator in locators],
            "nextRecordsUrl": f"{base}/resultPages?locator={following}" if following else None,
            "done": following is None,
        }
    )


def _readable(call: Call) -> QueryJob:
    """The job, asked for with the API version it was made with (S2.4.5)."""
    job = call.org.jobs.find(call.parameters["job"], QueryJob)
    if float(call.version) != job.api_version:
        message = f"The API version {call.version} does not match the job's API version {job.api_version}"
        raise SalesforceError(409, "API_ERROR", message)
    return job


def _locator(call: Call) -> str | None:
    """What comes after the last page is called null; asked for, it is no locator."""
    return call.request.query.get("locator") or None


def _most(call: Call) -> int:
    asked = call.request.query.get("maxRecords", str(PAGE_ROWS))
    if not asked.isdecimal() or not int(asked):
        raise SalesforceError(400, "API_ERROR", f"maxRecords must be a positive number, not {asked}")
    return min(int(asked), MOST_PAGE_ROWS)
