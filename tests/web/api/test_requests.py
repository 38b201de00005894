"""What every request keeps to: pages without gaps or doubles, writes done once, errors with the next step, hostile input."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api_words import Asker, asker
from campaignsync.bootstrap import Application
from campaignsync.domain.access import Role
from campaignsync.domain.webhooks import out_of_bounds
from campaignsync.web.api.pace import Pace
from campaignsync.web.installation import serve

HOSTILE = (
    "'; DROP TABLE store_program; --",
    "<script>alert(1)</script>",
    '=HYPERLINK("http://evil")',
    "مرحبا 🎉 ‮txt.exe",
    "%00../../etc/passwd",
    "a" * 200,
    "\\",
    "%_",
)


@pytest.fixture
def program(admin: Asker) -> str:
    return f"/programs/{admin.post('/programs', {'name': 'Spring', 'channel': 'Webinar'})['number']}"


def brought(admin: Asker, program: str, count: int) -> None:
    lines = "".join(f"p{n:04}@example.com,P{n}\n" for n in range(count))
    admin.json("POST", f"{program}/members/import?status=Invited", f"Email,First Name\n{lines}".encode())


def test_pages_give_everybody_once_whatever_happens_meanwhile(admin: Asker, program: str) -> None:
    brought(admin, program, 57)
    for limit in (1, 7, 57, 58, 200):
        found = [row["email"] for row in admin.pages(f"{program}/members", limit=limit)]
        assert len(found) == len(set(found)) == 57
    first = admin.get(f"{program}/members?limit=20")
    gone = [row["email"] for row in first["items"][:5]]
    admin.post(f"{program}/members/remove", {"emails": gone})
    admin.post(f"{program}/members", {"members": [{"email": "new@example.com", "status": "Invited"}]})
    rest = admin.get(f"{program}/members?limit=200&cursor={first['next']}")
    seen = [row["email"] for row in (*first["items"], *rest["items"])]
    assert len(seen) == len(set(seen)) == 58, "nobody twice, nobody missed who was there all the time"
    assert rest["next"] is None


LISTS = [
    "/programs",
    "/people",
    "/problems",
    "/journal",
    "/audit",
    "/runs",
    "/errands",
    "/links",
    "/users",
    "/api-keys",
    "/smart-campaigns",
    "/people-lists",
    "/approvals",
    "/notices",
    "/webhooks",
]


@pytest.mark.parametrize("path", LISTS)
def test_every_list_takes_its_own_cursors_and_refuses_what_is_none(
    admin: Asker, program: str, path: str
) -> None:
    brought(admin, program, 3)
    rows = admin.pages(path, limit=1)
    assert len(rows) == len({json.dumps(row, sort_keys=True) for row in rows})
    for cursor in ("x", "bjE=bjE=", "biA5", "bi0x", "n1", "Ym9v"):
        assert admin.get(f"{path}?cursor={cursor}", status=422)["code"] == "MEND_FIRST"
    for limit in (0, -1, 201, "x"):
        assert admin.get(f"{path}?limit={limit}", status=422)["code"] == "WRONG_REQUEST"


def queries(admin: Asker, path: str) -> list[str]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as asked:
        admin.get(path)
    return [each["sql"] for each in asked]


def test_a_page_costs_the_same_few_queries_however_many_rows_it_has(admin: Asker, program: str) -> None:
    paths = [f"{program}/members", *LISTS]
    few = {path: len(queries(admin, f"{path}?limit=1")) for path in paths}
    brought(admin, program, 150)
    for number in range(10):
        admin.post("/programs", {"name": f"P{number}", "channel": "Webinar", "tags": {"A": "B"}})
        admin.post("/users", {"user": f"u{number}", "role": "viewer"})
        admin.post("/webhooks", {"url": f"https://8.8.8.8/{number}"})
        admin.json("PUT", f"/smart-campaigns/S{number}", {"definition": {"flow": []}})
        admin.json("PUT", f"/people-lists/L{number}", {"emails": ["person1@example.com"]})
    assert {path: len(queries(admin, f"{path}?limit=150")) for path in paths} == few
    assert max(few.values()) <= 6, few
    # The database is asked for a page and the row behind it, and for no whole list.
    assert [
        path for path in paths if not any("LIMIT 8" in sql for sql in queries(admin, f"{path}?limit=7"))
    ] == []


def rows_read(after: int) -> float:
    """How many rows of tables PostgreSQL reads for a page of members behind this one."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from campaignsync.web.installation import installation

    with CaptureQueriesContext(connection) as asked:
        assert len(installation().listings.members("Spring", after=after, limit=51)) == 51
    with connection.cursor() as database:
        database.execute("ANALYZE store_programmember, store_person")
        database.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {asked[-1]['sql']}")
        told = database.fetchone()[0]
    return _read(json.loads(told)[0]["Plan"] if isinstance(told, str) else told[0]["Plan"])


