"""sObject resources: the list, describe, and single records to create, read, change, upsert and delete (section 2.2)."""

from dataclasses import replace

from salesforce_sandbox.org.drafts import Outcome
from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.org.schema import Field, SObject, describe_global_row
from salesforce_sandbox.org.values import read_id
from salesforce_sandbox.wire.conditions import (
    describe_unless_known,
    judge_unmodified,
    record_unless_known,
    stamp_of,
)
from salesforce_sandbox.wire.messages import Response
from salesforce_sandbox.wire.routes import Call, Routes
from salesforce_sandbox.wire.serve import not_built

routes = Routes(kind="record")

_BASE = "/services/data/v{version}/sobjects"
_CREATED_SINCE = 46.0


@routes.on("GET", _BASE, rules="S2.2.4", kind="describe")
def list_sobjects(call: Call) -> Response:
    readable = call.org.access.readable(call.caller.user_id)
    rows = [
        describe_global_row(sobject, version=call.version)
        for sobject in call.org.schema
        if readable(sobject.name, "Id")
    ]
    return describe_unless_known(call, {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": rows})


@routes.on("GET", f"{_BASE}/{{sobject}}/describe/{{rest:path}}", state="not", note="Named layouts.")
@routes.on("GET POST", f"{_BASE}/{{sobject}}/quickActions{{rest:rest}}", state="not")
@routes.on("GET", f"{_BASE}/{{sobject}}/defaultValues", state="not")
@routes.on("GET POST DELETE", f"{_BASE}/User/{{id:id}}/password", state="not")
def unbuilt(call: Call) -> Response:
    raise not_built(call.request)


@routes.on("GET", f"{_BASE}/{{sobject}}/describe", rules="S2.2.4", kind="describe")
def describe(call: Call) -> Response:
    sobject = _sobject(call)
    described = call.org.describe(
        sobject, call.caller, version=call.version, instance_url=call.request.origin
    )
    return describe_unless_known(call, described)


@routes.on("GET", f"{_BASE}/{{sobject}}", rules="S2.2.4", kind="describe")
def basics(call: Call) -> Response:
    sobject = _sobject(call)
    return Response(
        body={"objectDescribe": describe_global_row(sobject, version=call.version), "recentItems": []}
    )


@routes.on("POST", f"{_BASE}/{{sobject}}", rules="S2.2.3")
def create(call: Call) -> Response:
    sobject = _sobject(call)
    (outcome,) = call.org.records.create(sobject, [call.request.json_object()], call.caller)
    return _created(call, sobject, outcome)


@routes.on("POST", f"{_BASE}/{{sobject}}/Id", rules="S2.2.3")
def create_by_id(call: Call) -> Response:
    """An upsert by Id that names none."""
    answer = create(call)
    return replace(answer, body=answer.body | {"created": True})


@routes.on("GET", f"{_BASE}/{{sobject}}/{{id}}", rules="S2.2.2 S1.5.2")
def read(call: Call) -> Response:
    sobject = _sobject(call)
    record_id = _record_id(call, sobject)
    return _read(call, sobject, record_id)


@routes.on("PATCH", f"{_BASE}/{{sobject}}/{{id}}", rules="S2.2.3 S0.10")
def update(call: Call) -> Response:
    sobject = _sobject(call)
    record_id = _record_id(call, sobject)
    body = call.request.json_object()
    if any(name.lower() == "id" for name in body):
        message = "The Id field should not be specified in the sobject data."
        raise SalesforceError(400, "INVALID_FIELD", message, ("Id",))
    judge_unmodified(call, sobject, record_id)
    (outcome,) = call.org.records.update(sobject, [{**body, "Id": record_id}], call.caller)
    return _changed(outcome)


@routes.on("DELETE", f"{_BASE}/{{sobject}}/{{id}}", rules="S0.1 S1.4.8 S2.2.3")
def delete(call: Call) -> Response:
    sobject = _sobject(call)
    (outcome,) = call.org.records.delete([_record_id(call, sobject)], call.caller)
    return _changed(outcome)


@routes.on("GET", f"{_BASE}/{{sobject}}/{{key}}/{{value}}", rules="S2.2.3")
def read_by_key(call: Call) -> Response:
    sobject = _sobject(call)
    found = _matches(call, sobject, _key_field(call, sobject))
    if not found:
        raise SalesforceError(404, "NOT_FOUND", "The requested resource does not exist")
    return _many(call, sobject, found) or _read(call, sobject, found[0])


@routes.on("PATCH POST", f"{_BASE}/{{sobject}}/{{key}}/{{value}}", rules="S2.2.3")
def upsert(call: Call) -> Response:
    sobject = _sobject(call)
    field = _key_field(call, sobject)
    body = call.request.json_object()
    if any(name.lower() == field.name.lower() for name in body):
        message = f"The {field.name} field should not be specified in the sobject data."
        raise SalesforceError(400, "INVALID_FIELD", message, (field.name,))
    many = _many(call, sobject, _matches(call, sobject, field))
    if many:
        return many
    if call.request.query.get("updateOnly", "").lower() == "true" and not _matches(call, sobject, field):
        raise SalesforceError(404, "NOT_FOUND", "The requested resource does not exist")
    row = {**body, field.name: call.parameters["value"]}
    (outcome,) = call.org.records.upsert(sobject, field.name, [row], call.caller)
    if outcome.error:
        raise outcome.error
    if float(call.version) < _CREATED_SINCE and not outcome.created:
        return Response(status=204)
    answer = _created(call, sobject, outcome)
    status = 201 if outcome.created else 200
    return Response(status=status, body=answer.body | {"created": outcome.created}, headers=answer.headers)


@routes.on("DELETE", f"{_BASE}/{{sobject}}/{{key}}/{{value}}", rules="S2.2.3")
def delete_by_key(call: Call) -> Response:
    sobject = _sobject(call)
    found = _matches(call, sobject, _key_field(call, sobject))
    if not found:
        raise SalesforceError(404, "NOT_FOUND", "The requested resource does not exist")
    many = _many(call, sobject, found)
    if many:
        return many
    (outcome,) = call.org.records.delete(found, call.caller)
    return _changed(outcome)


def _sobject(call: Call) -> SObject:
    return call.org.sobject(call.parameters["sobject"], call.caller)


def _record_id(call: Call, sobject: SObject) -> str:
    try:
        return read_id(call.parameters["id"], f"{sobject.label} ID", "Id", (sobject.key_prefix,))
    except SalesforceError as error:
        raise SalesforceError(400, "MALFORMED_ID", error.message) from None


def _read(call: Call, sobject: SObject, record_id: str) -> Response:
    wanted = [name.strip() for name in call.request.query.get("fields", "").split(",") if name.strip()]
    found = call.org.read(sobject, [record_id], wanted, call.caller, call.version)
    if record_id not in found:
        raise SalesforceError(404, "NOT_FOUND", "The requested resource does not exist")
    return record_unless_known(call, sobject, stamp_of(call, sobject, record_id), found[record_id])


def _key_field(call: Call, sobject: SObject) -> Field:
    """The field by which a record is named; it must be an external id, an id lookup or Id."""
    name = call.parameters["key"]
    field = sobject.field(name)
    if field is None or not (field.external_id or field.id_lookup):
        message = f"Provided external ID field does not exist or is not accessible: {name}"
        raise SalesforceError(404, "NOT_FOUND", message)
    return field


def _matches(call: Call, sobject: SObject, field: Field) -> list[str]:
    value = call.parameters["value"]
    return call.org.records.matches(sobject, field.name, [value]).get(value.lower(), [])


def _many(call: Call, sobject: SObject, found: list[str]) -> Response | None:
    """S2.2.3: an ambiguous key is answered with the addresses of all that have it."""
    if len(found) < 2:
        return None
    return Response(status=300, body=[f"{call.base}/sobjects/{sobject.name}/{each}" for each in found])


def _created(call: Call, sobject: SObject, outcome: Outcome) -> Response:
    if outcome.error:
        raise outcome.error
    body: dict[str, object] = {"id": outcome.id, "success": True, "errors": []}
    location = f"{call.base}/sobjects/{sobject.name}/{outcome.id}"
    return Response(status=201, body=body, headers={"Location": location})


def _changed(outcome: Outcome) -> Response:
    if outcome.error is None:
        return Response(status=204)
    if outcome.error.code == "INVALID_CROSS_REFERENCE_KEY" and outcome.error.status == 404:
        raise SalesforceError(404, "NOT_FOUND", "The requested resource does not exist")
    raise outcome.error
