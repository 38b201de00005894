"""Labels of a campaign that mean a status of the channel by an admin's word, kept the same both ways (M4.4, M6.5)."""

from __future__ import annotations

import pytest

from campaignsync.domain.errors import UsageError
from campaignsync.runtime.cycle import run_link
from desk import Desk
from terminal import Terminal

LABELS = ("Invited", "Registered", "No Show", "Attended Live", "Watched Later")
MAPS = ("--map", "Attended Live=Attended", "--map", "Watched Later=Attended")


@pytest.fixture
def terminal(desk: Desk) -> Terminal:
    return Terminal(desk.app)


@pytest.fixture
def mapped(desk: Desk, terminal: Terminal) -> Desk:
    """A program linked with a campaign that knows two ways to attend."""
    desk.campaign = desk.org.webinar(*LABELS)
    desk.org.add_lead(desk.campaign, "ada@example.com", "Attended Live")
    desk.org.add_lead(desk.campaign, "ben@example.com", "Watched Later")
    desk.give(cora="Attended", dan="Registered")
    terminal("link", desk.program, "--campaign", desk.campaign, *MAPS)
    desk.sync()
    return desk


def rename(desk: Desk, old: str, new: str) -> None:
    rows = desk.org.query(
        f"SELECT Id FROM CampaignMemberStatus WHERE CampaignId = '{desk.campaign}' AND Label = '{old}'"
    )
    desk.org.update("CampaignMemberStatus", rows[0]["Id"], Label=new)


def test_the_account_of_a_misfit_counts_members_and_names_every_way_out(desk: Desk) -> None:
    """M4.3, M4.4."""
    campaign = desk.org.webinar("Invited", "Registered", "Attended Live", "Unused")
    desk.org.add_lead(campaign, "ada@example.com", "Attended Live")
    with pytest.raises(UsageError) as refused:
        desk.link(campaign)
    account = str(refused.value)
    for part in (
        "'No Show': the campaign lacks it",
        "'Attended Live': the channel lacks it, 1 members carry it",
        "'Unused': the channel lacks it, and nobody carries it",
        f"/lightning/r/Campaign/{campaign}/view",
        "campaignsync campaigns --connection org",
        f'campaignsync link "Spring Webinar" --campaign {campaign} --create-statuses',
        '--map "Attended Live=STATUS"',
        "Invited, Registered, No Show, Attended",
    ):
        assert part in account


def test_two_lists_are_united_through_the_mapping_and_nothing_more_is_written(mapped: Desk) -> None:
    """M4.4, M4.5."""
    assert mapped.here() == {
        "ada@example.com": "Attended",
        "ben@example.com": "Attended",
        "cora@example.com": "Attended",
        "dan@example.com": "Registered",
    }
    assert mapped.there() == {
        "ada@example.com": "Attended Live",
        "ben@example.com": "Watched Later",
        "cora@example.com": "Attended Live",
        "dan@example.com": "Registered",
    }
    assert mapped.app.views.problems(mapped.program) == []
    report = mapped.sync()
    assert (report.program_changes, report.campaign_changes) == (0, 0)


def test_a_change_from_one_label_to_another_of_the_same_status_is_none(mapped: Desk) -> None:
    """M4.4: somebody who watched later after all."""
    member = mapped.org.member_id(mapped.campaign, "ada@example.com")
    mapped.org.update("CampaignMember", member, Status="Watched Later")
    report = mapped.sync()
    assert (report.program_changes, report.campaign_changes) == (0, 0)
    assert mapped.there()["ada@example.com"] == "Watched Later"


@pytest.mark.parametrize("cascades", [True, False])
def test_a_label_renamed_to_the_name_of_its_status_goes_on_meaning_it(mapped: Desk, cascades: bool) -> None:
    """S1.2.8: whether or not the members' texts follow."""
    mapped.org.control("POST", "/sandbox/switches", {"rename_cascades": cascades})
    rename(mapped, "Attended Live", "Attended")
    mapped.give(dan="Attended")
    assert mapped.sync().campaign_changes == 1
    assert mapped.there()["dan@example.com"] == "Attended"
    assert mapped.app.views.problems(mapped.program) == []
    report = mapped.sync()
    assert (report.program_changes, report.campaign_changes) == (0, 0)


