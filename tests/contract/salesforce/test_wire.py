"""The way to Salesforce stumbles: reads are repeated, writes never are, and every call is counted (S2.2.9 to S2.2.12)."""

from __future__ import annotations

import pytest

from campaignsync.domain.connections import Login, LoginMethod
from campaignsync.domain.errors import CampaignsyncError, RetryableError, UnknownOutcomeError, UsageError
from campaignsync.salesforce.wire import ApiUsage, Wire
from sandbox_org import SandboxOrg

LOST = {"drop": "before"}
UNAVAILABLE = {"status": 503}


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def wire(login: Login, pauses: list[float]) -> Wire:
    """A wire that notes how long it would wait, and is logged in."""
    wire = Wire(login, pause=pauses.append)
    assert wire.instance_url
    return wire


def fault(sandbox: SandboxOrg, action: dict[str, object], **match: object) -> None:
    rule = {"match": {"path": "/services/data", **match}, "action": action}
    sandbox.control("POST", "/sandbox/faults", {"rules": [rule]})


@pytest.mark.parametrize("action", [LOST, UNAVAILABLE, {"status": 420}, {"status": 429}, {"drop": "after"}])
def test_a_read_that_stumbles_is_repeated(
    sandbox: SandboxOrg, wire: Wire, pauses: list[float], action: dict[str, object]
) -> None:
    fault(sandbox, action, nth=[1, 2])
    assert wire.get("/limits")["DailyApiRequests"]["Max"] == 15000
    assert pauses == [0.2, 1.0]


def test_a_read_that_goes_on_stumbling_is_for_later(
    sandbox: SandboxOrg, wire: Wire, pauses: list[float]
) -> None:
    fault(sandbox, UNAVAILABLE)
    with pytest.raises(RetryableError, match="GET limits: the answer was HTTP 503 without a reason"):
        wire.get("/limits")
    assert len(pauses) == 3
    assert wire.calls.total() == 4


def test_an_org_whose_calls_are_spent_is_not_asked_again_at_once(
    sandbox: SandboxOrg, wire: Wire, pauses: list[float]
) -> None:
    """S2.2.10: over the daily limit, every further call is wasted; too many long calls at a time pass by themselves."""
    fault(sandbox, {"limit_reached": True})
    with pytest.raises(RetryableError, match="TotalRequests Limit exceeded") as told:
        wire.get("/limits")
    assert told.value.retry_after_s == 900
    assert pauses == []
    message = "ConcurrentPerOrgLongTxn Limit exceeded."
    fault(sandbox, {"error": {"status": 403, "code": "REQUEST_LIMIT_EXCEEDED", "message": message}}, nth=1)
    assert wire.get("/limits")
    assert pauses == [0.2]


@pytest.mark.parametrize("action", [LOST, {"drop": "after"}, UNAVAILABLE, {"status": 502, "body": "empty"}])
def test_a_write_without_an_answer_may_have_been_done_and_is_never_repeated(
    sandbox: SandboxOrg, wire: Wire, pauses: list[float], action: dict[str, object]
) -> None:
    fault(sandbox, action, nth=1)
    with pytest.raises(UnknownOutcomeError, match="POST sobjects/Lead"):
        wire.write("POST", "/sobjects/Lead", {"LastName": "Once", "Company": "C"})
    assert pauses == []
    assert len(sandbox.query("SELECT Id FROM Lead")) == (action == {"drop": "after"})


def test_a_write_that_could_not_be_sent_may_be_tried_again(running_sandbox: SandboxOrg, login: Login) -> None:
    """Refused before a byte has left: nothing can have been done."""
    other = SandboxOrg("--seed", "empty")
    fields = dict(login.fields)
    wire = Wire(
        Login(method=LoginMethod.CLIENT_CREDENTIALS, login_url=other.url, fields=fields), pause=lambda _: None
    )
    assert wire.instance_url == other.url
    other.stop()
    with pytest.raises(RetryableError):
        wire.write("POST", "/sobjects/Lead", {"LastName": "Never", "Company": "C"})
    assert wire.calls.total() == 0


@pytest.mark.parametrize("writes", [False, True])
def test_a_page_where_an_answer_should_be_is_told(sandbox: SandboxOrg, wire: Wire, *, writes: bool) -> None:
    """A portal or a proxy on the way answers everything with a page of its own."""
    fault(sandbox, {"status": 200, "body": "<html>Please log in to the network</html>"})
    with pytest.raises(UsageError, match="Is this the address of a Salesforce org"):
        wire.composite([], writes=writes)


def test_redirects_are_not_followed_with_the_token(sandbox: SandboxOrg, wire: Wire) -> None:
    fault(sandbox, {"status": 302})
    with pytest.raises(CampaignsyncError, match="HTTP 302"):
        wire.get("/limits")
    assert wire.calls.total() == 1


def test_calls_are_counted_by_what_they_were_and_the_org_tells_its_own_count(
    sandbox: SandboxOrg, wire: Wire
) -> None:
    """Section 2.3; logging in is free."""
    wire.get("/limits")
    wire.write("POST", "/sobjects/Lead", {"LastName": "L", "Company": "C"})
    wire.get("/query?q=SELECT+Id+FROM+Lead")
    wire.get("/services/oauth2/userinfo")
    assert wire.calls == {"GET limits": 1, "POST sobjects/Lead": 1, "GET query": 1}
    assert wire.usage == ApiUsage(used=sandbox.calls(), allowed=15000)


def test_our_changes_bear_our_name(sandbox: SandboxOrg, wire: Wire) -> None:
    """S2.2.13: so that change events tell our own echo."""
    wire.write("POST", "/sobjects/Lead", {"LastName": "L", "Company": "C"})
    (change,) = sandbox.control("GET", "/sandbox/changes")["changes"]
    assert change["origin"].endswith(";client=campaignsync")


def test_no_error_tells_a_secret(sandbox: SandboxOrg, wire: Wire, login: Login) -> None:
    fault(sandbox, UNAVAILABLE)
    token = wire._fresh_token(None)
    with pytest.raises(RetryableError) as told:
        wire.get("/limits")
    assert token.access_token not in str(told.value) + repr(told.value) + repr(token)
    assert login.fields["client_secret"] not in repr(login)
