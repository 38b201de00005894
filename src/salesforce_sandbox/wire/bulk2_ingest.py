"""Bulk API 2.0, ingest: jobs are created, filled, closed, watched, read and deleted, and listed with all other jobs.

Words what `org.bulk` does in JSON and CSV. Error codes are the asynchronous API's in capitals. Rests on S2.4.1 to S2.4.4,
S2.4.6, S0.7 and S0.20.
"""

from collections.abc import Iterable
from email import message_from_bytes
from email.policy import HTTP
from functools import wraps
from typing import Any

from salesforce_sandbox.org.bulk.classic import ClassicJob
from salesforce_sandbox.org.bulk.dialect import DELIMITERS, LINE_ENDINGS, Dialect
from salesforce_sandbox.org.bulk.ingest import IngestJob
from salesforce_sandbox.org.bulk.job import OVER
from salesforce_sandbox.org.bulk.jobs import Job
from salesforce_sandbox.org.bulk.querying import QueryJob
from salesforce_sandbox.org.bulk.saving import OPERATIONS
from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.org.soql.values import stored_moment
from salesforce_sandbox.wire.messages import Request, Response
from salesforce_sandbox.wire.routes import Call, Handler, Routes

routes = Routes(kind="bulk_ingest")

CSV = "text/csv"
MOST_LISTED = 1_000
MOST_MULTIPART_CHARACTERS = 100_000
_JOBS = "/services/data/v{version}/jobs/ingest"


def in_capitals(handler: Handler) -> Handler:
    """Bulk 2.0 writes InvalidJob as INVALIDJOB."""

    @wraps(handler)
    def handle(call: Call) -> Response:
        try:
            return handler(call)
        except SalesforceError as error:
            code = error.code.upper()
            raise SalesforceError(error.status, code, error.message, error.fields, error.extra) from None

    return handle


@routes.on("POST", _JOBS, rules="S2.4.1 S2.4.2")
@in_capitals
def create(call: Call) -> Response:
    """Opens a job; a multipart body brings the file along and closes the job."""
    if "multipart/form-data" in call.request.headers.get("content-type", ""):
        stated, content = _parts(call)
    else:
        stated, content = call.request.json_object(), None
    operation, content_type = stated.get("operation"), stated.get("contentType", "CSV")
    if operation not in OPERATIONS or content_type != "CSV":
        message = f"Unable to create an ingest job for operation {operation} and contentType {content_type}"
        raise SalesforceError(400, "InvalidJob", message)
    jobs = call.org.jobs
    key = str(stated.get("externalIdFieldName") or "")
    order = jobs.order(operation, str(stated.get("object")), key, call.caller)
    rule_id = stated.get("assignmentRuleId")
    job = jobs.open_ingest(order, dialect(stated), float(call.version), assignment_rule_id=rule_id)
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
    state = call.request.json_object().get("state")
    if state == "UploadComplete":
        job.close(jobs.means)
    elif state == "Aborted":
        job.abort(jobs.means)
    else:
        raise SalesforceError(400, "InvalidJobState", f"Invalid job state: {state}")
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
    job = _finished(call)
    return _file(job, job.unprocessed())


def dialect(stated: dict[str, Any]) -> Dialect:
    """The dialect a job asks for."""
    delimiter, line_ending = (
        str(stated.get(name) or usual) for name, usual in (("columnDelimiter", "COMMA"), ("lineEnding", "LF"))
    )
    for name, known in ((delimiter, DELIMITERS), (line_ending, LINE_ENDINGS)):
        if name not in known:
            raise SalesforceError(400, "InvalidJob", f"{name} is not one of {', '.join(known)}")
    return Dialect(delimiter=delimiter, line_ending=line_ending)


def job_body(job: Job) -> dict[str, Any]:
    """What every answer says about a job, whatever its kind."""
    user_id, sobject, operation = _about(job)
    body: dict[str, Any] = {
        "id": job.id,
        "operation": operation,
        "object": sobject,
        "createdById": user_id,
        "createdDate": stored_moment(job.created),
        "systemModstamp": stored_moment(job.changed),
        "state": job.state,
    }
    if not isinstance(job, QueryJob) and job.order.key:
        body["externalIdFieldName"] = job.order.key
    body |= {"concurrencyMode": "Parallel", "contentType": "CSV", "apiVersion": job.api_version}
    if isinstance(job, ClassicJob):
        return body | {"concurrencyMode": job.concurrency, "contentType": job.content_type}
    if isinstance(job, IngestJob):
        if job.assignment_rule_id:
            body["assignmentRuleId"] = job.assignment_rule_id
        if job.state == "Open":
            body["contentUrl"] = f"services/data/v{job.api_version}/jobs/ingest/{job.id}/batches"
    return body | {"lineEnding": job.dialect.line_ending, "columnDelimiter": job.dialect.delimiter}


def listed(call: Call, resource: str) -> Response:
    """All jobs of the resource and those of Bulk 1.0, in pages."""
    query = call.request.query
    kinds = {"ingest": (IngestJob, ClassicJob), "query": (QueryJob, ClassicJob)}[resource]
    chunked = query.get("isPkChunkingEnabled", "").lower() == "true"
    jobs = [
        job
        for job in call.org.jobs
        if isinstance(job, kinds)
        and query.get("jobType", _job_type(job)) == _job_type(job)
        and query.get("concurrencyMode", "parallel").lower() == str(job_body(job)["concurrencyMode"]).lower()
        and (not chunked or (isinstance(job, ClassicJob) and job.chunk_size is not None))
    ]
    start = query.get("queryLocator", "").rpartition("-")[2] or "0"
    if not start.isdecimal():
        raise SalesforceError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    end = int(start) + MOST_LISTED
    more = f"{call.base}/jobs/{resource}?queryLocator={call.org.id}-{end}" if end < len(jobs) else None
    records = [job_body(job) | {"jobType": _job_type(job)} for job in jobs[int(start) : end]]
    return Response(body={"done": more is None, "records": records, "nextRecordsUrl": more})


def milliseconds(job: IngestJob | QueryJob) -> int:
    return int((job.changed - job.created).total_seconds() * 1000)


def _told_then_begun(call: Call, job: IngestJob) -> Response:
    """Answers what the job was like when it was asked for; even a quick job is done only after that."""
    answer = job_body(job)
    call.org.jobs.catch_up()
    return Response(body=answer)


def _job_type(job: Job) -> str:
    return {IngestJob: "V2Ingest", QueryJob: "V2Query", ClassicJob: "Classic"}[type(job)]


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
