"""What the harness says of when something happened it says by the time as it is: our clock may be set back or ahead meanwhile."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulation.clock import SimulatedClock
from simulation.history import Event, made_from
from simulation.play import Play
from simulation.stores import InMemory

LISTENS = 5_006
"""A history in which nothing but events and marks calls for rounds."""


@pytest.mark.parametrize("seconds", [-1500, 1500])
def test_whether_all_was_compared_since_the_org_lost_track_is_told_by_the_time_as_it_is(seconds: int) -> None:
    history = made_from(LISTENS, focus={"listening": 99})
    events = (
        Event(round=1, moment=0, what="event overflow", args={"entity": "CampaignMember"}),
        Event(round=1, moment=0, what="clock jump", args={"seconds": seconds}),
    )
    clock = SimulatedClock()
    play = Play(
        replace(history, given=replace(history.given, beside=None), events=events), InMemory(clock), clock
    )
    assert play.run().violations == []
    world = play.worlds[0]
    assert world.missed_at is not None
    assert world.compared_at is not None
    assert world.compared_at >= world.missed_at
