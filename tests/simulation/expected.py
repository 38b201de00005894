"""What may become of each member, told without looking at what the engine did: every edit counts, in the order it was made.

For each person and program it holds the set of what may be true: the status here and, of each org, what was agreed and what is
there. An edit changes its side in all of them; between any two edits a sync of either org may have happened or not, so that what
the decision table makes of each is added. What is true in the end must be among them: then each edit is the final value, or was
overwritten by a later one or by a rule. `Expected` is of the whole history; a `Leg` is what one org sees of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from campaignsync.domain.links import FieldEdit, LinkPolicy, Removal, StepBack, Winner
from campaignsync.domain.statuses import DEFAULT_CHANNELS
from campaignsync.planner.decide import Rules, Verdict, decide

State = tuple["str | None", "str | None", "str | None"]
"""Of one org: agreed, program, campaign."""
Whole = tuple["str | None", tuple[tuple["str | None", ...], ...]]
"""Program, and of each org what was agreed, what is in the campaign, and what a look saw there last."""
WEBINAR = next(channel for channel in DEFAULT_CHANNELS if channel.name == "Webinar")
_POLICY = {
    "winner": Winner,
    "step_back": StepBack,
    "removed_in_program": Removal,
    "removed_in_campaign": Removal,
    "field_edit": FieldEdit,
}


def spelled(label: str | None) -> str | None:
    """A label as the channel spells it."""
    found = WEBINAR.find(label) if label is not None else None
    return found.name if found else label


class Expected:
    """What may be true, by program and person, in so many orgs.

    What is edited while a round is `under_way` may be younger than what that round saw, and is still there when it brings what
    it saw. What is edited between two rounds, the next one sees before it does anything.
    """

    def __init__(self, orgs: int, *, under_way: bool = False) -> None:
        self.under_way = under_way
        """Whether a round is under way while people edit, of whatever org."""
        self.legs = [Leg(self, number) for number in range(orgs)]
        self.states: dict[tuple[str, str], set[Whole]] = {}
        self.unsure: dict[str, str] = {}
        """People whose records were joined or brought back: why their exact status is not foretold."""
        self.removed: set[tuple[str, str]] = set()
        """Whom somebody removed on any side."""
        self._unseen: set[tuple[str, str]] = set()
        """Who was edited in a campaign while a round was under way that may have seen it before."""
        self._written_over: dict[tuple[str, str], set[Whole]] = {}
        """What may be true of them if what was edited there since was written over."""
        self.fields: dict[tuple[str, str], set[str]] = {}
        """What each field of each person was ever set to."""
        self.merged_away: dict[str, str] = {}
        """Who became somebody else in Salesforce, and whom."""

    def possible(self, program: str, name: str) -> set[Whole]:
        """What may be true now, syncs between or not."""
        nowhere = None, None, None
        return self._synced(program, self.states.get((program, name), {(None, (nowhere,) * len(self.legs))}))

    def _synced(self, program: str, states: set[Whole]) -> set[Whole]:
        """These, and whatever syncs may make of them."""
        found = set(states)
        waiting = list(found)
        legs = [leg for leg in self.legs if program in leg.linked_programs]
        while waiting:
            whole = waiting.pop()
            for leg in legs:
                for then in leg.then(whole, program):
                    if then not in found:
                        found.add(then)
                        waiting.append(then)
        return found

    def before_an_edit(self, program: str, name: str) -> set[Whole]:
        """What may be true when somebody edits a member. Between two rounds, whatever was unseen is seen before it matters."""
        if not self.under_way:
            self._look(program, name)
        return self.possible(program, name)

    def look_anew(self) -> None:
        """Another round begins, and looks before it does anything."""
        for program, name in sorted(self._unseen):
            self._look(program, name)
        self._written_over.clear()
        for leg in self.legs:
            leg.turning.clear()

    def _look(self, program: str, name: str) -> None:
        if (program, name) in self._unseen:
            self._unseen.discard((program, name))
            self.states[program, name] = {
                each
                for each in self.possible(program, name)
                if all(seen == there for _, there, seen in each[1])
            }

    def edited_late(self, program: str, name: str, before: set[Whole]) -> None:
        """A round that is under way may have looked before this edit, and may write it over."""
        self._unseen.add((program, name))
        self._written_over.setdefault((program, name), set()).update(before)

    def answer_lost(self) -> None:
        """What a call knew of edits that it wrote over nobody will know: the only case but bulk jobs (docs/critiques.md)."""
        for key, states in self._written_over.items():
            self.states[key] = self.states[key] | states

    def given_here(self, program: str, name: str, status: str | None) -> None:
        """Somebody has that status in the program, whatever becomes of edits in campaigns."""
        key, before = (program, name), self.before_an_edit(program, name)
        self.states[key] = {(status, legs) for _, legs in before}
        if key in self._written_over:
            without = self._synced(program, self._written_over[key])
            self._written_over[key] = {(status, legs) for _, legs in without}

    def note(self, program: str, name: str, status: str | None) -> None:
        """Somebody gave a member that status, on whichever side."""
        if status is None:
            # Whoever is somebody else there by now, which is not known here, takes along that they were removed.
            while name and (program, name) not in self.removed:
                self.removed.add((program, name))
                name = self.merged_away.get(name, "")

    def settle(self, program: str) -> None:
        for key in [key for key in self.states if key[0] == program]:
            self.states[key] = self.possible(*key)

    def joined(self, loser: str, winner: str) -> None:
        """Two people became one in Salesforce (M7.8)."""
        self.merged_away[loser] = winner
        for name in (loser, winner):
            self.unsure[name] = f"{loser} was merged into {winner}"
        self.removed |= {(program, winner) for program, name in self.removed if name == loser}


class Leg:
    """What one org sees of it: its links, their choices, and the triples of its members."""

    def __init__(self, whole: Expected, number: int) -> None:
        self.whole, self.number = whole, number
        self.linked_programs: set[str] = set()
        self.policies: dict[str, dict[str, str]] = {}
        self._rules: dict[str, Rules] = {}
        self._synced: dict[tuple[str, State], State] = {}
        self.unseen = False
        """Whether what is edited in Salesforce now may be written over by what is on its way there, and nobody could tell."""
        self.turning: dict[str, str] = {}
        """By program, the default that what is on its way there becomes, since labels were changed in the midst of a round."""

    @property
    def unsure(self) -> dict[str, str]:
        return self.whole.unsure

    def seen_of(self, whole: Whole) -> State:
        """The triple of this org."""
        agreed, there, _ = whole[1][self.number]
        return agreed, whole[0], there

    def then(self, whole: Whole, program: str) -> Iterator[Whole]:
        """What a round may make of it next."""
        here, legs = whole
        agreed, there, seen = legs[self.number]
        then = self.synced(program, (agreed, here, seen))
        if there != seen:
            yield self.put(whole, (agreed, here, there), there)
        if then[2] == seen:
            # What was seen is brought here, or agreed on: whatever has become of it there meanwhile is left alone.
            yield self.put(whole, (then[0], then[1], there), seen)
        elif there == seen:
            # Else the row is left as it is, since it is read in the same call before it is written.
            yield self.put(whole, then, then[2])

    def put(self, whole: Whole, state: State, seen: str | None) -> Whole:
        """All of it, with another triple of this org, and with what was seen there last."""
        agreed, here, there = state
        legs = whole[1]
        return here, (*legs[: self.number], (agreed, there, seen), *legs[self.number + 1 :])

    def choose(self, program: str, choices: Mapping[str, str]) -> None:
        """The policy of a link is another from now on."""
        self.whole.settle(program)
        self.policies[program] = {**self.policies.get(program, {}), **choices}
        self._forget_rules()

    def rules(self, program: str) -> Rules:
        if program not in self._rules:
            chosen: dict[str, Any] = {k: _POLICY[k](v) for k, v in self.policies.get(program, {}).items()}
            self._rules[program] = Rules.of(WEBINAR, LinkPolicy(**chosen))
        return self._rules[program]

    def synced(self, program: str, state: State) -> State:
        """What a sync makes of it."""
        if (program, state) not in self._synced:
            self._synced[program, state] = synced(state, self.rules(program))
        return self._synced[program, state]

    def _forget_rules(self) -> None:
        self._rules.clear()
        self._synced.clear()

    def linked(self, program: str) -> None:
        self.linked_programs.add(program)

    def unlinked(self, program: str) -> None:
        """What was agreed is forgotten, and so are the link's choices."""
        self.whole.settle(program)
        self.linked_programs.discard(program)
        self.policies.pop(program, None)
        self._forget_rules()
        for key, states in self.whole.states.items():
            if key[0] == program:
                triples = ((each, self.seen_of(each)) for each in states)
                self.whole.states[key] = {
                    self.put(each, (None, here, there), there) for each, (_, here, there) in triples
                }

    def edited_here(self, program: str, name: str, status: str | None) -> None:
        self.whole.note(program, name, status)
        self.whole.given_here(program, name, status)

    def perhaps_edited_here(self, program: str, name: str, status: str) -> None:
        """Nobody knows whether this edit was made."""
        without = self.whole.before_an_edit(program, name)
        self.edited_here(program, name, status)
        self.whole.states[program, name] |= without

    def edited_there(self, program: str, name: str, status: str | None) -> None:
        self.whole.note(program, name, status)
        before, now = self.whole.before_an_edit(program, name), spelled(status)
        late = self.whole.under_way and program in self.linked_programs
        if late:
            self.whole.edited_late(program, name, before)
        after = set()
        for each in before:
            agreed, _, seen = each[1][self.number]
            after.add(self.put(each, (agreed, each[0], now), seen if late else now))
        if program in self.turning:
            # By the rules ours may count all the same, and becomes what nobody wanted (S0.2): a problem says so.
            default = self.turning[program]
            after |= {self.put(each, (default, each[0], default), default) for each in after}
        self.whole.states[program, name] = after | before if self.unseen else after

    def decided(self, program: str, name: str, winner: str) -> None:
        """A person may have decided a conflict: the program follows, or counts as who edited."""
        states = self.whole.possible(program, name)
        made = set()
        for each in states:
            here, (agreed, there, seen) = each[0], each[1][self.number]
            if decide(agreed, here, seen, self.rules(program)).verdict is Verdict.CONFLICT:
                made.add(self.put(each, (seen, seen if winner == "campaign" else here, there), seen))
        self.whole.states[program, name] = states | made

    def field_set(self, name: str, field: str, value: str) -> None:
        self.whole.fields.setdefault((name, field), set()).add(value.strip())

    def turned_into(self, program: str, default: str) -> None:
        """Labels were changed: a write on its way may have become the campaign's default (S0.2), which is no edit."""
        if self.whole.under_way:
            self.turning[program] = default
        for key, states in self.whole.states.items():
            if key[0] == program:
                turned = {
                    self.put(each, (default, each[0], default), default) for each in self.whole.possible(*key)
                }
                self.whole.states[key] = states | turned

    def possible(self, program: str, name: str) -> set[State]:
        """What may be true now of this org's link, a sync between or not."""
        return {self.seen_of(each) for each in self.whole.possible(program, name)}

    def settled(self, program: str, name: str) -> set[str | None]:
        """The statuses that may be the member's once both sides are equal and all is quiet."""
        return {here for agreed, here, there in self.possible(program, name) if agreed == here == there}

    def happened(self, program: str, name: str, state: State) -> None:
        """This is true now, for everybody to see."""
        self.whole.states[program, name] = {
            each for each in self.whole.possible(program, name) if self.seen_of(each) == state
        }


def synced(state: State, rules: Rules) -> State:
    """What a sync makes of it."""
    decision = decide(*state, rules)
    if decision.verdict in (Verdict.AGREE, Verdict.TO_PROGRAM, Verdict.TO_CAMPAIGN):
        return (decision.becomes,) * 3
    return state
