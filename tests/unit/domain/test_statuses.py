"""Channels, their statuses and the progression rule (M1, M2.2, M5.1)."""

from __future__ import annotations

import re
from itertools import product

import pytest

from campaignsync.domain.errors import UsageError
from campaignsync.domain.statuses import DEFAULT_CHANNELS, Channel, ProgressionStatus, folded, may_move

INVITED = ProgressionStatus(name="Invited", step=10)
REGISTERED = ProgressionStatus(name="Registered", step=20)
WAITLISTED = ProgressionStatus(name="Waitlisted", step=20)
ATTENDED = ProgressionStatus(name="Attended", step=40, success=True)
EVENT = Channel(name="Live Event", program_type="event", statuses=(INVITED, REGISTERED, WAITLISTED, ATTENDED))


def test_a_new_installation_has_the_channels_of_the_contract() -> None:
    """M1.8."""
    assert {
        channel.name: [(each.name, each.step, each.success) for each in channel.statuses]
        for channel in DEFAULT_CHANNELS
    } == {
        "Webinar": [("Invited", 10, False), ("Registered", 20, False), ("No Show", 30, False), ("Attended", 40, True)],
        "Live Event": [
            ("Invited", 10, False),
            ("Registered", 20, False),
            ("Waitlisted", 20, False),
            ("No Show", 30, False),
            ("Attended", 40, True),
        ],
        "Tradeshow": [
            ("Invited", 10, False),
            ("Registered", 20, False),
            ("Attended", 30, False),
            ("Visited Booth", 40, True),
        ],
        "Content": [("Member", 10, False), ("Engaged", 20, True)],
        "Online Advertising": [("Member", 10, False), ("Engaged", 20, True)],
        "Email Send": [("Sent", 10, False), ("Opened", 20, False), ("Clicked", 30, True)],
        "Nurture": [("Member", 10, False), ("Engaged", 20, True)],
        "Operational": [("Member", 10, False)],
    }  # fmt: skip


def test_every_channel_that_comes_along_fits_a_campaign_type() -> None:
    """M5.1."""
    assert [channel.type_for_campaign() for channel in DEFAULT_CHANNELS] == [
        channel.name for channel in DEFAULT_CHANNELS
    ]


@pytest.mark.parametrize(
    ("current", "wanted", "allowed"),
    [
        (INVITED, REGISTERED, True),
        (INVITED, ATTENDED, True),
        (REGISTERED, REGISTERED, True),
        (REGISTERED, WAITLISTED, True),
        (WAITLISTED, REGISTERED, True),
        (REGISTERED, INVITED, False),
        (ATTENDED, WAITLISTED, False),
    ],
)
def test_a_member_moves_to_an_equal_or_higher_step_only(
    current: ProgressionStatus, wanted: ProgressionStatus, allowed: bool
) -> None:
    """M2.2."""
    assert may_move(current, wanted) == allowed


def test_going_there_and_back_is_allowed_between_equal_steps_only() -> None:
    """M2.2."""
    for one, other in product(EVENT.statuses, repeat=2):
        assert (may_move(one, other) and may_move(other, one)) == (one.step == other.step)


def test_the_first_status_is_that_of_the_lowest_step() -> None:
    """M2.1; of equal steps the one named first."""
    assert Channel(name="Backwards", statuses=(ATTENDED, WAITLISTED, REGISTERED)).first == WAITLISTED


@pytest.mark.parametrize("label", ["Registered", "registered", " REGISTERED ", "\tReGistered"])
def test_a_label_means_its_status_in_any_case_and_with_spaces_around(label: str) -> None:
    """M4.3."""
    assert EVENT.status(label) == EVENT.find(label) == REGISTERED


def test_labels_fold_beyond_english() -> None:
    """M4.3: a German capital of ß is SS."""
    assert folded(" GROSSE RUNDE ") == folded("große Runde")


def test_a_status_that_the_channel_lacks_is_refused_with_the_choices() -> None:
    """M2.2."""
    assert EVENT.find("No Show") is None
    with pytest.raises(UsageError, match="Invited, Registered, Waitlisted, Attended"):
        EVENT.status("No Show")


def test_a_type_of_40_characters_fits_and_one_more_needs_an_alias() -> None:
    """M5.1, S1.1.4."""
    assert Channel(name="x" * 40, statuses=(INVITED,)).type_for_campaign() == "x" * 40
    with pytest.raises(UsageError, match=re.escape(f'campaignsync channel alias "{"x" * 41}"')):
        Channel(name="x" * 41, statuses=(INVITED,)).type_for_campaign()
    assert Channel(name="x" * 41, statuses=(INVITED,), campaign_type="Fair").type_for_campaign() == "Fair"


@pytest.mark.parametrize(
    ("differences", "reason"),
    [
        ({"name": " "}, "needs a name"),
        ({"program_type": "party"}, "default, event, event with webinar, engagement, email"),
        ({"statuses": ()}, "at least one progression status"),
        (
            {"statuses": (INVITED, ProgressionStatus(name="invited ", step=20))},
            "differ in case or spaces only",
        ),
        ({"campaign_type": "x" * 41}, "over 40 characters"),
    ],
)
def test_a_channel_that_makes_no_sense_cannot_be_built(differences: dict[str, object], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        Channel(**({"name": "Fair", "statuses": (INVITED,)} | differences))  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "step"), [("", 10), ("  ", 10), ("Invited", -1), ("x" * 41, 10)])
def test_a_status_that_makes_no_sense_cannot_be_built(name: str, step: int) -> None:
    with pytest.raises(UsageError):
        ProgressionStatus(name=name, step=step)
