"""Logging in: by single sign-on at a small provider of our own, with one-time codes, and back to a form whose session ended."""

from __future__ import annotations

import base64
import hmac
import html
import json
import re
import struct
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
import time_machine
from playwright.sync_api import Page, expect

from campaignsync.bootstrap import Application
from campaignsync.domain.access import Role
from campaignsync.web.installation import serve
from serving import serving
from web_words import PASSWORD, client

if TYPE_CHECKING:
    from django.test import Client

SOMEBODY = {"sub": "1815", "email": "grace@sky.example", "preferred_username": "grace", "name": "Grace"}


class Provider(BaseHTTPRequestHandler):
    """An OpenID Connect provider that knows one person and asks for no password."""

    person: dict[str, str] = SOMEBODY
    challenges: list[str] = []  # noqa: RUF012 - one provider a test module.

    def log_message(self, *arguments: Any) -> None:
        pass

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"  # type: ignore[attr-defined]

    def _json(self, value: object) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(value).encode())

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(url.query).items()}
        if url.path == "/.well-known/openid-configuration":
            ends = {
                f"{name}_endpoint": f"{self.address}/{name}"
                for name in ("authorization", "token", "userinfo")
            }
            self._json({"issuer": self.address, "jwks_uri": f"{self.address}/keys", **ends})
        elif url.path == "/authorization":
            # Providers send people on to another of their addresses, which nobody here was told of.
            self.send_response(302)
            self.send_header(
                "Location", f"{self.address.replace('127.0.0.1', 'localhost')}/login?{url.query}"
            )
            self.end_headers()
        elif url.path == "/login":
            self.challenges.append(asked.get("code_challenge", ""))
            self.send_response(302)
            back = urlencode({"code": "c0de", "state": asked["state"]})
            self.send_header("Location", f"{asked['redirect_uri']}?{back}")
            self.end_headers()
        else:
            assert self.headers["Authorization"] == "Bearer t0ken"
            self._json(self.person)

    def do_POST(self) -> None:
        given = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        assert given["code"] == ["c0de"]
        assert given["code_verifier"]
        self._json({"access_token": "t0ken", "token_type": "Bearer", "expires_in": 60})


@pytest.fixture
def provider() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    Provider.person = SOMEBODY
    with serving(server):
        yield f"http://127.0.0.1:{server.server_port}"


@pytest.fixture
def single_sign_on(site: str, app: Application, provider: str) -> Iterator[None]:
    """The pages as they are when an admin has set a provider up."""
    from django.test import override_settings

    from campaignsync.settings import WebSettings
    from campaignsync.web.site import _single_sign_on

    chosen = WebSettings(
        oidc_url=provider, oidc_client_id="us", oidc_client_secret="hush", oidc_name="Our company"
    )
    with override_settings(SOCIALACCOUNT_PROVIDERS=_single_sign_on(chosen)):
        yield
    serve(app)


def come_by_it() -> tuple[Client, Any]:
    """Press the button, be sent to the provider and back."""
    from django.test import Client

    visitor = Client(SERVER_NAME="localhost")
    assert b"Our company" in visitor.get("/accounts/login/").content
    sent = visitor.post("/accounts/oidc/oidc/login/?process=login")
    onward = html.unescape(re.search(r'content="0; url=([^"]+)"', sent.content.decode())[1])  # type: ignore[index]
    answers = requests.get(onward, allow_redirects=False, timeout=30)
    while "localhost/" not in answers.headers["Location"]:
        answers = requests.get(answers.headers["Location"], allow_redirects=False, timeout=30)
    where = urlsplit(answers.headers["Location"])
    return visitor, visitor.get(f"{where.path}?{where.query}", follow=True)


def test_who_comes_by_single_sign_on_may_look_and_nothing_else(
    single_sign_on: None, app: Application
) -> None:
    from django.contrib.auth.models import User

    client()
    visitor, landed = come_by_it()
    assert landed.status_code == 200
    user = User.objects.get(username="grace")
    assert (user.is_superuser, user.is_staff, app.users.rights_of(user).role) == (False, False, Role.VIEWER)
    assert visitor.get("/programs/").status_code == 200
    assert visitor.get("/settings/users/").status_code == 403
    assert visitor.post("/programs/new/", {"name": "Mine", "channel": "Webinar"}).status_code == 403
    assert all(Provider.challenges), "the code is bound to who asked for it (PKCE)"
    app.users.grant("grace", Role.OPERATOR)
    again, _ = come_by_it()
    assert app.users.rights_of(User.objects.get(username="grace")).role is Role.OPERATOR
    assert again.get("/programs/new/").status_code == 200


