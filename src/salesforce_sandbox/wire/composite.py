"""Composite: up to 25 requests in one, each able to use what earlier ones answered (S2.2.8, S0.11, S0.12).

References such as `@{newLead.id}` are replaced in addresses and bodies before a subrequest is served. With allOrNone the
whole is one transaction: one failure takes everything back and is the only one that keeps its own answer.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import orjson

from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.org.transaction import Undo
from salesforce_sandbox.wire.collections import OVERRULED
from salesforce_sandbox.wire.messages import Request, Response, error_body, object_in, objects_in
from salesforce_sandbox.wire.routes import Call, Routes

routes = Routes(kind="composite")

MOST_SUBREQUESTS = 25
MOST_QUERIES_AND_COLLECTIONS = 5
_REFERENCE = re.compile(r"@\{([^}]+)\}")
_MAY_REFER = re.compile(rb"@\{|\\u|&#")
"""What a body that refers to anything holds, whatever way it spells it."""
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_LIMITED = re.compile(r"/services/data/v[\d.]+/(query|queryAll|composite/sobjects|sobjects/?\?)")
_NAME = re.compile(r"[A-Za-z0-9]\w*")
HALTED = SalesforceError(
    400,
    "PROCESSING_HALTED",
    "The transaction was rolled back since another operation in the same transaction failed.",
)


@routes.on("GET", "/services/data/v{version:38}/composite")
def parts(call: Call) -> Response:
    """What the resource has below it."""
    return Response(
        body={name: f"{call.base}/composite/{name}" for name in ("batch", "graph", "sobjects", "tree")}
    )


@routes.on("POST", "/services/data/v{version:38}/composite", rules="S2.2.8 S0.12")
def composite(call: Call) -> Response:
    body = call.request.json_object()
    subrequests = objects_in(body, "compositeRequest")
    _judge_number(subrequests)
    judge_parts(subrequests)
    all_or_none = bool(body.get("allOrNone", False))
    return Response(body={"compositeResponse": answers(call, subrequests, all_or_none=all_or_none)})


def answers(call: Call, subrequests: list[dict[str, Any]], *, all_or_none: bool) -> list[dict[str, Any]]:
    """The answer of each subrequest, in order."""
    if not all_or_none:
        return _serve_each(call, subrequests, all_or_none=False)
    with call.org.transactions.begin(call.caller) as transaction, transaction.savepoint():
        served = _serve_each(call, subrequests, all_or_none=True)
        failed = next((index for index, answer in enumerate(served) if _failed(answer)), None)
        if failed is not None:
            raise Undo
    if failed is None:
        return served
    return [
        answer if index == failed else stopped
        for index, (answer, stopped) in enumerate(zip(served, halted(subrequests), strict=True))
    ]


def halted(subrequests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The answers of subrequests that come to nothing because others failed."""
    parts = _answer_parts(400, error_body(HALTED))
    return [{**parts, "referenceId": str(each["referenceId"])} for each in subrequests]


def subrequest(call: Call, each: Mapping[str, Any], headers: Mapping[str, str]) -> Request:
    """A subrequest as a request of its own; its address may be relative to the host or to the API version."""
    url = str(each.get("url", ""))
    if not url.startswith("/"):
        url = f"/services/data/{url}" if url.startswith("v") else f"{call.base}/{url}"
    split = urlsplit(url)
    own = {str(name).lower(): str(value) for name, value in object_in(each, "httpHeaders").items()}
    body = each.get("body", each.get("richInput"))
    return Request(
        method=str(each.get("method", "GET")).upper(),
        path=unquote(split.path),
        query=dict(_parameters(split.query)),
        headers={**headers, **own},
        body=b"" if body is None else orjson.dumps(body),
        origin=call.request.origin,
    )


@lru_cache(maxsize=256)
def _parameters(query: str) -> tuple[tuple[str, str], ...]:
    """The parameters of an address; whoever looks again asks the same. Taking a space from %20 to + costs far less than taking
    each apart."""
    return tuple(parse_qsl(query.replace("%20", "+"), keep_blank_values=True))


