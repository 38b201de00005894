"""/sandbox/bulk: how bulk jobs go from now on: how fast, in which sizes, what goes wrong (`org.bulk.rules`). Not in real orgs."""

from dataclasses import asdict, fields
from typing import Any

from salesforce_sandbox.org.bulk.rules import BulkRules, Refusal
from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.wire.messages import Response
from salesforce_sandbox.wire.routes import Call, Routes

routes = Routes(kind=None, session=False)

_NAMES = {each.name for each in fields(BulkRules)}


@routes.on("GET POST DELETE", "/sandbox/bulk", rules="S2.4.4 S2.2.11 S0.20")
def bulk(call: Call) -> Response:
    """POST sets the rules it names; DELETE makes all as they were."""
    rules = call.org.jobs.rules
    stated: dict[str, Any] = {}
    if call.request.method == "DELETE":
        stated = {each.name: getattr(BulkRules(), each.name) for each in fields(BulkRules)}
    elif call.request.method == "POST":
        stated = call.request.json_object()
        unknown = set(stated) - _NAMES
        if unknown:
            message = f"bulk rules are {', '.join(sorted(_NAMES))}, not {', '.join(sorted(unknown))}"
            raise SalesforceError(400, "INVALID_INPUT", message)
        if "refusals" in stated:
            stated["refusals"] = _refusals(stated["refusals"])
    for name, value in stated.items():
        setattr(rules, name, value)
    return Response(body=asdict(rules))


def _refusals(stated: list[dict[str, Any]]) -> tuple[Refusal, ...]:
    try:
        return tuple(Refusal(**refusal) for refusal in stated)
    except TypeError as error:
        raise SalesforceError(
            400, "INVALID_INPUT", f"refusals have code, message, nth, where and tries: {error}"
        ) from None