def _read(node: dict[str, Any]) -> float:
    below = sum(_read(each) for each in node.get("Plans", ()))
    if "Relation Name" not in node:
        return below
    kept = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
    return below + float(kept * node["Actual Loops"])


def test_a_page_behind_very_many_members_reads_no_more_than_the_first(admin: Asker, program: str) -> None:
    """Keyset paging, as PostgreSQL carries it out: nothing before the cursor is read."""
    from django.db import connection

    brought(admin, program, 3000)
    with connection.cursor() as database:
        # A small table is read whole, since that is quick: what a large one is read by is meant.
        database.execute("SET enable_seqscan = off")
        database.execute("SET enable_hashjoin = off")
    try:
        # As many are left behind it as would be dear to read: of the last hundred, PostgreSQL may well read all.
        assert rows_read(after=1500) <= rows_read(after=0) + 10
    finally:
        with connection.cursor() as database:
            database.execute("RESET enable_seqscan")
            database.execute("RESET enable_hashjoin")


def test_a_write_with_an_idempotency_key_is_done_once(admin: Asker, app: Application) -> None:
    wanted = {"name": "Once", "channel": "Webinar"}
    first = admin.send("POST", "/programs", wanted, Idempotency_Key="k1")
    again = admin.send("POST", "/programs", wanted, Idempotency_Key="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert (first.headers.get("Idempotency-Replayed"), again.headers["Idempotency-Replayed"]) == (
        None,
        "true",
    )
    assert len(admin.pages("/programs")) == 1
    other = admin.json("POST", "/programs", {**wanted, "name": "Twice"}, status=422, Idempotency_Key="k1")
    assert other["code"] == "IDEMPOTENCY_KEY_REUSED"
    elsewhere = asker(app, Role.ADMIN, name="ben")
    assert (
        elsewhere.json("POST", "/programs", wanted, status=409, Idempotency_Key="k1")["code"]
        == "ALREADY_THERE"
    )


def test_what_failed_leaves_nothing_and_may_be_asked_again_under_the_same_key(admin: Asker) -> None:
    wanted = {"name": "Later", "channel": "Nothing"}
    for _ in range(2):
        assert admin.json("POST", "/programs", wanted, status=404, Idempotency_Key="k")["code"] == "NOT_THERE"
    assert admin.pages("/programs") == []
    bad = {"name": "Dates", "channel": "Webinar", "start": "2026-02-01", "end": "2026-01-01"}
    admin.json("POST", "/programs", bad, status=422, Idempotency_Key="k2")
    assert admin.pages("/programs") == [], "all of a write or nothing"
    admin.json("POST", "/programs", {**bad, "end": "2026-03-01"}, status=201, Idempotency_Key="k2")


def test_who_asks_too_often_waits_and_others_do_not(admin: Asker, app: Application) -> None:
    other = asker(app, Role.VIEWER, name="ben")
    serve(replace(app, settings=replace(app.settings, web=replace(app.settings.web, api_rate=3))))
    try:
        asked = [admin.send("GET", "/me") for _ in range(5)]
        assert [each.status_code for each in asked] == [200, 200, 200, 429, 429]
        told = json.loads(asked[-1].content)
        assert (told["code"], told["status"]) == ("TOO_MANY_REQUESTS", 429)
        assert asked[-1].headers["Content-Type"] == "application/problem+json"
        assert 0 < int(asked[-1].headers["Retry-After"]) <= 20
        assert other.send("GET", "/me").status_code == 200
        assert admin.send("POST", "/programs", {"name": "x", "channel": "Webinar"}).status_code == 429
    finally:
        serve(app)


def test_an_error_of_ours_has_the_one_form_and_tells_nothing_of_itself(
    admin: Asker, app: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object, **_named: object) -> None:
        raise RuntimeError("the password is hush")

    monkeypatch.setattr(type(app.listings), "programs", broken)
    answer = admin.send("GET", "/programs")
    assert (answer.status_code, answer.headers["Content-Type"]) == (500, "application/problem+json")
    assert b"hush" not in answer.content
    assert json.loads(answer.content)["status"] == 500


