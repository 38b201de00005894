"""Bulk API 1.0 under /services/async: jobs, their batches, and each batch's request and results, in XML, JSON and CSV.

Clients of many ages speak it, so the format of an answer follows rules of its own (`_json`). Refusals are worded in that
format too, also those of the session, which comes in a header of its own. Rests on S2.5.1, S2.5.2 and S2.1.2.
"""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeAlias

import orjson

from salesforce_sandbox.org.access import Caller
from salesforce_sandbox.org.bulk.classic import ZIPPED, Batch, ClassicJob
from salesforce_sandbox.org.bulk.job import told_moment
from salesforce_sandbox.org.bulk.querying import RowTexts, csv_texts, json_texts, xml_texts
from salesforce_sandbox.org.bulk.saving import Row
from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.org.soql import CompiledQuery
from salesforce_sandbox.wire.bulk1_bodies import (
    DIALECT,
    query_result,
    read_job,
    read_rows,
    save_results,
    unzipped,
    xml,
)
from salesforce_sandbox.wire.messages import Response
from salesforce_sandbox.wire.routes import Call, Handler, Routes
from salesforce_sandbox.wire.serve import caller_of, session_token

# The session is admitted and counted here, since its refusal is worded here.
routes = Routes(kind=None, session=False)

LARGEST_CHUNK, USUAL_CHUNK = 250_000, 100_000
_JOBS = "/services/async/{version}/job"
_MEDIA_TYPES = {"CSV": "text/csv", "JSON": "application/json", "XML": "application/xml"}
_CLIENT = re.compile(r"client\s*=\s*([^,;\s]+)", re.IGNORECASE)
_CHUNK = re.compile(r"chunkSize\s*=\s*(\d+)", re.IGNORECASE)

Classic: TypeAlias = Callable[[Call, Caller], Response]


def classic(handler: Classic) -> Handler:
    """Admits, counts, and words what is refused as Bulk 1.0 does."""

    @wraps(handler)
    def handle(call: Call) -> Response:
        try:
            return handler(call, _admit(call))
        except SalesforceError as error:
            # A job that is not there is an invalid one.
            invalid = error.code == "NOT_FOUND"
            told = {
                "exceptionCode": "InvalidJob" if invalid else error.code,
                "exceptionMessage": "Invalid job id" if invalid else error.message,
            }
            return _answer("error", told, json=_json(call), status=400 if invalid else error.status)

    return handle


@routes.on("POST", _JOBS, rules="S2.5.1 S2.5.2", note="what an assignment rule does is not built")
@classic
def create(call: Call, caller: Caller) -> Response:
    stated = read_job(call.request.body, json=_json(call))
    content_type = str(stated.get("contentType") or "XML").upper()
    if content_type.removeprefix(ZIPPED) not in _MEDIA_TYPES:
        raise SalesforceError(400, "InvalidJob", f"Unable to parse the contentType {content_type}")
    jobs = call.org.jobs
    order = jobs.order(
        str(stated.get("operation")),
        str(stated.get("object")),
        stated.get("externalIdFieldName"),
        caller,
        stated.get("assignmentRuleId"),
    )
    serial = str(stated.get("concurrencyMode", "")).lower() in ("serial", "1")
    job = jobs.open_classic(
        order,
        content_type,
        "Serial" if serial else "Parallel",
        float(call.version),
        chunk_size=_chunk_size(call),
    )
    return _answer("jobInfo", _about_job(job), json=_json(call), status=201)


@routes.on("GET", f"{_JOBS}/{{job}}", rules="S2.5.1")
@classic
def look(call: Call, caller: Caller) -> Response:
    job = call.org.jobs.find(call.parameters["job"], ClassicJob, looks=True)
    return _answer("jobInfo", _about_job(job), json=_json(call, job))


@routes.on("POST", f"{_JOBS}/{{job}}", rules="S2.5.1")
@classic
def change_state(call: Call, caller: Caller) -> Response:
    """Closes or aborts a job."""
    jobs = call.org.jobs
    job = jobs.find(call.parameters["job"], ClassicJob)
    job.put(str(read_job(call.request.body, json=_json(call)).get("state")), jobs.means)
    return _answer("jobInfo", _about_job(job), json=_json(call, job))


