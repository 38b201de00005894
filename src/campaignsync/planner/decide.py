"""The decision table for one member: what becomes of a difference between the program and the campaign.

`reconcile` asks it once for every distinct (agreed, program, campaign). A status is a name; None is absence of membership.

| agreed | program | campaign | becomes |
| --- | --- | --- | --- |
| any | X | X | agreed := X |
| A | A | X | program := X; a step back by policy (M6.2) |
| A | X | A | campaign := X |
| A | A | absent | program := absent, or kept apart (M6.4) |
| A | absent | A | campaign := absent, or kept apart (M6.4) |
| A | absent | X ≠ A | program := X: an edit outlives a removal |
| A | X ≠ A | absent | campaign := X: likewise |
| A | X ≠ A | Y ≠ A | by policy (M6.3); towards the program never a step back unless accepted (M2.2, M6.2) |

Whatever would give the program a status that its channel lacks is held for a person instead (M6.5). After unison and mutagen: the
memory of what was agreed, never a clock, tells an edit from an old value.
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

    def steps_back(self, current: str | None, wanted: str) -> bool:
        """Whether a member of the program would go back; somebody who enters anew cannot (M2.6)."""
        return current in self.steps and wanted in self.steps and self.steps[wanted] < self.steps[current]


def decide(agreed: str | None, program: str | None, campaign: str | None, rules: Rules) -> Decision:
    """What becomes of one member; see the table above."""
    if program == campaign:
        return Decision(verdict=Verdict.AGREE, becomes=program, why="both sides are the same")
    if program == agreed:
        return _changed_in_campaign(program, campaign, rules)
    if campaign == agreed:
        return _changed_in_program(program, campaign, rules)
    return _changed_on_both(agreed, program, campaign, rules)


def _changed_in_campaign(program: str | None, campaign: str | None, rules: Rules) -> Decision:
    if campaign is not None:
        return _to_program(
            program, campaign, rules, why="changed in the campaign" if program else "added to the campaign"
        )
    if rules.policy.removed_in_campaign is Removal.KEEP:
        return Decision(
            verdict=Verdict.NOTHING, why="removed from the campaign, kept in the program by choice"
        )
    return Decision(verdict=Verdict.TO_PROGRAM, becomes=None, why="removed from the campaign")


def _changed_in_program(program: str | None, campaign: str | None, rules: Rules) -> Decision:
    if program is not None:
        why = "changed in the program" if campaign else "added to the program"
        return Decision(verdict=Verdict.TO_CAMPAIGN, becomes=program, why=why)
    if rules.policy.removed_in_program is Removal.KEEP:
        return Decision(
            verdict=Verdict.NOTHING, why="removed from the program, kept in the campaign by choice"
        )
    return Decision(verdict=Verdict.TO_CAMPAIGN, becomes=None, why="removed from the program")


def _changed_on_both(agreed: str | None, program: str | None, campaign: str | None, rules: Rules) -> Decision:
    if program is None and campaign is not None:
        return _to_program(
            None, campaign, rules, why="removed from the program, but changed in the campaign since"
        )
    if campaign is None:
        return Decision(
            verdict=Verdict.TO_CAMPAIGN,
            becomes=program,
            why="removed from the campaign, but changed in the program since",
        )
    assert program is not None  # Both absent are the same, and were agreed on above.  # noqa: S101
    return _by_policy(agreed, program, campaign, rules)


def _by_policy(agreed: str | None, program: str, campaign: str, rules: Rules) -> Decision:
    """Both sides hold a status that was not agreed on, and not the same one (M6.3; on first linking M4.5)."""
    what = "both sides changed" if agreed else "on both lists with different statuses"
    if campaign not in rules.steps:
        return _unknown(campaign)
    winner = rules.policy.winner
    if winner is Winner.FURTHER and rules.steps[program] != rules.steps[campaign]:
        winner = Winner.PROGRAM if rules.steps[program] > rules.steps[campaign] else Winner.CAMPAIGN
        what += ", the further step wins"
    if winner is Winner.PROGRAM:
        return Decision(verdict=Verdict.TO_CAMPAIGN, becomes=program, why=what)
    if winner is Winner.CAMPAIGN:
        return _to_program(program, campaign, rules, why=what)
    reason = "of equal steps" if winner is Winner.FURTHER else "and somebody is to be asked"
    return Decision(
        verdict=Verdict.CONFLICT, why=f"'{program}' in the program, '{campaign}' in the campaign, {reason}"
    )


def _to_program(program: str | None, campaign: str, rules: Rules, *, why: str) -> Decision:
    """The program follows the campaign, within the progression rule (M2.2, M6.2)."""
    if campaign not in rules.steps:
        return _unknown(campaign)
    if not rules.steps_back(program, campaign) or rules.policy.step_back is StepBack.ACCEPT:
        return Decision(verdict=Verdict.TO_PROGRAM, becomes=campaign, why=why)
    back = f"'{campaign}' in the campaign is a step back from '{program}'"
    if rules.policy.step_back is StepBack.PUT_BACK:
        return Decision(verdict=Verdict.TO_CAMPAIGN, becomes=program, why=f"{back}, put back")
    return Decision(verdict=Verdict.CONFLICT, why=back)


def _unknown(label: str) -> Decision:
    return Decision(
        verdict=Verdict.HOLD,
        why=f"the channel has no status '{label}': change the member or the label in Salesforce, or the program's channel",
    )
