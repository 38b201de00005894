"""Logs in to an org by OAuth 2.0: client credentials, JWT bearer, refresh token, user name and password (section 2.1)."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import requests
from joserfc import jwt
from joserfc.jwk import RSAKey

from campaignsync.domain.connections import Login, LoginMethod
from campaignsync.domain.errors import UsageError

_JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_JWT_LIFE_S = 180  # Salesforce takes assertions that live a few minutes at the most.
_TIMEOUT_S = (10, 60)

WANTED_FIELDS: dict[LoginMethod, tuple[str, ...]] = {
    LoginMethod.CLIENT_CREDENTIALS: ("client_id", "client_secret"),
    LoginMethod.JWT_BEARER: ("client_id", "username", "private_key"),
    LoginMethod.REFRESH_TOKEN: ("client_id", "client_secret", "refresh_token"),
    LoginMethod.PASSWORD: ("client_id", "client_secret", "username", "password"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An access token and where it is good."""

    access_token: str = field(repr=False)
    instance_url: str


def log_in(login: Login) -> Token:
    """A fresh token; UsageError in one sentence when the org cannot be reached or does not let us in."""
    url = f"{login.login_url.rstrip('/')}/services/oauth2/token"
    try:
        answer = requests.post(url, data=_form(login), timeout=_TIMEOUT_S, allow_redirects=False)
    except requests.RequestException as error:
        raise UsageError(
            f"{login.login_url} cannot be reached ({type(error).__name__}). Check the address and the network, then give"
            " the right one with: campaignsync connect NAME --url URL …"
        ) from None
    body = _json(answer)
    if answer.status_code == 200 and "access_token" in body and "instance_url" in body:
        return Token(
            access_token=str(body["access_token"]), instance_url=str(body["instance_url"]).rstrip("/")
        )
    if "error" in body:
        raise UsageError(
            f"{login.login_url} does not let us in by {login.method}: {body['error']}:"
            f" {body.get('error_description', 'no reason given')}. Give the right credentials with: campaignsync connect"
        )
    raise UsageError(
        f"{login.login_url} answered HTTP {answer.status_code} and no token: is it a Salesforce org?"
    )


def _form(login: Login) -> dict[str, str]:
    fields = login.fields
    match login.method:
        case LoginMethod.CLIENT_CREDENTIALS:
            return {"grant_type": "client_credentials", **fields}
        case LoginMethod.REFRESH_TOKEN:
            return {"grant_type": "refresh_token", **fields}
        case LoginMethod.PASSWORD:
            return {"grant_type": "password", **fields}
        case LoginMethod.JWT_BEARER:
            return {"grant_type": _JWT_GRANT, "assertion": _assertion(login)}


def _assertion(login: Login) -> str:
    fields = login.fields
    claims = {
        "iss": fields["client_id"],
        "sub": fields["username"],
        "aud": fields.get("audience", login.login_url.rstrip("/")),
        "exp": int(time.time()) + _JWT_LIFE_S,
    }
    try:
        key = RSAKey.import_key(fields["private_key"])
    except ValueError:
        raise UsageError(
            "The private key is no RSA key in PEM form. Give it with: campaignsync connect --private-key FILE"
        ) from None
    return jwt.encode({"alg": "RS256"}, claims, key)


def _json(answer: requests.Response) -> dict[str, object]:
    try:
        body = answer.json()
    except requests.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}
