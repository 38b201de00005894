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
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import requests

ROOT = Path(__file__).resolve().parents[1]
CACHE = Path(os.environ.get("CAMPAIGNSYNC_BENCH_DIR") or ROOT / ".cache" / "benchmarks")
DATABASE = CACHE / "server" / "postgres"
"""Where the server of all programs under test has its data."""
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
        command += ["--tls-port", "0", "--proxy-port", "0", "--ca-out", str(authority)]
        os.environ["REQUESTS_CA_BUNDLE"] = os.environ["SSL_CERT_FILE"] = str(authority)
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
        self.latency_ms = 0

    def stop(self) -> None:
        self._http.close()
        self._process.terminate()
        self._process.wait(60)
        if self._process.stdout:
            self._process.stdout.close()

    def control(self, method: str, path: str, body: object = None) -> Any:
        answer = self._http.request(method, f"{self.url}/sandbox/{path}", json=body, timeout=600)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def begin(self, latency_ms: int = 0) -> None:
        """Everything as at the start, every answer so much later, nothing counted yet."""
        self._token = ""
        self.control("POST", "reset")
        self.slow(latency_ms)

    def later(self, seconds: int) -> None:
        """Let time pass; sessions end by that, too."""
        self.control("POST", "clock", {"advance_s": seconds})
        self._token = ""

    def slow(self, latency_ms: int) -> None:
        self.latency_ms = latency_ms
        self.control("POST", "limits", {"DailyApiRequests": PLENTY, "most_records": PLENTY})
        rules = [{"match": {}, "action": {"latency_ms": latency_ms}}] if latency_ms else []
        self.control("POST", "faults", {"rules": rules})
        self.forget_calls()

    def forget_calls(self) -> None:
        self.control("POST", "reset", {"only": ["calls"]})

    def counted(self) -> dict[str, Any]:
        """The API calls as Salesforce counts them, by kind, and the bytes of bodies."""
        told = self.control("GET", "calls")
        own = told["own_cost"]
        return {
            "calls": told["total"],
            "by_kind": told["by_kind"],
            "bytes": sum(told["bytes"].values()),
            "sandbox_cpu_s": round(own["seconds"], 3),
        }

    def changes(self) -> int:
        """How many changes of records there were, as the org's own log counts them."""
        return int(self.control("GET", "changes?since=0&most=1")["last"])

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

    def create(self, sobject: str, records: Sequence[Mapping[str, Any]]) -> list[str]:
        """Make records as somebody in the org would; their ids."""
        return self._in_collections("POST", [{"attributes": {"type": sobject}, **each} for each in records])

    def flip(self, members: Sequence[Mapping[str, str]]) -> None:
        """Give members the other of the two first statuses."""
        other = {"Sent": "Responded", "Responded": "Sent"}
        self._in_collections(
            "PATCH",
            [
                {
                    "attributes": {"type": "CampaignMember"},
                    "Id": each["Id"],
                    "Status": other[each["Status"]],
                }
                for each in members
            ],
        )

    def delete(self, ids: Sequence[str]) -> None:
        for start in range(0, len(ids), 200):
            results = self.call("DELETE", f"/composite/sobjects?ids={','.join(ids[start : start + 200])}")
            assert all(each["success"] for each in results), results[:3]

    def undelete(self, record_id: str) -> None:
        """What only SOAP can do."""
        session = f"<u:SessionHeader><u:sessionId>{self.token()}</u:sessionId></u:SessionHeader>"
        body = (
            '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:u="urn:partner.soap.sforce.com">'
            f"<s:Header>{session}</s:Header><s:Body><u:undelete><u:ids>{record_id}</u:ids></u:undelete></s:Body></s:Envelope>"
        )
        headers = {"Content-Type": "text/xml", "SOAPAction": "undelete"}
        answer = self._http.post(f"{self.url}/services/Soap/u/62.0", data=body, headers=headers, timeout=600)
        assert "<success>true</success>" in answer.text, answer.text

    def campaign(self, name: str, labels: Sequence[str], **fields: str) -> str:
        """A campaign with these statuses, the last of them responded, besides the two that each has."""
        (made,) = self.create("Campaign", [{"Name": name, "IsActive": True, **fields}])
        further = [label for label in labels if label not in ("Sent", "Responded")]
        rows = [
            {
                "CampaignId": made,
                "Label": label,
                "SortOrder": place,
                "HasResponded": label == further[-1],
            }
            for place, label in enumerate(further, start=3)
        ]
        if rows:
            self.create("CampaignMemberStatus", rows)
        return made

    def only_campaign(self) -> str:
        return str(self.query("SELECT Id FROM Campaign")[0]["Id"])

    def _in_collections(self, method: str, records: Sequence[Mapping[str, Any]]) -> list[str]:
        ids: list[str] = []
        for start in range(0, len(records), 200):
            results = self.call(method, "/composite/sobjects", {"records": records[start : start + 200]})
            assert all(each["success"] for each in results), results[:3]
            ids += [each["id"] for each in results]
        return ids

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


def crowd(leads: int, *, contacts: int = 0, campaigns: int = 1) -> dict[str, Any]:
    """A seed of so many people, all of them members of each campaign, a second between each and the next."""
    return {"crowd": {"campaigns": campaigns, "leads": leads, "contacts": contacts, "seconds_apart": 1}}


@contextmanager
def prepared(
    server: Server, name: str, seed: Mapping[str, Any], steps: Callable[[Org, str], None]
) -> Iterator[tuple[Org, str]]:
    """A sandbox and the name of a database template after steps that take long: taken once, then kept, both of them. The
    connection in it has to be made anew, since the sandbox is elsewhere by now."""
    migrations = sorted(each.name for each in (ROOT / "src/campaignsync/store/migrations").glob("0*.py"))
    text = json.dumps([name, seed, migrations[-1]], sort_keys=True)
    key = f"{name}_{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    snapshot = CACHE / f"{key}.db"
    if not (snapshot.exists() and server.has(key)):
        snapshot.unlink(missing_ok=True)
        with org_of(seed) as org:
            steps(org, server.make(key))
            org.control("POST", "snapshot", {"file": str(snapshot)})
    with _running("--snapshot", snapshot) as org:
        yield org, key


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
    with _running("--snapshot", snapshot, *arguments) as org:
        yield org


@contextmanager
def _running(*arguments: object) -> Iterator[Org]:
    org = Org(*arguments)
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

    def has(self, database: str) -> bool:
        with psycopg.connect(self._url) as session:
            found = session.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,))
            return found.fetchone() is not None


@contextmanager
def database_server() -> Iterator[Server]:
    """A server of our own, as big installations have theirs: with more memory than a laptop's, and a disk that may be late."""
    from campaignsync.runtime.embedded_postgres import embedded_postgres

    with (
        embedded_postgres(CACHE / "server") as url,
        psycopg.connect(url, autocommit=True) as session,
    ):
        for name, value in _TUNED.items():
            session.execute(f"ALTER SYSTEM SET {name} = '{value}'")
    with embedded_postgres(CACHE / "server") as url:
        yield Server(url)


_TUNED = {
    "shared_buffers": "2GB",
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
