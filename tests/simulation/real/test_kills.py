"""Two hundred rounds are killed at random moments; both sides are equal then, with nobody lost and nobody twice (M7.11)."""

from __future__ import annotations

import os
import random
from collections import Counter

from campaignsync.domain.statuses import DEFAULT_CHANNELS
from desk import Desk
from simulation.real.bearing import Cradle

KILLS = int(os.environ.get("CAMPAIGNSYNC_KILLS", "200"))
KILLS_A_TURN = 8
SEED = 20_261_128
STEPS = {s.name: s.step for c in DEFAULT_CHANNELS if c.name == "Webinar" for s in c.statuses}


class Edits:
    """What people do between and during rounds, and what must come of it."""

    def __init__(self, desk: Desk, chance: random.Random) -> None:
        self.desk, self.chance = desk, chance
        self.number = 0
        self.must: dict[str, str | None] = {}

    def some(self) -> None:
        """New people on both sides, moves forward on one side, removals on one side: a lone edit each, which must win."""
        for _ in range(3):
            self.number += 1
            name = f"person{self.number}"
            if self.chance.random() < 0.5:
                self.desk.give(**{name: "Invited"})
            else:
                self.desk.org.add_lead(self.desk.campaign, f"{name}@example.com", "Invited")
            self.must[f"{name}@example.com"] = "Invited"
        settled = [who for who in self.must if who in self.desk.here() and who in self.desk.there()]
        for who in self.chance.sample(settled, min(3, len(settled))):
            self._edit(who)

    def _edit(self, who: str) -> None:
        now, wanted = self.must[who], self.chance.choice([*STEPS, None])
        if wanted is not None and now is not None and STEPS[wanted] <= STEPS[now]:
            return
        here = self.chance.random() < 0.5
        if here and wanted is None:
            self.desk.app.members.remove(self.desk.program, who, who="ada")
        elif here:
            self.desk.app.members.set_status(self.desk.program, who, str(wanted), who="ada")
        elif wanted is None:
            self.desk.org.delete("CampaignMember", self.desk.org.member_id(self.desk.campaign, who))
        else:
            self.desk.org.update(
                "CampaignMember", self.desk.org.member_id(self.desk.campaign, who), Status=wanted
            )
        self.must[who] = wanted


def test_two_hundred_rounds_that_are_killed_lose_nothing(desk: Desk) -> None:
    chance, killed, lived = random.Random(SEED), 0, 0
    desk.link()
    desk.sync()
    cradle, edits = Cradle(desk, "round", desk.program), Edits(desk, chance)
    longest_s = 0.05
    while killed < KILLS:
        edits.some()
        longest_s = max(0.05, 0.5 * longest_s + 0.5 * cradle.lifetime_s()) if not killed else longest_s
        for _ in range(KILLS_A_TURN):
            was_killed = cradle.killed(chance.uniform(0, longest_s))
            killed, lived = killed + was_killed, lived + (not was_killed)
        desk.sync()
        held = desk.equal()
        assert held == {who: status for who, status in edits.must.items() if status is not None}, (
            f"after {killed}"
        )
    quiet = desk.sync()
    assert (quiet.program_changes, quiet.campaign_changes, quiet.refused) == (0, 0, 0)
    people = Counter(
        row["Email"] for kind in ("Lead", "Contact") for row in desk.org.query(f"SELECT Email FROM {kind}")
    )
    assert {email: count for email, count in people.items() if count > 1} == {}
    assert [p["code"] for p in desk.app.views.problems(desk.program)] == []
    cradle.over()
    print(f"killed: {killed} rounds of {killed + lived}, people: {edits.number}")
