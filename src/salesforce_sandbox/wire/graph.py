"""Composite Graph and sObject Tree: many records that point at each other, in one call (S2.2.8).

A graph is a composite request that wants all or none; graphs stand or fall each by itself. A tree is records with their
children nested inside; it is stored whole or not at all.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import orjson

from salesforce_sandbox.org.drafts import Outcome
from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.org.schema import SObject
from salesforce_sandbox.org.transaction import Undo
from salesforce_sandbox.wire.composite import answers, halted, judge_parts
from salesforce_sandbox.wire.messages import Response, object_in, objects_in
from salesforce_sandbox.wire.routes import Call, Routes

routes = Routes(kind="graph")

_MISNAMED = SalesforceError(400, "INVALID_INPUT", "Duplicate ReferenceId provided in the request.")
MOST_GRAPHS, MOST_NODES, MOST_FAILED_GRAPHS = 75, 500, 14
MOST_LEVELS, MOST_KINDS = 15, 15
MOST_TREE_RECORDS, MOST_TREE_LEVELS = 200, 5
# What follows the object in an address names one record and not its kind.
_KIND = re.compile(r"(?<=/sobjects/)(\w+)/.*")
_REFERRED = re.compile(r"@\{(\w+)")


@routes.on("POST", "/services/data/v{version:50}/composite/graph", rules="S2.2.8")
def graph(call: Call) -> Response:
    graphs = objects_in(call.request.json_object(), "graphs")
    nodes = [objects_in(each, "compositeRequest") for each in graphs]
    if len(graphs) > MOST_GRAPHS or sum(map(len, nodes)) > MOST_NODES:
        message = f"A request holds at most {MOST_GRAPHS} graphs and {MOST_NODES} nodes"
        raise SalesforceError(400, "LIMIT_EXCEEDED", message)
    names = [str(each.get("graphId") or "") for each in graphs]
    if "" in names or len(set(names)) < len(names):
        raise SalesforceError(400, "JSON_PARSER_ERROR", "Each graph must have a graphId of its own")
    for of_one in nodes:
        judge_parts(of_one)
        _judge_shape(of_one)
    served: list[dict[str, Any]] = []
    for each, of_one in zip(graphs, nodes, strict=True):
        too_many = sum(not earlier["isSuccessful"] for earlier in served) >= MOST_FAILED_GRAPHS
        responses = halted(of_one) if too_many else answers(call, of_one, all_or_none=True)
        served.append(
            {
                "graphId": each.get("graphId"),
                "graphResponse": {"compositeResponse": responses},
                "isSuccessful": all(response["httpStatusCode"] < 400 for response in responses),
            }
        )
    return Response(body={"graphs": served})


def _judge_shape(nodes: list[dict[str, Any]]) -> None:
    """SalesforceError when a graph is too deep or of too many kinds; a node lies one below what it refers to."""
    depths: dict[str, int] = {}
    for node in nodes:
        parents = _REFERRED.findall(orjson.dumps(node).decode())
        depths[str(node["referenceId"])] = 1 + max((depths.get(name, 0) for name in parents), default=0)
    kinds = {_KIND.sub(r"\1", str(node.get("url", ""))) for node in nodes}
    if max(depths.values(), default=0) > MOST_LEVELS or len(kinds) > MOST_KINDS:
        message = f"A graph has at most {MOST_LEVELS} levels and {MOST_KINDS} kinds of nodes"
        raise SalesforceError(400, "LIMIT_EXCEEDED", message)


@routes.on("POST", "/services/data/v{version:34}/composite/tree/{sobject}", rules="S2.2.8", kind="tree")
def tree(call: Call) -> Response:
    sobject = call.org.sobject(call.parameters["sobject"], call.caller)
    roots = objects_in(call.request.json_object(), "records")
    number = sum(_count(root, 1) for root in roots)
    if not 1 <= number <= MOST_TREE_RECORDS:
        message = f"A tree holds 1 to {MOST_TREE_RECORDS} records, not {number}"
        raise SalesforceError(400, "INVALID_INPUT", message)
    misnamed = _misnamed(roots)
    if misnamed:
        return _refused([(name, _MISNAMED) for name in misnamed])
    outcomes: list[tuple[str, Outcome]] = []
    with call.org.transactions.begin(call.caller) as transaction, transaction.savepoint():
        outcomes = [found for root in roots for found in _plant(call, sobject, root, {})]
        if any(not outcome.success for _, outcome in outcomes):
            raise Undo
    failed = [(name, outcome.error) for name, outcome in outcomes if outcome.error]
    if failed:
        return _refused(failed)
    made = [{"referenceId": name, "id": outcome.id} for name, outcome in outcomes]
    return Response(status=201, body={"hasErrors": False, "results": made})


def _refused(failed: list[tuple[str, SalesforceError]]) -> Response:
    results = [
        {
            "referenceId": name,
            "errors": [{"statusCode": e.code, "message": e.message, "fields": list(e.fields)}],
        }
        for name, e in failed
    ]
    return Response(status=400, body={"hasErrors": True, "results": results})


def _misnamed(records: list[dict[str, Any]]) -> list[str]:
    """The names that several records of a tree have, or that are none."""
    names = Counter(_reference(each) for root in records for each in _all_of(root))
    return [name for name, times in names.items() if times > 1 or not name]


def _reference(record: dict[str, Any]) -> str:
    return str(object_in(record, "attributes").get("referenceId", ""))


def _all_of(record: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield record
    for _, children in _children(record):
        for child in children:
            yield from _all_of(child)


def _children(record: dict[str, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    for name, value in record.items():
        if isinstance(value, dict) and "records" in value:
            yield name, objects_in(value, "records")


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
    reference = _reference(own)
    kind = object_in(own, "attributes").get("type")
    if str(kind).lower() != sobject.name.lower():
        message = f"The type of the record is {kind}, and {sobject.name} belongs here"
        yield reference, Outcome(error=SalesforceError(400, "INVALID_INPUT", message))
        return
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
