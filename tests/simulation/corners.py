"""Corners that edits and faults drawn one by one seldom make: several that belong together, about the middle of one round.

`history` gives a share of its histories one, in place of as many events as it has, so that no history grows dearer by it. What is
edited on both sides of a round is in `clashes`; here something else changes beside it: the link, its choices, who somebody is,
what the campaign's statuses are, or how what is written travels.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from simulation.clashes import DEATHS, MIDDLE

if TYPE_CHECKING:
    from simulation.history import Event, History

ONE_IN = 6
"""In every so manieth history."""
_AROUND = 14
"""By so many moments what belongs together lies apart from the middle of its round, mostly."""
Steps = Iterable[tuple[int, str, Mapping[str, Any]]]
"""At which moment, what, and with what."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Where a corner is: its people, its program and its round."""

    chance: random.Random
    who: str
    other: str
    program: str

    @property
    def middle(self) -> int:
        """A moment at about which a round does what it has seen."""
        return max(1, int(self.chance.gauss(MIDDLE, _AROUND)))

    def status(self) -> str:
        from simulation.history import STATUSES

        return self.chance.choice(STATUSES)

    def edit(self, side: str, moment: int, who: str = "") -> tuple[int, str, Mapping[str, Any]]:
        """An edit of one of them: a step mostly, or a removal."""
        whom = {"who": who or self.who, "program": self.program}
        if self.chance.random() < 0.3:
            return moment, f"{side}: remove", whom
        return moment, f"{side}: set status", {**whom, "status": self.status()}


def _met_anew(scene: Scene) -> Steps:
    """A link is ended and made again before its lists meet once more, edited on the way."""
    where = {"program": scene.program}
    return (
        (0, "here: unlink", where),
        scene.edit(scene.chance.choice(("here", "there")), 0),
        (0, "here: link", where),
        scene.edit("there", scene.middle),
        scene.edit("here", scene.middle),
    )


def _chosen_anew(scene: Scene) -> Steps:
    """The choices of a link change while both sides are edited."""
    from simulation.history import POLICIES

    name = scene.chance.choice(("winner", "step_back", "removed_in_program", "removed_in_campaign"))
    choice = {name: scene.chance.choice(POLICIES[name])}
    return (
        scene.edit("there", scene.chance.choice((0, scene.middle))),
        scene.edit("here", scene.chance.choice((0, scene.middle))),
        (scene.middle, "here: set policy", {"program": scene.program, "choice": choice}),
    )


def _many(scene: Scene) -> Steps:
    """Many are edited on both sides while a bulk job takes as many there."""
    both = (scene.who, scene.other)
    changed = {each: scene.status() for each in both}
    return (
        (0, "here: import", {"program": scene.program, "people": {each: scene.status() for each in both}}),
        (scene.middle, "there: set many", {"program": scene.program, "people": changed}),
        scene.edit("here", scene.middle),
        (scene.middle, "bulk partly refused", {"who": scene.other}),
    )


def _one_of_two(scene: Scene) -> Steps:
    """Two people turn out to be one while both are edited."""
    return (
        scene.edit("here", scene.chance.choice((0, scene.middle))),
        scene.edit("there", scene.chance.choice((0, scene.middle)), scene.other),
        (scene.middle, "there: merge", {"who": scene.who, "into": scene.other}),
    )


def _another_record(scene: Scene) -> Steps:
    """Somebody becomes another record, or goes and comes back, while they are edited."""
    whom = {"who": scene.who}
    becomes = (
        ((scene.middle, "there: convert lead", whom),),
        (
            (scene.middle, "there: delete person", whom),
            (scene.middle + scene.chance.randint(1, 80), "there: undelete person", whom),
        ),
        ((scene.middle, "there: duplicate", {**whom, "record": scene.chance.choice(("Lead", "Contact"))}),),
    )
    return (
        scene.edit("here", scene.chance.choice((0, scene.middle))),
        scene.edit("there", scene.chance.choice((0, scene.middle))),
        *scene.chance.choice(becomes),
    )


def _as_many_as_before(scene: Scene) -> Steps:
    """One leaves the campaign and another comes, so that their number tells nothing."""
    moment = scene.chance.choice((0, scene.middle))
    whom = {"who": scene.other, "program": scene.program, "status": scene.status()}
    return (
        (moment, "there: remove", {"who": scene.who, "program": scene.program}),
        (moment, "there: set status", whom),
        scene.edit("here", scene.chance.choice((0, scene.middle))),
    )


def _other_words(scene: Scene) -> Steps:
    """The campaign's statuses change while one of them is on its way there."""
    label = scene.status()
    words = {"program": scene.program, "label": label}
    changed = scene.chance.choice(
        (
            ("there: rename status", {**words, "to": scene.chance.choice(("Came", "registered"))}),
            ("there: remove status", words),
        )
    )
    return (
        (0, "here: set status", {"who": scene.who, "program": scene.program, "status": label}),
        (scene.middle, *changed),
        scene.edit("there", scene.middle),
    )


def _back_and_forth(scene: Scene) -> Steps:
    """One side is edited twice and the other once, about the moments at which a round looks and writes."""
    one, other = scene.chance.choice((("there", "here"), ("here", "there")))
    return scene.edit(one, 0), scene.edit(one, scene.middle), scene.edit(other, scene.middle)


CORNERS: tuple[Callable[[Scene], Steps], ...] = (
    _met_anew,
    _chosen_anew,
    _many,
    _one_of_two,
    _another_record,
    _as_many_as_before,
    _other_words,
    _back_and_forth,
)


def widened(history: History, more: Mapping[str, float]) -> History:
    """The history with a corner in place of other events; as it was where it is made for planted bugs (`focus`)."""
    chance = random.Random(f"corners {history.seed}")
    people = [person for person in history.given.people if not person.nameless]
    if more or len(people) < 2 or chance.random() >= 1 / ONE_IN:
        return history
    who, other = chance.sample([person.name for person in people], 2)
    scene = Scene(chance=chance, who=who, other=other, program=chance.choice(list(history.given.links)))
    corner = chance.choice(CORNERS)
    added = list(_events(chance, history, corner(scene)))
    kept = list(history.events)
    for _ in added:
        if kept:
            kept.pop(chance.randrange(len(kept)))
    events = sorted((*kept, *added), key=lambda event: (event.round, event.moment))
    given = replace(history.given, bulk=True) if corner is _many else history.given
    return replace(history, given=given, events=tuple(events))


def _events(chance: random.Random, history: History, steps: Steps) -> Iterable[Event]:
    """In one round, of which half of the time a process does not live to see the end."""
    from simulation.history import Event

    number = chance.choice((0, chance.randrange(len(history.gaps))))
    moments = []
    for moment, what, args in steps:
        moments.append(moment)
        yield Event(round=number, moment=moment, what=what, args=args)
    if chance.random() < 0.5:
        yield Event(round=number, moment=max(moments) + chance.randint(0, 12), what=chance.choice(DEATHS))
