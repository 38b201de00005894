"""One sandbox for the suite, empty before each test, and our door to it.

Tests marked `real_org` make what they need and read only that, so that with CAMPAIGNSYNC_TEST_ORG_URL, _CLIENT_ID and
_CLIENT_SECRET set they run on that org instead.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import polars as pl
import pytest
import requests

from campaignsync.domain.connections import Login, LoginMethod
from campaignsync.domain.trees import MEMBER_WRITES
from campaignsync.salesforce.org import SalesforceOrg
from sandbox_org import CLIENT_ID, CLIENT_SECRET, SandboxOrg

REAL = "CAMPAIGNSYNC_TEST_ORG_"
Write = Callable[..., pl.DataFrame]


class RealOrg(SandboxOrg):
    """A real org under the same verbs: what a colleague does there by another road than ours."""

    def __init__(self) -> None:
        form = {"grant_type": "client_credentials", **_real_fields()}
        url = os.environ[f"{REAL}URL"].rstrip("/")
        told = requests.post(f"{url}/services/oauth2/token", data=form, timeout=30).json()
        self.url = told["instance_url"]
        self._session = requests.Session()
        self._token = told["access_token"]


def _real_fields() -> dict[str, str]:
    return {name: os.environ[REAL + name.upper()] for name in ("client_id", "client_secret")}


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[SandboxOrg]:
    org = SandboxOrg("--seed", "empty")
    yield org
    org.stop()


@pytest.fixture
def sandbox(running_sandbox: SandboxOrg) -> SandboxOrg:
    running_sandbox.reset()
    return running_sandbox


@pytest.fixture
def colleague(request: pytest.FixtureRequest) -> SandboxOrg:
    """Somebody who works in Salesforce: the sandbox, or the real org where the test can run on one."""
    if request.node.get_closest_marker("real_org") and f"{REAL}URL" in os.environ:
        return RealOrg()
    sandbox: SandboxOrg = request.getfixturevalue("sandbox")
    return sandbox


@pytest.fixture
def login(colleague: SandboxOrg) -> Login:
    if isinstance(colleague, RealOrg):
        return Login(
            method=LoginMethod.CLIENT_CREDENTIALS, login_url=os.environ[f"{REAL}URL"], fields=_real_fields()
        )
    fields = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    return Login(method=LoginMethod.CLIENT_CREDENTIALS, login_url=colleague.url, fields=fields)


@pytest.fixture
def org(login: Login) -> SalesforceOrg:
    """Our door."""
    return SalesforceOrg(login)


@pytest.fixture
def campaign(colleague: SandboxOrg) -> Iterator[str]:
    """A campaign whose members may be Invited (the default), Registered, No Show, Attended (responded)."""
    campaign_id = colleague.webinar()
    yield campaign_id
    if isinstance(colleague, RealOrg):
        colleague.delete("Campaign", campaign_id)


@pytest.fixture
def writes() -> Write:
    """Rows of MEMBER_WRITES: (salesforce_id, status, campaign_member_id) each; person ids count from 1."""

    def made(*rows: tuple[str, str | None, str | None]) -> pl.DataFrame:
        return pl.DataFrame(
            [
                {
                    "person_id": number,
                    "campaign_member_id": member_id,
                    "salesforce_id": who,
                    "kind": "contact" if who.startswith("003") else "lead",
                    "status": status,
                }
                for number, (who, status, member_id) in enumerate(rows, start=1)
            ],
            schema=MEMBER_WRITES,
        )

    return made
