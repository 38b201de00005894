"""Bulk API 2.0, ingest: jobs are created, filled, closed, watched, read and deleted, and listed with all other jobs.

Words what `org.bulk` does in JSON and CSV. Error codes are the asynchronous API's in capitals. Rests on S2.4.1 to S2.4.4,
S2.4.6, S0.7 and S0.20.
"""

from collections.abc import Collection, Iterable, Mapping
from email import message_from_bytes
from email.policy import HTTP
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from salesforce_sandbox.org.bulk.classic import ClassicJob
from salesforce_sandbox.org.bulk.dialect import DELIMITERS, LINE_ENDINGS, Dialect
from salesforce_sandbox.org.bulk.ingest import IngestJob
from salesforce_sandbox.org.bulk.job import OVER, told_moment
from salesforce_sandbox.org.bulk.jobs import Job
from salesforce_sandbox.org.bulk.querying import QueryJob
from salesforce_sandbox.org.bulk.saving import OPERATIONS
from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.wire.messages import Request, Response
from salesforce_sandbox.wire.routes import Call, Handler, Routes

routes = Routes(kind="bulk_ingest")

CSV = "text/csv"
MOST_LISTED = 1_000
MOST_MULTIPART_CHARACTERS = 100_000
_JOBS = "/services/data/v{version}/jobs/ingest"
_JOB_TYPES: dict[type, str] = {IngestJob: "V2Ingest", QueryJob: "V2Query", ClassicJob: "Classic"}


def in_capitals(handler: Handler) -> Handler:
    """Bulk 2.0 writes InvalidJob as INVALIDJOB, and then once more before what it says."""

    @wraps(handler)
    def handle(call: Call) -> Response:
        try:
            return handler(call)
        except SalesforceError as error:
            message = f"InvalidJob : {error.message}" if error.code == "InvalidJob" else error.message
            code = error.code.upper()
            raise SalesforceError(error.status, code, message, error.fields, error.extra) from None

    return handle


@routes.on("POST", _JOBS, rules="S2.4.1 S2.4.2", note="what an assignment rule does is not built")
@in_capitals
def create(call: Call) -> Response:
    """Opens a job; a multipart body brings the file along and closes the job."""
    if "multipart/form-data" in call.request.headers.get("content-type", ""):
        stated, content = _parts(call)
    else:
        stated, content = call.request.json_object(), None
    operation, spoken = one_of("operation", stated, OPERATIONS), dialect(stated)
    jobs = call.org.jobs
    order = jobs.order(
        operation,
        str(stated.get("object") or ""),
        stated.get("externalIdFieldName"),
        call.caller,
        stated.get("assignmentRuleId"),
    )
    job = jobs.open_ingest(order, spoken, float(call.version))
    if content is not None:
        job.upload(content, jobs.means)
        job.close(jobs.means)
    return _told_then_begun(call, job)


@routes.on("GET", _JOBS, rules="S2.4.1")
@in_capitals
def list_jobs(call: Call) -> Response:
    return listed(call, "ingest")


@routes.on("PUT", f"{_JOBS}/{{job}}/batches", rules="S2.4.1")
@in_capitals
def upload(call: Call) -> Response:
    job = call.org.jobs.find(call.parameters["job"], IngestJob)
    media_type = call.request.headers.get("content-type", CSV)
    if "csv" not in media_type.lower():
        message = f"Content-Type header specified in HTTP request is not supported: {media_type}"
        raise SalesforceError(415, "UNSUPPORTED_MEDIA_TYPE", message)
    job.upload(call.request.body, call.org.jobs.means)
    return Response(status=201)


@routes.on("PATCH", f"{_JOBS}/{{job}}", rules="S2.4.1 S2.4.4")
@in_capitals
def change_state(call: Call) -> Response:
    jobs = call.org.jobs
    job = jobs.find(call.parameters["job"], IngestJob)
    if new_state(call, "UploadComplete", "Aborted") == "Aborted":
        job.abort(jobs.means)
    else:
        job.close(jobs.means)
    return _told_then_begun(call, job)


