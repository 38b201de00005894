"""What the sandbox offers beside Salesforce: faults, time, replication windows, seeds, snapshots, the change log."""

import json
import sqlite3
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import typer

from salesforce_sandbox.main import run
from salesforce_sandbox.org.seeds.demo import demo
from salesforce_sandbox.server import make_sandbox
from salesforce_sandbox.wire.messages import Request
from salesforce_sandbox.wire.sandbox import Beginning, Sandbox
from sandbox_org import SandboxOrg

LEAD = {"LastName": "Ash", "Company": "Ash & Co"}


def fault(admin: Any, action: dict[str, Any], **match: Any) -> None:
    admin.control("POST", "faults", {"rules": [{"match": match, "action": action}]})


@pytest.mark.parametrize(("drop", "stored"), [("before", 0), ("after", 1)])
def test_a_connection_drops_before_or_after_the_write(admin: Any, drop: str, stored: int) -> None:
    fault(admin, {"drop": drop}, method="POST", path="/sobjects/Lead", nth=1)
    with pytest.raises(requests.ConnectionError):
        admin.call("POST", "/sobjects/Lead", LEAD)
    assert len(admin.query("SELECT Id FROM Lead")) == stored


@pytest.mark.parametrize(("body", "begins"), [("html", b"<html>"), ("empty", b"")])
def test_the_edge_answers_with_html_or_nothing(admin: Any, body: str, begins: bytes) -> None:
    """S2.2.12"""
    fault(admin, {"status": 503, "body": body, "retry_after_s": 2}, path="/limits")
    answer = admin.call("GET", "/limits")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert answer.content.startswith(begins)


def test_a_session_expires_in_the_middle(admin: Any) -> None:
    """S2.1.2"""
    fault(admin, {"expire_session": True}, path="/limits", nth=2)
    assert admin.call("GET", "/limits").status_code == 200
    assert admin.refused("GET", "/limits")[1] == "INVALID_SESSION_ID"
    assert admin.refused("GET", "/limits")[1] == "INVALID_SESSION_ID"


def test_any_refusal_can_be_asked_for_so_many_times(admin: Any) -> None:
    """S2.2.11"""
    error = {"code": "UNABLE_TO_LOCK_ROW", "message": "unable to obtain exclusive access to this record"}
    rule = {"match": {"method": "POST"}, "action": {"error": error}, "times": 1}
    admin.control("POST", "faults", {"rules": [rule]})
    assert admin.refused("POST", "/sobjects/Lead", LEAD)[1] == "UNABLE_TO_LOCK_ROW"
    assert admin.create("Lead", **LEAD)


def test_faults_by_chance_are_the_same_again_with_the_same_seed(admin: Any) -> None:
    def outcomes() -> list[int]:
        rule = {"match": {"probability": 0.5}, "action": {"limit_reached": True}}
        admin.control("POST", "faults", {"seed": 7, "rules": [rule]})
        return [admin.call("GET", "/limits").status_code for _ in range(12)]

    first = outcomes()
    assert set(first) == {200, 403}
    assert outcomes() == first


EVERY_KIND = {
    "seed": 7,
    "rules": [
        {"match": {"path": "/limits", "nth": 1}, "action": {"drop": "before"}},
        {"match": {"path": "/limits", "nth": 2}, "action": {"status": 500, "body": "empty"}},
        {"match": {"path": "/limits", "nth": 3}, "action": {"limit_reached": True}},
        {"match": {"path": "/limits", "nth": 4}, "action": {"lock": ["00Q"], "seconds": 30}},
        {"match": {"path": "/limits", "nth": 5}, "action": {"latency_ms": {"min": 0, "max": 1}}},
        {"match": {"path": "/limits", "nth": 6}, "action": {"expire_session": True}},
    ],
    "commit_lag_s": 3,
    "bulk": {
        "reads_per_step": 2,
        "fail_after_rows": 10,
        "refusals": [{"code": "X", "message": "x", "nth": 2}],
    },
    "events": {"rules": [{"match": {"entity": "Lead"}, "action": "lose"}]},
}


