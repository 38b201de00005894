"""Why no campaigns are seen, in the order an admin would look (M3.3), and what to do about it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from campaignsync.domain.connections import Login, LoginMethod
from campaignsync.runtime.doctor import Finding, examine
from desk import Desk
from sandbox_org import CLIENT_ID

ORDER = [
    "campaign sync",
    "login",
    "API right",
    "Marketing User",
    "objects and fields",
    "campaigns",
    "filter of the mirror",
    "API calls",
]


def findings(desk: Desk, **differences: object) -> list[Finding]:
    connection = replace(desk.app.registry.connection("org"), **differences)  # type: ignore[arg-type]
    found = examine(connection, desk.app.new_door(desk.app.registry.login(connection.connection_id)))
    assert [each.check for each in found] == ORDER
    return found


def sick(found: list[Finding]) -> Finding:
    """The one that is not well: those before it are, those after it were not looked at."""
    place = next(number for number, each in enumerate(found) if each.well is False)
    assert all(each.well for each in found[:place])
    assert {(each.well, each.seen) for each in found[place + 1 :]} <= {(None, "not looked at")}
    assert found[place].to_do
    return found[place]


def test_where_all_is_well_all_was_looked_at(desk: Desk) -> None:
    desk.link()
    found = findings(desk)
    assert [each.well for each in found] == [True] * len(ORDER)
    assert "1 campaign, 1 of them active" in found[5].seen


def test_the_switch_is_looked_at_first(desk: Desk) -> None:
    """M3.1."""
    assert sick(findings(desk, campaign_sync=False)).to_do == "campaignsync connect org --campaign-sync"


def test_wrong_credentials_are_told_from_a_missing_api_right(desk: Desk) -> None:
    wrong = Login(
        method=LoginMethod.CLIENT_CREDENTIALS,
        login_url=desk.org.url,
        fields={"client_id": CLIENT_ID, "client_secret": "wrong"},
    )
    found = examine(desk.connection, desk.app.new_door(wrong))
    assert (sick(found).check, "does not let us in" in sick(found).seen) == ("login", True)
    closed = {
        "status": 403,
        "code": "API_DISABLED_FOR_ORG",
        "message": "API is not enabled for this Organization",
    }
    rule = {"match": {"path": "/query", "probability": 1}, "action": {"error": closed}}
    desk.org.control("POST", "/sandbox/faults", {"rules": [rule]})
    told = sick(findings(desk))
    assert (told.check, "API Enabled" in told.to_do) == ("API right", True)


def test_a_sync_user_who_is_no_marketing_user_is_found(desk: Desk) -> None:
    """S0.6."""
    user = desk.org.query("SELECT Id FROM User")[0]["Id"]
    desk.org.update("User", user, UserPermissionsMarketingUser=False)
    told = sick(findings(desk))
    assert told.check == "Marketing User"
    assert told.setup == f"{desk.org.url}/lightning/setup/ManageUsers/home"


@pytest.mark.parametrize(
    ("seed", "seen"),
    [
        ({"denied_objects": [["*", "CampaignMember", "read"]]}, "CampaignMember cannot be seen"),
        (
            {"denied_fields": [["*", "Campaign", "ActualCost", "read"], ["*", "Lead", "Email", "read"]]},
            "Campaign.ActualCost cannot be seen; Lead.Email cannot be seen",
        ),
    ],
)
def test_objects_and_fields_that_are_closed_are_named(desk: Desk, seed: dict[str, object], seen: str) -> None:
    """S1.5.3."""
    desk.org.control("POST", "/sandbox/seed", seed)
    assert sick(findings(desk)).seen == seen


def test_an_org_without_campaigns_is_said_to_have_none(desk: Desk) -> None:
    assert "has no campaigns" in sick(findings(desk)).seen


def test_calls_that_run_low_are_told(desk: Desk) -> None:
    """S2.2.9."""
    desk.link()
    for _ in range(150):
        desk.org.query("SELECT Id FROM User")
    desk.org.control("POST", "/sandbox/limits", {"DailyApiRequests": desk.org.calls() + 12})
    told = sick(findings(desk))
    assert (told.check, "daily-calls" in told.to_do) == ("API calls", True)
