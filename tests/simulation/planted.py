"""Bugs planted on purpose, each as a patch of one place: the harness is proven by finding each within a stated number of seeds.

They are the mistakes that sync engines make: each was made by somebody. `test_planted` plays histories with one of them in place
until a property is violated. The patches reach into the product and into the twin of its store, never into what checks them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from unittest import mock

import polars as pl

from campaignsync.domain.errors import UnknownOutcomeError
from campaignsync.planner import decide
from campaignsync.runtime import executor
from campaignsync.salesforce import changes, pages, reading, wire, writing
from simulation.memory import doubts, ledger, mirror, people, scope
from simulation.memory.tables import LinkRow, Tables, who_is

Patch = Callable[[], AbstractContextManager[Any]]


@dataclass(frozen=True, kw_only=True)
class Planted:
    """A bug, the number of histories in which it must be found, and what happens more often in those."""

    name: str
    patch: Patch
    seeds: int
    focus: Mapping[str, float] = field(default_factory=dict)


def _instead(where: Any, name: str, made: Callable[[Any], Any]) -> Patch:
    """Something of another making: `made` is given the right one."""
    return lambda: mock.patch.object(where, name, made(getattr(where, name)))


def _nothing(right: Any) -> Any:
    return lambda *args, **kwargs: None


def _agreed_too_early(right: Any) -> Any:
    def intend(self: Any, run: Any, writes: pl.DataFrame) -> None:
        right(self, run, writes)
        link = self._link_of(run)
        for person, status in writes.select("person_id", "status").rows():
            link.agree(person, status)

    return intend


def _blind_retry(right: Any) -> Any:
    def write(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return right(self, *args, **kwargs)
        except UnknownOutcomeError:
            return right(self, *args, **kwargs)

    return write


def _half_a_list(right: Any) -> Any:
    def lists(self: Any, **kwargs: Any) -> Any:
        whole = right(self, **kwargs)
        return replace(whole, members=whole.members.head(max(whole.members.height - 1, 0)))

    return lists


def _default_for_an_edit(right: Any) -> Any:
    def record(self: Any, run: Any, batch: Any) -> None:
        link = self._link_of(run)
        before = dict(link.agreed)
        right(self, run, batch)
        turned = batch.outcomes.filter(
            pl.col("known") & pl.col("code").is_null() & pl.col("found").ne_missing(pl.col("wanted"))
        )
        for person in turned["person_id"]:
            link.agree(person, before.get(person))

    return record


def _page_off_by_one(right: Any) -> Any:
    def rows(self: Any, of: str) -> pl.DataFrame:
        whole = right(self, of)
        return whole.head(whole.height - 1) if of == "CampaignMember" and whole.height > 1 else whole

    return rows


def _contact_of_the_same_address(right: Any) -> Any:
    def identities(self: Any, connection: Any, wanted: Any) -> pl.DataFrame:
        found = right(self, connection, wanted)
        contacts = {
            row["email"]: row["salesforce_id"]
            for (of, _), row in self.tables.salesforce_people.items()
            if of == connection and row["kind"] == "contact" and row["email"]
        }
        rows = []
        for person, record, kind in found.rows():
            other = contacts.get(self.tables.people[person].values["email"])
            rows.append((person, other or record, "contact" if other else kind))
        return pl.DataFrame(rows, schema=found.schema, orient="row")

    return identities


def _cursor_ahead(right: Any) -> Any:
    def moved(*told: Any) -> Any:
        return {name: latest + timedelta(minutes=20) for name, latest in right(*told).items()}

    return moved


def _over_what_was_changed(right: Any) -> Any:
    def change(tables: Any, link: Any, rows: pl.DataFrame) -> None:
        stands = {person: row.status for person, row in link.program.members.items()}
        now = [stands.get(person) for person in rows["person_id"]]
        right(tables, link, rows.with_columns(pl.Series("was", now, pl.String)))

    return change


def _mark_taken_unseen(right: Any) -> Any:
    def settle(self: Any, link: Any, mark: int) -> None:
        row = self.tables.links.get(link)
        right(self, link, row.mark if row is not None and row.mark is not None else mark)

    return settle


def _half_named(right: Any) -> Any:
    """Of those whom a change concerns the first alone is named: not the record that somebody was, nor who else becomes one."""

    def doubt(self: Any, *whom: Any) -> None:
        right(self, *whom[:1])

    return doubt


def _doubts_gone_unseen(right: Any) -> Any:
    """Whoever was looked at is in doubt no more, whether or not that made the sides alike."""

    def settle(tables: Tables, link: Any) -> None:
        right(tables, link)
        link.doubts = set()

    return settle


def _told_twice(right: Any) -> Any:
    def changed(self: Tables, program: Any, person: int, old: Any, new: Any) -> None:
        right(self, program, person, old, new)
        if old is not None and new is not None:
            right(self, program, person, old, new)

    return changed


def _dead_hand(right: Any) -> Any:
    """Whoever was removed by us and came back is told by the mirror's old row."""

    def vanish(tables: Any, connection: int, lists: Any) -> None:
        kept = {key: row for key, row in tables.members.items() if who_is(row) and key[0] == connection}
        right(tables, connection, lists)
        for key, row in list(kept.items())[:1]:
            tables.members.setdefault(key, row)

    return vanish


