"""A world for a benchmark: a sandbox org of a wanted size, and a database, both back at their beginning in seconds.

Used by the works. Big orgs are made once as snapshots under `.cache/benchmarks`; prepared databases are kept as templates of the
server and copied for each run.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import requests

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / ".cache" / "benchmarks"
CLIENT_ID, CLIENT_SECRET = "sandbox-client", "sandbox-secret"
PLENTY = 100_000_000
_PROGRAMS = Path(sys.executable).parent


class Org:
    """A running sandbox."""

    def __init__(self, *arguments: object) -> None:
        CACHE.mkdir(parents=True, exist_ok=True)
        authority = CACHE / f"ca-{os.getpid()}.pem"
        command = [str(_PROGRAMS / "salesforce-sandbox"), "--port", "0", *map(str, arguments)]
        # simple-salesforce speaks TLS only, and so everybody does.
        command += ["--tls-port", "0", "--ca-out", str(authority)]
        os.environ["REQUESTS_CA_BUNDLE"] = str(authority)
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        first = self._process.stdout.readline()
        assert first.startswith("ready "), first
        self.announced: dict[str, str] = {}
        while "look inside" not in self.announced:
            name, _, told = self._process.stdout.readline().strip().partition("  ")
            self.announced[name] = told.strip()
        self.url = first.split()[1].rstrip("/")
        self.address = self.announced["over TLS"].rstrip("/")
        self._http = requests.Session()
        self._token = ""

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(60)

    def control(self, method: str, path: str, body: object = None) -> Any:
        answer = self._http.request(method, f"{self.url}/sandbox/{path}", json=body, timeout=600)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def begin(self, latency_ms: int = 0) -> None:
        """Everything as at the start, every answer so much later, nothing counted yet."""
        self._token = ""
        self.control("POST", "reset")
        self.slow(latency_ms)

    def begin_again(self) -> None:
        """Log in anew, since time has passed."""
        self._token = ""

    def slow(self, latency_ms: int) -> None:
        self.control("POST", "limits", {"DailyApiRequests": PLENTY, "most_records": PLENTY})
        rules = [{"match": {}, "action": {"latency_ms": latency_ms}}] if latency_ms else []
        self.control("POST", "faults", {"rules": rules})
        self.forget_calls()

    def forget_calls(self) -> None:
        self.control("POST", "reset", {"only": ["calls"]})

    def counted(self) -> dict[str, Any]:
        """The API calls as Salesforce counts them, by kind, and the bytes of bodies."""
        told = self.control("GET", "calls")
        return {"calls": told["total"], "by_kind": told["by_kind"], "bytes": sum(told["bytes"].values())}

    def token(self) -> str:
        if not self._token:
            form = {
                "grant_type": "client_credentials",
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
            }
            answer = self._http.post(f"{self.url}/services/oauth2/token", data=form, timeout=60)
            self._token = answer.json()["access_token"]
        return self._token

    def call(self, method: str, path: str, body: object = None) -> Any:
        headers = {"Authorization": f"Bearer {self.token()}"}
        answer = self._http.request(
            method, f"{self.url}/services/data/v62.0{path}", json=body, headers=headers, timeout=600
        )
        assert answer.ok, answer.text[:500]
        return answer.json() if answer.content else None

    def query(self, soql: str) -> list[dict[str, Any]]:
        """All records of a query."""
        page = self.call("GET", f"/query?q={requests.utils.quote(soql)}")
        records = list(page["records"])
        while not page["done"]:
            page = self.call("GET", page["nextRecordsUrl"].removeprefix("/services/data/v62.0"))
            records += page["records"]
        return records

    def bulk_csv(self, soql: str) -> bytes:
        """The rows of a query as one CSV, for checks."""
        job = self.call("POST", "/jobs/query", {"operation": "query", "query": soql})["id"]
        whole, locator = [], ""
        while locator != "null":
            answer = self._http.get(
                f"{self.url}/services/data/v62.0/jobs/query/{job}/results?maxRecords=250000{locator and '&locator=' + locator}",
                headers={"Authorization": f"Bearer {self.token()}"},
                timeout=600,
            )
            whole.append(answer.content if not whole else answer.content.split(b"\n", 1)[1])
            locator = answer.headers["Sforce-Locator"]
        return b"".join(whole)


@contextmanager
def org_of(seed: Mapping[str, Any], *arguments: object) -> Iterator[Org]:
    """A sandbox that holds what a seed says; made once, then loaded from a snapshot."""
    CACHE.mkdir(parents=True, exist_ok=True)
    text = json.dumps(seed, sort_keys=True)
    recipe = (ROOT / "src/salesforce_sandbox/org/seeds/crowd.py").read_bytes()
    snapshot = CACHE / f"org-{hashlib.sha256(text.encode() + recipe).hexdigest()[:12]}.db"
    if not snapshot.exists():
        file = snapshot.with_suffix(".json")
        file.write_text(text)
        maker = Org("--seed", file)
        maker.control("POST", "snapshot", {"file": str(snapshot)})
        maker.stop()
    org = Org("--snapshot", snapshot, *arguments)
    try:
        org.slow(0)
        yield org
    finally:
        org.stop()


class Server:
    """The PostgreSQL server of all programs under test, with databases made from templates."""

    def __init__(self, url: str) -> None:
        self._url = url

    def url(self, database: str) -> str:
        return re.sub(r"/postgres(?=\?|$)", f"/{database}", self._url)

    def make(self, database: str, template: str = "template1") -> str:
        """A fresh database, in place of an older one of that name; its URL."""
        with psycopg.connect(self._url, autocommit=True) as session:
            session.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
            session.execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        return self.url(database)

    def rows(self, database: str, sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url(database)) as session:
            return session.execute(sql).fetchall()


@contextmanager
def database_server() -> Iterator[Server]:
    """A server of our own, as big installations have theirs: with more memory than a laptop's, and a disk that may be late."""
    from campaignsync.runtime.embedded_postgres import embedded_postgres

    with embedded_postgres(CACHE / "server") as url:
        with psycopg.connect(url, autocommit=True) as session:
            for name, value in _TUNED.items():
                session.execute(f"ALTER SYSTEM SET {name} = '{value}'")
            session.execute("SELECT pg_reload_conf()")
        yield Server(url)


_TUNED = {
    "max_wal_size": "8GB",
    "synchronous_commit": "off",
    "work_mem": "64MB",
    "maintenance_work_mem": "256MB",
}


def ours(url: str, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """Our command, and the environment in which it uses a database."""
    return (
        [str(_PROGRAMS / "campaignsync"), "--data-dir", str(CACHE / "data"), *arguments],
        {
            "DATABASE_URL": url,
            "CAMPAIGNSYNC_SECRET_KEY": "benchmark",
        },
    )