@routes.on("GET", f"{_JOBS}/{{job}}", rules="S2.4.1 S2.4.6")
@in_capitals
def look(call: Call) -> Response:
    job = call.org.jobs.find(call.parameters["job"], IngestJob, looks=True)
    return Response(body=job_body(job) | _counts(job))


@routes.on("DELETE", f"{_JOBS}/{{job}}", rules="S2.4.1")
@in_capitals
def delete(call: Call) -> Response:
    call.org.jobs.delete(call.org.jobs.find(call.parameters["job"], IngestJob))
    return Response(status=204)


@routes.on("GET", f"{_JOBS}/{{job}}/successfulResults", rules="S2.4.3 S0.7 S0.20")
@in_capitals
def successful(call: Call) -> Response:
    job = _finished(call)
    return _file(job, job.results(successful=True, seed=call.org.jobs.rules.seed))


@routes.on("GET", f"{_JOBS}/{{job}}/failedResults", rules="S2.4.3 S0.20")
@in_capitals
def failed(call: Call) -> Response:
    job = _finished(call)
    return _file(job, job.results(successful=False, seed=call.org.jobs.rules.seed))


@routes.on("GET", f"{_JOBS}/{{job}}/unprocessedrecords", rules="S2.4.3 S2.4.4")
@routes.on("GET", f"{_JOBS}/{{job}}/unprocessedRecords", rules="S2.4.3 S2.4.4")
@in_capitals
def unprocessed(call: Call) -> Response:
    return Response(body=_finished(call).unprocessed(), media_type=CSV)


def dialect(stated: dict[str, Any]) -> Dialect:
    """The dialect a job asks for."""
    one_of("contentType", stated, ["CSV"], usual="CSV")
    return Dialect(
        delimiter=one_of("columnDelimiter", stated, DELIMITERS, usual="COMMA"),
        line_ending=one_of("lineEnding", stated, LINE_ENDINGS, usual="LF"),
    )


def one_of(name: str, stated: Mapping[str, Any], known: Collection[str], *, usual: Any = None) -> str:
    """What a request says under a name; SalesforceError for a word that is none of those known there."""
    value = usual if stated.get(name) is None else stated[name]
    if isinstance(value, str) and value in known:
        return value
    raise SalesforceError(400, "API_ERROR", f"Invalid value: '{value}' supplied for property: '{name}'")


def new_state(call: Call, *allowed: str) -> str:
    """The state that a request wants a job to have."""
    state = one_of("state", call.request.json_object(), ("Open", "UploadComplete", "InProgress", *OVER))
    if state not in allowed:
        raise SalesforceError(400, "InvalidJobState", f"Invalid job state: {state}")
    return state


def job_body(job: Job) -> dict[str, Any]:
    """What every answer says about a job, whatever its kind."""
    user_id, sobject, operation = _about(job)
    body: dict[str, Any] = {
        "id": job.id,
        "operation": operation,
        "object": sobject,
        "createdById": user_id,
        "createdDate": told_moment(job.created),
        "systemModstamp": told_moment(job.changed),
        "state": job.state,
    }
    if not isinstance(job, QueryJob) and job.order.key:
        body["externalIdFieldName"] = job.order.key
    body |= {"concurrencyMode": "Parallel", "contentType": "CSV", "apiVersion": job.api_version}
    if isinstance(job, ClassicJob):
        return body | {"concurrencyMode": job.concurrency, "contentType": job.content_type}
    if isinstance(job, IngestJob) and job.state == "Open":
        body["contentUrl"] = f"services/data/v{job.api_version}/jobs/ingest/{job.id}/batches"
    return body | {"lineEnding": job.dialect.line_ending, "columnDelimiter": job.dialect.delimiter}


