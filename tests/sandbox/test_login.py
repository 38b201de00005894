"""Every way to get a session, and what becomes of those that are gone (contract, section 2.1)."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from certificates import certificate_of, new_key

APP = {"client_id": "sandbox-client", "client_secret": "sandbox-secret"}
USER = {"username": "admin@sandbox.example", "password": "sandbox"}
TOKEN = "//services/oauth2/token"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def ask(anybody: Any, **form: str) -> tuple[int, dict[str, Any]]:
    answer = anybody.call("POST", TOKEN, data=form)
    return answer.status_code, answer.json()


def test_a_password_gives_a_session_but_no_refresh_token(anybody: Any) -> None:
    """S2.1"""
    status, body = ask(anybody, grant_type="password", **APP, **USER)
    assert status == 200
    assert body["instance_url"] == anybody.url
    assert {"refresh_token", "expires_in"} & set(body) == set()


def test_a_security_token_may_follow_the_password(anybody: Any) -> None:
    form = {**USER, "password": "sandboxTOKEN123"}
    assert ask(anybody, grant_type="password", **APP, **form)[0] == 200


def test_the_signature_can_be_checked_with_the_client_secret(anybody: Any) -> None:
    """S2.1: django-salesforce does."""
    body = ask(anybody, grant_type="client_credentials", **APP)[1]
    digest = hmac.new(b"sandbox-secret", (body["id"] + body["issued_at"]).encode(), hashlib.sha256).digest()
    assert base64.b64encode(digest).decode() == body["signature"]


def test_client_credentials_may_come_by_basic_authorization(anybody: Any) -> None:
    form = {"grant_type": "client_credentials"}
    answer = anybody.call("POST", TOKEN, data=form, auth=("sandbox-client", "sandbox-secret"))
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("form", "error", "description"),
    [
        (
            {"grant_type": "password", **APP, **USER, "password": "wrong"},
            "invalid_grant",
            "authentication failure - Invalid Password",
        ),
        (
            {"grant_type": "password", **USER, "client_id": "x"},
            "invalid_client_id",
            "client identifier invalid",
        ),
        (
            {"grant_type": "client_credentials", "client_id": "sandbox-client", "client_secret": "x"},
            "invalid_client",
            "invalid client credentials",
        ),
        (
            {"grant_type": "refresh_token", **APP, "refresh_token": "x"},
            "invalid_grant",
            "expired access/refresh token",
        ),
        ({"grant_type": "guess", **APP}, "unsupported_grant_type", "grant type not supported"),
    ],
)
def test_refusals_come_in_the_words_of_oauth(
    anybody: Any, form: dict[str, str], error: str, description: str
) -> None:
    """S2.1.1"""
    assert ask(anybody, **form) == (400, {"error": error, "error_description": description})


def test_an_app_without_a_user_to_run_as_is_refused(anybody: Any) -> None:
    anybody.control("POST", "seed", {"apps": [{"client_id": "lonely", "client_secret": "s"}]})
    status, body = ask(anybody, grant_type="client_credentials", client_id="lonely", client_secret="s")
    assert (status, body["error_description"]) == (400, "no client credentials user enabled")


def test_a_refresh_token_gives_a_session(anybody: Any) -> None:
    anybody.control("POST", "seed", {"refresh_tokens": {"5Aep1": USER["username"]}})
    assert ask(anybody, grant_type="refresh_token", refresh_token="sandbox-refresh-token", **APP)[0] == 200
    status, body = ask(anybody, grant_type="refresh_token", refresh_token="5Aep1", **APP)
    assert status == 200
    assert "refresh_token" not in body


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return new_key()


@pytest.fixture
def certificate(key: rsa.RSAPrivateKey) -> str:
    return certificate_of(key)


def assertion(key: rsa.RSAPrivateKey, **claims: Any) -> str:
    stated = {"iss": "signer", "sub": USER["username"], "aud": "https://login.salesforce.com"}
    stated |= {"exp": int(time.time()) + 180, **claims}
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
        for part in ({"alg": "RS256"}, stated)
    ]
    signature = key.sign(b".".join(parts), padding.PKCS1v15(), hashes.SHA256())
    return b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


def test_a_signed_assertion_gives_a_session(anybody: Any, key: rsa.RSAPrivateKey, certificate: str) -> None:
    """S2.1"""
    anybody.control("POST", "seed", {"apps": [{"client_id": "signer", "certificates": [certificate]}]})
    assert ask(anybody, grant_type=JWT_BEARER, assertion=assertion(key))[0] == 200


def test_an_assertion_whose_end_is_written_in_milliseconds_is_let_in(
    anybody: Any, key: rsa.RSAPrivateKey, certificate: str
) -> None:
    """As Salesforce's own command line writes it."""
    anybody.control("POST", "seed", {"apps": [{"client_id": "signer", "certificates": [certificate]}]})
    late = assertion(key, exp=int(time.time() * 1000) + 300)
    assert ask(anybody, grant_type=JWT_BEARER, assertion=late)[0] == 200


