"""simple-salesforce, untouched, logs in by each of its ways at https://login.salesforce.com and My Domain hosts (section 2.1)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from simple_salesforce import Salesforce, SalesforceAuthenticationFailed, SalesforceExpiredSession

from sandbox_org import CLIENT_ID, CLIENT_SECRET
from witness.witnessed_org import PASSWORD, USERNAME, WitnessedOrg

LoggedIn = Callable[[WitnessedOrg], Salesforce]
APP = {"consumer_key": CLIENT_ID, "consumer_secret": CLIENT_SECRET}
WHO = {"username": USERNAME, "password": PASSWORD}


def by_signed_assertion(org: WitnessedOrg, *approved: str) -> Salesforce:
    """The key is made here, and its public half given to a connected app that these users approved."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    app = {"client_id": "signing-app", "certificates": [public.decode()], "approved": approved}
    org.control("POST", "/sandbox/seed", {"apps": [app]})
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Salesforce(username=USERNAME, consumer_key="signing-app", privatekey=private.decode())


WAYS: dict[str, LoggedIn] = {
    "SOAP with a security token": lambda org: Salesforce(**WHO, security_token="Tk0"),
    "SOAP of one organization": lambda org: Salesforce(**WHO, organizationId=org.org_id),
    "SOAP at a sandbox's host": lambda org: Salesforce(**WHO, security_token="", domain="test"),
    "username and password": lambda org: Salesforce(**WHO, **APP),
    "client credentials": lambda org: Salesforce(**APP, domain="acme.my"),
    "signed assertion": lambda org: by_signed_assertion(org, USERNAME),
    "session of somebody else": lambda org: Salesforce(
        session_id=org.token(), instance_url="https://acme.my.salesforce.com"
    ),
    "session at a port": lambda org: Salesforce(session_id=org.token(), instance_url=org.tls_url),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_way_of_logging_in_opens_a_session_of_that_user(way: str, led_to_org: WitnessedOrg) -> None:
    client = WAYS[way](led_to_org)
    created = client.Campaign.create({"Name": way})
    (campaign,) = led_to_org.query("SELECT Id, Name, CreatedById FROM Campaign")
    assert (campaign["Id"], campaign["Name"]) == (created["id"], way)
    assert campaign["CreatedById"] == whoever(led_to_org, client)


def whoever(org: WitnessedOrg, client: Salesforce) -> str:
    """The user whose session a client holds, as the org itself says it."""
    bearer = {"Authorization": f"Bearer {client.session_id}"}
    answer = requests.get(f"{org.url}/services/oauth2/userinfo", headers=bearer, timeout=30)
    return str(answer.json()["user_id"])


REFUSALS: dict[str, dict[str, str]] = {
    "INVALID_LOGIN: Invalid username, password, security token; or user locked out.": {
        "username": USERNAME,
        "password": "wrong",
        "security_token": "",
    },
    "invalid_grant: authentication failure - Invalid Password": {
        "username": USERNAME,
        "password": "wrong",
        **APP,
    },
    "invalid_client_id: client identifier invalid": {
        **WHO,
        "consumer_key": "nobody's",
        "consumer_secret": "x",
    },
    "invalid_client: invalid client credentials": {**WHO, "consumer_key": CLIENT_ID, "consumer_secret": "x"},
}


@pytest.mark.parametrize("told", REFUSALS)
def test_a_refused_login_is_told_in_salesforces_words(told: str, led_to_org: WitnessedOrg) -> None:
    """S2.1.1."""
    with pytest.raises(SalesforceAuthenticationFailed) as refused:
        Salesforce(**REFUSALS[told])
    assert f"{refused.value.code}: {refused.value.auth_message}" == told


def test_an_app_whose_user_did_not_approve_it_is_refused_with_a_warning(led_to_org: WitnessedOrg) -> None:
    """simple-salesforce knows these very words of the answer, and tells its user what to do."""
    with (
        pytest.warns(UserWarning, match="authorize"),
        pytest.raises(SalesforceAuthenticationFailed, match="hasn't approved"),
    ):
        by_signed_assertion(led_to_org)


def test_a_session_that_outlived_its_hours_is_an_expired_session(led_to_org: WitnessedOrg) -> None:
    """S2.1.2."""
    client = Salesforce(session_id=led_to_org.token(), instance_url="https://acme.my.salesforce.com")
    led_to_org.control("POST", "/sandbox/clock", {"advance_s": 3 * 3600})
    with pytest.raises(SalesforceExpiredSession) as expired:
        client.query("SELECT Id FROM Campaign")
    assert expired.value.status == 401
    assert expired.value.content == [
        {"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}
    ]


def test_a_client_that_logged_in_itself_logs_in_again_when_its_session_ends(led_to_org: WitnessedOrg) -> None:
    client = Salesforce(**WHO, security_token="")
    first = client.session_id
    led_to_org.control("POST", "/sandbox/clock", {"advance_s": 3 * 3600})
    assert client.query("SELECT COUNT() FROM Campaign")["totalSize"] == 0
    assert client.session_id != first
