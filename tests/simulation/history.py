"""A history as a value: what was there at first, and who does what at which moment of which round. Made from one seed.

A moment is counted within a round: each call to Salesforce and each commit of the store is two, one before and one behind. What
is set for a moment that its round does not reach happens when the round is over. Nothing here does anything: `play` does.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulation import clashes, corners, filtering, listening, taken_back, two_orgs

STATUSES = ("Invited", "Registered", "No Show", "Attended")
NAMES = ("ada", "ben", "cy", "dee", "eve", "fay", "gus", "hal")
PROGRAMS = ("Spring", "Autumn")


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody, and where they are at first: status by program, status by campaign, and the record in Salesforce."""

    name: str
    here: Mapping[str, str] = field(default_factory=dict)
    there: Mapping[str, str] = field(default_factory=dict)
    record: str = ""
    """Lead or Contact, or nothing while Salesforce does not know them."""
    nameless: bool = False
    """Has no e-mail address: known by last name alone."""


@dataclass(frozen=True, kw_only=True)
class Given:
    """The world before anything happens."""

    people: tuple[Person, ...]
    links: Mapping[str, str]
    """By program, `new` (its campaign is made from it) or `existing`."""
    policies: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    switches: Mapping[str, Any] = field(default_factory=dict)
    external_id: bool = False
    bulk: bool = False
    """Whether two rows are so many that they go by bulk job."""
    daily_calls: int | None = None
    skew: int = 0
    """By how many seconds the org's clock is ahead of ours at first."""
    listens: bool = False
    """Whether only events and marks call for rounds."""
    unlinked: tuple[str, ...] = ()
    """Campaigns that no program is linked with."""
    mirror_filter: Mapping[str, Any] = field(default_factory=dict)
    """Which campaigns are mirrored, before the first look (M3.4)."""
    beside: Given | None = None
    """Another org that the same programs are linked in: its links, its campaigns' members, its switches."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happens: an edit of somebody or a fault. `what` is a name in `acts` or `faults`."""

    round: int
    moment: int
    what: str
    args: Mapping[str, Any] = field(default_factory=dict)
    org: str = ""
    """Where it happens, if it is not the first org."""


@dataclass(frozen=True, kw_only=True)
class History:
    """All of it. `gaps` are the seconds that pass before each round."""

    seed: int
    given: Given
    gaps: tuple[int, ...]
    events: tuple[Event, ...]


Drawn = Mapping[str, Any]
Draw = Callable[["Dice"], Drawn]


