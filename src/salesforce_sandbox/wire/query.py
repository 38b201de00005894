"""Queries over REST: first pages, further pages by locator, queries with the deleted included (S2.2.5, S2.2.6)."""

import re
from typing import Any

from salesforce_sandbox.org.cursors import Page
from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.wire.messages import Response
from salesforce_sandbox.wire.routes import Call, Routes

routes = Routes(kind="query")

LARGEST_PAGE, SMALLEST_PAGE = 2_000, 200
_LONGEST_QUERY = 100_000
_BASE = "/services/data/v{version}"


@routes.on("GET", f"{_BASE}/query", rules="S2.2.5 S2.2.6", note="Plans (explain) know table scans only.")
def query(call: Call) -> Response:
    return _first(call, include_deleted=False)


@routes.on("GET", f"{_BASE}/queryAll", rules="S2.2.5 S0.1")
def query_all(call: Call) -> Response:
    return _first(call, include_deleted=True)


@routes.on("GET", f"{_BASE}/query/{{locator}}", rules="S2.2.5")
@routes.on("GET", f"{_BASE}/queryAll/{{locator}}", rules="S2.2.5")
def query_more(call: Call) -> Response:
    return Response(body=_page(call, call.org.cursors.more(call.parameters["locator"], call.caller.user_id)))


def page_size(header: str) -> int:
    """The `batchSize` of a Sforce-Query-Options header, within what Salesforce allows."""
    found = re.search(r"batchSize\s*=\s*(\d+)", header, re.IGNORECASE)
    return max(SMALLEST_PAGE, min(LARGEST_PAGE, int(found[1]))) if found else LARGEST_PAGE


def _first(call: Call, *, include_deleted: bool) -> Response:
    text = call.request.query.get("q", "")
    if "explain" in call.request.query:
        return _plan(call, call.request.query["explain"])
    if not text.strip():
        raise SalesforceError(400, "MALFORMED_QUERY", "SOQL statements cannot be empty or null")
    if len(text) > _LONGEST_QUERY:
        raise SalesforceError(
            400, "MALFORMED_QUERY", "SOQL statements cannot be longer than 100000 characters."
        )
    if call.request.query.get("columns", "").lower() == "true":
        return Response(body=call.org.compile(text, call.caller).columns())
    return first_page(call, text, include_deleted=include_deleted)


def _plan(call: Call, text: str) -> Response:
    """How the query would be carried out: here by looking at every row there is, in truth."""
    org, caller = call.org, call.caller
    query = org.compile(text, caller)
    among = org.total(org.compile(f"SELECT COUNT() FROM {query.sobject.name}", caller))  # noqa: S608 - SOQL
    found = org.total(query)
    plan: dict[str, Any] = {
        "cardinality": among if found is None else found,
        "fields": [],
        "leadingOperationType": "TableScan",
        "notes": [],
        "relativeCost": 1.0,
        "sobjectCardinality": among,
        "sobjectType": query.sobject.name,
    }
    return Response(body={"plans": [plan], "sourceQuery": text})


def first_page(call: Call, text: str, *, include_deleted: bool = False) -> Response:
    """The first page of what a query finds."""
    compiled = call.org.compile(text, call.caller, include_deleted=include_deleted)
    size = page_size(call.request.headers.get("sforce-query-options", ""))
    return Response(body=_page(call, call.org.cursors.open(compiled, size, call.caller.user_id)))


def _page(call: Call, page: Page) -> dict[str, Any]:
    answer: dict[str, Any] = {"totalSize": page.total, "done": page.following is None}
    if page.following:
        answer["nextRecordsUrl"] = f"{call.base}/query/{page.following}"
    answer["records"] = page.records(call.version)
    return answer
