"""Whatever a history is said to mix comes to pass: each kind of edit and of fault, within a stated number of seeds."""

from __future__ import annotations

from collections.abc import Mapping

from simulation.clock import SimulatedClock
from simulation.history import made_from
from simulation.many import kinds, where_polars_works
from simulation.play import play
from simulation.stores import InMemory

SEEDS = 1_000
"""Among so many each kind comes to pass; those with most of what is still missing are played."""
MOST_PLAYED = 60
MIX: Mapping[str, tuple[str, ...]] = {
    "edits of members and statuses on both sides": (
        "here: set status",
        "here: correct status",
        "here: remove",
        "there: set status",
        "there: remove",
    ),
    "bulk edits": ("there: set many",),
    "CSV imports": ("here: import",),
    "fields of people": ("here: set field", "there: set field"),
    "links made and unlinked": ("here: link", "here: unlink"),
    "statuses renamed or removed in Salesforce": (
        "there: rename status",
        "there: remove status",
        "there: add status",
        "there: flip responded",
    ),
    "lead conversion": ("there: convert lead",),
    "merge": ("there: merge",),
    "delete": ("there: delete person", "there: delete campaign"),
    "undelete": ("there: undelete person", "there: undelete campaign"),
    "somebody entered twice": ("there: duplicate",),
    "costs and their currency": (
        "here: set cost",
        "here: remove cost",
        "here: set rate",
        "there: set type or cost",
    ),
    "two workers on one link": ("second worker", "session of the database lost, second worker"),
    "admin policy changes": (
        "here: set policy",
        "here: set filter",
        "here: let removals go on",
        "here: retry problems",
        "here: decide conflicts",
        "there: set active",
        "there: validation rule",
        "there: no validation rule",
    ),
    "connection lost before the request": ("connection refused", "lost before it was done"),
    "connection lost after the write was done": ("lost after it was done", "5xx after it was done"),
    "slow": ("slow", "commit lag"),
    "5xx": ("5xx",),
    "session expired": ("session expired",),
    "row locks": ("row lock",),
    "API limit": ("API limit",),
    "partial Bulk failure": ("bulk partly refused", "bulk slow"),
    "events lost": ("events lost", "event lost", "event gap", "event overflow", "stream cut"),
    "events doubled": ("events doubled", "event doubled"),
    "events late": ("events late", "event late"),
    "events out of order": ("events out of order", "event overtaken"),
    "replay id too old": ("replay id too old", "place in the stream gone"),
    "clock skew and jumps": ("clock skew", "clock jump"),
    "process killed between any two commits": (
        "killed",
        "listener killed",
        "listener killed behind a commit",
    ),
    "database restart": ("database restart",),
}
"""What a history mixes, in words, and which kinds that is."""


def test_every_kind_is_told_of_and_every_word_means_a_kind() -> None:
    edits, faults = kinds()
    told = [kind for listed in MIX.values() for kind in listed]
    assert sorted(told) == sorted(edits | faults)


def test_every_kind_comes_to_pass() -> None:
    drawn = {seed: {event.what for event in made_from(seed).events} for seed in range(SEEDS)}
    edits, faults = kinds()
    missing = where_polars_works(lambda: left_over(drawn, set(edits | faults)))
    assert not missing, f"in {SEEDS} histories these never came to pass: {', '.join(sorted(missing))}"


def left_over(drawn: dict[int, set[str]], missing: set[str]) -> set[str]:
    """What has not come to pass when the histories with most of what was missing were played."""
    for _ in range(MOST_PLAYED):
        seed = max(drawn, key=lambda each: (len(drawn[each] & missing), -each), default=None)
        if seed is None or not drawn.pop(seed) & missing:
            break
        clock = SimulatedClock()
        counted = play(made_from(seed), InMemory(clock), clock).counted
        missing -= counted.edits.keys() | counted.faults.keys()
    return missing