@contextlib.contextmanager
def _no_look_back() -> Iterator[None]:
    with mock.patch.object(changes, "LOOK_BACK", timedelta(seconds=-1)):
        yield


@contextlib.contextmanager
def _a_call_each() -> Iterator[None]:
    with mock.patch.object(writing, "ROWS_A_CALL", 1), mock.patch.object(writing, "ADDED_A_CALL", 1):
        yield


def _looked_for_twice(right: Any) -> Any:
    def people(self: Any, **wanted: Any) -> Any:
        right(self, **wanted)
        return right(self, **wanted)

    return people


def _taken_for_listed(right: Any) -> Any:
    def judge(tables: Tables, connection: int) -> None:
        right(tables, connection)
        scope.entered(tables, connection, scope.entering(tables, connection))

    return judge


_MEMORY = ledger.MemoryLedger
PLANTED = (
    Planted(name="the watermark's own second is lost", patch=_no_look_back, seeds=200),
    Planted(
        name="agreed moves before anything was confirmed",
        patch=_instead(_MEMORY, "intend_members", _agreed_too_early),
        seeds=200,
    ),
    Planted(
        name="a write is tried again blindly",
        patch=_instead(wire.Wire, "write", _blind_retry),
        seeds=300,
        focus={"lost after it was done": 6},
    ),
    Planted(
        name="removals are read off half a list",
        patch=_instead(reading.Reader, "whole_lists", _half_a_list),
        seeds=100,
    ),
    Planted(
        name="our write that became the default status is taken for an edit",
        patch=_instead(_MEMORY, "record_members", _default_for_an_edit),
        seeds=600,
        focus={"there: remove status": 30, "there: rename status": 30},
    ),
    Planted(
        name="a page is one row short",
        patch=_instead(pages.JsonPage, "rows", _page_off_by_one),
        seeds=50,
    ),
    Planted(
        name="a contact of the same address is written where a lead was agreed",
        patch=_instead(_MEMORY, "identities", _contact_of_the_same_address),
        seeds=150,
        focus={"there: duplicate": 60, "here: set status": 4},
    ),
    Planted(
        name="the cursor runs ahead of what was seen",
        patch=_instead(changes, "_moved", _cursor_ahead),
        seeds=200,
    ),
    Planted(
        name="whoever was deleted is taken for removed",
        patch=_instead(people, "_flag_deleted", _nothing),
        seeds=300,
        focus={"there: delete person": 5},
    ),
    Planted(
        name="members go back a step",
        patch=_instead(decide.Rules, "goes_back", lambda right: lambda self, current, wanted: False),
        seeds=100,
    ),
    Planted(
        name="leads are not intended before they are made",
        patch=_instead(_MEMORY, "intend_leads", _nothing),
        seeds=600,
        focus={"lost after it was done": 20, "nameless": 8},
    ),
    Planted(
        name="our own unheard write is taken for an edit",
        patch=_instead(_MEMORY, "settle_intents", _nothing),
        seeds=600,
        focus={"lost after it was done": 20, "clashes": 8, "here: set status": 3},
    ),
    Planted(
        name="what somebody changed meanwhile is written over",
        patch=_instead(
            executor, "put_back", lambda right: lambda run, facts, plan, batch, door, ledger: batch
        ),
        seeds=400,
        focus={"clashes": 8, "deaths": 0},
    ),
    Planted(
        name="our side follows over what was changed here meanwhile",
        patch=_instead(ledger, "change_members", _over_what_was_changed),
        seeds=300,
        focus={"clashes": 5},
    ),
    Planted(
        name="a mark is taken away that nobody has seen",
        patch=_instead(_MEMORY, "settle_mark", _mark_taken_unseen),
        seeds=300,
        focus={"clashes": 5},
    ),
    Planted(
        name="a change names too few of those whom it concerns",
        patch=_instead(LinkRow, "doubt", _half_named),
        seeds=100,
    ),
    Planted(
        name="whoever was looked at is in doubt no more",
        patch=_instead(doubts, "settle", _doubts_gone_unseen),
        seeds=50,
    ),
    Planted(
        name="the journal tells a change twice",
        patch=_instead(Tables, "program_changed", _told_twice),
        seeds=50,
    ),
    Planted(name="each member is written by a call of its own", patch=_a_call_each, seeds=50),
    Planted(
        name="people are looked for twice",
        patch=_instead(reading.Reader, "people", _looked_for_twice),
        seeds=50,
    ),
    Planted(
        name="a campaign that comes into the filter is taken for one that was listed",
        patch=_instead(scope, "judge", _taken_for_listed),
        seeds=100,
        focus={"filtering": 12},
    ),
    Planted(
        name="who left the mirror stays in it",
        patch=_instead(scope, "prune", _nothing),
        seeds=100,
        focus={"filtering": 12},
    ),
    Planted(
        name="a row that is gone stays in the mirror",
        patch=_instead(mirror, "mirror_lists", _dead_hand),
        seeds=100,
    ),
)
