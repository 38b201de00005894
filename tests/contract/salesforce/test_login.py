"""Logging in, staying in, and being turned away (contract, section 2.1)."""

from __future__ import annotations

import http.server
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from campaignsync.domain.connections import Login, LoginMethod
from campaignsync.domain.errors import RetryableError, UsageError
from campaignsync.domain.service import LONGEST_BACK_OFF_S, again_after_s
from campaignsync.salesforce.org import SalesforceOrg
from campaignsync.salesforce.wire import Wire
from certificates import certificate_of, new_key, pem_of
from sandbox_org import CLIENT_ID, CLIENT_SECRET, SandboxOrg
from serving import serving

APP = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
USER = {"username": "admin@sandbox.example", "password": "sandbox"}


@pytest.fixture(scope="module")
def key_and_certificate() -> tuple[str, str]:
    key = new_key()
    return pem_of(key), certificate_of(key)


@pytest.mark.parametrize(
    ("method", "fields"),
    [
        (LoginMethod.CLIENT_CREDENTIALS, APP),
        (LoginMethod.PASSWORD, APP | USER),
        (LoginMethod.REFRESH_TOKEN, {**APP, "refresh_token": "lasting"}),
    ],
)
def test_the_sync_user_logs_in(sandbox: SandboxOrg, method: LoginMethod, fields: dict[str, str]) -> None:
    sandbox.control("POST", "/sandbox/seed", {"refresh_tokens": {"lasting": USER["username"]}})
    user = SalesforceOrg(Login(method=method, login_url=sandbox.url, fields=fields)).sync_user()
    assert (user.username, user.is_marketing_user) == (USER["username"], True)
    assert (user.user_id[:3], user.organization_id[:3]) == ("005", "00D")


def test_the_sync_user_logs_in_by_a_signed_assertion(
    sandbox: SandboxOrg, key_and_certificate: tuple[str, str]
) -> None:
    key, certificate = key_and_certificate
    sandbox.control(
        "POST", "/sandbox/seed", {"apps": [{"client_id": "signed", "certificates": [certificate]}]}
    )
    fields = {"client_id": "signed", "username": USER["username"], "private_key": key}
    org = SalesforceOrg(Login(method=LoginMethod.JWT_BEARER, login_url=sandbox.url, fields=fields))
    assert org.sync_user().username == USER["username"]


def test_a_private_key_that_is_none_is_refused_in_a_sentence(sandbox: SandboxOrg) -> None:
    fields = {"client_id": "signed", "username": "a@b.example", "private_key": "-----BEGIN NONSENSE"}
    org = SalesforceOrg(Login(method=LoginMethod.JWT_BEARER, login_url=sandbox.url, fields=fields))
    with pytest.raises(UsageError, match="no RSA key"):
        org.sync_user()


@pytest.mark.parametrize(
    ("method", "fields", "words"),
    [
        (
            LoginMethod.CLIENT_CREDENTIALS,
            {**APP, "client_secret": "wr0ng-s3cret"},
            "invalid client credentials",
        ),
        (LoginMethod.CLIENT_CREDENTIALS, {**APP, "client_id": "nobody"}, "client identifier invalid"),
        (LoginMethod.PASSWORD, APP | USER | {"password": "wr0ng-s3cret"}, "Invalid Password"),
        (LoginMethod.REFRESH_TOKEN, {**APP, "refresh_token": "wr0ng-s3cret"}, "expired access/refresh token"),
    ],
)
def test_who_is_not_let_in_is_told_why_and_what_to_do_and_no_secret(
    sandbox: SandboxOrg, method: LoginMethod, fields: dict[str, str], words: str
) -> None:
    """S2.1.1, and: no secret is written to an error."""
    login = Login(method=method, login_url=sandbox.url, fields=fields)
    with pytest.raises(UsageError) as told:
        SalesforceOrg(login).sync_user()
    assert words in str(told.value)
    assert "campaignsync connect" in str(told.value)
    for secret in ("wr0ng-s3cret", CLIENT_SECRET):
        assert secret not in str(told.value)
        assert secret not in repr(login)


def test_an_org_that_cannot_be_reached_is_a_matter_for_a_person_at_first(sandbox: SandboxOrg) -> None:
    login = Login(method=LoginMethod.CLIENT_CREDENTIALS, login_url="http://127.0.0.1:9", fields=APP)
    with pytest.raises(UsageError, match=r"127\.0\.0\.1:9 cannot be reached.*campaignsync connect"):
        SalesforceOrg(login).sync_user()


