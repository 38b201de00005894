"""Killing a sync at any moment and running it again ends in the same state, with no person twice (M7.11)."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from desk import Desk
from simulation.real.bearing import Cradle

KILLS = 12


def changed(desk: Desk, turn: int) -> None:
    """New people with and without an e-mail address known there, moves on both sides, a removal on each."""
    for number in range(5):
        desk.give(**{f"new{turn}x{number}": "Invited"})
    desk.org.create("Contact", LastName="Known", Email=f"known{turn}@example.com")
    desk.give(**{f"known{turn}": "Registered"})
    desk.org.add_lead(desk.campaign, f"there{turn}@example.com", "Invited")
    if turn:
        desk.give(**{f"new{turn - 1}x0": "No Show"})
        member = desk.org.member_id(desk.campaign, f"new{turn - 1}x1@example.com")
        desk.org.update("CampaignMember", member, Status="Attended")
        desk.app.members.remove(desk.program, f"new{turn - 1}x2@example.com", who="ada")
        desk.org.delete("CampaignMember", desk.org.member_id(desk.campaign, f"new{turn - 1}x3@example.com"))


@pytest.mark.parametrize("seed", [20260301])
def test_a_sync_that_is_killed_at_any_moment_is_finished_by_the_next(desk: Desk, seed: int) -> None:
    moments = random.Random(seed)
    desk.link()
    desk.sync()
    cradle = Cradle(desk, "round", desk.program)
    for turn in range(KILLS):
        changed(desk, turn)
        delay_s = moments.uniform(0, 0.6)
        cradle.killed(delay_s)
        desk.sync()
        members = desk.equal()
        assert members[f"new{turn}x4@example.com"] == "Invited", f"seed {seed}, turn {turn}, {delay_s:.3f} s"
        assert members[f"there{turn}@example.com"] == "Invited"
        if turn:
            assert members[f"new{turn - 1}x0@example.com"] == "No Show"
            assert members[f"new{turn - 1}x1@example.com"] == "Attended"
            assert f"new{turn - 1}x2@example.com" not in members
            assert f"new{turn - 1}x3@example.com" not in members
        quiet = desk.sync()
        assert (quiet.program_changes, quiet.campaign_changes, quiet.refused) == (0, 0, 0)
    cradle.over()
    people = Counter(
        row["Email"] for kind in ("Lead", "Contact") for row in desk.org.query(f"SELECT Email FROM {kind}")
    )
    assert {email: count for email, count in people.items() if count > 1} == {}
    assert desk.app.views.problems(desk.program) == []