def test_what_was_used_up_is_made_good_by_and_by() -> None:
    at = [0.0]
    pace = Pace(now=lambda: at[0])
    assert [pace.wait_s("ada", 60) for _ in range(60)] == [0.0] * 60
    assert pace.wait_s("ada", 60) == 1.0
    assert pace.wait_s("ben", 60) == 0.0
    at[0] = 1.5
    assert pace.wait_s("ada", 60) == 0.0
    assert pace.wait_s("ada", 60) == 0.5
    at[0] = 1000.0
    assert [pace.wait_s("ada", 60) for _ in range(61)] == [0.0] * 60 + [1.0], "no more than a minute's"
    assert [pace.wait_s("ada", 0) for _ in range(99)] == [0.0] * 99


def test_a_file_that_is_no_table_is_told_so_without_a_word_of_what_is_in_it(
    admin: Asker, program: str
) -> None:
    for raw in (
        b"PK\x03\x04secret",
        "Email\nada@example.com\n".encode("utf-16"),
        b"%PDF-1.7 secret",
        b"\x00",
    ):
        told = admin.json("POST", f"{program}/members/import", raw, status=422)
        assert "This is no CSV file" in told["detail"]
        assert "secret" not in told["detail"]


def test_a_revoked_key_gets_no_answer_that_was_kept(admin: Asker, app: Application) -> None:
    wanted = {"name": "Once", "channel": "Webinar"}
    admin.json("POST", "/programs", wanted, Idempotency_Key="k")
    (row,) = app.users.keys("ada")
    app.users.revoke_key(row["prefix"])
    assert admin.json("POST", "/programs", wanted, status=401, Idempotency_Key="k")["code"] == "NOT_KNOWN"


def test_an_error_says_what_where_and_the_next_step(admin: Asker) -> None:
    answer = admin.send("GET", "/programs/77")
    assert answer.headers["Content-Type"] == "application/problem+json"
    told = json.loads(answer.content)
    assert (told["status"], told["code"], told["next"]) == (404, "NOT_THERE", "GET /api/v1/programs")
    told = admin.post("/programs", {"name": "x", "channel": "Webinarr"}, status=404)
    assert "There are: " in told["detail"]
    told = admin.post("/programs", {"name": 5, "chanel": "Webinar"}, status=422)
    assert {fault["where"].rsplit(".", 1)[-1] for fault in told["errors"]} == {"name", "channel", "chanel"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/programs/0", 404),
        ("GET", "/programs/99999999999999999999", 404),
        ("GET", "/programs/9223372036854775807", 404),
        ("POST", "/programs/%2b1/clone", 404),
        ("POST", "/programs/01/clone", 404),
        ("GET", "/people/99999999999999999999", 422),
        ("GET", "/programs/x", 404),
        ("PUT", "/programs", 405),
        ("GET", "/problems?since=2026-01-01T00:00:00", 422),
        ("GET", "/problems?connection=none", 404),
        ("GET", "/programs?search=%00", 422),
        ("GET", "/channels/%00", 405),
    ],
)
def test_odd_requests_are_refused_as_problems(admin: Asker, method: str, path: str, status: int) -> None:
    answer = admin.send(method, path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert status != 405 or answer.headers["Allow"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"x"',
        b'{"name": NaN}',
        b'{"name": "\\ud800"}',
        b'{"name": "a\\u0000"}',
        b"\xff",
    ],
)
def test_bodies_that_are_none_are_refused_as_problems(admin: Asker, body: bytes) -> None:
    answer = admin.client.generic(
        "POST", "/api/v1/programs", body, content_type="application/json", headers=admin.head
    )
    assert answer.status_code in (400, 422)
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_are_names_and_no_more(admin: Asker, text: str) -> None:
    made = admin.post("/programs", {"name": text, "channel": "Webinar", "tags": {text: text}})
    assert (made["name"], made["tags"]) == (text, {text: text})
    program = f"/programs/{made['number']}"
    lines = f'Email,First Name\nada@example.com,"{text.replace(chr(34), chr(34) * 2)}"\n'
    admin.json("POST", f"{program}/members/import?status=Invited", lines.encode())
    cells = admin.send("GET", f"{program}/members.csv").content.decode()
    assert "\n=" not in cells
    assert ",=" not in cells
    assert ',"=' not in cells
    from urllib.parse import quote

    assert [row["name"] for row in admin.pages(f"/programs?search={quote(text)}")] == [text]


