"""Whether a channel and a campaign fit, and what a new campaign gets (M4.2, M4.3), and a link's defaults (M5.3, M6)."""

from __future__ import annotations

import pytest

from campaignsync.domain.labels import LabelMapping, Vocabulary
from campaignsync.domain.links import (
    CampaignStatus,
    Compatibility,
    FieldEdit,
    LinkPolicy,
    Misfit,
    Removal,
    SafetyLimits,
    StatusMisfit,
    StepBack,
    Winner,
    compatibility,
    statuses_for_new_campaign,
)
from campaignsync.domain.statuses import DEFAULT_CHANNELS, Channel, ProgressionStatus
from planner_words import campaign_statuses, link_facts

CONTENT = next(channel for channel in DEFAULT_CHANNELS if channel.name == "Content")
WEBINAR = next(channel for channel in DEFAULT_CHANNELS if channel.name == "Webinar")


def compared(*labels: str, **carried: int) -> Compatibility:
    """How a campaign with these labels fits a Content channel (Member, Engaged)."""
    return compatibility(Vocabulary(channel=CONTENT), campaign_statuses(*labels), carried)


def test_the_same_labels_fit() -> None:
    """M4.3."""
    assert compared("Member", "Engaged", Member=3) == Compatibility(blocking=(), warnings=())


def test_labels_compare_trimmed_and_without_regard_to_case() -> None:
    """M4.3."""
    assert compared(" MEMBER", "engaged ", Member=3, member=2).fits


def test_a_label_that_members_carry_and_the_channel_lacks_blocks() -> None:
    """M4.3."""
    found = compared("Member", "Engaged", "Sent", Sent=12)
    assert not found.fits
    assert found.blocking == (StatusMisfit(label="Sent", members=12, reason=Misfit.UNKNOWN),)


def test_a_status_of_the_channel_that_the_campaign_lacks_blocks() -> None:
    """M4.3."""
    assert compared("Member").blocking == (StatusMisfit(label="Engaged", members=0, reason=Misfit.MISSING),)


def test_a_label_that_nobody_carries_and_the_channel_lacks_is_a_warning() -> None:
    """M4.3."""
    found = compared("Member", "Engaged", "Responded")
    assert found.fits
    assert found.warnings == (StatusMisfit(label="Responded", members=0, reason=Misfit.UNKNOWN),)


def test_a_label_that_members_carry_and_the_campaign_does_not_offer_blocks_too() -> None:
    """S0.2: a campaign without a default stores any text."""
    assert [misfit.label for misfit in compared("Member", "Engaged", Stray=1).blocking] == ["Stray"]


def test_members_are_counted_over_all_spellings_of_a_label() -> None:
    """M4.3."""
    [misfit] = compared("Member", "Engaged", "Sent", Sent=2, SENT=3, sent=4).blocking
    assert (misfit.label, misfit.members) == ("Sent", 9)


def test_a_mapped_label_is_neither_unknown_nor_is_its_status_missing() -> None:
    """M4.4: the way out of both kinds of misfit."""
    mapped = (LabelMapping(label="Responded", status="Engaged"),)
    found = compatibility(
        Vocabulary(channel=CONTENT, mapped=mapped), campaign_statuses("Member", "Responded"), {"Responded": 3}
    )
    assert found == Compatibility(blocking=(), warnings=())


def test_a_new_campaign_gets_the_statuses_of_the_channel() -> None:
    """M4.2: in the order of steps, the first is the default, success responds."""
    assert statuses_for_new_campaign(WEBINAR) == (
        CampaignStatus(label="Invited", is_default=True, has_responded=False, sort_order=1),
        CampaignStatus(label="Registered", is_default=False, has_responded=False, sort_order=2),
        CampaignStatus(label="No Show", is_default=False, has_responded=False, sort_order=3),
        CampaignStatus(label="Attended", is_default=False, has_responded=True, sort_order=4),
    )


def test_where_no_status_is_a_success_the_last_step_responds() -> None:
    """M4.2, S1.2.4."""
    steps = (ProgressionStatus(name="Late", step=30), ProgressionStatus(name="Early", step=10))
    made = statuses_for_new_campaign(Channel(name="Letters", statuses=steps))
    assert [(each.label, each.is_default, each.has_responded) for each in made] == [
        ("Early", True, False),
        ("Late", False, True),
    ]


@pytest.mark.parametrize("channel", DEFAULT_CHANNELS, ids=lambda channel: channel.name)
def test_a_new_campaign_fits_its_channel_and_what_salesforce_wants(channel: Channel) -> None:
    """M4.2, S1.2.4: exactly one default, at least one that responds, every sort order once."""
    made = statuses_for_new_campaign(channel)
    assert sum(each.is_default for each in made) == 1
    assert any(each.has_responded for each in made)
    assert sorted(each.sort_order or 0 for each in made) == list(range(1, len(made) + 1))
    assert compatibility(Vocabulary(channel=channel), made, {}) == Compatibility(blocking=(), warnings=())


def test_a_link_starts_with_the_choices_of_the_contract() -> None:
    """M5.3, M6.2–M6.4, M6.6."""
    assert LinkPolicy() == LinkPolicy(
        winner=Winner.FURTHER,
        step_back=StepBack.PUT_BACK,
        removed_in_program=Removal.REMOVE,
        removed_in_campaign=Removal.REMOVE,
        field_edit=FieldEdit.PUT_BACK,
    )
    assert SafetyLimits() == SafetyLimits(removal_share=0.3, removal_number=10)


def test_what_is_written_is_salesforces_spelling() -> None:
    """M4.3."""
    facts = link_facts(statuses=campaign_statuses("INVITED", "registered "))
    assert [facts.label(status) for status in ("Invited", "Registered", "Attended")] == [
        "INVITED",
        "registered ",
        "Attended",
    ]
