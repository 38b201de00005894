"""Every route by every role, in the folder and outside of it, by every scope: who may not is refused before anything is read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from api_words import Asker, asker
from campaignsync.bootstrap import Application
from campaignsync.domain.access import RULES, Action, Reach, Role, Scope
from campaignsync.web.installation import serve

NOWHERE = 999_999


@pytest.fixture
def program(app: Application) -> int:
    serve(app)
    app.registry.create_program("Spring", "Webinar", {})
    app.registry.change_program("Spring", {"folder": "EMEA"})
    return app.listings.number_of("Spring")


def routes() -> Any:
    from campaignsync.web.api.application import api
    from campaignsync.web.api.guard import ROUTES

    assert api
    return ROUTES


def path_of(route: Any, program: int) -> str:
    """A path that leads to a program that is there, and else to nothing that is."""
    path = route.path.replace("{program}", str(program))
    for name in ("connection", "number", "run"):
        path = path.replace(f"{{{name}}}", str(NOWHERE))
    for name in ("month_of", "name", "user", "prefix"):
        path = path.replace(f"{{{name}}}", "nothing")
    assert "{" not in path
    return path


def answers(who: Asker, program: int) -> dict[str, tuple[int, str]]:
    """What each route answers, without a body: the status and the code. What is left unread changes nothing."""
    told = {}
    # The one that would take the program away comes last.
    for route in sorted(
        routes(), key=lambda each: (each.method, each.path) == ("DELETE", "/programs/{program}")
    ):
        answer = who.send(route.method, path_of(route, program), b"" if "import" in route.path else None)
        kind = answer.headers.get("Content-Type", "")
        told[f"{route.method} {route.path}"] = (
            answer.status_code,
            json.loads(answer.content)["code"] if kind == "application/problem+json" else "",
        )
    return told


def test_every_address_of_the_api_is_a_route_with_an_action_and_asks_who_it_is(
    app: Application, program: int
) -> None:
    from campaignsync.web.api.application import api

    known = {(route.method, route.path, route.view) for route in routes()}
    found = {
        (method, path, operation.view_func)
        for _, router in api._routers
        for path, view in router.path_operations.items()
        for operation in view.operations
        for method in operation.methods
    }
    assert found == known
    assert all(
        len(operation.auth_callbacks) == 2
        for _, router in api._routers
        for view in router.path_operations.values()
        for operation in view.operations
    )
    for route in routes():
        answer = Asker("").send(route.method, path_of(route, program))
        assert (answer.status_code, answer.headers.get("WWW-Authenticate")) == (401, "Bearer"), route


@pytest.mark.parametrize("role", [None, *Role])
def test_every_route_is_open_to_the_roles_that_its_action_names(
    app: Application, program: int, role: Role | None
) -> None:
    told = answers(asker(app, role, name="ben"), program)
    for route in routes():
        status, code = told[f"{route.method} {route.path}"]
        may = role is not None and role.rank >= RULES[route.action].role.rank
        if may:
            assert status not in (401, 403, 500), (route, status, code)
        elif role is None and "{program}" in route.path:
            # Who may not see a program is not told that it is there.
            assert (status, code) == (404, "NOT_THERE"), route
        else:
            assert (status, code) == (403, "NOT_ALLOWED"), route


@pytest.mark.parametrize(("held_in", "inside"), [("EMEA", True), ("APAC", False)])
def test_a_role_in_a_folder_opens_the_programs_of_that_folder_alone(
    app: Application, program: int, held_in: str, inside: bool
) -> None:
    told = answers(asker(app, None, name="ben", folders={held_in: Role.ADMIN}), program)
    for route in routes():
        status, code = told[f"{route.method} {route.path}"]
        if RULES[route.action].reach is Reach.EVERYWHERE:
            assert (status, code) == (403, "NOT_ALLOWED"), route
        elif "{program}" in route.path and not inside:
            assert (status, code) == (404, "NOT_THERE"), route
        else:
            assert status not in (401, 500), route


def test_lists_show_what_stands_in_ones_folders_and_nothing_else(app: Application, program: int) -> None:
    app.registry.create_program("Autumn", "Webinar", {})
    app.registry.change_program("Autumn", {"folder": "APAC"})
    ben = asker(app, None, name="ben", folders={"EMEA": Role.OPERATOR})
    assert [row["name"] for row in ben.pages("/programs")] == ["Spring"]
    app.members.set_status("Autumn", "ada@example.com", "Invited", who="ada")
    app.members.set_status("Spring", "cy@example.com", "Invited", who="ada")
    assert {row["program"] for row in ben.pages("/journal")} == {"Spring"}
    new = {"name": "Mine", "channel": "Webinar", "folder": "APAC/x"}
    assert ben.post("/programs", new, status=403)["code"] == "NOT_ALLOWED"
    assert ben.post("/programs", {**new, "folder": "EMEA/x"})["folder"] == "EMEA/x"
    moved = ben.json("PATCH", f"/programs/{program}", {"folder": "APAC"}, status=403)
    assert moved["code"] == "NOT_ALLOWED"
    everything = ben.post("/problems/retry", {}, status=403)
    assert everything["code"] == "NOT_ALLOWED"
    assert ben.post("/problems/retry", {"program": "Autumn"}, status=403)
    assert ben.post("/problems/retry", {"program": "Spring"}) == {"retried": 0}


def test_no_route_is_open_to_a_key_without_its_scope_whoever_it_belongs_to(
    app: Application, program: int
) -> None:
    keys = {
        scope: asker(app, Role.ADMIN, name=scope.name, scopes=frozenset(Scope) - {scope}) for scope in Scope
    }
    for route in routes():
        answer = keys[RULES[route.action].scope].send(route.method, path_of(route, program))
        assert (answer.status_code, json.loads(answer.content)["code"]) == (403, "NOT_ALLOWED"), route


def test_a_key_cannot_make_one_that_may_more_than_itself(app: Application, program: int) -> None:
    ben = asker(app, Role.ADMIN, name="ben", scopes=frozenset({Scope.ACCESS_WRITE}))
    wanted = {"name": "x", "scopes": ["access:write", "sync:run"]}
    assert ben.post("/api-keys", wanted, status=403)["code"] == "NOT_ALLOWED"
    made = ben.post("/api-keys", {"name": "x", "scopes": ["access:write"], "hours": 1})
    assert Asker(made["key"]).json("DELETE", f"/api-keys/{made['prefix']}", status=204) is None
    assert Asker(made["key"]).send("GET", "/me").status_code == 401
    viewer = asker(app, Role.VIEWER, name="cy")
    assert viewer.post("/api-keys", {"name": "x", "scopes": ["sync:run"], "user": "ben"}, status=403)
    assert [row["user"] for row in viewer.pages("/api-keys")] == ["cy"]


def test_a_session_of_the_pages_is_let_in_and_guarded_against_forgery(app: Application, program: int) -> None:
    from django.contrib.auth.models import User
    from django.test import Client

    app.users.add("root", role=Role.ADMIN)
    for strict in (True, False):
        client = Client(SERVER_NAME="localhost", enforce_csrf_checks=strict)
        client.force_login(
            User.objects.get(username="root"), backend="allauth.account.auth_backends.AuthenticationBackend"
        )
        sent = client.post(
            "/api/v1/programs",
            json.dumps({"name": f"P{strict}", "channel": "Webinar"}),
            content_type="application/json",
        )
        assert sent.status_code == (403 if strict else 201), sent.content
        assert strict is (sent.headers["Content-Type"] == "application/problem+json")


def test_no_action_is_without_a_route() -> None:
    assert {route.action for route in routes()} == set(Action)
