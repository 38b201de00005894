"""django-salesforce, untouched, keeps members through Django's ORM, whichever way it logs in."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox_org import CLIENT_ID, CLIENT_SECRET
from witness.environments import programs_of
from witness.witnessed_org import PASSWORD, USERNAME, WitnessedOrg


@pytest.mark.parametrize("auth", ["SalesforcePasswordAuth", "SimpleSfPasswordAuth"])
def test_a_campaign_is_kept_through_djangos_orm(auth: str, org: WitnessedOrg, tmp_path: Path) -> None:
    """Section 2.1: the signature of the token's answer is checked by the first way; S2.2.5, S2.2.7, S0.4, S1.3.1."""
    told = org.story(
        programs_of("django_salesforce") / "python",
        "members_by_django",
        tmp_path,
        auth=auth,
        host="https://acme.my.salesforce.com",
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        username=USERNAME,
        password=PASSWORD,
    )

    assert told["responded"] == ["nr0@ash.example", "nr1@ash.example"]
    assert told["by_status"] == {"Responded": 2, "Sent": 2}
    assert told["responses"] == 2
    assert "Already a campaign member." in told["refused"]
    fields = [line for line in told["inspected"].splitlines() if " = models." in line]
    assert {line.split()[0] for line in fields if "READ_ONLY" not in line} == {
        "campaign_id",
        "lead_id",
        "contact_id",
        "status",
    }
    assert [line.split()[0] for line in fields if "sf_read_only" not in line] == ["status"]

    assert org.query("SELECT Id, Name FROM Campaign")[0]["Name"] == "It's Django's"
    assert {row["Email"]: row["Id"] for row in org.query("SELECT Id, Email FROM Lead")} == told["leads"]
    assert org.members(told["campaign"]) == {
        "nr0@ash.example": "Responded",
        "nr1@ash.example": "Responded",
        "nr2@ash.example": "Sent",
        "nr3@ash.example": "Sent",
    }