def told(stated: dict[str, Any]) -> dict[str, Any]:
    """What the control resource tells of faults, without what has happened so far."""
    plain = [{k: v for k, v in rule.items() if k not in ("seen", "fired")} for rule in stated["rules"]]
    return {
        "seed": (stated["seed"], stated["bulk"]["seed"], stated["events"]["seed"]),
        "rules": plain,
        "commit_lag_s": stated["commit_lag_s"],
        "bulk": {name: stated["bulk"][name] for name in EVERY_KIND["bulk"]},  # type: ignore[attr-defined]
        "events": [rule["action"] for rule in stated["events"]["rules"]],
    }


def test_one_file_says_everything_that_goes_wrong_and_one_resource_too(admin: Any, tmp_path: Path) -> None:
    file = tmp_path / "faults.json"
    file.write_text(json.dumps(EVERY_KIND))
    started = SandboxOrg("--seed", "empty", "--faults", str(file))
    try:
        by_file = started.control("GET", "/sandbox/faults")
        started.control("DELETE", "/sandbox/faults")
        started.reset()
        after_a_reset = started.control("GET", "/sandbox/faults")
    finally:
        started.stop()
    by_resource = admin.control("POST", "faults", EVERY_KIND)
    refusal = {"code": "X", "message": "x", "nth": 2, "where": {}, "tries": None}
    assert (
        told(by_file)
        == told(by_resource)
        == {
            "seed": (7, 7, 7),
            "rules": EVERY_KIND["rules"],
            "commit_lag_s": 3,
            "bulk": {**EVERY_KIND["bulk"], "refusals": [refusal]},  # type: ignore[dict-item]
            "events": ["lose"],
        }
    )
    assert told(after_a_reset) == told(by_file)
    admin.control("POST", "reset", {"only": ["org"]})
    assert told(admin.control("GET", "faults")) == told(by_file)
    fair = admin.control("DELETE", "faults")
    assert (fair["rules"], fair["commit_lag_s"], fair["events"]["rules"]) == ([], 0, [])
    assert (fair["bulk"]["reads_per_step"], fair["bulk"]["refusals"]) == (None, [])


