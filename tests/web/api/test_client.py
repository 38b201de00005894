"""The typed client, over HTTP: every example of docs/api.md runs, and the page lists every route."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

from api_words import Asker
from campaignsync.bootstrap import Application
from campaignsync.client import ApiError, Client, MemberChange, signed_by
from campaignsync.domain.access import Role, Scope
from campaignsync.domain.webhooks import signature
from desk import Desk

DOCS = Path(__file__).resolve().parents[3] / "docs"


@pytest.fixture
def key(app: Application, admin: Asker) -> str:
    return app.users.create_key("ada", "the client", frozenset(Scope)).key


def test_every_example_of_the_page_runs(served: str, key: str, desk: Desk, capsys: Any) -> None:
    examples = re.findall(r"```python\n(.*?)```", (DOCS / "api.md").read_text("utf-8"), flags=re.DOTALL)
    assert len(examples) == 3
    names: dict[str, Any] = {"key": key}
    for example in examples:
        exec(example.replace("http://localhost:8080", served), names)  # noqa: S102 - our own page.
    told = capsys.readouterr().out
    assert "1 came in; []" in told
    assert "ben@example.com None → Attended" in told
    assert "409 ALREADY_THERE There is a program 'Spring Fair' already" in told
    assert "{'EUR': '1200.00'}" in told
    assert "['apply'] []" in told
    hook = names["hook"]
    assert names["received"](b"{}", signature(hook.secret, b"{}"))
    assert not names["received"](b"{ }", signature(hook.secret, b"{}"))


def test_lists_are_read_to_their_end_and_writes_are_done_once(
    served: str, key: str, app: Application
) -> None:
    client = Client(served, key)
    program = client.create_program("Spring", "Webinar")
    changes = [MemberChange(email=f"p{n}@example.com", status="Invited") for n in range(230)]
    assert all(each.error is None for each in client.set_members(program.number, changes))
    assert len({member.email for member in client.members(program.number)}) == 230
    body = {"name": "Once", "channel": "Webinar"}
    first = client.call("POST", "/programs", body, once="mine")
    assert client.call("POST", "/programs", body, once="mine") == first
    assert [each.name for each in client.programs()] == ["Spring", "Once"]


def test_what_is_refused_is_an_error_with_words_and_no_key(served: str, key: str, app: Application) -> None:
    with pytest.raises(ApiError, match="There is no program 77") as refused:
        list(Client(served, key).members(77))
    assert (refused.value.status, refused.value.code, refused.value.next) == (
        404,
        "NOT_THERE",
        "GET /api/v1/programs",
    )
    with pytest.raises(ApiError, match="Give an API key") as nobody:
        Client(served, "wrong").connections()
    assert (nobody.value.status, "wrong" in str(nobody.value)) == (401, False)
    app.users.add("ben", role=Role.VIEWER)
    viewer = Client(served, app.users.create_key("ben", "x", frozenset(Scope)).key)
    with pytest.raises(ApiError) as forbidden:
        viewer.create_program("Mine", "Webinar")
    assert (forbidden.value.status, forbidden.value.code) == (403, "NOT_ALLOWED")


def test_the_page_lists_every_route(app: Application) -> None:
    spec = importlib.util.spec_from_file_location("make_pages", DOCS / "make_pages.py")
    assert spec
    assert spec.loader
    pages = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pages)
    assert (DOCS / "api.md").read_text("utf-8") == pages.api_page(), "write it anew with: ./run docs"


def test_a_signature_is_checked_over_the_bytes_as_they_came() -> None:
    assert signed_by("s", b"x", signature("s", b"x"))
    assert not signed_by("s", b"x", signature("t", b"x"))
    assert not signed_by("s", b"x", "")
