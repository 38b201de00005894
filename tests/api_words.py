"""Somebody who asks the API: with a key of a user who holds these rights, in the same process, following errands to their end."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from campaignsync.bootstrap import Application
from campaignsync.domain.access import Role, Scope

if TYPE_CHECKING:
    from django.http import HttpResponse

PATIENCE_S = 120


class Asker:
    """Asks `/api/v1` with an API key."""

    def __init__(self, key: str) -> None:
        from django.test import Client

        self.client = Client(SERVER_NAME="localhost", raise_request_exception=False)
        self.head = {"Authorization": f"Bearer {key}"} if key else {}

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        """What is answered; a body of bytes is CSV, any other JSON."""
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        kind = "text/csv" if isinstance(body, bytes) else "application/json"
        head = {**self.head, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return self.client.generic(method, f"/api/v1{path}", content, content_type=kind, headers=head)

    def json(
        self, method: str, path: str, body: Any = None, *, status: int | None = None, **headers: str
    ) -> Any:
        """The JSON of an answer, which must be a success, or of this status."""
        answer = self.send(method, path, body, **headers)
        wanted = answer.status_code < 300 if status is None else answer.status_code == status
        assert wanted, (answer.status_code, answer.content)
        return json.loads(answer.content) if answer.content else None

    def get(self, path: str, **more: Any) -> Any:
        return self.json("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> Any:
        return self.json("POST", path, {} if body is None else body, **more)

    def errand(self, path: str, body: Any = None, method: str = "POST") -> Any:
        """An errand that is asked for, at its end."""
        asked = self.json(method, path, {} if body is None else body, status=202)
        until = time.monotonic() + PATIENCE_S
        while asked["state"] in ("queued", "running"):
            assert time.monotonic() < until, asked
            time.sleep(0.02)
            asked = self.get(f"/errands/{asked['id']}")
        return asked

    def pages(self, path: str, limit: int = 50) -> list[Any]:
        """All rows of a list, page by page."""
        rows, cursor = [], ""
        while True:
            mark = "&" if "?" in path else "?"
            page = self.get(f"{path}{mark}limit={limit}" + (f"&cursor={cursor}" if cursor else ""))
            rows += page["items"]
            if not (cursor := page["next"]):
                return rows


def asker(
    app: Application,
    role: Role | None = Role.ADMIN,
    *,
    name: str = "",
    folders: dict[str, Role] | None = None,
    scopes: frozenset[Scope] = frozenset(Scope),
) -> Asker:
    """Somebody with this role everywhere, these in folders, and a key of these scopes."""
    name = name or f"{role or 'nobody'}-{len(app.users.list())}"
    if not any(row["role"] == Role.ADMIN for row in app.users.list()):
        app.users.add("root", role=Role.ADMIN)
    app.users.add(name, role=role)
    for folder, held in (folders or {}).items():
        app.users.grant(name, held, folder)
    return Asker(app.users.create_key(name, "a test", scopes).key)
