"""A sandbox as its witnesses meet it: over TLS, behind the proxy, under Salesforce's own host names.

Used by the tests beside it. Its verbs (`query`, `create` …) are the second reader: plain HTTP, no client library, so that
no test believes a client's word alone.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox_org import CLIENT_ID, CLIENT_SECRET, SandboxOrg

USERNAME, PASSWORD = "admin@sandbox.example", "sandbox"
REFRESH_TOKEN = "sandbox-refresh-token"
LONGEST_STORY_S = 120


class WitnessedOrg(SandboxOrg):
    """A running sandbox, all of its listeners, and what a client needs to be led there untouched."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.authority = folder / "ca.pem"
        ports = ("--tls-port", "0", "--proxy-port", "0", "--pubsub-tls-port", "0")
        super().__init__(*ports, "--ca-out", str(self.authority), *arguments)
        self._announced = self._read_announcement()
        self.org_id = self._announced["org"].split(",")[0]

    @property
    def proxy(self) -> str:
        return self._announced["proxy"]

    @property
    def tls_url(self) -> str:
        return self._announced["over TLS"]

    @property
    def events_over_tls(self) -> str:
        """host:port of the Pub/Sub API."""
        return self._announced["events, TLS"]

    @property
    def surroundings(self) -> dict[str, str]:
        """The environment variables that lead every https:// request to this org, and make clients trust it."""
        return {
            "HTTPS_PROXY": self.proxy,
            "https_proxy": self.proxy,
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
            "REQUESTS_CA_BUNDLE": str(self.authority),
            "SSL_CERT_FILE": str(self.authority),
        }

    def token(self) -> str:
        """A session for clients that are handed one."""
        form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        answer = self._session.post(f"{self.url}/services/oauth2/token", data=form, timeout=30)
        return str(answer.json()["access_token"])

    def told(self, *command: str | Path, folder: Path, **more: str) -> str:
        """What a client's program prints in that folder; the test fails with its errors when it fails."""
        surroundings = {**os.environ, **self.surroundings, "HOME": str(folder), **more}
        done = subprocess.run(
            command,
            cwd=folder,
            env=surroundings,
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST_STORY_S,
        )
        assert done.returncode == 0, f"{command[0]} failed:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        return done.stdout

    def story(self, python: Path, name: str, folder: Path, **asked: object) -> Mapping[str, Any]:
        """What the story `stories/NAME.py`, run by a client's own Python, tells about what its client saw."""
        script = Path(__file__).with_name("stories") / f"{name}.py"
        printed = self.told(python, script, json.dumps(asked), folder=folder)
        told: Mapping[str, Any] = json.loads(printed.splitlines()[-1])
        return told

    def _read_announcement(self) -> dict[str, str]:
        """What the sandbox says after its first line: name → the rest of the line."""
        assert self.process.stdout is not None
        announced = {}
        while "look inside" not in announced:
            name, rest = re.split(r"\s{2,}", self.process.stdout.readline().strip(), maxsplit=1)
            announced[name] = rest
        return announced