def test_a_default_that_means_what_was_wanted_is_what_was_wanted(mapped: Desk) -> None:
    """S0.2: the label went while we wrote it, and Salesforce stored its default, which means the same."""
    rows = mapped.org.query(
        f"SELECT Id, Label FROM CampaignMemberStatus WHERE CampaignId = '{mapped.campaign}'"
    )
    ids = {row["Label"]: row["Id"] for row in rows}
    mapped.org.update("CampaignMemberStatus", ids["Watched Later"], IsDefault=True)
    mapped.give(dan="Attended")
    door = mapped.app.door(mapped.connection)
    link, _ = mapped.app.registry.link_of(mapped.program)
    mapped.plan()
    mapped.org.update("CampaignMemberStatus", ids["Attended Live"], Label="Attended Somehow")
    report = run_link(door, mapped.app.ledger, link, why="sync")
    assert (report.campaign_changes, report.refused) == (1, 0)
    assert mapped.there()["dan@example.com"] == "Watched Later"


def test_a_label_that_came_later_holds_its_member_until_it_is_mapped(
    mapped: Desk, terminal: Terminal
) -> None:
    """M6.5."""
    mapped.org.create("CampaignMemberStatus", CampaignId=mapped.campaign, Label="Left Early", SortOrder=9)
    mapped.org.add_lead(mapped.campaign, "eve@example.com", "Left Early")
    mapped.org.add_lead(mapped.campaign, "fay@example.com", "Invited")
    mapped.sync()
    assert "eve@example.com" not in mapped.here()
    assert mapped.here()["fay@example.com"] == "Invited"
    [problem] = mapped.app.views.problems(mapped.program)
    assert (problem["email"], problem["code"]) == ("eve@example.com", "UNKNOWN_STATUS")
    assert 'campaignsync labels "Spring Webinar" --map' in problem["message"]
    assert "'Left Early': the channel lacks it, 1 members carry it" in terminal("labels", mapped.program)
    assert "Everything fits" in terminal("labels", mapped.program, "--map", "Left Early=No Show")
    mapped.sync()
    assert mapped.here()["eve@example.com"] == "No Show"
    assert mapped.app.views.problems(mapped.program) == []


def test_labels_lists_what_means_what_and_who_carries_it(mapped: Desk, terminal: Terminal) -> None:
    """M4.4."""
    told = terminal.json("labels", mapped.program)
    assert [(row["label"], row["status"], row["members"], row["written"]) for row in told["labels"]] == [
        ("Attended Live", "Attended", 2, True),
        ("Registered", "Registered", 1, True),
        ("Watched Later", "Attended", 1, False),
        ("Invited", "Invited", 0, True),
        ("No Show", "No Show", 0, True),
    ]
    assert (told["blocking"], told["warnings"]) == ([], [])


def test_the_label_that_is_written_may_be_chosen(mapped: Desk, terminal: Terminal) -> None:
    """M4.4: one is written, and nobody who carries another is moved for it."""
    terminal("labels", mapped.program, "--write", "Watched Later")
    mapped.give(dan="Attended")
    assert mapped.sync().campaign_changes == 1
    assert mapped.there()["dan@example.com"] == "Watched Later"
    assert mapped.there()["ada@example.com"] == "Attended Live"


def test_statuses_that_a_linked_campaign_lost_are_created_anew_when_asked_for(
    mapped: Desk, terminal: Terminal
) -> None:
    """M4.4, M6.5."""
    rename(mapped, "No Show", "Absent")
    assert "'No Show': the campaign lacks it" in terminal("labels", mapped.program)
    terminal("labels", mapped.program, "--create-statuses")
    mapped.give(dan="No Show")
    mapped.sync()
    assert mapped.there()["dan@example.com"] == "No Show"


def test_a_link_that_is_made_tells_what_does_not_matter_yet(desk: Desk, terminal: Terminal) -> None:
    """M4.3: warnings are shown too."""
    campaign = desk.org.webinar("Invited", "Registered", "No Show", "Attended", "Unused")
    said = terminal("link", desk.program, "--campaign", campaign)
    assert "'Unused': the channel lacks it, and nobody carries it" in said
    assert "is linked with campaign" in said
