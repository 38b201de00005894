"""Clients that insist on https://login.salesforce.com reach the sandbox unchanged (contract, section 3)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from simple_salesforce import Salesforce

LOGIN = {
    "grant_type": "password",
    "client_id": "sandbox-client",
    "client_secret": "sandbox-secret",
    "username": "admin@sandbox.example",
    "password": "sandbox",
}


@dataclass
class Reached:
    """Where the sandbox listens, and what to trust."""

    plain: str
    tls: str
    proxy: str
    authority: Path


@pytest.fixture(scope="module")
def reached(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reached]:
    authority = tmp_path_factory.mktemp("trust") / "ca.pem"
    program = Path(sys.executable).with_name("salesforce-sandbox")
    ports = (
        "--port",
        "0",
        "--tls-port",
        "0",
        "--proxy-port",
        "0",
        "--ca-out",
        str(authority),
        "--seed",
        "empty",
    )
    process = subprocess.Popen([str(program), *ports], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    plain, tls, proxy = (process.stdout.readline().split()[-1] for _ in range(3))
    yield Reached(plain=plain, tls=tls, proxy=proxy, authority=authority)
    process.terminate()
    process.communicate(timeout=10)


def test_the_tls_listener_answers_under_a_certificate_that_the_authority_signed(reached: Reached) -> None:
    token = requests.post(
        f"{reached.tls}/services/oauth2/token", data=LOGIN, verify=reached.authority, timeout=10
    ).json()
    assert token["instance_url"] == reached.tls


def test_nobody_who_does_not_trust_the_authority_is_let_believe(reached: Reached) -> None:
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"{reached.tls}/services/data", timeout=10)


@pytest.mark.parametrize(
    "host",
    [
        "login.salesforce.com",
        "test.salesforce.com",
        "acme.my.salesforce.com",
        "acme.develop.my.salesforce.com",
    ],
)
def test_every_host_of_salesforce_is_the_sandbox_behind_the_proxy(reached: Reached, host: str) -> None:
    """`instance_url` follows the host it was called by."""
    through = {"https": reached.proxy}
    token = requests.post(
        f"https://{host}/services/oauth2/token",
        data=LOGIN,
        verify=reached.authority,
        proxies=through,
        timeout=10,
    ).json()
    assert token["instance_url"] == f"https://{host}"


def test_the_proxy_takes_tunnels_only(reached: Reached) -> None:
    answer = requests.get("http://login.salesforce.com/", proxies={"http": reached.proxy}, timeout=10)
    assert answer.status_code == 405


def test_an_untouched_client_logs_in_at_login_salesforce_com(
    reached: Reached, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", reached.proxy)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(reached.authority))
    org = Salesforce(username="admin@sandbox.example", password="sandbox", security_token="")
    campaign = org.Campaign.create({"Name": "Through the tunnel"})["id"]
    assert (
        org.query(f"SELECT Name FROM Campaign WHERE Id = '{campaign}'")["records"][0]["Name"]
        == "Through the tunnel"
    )


def test_all_listeners_are_one_org(reached: Reached) -> None:
    token = requests.post(f"{reached.plain}/services/oauth2/token", data=LOGIN, timeout=10).json()[
        "access_token"
    ]
    bearer = {"Authorization": f"Bearer {token}"}
    answer = requests.get(
        f"{reached.tls}/services/data/v62.0/limits", headers=bearer, verify=reached.authority, timeout=10
    )
    assert answer.status_code == 200
