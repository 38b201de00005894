"""The sandbox org of the demo: started as a process of its own, and spoken to as a sales colleague's tools would.

It shares nothing with our Salesforce door on purpose: what the demo shows of the other side comes by another road.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from campaignsync.domain.errors import UsageError

CLIENT_ID, CLIENT_SECRET = "sandbox-client", "sandbox-secret"
_DATA = "/services/data/v62.0"


@dataclass(slots=True, kw_only=True)
class SandboxOrg:
    """A running sandbox."""

    url: str
    process: subprocess.Popen[str] | None = None
    _token: str = field(default="", repr=False)

    @classmethod
    def start(cls) -> SandboxOrg:
        """Start one on a free port, with the demo's people in it."""
        program = Path(sys.executable).with_name("salesforce-sandbox")
        if not program.exists():
            raise UsageError(
                "The demo needs the sandbox. Install it with: pip install 'campaignsync[sandbox]'"
            )
        process = subprocess.Popen(  # noqa: S603 - our own program.
            [str(program), "--port", "0", "--seed", "demo"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        with contextlib.ExitStack() as unless_it_is_ready:
            unless_it_is_ready.callback(process.kill)
            first = process.stdout.readline() if process.stdout else ""
            if not first.startswith("ready "):
                raise UsageError(f"The sandbox did not start. Try it by itself: {program} --seed demo")
            unless_it_is_ready.pop_all()
        return cls(url=first.split()[1].rstrip("/"), process=process)

    def stop(self) -> None:
        """End it."""
        if self.process:
            self.process.terminate()
            self.process.wait(timeout=10)

    def query(self, soql: str) -> list[dict[str, Any]]:
        """The records of a query, to the last page."""
        page = self._call("GET", f"{_DATA}/query?q={quote(soql)}")
        records = list(page["records"])
        while not page["done"]:
            page = self._call("GET", page["nextRecordsUrl"])
            records += page["records"]
        return records

    def create(self, object_name: str, **fields: object) -> str:
        """Create a record; its id."""
        return str(self._call("POST", f"{_DATA}/sobjects/{object_name}", fields)["id"])

    def update(self, object_name: str, record_id: str, **fields: object) -> None:
        """Change a record."""
        self._call("PATCH", f"{_DATA}/sobjects/{object_name}/{record_id}", fields)

    def delete(self, object_name: str, record_id: str) -> None:
        """Delete a record."""
        self._call("DELETE", f"{_DATA}/sobjects/{object_name}/{record_id}")

    def calls(self) -> dict[str, int]:
        """How many API calls the org has counted, by kind."""
        counted = self._send("GET", "/sandbox/calls", None, {})
        return {kind: number for kind, number in counted.items() if isinstance(number, int)}

    def _call(self, method: str, path: str, body: object = None) -> Any:
        if not self._token:
            form = {
                "grant_type": "client_credentials",
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
            }
            token = self._send("POST", "/services/oauth2/token", urlencode(form).encode(), {})
            self._token = token["access_token"]
        content = None if body is None else json.dumps(body).encode()
        return self._send(
            method,
            path,
            content,
            {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"},
        )

    def _send(self, method: str, path: str, content: bytes | None, headers: dict[str, str]) -> Any:
        request = urllib.request.Request(self.url + path, data=content, headers=headers, method=method)  # noqa: S310
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - the address is the sandbox's own.
            text = answer.read()
        return json.loads(text) if text else None