@pytest.mark.parametrize(
    ("claims", "description"),
    [
        ({"sub": "nobody@sandbox.example"}, "user hasn't approved this consumer"),
        ({"exp": 1}, "expired authorization code"),
        ({"iss": "unknown"}, "client identifier invalid"),
    ],
)
def test_an_assertion_must_be_by_a_known_app_of_a_known_user_and_fresh(
    anybody: Any, key: rsa.RSAPrivateKey, certificate: str, claims: dict[str, Any], description: str
) -> None:
    anybody.control("POST", "seed", {"apps": [{"client_id": "signer", "certificates": [certificate]}]})
    status, body = ask(anybody, grant_type=JWT_BEARER, assertion=assertion(key, **claims))
    assert (status, body["error_description"]) == (400, description)


def test_an_assertion_by_another_key_is_refused(anybody: Any, certificate: str) -> None:
    anybody.control("POST", "seed", {"apps": [{"client_id": "signer", "certificates": [certificate]}]})
    other = new_key()
    assert ask(anybody, grant_type=JWT_BEARER, assertion=assertion(other))[1]["error"] == "invalid_grant"


def test_who_am_i(admin: Any) -> None:
    """S2.1.3"""
    told = admin.call("GET", "//services/oauth2/userinfo").json()
    identity = admin.call("GET", f"//id/{told['organization_id']}/{told['user_id']}").json()
    assert told["preferred_username"] == identity["username"] == USER["username"]


@pytest.mark.parametrize("end", ["revoke", "expire", "two quiet hours"])
def test_a_session_that_is_gone_answers_401(admin: Any, end: str) -> None:
    """S2.1.2"""
    if end == "revoke":
        token = admin.http.headers["Authorization"].removeprefix("Bearer ")
        assert admin.call("POST", "//services/oauth2/revoke", data={"token": token}).status_code == 200
    elif end == "expire":
        admin.control("DELETE", "sessions")
    else:
        admin.control("POST", "clock", {"advance_s": 2 * 3600})
    assert admin.refused("GET", "/limits") == (401, "INVALID_SESSION_ID", "Session expired or invalid")


def test_answers_speak_of_the_host_they_were_asked_by(anybody: Any) -> None:
    """Section 3"""
    headers = {"Host": "acme.my.salesforce.com", "X-Forwarded-Proto": "https"}
    answer = anybody.call("POST", TOKEN, data={"grant_type": "client_credentials", **APP}, headers=headers)
    assert answer.json()["instance_url"] == "https://acme.my.salesforce.com"


def test_client_credentials_are_a_matter_of_the_orgs_own_host(anybody: Any) -> None:
    """S2.1"""
    form = {"grant_type": "client_credentials", **APP}
    shared = {"Host": "login.salesforce.com"}
    answer = anybody.http.post(f"{anybody.url}/services/oauth2/token", data=form, headers=shared)
    assert (answer.status_code, answer.json()["error_description"]) == (
        400,
        "request not supported on this domain",
    )


def test_tokens_are_asked_for_by_post(anybody: Any) -> None:
    """S2.1.1"""
    answer = anybody.http.get(f"{anybody.url}/services/oauth2/token")
    assert (answer.status_code, answer.json()["error_description"]) == (400, "must use HTTP POST")


def test_a_token_that_is_nobodys_is_refused_by_a_bare_word(anybody: Any) -> None:
    """S2.1.3"""
    stale = {"Authorization": "Bearer stale"}
    answer = anybody.http.get(f"{anybody.url}/services/oauth2/userinfo", headers=stale)
    assert (answer.status_code, answer.text) == (403, "Bad_OAuth_Token")
    none = anybody.http.get(f"{anybody.url}/services/oauth2/userinfo")
    assert (none.status_code, none.text) == (403, "Missing_OAuth_Token")
