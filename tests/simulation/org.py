"""People who work in Salesforce, in process: the verbs of `sandbox_org`, without sockets and without being counted as ours."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import orjson

from salesforce_sandbox.org.clock import Clock
from salesforce_sandbox.org.seeds.birth import ADMIN_ID
from salesforce_sandbox.server import make_sandbox
from salesforce_sandbox.wire.messages import Request
from salesforce_sandbox.wire.sandbox import Beginning
from sandbox_org import DATA, SandboxOrg

SYNC_USERNAME = "sync@example.com"
CLIENT = {"client_id": "sync-client", "client_secret": "sync-secret"}
SEED: dict[str, Any] = {
    "users": [
        {
            "Username": SYNC_USERNAME,
            "LastName": "Sync",
            "IsActive": True,
            "UserPermissionsMarketingUser": True,
        }
    ],
    "apps": [{**CLIENT, "run_as": SYNC_USERNAME}],
    "duplicate_rules": [],
}


class RefusedThereError(Exception):
    """Salesforce refused what somebody wanted to do there."""


class SalesTeam(SandboxOrg):
    """Sales, in the org's own pages."""

    def __init__(self, clock: Clock, number: int = 0) -> None:
        self.sandbox = make_sandbox(Beginning(seed=SEED), clock, number)
        self._renew()

    def _renew(self) -> None:
        self._token = self.sandbox.org.access.open_session(ADMIN_ID).token

    def stop(self) -> None:
        """The org is no more."""
        self.sandbox.org.storage.close()

    def control(self, method: str, path: str, body: object = None) -> Any:
        return self._served(Request(method=method, path=path, body=orjson.dumps(body) if body else b""))

    def call(self, method: str, path: str, body: object = None) -> Any:
        if self.sandbox.org.access.session(self._token) is None:
            self._renew()
        parts = urlsplit(path)
        return self._served(
            Request(
                method=method,
                path=unquote(parts.path),
                query={name: values[0] for name, values in parse_qs(parts.query).items()},
                headers={"authorization": f"Bearer {self._token}"},
                body=orjson.dumps(body) if body is not None else b"",
            )
        )

    def _served(self, request: Request) -> Any:
        answer = self._answered(request)
        content = answer.content()
        if answer.status >= 300:
            raise RefusedThereError(content.decode())
        return orjson.loads(content) if content else None

    def _answered(self, request: Request) -> Any:
        """Whatever the sync user's calls are limited to, people in pages are not."""
        limits, org = self.sandbox.org.accounting.limits, self.sandbox.org
        kept, used = dict(limits), dict(org.accounting.by_kind)
        limits["DailyApiRequests"] = 10**9
        try:
            return self.sandbox.service.serve(request)
        finally:
            limits.update(kept)
            org.accounting.by_kind.clear()
            org.accounting.by_kind.update(used)

    def soap(self, operation: str, arguments: str) -> str:
        """What only SOAP can do (S1.4.6, S1.4.7)."""
        if self.sandbox.org.access.session(self._token) is None:
            self._renew()
        body = (
            '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:u="urn:partner.soap.sforce.com">'
            f"<s:Header><u:SessionHeader><u:sessionId>{self._token}</u:sessionId></u:SessionHeader></s:Header>"
            f"<s:Body><u:{operation}>{arguments}</u:{operation}></s:Body></s:Envelope>"
        )
        headers = {"content-type": "text/xml", "soapaction": operation}
        path = "/services/Soap/u/62.0"
        answer = self._answered(Request(method="POST", path=path, headers=headers, body=body.encode()))
        text = str(answer.content().decode())
        if "<success>true</success>" not in text:
            raise RefusedThereError(text)
        return text

    def rows(self, sql: str, *params: Any) -> list[tuple[Any, ...]]:
        """What the org holds, deleted rows too, without asking its API."""
        return self.sandbox.org.storage.rows(sql, *params)


__all__ = ["CLIENT", "DATA", "SEED", "SYNC_USERNAME", "RefusedThereError", "SalesTeam"]
