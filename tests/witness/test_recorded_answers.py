"""The sandbox answers as real orgs were recorded to answer: status, media type, headers and the whole body."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from witness.recorded import DATA, JSON, LOGINS, READS, TIME, TO_THE_MINUTE, WRITES, Recorded, an_id, error
from witness.witnessed_org import WitnessedOrg

LEAD = {"type": "Lead", "LastName": "Ash", "Company": "Ash"}
CAST = {
    "fields": [
        {"object": "Lead", "name": "Key__c", "type": "string(20)", "flags": "cunpx"},
        {
            "object": "Lead",
            "name": "Job_Category__c",
            "type": "picklist(40)",
            "flags": "cunpr",
            "values": ["Other"],
        },
    ],
    "apps": [{"client_id": "userless", "client_secret": "sandbox-secret"}],
    "records": [
        {"type": "Campaign", "Name": "Recorded", "name": "campaign"},
        {**LEAD, "FirstName": "Ada", "Email": "ada@ash.example", "name": "lead"},
        {"type": "CampaignMember", "CampaignId": "@campaign", "LeadId": "@lead", "name": "member"},
        {**LEAD, "LastName": "Birch", "name": "converted"},
        {**LEAD, "LastName": "Cedar", "name": "deleted"},
        {**LEAD, "LastName": "Dogwood", "Key__c": "twice"},
        {**LEAD, "LastName": "Elm", "Key__c": "twice"},
    ],
    "conversions": ["converted"],
}


@pytest.fixture
def cast(org: WitnessedOrg) -> Mapping[str, str]:
    """The ids of those who appear in the recorded exchanges, by name."""
    names: Mapping[str, str] = org.control("POST", "/sandbox/seed", CAST)
    org.delete("Lead", names["deleted"])
    # Who was converted left a contact behind, and the recorded org had none.
    (left,) = org.query("SELECT Id FROM Contact")
    org.delete("Contact", left["Id"])
    return names


def asked(org: WitnessedOrg, recorded: Recorded, cast: Mapping[str, str]) -> requests.Response:
    text = json.dumps(recorded.body)
    path = recorded.path
    for name, record_id in cast.items():
        text, path = text.replace(f"{{{name}}}", record_id), path.replace(f"{{{name}}}", record_id)
    return requests.request(
        recorded.method,
        org.url + path,
        data=recorded.form,
        json=json.loads(text),
        headers={"Authorization": f"Bearer {org.token()}"} if recorded.session else {},
        timeout=30,
    )


EXCHANGES = {**LOGINS, **READS, **WRITES}


@pytest.mark.parametrize("name", EXCHANGES, ids=lambda name: f"{EXCHANGES[name].rules} {name}")
def test_an_answer_is_the_recorded_one(name: str, org: WitnessedOrg, cast: Mapping[str, str]) -> None:
    recorded = EXCHANGES[name]
    answer = asked(org, recorded, cast)
    body: Any = answer.json() if answer.content else None
    assert (answer.status_code, body) == (recorded.status, recorded.answer)
    assert answer.headers.get("Content-Type") == recorded.media_type
    assert {name: answer.headers.get(name) for name in recorded.headers} == recorded.headers


def test_windows_of_changes_are_told_to_the_minute(org: WitnessedOrg, cast: Mapping[str, str]) -> None:
    """S2.6.1: the shapes and the form of times."""
    org.control("POST", "/sandbox/clock", {"advance_s": 120})
    now = datetime.now(UTC)
    window = {
        "start": (now - timedelta(hours=1)).isoformat("T", "seconds"),
        "end": (now + timedelta(minutes=2)).isoformat("T", "seconds"),
    }
    bearer = {"Authorization": f"Bearer {org.token()}"}
    updated, deleted = (
        requests.get(
            f"{org.url}{DATA}/sobjects/Lead/{kind}/", params=window, headers=bearer, timeout=30
        ).json()
        for kind in ("updated", "deleted")
    )
    assert updated == {"ids": [an_id("00Q")] * 4, "latestDateCovered": TO_THE_MINUTE}
    assert deleted == {
        "deletedRecords": [{"id": cast["deleted"], "deletedDate": TIME}],
        "earliestDateAvailable": TIME,
        "latestDateCovered": TO_THE_MINUTE,
    }


def test_an_org_without_calls_left_says_so(org: WitnessedOrg) -> None:
    """S2.2.10."""
    org.control("POST", "/sandbox/limits", {"DailyApiRequests": 0})
    bearer = {"Authorization": f"Bearer {org.token()}"}
    answer = requests.get(f"{org.url}{DATA}/limits", headers=bearer, timeout=30)
    assert (answer.status_code, answer.headers["Content-Type"]) == (403, JSON)
    assert answer.json() == error("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")


@pytest.mark.parametrize("kind", ["xml", "csv"])
def test_bulk_api_1_answers_in_the_recorded_media_types_and_bodies(kind: str, org: WitnessedOrg) -> None:
    """S2.5.1: what nobody put in has no batches; results are CSV that names no character set."""
    async_url, session = f"{org.url}/services/async/62.0/job", {"X-SFDC-Session": org.token()}
    wanted = (
        '<jobInfo xmlns="http://www.force.com/2009/06/asyncapi/dataload"><operation>insert</operation>'
        "<object>Lead</object><contentType>CSV</contentType></jobInfo>"
    )
    opened = requests.post(
        async_url, data=wanted, headers={**session, "Content-Type": "application/xml"}, timeout=30
    )
    assert (opened.status_code, opened.headers["Content-Type"]) == (201, "application/xml")
    job = f"{async_url}/{opened.text.split('<id>')[1].split('<')[0]}"
    if kind == "xml":
        batches = requests.get(f"{job}/batch", headers=session, timeout=30)
        assert batches.headers["Content-Type"] == "application/xml"
        assert batches.text == (
            '<?xml version="1.0" encoding="UTF-8"?><batchInfoList\n   xmlns="http://www.force.com/2009/06/asyncapi/dataload" />'
        )
        return
    rows = '"LastName","Company"\n"Ash","Ash"\n'
    batch = requests.post(
        f"{job}/batch", data=rows, headers={**session, "Content-Type": "text/csv"}, timeout=30
    )
    assert batch.status_code == 201
    batch_id = batch.text.split("<id>")[1].split("<")[0]
    result = requests.get(f"{job}/batch/{batch_id}/result", headers=session, timeout=30)
    assert result.headers["Content-Type"] == "text/csv"
    (lead,) = org.query("SELECT Id FROM Lead")
    assert result.text == f'"Id","Success","Created","Error"\n"{lead["Id"]}","true","true",""\n'
