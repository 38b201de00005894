"""The API as one application: its routes, how who asks is known, how errors are told, and its OpenAPI document.

Served by `web.urls`; the document is read by docs/make_pages.py and by the tests. A module of routes is named here or is not
there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.parser import Parser
from ninja.renderers import BaseRenderer

from campaignsync.domain.errors import CampaignsyncError
from campaignsync.web import errand_kinds
from campaignsync.web.api import (
    accounts,
    approvals,
    automation,
    choices,
    history,
    links,
    people,
    problems,
    problems_json,
    programs,
    settings,
    syncing,
)
from campaignsync.web.api.guard import ROUTES
from campaignsync.web.errands import KINDS

MODULES = (
    programs,
    links,
    syncing,
    approvals,
    problems,
    people,
    automation,
    history,
    settings,
    choices,
    accounts,
)
DESCRIPTION = """Everything campaignsync does, for programs. See docs/api.md.

Lists come page by page (`cursor`, `limit`); a write with an `Idempotency-Key` is done once; what goes to Salesforce is
answered with 202 and an errand to watch; errors are problem+json with the next step."""
_TOLD: dict[type[Exception], Callable[[HttpRequest, Any], HttpResponse]] = {
    CampaignsyncError: problems_json.of_the_field,
    ValidationError: problems_json.of_the_form,
    AuthenticationError: problems_json.of_nobody,
    HttpError: problems_json.of_http,
}


class _Json(BaseRenderer):
    """JSON by orjson."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> Any:
        return orjson.dumps(data, default=str, option=orjson.OPT_NON_STR_KEYS)


class _Read(Parser):
    """Bodies as orjson reads them: strict, and no text that is no Unicode."""

    def parse_body(self, request: HttpRequest) -> Any:
        return orjson.loads(request.body)


class Api(NinjaAPI):
    """`/api/v1`."""

    def get_openapi_schema(self, **given: Any) -> OpenAPISchema:
        document = super().get_openapi_schema(**given)
        answer = {"schema": problems_json.Problem.json_schema()}
        document["components"]["responses"] = {
            "Problem": {"description": "Why it was not done.", "content": {problems_json.MEDIA_TYPE: answer}}
        }
        return document


def make_api() -> Api:
    """The application with all its routes."""
    made = Api(
        title="campaignsync",
        version="1",
        description=DESCRIPTION,
        docs_url=None,
        renderer=_Json(),
        parser=_Read(),
    )
    for module in MODULES:
        made.add_router("", module.routes.router)
    for kind, tell in _TOLD.items():
        made.add_exception_handler(kind, tell)
    return made


api = make_api()
__all__ = ["KINDS", "ROUTES", "api", "errand_kinds"]
