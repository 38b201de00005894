"""Versions, the resources of a version, what was looked at, and limits (S2.1.3, S2.2.9)."""

from salesforce_sandbox.wire.messages import Response
from salesforce_sandbox.wire.routes import Call, Routes
from salesforce_sandbox.wire.serve import NEWEST_VERSION, OLDEST_VERSION

free_routes = Routes(kind=None, session=False)
routes = Routes(kind="limits")

# The first of the live versions is Summer '14's; three come a year.
_SEASONS = ("Summer", "Winter", "Spring")
_RESOURCES = (
    "composite",
    "jobs",
    "limits",
    "parameterizedSearch",
    "query",
    "queryAll",
    "recent",
    "search",
    "sobjects",
)


@free_routes.on("GET", "/services/data", rules="S2.1.3 S2.2.9")
def versions(call: Call) -> Response:
    listed = [
        {"label": _label(number), "url": f"/services/data/v{number}.0", "version": f"{number}.0"}
        for number in range(OLDEST_VERSION, NEWEST_VERSION + 1)
    ]
    return Response(body=listed)


@routes.on("GET", "/services/data/v{version}", rules="S2.2.1")
def resources(call: Call) -> Response:
    return Response(
        body={name: f"{call.base}/{name}" for name in _RESOURCES}
        | {"identity": f"{call.request.origin}/id/{call.org.id}/{call.caller.user_id}"}
    )


@routes.on(
    "GET", "/services/data/v{version}/recent", note="Nobody looks at records here, so none was looked at."
)
def recent(call: Call) -> Response:
    return Response(body=[])


@routes.on("GET", "/services/data/v{version}/limits", rules="S2.2.9")
def limits(call: Call) -> Response:
    return Response(body=call.org.accounting.remaining())


@routes.on("GET", "/services/data/v{version:40}/limits/recordCount", rules="S2.2.9")
def record_count(call: Call) -> Response:
    wanted = [name for name in call.request.query.get("sObjects", "").split(",") if name]
    found = [call.org.schema.find(name) for name in wanted] if wanted else list(call.org.schema)
    names = [each.name for each in found if each and "queryable" in each.can]
    # Objects without records are left out, as recorded answers leave them.
    counts = {name: count for name in names if (count := _count(call, name))}
    return Response(body={"sObjects": [{"count": count, "name": name} for name, count in counts.items()]})


def _count(call: Call, name: str) -> int | None:
    return call.org.total(call.org.compile(f"SELECT COUNT() FROM {name}", call.caller))  # noqa: S608 - SOQL


def _label(number: int) -> str:
    since = number - OLDEST_VERSION
    season = _SEASONS[since % 3]
    year = 14 + (since + 2) // 3
    return f"{season} '{year}"