@pytest.mark.parametrize(
    ("option", "text", "told"),
    [
        ("faults", '{"rule": []}', "not rule"),
        ("faults", "{", "is a JSON file of what goes wrong"),
        ("seed", '{"records": [{"type": "Nonsense"}]}', "there is none"),
        ("seed", "{", "cannot begin from --seed"),
        ("snapshot", "no database", "cannot begin from"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_in_a_sentence(
    tmp_path: Path, option: str, text: str, told: str
) -> None:
    file = tmp_path / "given"
    file.write_text(text)
    given: dict[str, Any] = {"seed": "empty", option: str(file) if option == "seed" else file}
    with pytest.raises(typer.BadParameter, match=told):
        run(port=0, **given)


def test_a_port_that_is_taken_is_told_in_a_sentence(url: str) -> None:
    with pytest.raises(typer.BadParameter, match=r"a port cannot be taken: .*Address already in use"):
        run(port=int(url.rpartition(":")[2]), seed="empty")


def test_an_unknown_action_is_refused(admin: Any) -> None:
    answer = admin.http.post(f"{admin.url}/sandbox/faults", json={"rules": [{"action": {"explode": 1}}]})
    assert (answer.status_code, "explode" in answer.text) == (400, True)


def test_too_many_long_requests_are_refused_and_short_ones_never(admin: Any) -> None:
    """S2.2.10"""
    admin.control("POST", "limits", {"most_long_requests": 1, "long_request_s": 0.05})
    fault(admin, {"latency_ms": 700}, path="/sobjects$")
    slow = threading.Thread(
        target=lambda: requests.get(f"{admin.url}/services/data/v60.0/sobjects", timeout=10)
    )
    slow.start()
    until = time.monotonic() + 5
    while (answer := admin.call("GET", "/limits")).status_code == 200:
        assert time.monotonic() < until
    assert answer.json()[0]["message"] == "ConcurrentPerOrgLongTxn Limit exceeded."
    slow.join()
    assert admin.call("GET", "/limits").status_code == 200


def test_a_user_may_have_a_limit_of_long_requests_of_their_own(admin: Any) -> None:
    """S2.2.10"""
    admin.control("POST", "seed", {"users": [{"Username": "mia@sandbox.example", "LastName": "Mia"}]})
    mia = type(admin)(admin.url).log_in("mia@sandbox.example")
    admin.control("POST", "limits", {"most_long_requests_per_user": 1, "long_request_s": 0.05})
    fault(admin, {"latency_ms": 700}, path="/sobjects$")
    slow = threading.Thread(target=admin.call, args=("GET", "/sobjects"))
    slow.start()
    until = time.monotonic() + 5
    second = type(admin)(admin.url)
    second.http.headers["Authorization"] = admin.http.headers["Authorization"]
    while second.call("GET", "/limits").status_code == 200:
        assert time.monotonic() < until
    assert mia.call("GET", "/limits").status_code == 200
    slow.join()
    for each in (mia, second):
        each.http.close()


def test_the_sandbox_reports_what_calls_cost_itself(admin: Any) -> None:
    """Whoever measures a client takes this off; delays that were asked for are not in it."""
    admin.control("POST", "reset", {"only": ["calls"]})
    assert admin.control("GET", "calls")["own_cost"] == {"calls": 0, "seconds": 0, "ms_per_call": 0}
    fault(admin, {"latency_ms": 300}, path="/limits")
    for _ in range(2):
        admin.call("GET", "/limits")
    cost = admin.control("GET", "calls")["own_cost"]
    assert cost["calls"] == 2
    assert 0 < cost["ms_per_call"] < 300
    assert cost["ms_per_call"] == pytest.approx(cost["seconds"] * 1000 / 2, abs=0.1)


def test_the_limits_of_an_org_are_set_by_a_seed_too(admin: Any) -> None:
    admin.control("POST", "seed", {"limits": {"DailyApiRequests": 90, "most_records": 2}})
    limits = admin.control("GET", "limits")
    assert (limits["DailyApiRequests"], limits["most_records"]) == (90, 2)
    answer = admin.http.post(f"{admin.url}/sandbox/limits", json={"Nonsense": 1})
    assert (answer.status_code, "Nonsense" in answer.text) == (400, True)


def test_the_orgs_clock_can_be_set_and_made_to_stand(admin: Any) -> None:
    shown = admin.control("POST", "clock", {"at": "2031-05-04T10:00:00Z", "still": True})["now"]
    assert shown == "2031-05-04T10:00:00+00:00"
    admin.log_in()
    lead = admin.create("Lead", **LEAD)
    assert admin.control("POST", "clock", {"advance_s": 90})["now"] == "2031-05-04T10:01:30+00:00"
    made = admin.one(f"SELECT CreatedDate FROM Lead WHERE Id = '{lead}'")["CreatedDate"]
    assert made == "2031-05-04T10:00:00.000+0000"
    assert admin.control("POST", "clock", {"still": False})["now"] >= "2031-05-04T10:01:30+00:00"
    answer = admin.http.post(f"{admin.url}/sandbox/clock", json={"moment": 1})
    assert (answer.status_code, "moment" in answer.text) == (400, True)
    admin.control("POST", "reset", {"only": ["clock"]})
    away = datetime.fromisoformat(admin.control("GET", "clock")["now"]) - datetime.now(UTC)
    assert abs(away) < timedelta(hours=1)


def window(admin: Any, start_s: float, end_s: float) -> dict[str, str]:
    now = datetime.fromisoformat(admin.control("GET", "clock")["now"])
    return {
        name: (now + timedelta(seconds=at)).isoformat() for name, at in (("start", start_s), ("end", end_s))
    }


def test_updated_and_deleted_list_what_changed_in_a_window(admin: Any) -> None:
    """S2.6.1"""
    kept, gone = admin.create("Lead", **LEAD), admin.create("Lead", **LEAD)
    admin.delete("Lead", gone)
    params = window(admin, -120, 120)
    updated = admin.call("GET", "/sobjects/Lead/updated/", params=params).json()
    deleted = admin.call("GET", "/sobjects/Lead/deleted/", params=params).json()
    assert updated["ids"] == [kept]
    assert [record["id"] for record in deleted["deletedRecords"]] == [gone]
    assert updated["latestDateCovered"].endswith("+0000")


@pytest.mark.parametrize("listed", [True, False])
def test_removed_members_are_listed_as_the_switch_says(admin: Any, listed: bool) -> None:
    """S1.3.5"""
    admin.control("POST", "switches", {"removed_members_listed": listed})
    campaign, lead = admin.create("Campaign", Name="Spring"), admin.create("Lead", **LEAD)
    member = admin.create("CampaignMember", CampaignId=campaign, LeadId=lead)
    admin.delete("CampaignMember", member)
    deleted = admin.call("GET", "/sobjects/CampaignMember/deleted", params=window(admin, -120, 120)).json()
    assert [record["id"] for record in deleted["deletedRecords"]] == ([member] if listed else [])


@pytest.mark.parametrize(
    ("kind", "start_s", "end_s"),
    [("updated", 0, -60), ("deleted", -30, 0), ("updated", -31 * 86_400, 0), ("deleted", -16 * 86_400, 0)],
)
def test_a_window_that_is_none_or_too_old_is_refused(
    admin: Any, kind: str, start_s: float, end_s: float
) -> None:
    """S0.14"""
    refusal = admin.refused("GET", f"/sobjects/Lead/{kind}", params=window(admin, start_s, end_s))
    assert refusal[:2] == (400, "INVALID_REPLICATION_DATE")


def test_a_slow_commit_is_stamped_before_it_can_be_seen(admin: Any) -> None:
    """S0.15, S0.16"""
    admin.control("POST", "faults", {"commit_lag_s": 30})
    before = admin.control("GET", "clock")["now"][:19]
    admin.create("Lead", **LEAD)
    assert admin.one("SELECT SystemModstamp FROM Lead")["SystemModstamp"][:19] < before
    updated = admin.call("GET", "/sobjects/Lead/updated", params=window(admin, -120, 120)).json()
    assert updated["latestDateCovered"][:19] < before


def test_the_change_log_tells_who_changed_what(admin: Any) -> None:
    """S2.7.3, S2.2.13"""
    headers = {"Sforce-Call-Options": "client=campaigns/1.0"}
    lead = admin.call("POST", "/sobjects/Lead", LEAD, headers=headers).json()["id"]
    admin.change("Lead", lead, Title="CTO")
    created, updated = admin.control("GET", "changes")["changes"]
    assert (created["change_type"], created["record_id"]) == ("CREATE", lead)
    assert created["origin"] == "com/salesforce/api/rest/60.0;client=campaigns/1.0"
    assert set(updated["values"]) == {"Title", "LastModifiedDate"}
    assert created["transaction_key"] != updated["transaction_key"]


def test_what_was_rolled_back_is_not_in_the_change_log(admin: Any) -> None:
    rows = [{"attributes": {"type": "Lead"}, **LEAD}, {"attributes": {"type": "Lead"}}]
    admin.call("POST", "/composite/sobjects", {"allOrNone": True, "records": rows})
    assert admin.control("GET", "changes")["changes"] == []


def test_several_changes_of_one_record_in_one_transaction_are_one(admin: Any) -> None:
    """S2.7.3"""
    requests_ = [
        {"method": "POST", "url": "/services/data/v60.0/sobjects/Lead", "referenceId": "a", "body": LEAD},
        {
            "method": "PATCH",
            "url": "/services/data/v60.0/sobjects/Lead/@{a.id}",
            "referenceId": "b",
            "body": {"Title": "CTO"},
        },
    ]
    admin.call("POST", "/composite", {"allOrNone": True, "compositeRequest": requests_})
    (change,) = admin.control("GET", "changes")["changes"]
    assert (change["change_type"], change["values"]["Title"]) == ("CREATE", "CTO")


def test_a_snapshot_holds_the_rows_and_goes_on_counting(admin: Any, tmp_path: Path) -> None:
    first = admin.create("Lead", **LEAD)
    admin.control("POST", "snapshot", {"file": str(tmp_path / "org.db")})
    again = make_sandbox(Beginning(seed={}, snapshot=tmp_path / "org.db"))
    lead = again.org.schema.find("Lead")
    assert lead
    assert list(again.org.storage.records("Lead", [first])) == [first]
    (outcome,) = again.org.records.create(lead, [LEAD], again.admin)
    assert outcome.id
    assert outcome.id > first


def test_an_org_that_begins_anew_lets_its_rows_go_at_once(sandbox: Sandbox) -> None:
    """Nobody waits for Python to look for what nobody holds any more: a large org may be reset a thousand times."""
    rows = sandbox.org.storage
    sandbox.reset(("org",))
    with pytest.raises(sqlite3.ProgrammingError):
        rows.rows("SELECT 1")
    assert sandbox.org.storage.rows("SELECT 1") == [(1,)]


def test_a_crowd_is_there_before_anybody_listens(admin: Any) -> None:
    admin.control("POST", "seed", {"crowd": {"campaigns": 2, "leads": 30, "contacts": 10}})
    text = "SELECT Campaign.Name, COUNT(Id) n FROM CampaignMember GROUP BY Campaign.Name"
    assert [row["n"] for row in admin.query(text)] == [40, 40]


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"recrods": []}, "recrods"),
        ({"records": [{"type": "Lead", "Company": "Co"}]}, "LastName"),
        ({"records": [{"type": "Ledger"}]}, "Ledger"),
    ],
)
def test_a_seed_that_cannot_be_says_why(admin: Any, document: dict[str, Any], says: str) -> None:
    answer = admin.http.post(f"{admin.url}/sandbox/seed", json=document)
    assert answer.status_code == 400
    assert says in answer.json()[0]["message"]


