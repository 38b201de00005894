"""/sandbox/bulk: how bulk jobs go from now on: how fast, in which sizes, what goes wrong (`org.bulk.rules`). Not in real orgs."""

from dataclasses import asdict

from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.wire.messages import Response
from salesforce_sandbox.wire.routes import Call, Routes

routes = Routes(kind=None, session=False)


@routes.on("GET POST DELETE", "/sandbox/bulk", rules="S2.4.4 S2.2.11 S0.20")
def bulk(call: Call) -> Response:
    """POST sets the rules it names; DELETE makes all as they were."""
    rules = call.org.jobs.rules
    if call.request.method == "DELETE":
        rules.reset()
    elif call.request.method == "POST":
        try:
            rules.set(call.request.json_object())
        except ValueError as error:
            raise SalesforceError(400, "INVALID_INPUT", str(error)) from None
    return Response(body=asdict(rules))
