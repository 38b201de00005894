"""A sandbox that listens on a free port in this very process, and people who log in to it over real HTTP.

One server serves all tests of a session; each test begins with a fresh, empty org.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from salesforce_sandbox.server import Listener, make_sandbox
from salesforce_sandbox.wire.sandbox import Beginning, Sandbox

VERSION = "v60.0"


@dataclass
class Person:
    """Somebody with a session: plain HTTP with a few short cuts."""

    url: str
    http: requests.Session = field(default_factory=requests.Session)

    def log_in(self, username: str = "admin@sandbox.example", password: str = "sandbox") -> "Person":
        form = {"grant_type": "password", "username": username, "password": password}
        form |= {"client_id": "sandbox-client", "client_secret": "sandbox-secret"}
        answer = self.http.post(f"{self.url}/services/oauth2/token", data=form)
        assert answer.status_code == 200, answer.text
        self.http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return self

    def call(self, method: str, path: str, body: Any = None, **further: Any) -> requests.Response:
        """A call below /services/data/v60.0, or anywhere for paths that begin with two slashes."""
        below = path[1:] if path.startswith("//") else f"/services/data/{VERSION}{path}"
        return self.http.request(method, self.url + below, json=body, **further)

    def create(self, sobject: str, **values: Any) -> str:
        answer = self.call("POST", f"/sobjects/{sobject}", values)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def change(self, sobject: str, record_id: str, **values: Any) -> None:
        answer = self.call("PATCH", f"/sobjects/{sobject}/{record_id}", values)
        assert answer.status_code == 204, answer.text

    def delete(self, sobject: str, record_id: str) -> None:
        answer = self.call("DELETE", f"/sobjects/{sobject}/{record_id}")
        assert answer.status_code == 204, answer.text

    def refused(self, method: str, path: str, body: Any = None, **further: Any) -> tuple[int, str, str]:
        """Status, code and message of a call that must be refused."""
        answer = self.call(method, path, body, **further)
        assert answer.status_code >= 400, answer.text
        (error,) = answer.json()
        return answer.status_code, error["errorCode"], error["message"]

    def query(self, text: str, *, resource: str = "query") -> list[dict[str, Any]]:
        """The records of a query that fits one page, without their attributes."""
        answer = self.call("GET", f"/{resource}", params={"q": text})
        assert answer.status_code == 200, answer.text
        return [{k: v for k, v in record.items() if k != "attributes"} for record in answer.json()["records"]]

    def one(self, text: str, *, resource: str = "query") -> dict[str, Any]:
        (record,) = self.query(text, resource=resource)
        return record

    def status_row(self, campaign: str, label: str) -> str:
        text = f"SELECT Id FROM CampaignMemberStatus WHERE CampaignId = '{campaign}' AND Label = '{label}'"
        return str(self.one(text)["Id"])

    def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.http.request(method, f"{self.url}/sandbox/{path}", json=body)
        assert answer.status_code < 400, answer.text
        return answer.json() if answer.content else None


@dataclass(frozen=True)
class Running:
    """A sandbox that listens."""

    sandbox: Sandbox
    url: str


@pytest.fixture(scope="session")
def running() -> Iterator[Running]:
    sandbox = make_sandbox(Beginning(seed={}))
    listener = Listener(sandbox, 0)
    thread = threading.Thread(target=listener.run, daemon=True)
    thread.start()
    yield Running(sandbox, listener.url)
    listener.stop()
    thread.join(timeout=10)


@pytest.fixture
def sandbox(running: Running) -> Sandbox:
    """The sandbox itself, fresh and empty, for what no API shows."""
    running.sandbox.reset(("clock", "org", "faults", "calls", "switches"))
    return running.sandbox


@pytest.fixture
def url(running: Running, sandbox: Sandbox) -> str:
    return running.url


@pytest.fixture
def admin(url: str) -> Iterator[Person]:
    """The administrator of a fresh, empty org."""
    person = Person(url).log_in()
    yield person
    person.http.close()


@pytest.fixture
def anybody(url: str) -> Iterator[Person]:
    """Somebody who has not logged in."""
    person = Person(url)
    yield person
    person.http.close()