class Dice:
    """What a history is drawn with."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.people: tuple[str, ...] = ()
        self.programs: tuple[str, ...] = ()
        self.moments = (50, 130)
        """How many a round has that finds nothing to do, and one that makes people and writes members."""
        self.more: Mapping[str, float] = {}
        """What happens how many times as often as usual."""

    def chance(self, one_in: float) -> bool:
        return self.random.random() < 1 / one_in

    def one_of(self, choices: Any) -> Any:
        return self.random.choice(list(choices))

    def person(self) -> str:
        return str(self.one_of(self.people))

    def program(self) -> str:
        return str(self.one_of(self.programs))

    def status(self) -> str:
        return str(self.one_of(STATUSES))


def _nothing(dice: Dice) -> Drawn:
    return {}


def _who_where(dice: Dice) -> Drawn:
    return {"who": dice.person(), "program": dice.program()}


def _who_where_status(dice: Dice) -> Drawn:
    return {**_who_where(dice), "status": dice.status()}


def _where_label(dice: Dice) -> Drawn:
    return {"program": dice.program(), "label": dice.status()}


def _two(dice: Dice) -> Drawn:
    first, second = dice.random.sample(dice.people, 2)
    return {"who": first, "into": second}


def _several(dice: Dice) -> Drawn:
    number = dice.random.randint(2, len(dice.people))
    people = dice.random.sample(dice.people, number)
    return {"program": dice.program(), "people": {each: dice.status() for each in people}}


def _policy(dice: Dice) -> Drawn:
    name = dice.one_of(POLICIES)
    return {"program": dice.program(), "choice": {name: dice.one_of(POLICIES[name])}}


def _cost(dice: Dice) -> Drawn:
    return {
        "program": dice.program(),
        "month": dice.random.randint(1, 3),
        "amount": f"{dice.random.randint(0, 90_000) / 100:.2f}",
        "currency": dice.one_of(("USD", "USD", "EUR")),
    }


def _field(dice: Dice) -> Drawn:
    field_name = dice.one_of(("title", "phone", "city", "first_name", "notes"))
    return {"who": dice.person(), "field": field_name, "value": dice.one_of(("A", "B", "C", "  D ", ""))}


def _seconds(low: int, high: int) -> Draw:
    return lambda dice: {"seconds": dice.random.randint(low, high)}


POLICIES: Mapping[str, tuple[str, ...]] = {
    "winner": ("further", "program", "campaign", "ask"),
    "step_back": ("put back", "accept", "ask"),
    "removed_in_program": ("remove", "keep"),
    "removed_in_campaign": ("remove", "keep"),
    "field_edit": ("put back", "keep"),
}
EDITS: Mapping[str, tuple[float, Draw]] = {
    "here: set status": (10, _who_where_status),
    "here: correct status": (2, _who_where_status),
    "here: remove": (4, _who_where),
    "here: import": (2, _several),
    "here: set field": (3, _field),
    "here: set cost": (2, _cost),
    "here: remove cost": (1, lambda dice: {"program": dice.program(), "month": dice.random.randint(1, 3)}),
    "here: set rate": (1, lambda dice: {"rate": dice.one_of(("1.10", "0.95", ""))}),
    "here: set policy": (1.5, _policy),
    "here: unlink": (0.5, lambda dice: {"program": dice.program()}),
    "here: link": (1, lambda dice: {"program": dice.program()}),
    "here: let removals go on": (1, lambda dice: {"program": dice.program()}),
    "here: retry problems": (1, _nothing),
    "here: decide conflicts": (
        1,
        lambda dice: {"program": dice.program(), "winner": dice.one_of(("program", "campaign"))},
    ),
    "there: set status": (10, _who_where_status),
    "there: remove": (4, _who_where),
    "there: set many": (2, _several),
    "there: set field": (3, _field),
    "there: set type or cost": (
        1.5,
        lambda dice: {
            "program": dice.program(),
            **dice.one_of(({"Type": "Conference"}, {"ActualCost": 77})),
        },
    ),
    "there: rename status": (
        1,
        lambda dice: {**_where_label(dice), "to": dice.one_of(("Came", "registered", "Maybe"))},
    ),
    "there: remove status": (1, _where_label),
    "there: add status": (1, _where_label),
    "there: flip responded": (1, _where_label),
    "there: convert lead": (2, lambda dice: {"who": dice.person()}),
    "there: merge": (1.5, _two),
    "there: delete person": (2, lambda dice: {"who": dice.person()}),
    "there: undelete person": (2, lambda dice: {"who": dice.person()}),
    "there: set active": (
        0.7,
        lambda dice: {"program": dice.program(), "active": dice.chance(2)},
    ),
    "there: delete campaign": (0.2, lambda dice: {"program": dice.program()}),
    "there: undelete campaign": (0.3, lambda dice: {"program": dice.program()}),
    "there: validation rule": (0.7, lambda dice: {"status": dice.status()}),
    "there: no validation rule": (0.7, _nothing),
    "there: duplicate": (
        0.7,
        lambda dice: {"who": dice.person(), "record": dice.one_of(("Lead", "Contact"))},
    ),
}
FAULTS: Mapping[str, tuple[float, Draw]] = {
    "connection refused": (2, _nothing),
    "lost before it was done": (4, _nothing),
    "lost after it was done": (8, _nothing),
    "slow": (2, _seconds(5, 400)),
    "5xx": (3, lambda dice: {"status": dice.one_of((500, 502, 503))}),
    "5xx after it was done": (2, _nothing),
    "session expired": (2, _nothing),
    "row lock": (2, lambda dice: {"program": dice.program(), **_seconds(20, 4000)(dice)}),
    "API limit": (1, lambda dice: {"calls": dice.random.randint(1, 4)}),
    "commit lag": (1, _seconds(1, 500)),
    "clock skew": (1, _seconds(1, 900)),
    "clock jump": (0.7, lambda dice: {"seconds": dice.random.randint(-1500, 1500)}),
    "events lost": (1.5, _nothing),
    "events doubled": (1, _nothing),
    "events late": (1, _seconds(10, 2000)),
    "events out of order": (1, _nothing),
    "replay id too old": (0.5, _nothing),
    "killed": (10, _nothing),
    "database restart": (3, _nothing),
    "second worker": (2, _nothing),
    "session of the database lost, second worker": (2, _nothing),
    "bulk partly refused": (1, lambda dice: {"who": dice.person()}),
    "bulk slow": (1, lambda dice: {"reads": dice.random.randint(2, 5)}),
}


def made_from(seed: int, *, focus: Mapping[str, float] | None = None) -> History:
    """The history of a seed; `focus` says what happens how many times as often."""
    dice = Dice(seed)
    dice.more = focus or {}
    given = _given(dice)
    rounds = dice.random.randint(2, 4)
    count = 2 + int(dice.random.expovariate(1 / 6))
    events = []
    for _ in range(min(count, 30)):
        kinds = FAULTS if dice.chance(2.6) else EDITS
        names = list(kinds)
        what = dice.random.choices(names, [kinds[name][0] * dice.more.get(name, 1) for name in names])[0]
        moment = 0 if dice.chance(3) else dice.random.randint(1, dice.one_of(dice.moments))
        events.append(
            Event(
                round=dice.random.randrange(rounds),
                moment=moment,
                what=what,
                args=kinds[what][1](dice),
            )
        )
    events.sort(key=lambda event: (event.round, event.moment))
    gaps = tuple(dice.one_of((1, 5, 60, 300, 700, 4000)) for _ in range(rounds))
    history = History(seed=seed, given=given, gaps=gaps, events=tuple(events))
    for widened in (
        taken_back.widened,
        clashes.clashing,
        corners.widened,
        two_orgs.widened,
        listening.widened,
        filtering.widened,
    ):
        history = widened(history, dice.more)
    return history


def _given(dice: Dice) -> Given:
    dice.programs = PROGRAMS if dice.chance(3) else PROGRAMS[:1]
    dice.people = NAMES[: dice.random.randint(2, 5)]
    links = {each: "new" if dice.chance(4) else "existing" for each in dice.programs}
    return Given(
        people=tuple(_person(dice, name, links) for name in dice.people),
        links=links,
        policies={each: chosen for each in dice.programs if (chosen := _policies(dice))},
        switches={
            name: dice.chance(2)
            for name in (
                "rename_cascades",
                "conversion_keeps_lead_id",
                "person_undelete_restores_members",
                "campaign_undelete_restores_members",
            )
        },
        external_id=dice.chance(3),
        bulk=dice.chance(6),
        daily_calls=dice.random.randint(8, 60) if dice.chance(12) else None,
        skew=dice.random.randint(-900, 900) if dice.chance(3) else 0,
    )


def _policies(dice: Dice) -> Mapping[str, str]:
    return {name: dice.one_of(choices) for name, choices in POLICIES.items() if dice.chance(4)}


def _person(dice: Dice, name: str, links: Mapping[str, str]) -> Person:
    here = {each: dice.status() for each in links if dice.chance(1.5)}
    there = {each: dice.status() for each in links if links[each] == "existing" and dice.chance(2)}
    known = bool(there) or dice.chance(3)
    return Person(
        name=name,
        here=here,
        there=there,
        record=dice.one_of(("Lead", "Lead", "Contact")) if known else "",
        nameless=dice.chance(8 / dice.more.get("nameless", 1)) and not known,
    )
