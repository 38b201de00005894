"""The decision table for one member: what becomes of a difference between the program and the campaign.

`reconcile` asks it once for every distinct (agreed, program, campaign). A status is a name; None is absence of membership. The
first row that fits holds; A, X and Y are statuses, all different.

| agreed | program | campaign | becomes |
| --- | --- | --- | --- |
| any | same | same | agreed := what both say |
| A or none | as agreed | X | program := X; a step back: put back, accepted or asked about (M6.2) |
| A | A | none | program := none, or kept apart (M6.4) |
| A or none | X | as agreed | campaign := X, a step back too: an admin's correction (M2.3) |
| A | none | A | campaign := none, or kept apart (M6.4) |
| A | X | none | campaign := X: an edit outlives a removal (M6.4) |
| A | none | X | program := X: likewise, and whoever comes back starts over (M2.6) |
| none | X | Y | the further step (M4.5); of equal steps as the next row |
| A | X | Y | the further step, the program, the campaign, or a person decides (M6.3) |

Whatever would give the program a status that its channel lacks waits for a person (M6.5). After unison and mutagen: the memory of
what was agreed, never a clock, tells an edit from an old value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from campaignsync.domain.links import LinkPolicy, Removal, StepBack, Winner
from campaignsync.domain.statuses import Channel


class Verdict(StrEnum):
    """What has to be done about one member."""

    AGREE = "agree"  # both sides are the same already; the memory follows
    TO_PROGRAM = "to program"
    TO_CAMPAIGN = "to campaign"
    NOTHING = "nothing"  # kept apart by choice
    CONFLICT = "conflict"  # a person decides between two edits
    HOLD = "hold"  # a person mends something first


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A verdict, the status the member gets by it (None: leaves; meaningless where nothing is written), and why."""

    verdict: Verdict
    becomes: str | None = None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What `decide` must know beyond the three statuses: the step of each status of the channel, and the link's policy."""

    steps: Mapping[str, int]
    policy: LinkPolicy

    @classmethod
    def of(cls, channel: Channel, policy: LinkPolicy) -> Rules:
        return cls(steps={status.name: status.step for status in channel.statuses}, policy=policy)

    def goes_back(self, current: str | None, wanted: str) -> bool:
        """Whether `wanted` is a lower step (M2.2); whoever enters anew cannot go back (M2.6)."""
        if current is None or not {current, wanted} <= self.steps.keys():
            return False
        return self.steps[wanted] < self.steps[current]


def decide(agreed: str | None, program: str | None, campaign: str | None, rules: Rules) -> Decision:
    """What becomes of one member; see the table above."""
    if program == campaign:
        return Decision(verdict=Verdict.AGREE, becomes=program, why="both sides are the same")
    if program == agreed:
        return _changed_in_campaign(program, campaign, rules)
    if campaign == agreed:
        return _changed_in_program(program, campaign, rules)
    if campaign is None:
        return _to_campaign(program, why="removed from the campaign, but changed in the program since")
    if program is None:
        return _to_program(
            None, campaign, rules, why="removed from the program, but changed in the campaign since"
        )
    return _changed_on_both(agreed, program, campaign, rules)


def _changed_in_campaign(program: str | None, campaign: str | None, rules: Rules) -> Decision:
    if campaign is not None:
        why = "added to the campaign" if program is None else "changed in the campaign"
        return _to_program(program, campaign, rules, why=why)
    if rules.policy.removed_in_campaign is Removal.KEEP:
        return Decision(
            verdict=Verdict.NOTHING, why="removed from the campaign, kept in the program by choice"
        )
    return Decision(verdict=Verdict.TO_PROGRAM, becomes=None, why="removed from the campaign")


def _changed_in_program(program: str | None, campaign: str | None, rules: Rules) -> Decision:
    if program is not None:
        why = "added to the program" if campaign is None else "changed in the program"
        return _to_campaign(program, why=why)
    if rules.policy.removed_in_program is Removal.KEEP:
        return Decision(
            verdict=Verdict.NOTHING, why="removed from the program, kept in the campaign by choice"
        )
    return _to_campaign(None, why="removed from the program")


def _changed_on_both(agreed: str | None, program: str, campaign: str, rules: Rules) -> Decision:
    """Each side holds a status that was not agreed on, and not the same one (M4.5, M6.3)."""
    winner = rules.policy.winner
    if winner is Winner.FURTHER or agreed is None:
        # Two lists that meet are united by the further step, whoever is to win from then on (M4.5).
        winner = _further(program, campaign, rules) or winner
    why = "added on both sides" if agreed is None else "changed on both sides"
    if winner is Winner.PROGRAM:
        return _to_campaign(program, why=f"{why}, '{program}' of the program wins over '{campaign}'")
    if (
        winner is Winner.CAMPAIGN or campaign not in rules.steps
    ):  # Nobody can be asked to choose an unknown label.
        return _to_program(
            program, campaign, rules, why=f"{why}, '{campaign}' of the campaign wins over '{program}'"
        )
    equal = ", of equal steps" if winner is Winner.FURTHER else ""
    return Decision(
        verdict=Verdict.CONFLICT,
        why=f"{why}: '{program}' in the program, '{campaign}' in the campaign{equal}",
    )


def _further(program: str, campaign: str, rules: Rules) -> Winner | None:
    """The side with the further step; None when neither is, or when the channel lacks a status."""
    if rules.goes_back(program, campaign):
        return Winner.PROGRAM
    return Winner.CAMPAIGN if rules.goes_back(campaign, program) else None


def _to_campaign(program: str | None, *, why: str) -> Decision:
    return Decision(verdict=Verdict.TO_CAMPAIGN, becomes=program, why=why)


def _to_program(program: str | None, campaign: str, rules: Rules, *, why: str) -> Decision:
    """The program follows the campaign, as far as its channel (M6.5) and the progression rule (M6.2) go."""
    if campaign not in rules.steps:
        return Decision(
            verdict=Verdict.HOLD,
            why=f"the channel has no status '{campaign}'",
        )
    if not rules.goes_back(program, campaign) or rules.policy.step_back is StepBack.ACCEPT:
        return Decision(verdict=Verdict.TO_PROGRAM, becomes=campaign, why=why)
    back = f"'{campaign}' in the campaign is a step back from '{program}'"
    if rules.policy.step_back is StepBack.PUT_BACK:
        return _to_campaign(program, why=f"{back}, put back")
    return Decision(verdict=Verdict.CONFLICT, why=back)
