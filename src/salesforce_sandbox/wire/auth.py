"""OAuth: the token endpoint with its four flows, who am I, revoke (contract, section 2.1).

Asked by every client before anything else; none of it counts as an API call. Every answer speaks of the host by which it
was asked, so that it works through any name or proxy. Assertions are checked for real, by the certificates of the app.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from salesforce_sandbox.org.access import ConnectedApp
from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.wire.messages import Request, Response
from salesforce_sandbox.wire.routes import Call, Routes
from salesforce_sandbox.wire.serve import session_token

routes = Routes(kind=None, session=False)

_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
# Hosts that belong to no org: what only an org's My Domain host answers is refused there.
_SHARED_HOSTS = ("login.salesforce.com", "test.salesforce.com")
# How the identity service refuses a token: by a bare word.
_BAD_TOKEN, _MISSING_TOKEN = (
    Response(status=403, body=word, media_type="text/html;charset=UTF-8")
    for word in (b"Bad_OAuth_Token", b"Missing_OAuth_Token")
)


class OAuthError(Exception):
    """A refusal in OAuth's own words."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.body = {"error": error, "error_description": description}


@routes.on("POST", "/services/oauth2/token", rules="S2.1.1")
def token(call: Call) -> Response:
    form = _form(call.request)
    try:
        user_id = _FLOWS.get(form.get("grant_type", ""), _by_unknown_flow)(call, form)
    except OAuthError as error:
        return Response(status=400, body=error.body)
    app = call.org.access.apps.get(form.get("client_id") or _issuer(form.get("assertion", "")))
    answer = _token_answer(call, user_id, app)
    # The oldest flow's answers have never said the scope.
    return Response(body=answer if form["grant_type"] == "password" else {**answer, "scope": "api id"})


@routes.on("GET", "/services/oauth2/token", rules="S2.1.1")
def token_by_get(call: Call) -> Response:
    return Response(status=400, body={"error": "invalid_request", "error_description": "must use HTTP POST"})


@routes.on("POST GET", "/services/oauth2/revoke", rules="S2.1.3")
def revoke(call: Call) -> Response:
    given = _form(call.request).get("token") or call.request.query.get("token", "")
    if call.org.access.revoke(given):
        return Response()
    return Response(
        status=400, body={"error": "unsupported_token_type", "error_description": "invalid token"}
    )


@routes.on("GET POST", "/services/oauth2/userinfo", rules="S2.1.3")
def userinfo(call: Call) -> Response:
    user_id = _asker(call)
    if user_id is None:
        return _no_token(call)
    user = _user(call, user_id)
    base = call.request.origin
    return Response(
        body={
            "sub": f"{base}/id/{call.org.id}/{user['Id']}",
            "user_id": user["Id"],
            "organization_id": call.org.id,
            "preferred_username": user["Username"],
            "nickname": user["CommunityNickname"],
            "name": _full_name(user),
            "email": user["Email"],
            "email_verified": True,
            "given_name": user["FirstName"],
            "family_name": user["LastName"],
            "zoneinfo": user["TimeZoneSidKey"],
            "locale": user["LocaleSidKey"],
            "language": user["LanguageLocaleKey"],
            "active": bool(user["IsActive"]),
            "user_type": "STANDARD",
            "urls": _urls(call, user["Id"]),
        }
    )


@routes.on("GET POST", "/id/{org}/{user}", rules="S2.1.3")
def identity(call: Call) -> Response:
    if _asker(call) is None:
        return _no_token(call)
    user = _user(call, call.parameters["user"])
    return Response(
        body={
            "id": f"{call.request.origin}/id/{call.org.id}/{user['Id']}",
            "asserted_user": True,
            "user_id": user["Id"],
            "organization_id": call.org.id,
            "username": user["Username"],
            "nick_name": user["CommunityNickname"],
            "display_name": _full_name(user),
            "email": user["Email"],
            "first_name": user["FirstName"],
            "last_name": user["LastName"],
            "timezone": user["TimeZoneSidKey"],
            "active": bool(user["IsActive"]),
            "user_type": "STANDARD",
            "language": user["LanguageLocaleKey"],
            "locale": user["LocaleSidKey"],
            "urls": _urls(call, user["Id"]),
        }
    )


def _by_password(call: Call, form: Mapping[str, str]) -> str:
    _app(call, form)
    user_id = call.org.access.user_by_password(form.get("username", ""), form.get("password", ""))
    if user_id is None:
        raise OAuthError("invalid_grant", "authentication failure - Invalid Password")
    return user_id


def _by_client_credentials(call: Call, form: Mapping[str, str]) -> str:
    if urlsplit(call.request.origin).hostname in _SHARED_HOSTS:
        raise OAuthError("invalid_grant", "request not supported on this domain")
    app = _app(call, form)
    user_id = call.org.access.user_named(app.run_as) if app.run_as else None
    if user_id is None:
        raise OAuthError("invalid_grant", "no client credentials user enabled")
    return user_id


def _by_refresh_token(call: Call, form: Mapping[str, str]) -> str:
    _app(call, form, secret_needed=False)
    user_id = call.org.access.refresh_tokens.get(form.get("refresh_token", ""))
    if user_id is None:
        raise OAuthError("invalid_grant", "expired access/refresh token")
    return user_id


