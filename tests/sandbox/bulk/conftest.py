"""People who work in bulk: files in, files out, over real HTTP."""

import csv
import io
from dataclasses import dataclass
from typing import Any

import pytest
import requests


@dataclass
class Clerk:
    """Bulk API 2.0 with a few short cuts; `person` is who is logged in."""

    person: Any

    def open(self, sobject: str, operation: str = "insert", **stated: Any) -> dict[str, Any]:
        answer = self.person.call(
            "POST", "/jobs/ingest", {"object": sobject, "operation": operation, **stated}
        )
        assert answer.status_code == 200, answer.text
        return answer.json()  # type: ignore[no-any-return]

    def upload(self, job: str, content: str | bytes) -> requests.Response:
        data = content.encode() if isinstance(content, str) else content
        path = f"/services/data/v60.0/jobs/ingest/{job}/batches"
        url = self.person.url + path
        return self.person.http.put(url, data=data, headers={"Content-Type": "text/csv"})  # type: ignore[no-any-return]

    def close(self, job: str) -> dict[str, Any]:
        answer = self.person.call("PATCH", f"/jobs/ingest/{job}", {"state": "UploadComplete"})
        assert answer.status_code == 200, answer.text
        return answer.json()  # type: ignore[no-any-return]

    def begin(self, sobject: str, operation: str, content: str | bytes, **stated: Any) -> str:
        """A job that is closed; its id."""
        job: str = self.open(sobject, operation, **stated)["id"]
        assert self.upload(job, content).status_code == 201
        self.close(job)
        return job

    def send(self, sobject: str, operation: str, content: str | bytes, **stated: Any) -> dict[str, Any]:
        """A job whose file has been worked through, as it says itself."""
        return self.look(self.begin(sobject, operation, content, **stated))

    def look(self, job: str) -> dict[str, Any]:
        answer = self.person.call("GET", f"/jobs/ingest/{job}")
        assert answer.status_code == 200, answer.text
        return answer.json()  # type: ignore[no-any-return]

    def file(self, job: str, name: str) -> str:
        answer = self.person.call("GET", f"/jobs/ingest/{job}/{name}")
        assert answer.status_code == 200, answer.text
        return answer.content.decode()  # type: ignore[no-any-return]

    def rows(self, job: str, name: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.file(job, name))))

    def errors(self, job: str) -> dict[str, str]:
        """What the refused rows are told, by their first own column."""
        told = {}
        for row in self.rows(job, "failedResults"):
            _, error, first, *_ = row.values()
            told[first] = error
        return told

    def query(self, text: str, operation: str = "query", **stated: Any) -> str:
        """A query job; its id."""
        answer = self.person.call("POST", "/jobs/query", {"operation": operation, "query": text, **stated})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    def page(self, job: str, **asked: Any) -> requests.Response:
        return self.person.call("GET", f"/jobs/query/{job}/results", params=asked)  # type: ignore[no-any-return]

    def rule(self, **rules: Any) -> None:
        """Says how bulk jobs go from now on."""
        self.person.control("POST", "bulk", rules)


@pytest.fixture
def clerk(admin: Any) -> Clerk:
    return Clerk(admin)


@pytest.fixture
def campaign(admin: Any) -> str:
    """A campaign's id."""
    return str(admin.create("Campaign", Name="Spring"))