def test_a_file_that_is_too_large_or_none_is_refused(admin: Asker, program: str) -> None:
    from campaignsync.web.api import middleware

    path = f"{program}/members/import?status=Invited"
    assert admin.json("POST", path, {"a": 1}, status=422)["code"] == "WRONG_REQUEST"
    unclosed = b'Email\nada@example.com\n"' + b"x" * 200_000
    assert "cannot be read as CSV" in admin.json("POST", path, unclosed, status=422)["detail"]
    large = b"Email\n" + b"x" * middleware.LARGEST_TABLE
    assert admin.json("POST", path, large, status=413)["code"] == "TOO_LARGE"


_CELL = st.text(max_size=12) | st.sampled_from(
    ["ada@example.com", "Invited", '"', "\x00", "=1+1", "Attended", ""]
)


@settings(max_examples=60, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.lists(_CELL, max_size=4), max_size=6),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["utf-8", "utf-16", "latin-1"]),
)
def test_any_file_is_answered_in_words(
    admin: Asker, program: str, rows: Any, mark: str, encoding: str
) -> None:
    text = "\n".join(mark.join(row) for row in [["Email", "First Name"], *rows])
    answer = admin.send("POST", f"{program}/members/import?status=Invited", text.encode(encoding, "replace"))
    assert answer.status_code in (200, 422), answer.content
    if answer.status_code == 200:
        done = json.loads(answer.content)
        kept = done["added"] + done["moved"] + done["unchanged"] + done["skipped_back"] + done["joined"]
        assert kept + len(done["refused"]) == done["rows"]


def test_secrets_are_shown_once(admin: Asker) -> None:
    made = admin.post("/api-keys", {"name": "x", "scopes": ["members:read"]})
    hook = admin.post("/webhooks", {"url": "https://example.com/hook", "events": ["run.finished"]})
    told = json.dumps(
        [admin.pages("/api-keys"), admin.pages("/webhooks"), admin.pages("/audit"), admin.get("/me")]
    )
    assert made["key"] not in told
    assert hook["secret"] not in told
    assert admin.post("/webhooks", {"url": "https://example.com/hook"}, status=409)["code"] == "ALREADY_THERE"
    private = admin.post("/webhooks", {"url": "https://10.0.0.1/hook"}, status=422)
    assert (private["code"], private["detail"]) == ("PRIVATE_ADDRESS", str(out_of_bounds("10.0.0.1")))
    assert private["next"] is None, "whoever runs campaignsync is nobody whom one could call with a command"
    admin.post(f"/webhooks/{hook['id']}/ping")
    assert [row["event"] for row in admin.pages(f"/webhooks/{hook['id']}/deliveries")] == ["ping"]


def test_users_are_managed_and_what_was_done_stands_in_the_audit_log(admin: Asker) -> None:
    admin.post("/users", {"user": "ben", "password": "a long enough phrase", "role": "viewer"})
    changed = admin.json("PUT", "/users/ben/roles", {"role": "operator", "folder": "EMEA"})
    assert (changed["role"], changed["folders"]) == ("viewer", {"EMEA": "operator"})
    assert admin.post("/users/ben/roles/revoke", {"role": "operator", "folder": "EMEA"})["folders"] == {}
    assert admin.json("PATCH", "/users/ben", {"active": False})["active"] is False
    admin.json("DELETE", "/users/ben", status=204)
    assert admin.get("/users/ben/roles", status=405)
    by_me = admin.pages("/audit?who=ada&noun=grant")
    assert [(row["record"], row["action"]) for row in by_me if row["record"] == "ben"][-1] == (
        "ben",
        "insert",
    )
    assert all(row["who"].startswith("ada by key cs_") for row in by_me)


def test_the_configuration_goes_out_and_in(admin: Asker, program: str) -> None:
    document = admin.get("/configuration")
    assert admin.post("/configuration/plan", {"document": document}) == []
    document["programs"]["Spring"]["tags"] = {"Region": "EMEA"}
    planned = admin.post("/configuration/plan", {"document": document})
    assert admin.post("/configuration/apply", {"document": document}) == planned
    assert admin.get(program)["tags"] == {"Region": "EMEA"}
    assert (
        admin.post("/configuration/plan", {"document": {"campaignsync": 9}}, status=422)["code"]
        == "WRONG_ENTRY"
    )
