"""The road of one request: find its endpoint, see who asks, count it, run the handler, word what was refused.

Called by `app` for what comes over sockets, by Composite for subrequests, and by whoever drives the sandbox in process.
Holds no lock and knows no socket. Rests on S2.1.2, S2.2.1, S2.2.2, S2.2.10 and the table in section 2.3.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from salesforce_sandbox.org.access import Caller
from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.org.org import Org
from salesforce_sandbox.wire.messages import Request, Response, error_body, placed
from salesforce_sandbox.wire.rest_xml import MEDIA_TYPE, document, wants_xml
from salesforce_sandbox.wire.routes import ANYBODY, Call, Endpoint

OLDEST_VERSION, NEWEST_VERSION = 31, 67
RETIRED_FROM = 21
# S1.4.9: older versions pass the header over.
DUPLICATE_HEADER_SINCE = 52
_METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")
_SCHEMES = ("bearer", "oauth")
_NOT_FOUND = SalesforceError(404, "NOT_FOUND", "The requested resource does not exist")
_NO_VERSION = re.compile(r"/services/data/[^v]")
_VERSION = re.compile(r"/services/(?:data/v|async/|Soap/[uc]/)([^/]*)")


class Service:
    """Serves requests on one org by a table of endpoints."""

    def __init__(self, org: Org, endpoints: Iterable[Endpoint]) -> None:
        self.org = org
        self._by_method: dict[str, list[Endpoint]] = {}
        for endpoint in endpoints:
            self._by_method.setdefault(endpoint.method, []).append(endpoint)
        # Whoever looks again looks at the same addresses.
        self._endpoint_at = lru_cache(maxsize=1_000)(self._served_at)

    def serve(self, request: Request) -> Response:
        """Answers one request from outside, in XML where that is asked for."""
        try:
            response = self._counted(self._meant(request))
        except SalesforceError as error:
            response = _refusal(error, request)
        if isinstance(response.body, dict | list) and wants_xml(
            request.path, request.headers.get("accept", "")
        ):
            written = document(request.path, response.status, response.body)
            return replace(response, body=written, media_type=MEDIA_TYPE)
        return response

    def inner(self, request: Request, caller: Caller) -> Response:
        """Answers a request made on a caller's behalf inside another: it is neither admitted nor counted again."""
        try:
            endpoint, parameters = self._endpoint(request)
            if endpoint.kind is None:
                raise _NOT_FOUND
            return self._run(endpoint, request, caller, parameters)
        except SalesforceError as error:
            return _refusal(error, request)

    def _counted(self, request: Request) -> Response:
        endpoint, parameters = self._endpoint(request)
        caller = self.admit(request) if endpoint.session else ANYBODY
        if endpoint.kind is None:
            return self._run(endpoint, request, caller, parameters)
        self.org.accounting.charge(endpoint.kind, app=caller.app)
        try:
            response = self._run(endpoint, request, caller, parameters)
        except SalesforceError as error:
            response = _refusal(error, request)
        return response.headed("Sforce-Limit-Info", self.org.accounting.usage(caller.app))

    def admit(self, request: Request) -> Caller:
        """Who asks; SalesforceError INVALID_SESSION_ID when nobody does."""
        scheme, _, _ = request.headers.get("authorization", "Bearer").partition(" ")
        if scheme.lower() not in _SCHEMES:
            raise SalesforceError(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE")
        options = _options(request.headers.get("sforce-call-options", ""))
        caller = caller_of(self.org, session_token(request), request.path, client=options.get("client"))
        said = request.headers.get("sforce-duplicate-rule-header")
        if said is None or float(caller.version) < DUPLICATE_HEADER_SINCE:
            return caller
        duplicates = _options(said, separator=";")
        return replace(
            caller,
            save_duplicates=duplicates.get("allowsave", "").lower() == "true",
            duplicate_details=duplicates.get("includerecorddetails", "").lower() == "true",
        )

    def _run(
        self, endpoint: Endpoint, request: Request, caller: Caller, parameters: dict[str, str]
    ) -> Response:
        call = Call(
            org=self.org,
            request=request,
            caller=caller,
            parameters=parameters,
            version=parameters.get("version", ""),
            dispatch=lambda inner: self.inner(inner, caller),
        )
        return endpoint.handler(call)

    def _endpoint(self, request: Request) -> tuple[Endpoint, dict[str, str]]:
        """The endpoint and the parameters of the path; SalesforceError when nothing is served there."""
        served_there = self._endpoint_at(request.method, request.path)
        if served_there is not None:
            return served_there
        version = _version_of(request.path)
        served = {
            method: min(each.since for each in endpoints)
            for method in self._by_method
            if (endpoints := [e for e in self._by_method[method] if e.pattern.fullmatch(request.path)])
        }
        allowed = [method for method in _METHODS if served.get(method, version + 1) <= version]
        if allowed:
            # Whoever may GET may HEAD.
            told = ["HEAD", *allowed] if "GET" in allowed else allowed
            message = f"HTTP Method '{request.method}' not allowed. Allowed are {','.join(told)}"
            raise SalesforceError(405, "METHOD_NOT_ALLOWED", message)
        if served:
            raise _NOT_FOUND
        raise not_built(request)

    def _served_at(self, method: str, path: str) -> tuple[Endpoint, dict[str, str]] | None:
        """What serves an address that is known, if anything does."""
        version = _version_of(path)
        for endpoint in self._by_method.get(method, ()):
            found = endpoint.pattern.fullmatch(path)
            if found and version >= endpoint.since:
                return endpoint, found.groupdict()
        return None

    def _meant(self, request: Request) -> Request:
        """S2.2.3: clients that cannot send PATCH send a POST that says so; addresses may end by naming the format."""
        if request.path.startswith("/services/data/") and request.path.endswith((".json", ".xml")):
            request = replace(request, path=request.path.rpartition(".")[0])
        if request.method == "HEAD":
            # The server keeps the body to itself.
            return replace(request, method="GET")
        method = request.query.get("_HttpMethod")
        if method and request.method == "POST" and self.org.switches["method_tunnelling"]:
            return replace(request, method=method.upper())
        return request


def _refusal(error: SalesforceError, request: Request) -> Response:
    return Response(status=error.status, body=error_body(placed(error, request.body)))


def caller_of(
    org: Org, token: str | None, path: str, *, client: str | None = None, save_duplicates: bool = False
) -> Caller:
    """Whose session a token is, and which API the path is of; SalesforceError INVALID_SESSION_ID when it is nobody's (S2.1.2)."""
    session = org.access.session(token) if token else None
    if session is None:
        raise SalesforceError(401, "INVALID_SESSION_ID", "Session expired or invalid")
    spoken = _VERSION.match(path)
    by_bulk = path.startswith("/services/async/") or "/jobs/" in path
    return Caller(
        user_id=session.user_id,
        client=client,
        save_duplicates=save_duplicates,
        version=spoken[1] if spoken else "60.0",
        app=session.app,
        api="bulkapi" if by_bulk else "soap" if path.startswith("/services/Soap/") else "rest",
    )


def session_token(request: Request) -> str | None:
    """The token of the Authorization header, or of the header that Bulk 1.0 has for it."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() in _SCHEMES and token:
        return token.strip()
    return request.headers.get("x-sfdc-session")


def _options(header: str, separator: str = ",") -> dict[str, str]:
    """`client=x, batchSize=5` by name in lower case."""
    pairs = (part.partition("=") for part in header.split(separator) if "=" in part)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _version_of(path: str) -> int:
    """The API version that a path names, the newest where it names none; SalesforceError when it is not live."""
    found = _VERSION.match(path)
    if not found or path.startswith("/services/Soap/"):
        # SOAP words it in a fault of its own.
        return NEWEST_VERSION
    version = version_number(found[1])
    if RETIRED_FROM <= version < OLDEST_VERSION:
        raise SalesforceError(410, "GONE", "The requested resource is no longer available")
    if not OLDEST_VERSION <= version <= NEWEST_VERSION:
        raise _NOT_FOUND
    return version


def version_number(text: str) -> int:
    """66 for the text 66.0; 0 for what no version is written like."""
    return int(text.removesuffix(".0")) if re.fullmatch(r"\d{2}\.0", text) else 0


def not_built(request: Request) -> SalesforceError:
    """What an address is answered that nothing here serves, though a real org might."""
    if not request.path.startswith("/services/") or _NO_VERSION.match(request.path):
        return _NOT_FOUND
    message = f"{request.method} {request.path} is not built in this sandbox; docs/sandbox_coverage.md lists what is."
    return SalesforceError(501, "NOT_IMPLEMENTED_BY_SANDBOX", message)