def _by_assertion(call: Call, form: Mapping[str, str]) -> str:
    """A signed assertion: RS256 by one of the app's certificates, of a known user, for this host, not stale."""
    try:
        head, payload, signature = form.get("assertion", "").split(".")
        header, claims = _decoded(head), _decoded(payload)
        # Widely used clients send the time as text, and are let in.
        expires = float(claims.get("exp", 0))
    except (TypeError, ValueError):
        raise OAuthError("invalid_grant", "invalid assertion") from None
    app = call.org.access.apps.get(claims.get("iss", ""))
    if app is None:
        raise OAuthError("invalid_client_id", "client identifier invalid")
    signed = any(_verifies(each, f"{head}.{payload}", signature) for each in app.certificates)
    if header.get("alg") != "RS256" or not signed:
        raise OAuthError("invalid_grant", "invalid assertion")
    now = call.org.clock.now().timestamp()
    # Clients stamp assertions with the machine's time, which the org's may have been moved away from. An end in ages is let in:
    # Salesforce's own command line writes milliseconds where seconds are asked for.
    if not any(at - 60 < expires for at in (now, time.time())):
        raise OAuthError("invalid_grant", "expired authorization code")
    if not str(claims.get("aud", "")).startswith(("https://", "http://")):
        raise OAuthError("invalid_grant", "audience is invalid")
    username = str(claims.get("sub") or claims.get("prn") or "")
    user_id = call.org.access.user_named(username)
    if user_id is None or (app.approved is not None and username not in app.approved):
        raise OAuthError("invalid_grant", "user hasn't approved this consumer")
    return user_id


def _issuer(assertion: str) -> str:
    """The app that an assertion, which has been checked, is of; empty where there is none."""
    parts = assertion.split(".")
    return str(_decoded(parts[1]).get("iss", "")) if len(parts) == 3 else ""


def _by_unknown_flow(call: Call, form: Mapping[str, str]) -> str:
    raise OAuthError("unsupported_grant_type", "grant type not supported")


_FLOWS: dict[str, Callable[[Call, Mapping[str, str]], str]] = {
    "password": _by_password,
    "client_credentials": _by_client_credentials,
    "refresh_token": _by_refresh_token,
    _JWT_BEARER: _by_assertion,
}


def _form(request: Request) -> dict[str, str]:
    """The form fields, with the client's id and secret from Basic authorization where they came so."""
    form = {**request.query, **dict(parse_qsl(request.body.decode("utf-8", "replace")))}
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        client_id, _, secret = base64.b64decode(credentials + "==").decode("utf-8", "replace").partition(":")
        form |= {"client_id": client_id, "client_secret": secret}
    return form


def _app(call: Call, form: Mapping[str, str], *, secret_needed: bool = True) -> ConnectedApp:
    app = call.org.access.apps.get(form.get("client_id", ""))
    if app is None:
        raise OAuthError("invalid_client_id", "client identifier invalid")
    secret = form.get("client_secret", "" if secret_needed else app.client_secret)
    if not hmac.compare_digest(secret.encode(), app.client_secret.encode()):
        raise OAuthError("invalid_client", "invalid client credentials")
    return app


def _decoded(part: str) -> dict[str, Any]:
    found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found if isinstance(found, dict) else {}


def _verifies(certificate: str, signed: str, signature: str) -> bool:
    key = _public_key(certificate)
    raw = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    try:
        key.verify(raw, signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def _public_key(text: str) -> rsa.RSAPublicKey:
    """The key of a PEM certificate or of a bare PEM public key."""
    pem = text.encode()
    key = (
        x509.load_pem_x509_certificate(pem).public_key()
        if b"CERTIFICATE" in pem
        else serialization.load_pem_public_key(pem)
    )
    if not isinstance(key, rsa.RSAPublicKey):
        message = "a connected app's certificate must hold an RSA key"
        raise TypeError(message)
    return key


def _token_answer(call: Call, user_id: str, app: ConnectedApp | None) -> dict[str, Any]:
    session = call.org.access.open_session(user_id, app.name if app else "")
    identity_url = f"{call.request.origin}/id/{call.org.id}/{user_id}"
    issued_at = str(int(call.org.clock.now().timestamp() * 1000))
    key = (app.client_secret if app else "").encode()
    signature = hmac.new(key, f"{identity_url}{issued_at}".encode(), hashlib.sha256).digest()
    return {
        "access_token": session.token,
        "instance_url": call.request.origin,
        "id": identity_url,
        "token_type": "Bearer",
        "issued_at": issued_at,
        "signature": base64.b64encode(signature).decode(),
    }


def _given_token(call: Call) -> str:
    return (
        session_token(call.request)
        or call.request.query.get("oauth_token")
        or _form(call.request).get("access_token", "")
    )


def _no_token(call: Call) -> Response:
    return _BAD_TOKEN if _given_token(call) else _MISSING_TOKEN


def _asker(call: Call) -> str | None:
    """The user of the token; None when it is nobody's."""
    session = call.org.access.session(_given_token(call))
    return session.user_id if session else None


def _user(call: Call, user_id: str) -> dict[str, Any]:
    found = call.org.storage.records("User", [user_id])
    if user_id not in found:
        raise SalesforceError(404, "NOT_FOUND", "The requested resource does not exist")
    return found[user_id]


def _full_name(user: Mapping[str, Any]) -> str:
    return " ".join(filter(None, (user["FirstName"], user["LastName"])))


def _urls(call: Call, user_id: str) -> dict[str, str]:
    base = call.request.origin
    data = f"{base}/services/data/v{{version}}/"
    return {
        "enterprise": f"{base}/services/Soap/c/{{version}}/{call.org.id}",
        "partner": f"{base}/services/Soap/u/{{version}}/{call.org.id}",
        "metadata": f"{base}/services/Soap/m/{{version}}/{call.org.id}",
        "rest": data,
        "sobjects": f"{data}sobjects/",
        "search": f"{data}search/",
        "query": f"{data}query/",
        "profile": f"{base}/{user_id}",
        "custom_domain": base,
    }
