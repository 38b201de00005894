"""Logs in to an org by OAuth 2.0: client credentials, JWT bearer, refresh token, user name and password (section 2.1).

Called by `wire` alone. Where the org is reached afterwards is what the token's answer says, never what somebody typed.
"""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass, field

import requests

from campaignsync.domain.connections import Login, LoginMethod
from campaignsync.domain.errors import CampaignsyncError, UsageError

_JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_JWT_LIFE_S = 180  # Salesforce takes assertions that live a few minutes at the most.
_TIMEOUT_S = (10, 60)
UNREACHABLE = "UNREACHABLE"
"""The code of every error that says that nobody answered."""


CERTIFICATE_REFUSED = "CERTIFICATE_REFUSED"
"""The code of every error that says that whoever answered could not prove who they are."""


class LoginUnreachableError(CampaignsyncError):
    """Nobody who can judge the login was reached; `wire` says whether that is for a person or for later."""

    code = UNREACHABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An access token and where it is good."""

    access_token: str = field(repr=False)
    instance_url: str


def log_in(login: Login, session: requests.Session) -> Token:
    """A fresh token; UsageError in one sentence when the org does not let us in, LoginUnreachableError when nobody answers."""
    where = login.login_url.rstrip("/")
    try:
        answer = session.post(
            f"{where}/services/oauth2/token", data=_form(login), timeout=_TIMEOUT_S, allow_redirects=False
        )
    except requests.RequestException as error:
        refused = why_certificate_refused(error)
        code = CERTIFICATE_REFUSED if refused else None
        why = refused or type(error).__name__
        raise LoginUnreachableError(f"{where} cannot be reached ({why})", code=code) from None
    body = _json(answer)
    if answer.status_code == 200 and "access_token" in body and "instance_url" in body:
        return _token(where, body)
    if "error" in body:
        raise UsageError(
            f"{where} does not let us in by {login.method}: {body['error']}:"
            f" {body.get('error_description', 'no reason given')}. Give the right credentials with: campaignsync connect",
            code="LOGIN_REFUSED",
        )
    if answer.status_code in (420, 429) or answer.status_code >= 500:
        raise LoginUnreachableError(f"{where} answered HTTP {answer.status_code} without a reason")
    raise UsageError(
        f"{where} answered HTTP {answer.status_code} and no token: is it a Salesforce org?"
        " Give the address of its My Domain with: campaignsync connect NAME --url URL"
    )


def why_certificate_refused(error: BaseException) -> str | None:
    """What is wrong with the certificate of whoever answered, or None where that is not what went wrong."""
    pending: list[object] = [error]
    seen: set[int] = set()
    while pending:
        each = pending.pop()
        if not isinstance(each, BaseException) or id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, ssl.SSLCertVerificationError):
            return f"its certificate is refused: {each.verify_message}"
        pending += [each.__cause__, each.__context__, getattr(each, "reason", None), *each.args]
    return None


def _token(where: str, body: dict[str, object]) -> Token:
    instance_url = str(body["instance_url"]).rstrip("/")
    if where.startswith("https://") and not instance_url.startswith("https://"):
        raise UsageError(f"{where} sends us on to {instance_url}, where the token would travel unencrypted.")
    return Token(access_token=str(body["access_token"]), instance_url=instance_url)


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
    # Only this one way of logging in signs anything, and every command pays for what is imported above.
    from joserfc import jwt
    from joserfc.jwk import RSAKey

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
