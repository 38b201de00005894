"""Composite Graph and sObject Tree: many records that point at each other, in one call (S2.2.8).

A graph is a composite request that wants all or none; graphs stand or fall each by itself. A tree is records with their
children nested inside; it is stored whole or not at all.
"""

from collections.abc import Iterator
from typing import Any

from salesforce_sandbox.org.drafts import Outcome
from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.org.schema import SObject
from salesforce_sandbox.org.transaction import Undo
from salesforce_sandbox.wire.composite import answers
from salesforce_sandbox.wire.messages import Response
from salesforce_sandbox.wire.routes import Call, Routes

routes = Routes(kind="graph")

MOST_GRAPHS, MOST_NODES, MOST_FAILED_GRAPHS = 75, 500, 14
MOST_TREE_RECORDS, MOST_TREE_LEVELS = 200, 5


@routes.on(
    "POST",
    "/services/data/v{version}/composite/graph",
    rules="S2.2.8",
    state="partly",
    note="Depth and kinds of nodes are not limited.",
)
def graph(call: Call) -> Response:
    graphs = call.request.json_object().get("graphs", [])
    nodes = sum(len(each.get("compositeRequest", ())) for each in graphs)
    if len(graphs) > MOST_GRAPHS or nodes > MOST_NODES:
        message = f"A request holds at most {MOST_GRAPHS} graphs and {MOST_NODES} nodes"
        raise SalesforceError(400, "LIMIT_EXCEEDED", message)
    served: list[dict[str, Any]] = []
    failed = 0
    for each in graphs:
        if failed >= MOST_FAILED_GRAPHS:
            message = f"Processing halted after {MOST_FAILED_GRAPHS} graphs failed"
            raise SalesforceError(400, "PROCESSING_HALTED", message)
        responses = answers(call, each.get("compositeRequest", []), all_or_none=True)
        successful = all(response["httpStatusCode"] < 400 for response in responses)
        failed += not successful
        served.append(
            {
                "graphId": each.get("graphId"),
                "graphResponse": {"compositeResponse": responses},
                "isSuccessful": successful,
            }
        )
    return Response(body={"graphs": served})


@routes.on("POST", "/services/data/v{version}/composite/tree/{sobject}", rules="S2.2.8", kind="tree")
def tree(call: Call) -> Response:
    sobject = call.org.sobject(call.parameters["sobject"], call.caller)
    roots = call.request.json_object().get("records", [])
    number = sum(_count(root, 1) for root in roots)
    if not 1 <= number <= MOST_TREE_RECORDS:
        message = f"A tree holds 1 to {MOST_TREE_RECORDS} records, not {number}"
        raise SalesforceError(400, "INVALID_INPUT", message)
    outcomes: list[tuple[str, Outcome]] = []
    with call.org.transactions.begin(call.caller) as transaction, transaction.savepoint():
        outcomes = [found for root in roots for found in _plant(call, sobject, root, {})]
        if any(not outcome.success for _, outcome in outcomes):
            raise Undo
    failed = [(name, outcome.error) for name, outcome in outcomes if outcome.error]
    if failed:
        results = [
            {
                "referenceId": name,
                "errors": [{"statusCode": e.code, "message": e.message, "fields": list(e.fields)}],
            }
            for name, e in failed
        ]
        return Response(status=400, body={"hasErrors": True, "results": results})
    made = [{"referenceId": name, "id": outcome.id} for name, outcome in outcomes]
    return Response(status=201, body={"hasErrors": False, "results": made})


def _children(record: dict[str, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    for name, value in record.items():
        if isinstance(value, dict) and isinstance(value.get("records"), list):
            yield name, value["records"]


def _count(record: dict[str, Any], level: int) -> int:
    if level > MOST_TREE_LEVELS:
        raise SalesforceError(400, "INVALID_INPUT", f"A tree has at most {MOST_TREE_LEVELS} levels")
    return 1 + sum(_count(child, level + 1) for _, children in _children(record) for child in children)


def _plant(
    call: Call, sobject: SObject, record: dict[str, Any], parent: dict[str, str]
) -> Iterator[tuple[str, Outcome]]:
    """Creates a record, then its children; children of a refused one are not tried."""
    nested = dict(_children(record))
    own = {name: value for name, value in record.items() if name not in nested}
    reference = str(own.get("attributes", {}).get("referenceId", ""))
    (outcome,) = call.org.records.create(sobject, [own | parent], call.caller)
    yield reference, outcome
    for name, children in nested.items() if outcome.id else ():
        relationship = next(
            (
                each
                for each in call.org.schema.children(sobject.name)
                if (each.name or "").lower() == name.lower()
            ),
            None,
        )
        if relationship is None:
            error = SalesforceError(400, "INVALID_FIELD", f"No such relationship '{name}' on {sobject.name}")
            yield reference, Outcome(error=error)
            continue
        table = call.org.sobject(relationship.child, call.caller)
        for child in children:
            yield from _plant(call, table, child, {relationship.field: str(outcome.id)})