def test_a_browser_is_led_through_the_providers_addresses_though_forms_are_bound_to_this_server(
    single_sign_on: None, app: Application, site: str, page: Page
) -> None:
    client()
    refused: list[str] = []
    page.on("console", lambda said: refused.append(said.text) if said.type == "error" else None)
    answer = page.goto(f"{site}/accounts/login/")
    assert answer is not None
    assert "form-action 'self';" in answer.headers["content-security-policy"] + ";"
    page.get_by_role("button", name="Log in with Our company").click()
    expect(page.get_by_role("heading", level=1, name="Home")).to_be_visible()
    assert refused == []


def test_where_the_first_role_is_none_an_admin_gives_it(single_sign_on: None, app: Application) -> None:
    from django.contrib.auth.models import User

    client()
    settings = replace(app.settings, web=replace(app.settings.web, oidc_first_role=None))
    serve(replace(app, settings=settings))
    visitor, landed = come_by_it()
    assert landed.status_code == 403
    assert visitor.get("/programs/").status_code == 403
    assert app.users.rights_of(User.objects.get(username="grace")).role is None


def test_nobody_comes_by_single_sign_on_before_there_is_an_admin(
    single_sign_on: None, app: Application
) -> None:
    """Or whoever is first would close the page that makes the admin."""
    from django.contrib.auth.models import User

    come_by_it()
    assert not User.objects.exists()


def test_the_address_of_an_admin_at_the_provider_opens_nobodys_account(
    single_sign_on: None, app: Application
) -> None:
    from django.contrib.auth.models import User

    client()
    User.objects.filter(username="admin").update(email="admin@sky.example")
    Provider.person = {**SOMEBODY, "email": "admin@sky.example", "preferred_username": "admin"}
    visitor, _ = come_by_it()
    assert visitor.get("/settings/users/").status_code in (302, 403)
    assert visitor.session.get("_auth_user_id") != str(User.objects.get(username="admin").pk)


def code_of(secret: str) -> str:
    """What an authenticator shows now (RFC 6238)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.digest(key, struct.pack(">Q", int(time.time()) // 30), "sha1")
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


def test_with_one_time_codes_a_password_is_not_enough(site: str, app: Application) -> None:
    from django.test import Client

    start = datetime(2026, 3, 1, 12, tzinfo=UTC)
    with time_machine.travel(start, tick=False) as clock:
        client(password=PASSWORD)
        visitor = Client(SERVER_NAME="localhost")
        visitor.post("/accounts/login/", {"login": "admin", "password": PASSWORD})
        # Whoever changes how they log in says once more who they are.
        visitor.post("/accounts/reauthenticate/", {"password": PASSWORD})
        page = visitor.get("/accounts/2fa/totp/activate/")
        assert page.status_code == 200, dict(visitor.session)
        secret = visitor.session["mfa.totp.secret"]
        assert secret in page.content.decode()
        wrong = visitor.post("/accounts/2fa/totp/activate/", {"code": "000000"})
        assert wrong.status_code == 200
        done = visitor.post("/accounts/2fa/totp/activate/", {"code": code_of(secret)})
        assert done.status_code == 302, done.content
        clock.move_to(start + timedelta(minutes=2))
        later = Client(SERVER_NAME="localhost")
        asked = later.post("/accounts/login/", {"login": "admin", "password": PASSWORD}, follow=True)
        assert later.get("/programs/").status_code == 302, "not in yet"
        assert b"code" in asked.content
        assert later.post("/accounts/2fa/authenticate/", {"code": "000000"}).status_code == 200
        assert later.get("/programs/").status_code == 302
        let_in = later.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})
        assert let_in.status_code == 302, let_in.content
        assert later.get("/programs/").status_code == 200


def test_a_session_that_ended_on_a_half_filled_form_keeps_what_was_typed(site: str, app: Application) -> None:
    """Through the login, back to the form with all that was typed, and once more: then it is done."""
    from django.test import Client

    client(password=PASSWORD)
    visitor = Client(SERVER_NAME="localhost")
    given = {
        "name": "Half <b>a</b> program",
        "channel": "Webinar",
        "folder": "",
        "tags": "Region=EMEA\nYear=2026",
    }
    sent = visitor.post("/programs/new/", {**given, "password": "hush"})
    assert sent.headers["Location"] == "/accounts/login/?next=/kept/"
    let_in = visitor.post(
        sent.headers["Location"], {"login": "admin", "password": PASSWORD, "next": "/kept/"}
    )
    page = visitor.get(let_in.headers["Location"])
    text = page.content.decode()
    assert "Half &lt;b&gt;a&lt;/b&gt; program" in text
    assert "hush" not in text
    assert 'action="/programs/new/"' in text
    assert visitor.post("/programs/new/", given).status_code == 302
    assert app.registry.program("Half <b>a</b> program")["tags"] == {"Region": "EMEA", "Year": "2026"}
    assert visitor.get("/kept/").headers["Location"] == "/", "it is shown once"