@routes.on("POST", f"{_JOBS}/{{job}}/batch", rules="S2.5.1 S2.5.2")
@classic
def add_batch(call: Call, caller: Caller) -> Response:
    jobs, body = call.org.jobs, call.request.body
    job = jobs.find(call.parameters["job"], ClassicJob)

    def rows() -> tuple[list[str], list[Row]]:
        return read_rows(unzipped(body) if job.zipped else body, job.format)

    def query() -> tuple[CompiledQuery, RowTexts]:
        compiled = call.org.compile(
            body.decode(errors="replace").strip(), caller, include_deleted=job.order.operation == "queryAll"
        )
        return compiled, _texts(compiled, job, call.version)

    batch = job.add(
        body, call.request.headers.get("content-type", ""), query if job.is_query else rows, jobs.means
    )
    queued = _about_batch(job, batch)
    jobs.catch_up()
    return _answer("batchInfo", queued, json=job.format == "JSON", status=201)


@routes.on("GET", f"{_JOBS}/{{job}}/batch", rules="S2.5.1")
@classic
def list_batches(call: Call, caller: Caller) -> Response:
    job = call.org.jobs.find(call.parameters["job"], ClassicJob, looks=True)
    listed = [_about_batch(job, batch) for batch in job.batches]
    if job.format == "JSON":
        return _answer("", {"batchInfo": listed}, json=True)
    return Response(
        body=xml("batchInfoList", [("batchInfo", each) for each in listed]), media_type=_MEDIA_TYPES["XML"]
    )


@routes.on("GET", f"{_JOBS}/{{job}}/batch/{{batch}}", rules="S2.5.1")
@classic
def look_at_batch(call: Call, caller: Caller) -> Response:
    job = call.org.jobs.find(call.parameters["job"], ClassicJob, looks=True)
    about = _about_batch(job, job.batch(call.parameters["batch"]))
    return _answer("batchInfo", about, json=job.format == "JSON")


@routes.on("GET", f"{_JOBS}/{{job}}/batch/{{batch}}/request", rules="S2.5.1")
@classic
def request_of_batch(call: Call, caller: Caller) -> Response:
    job = call.org.jobs.find(call.parameters["job"], ClassicJob)
    batch = job.batch(call.parameters["batch"])
    return _plain(batch.body, batch.request_type or _MEDIA_TYPES[job.format])


@routes.on("GET", f"{_JOBS}/{{job}}/batch/{{batch}}/result", rules="S2.5.1")
@classic
def results(call: Call, caller: Caller) -> Response:
    """What became of the rows, or the ids of a query's result files."""
    job = call.org.jobs.find(call.parameters["job"], ClassicJob)
    batch = _finished(job, call)
    if not job.is_query:
        content = save_results(batch.outcomes, job.format)
        return _plain(content, _MEDIA_TYPES[job.format])
    if job.format == "JSON":
        return _answer("", list(batch.files), json=True)
    listed = xml("result-list", [("result", each) for each in batch.files])
    return Response(body=listed, media_type=_MEDIA_TYPES["XML"])


@routes.on("GET", f"{_JOBS}/{{job}}/batch/{{batch}}/result/{{result}}", rules="S2.5.1")
@classic
def result_file(call: Call, caller: Caller) -> Response:
    job = call.org.jobs.find(call.parameters["job"], ClassicJob)
    batch = _finished(job, call)
    file = batch.files.get(call.parameters["result"])
    if file is None:
        raise SalesforceError(400, "InvalidBatch", f"Unable to find result: {call.parameters['result']}")
    content = query_result(batch.header, file.rows(), job.format)
    return _plain(content, _MEDIA_TYPES[job.format])


def _admit(call: Call) -> Caller:
    client = _CLIENT.search(call.request.headers.get("sforce-call-options", ""))
    try:
        token, named = session_token(call.request), client[1] if client else None
        caller = caller_of(call.org, token, call.request.path, client=named)
    except SalesforceError:
        status = int(call.org.switches["bulk1_session_status"])
        raise SalesforceError(status, "InvalidSessionId", "Invalid session id") from None
    call.org.accounting.charge("bulk1", app=caller.app)
    return caller


