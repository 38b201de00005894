"""sObject Collections: up to 200 records in one call, each with its own outcome (S2.2.7, S0.12, S0.13).

The order of outcomes is that of the records sent. A composite request that wants all or none overrules the flag of a
collection inside it, by the header that `composite` sets.
"""

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

from salesforce_sandbox.org.drafts import Outcome
from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.org.schema import SObject
from salesforce_sandbox.org.values import read_id
from salesforce_sandbox.wire.messages import Response, object_in, objects_in, texts_in
from salesforce_sandbox.wire.routes import Call, Routes

routes = Routes(kind="collections")

MOST_RECORDS = 200
_MOST_TYPE_CHUNKS = 10
_BASE = "/services/data/v{version:42}/composite/sobjects"
# Set on collections inside a composite request whose own allOrNone decides for them (S0.12).
OVERRULED = "x-sandbox-all-or-none-overruled"

Save = Callable[[SObject, Sequence[dict[str, Any]]], list[Outcome]]


@routes.on("POST", _BASE, rules="S2.2.7")
def create(call: Call) -> Response:
    body, records = _records(call)
    outcomes = _saved(
        call, body, records, lambda sobject, rows: call.org.records.create(sobject, rows, call.caller)
    )
    return Response(body=[outcome_body(outcome) for outcome in outcomes])


@routes.on("PATCH", _BASE, rules="S2.2.7")
def update(call: Call) -> Response:
    body, records = _records(call)
    outcomes = _saved(
        call, body, records, lambda sobject, rows: call.org.records.update(sobject, rows, call.caller)
    )
    return Response(body=[outcome_body(outcome) for outcome in outcomes])


@routes.on("DELETE", _BASE, rules="S2.2.7 S0.1")
def delete(call: Call) -> Response:
    ids = [each.strip() for each in call.request.query.get("ids", "").split(",") if each.strip()]
    _judge_number(ids)
    all_or_none = _all_or_none(call, call.request.query.get("allOrNone"))

    def save() -> list[Outcome]:
        return call.org.records.delete(ids, call.caller)

    outcomes = call.org.records.together(call.caller, save) if all_or_none else save()
    named = zip(outcomes, ids, strict=True)
    return Response(body=[outcome_body(outcome) | {"id": outcome.id or sent} for outcome, sent in named])


@routes.on("PATCH", f"{_BASE}/{{sobject}}/{{key}}", rules="S2.2.7 S0.13")
def upsert(call: Call) -> Response:
    sobject = call.org.sobject(call.parameters["sobject"], call.caller)
    field = sobject.field(call.parameters["key"])
    if field is None or not (field.external_id or field.id_lookup):
        message = f"Provided external ID field does not exist or is not accessible: {call.parameters['key']}"
        raise SalesforceError(404, "NOT_FOUND", message)
    body, records = _records(call)
    if any(_type_of(record).lower() != sobject.name.lower() for record in records):
        message = "Record types in the request must all be the type named in its address."
        raise SalesforceError(400, "INVALID_TYPE", message)

    def save() -> list[Outcome]:
        return call.org.records.upsert(sobject, field.name, records, call.caller)

    all_or_none = _all_or_none(call, body.get("allOrNone"))
    outcomes = call.org.records.of_one_call(call.caller, save, all_or_none=all_or_none)
    rolled_back = all_or_none and any(not outcome.success for outcome in outcomes)
    return Response(
        body=[
            outcome_body(each) | {"created": rolled_back or (each.success and each.created)}
            for each in outcomes
        ]
    )


@routes.on("GET POST", f"{_BASE}/{{sobject}}", rules="S2.2.7")
def retrieve(call: Call) -> Response:
    sobject = call.org.sobject(call.parameters["sobject"], call.caller)
    if call.request.method == "POST":
        body = call.request.json_object()
        sent, fields = texts_in(body, "ids"), texts_in(body, "fields")
    else:
        sent, fields = (call.request.query.get(name, "").split(",") for name in ("ids", "fields"))
    ids = [read_id(each, f"{sobject.label} ID", "Id", (sobject.key_prefix,)) for each in sent]
    if len(ids) > LARGEST_RETRIEVE:
        raise SalesforceError(
            400, "EXCEEDED_ID_LIMIT", "record limit reached. cannot submit more than 2000 records"
        )
    found = call.org.read(
        sobject, ids, [name.strip() for name in fields if name.strip()], call.caller, call.version
    )
    return Response(body=[found.get(each) for each in ids])


LARGEST_RETRIEVE = 2_000


def outcome_body(outcome: Outcome) -> dict[str, Any]:
    """One row's outcome in the words of Collections."""
    if outcome.error is None:
        return {"id": outcome.id, "success": True, "errors": []}
    error = outcome.error
    row = {"statusCode": error.code, "message": error.message, "fields": list(error.fields)}
    named = {"id": outcome.id} if outcome.id else {}
    return {**named, "success": False, "errors": [row]}


def save_by_type(records: Sequence[dict[str, Any]], call: Call, save: Save) -> list[Outcome]:
    """Saves runs of records of one type, in order."""
    outcomes: list[Outcome] = []
    for kind, run in groupby(records, key=_type_of):
        rows = list(run)
        sobject = call.org.schema.find(kind)
        if sobject is None or not call.org.access.may(call.caller.user_id, sobject.name, "read"):
            error = SalesforceError(400, "INVALID_TYPE", f"sObject type '{kind}' is not supported.")
            outcomes += [Outcome(error=error)] * len(rows)
        else:
            outcomes += save(sobject, rows)
    return outcomes


def _saved(call: Call, body: dict[str, Any], records: list[dict[str, Any]], save: Save) -> list[Outcome]:
    chunks = sum(1 for _ in groupby(records, key=_type_of))
    if chunks > _MOST_TYPE_CHUNKS and call.org.switches["ten_type_chunks"]:
        message = "Cannot have more than 10 chunks in a single operation. Please rearrange the data to reduce chunking."
        raise SalesforceError(400, "INVALID_OPERATION", message)

    all_or_none = _all_or_none(call, body.get("allOrNone"))
    return call.org.records.of_one_call(
        call.caller, lambda: save_by_type(records, call, save), all_or_none=all_or_none
    )


def _records(call: Call) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    body = call.request.json_object()
    records = objects_in(body, "records")
    _judge_number(records)
    return body, records


def _judge_number(records: Sequence[Any]) -> None:
    if not records:
        raise SalesforceError(400, "MISSING_ARGUMENT", "The request must name at least one record")
    if len(records) > MOST_RECORDS:
        message = f"record limit reached. cannot submit more than {MOST_RECORDS} records into this call"
        raise SalesforceError(400, "EXCEEDED_ID_LIMIT", message)


def _type_of(record: dict[str, Any]) -> str:
    kind = object_in(record, "attributes").get("type")
    if not isinstance(kind, str):
        raise SalesforceError(400, "INVALID_INPUT", "Each record must have attributes with a type")
    return kind


def _all_or_none(call: Call, sent: Any) -> bool:
    return str(sent).lower() == "true" and OVERRULED not in call.request.headers
