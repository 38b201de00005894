"""Bugs planted on purpose where orgs are several and rounds are called for: listeners, marks, the queue, budgets (see `planted`).

`test_planted` plays histories with each of them as it does with the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from campaignsync.runtime.listener import Said
from campaignsync.salesforce import events
from simulation import hearing
from simulation.memory import people
from simulation.memory.rounds import MemoryRounds
from simulation.memory.service import MemoryJobs
from simulation.memory.tables import Tables
from simulation.planted import Planted, _instead

_LISTENING = {"listening": 10}
_BOTH = {"listening": 10, "two orgs": 12}


def _place_before_mark(right: Any) -> Any:
    def keep_all(subscriptions: Any, said: Sequence[Said]) -> None:
        heard = [each for each in said if each.heard]
        right(subscriptions, [_only(each, events=0, opened=False, missed=False) for each in heard])
        right(subscriptions, [_only(each, replay_id=None) for each in heard])
        right(subscriptions, [each for each in said if not each.heard])

    return keep_all


def _only(said: Said, **changes: Any) -> Said:
    assert said.heard is not None
    return replace(said, heard=replace(said.heard, **changes))


def _made_one_everywhere(right: Any) -> Any:
    def keep_apart(*args: Any) -> Iterator[int]:
        return iter(())

    return keep_apart


def _wakes_the_first(right: Any) -> Any:
    def wake(self: Tables, connection: int, *args: Any) -> None:
        right(self, min(self.connections), *args)

    return wake


def _nothing_missed(right: Any) -> Any:
    return lambda **said: right(**{**said, "missed": False})


def _nobody_takes_over(right: Any) -> Any:
    def sweep(self: MemoryJobs) -> Any:
        before = dict(self.tables.waiting)
        swept = right(self)
        self.tables.waiting = before
        return swept

    return sweep


def _keeps_others_asleep(right: Any) -> Any:
    def mark(self: Tables, links: Any, *doubted: Any) -> None:
        before = dict(self.waiting)
        right(self, links, *doubted)
        if self.acting.round_of is not None:
            self.waiting = before

    return mark


def _charged_to_the_first(right: Any) -> Any:
    def charge(self: MemoryRounds, connection: int, *told: Any) -> None:
        right(self, min(self.tables.connections), *told)

    return charge


OF_SERVICE = (
    Planted(
        name="how far was heard is kept before the round is called for",
        patch=_instead(hearing, "keep_all", _place_before_mark),
        seeds=200,
        focus={**_LISTENING, "listener killed behind a commit": 12, "there: set status": 4},
    ),
    Planted(
        name="who became one in an org becomes one where they are two records",
        patch=_instead(people, "_keep_apart", _made_one_everywhere),
        seeds=100,
        focus={"two orgs": 12, "merged in one org": 4},
    ),
    Planted(
        name="a mark of one org calls for a round of another",
        patch=_instead(Tables, "wake", _wakes_the_first),
        seeds=50,
        focus=_BOTH,
    ),
    Planted(
        name="a place that is gone is taken for nothing that was missed",
        patch=_instead(events, "Heard", _nothing_missed),
        seeds=100,
        focus=_LISTENING,
    ),
    Planted(
        name="jobs of the dead are taken away and given to nobody",
        patch=_instead(MemoryJobs, "sweep", _nobody_takes_over),
        seeds=300,
        focus={**_LISTENING, "killed": 4},
    ),
    Planted(
        name="what one org's round changes calls for no round of the others",
        patch=_instead(Tables, "mark", _keeps_others_asleep),
        seeds=50,
        focus=_BOTH,
    ),
    Planted(
        name="calls are charged to another org",
        patch=_instead(MemoryRounds, "charge", _charged_to_the_first),
        seeds=200,
        focus={"two orgs": 12, "budget": 10},
    ),
)