def _json(call: Call, job: ClassicJob | None = None) -> bool:
    """Answers about jobs are JSON when the request says so, or says nothing and the job's content is JSON."""
    said = call.request.headers.get("content-type") or call.request.headers.get("accept", "")
    if "json" in said:
        return True
    return job is not None and job.format == "JSON" and "xml" not in said


def _answer(name: str, values: Any, *, json: bool, status: int = 200) -> Response:
    if json:
        return Response(status=status, body=orjson.dumps(values), media_type=_MEDIA_TYPES["JSON"])
    return Response(status=status, body=xml(name, values), media_type=_MEDIA_TYPES["XML"])


def _plain(content: bytes, media_type: str) -> Response:
    """Content under a media type and nothing more: clients compare the whole header."""
    return Response(body=content, headers={"Content-Type": media_type})


def _chunk_size(call: Call) -> int | None:
    header = call.request.headers.get("sforce-enable-pkchunking", "")
    if not header or header.strip().lower() == "false":
        return None
    found = _CHUNK.search(header)
    return min(int(found[1]), LARGEST_CHUNK) if found else USUAL_CHUNK


def _texts(query: CompiledQuery, job: ClassicJob, version: str) -> RowTexts:
    if job.format == "JSON":
        return json_texts(query, version)
    return csv_texts(query, DIALECT) if job.format == "CSV" else xml_texts(query)


def _finished(job: ClassicJob, call: Call) -> Batch:
    batch = job.batch(call.parameters["batch"])
    if batch.state == "Completed":
        return batch
    message = "Records not processed" if batch.over else "Batch not completed"
    raise SalesforceError(400, "InvalidBatch", message)


def _about_job(job: ClassicJob) -> dict[str, Any]:
    states = [batch.state for batch in job.batches]
    json = job.format == "JSON"
    spent = sum(_milliseconds(batch) for batch in job.batches)
    only_in_json = {"assignmentRuleId": None, "fastPathEnabled": False} if json else {}
    return only_in_json | {
        "id": job.id,
        "operation": job.order.operation,
        "object": job.order.sobject.name,
        "createdById": job.order.caller.user_id,
        "createdDate": _moment(job, json),
        "systemModstamp": _moment(job, json, changed=True),
        "state": job.state,
        "externalIdFieldName": job.order.key or None,
        "concurrencyMode": job.concurrency,
        "contentType": job.content_type,
        "numberBatchesQueued": states.count("Queued"),
        "numberBatchesInProgress": states.count("InProgress"),
        "numberBatchesCompleted": states.count("Completed"),
        "numberBatchesFailed": states.count("Failed"),
        "numberBatchesTotal": len(states),
        "numberRecordsProcessed": sum(batch.processed for batch in job.batches),
        "numberRetries": sum(batch.retries for batch in job.batches),
        "apiVersion": job.api_version,
        "numberRecordsFailed": sum(batch.failed_rows for batch in job.batches),
        "totalProcessingTime": spent,
        "apiActiveProcessingTime": spent,
        "apexProcessingTime": 0,
    }


def _about_batch(job: ClassicJob, batch: Batch) -> dict[str, Any]:
    json = job.format == "JSON"
    return {
        "id": batch.id,
        "jobId": job.id,
        "state": batch.state,
        "stateMessage": batch.state_message,
        "createdDate": _moment(batch, json),
        "systemModstamp": _moment(batch, json, changed=True),
        "numberRecordsProcessed": batch.processed,
        "numberRecordsFailed": batch.failed_rows,
        "totalProcessingTime": _milliseconds(batch),
        "apiActiveProcessingTime": _milliseconds(batch),
        "apexProcessingTime": 0,
    }


def _milliseconds(batch: Batch) -> int:
    return int((batch.changed - batch.created).total_seconds() * 1000)


def _moment(thing: ClassicJob | Batch, json: bool, *, changed: bool = False) -> str:
    """JSON writes the zone as +0000, XML as Z."""
    text = told_moment(thing.changed if changed else thing.created)
    return text if json else text.replace("+0000", "Z")
