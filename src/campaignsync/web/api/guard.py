"""Who asks, and whether they may: every route stands in one table with its action, and is refused where `Rights` refuse it.

Used by the modules of routes. A key comes as a bearer token; whoever is logged in at the pages may ask with their session,
guarded against requests that other sites forge. A program that somebody may not see is not told from one that is not there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from django.contrib.auth.models import User
from django.http import HttpRequest
from ninja import Router
from ninja.security import HttpBearer, SessionAuth

from campaignsync.bootstrap import introduce
from campaignsync.domain.access import RULES, Action, Reach, Rights
from campaignsync.domain.errors import NOT_THERE, UsageError
from campaignsync.web.api.forms import LARGEST
from campaignsync.web.installation import installation

View = Callable[..., Any]
_NUMBER = re.compile(r"[1-9][0-9]{0,18}")


class Asking(HttpRequest):
    """A request that was let in."""

    auth: Rights
    program: str
    """The name of the program of the path."""
    folder: str
    """Its folder."""
    table: bytes
    """The body, where it is a CSV file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One route of the API."""

    noun: str
    method: str
    path: str
    action: Action
    view: View

    def admit(self, request: HttpRequest, rights: Rights | None) -> Rights | None:
        """Let somebody in, or raise why not: before anything of the request is read but its path."""
        if rights is None:
            return None
        asking = cast("Asking", request)
        asking.auth = rights
        if self.method != "GET":
            introduce(rights.name)
        number = (request.resolver_match.kwargs if request.resolver_match else {}).get("program", "")
        if "{program}" in self.path:
            _enter(asking, self.action, str(number))
        elif RULES[self.action].reach is not Reach.FOLDER or not rights.folders_of(self.action):
            rights.require(self.action)
        return rights


class KeyAuth(HttpBearer):
    """An API key, as a bearer token."""

    def __init__(self, route: Route) -> None:
        super().__init__()
        self._route = route

    def authenticate(self, request: HttpRequest, token: str) -> Rights | None:
        return self._route.admit(request, installation().users.rights_by_key(token))


class PageAuth(SessionAuth):
    """Somebody who is logged in at the pages; a request that another site forged is refused."""

    def __init__(self, route: Route) -> None:
        super().__init__()
        self._route = route

    def authenticate(self, request: HttpRequest, key: str | None) -> Rights | None:
        user = request.user
        known = isinstance(user, User) and user.is_active
        return self._route.admit(
            request, installation().users.rights_of(cast("User", user)) if known else None
        )


ROUTES: list[Route] = []
"""Every route, for the test of roles and for docs/api.md."""


class Routes:
    """The routes of one noun."""

    def __init__(self, noun: str) -> None:
        self._noun = noun
        self.router = Router(tags=[noun])

    def get(self, path: str, action: Action, response: Any, **more: Any) -> Callable[[View], View]:
        return self._route("GET", path, action, {200: response}, more)

    def post(
        self, path: str, action: Action, response: Any, status: int = 200, **more: Any
    ) -> Callable[[View], View]:
        return self._route("POST", path, action, {status: response}, more)

    def put(self, path: str, action: Action, response: Any, **more: Any) -> Callable[[View], View]:
        return self._route("PUT", path, action, {200: response}, more)

    def patch(
        self, path: str, action: Action, response: Any, status: int = 200, **more: Any
    ) -> Callable[[View], View]:
        return self._route("PATCH", path, action, {status: response}, more)

    def delete(
        self, path: str, action: Action, response: Any = None, status: int = 204, **more: Any
    ) -> Callable[[View], View]:
        return self._route("DELETE", path, action, {status: response}, more)

    def _route(
        self, method: str, path: str, action: Action, response: dict[int, Any], more: dict[str, Any]
    ) -> Callable[[View], View]:
        def known(view: View) -> View:
            route = Route(noun=self._noun, method=method, path=path, action=action, view=view)
            ROUTES.append(route)
            auth = [KeyAuth(route), PageAuth(route)]
            told = _told(action, view, more)
            self.router.api_operation([method], path, response=response, auth=auth, **told)(view)
            return view

        return known


def _told(action: Action, view: View, more: dict[str, Any]) -> dict[str, Any]:
    """What OpenAPI says of a route beyond its types."""
    rule = RULES[action]
    text = " ".join((view.__doc__ or "").split())
    told = {
        "summary": text.split(". ")[0].rstrip("."),
        "description": f"{text}\n\nNeeds the role **{rule.role}** ({rule.reach}) and the scope `{rule.scope}`.",
        "operation_id": view.__name__,
    }
    extra = {
        "responses": {"default": {"$ref": "#/components/responses/Problem"}},
        **more.pop("openapi_extra", {}),
    }
    return {**told, **more, "openapi_extra": extra}


def _enter(asking: Asking, action: Action, number: str) -> None:
    """Find the program of a path, and ask whether this may be done to it. What is no plain number leads to none, whatever the
    library would make of it."""
    plain = _NUMBER.fullmatch(number) and int(number) <= LARGEST
    found = installation().listings.program_named(int(number)) if plain else None
    if found is None or asking.auth.role_in(found[1]) is None:
        raise UsageError(
            f"There is no program {number[:20]}. List them with: GET /api/v1/programs", code=NOT_THERE
        )
    asking.program, asking.folder = found
    asking.auth.require(action, asking.folder)


def folders(request: HttpRequest, action: Action) -> tuple[str, ...] | None:
    """The folders that a list is narrowed to for whoever asks; None: it is not."""
    return cast("Asking", request).auth.folders_of(action)


def connection_named(number: int) -> str:
    """The name of a connection by its number."""
    for each in installation().registry.connections():
        if each.connection_id == number:
            return each.name
    raise UsageError(
        f"There is no connection {number}. List them with: GET /api/v1/connections", code=NOT_THERE
    )