def test_a_reset_sets_the_clock_right_again(admin: Any) -> None:
    admin.control("POST", "clock", {"advance_s": 86_400})
    admin.control("POST", "reset")
    now = datetime.fromisoformat(admin.control("GET", "clock")["now"])
    assert abs(now - datetime.now(now.tzinfo)) < timedelta(hours=1)
    assert admin.create("Lead", **LEAD)


def test_a_reset_forgets_all_but_the_session(admin: Any) -> None:
    admin.create("Lead", **LEAD)
    admin.control("POST", "reset")
    assert admin.query("SELECT Id FROM Lead") == []
    assert admin.control("GET", "calls")["by_kind"] == {"query": 1}


def test_the_demo_is_a_believable_org_and_the_same_every_time() -> None:
    first, second = (make_sandbox(Beginning(seed=demo())) for _ in range(2))
    text = 'SELECT c."Name", s."Label" FROM "Campaign" c JOIN "CampaignMemberStatus" s ON s."CampaignId" = c."Id"'
    labels = [
        label for name, label in first.org.storage.rows(f'{text} WHERE s."IsDeleted" = 0') if "Spring" in name
    ]
    assert labels == ["Invited", "Registered", "No Show", "Attended"]
    members = 'SELECT m."Id", m."Status" FROM "CampaignMember" m JOIN "Campaign" c ON c."Id" = m."CampaignId"'
    spring = [
        box.org.storage.rows(f"{members} WHERE c.\"Name\" = 'Spring Webinar 2026'") for box in (first, second)
    ]
    assert spring[0] == spring[1]
    assert len(spring[0]) == 40


def test_the_sandbox_can_be_driven_without_a_socket() -> None:
    sandbox = make_sandbox(Beginning(seed={}))
    form = b"grant_type=client_credentials&client_id=sandbox-client&client_secret=sandbox-secret"
    token = sandbox.service.serve(Request(method="POST", path="/services/oauth2/token", body=form)).body
    headers = {"authorization": f"Bearer {token['access_token']}"}
    answer = sandbox.service.serve(Request(method="GET", path="/services/data/v60.0/limits", headers=headers))
    assert answer.status == 200


def test_the_command_says_where_it_listens(tmp_path: Path) -> None:
    seed = tmp_path / "seed.json"
    seed.write_text(json.dumps({"records": [{"type": "Campaign", "Name": "Mine"}]}))
    command = [sys.executable, "-c", "from salesforce_sandbox.main import main; main()", "--port", "0"]
    with subprocess.Popen([*command, "--seed", str(seed)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        word, url = process.stdout.readline().split()
        known = requests.get(f"{url}/sandbox", timeout=5).json()
        process.terminate()
        process.stdout.read()
    assert (word, known["username"]) == ("ready", "admin@sandbox.example")
