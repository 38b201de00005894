"""However odd a request is, it gets an answer in the shape of its API, and never breaks what serves it (S2.2.2)."""

from functools import cache
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salesforce_sandbox.server import make_sandbox
from salesforce_sandbox.wire.messages import Request
from salesforce_sandbox.wire.sandbox import Beginning, Sandbox
from salesforce_sandbox.wire.soap import OPERATIONS
from salesforce_sandbox.wire.soap_xml import write

FORM = b"grant_type=client_credentials&client_id=sandbox-client&client_secret=sandbox-secret"
DATA = "/services/data/v62.0"
RESOURCES = [
    ("POST", f"{DATA}/sobjects/Lead"),
    ("PATCH", f"{DATA}/sobjects/Lead/00QSb0000000001MAA"),
    ("PATCH", f"{DATA}/sobjects/Lead/Email/a@b.example"),
    ("POST", f"{DATA}/sobjects/CampaignMember"),
    ("POST", f"{DATA}/composite"),
    ("POST", f"{DATA}/composite/batch"),
    ("POST", f"{DATA}/composite/graph"),
    ("POST", f"{DATA}/composite/tree/Lead"),
    ("POST", f"{DATA}/composite/sobjects"),
    ("PATCH", f"{DATA}/composite/sobjects"),
    ("PATCH", f"{DATA}/composite/sobjects/Lead/Email"),
    ("POST", f"{DATA}/composite/sobjects/Lead"),
    ("POST", "/sandbox/clock"),
    ("POST", "/sandbox/faults"),
    ("POST", "/sandbox/limits"),
    ("POST", "/sandbox/locks"),
    ("POST", "/sandbox/reset"),
    ("POST", "/sandbox/seed"),
    ("POST", "/sandbox/switches"),
]
WORDS = (
    "records attributes type referenceId compositeRequest batchRequests graphs graphId method url body richInput"
    " httpHeaders allOrNone ids fields Id LastName Company Email Status OwnerId Owner NumberOfEmployees AnnualRevenue"
    " CampaignMembers CampaignId LeadId advance_s rules match action only seconds users crowd switches limits nth"
)
ARGUMENTS = (
    "sObjects ids id type leadConverts leadId request masterRecord recordToMergeIds queryString startDate endDate"
    " sObjectType queryLocator externalIDFieldName fieldList"
)
TEXTS = st.sampled_from(
    [
        "",
        "Lead",
        "CampaignMember",
        "GET",
        "POST",
        "00QSb0000000001MAA",
        f"{DATA}/sobjects/Lead",
        "@{a.id}",
        "a",
        "1",
    ]
)
SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.floats(allow_nan=False) | TEXTS | st.text()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS.split()), inner, max_size=4)
    ),
    max_leaves=12,
)


@cache
def box(resource: str) -> Sandbox:
    """A sandbox for each resource: what one breaks, such as the clock, must not confuse the next."""
    lead = {"type": "Lead", "LastName": "Ash", "Company": "Ash & Co"}
    return make_sandbox(Beginning(seed={"records": [lead]}))


def token(asked: Sandbox) -> str:
    answered = asked.service.serve(Request(method="POST", path="/services/oauth2/token", body=FORM))
    return str(answered.body["access_token"])


@pytest.mark.parametrize(("method", "path"), RESOURCES)
@settings(max_examples=60)
@given(body=VALUES)
def test_every_json_body_gets_an_answer(method: str, path: str, body: Any) -> None:
    asked = box(path)
    headers = {"authorization": f"Bearer {token(asked)}"}
    answered = asked.service.serve(
        Request(method=method, path=path, headers=headers, body=orjson.dumps(body))
    )
    assert answered.status < 500 or answered.status == 501
    if answered.status >= 400 and isinstance(answered.body, list):
        assert all(error["errorCode"] or error["statusCode"] for error in answered.body)


@pytest.mark.parametrize("operation", OPERATIONS)
@settings(max_examples=30)
@given(arguments=st.dictionaries(st.sampled_from(ARGUMENTS.split()), VALUES))
def test_every_soap_envelope_gets_an_answer(operation: str, arguments: dict[str, Any]) -> None:
    asked = box("soap")
    envelope = (
        f"<Envelope><Header><SessionHeader><sessionId>{token(asked)}</sessionId></SessionHeader></Header>"
        "<Body xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'>"
        f"{write(operation, _writable(arguments))}</Body></Envelope>"
    )
    request = Request(method="POST", path="/services/Soap/u/62.0", body=envelope.encode())
    answered = asked.service.serve(request)
    assert b"Response>" in answered.body or b"faultcode" in answered.body


def _writable(value: Any) -> Any:
    """What XML can carry of a value."""
    if isinstance(value, dict):
        return {name: _writable(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_writable(inner) for inner in value]
    return "".join(c for c in value if c.isprintable()) if isinstance(value, str) else value
