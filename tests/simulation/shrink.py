"""Makes a failing history as small as it gets: rounds, events, people and links go while it still fails the same way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from simulation.clock import SimulatedClock
from simulation.history import History
from simulation.play import play
from simulation.stores import InMemory

MOST_TRIES = 400


def violations_of(history: History, *, tell: Callable[[str], object] | None = None) -> list[str]:
    """What a history violates; with `tell`, all that happens is told."""
    clock = SimulatedClock()
    outcome = play(history, InMemory(clock), clock)
    for line in outcome.trace if tell else ():
        tell(line)  # type: ignore[misc]
    return outcome.violations


def kind_of(violations: list[str]) -> str:
    """The sort of a violation: its words without names and numbers."""
    words = violations[0].split(":")[0] if violations else ""
    return " ".join(word for word in words.split() if word.isalpha() and word.islower())


def smallest(history: History, fails: Callable[[History], str] | None = None) -> History:
    """A part of a history that fails the same way and of which nothing more can be left out."""
    judge = fails or (lambda each: kind_of(violations_of(each)))
    wanted = judge(history)
    if not wanted:
        return history
    tries = 0
    smaller = True
    while smaller:
        smaller = False
        for candidate in _smaller(history):
            tries += 1
            if tries > MOST_TRIES:
                return history
            if judge(candidate) == wanted:
                history, smaller = candidate, True
                break
    return history


def _smaller(history: History) -> Iterator[History]:
    """Every way to leave something out, the most first."""
    events, given = history.events, history.given
    for size in (len(events) // 2, len(events) // 4, 1):
        for start in range(0, len(events), size) if size else ():
            yield replace(history, events=(*events[:start], *events[start + size :]))
    for number in range(len(history.gaps)):
        if len(history.gaps) > 1:
            yield _without_round(history, number)
    for person in given.people:
        if len(given.people) > 1:
            people = tuple(each for each in given.people if each is not person)
            kept = tuple(event for event in events if not _speaks_of(event.args, person.name))
            yield replace(history, given=replace(given, people=people), events=kept)
    yield from (_without_campaign(history, campaign) for campaign in given.unlinked)
    if len(given.links) > 1:
        yield from _without_link(history)
    for changes in (
        {"policies": {}},
        {"external_id": False},
        {"bulk": False},
        {"beside": None},
        {"listens": False},
        {"mirror_filter": {}},
        {"skew": 0},
        {"daily_calls": None},
    ):
        simpler = replace(given, **changes)  # type: ignore[arg-type]
        if simpler != given:
            yield replace(history, given=simpler)
    for number, event in enumerate(events):
        if event.moment:
            earlier = replace(event, moment=0)
            moved = (*events[:number], earlier, *events[number + 1 :])
            yield replace(history, events=tuple(sorted(moved, key=lambda each: (each.round, each.moment))))


def _speaks_of(args: object, name: str) -> bool:
    return f"'{name}'" in repr(args)


def _without_round(history: History, number: int) -> History:
    events = tuple(
        replace(event, round=event.round - (event.round > number))
        for event in history.events
        if event.round != number
    )
    gaps = (*history.gaps[:number], *history.gaps[number + 1 :])
    return replace(history, gaps=gaps, events=events)


def _without_campaign(history: History, campaign: str) -> History:
    """Without one that nobody links."""
    given = history.given
    people = tuple(
        replace(person, there={k: v for k, v in person.there.items() if k != campaign})
        for person in given.people
    )
    events = tuple(event for event in history.events if not _speaks_of(event.args, campaign))
    unlinked = tuple(each for each in given.unlinked if each != campaign)
    return replace(history, given=replace(given, people=people, unlinked=unlinked), events=events)


def _without_link(history: History) -> Iterator[History]:
    given = history.given
    for program in given.links:
        links = {each: how for each, how in given.links.items() if each != program}
        people = tuple(
            replace(
                person,
                here={k: v for k, v in person.here.items() if k != program},
                there={k: v for k, v in person.there.items() if k != program},
            )
            for person in given.people
        )
        events = tuple(event for event in history.events if not _speaks_of(event.args, program))
        policies = {k: v for k, v in given.policies.items() if k != program}
        yield replace(
            history, given=replace(given, links=links, people=people, policies=policies), events=events
        )