def test_an_org_that_let_us_in_before_is_only_away(sandbox: SandboxOrg) -> None:
    """Each process logs in anew: what it cannot reach then is mended by time, and its rounds come again soon."""
    there = Login(method=LoginMethod.CLIENT_CREDENTIALS, login_url=sandbox.url, fields=APP)
    known = SalesforceOrg(there).sync_user()
    login = Login(method=LoginMethod.CLIENT_CREDENTIALS, login_url="http://127.0.0.1:9", fields=APP)
    with pytest.raises(RetryableError, match=r"127\.0\.0\.1:9 cannot be reached") as away:
        SalesforceOrg(login, user=known).fields_of("Lead")
    assert away.value.of_org
    assert again_after_s(away.value, 0) < LONGEST_BACK_OFF_S


def test_a_server_that_is_no_org_is_told_from_wrong_credentials(sandbox: SandboxOrg) -> None:
    login = Login(method=LoginMethod.CLIENT_CREDENTIALS, login_url=f"{sandbox.url}/elsewhere", fields=APP)
    with pytest.raises(UsageError, match="is it a Salesforce org"):
        SalesforceOrg(login).sync_user()


@pytest.mark.real_org
def test_the_sync_user_of_this_org_is_known(org: SalesforceOrg) -> None:
    user = org.sync_user()
    assert user.user_id.startswith("005")
    assert "@" in user.username


def test_a_session_that_ended_is_renewed_once_for_all_threads(sandbox: SandboxOrg, login: Login) -> None:
    """S2.1.2: many find out at the same time, and one login serves them all."""
    wire = Wire(login)
    wire.get("/limits")
    sandbox.control("DELETE", "/sandbox/sessions")
    stale = wire._token
    with ThreadPoolExecutor(8) as pool:
        tokens = set(pool.map(lambda _: (wire.get("/limits"), wire._token)[1], range(16)))
    assert stale not in tokens
    assert len(tokens) == 1
    assert wire.calls.total() == sandbox.calls()


def test_a_write_is_repeated_after_a_renewal_since_nothing_was_done(
    sandbox: SandboxOrg, org: SalesforceOrg, campaign: str
) -> None:
    org.visible_rows()
    sandbox.control("DELETE", "/sandbox/sessions")
    assert org.write_campaign(campaign, {"Type": "Webinar"}) == {"Type": "Webinar"}


class _NeverLetsIn(http.server.BaseHTTPRequestHandler):
    """Gives a token to everybody and then takes none."""

    words = "Session expired or invalid"
    logins = 0

    def do_POST(self) -> None:
        _NeverLetsIn.logins += 1
        length = int(self.headers["Content-Length"])
        self.rfile.read(length)
        host, port = self.server.server_address[:2]
        self._answer(200, f'{{"access_token": "t{self.logins}", "instance_url": "http://{host!s}:{port}"}}')

    def do_GET(self) -> None:
        self._answer(401, f'[{{"message": "{self.words}", "errorCode": "INVALID_SESSION_ID"}}]')

    def _answer(self, status: int, body: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def never_lets_in() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _NeverLetsIn)
    _NeverLetsIn.logins = 0
    with serving(server):
        yield f"http://127.0.0.1:{server.server_port}"


@pytest.mark.parametrize(
    ("words", "logins"),
    [("Session expired or invalid", 2), ("This session is not valid for use with the REST API", 1)],
)
def test_a_session_that_is_never_taken_does_not_loop(
    never_lets_in: str, monkeypatch: pytest.MonkeyPatch, words: str, logins: int
) -> None:
    """S2.1.2: one renewal where that may help, none where it can't."""
    monkeypatch.setattr(_NeverLetsIn, "words", words)
    wire = Wire(Login(method=LoginMethod.CLIENT_CREDENTIALS, login_url=never_lets_in, fields=APP))
    with pytest.raises(UsageError, match=words):
        wire.get("/limits")
    assert _NeverLetsIn.logins == logins
    assert wire.calls.total() == 0


def test_a_login_that_fails_later_is_tried_again_later(sandbox: SandboxOrg, login: Login) -> None:
    wire = Wire(login, pause=lambda _: None)
    wire.get("/limits")
    sandbox.control("DELETE", "/sandbox/sessions")
    unavailable = {"match": {"path": "/oauth2/token"}, "action": {"status": 503}}
    sandbox.control("POST", "/sandbox/faults", {"rules": [unavailable]})
    with pytest.raises(RetryableError, match="HTTP 503"):
        wire.get("/limits")
