"""The OpenAPI document is 3.1 and true: whatever it allows to be asked is answered as it says, never with an error of ours."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import openapi
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api_words import Asker

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
TRIES = 8
NOUNS = (
    "programs",
    "links",
    "syncing",
    "approvals",
    "problems",
    "people",
    "history",
    "settings",
    "access",
    "smart campaigns",
)


def document() -> dict[str, Any]:
    from campaignsync.web.api.application import api

    return dict(api.get_openapi_schema(path_prefix="/api/v1/"))


def test_the_document_tells_of_every_route_and_what_it_needs(admin: Asker) -> None:
    from campaignsync.web.api.guard import ROUTES

    told = admin.client.get("/api/v1/openapi.json").json()
    assert told["openapi"] == "3.1.0"
    operations = [each for path in told["paths"].values() for each in path.values()]
    assert len(operations) == len(ROUTES)
    assert len({each["operationId"] for each in operations}) == len(ROUTES)
    for each in operations:
        assert "Needs the role **" in each["description"]
        assert each["responses"]["default"] == {"$ref": "#/components/responses/Problem"}
        assert each["security"]


def test_no_noun_of_the_api_is_left_out() -> None:
    """Whoever adds a module of routes finds it here, or its routes would never be tried."""
    from campaignsync.web.api.application import MODULES, ROUTES

    assert {route.noun for route in ROUTES} == set(NOUNS)
    assert len(MODULES) >= len(NOUNS)


WHOLE = {
    "/channels": "as many as kinds of delivery",
    "/connections": "as many as orgs",
    "/connections/{connection}/fields": "as many as are mapped in an org",
    "/connections/{connection}/member-fields": "as many as are mapped in an org",
    "/member-fields": "made by hand, by an admin",
    "/programs/{program}/links": "one a connection",
    "/reports/performance": "a report: its rows belong together, and it can be narrowed",
}
"""Lists that come as one, and why nothing makes them long."""


def test_every_list_comes_page_by_page_or_says_why_not() -> None:
    told = document()
    bare, paged = set(), set()
    for path, operations in told["paths"].items():
        for answer in (operations.get("get") or {}).get("responses", {}).values():
            schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
            if schema.get("type") == "array":
                bare.add(path.removeprefix("/api/v1"))
            elif schema.get("$ref", "").rpartition("/")[2].startswith("Page"):
                paged.add(path)
                asked = {each["name"] for each in operations["get"]["parameters"]}
                assert {"cursor", "limit"} <= asked, path
    assert bare == set(WHOLE)
    assert len(paged) >= 20


@pytest.mark.parametrize("noun", NOUNS)
def test_whatever_may_be_asked_is_answered_as_the_document_says(admin: Asker, noun: str) -> None:
    from django.core.handlers.wsgi import WSGIHandler

    made = admin.post("/programs", {"name": "Spring", "channel": "Webinar"})
    admin.post(
        f"/programs/{made['number']}/members",
        {"members": [{"email": "ada@example.com", "status": "Invited"}]},
    )
    schema = openapi.from_dict(document())
    schema.app = WSGIHandler()
    tried = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        if noun in (operation.definition.raw.get("tags") or ()):
            tried += 1
            _try(operation, admin)
    assert tried


def _try(operation: Any, admin: Asker) -> None:
    @settings(
        max_examples=TRIES,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy())
    def as_it_says(case: Any) -> None:
        answer = case.call(headers=admin.head)
        case.validate_response(answer, checks=CHECKS)

    as_it_says()