def listed(call: Call, resource: str) -> Response:
    """The jobs of a type, otherwise those of the resource and of Bulk 1.0, in pages."""
    query = call.request.query
    asked = one_of("jobType", query, _JOB_TYPES.values()) if "jobType" in query else ""
    types = (
        {asked} if asked else {"ingest": {"V2Ingest", "Classic"}, "query": {"V2Query", "Classic"}}[resource]
    )
    chunked = query.get("isPkChunkingEnabled", "").lower() == "true"
    mode = query.get("concurrencyMode", "").lower()
    found = [
        body
        for job in call.org.jobs
        if (body := job_body(job) | {"jobType": _JOB_TYPES[type(job)]})["jobType"] in types
        and mode in ("", body["concurrencyMode"].lower())
        and (not chunked or (isinstance(job, ClassicJob) and job.chunk_size is not None))
    ]
    start = query.get("queryLocator", "").rpartition("-")[2] or "0"
    if not start.isdecimal():
        raise SalesforceError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    end = int(start) + MOST_LISTED
    # The next page is one of the same list.
    following = urlencode({**query, "queryLocator": f"{call.org.id}-{end}"})
    more = f"{call.base}/jobs/{resource}?{following}" if end < len(found) else None
    return Response(body={"done": more is None, "records": found[int(start) : end], "nextRecordsUrl": more})


def milliseconds(job: IngestJob | QueryJob) -> int:
    return int((job.changed - job.created).total_seconds() * 1000)


def _told_then_begun(call: Call, job: IngestJob) -> Response:
    """Answers what the job was like when it was asked for; even a quick job is done only after that."""
    answer = job_body(job)
    call.org.jobs.catch_up()
    return Response(body=answer)


def _about(job: Job) -> tuple[str, str, str]:
    """Who made the job, of which object it is and what it does."""
    if isinstance(job, QueryJob):
        return job.caller.user_id, job.query.sobject.name, job.operation
    return job.order.caller.user_id, job.order.sobject.name, job.order.operation


def _counts(job: IngestJob) -> dict[str, Any]:
    spent = milliseconds(job) if job.closed else 0
    counts: dict[str, Any] = {
        "jobType": "V2Ingest",
        "numberRecordsProcessed": len(job.outcomes),
        "numberRecordsFailed": job.failed_rows,
        "retries": job.retries,
        "totalProcessingTime": spent,
        "apiActiveProcessingTime": spent,
        "apexProcessingTime": 0,
        "isPkChunkingSupported": False,
    }
    return counts | ({"errorMessage": job.error_message} if job.error_message else {})


def _finished(call: Call) -> IngestJob:
    job = call.org.jobs.find(call.parameters["job"], IngestJob)
    if job.state not in OVER:
        message = f"Results of a job in state {job.state} are not available"
        raise SalesforceError(400, "InvalidJobState", message)
    return job


def _file(job: IngestJob, lines: Iterable[str]) -> Response:
    return Response(body=job.dialect.file(lines), media_type=CSV)


def _parts(call: Call) -> tuple[dict[str, Any], bytes]:
    """The job and the file of a multipart body."""
    head = f"Content-Type: {call.request.headers['content-type']}\r\n\r\n".encode()
    message = message_from_bytes(head + call.request.body, policy=HTTP)
    parts = {str(part.get_param("name", header="content-disposition")): part for part in message.iter_parts()}
    if set(parts) != {"job", "content"}:
        raise SalesforceError(400, "InvalidJob", "A multipart request has the parts job and content")
    stated, content = (bytes(parts[name].get_payload(decode=True)) for name in ("job", "content"))
    if len(content) > MOST_MULTIPART_CHARACTERS:
        refusal = f"A multipart request holds at most {MOST_MULTIPART_CHARACTERS} characters of data"
        raise SalesforceError(400, "InvalidJob", refusal)
    return Request(method="POST", path="", body=stated).json_object(), content
