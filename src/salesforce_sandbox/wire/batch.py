"""Composite Batch: up to 25 independent requests, served one after another; each is charged as a call (S0.11, S2.2.8)."""

from collections.abc import Mapping
from typing import Any

from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.wire.composite import MOST_SUBREQUESTS, subrequest
from salesforce_sandbox.wire.messages import Response, error_body, objects_in
from salesforce_sandbox.wire.routes import Call, Routes

_HALTED = SalesforceError(412, "BATCH_PROCESSING_HALTED", "Batch processing halted per request")
# The subrequests are charged here, not the request that carries them.
routes = Routes(kind="batch_subrequest")


@routes.on("POST", "/services/data/v{version:34}/composite/batch", rules="S0.11 S2.2.8")
def batch(call: Call) -> Response:
    body = call.request.json_object()
    requests = objects_in(body, "batchRequests")
    if not 1 <= len(requests) <= MOST_SUBREQUESTS:
        message = f"A batch holds 1 to {MOST_SUBREQUESTS} requests in a list named batchRequests"
        raise SalesforceError(400, "INVALID_BATCH_REQUEST", message)
    # One has been charged for the request itself.
    call.org.accounting.charge("batch_subrequest", len(requests) - 1, call.caller.app)
    results: list[dict[str, Any]] = []
    for each in requests:
        halted = body.get("haltOnError") and _failed(results)
        response = Response(status=412, body=error_body(_HALTED)) if halted else _serve(call, each)
        results.append({"statusCode": response.status, "result": response.body})
    return Response(body={"hasErrors": _failed(results), "results": results})


def _serve(call: Call, each: Mapping[str, Any]) -> Response:
    headers = {name: value for name, value in call.request.headers.items() if name.startswith("sforce-")}
    try:
        request = subrequest(call, each, headers)
    except SalesforceError as error:
        return Response(status=error.status, body=error_body(error))
    return call.dispatch(request)


def _failed(results: list[dict[str, Any]]) -> bool:
    return any(result["statusCode"] >= 400 for result in results)
