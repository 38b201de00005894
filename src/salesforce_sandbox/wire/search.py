"""Search over REST: SOSL, and the same by parameters in the address or the body.

Rests on the REST guide, "Search" and "Parameterized Search".
"""

from collections.abc import Mapping
from typing import Any

from salesforce_sandbox.org import sosl
from salesforce_sandbox.org.sosl.syntax import MOST_FOUND, SCOPES
from salesforce_sandbox.wire.messages import Response, objects_in
from salesforce_sandbox.wire.routes import Call, Routes

routes = Routes(kind="search")

_BASE = "/services/data/v{version}"
# Before this version the answer was the bare list.
_NAMED_SINCE = 37.0


@routes.on("GET", f"{_BASE}/search", note="Whole words; no ranking, stemming or spelling correction.")
def search(call: Call) -> Response:
    return _answer(call, sosl.parse(call.request.query.get("q", "")))


@routes.on("GET", "/services/data/v{version:36}/parameterizedSearch")
def search_by_address(call: Call) -> Response:
    asked = call.request.query
    names = [name for name in asked.get("sobject", "").split(",") if name]
    objects = [
        {part: asked[f"{name}.{part}"] for part in ("fields", "where", "limit") if f"{name}.{part}" in asked}
        | {"name": name}
        for name in names
    ]
    return _answer(call, _search(asked, objects, asked.get("fields", "Id")))


@routes.on("POST", "/services/data/v{version:36}/parameterizedSearch")
def search_by_body(call: Call) -> Response:
    body = call.request.json_object()
    objects = objects_in(body, "sobjects") if "sobjects" in body else []
    return _answer(call, _search(body, objects, _listed(body.get("fields", "Id"))))


def _search(asked: Mapping[str, Any], objects: list[dict[str, Any]], fields: str) -> sosl.Search:
    scope, most = str(asked.get("in", "ALL")).upper(), str(asked.get("overallLimit") or MOST_FOUND)
    if scope not in SCOPES or not most.isdecimal():
        raise sosl.malformed(f"in is one of {', '.join(SCOPES)}, overallLimit is a number")
    returning = []
    for each in objects:
        limit = each.get("limit") or asked.get("defaultLimit")
        order = f"ORDER BY {each['orderBy']} " if each.get("orderBy") else ""
        returning.append(
            sosl.Returning(
                sobject=str(each.get("name")),
                fields=_listed(each.get("fields", fields)),
                where=str(each.get("where", "")),
                rest=f"{order}{f'LIMIT {limit}' if limit else ''}",
            )
        )
    return sosl.Search(
        words=str(asked.get("q", "")),
        scope=scope,
        returning=tuple(returning),
        limit=int(most),
    )


def _listed(fields: Any) -> str:
    return ", ".join(map(str, fields)) if isinstance(fields, list) else str(fields)


def _answer(call: Call, asked: sosl.Search) -> Response:
    found = sosl.find(call.org, asked, call.caller, call.version)
    return Response(body=found if float(call.version) < _NAMED_SINCE else {"searchRecords": found})
