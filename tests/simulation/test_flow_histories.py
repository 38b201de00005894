"""Histories with smart campaigns: alike in both stores, and bugs of the flow runner are found (M9.1–M9.8, M10.1–M10.7)."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from unittest import mock

import polars as pl
import pytest

from campaignsync.bootstrap import Application
from campaignsync.domain.commands import SETTLED
from campaignsync.runtime import commands, flow_runner
from campaignsync.runtime.flow_runner import FlowReport
from simulation.clock import SimulatedClock
from simulation.flowing import ONE_IN
from simulation.history import made_from
from simulation.play import Outcome, play
from simulation.stores import InMemory, Store


def with_flows(first: int) -> Iterator[int]:
    """The seeds from here on whose histories have smart campaigns."""
    seed = first
    while True:
        if not random.Random(f"flows {seed}").randrange(ONE_IN) and not made_from(seed).given.beside:
            yield seed
        seed += 1


def played(seed: int, store: Callable[[SimulatedClock], Store]) -> Outcome:
    clock = SimulatedClock()
    return play(made_from(seed), store(clock), clock)


def told(outcome: Outcome) -> dict[str, Any]:
    """What came of flows, people by name: two stores may number people and entries otherwise."""
    names = {
        number: str(row.get("email") or row.get("last_name") or "merged")
        for number, row in outcome.dumps[0].people.items()
    }
    journeys = {row["number"]: row for row in outcome.flows.journeys}
    return {
        "smart": {name: row["state"] for name, row in outcome.flows.smart.items()},
        "journeys": sorted(
            (row["name"], names[row["person"]], str(row["new"]), row["state"], row["position"])
            for row in journeys.values()
        ),
        "results": sorted(
            (row["name"], names[row["person"]], row["step"], row["action"], row["outcome"], row["message"])
            for row in outcome.flows.results
        ),
        "commands": outcome.flows.commands,
    }


@pytest.fixture
def in_postgres(app: Application) -> Callable[[SimulatedClock], Store]:
    from simulation.postgres import InPostgres

    return InPostgres


def test_flows_end_alike_in_both_stores(in_postgres: Callable[[SimulatedClock], Store]) -> None:
    seeds = with_flows(7_000)
    for _ in range(3):
        seed = next(seeds)
        ours, theirs = played(seed, InMemory), played(seed, in_postgres)
        assert (seed, ours.violations, theirs.violations) == (seed, [], [])
        assert told(ours) == told(theirs), f"seed {seed}"


@dataclass(frozen=True)
class Planted:
    """A bug: what is put in the place of what is right, and the number of histories with flows in which it must be found."""

    name: str
    where: Any
    what: str
    made: Callable[[Any], Any]
    histories: int


def _read_before_anybody_is_let_in(right: Any) -> Any:
    def read_journal(flows: Any, report: FlowReport) -> bool:
        with flows.turn():
            index, listening = flow_runner._index(flows)
            events, until = flows.events(index.fields())
            more = flows.read_until(until) and not events.is_empty()
        with flows.turn():
            for (number,), part in index.fired(events).group_by("smart_campaign_id", maintain_order=True):
                brought = part.select("entry_id").join(events, on="entry_id", maintain_order="left")
                flow_runner._let_in(flows, int(str(number)), *listening[int(str(number))], brought)
        return bool(more)

    return read_journal


def _settled_without_an_answer(right: Any) -> Any:
    def judged(outcomes: Any) -> Any:
        return right(outcomes).with_columns(outcome=pl.col("outcome").fill_null("done")).select(*SETTLED)

    return judged


PLANTED = (
    Planted(
        "what was read is noted before anybody is let in",
        flow_runner,
        "read_journal",
        _read_before_anybody_is_let_in,
        60,
    ),
    Planted("what nobody heard of counts as done", commands, "judged", _settled_without_an_answer, 60),
)


def found_after(bug: Planted) -> int | None:
    """In which history with flows a bug is found, counted from 1."""
    seeds = with_flows(200_000)
    with mock.patch.object(bug.where, bug.what, bug.made(getattr(bug.where, bug.what))):
        for number in range(1, bug.histories + 1):
            if found := played(next(seeds), InMemory).violations:
                print(f"{bug.name}: found in history {number}: {found[0][:200]}")
                return number
    return None


@pytest.mark.parametrize("bug", PLANTED, ids=lambda bug: bug.name)
def test_a_planted_bug_of_the_flow_runner_is_found(bug: Planted) -> None:
    assert found_after(bug) is not None, f"not found in {bug.histories} histories with flows"


def test_nothing_is_found_where_nothing_is_planted() -> None:
    seeds = with_flows(200_000)
    assert [found for _ in range(15) for found in played(next(seeds), InMemory).violations] == []
