"""Entering a program, moving in it, and success (M1.4, M2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignsync.domain.errors import UsageError
from campaignsync.domain.membership import Origin, StepBackError, enter, move
from campaignsync.domain.statuses import DEFAULT_CHANNELS, may_move

EVENT = next(channel for channel in DEFAULT_CHANNELS if channel.name == "Live Event")
INVITED, REGISTERED, WAITLISTED, NO_SHOW, ATTENDED = EVENT.statuses
MONDAY, TUESDAY, FRIDAY = (datetime(2026, 3, day, 9, tzinfo=UTC) for day in (2, 3, 6))
STATUSES = st.sampled_from(EVENT.statuses)


def test_whoever_enters_is_a_member_since_then() -> None:
    """M2.1."""
    member = enter(INVITED, at=MONDAY, origin=Origin.CAMPAIGN)
    assert (member.status, member.member_since, member.origin) == (INVITED, MONDAY, Origin.CAMPAIGN)
    assert not member.reached_success


def test_moving_on_keeps_the_day_of_entering_and_the_origin() -> None:
    member = move(enter(INVITED, at=MONDAY, origin=Origin.IMPORT), REGISTERED, at=FRIDAY)
    assert (member.status, member.member_since, member.origin) == (REGISTERED, MONDAY, Origin.IMPORT)


def test_equal_steps_may_alternate() -> None:
    """M2.2."""
    member = move(enter(REGISTERED, at=MONDAY, origin=Origin.PERSON), WAITLISTED, at=TUESDAY)
    assert move(member, REGISTERED, at=FRIDAY).status == REGISTERED


def test_a_step_back_is_refused_with_a_clear_word() -> None:
    """M2.3."""
    with pytest.raises(
        StepBackError, match=r"'Attended' \(step 40\) cannot go back to 'Registered' \(step 20\).*--override"
    ) as refused:
        move(enter(ATTENDED, at=MONDAY, origin=Origin.PERSON), REGISTERED, at=TUESDAY)
    assert isinstance(refused.value, UsageError)


def test_an_admin_may_correct_a_member() -> None:
    """M2.3."""
    member = enter(ATTENDED, at=MONDAY, origin=Origin.PERSON)
    assert move(member, REGISTERED, at=TUESDAY, override=True).status == REGISTERED


def test_success_is_dated_by_the_first_time_and_stays_whatever_follows() -> None:
    """M1.4."""
    member = move(enter(INVITED, at=MONDAY, origin=Origin.PERSON), ATTENDED, at=TUESDAY)
    assert member.reached_success_at == TUESDAY
    corrected = move(member, INVITED, at=FRIDAY, override=True)
    assert corrected.reached_success_at == TUESDAY
    assert move(corrected, ATTENDED, at=FRIDAY).reached_success_at == TUESDAY


def test_whoever_enters_with_a_success_has_it_at_once() -> None:
    """M1.4."""
    assert enter(ATTENDED, at=MONDAY, origin=Origin.IMPORT).reached_success_at == MONDAY


def test_coming_back_starts_over() -> None:
    """M2.6: leaving is the absence of the value; entering again knows nothing of it."""
    member = enter(INVITED, at=FRIDAY, origin=Origin.PERSON)
    assert (member.member_since, member.reached_success) == (FRIDAY, False)


def test_a_flag_that_the_channel_loses_or_gains_later_changes_no_past_success() -> None:
    """M2.7."""
    plain, flagged = replace(ATTENDED, success=False), replace(REGISTERED, success=True)
    winner = enter(ATTENDED, at=MONDAY, origin=Origin.PERSON)
    assert move(winner, plain, at=FRIDAY).reached_success_at == MONDAY
    waiting = enter(REGISTERED, at=MONDAY, origin=Origin.PERSON)
    assert not waiting.reached_success
    assert move(waiting, flagged, at=FRIDAY).reached_success_at == FRIDAY


@given(st.lists(STATUSES, min_size=1))
def test_without_an_override_no_road_leads_back(wanted: list[object]) -> None:
    """M2.2, M2.3."""
    member = enter(INVITED, at=MONDAY, origin=Origin.PERSON)
    furthest = member.status
    for status in wanted:
        try:
            member = move(member, status, at=TUESDAY)  # type: ignore[arg-type]
        except StepBackError:
            assert not may_move(furthest, status)  # type: ignore[arg-type]
        assert member.status.step >= furthest.step
        furthest = member.status