def _serve_each(call: Call, subrequests: list[dict[str, Any]], *, all_or_none: bool) -> list[dict[str, Any]]:
    outer = call.request.headers
    headers = {name: value for name, value in outer.items() if name.startswith("sforce-")}
    if all_or_none:
        headers[OVERRULED] = "true"
    # Most calls refer to nothing, and need not be looked through for what they refer to.
    answered: dict[str, Any] | None = {} if _MAY_REFER.search(call.request.body) else None
    served: list[dict[str, Any]] = []
    for each in subrequests:
        name = str(each["referenceId"])
        if all_or_none and any(map(_failed, served)):
            response = Response(status=400, body=error_body(HALTED))
        else:
            response = _serve(call, each, answered, headers)
        if answered is not None and response.status < 400:
            answered[name] = response.body
        served.append(
            {**_answer_parts(response.status, response.body, response.headers), "referenceId": name}
        )
    return served


def _serve(
    call: Call, each: dict[str, Any], answered: dict[str, Any] | None, headers: dict[str, str]
) -> Response:
    """Serves a subrequest; `answered` is what it may refer to, None where nothing is referred to."""
    try:
        filled = each if answered is None else {name: fill(value, answered) for name, value in each.items()}
        request = subrequest(call, filled, headers)
    except SalesforceError as error:
        return Response(status=error.status, body=error_body(error))
    return call.dispatch(request)


def fill(value: Any, answered: Mapping[str, Any]) -> Any:
    """Replaces every reference in texts, however deep; SalesforceError when one leads nowhere."""
    if isinstance(value, dict):
        return {name: fill(inner, answered) for name, inner in value.items()}
    if isinstance(value, list):
        return [fill(inner, answered) for inner in value]
    if not isinstance(value, str) or "@{" not in value:
        return value
    whole = _REFERENCE.fullmatch(value)
    if whole:
        return _referred(whole[1], answered)
    return _REFERENCE.sub(lambda found: str(_referred(found[1], answered)), value)


def _referred(path: str, answered: Mapping[str, Any]) -> Any:
    steps = [name or int(index) for name, index in _STEP.findall(path)]
    found: Any = answered
    try:
        for step in steps:
            found = found[step] if isinstance(step, int) else _member(found, step)
    except (KeyError, IndexError, TypeError):
        message = f"Invalid reference specified. No value for {path} found in {steps[0] if steps else path}"
        raise SalesforceError(400, "PROCESSING_HALTED", message) from None
    return found


def _member(found: Any, name: str) -> Any:
    """A member by name, in any case where the exact one is not there: answers say `id` and people write `Id`."""
    if not isinstance(found, dict):
        raise TypeError(name)
    if name in found:
        return found[name]
    alike = {key.lower(): value for key, value in found.items()}
    return alike[name.lower()]


def _failed(answer: Mapping[str, Any]) -> bool:
    if answer["httpStatusCode"] >= 400:
        return True
    body = answer["body"]
    return isinstance(body, list) and any(
        isinstance(row, dict) and row.get("success") is False for row in body
    )


def _answer_parts(status: int, body: Any, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    return {"body": body, "httpHeaders": dict(headers or {}), "httpStatusCode": status}


def judge_parts(subrequests: list[dict[str, Any]]) -> None:
    """SalesforceError unless each subrequest has a method, an address and a name of its own."""
    for missing in (part for each in subrequests for part in ("method", "url") if not each.get(part)):
        raise SalesforceError(400, "JSON_PARSER_ERROR", f"Each subrequest must have a {missing}")
    names = [str(each.get("referenceId", "")) for each in subrequests]
    for name in names:
        if not _NAME.fullmatch(name) or names.count(name) > 1:
            message = f"Duplicate or invalid referenceId provided: {name}"
            raise SalesforceError(400, "JSON_PARSER_ERROR", message)


def _judge_number(subrequests: list[dict[str, Any]]) -> None:
    if len(subrequests) > MOST_SUBREQUESTS:
        message = f"Composite limit exceeded: a request can have at most {MOST_SUBREQUESTS} subrequests"
        raise SalesforceError(400, "LIMIT_EXCEEDED", message)
    limited = [each for each in subrequests if _LIMITED.match(str(each.get("url", "")))]
    if len(limited) > MOST_QUERIES_AND_COLLECTIONS:
        message = f"Composite limit exceeded: at most {MOST_QUERIES_AND_COLLECTIONS} subrequests can be queries or collections"
        raise SalesforceError(400, "LIMIT_EXCEEDED", message)
