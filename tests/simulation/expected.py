"""What may become of each member, told without looking at what the engine did: every edit counts, in the order it was made.

For each person and program it holds the set of (agreed, program, campaign) that may be true. An edit changes its side in all of
them; between any two edits a sync may have happened or not, so that what the decision table makes of each is added. What is true
in the end must be among them: then each edit is the final value, or was overwritten by a later one or by a rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from campaignsync.domain.links import FieldEdit, LinkPolicy, Removal, StepBack, Winner
from campaignsync.domain.statuses import DEFAULT_CHANNELS
from campaignsync.planner.decide import Rules, Verdict, decide

State = tuple["str | None", "str | None", "str | None"]
WEBINAR = next(channel for channel in DEFAULT_CHANNELS if channel.name == "Webinar")
_POLICY = {
    "winner": Winner,
    "step_back": StepBack,
    "removed_in_program": Removal,
    "removed_in_campaign": Removal,
    "field_edit": FieldEdit,
}
_NOBODY: State = (None, None, None)


def spelled(label: str | None) -> str | None:
    """A label as the channel spells it."""
    found = WEBINAR.find(label) if label is not None else None
    return found.name if found else label


class Expected:
    """What may be true, by program and person."""

    def __init__(self) -> None:
        self.states: dict[tuple[str, str], set[State]] = {}
        self.linked_programs: set[str] = set()
        self.policies: dict[str, dict[str, str]] = {}
        self.unsure: dict[str, str] = {}
        """People whose records were joined or brought back: why their exact status is not foretold."""
        self.removed: set[tuple[str, str]] = set()
        """Whom somebody removed on either side."""
        self.seen: dict[tuple[str, str], set[str | None]] = {}
        self.fields: dict[tuple[str, str], set[str]] = {}
        """What each field of each person was ever set to."""
        self.merged_away: set[str] = set()

    def choose(self, program: str, choices: Mapping[str, str]) -> None:
        """The policy of a link is another from now on."""
        self.settle(program)
        self.policies[program] = {**self.policies.get(program, {}), **choices}

    def rules(self, program: str) -> Rules:
        chosen: dict[str, Any] = {k: _POLICY[k](v) for k, v in self.policies.get(program, {}).items()}
        return Rules.of(WEBINAR, LinkPolicy(**chosen))

    def linked(self, program: str) -> None:
        self.linked_programs.add(program)

    def unlinked(self, program: str) -> None:
        """What was agreed is forgotten, and so are the link's choices."""
        self.settle(program)
        self.linked_programs.discard(program)
        self.policies.pop(program, None)
        for key, states in self.states.items():
            if key[0] == program:
                self.states[key] = {(None, here, there) for _, here, there in states}

    def edited_here(self, program: str, name: str, status: str | None) -> None:
        self._edited(program, name, 1, status)

    def edited_there(self, program: str, name: str, status: str | None) -> None:
        self._edited(program, name, 2, spelled(status))

    def _edited(self, program: str, name: str, side: int, status: str | None) -> None:
        self.seen.setdefault((program, name), set()).add(status)
        if status is None:
            self.removed.add((program, name))
        states = self.possible(program, name)
        self.states[program, name] = {
            (agreed, status, there) if side == 1 else (agreed, here, status) for agreed, here, there in states
        }

    def decided(self, program: str, name: str, winner: str) -> None:
        """A person may have decided a conflict: the program follows, or counts as who edited."""
        states = self.possible(program, name)
        made = {
            (there, there, there) if winner == "campaign" else (there, here, there)
            for agreed, here, there in states
            if decide(agreed, here, there, self.rules(program)).verdict is Verdict.CONFLICT
        }
        self.states[program, name] = states | made

    def field_set(self, name: str, field: str, value: str) -> None:
        self.fields.setdefault((name, field), set()).add(value.strip())

    def joined(self, loser: str, winner: str) -> None:
        """Two people became one in Salesforce (M7.8)."""
        self.merged_away.add(loser)
        for name in (loser, winner):
            self.unsure[name] = f"{loser} was merged into {winner}"
        for program, name in list(self.seen):
            if name == loser:
                self.seen.setdefault((program, winner), set()).update(self.seen[program, loser])
        self.removed |= {(program, winner) for program, name in self.removed if name == loser}

    def turned_into(self, program: str, default: str) -> None:
        """Labels were changed: a write on its way may have become the campaign's default (S0.2), which is no edit."""
        for key, states in self.states.items():
            if key[0] == program:
                turned = {(default, here, default) for _, here, _ in self.possible(*key)}
                self.states[key] = states | turned

    def settle(self, program: str) -> None:
        for key in [key for key in self.states if key[0] == program]:
            self.states[key] = self.possible(*key)

    def possible(self, program: str, name: str) -> set[State]:
        """What may be true now, a sync between or not."""
        found = set(self.states.get((program, name), {_NOBODY}))
        if program not in self.linked_programs:
            return found
        rules = self.rules(program)
        for state in list(found):
            for _ in range(3):
                state = synced(state, rules)
                found.add(state)
        return found

    def happened(self, program: str, name: str, state: State) -> None:
        """This is true now, for everybody to see."""
        self.states[program, name] = {state}


def synced(state: State, rules: Rules) -> State:
    """What a sync makes of it."""
    decision = decide(*state, rules)
    if decision.verdict in (Verdict.AGREE, Verdict.TO_PROGRAM, Verdict.TO_CAMPAIGN):
        return (decision.becomes,) * 3
    return state
