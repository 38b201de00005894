"""pyforce and aiosalesforce, untouched: one does everything by SOAP as of old, the other sends many calls at the same time."""

from __future__ import annotations

from pathlib import Path

from sandbox_org import CLIENT_ID, CLIENT_SECRET
from witness.environments import programs_of
from witness.witnessed_org import PASSWORD, USERNAME, WitnessedOrg

CROWD = 2_100


def test_a_campaign_lives_from_its_first_member_to_its_end_by_soap(org: WitnessedOrg, tmp_path: Path) -> None:
    """S2.1, S0.4, S0.1, S1.4.6, S2.6.1; more leads than one page of a query holds."""
    told = org.story(
        programs_of("soap_and_async") / "python",
        "members_by_soap",
        tmp_path,
        server=f"{org.url}/services/Soap/u/45.0",
        username=USERNAME,
        password=PASSWORD,
        crowd=CROWD,
    )
    (user,) = org.query("SELECT Id FROM User")
    described = org.call("GET", "/services/data/v45.0/sobjects/CampaignMember/describe")
    assert told["user"] == user["Id"]
    assert told["objects"] == ["Campaign", "CampaignHistory", "CampaignMember", "CampaignMemberStatus"]
    assert told["fields"] == sorted(field["name"] for field in described["fields"])
    assert told["again"] == [
        {"fields": [], "message": "Already a campaign member.", "statusCode": "DUPLICATE_VALUE"}
    ]
    assert (told["converted"], told["removed"], told["deleted"]) == (True, True, True)
    assert {name: told["retrieved"][name] for name in ("Status", "HasResponded")} == {
        "Status": "Responded",
        "HasResponded": True,
    }
    assert (len(set(told["leads"])), told["everybody"]) == (CROWD, CROWD - 1)
    assert told["changed"] == [False, True]
    first, second, third, *gone = told["members"]
    assert {row["Id"]: row["Status"] for row in told["left"]} == {
        first: "Responded",
        second: "Responded",
        third: "Sent",
    }
    seen = org.query(f"SELECT Id, ContactId FROM CampaignMember WHERE CampaignId = '{told['campaign']}'")
    assert {row["Id"]: row["ContactId"] for row in seen} == {
        first: told["contact"],
        second: None,
        third: None,
    }
    assert len(gone) == 2


def test_many_calls_under_way_at_once_all_come_home(org: WitnessedOrg, tmp_path: Path) -> None:
    """S2.2.8, S0.4, S2.2.3."""
    emails = [f"nr{number}@crowd.example" for number in range(20)]
    told = org.story(
        programs_of("soap_and_async") / "python",
        "members_at_once",
        tmp_path,
        url="https://sandbox.my.salesforce.com",
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        emails=emails,
    )
    assert (len(set(told["leads"])), len(set(told["members"]))) == (20, 20)
    assert told["upserted"] == [told["leads"][0], False]
    assert (told["status"], told["counted"]) == ("Responded", 21)
    assert told["refused"] == ["SalesforceError", "[DUPLICATE_VALUE] Already a campaign member."]
    left = {
        "Renamed": "Responded",
        emails[1]: "Responded",
        **dict.fromkeys(emails[2:-1], "Sent"),
        "Late": "Sent",
    }
    assert told["left"] == left
    seen = org.query(
        f"SELECT Lead.LastName, Status FROM CampaignMember WHERE CampaignId = '{told['campaign']}'"
    )
    assert {row["Lead"]["LastName"]: row["Status"] for row in seen} == left
