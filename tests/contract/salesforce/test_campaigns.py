"""Creating campaigns with their statuses (M4.2, M4.4), and writing type and cost (M5)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from campaignsync.domain.errors import RefusedError, RetryableError, UsageError
from campaignsync.domain.links import CampaignStatus, statuses_for_new_campaign
from campaignsync.domain.statuses import DEFAULT_CHANNELS
from campaignsync.salesforce.org import SalesforceOrg
from sandbox_org import SandboxOrg

FIELDS = {"Name": "Made by campaignsync", "Type": "Webinar", "IsActive": True, "ActualCost": Decimal(1500)}


def statuses(*labels: str, default: str = "", responded: str = "") -> list[CampaignStatus]:
    return [
        CampaignStatus(
            label=label,
            is_default=label == (default or labels[0]),
            has_responded=label == (responded or labels[-1]),
            sort_order=place,
        )
        for place, label in enumerate(labels, start=1)
    ]


def kept(colleague: SandboxOrg, campaign: str) -> list[tuple[str, bool, bool]]:
    rows = colleague.query(
        "SELECT Label, IsDefault, HasResponded FROM CampaignMemberStatus"
        f" WHERE CampaignId = '{campaign}' ORDER BY SortOrder"
    )
    return [(row["Label"], row["IsDefault"], row["HasResponded"]) for row in rows]


@pytest.mark.real_org
@pytest.mark.parametrize("channel", DEFAULT_CHANNELS, ids=lambda channel: channel.name)
def test_a_new_campaign_has_exactly_the_statuses_of_the_channel(
    colleague: SandboxOrg, org: SalesforceOrg, channel: object
) -> None:
    """M4.2, for every channel that comes with a new installation (M1.8)."""
    wanted = statuses_for_new_campaign(channel)  # type: ignore[arg-type]
    campaign = org.create_campaign(FIELDS, wanted)
    found = kept(colleague, campaign)
    (row,) = colleague.query(f"SELECT Name, Type, IsActive, ActualCost FROM Campaign WHERE Id = '{campaign}'")
    colleague.delete("Campaign", campaign)
    assert found == [(each.label, each.is_default, each.has_responded) for each in wanted]
    assert (row["Name"], row["Type"], row["IsActive"], row["ActualCost"]) == tuple(FIELDS.values())


@pytest.mark.parametrize("second_default", ["moves the default", "is refused"])
@pytest.mark.parametrize(
    "wanted",
    [
        statuses("Invited", "Attended"),
        statuses("Sent", "Opened", "Clicked"),
        statuses("Responded", "sent", responded="sent"),
        statuses("Invited", "Responded", default="Responded"),
        statuses("Only", responded="Only"),
        statuses("O'Brien", "Größe \\ 'x'"),
    ],
    ids=lambda wanted: "-".join(each.label for each in wanted),
)
def test_the_default_is_moved_whatever_a_second_default_does(
    sandbox: SandboxOrg, org: SalesforceOrg, second_default: str, wanted: list[CampaignStatus]
) -> None:
    """S1.2.3 to S1.2.6: insert first, move the default, then delete; places are never shared (S1.2.1)."""
    sandbox.control("POST", "/sandbox/switches", {"second_default_status": second_default})
    campaign = org.create_campaign(FIELDS, wanted)
    found = kept(sandbox, campaign)
    assert [(label.lower(), default, responded) for label, default, responded in found] == [
        (each.label.lower(), each.is_default, each.has_responded) for each in wanted
    ]


@pytest.mark.parametrize("nth", [1, 2])
def test_a_campaign_that_gets_stuck_half_way_is_deleted_again(
    sandbox: SandboxOrg, org: SalesforceOrg, nth: int
) -> None:
    rule = {
        "match": {"path": "/composite/sobjects", "nth": nth},
        "action": {"error": {"code": "UNABLE_TO_LOCK_ROW", "message": "locked"}},
    }
    sandbox.control("POST", "/sandbox/faults", {"rules": [rule]})
    with pytest.raises(RetryableError, match="locked"):
        org.create_campaign(FIELDS, statuses("Invited", "Attended"))
    assert sandbox.query("SELECT Id FROM Campaign") == []


def test_a_campaign_that_cannot_even_be_deleted_again_is_named(
    sandbox: SandboxOrg, org: SalesforceOrg
) -> None:
    refused = {"error": {"code": "UNABLE_TO_LOCK_ROW", "message": "locked"}}
    rules = [
        {"match": {"path": "/composite/sobjects"}, "action": refused},
        {"match": {"method": "DELETE"}, "action": refused},
    ]
    sandbox.control("POST", "/sandbox/faults", {"rules": rules})
    with pytest.raises(UsageError, match=r"Campaign 701\w{15} .* Delete it in Salesforce"):
        org.create_campaign(FIELDS, statuses("Invited", "Attended"))


def test_who_is_no_marketing_user_is_told_so(sandbox: SandboxOrg, org: SalesforceOrg) -> None:
    """S0.6: full rights on campaigns do not help."""
    user = org.sync_user().user_id
    sandbox.update("User", user, UserPermissionsMarketingUser=False)
    with pytest.raises(UsageError, match="Marketing User"):
        org.create_campaign(FIELDS, statuses("Invited", "Attended"))


@pytest.mark.real_org
def test_a_name_that_is_too_long_is_refused_in_salesforces_words(org: SalesforceOrg) -> None:
    """S1.1.5."""
    with pytest.raises(RefusedError) as told:
        org.create_campaign({**FIELDS, "Name": "N" * 81}, statuses("Invited", "Attended"))
    assert told.value.code == "STRING_TOO_LONG"


@pytest.mark.real_org
def test_missing_statuses_are_added_behind_those_that_are_there(
    colleague: SandboxOrg, org: SalesforceOrg, campaign: str
) -> None:
    """M4.4: nothing that is there is touched, the default stays."""
    before = kept(colleague, campaign)
    org.add_statuses(campaign, statuses("Waitlisted", "Left Early"))
    assert kept(colleague, campaign) == [*before, ("Waitlisted", False, False), ("Left Early", False, True)]


@pytest.mark.real_org
def test_type_and_cost_are_written_and_read_back_in_one_call(
    colleague: SandboxOrg, org: SalesforceOrg, campaign: str
) -> None:
    """M5.1, M5.2: the field's scale rounds, and what Salesforce holds is what is told (S1.1.3)."""
    before = org.api_calls
    assert org.write_campaign(campaign, {"Type": "Webinar"}) == {"Type": "Webinar"}
    assert org.write_campaign(campaign, {"ActualCost": Decimal("2500.40")}) == {"ActualCost": Decimal(2500)}
    assert org.write_campaign(campaign, {"ActualCost": None}) == {"ActualCost": None}
    assert org.api_calls - before == 3


def test_a_restricted_type_is_refused_with_the_value_named(
    sandbox: SandboxOrg, org: SalesforceOrg, campaign: str
) -> None:
    """S1.1.4, M5.1."""
    sandbox.control("POST", "/sandbox/switches", {"campaign_type_restricted": True})
    with pytest.raises(RefusedError, match="bad value for restricted picklist field: Podcast") as told:
        org.write_campaign(campaign, {"Type": "Podcast"})
    assert told.value.code == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"


def test_a_campaign_that_is_gone_refuses_its_fields_and_stops_nothing_else(
    sandbox: SandboxOrg, org: SalesforceOrg, campaign: str
) -> None:
    sandbox.delete("Campaign", campaign)
    with pytest.raises(RefusedError):
        org.write_campaign(campaign, {"Type": "Webinar"})
