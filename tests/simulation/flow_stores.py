"""The two stores as flows use them, behind one face: the twin in memory and PostgreSQL; and what either holds, for comparison."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from simulation.memory.flow_commands import MemoryCommands
from simulation.memory.flow_tables import FlowTables, SmartRow
from simulation.memory.flows import MemoryFlows
from simulation.memory.tables import Acting, PersonRow, Tables
from simulation.stores import InMemory, Line


@dataclass(frozen=True)
class FlowDump:
    """What a store holds of flows."""

    smart: dict[str, Line]
    """By name: state, since_entry."""
    journeys: list[Line]
    """In order: number, name, person, entry, new, state, position."""
    results: list[Line]
    """In order: journey, name, person, step, action, outcome, message, value."""
    commands: int
    entries: dict[int, Line]
    """The journal by its numbers: why, who, side, program, campaign_id, person, noun, record_id, old, new."""


class FlowStore(Protocol):
    """What flows need of a store, and how smart campaigns come into it."""

    flows: Any
    commands: Any

    def define(self, name: str, definition: Mapping[str, Any]) -> None:
        """Save and activate one."""

    def make_list(self, name: str) -> None:
        """Make a list of people."""

    def may_die(self, likely: bool) -> None:
        """Whether a process may die within a turn from now on."""

    def dump(self) -> FlowDump:
        """What it holds."""


def flow_store(store: Any) -> FlowStore:
    """The flows of a store."""
    return MemoryFlowStore(store.tables) if isinstance(store, InMemory) else PostgresFlowStore(store)


class MemoryFlowStore:
    """The twin's."""

    def __init__(self, tables: Tables) -> None:
        self._tables, self._flow = tables, FlowTables(tables)
        self.flows = MemoryFlows(self._flow)
        self.commands = MemoryCommands(self._flow, self.flows)

    def define(self, name: str, definition: Mapping[str, Any]) -> None:
        tables, number = self._tables, self._tables.number("smart campaign")
        row = SmartRow(number, name, definition, priority=definition.get("priority", 5))
        tables.acting = Acting(who="marketing", why=name, at=tables.now())
        tables.note("program", "smart campaign", None, "saved", record_id=str(number))
        row.state, row.since_entry = "active", len(tables.journal)
        self._flow.smart[number] = row
        if any(each["trigger"] == "Person is Created" for each in definition["triggers"]):
            _note_new_people(tables)

    def make_list(self, name: str) -> None:
        self._flow.lists[name] = set()

    def may_die(self, likely: bool) -> None:
        self.flows.may_die = likely

    def dump(self) -> FlowDump:
        flow, names = self._flow, {row.number: row.name for row in self._flow.smart.values()}
        programs = {row.number: row.name for row in self._tables.programs.values()}
        return FlowDump(
            smart={
                row.name: {"state": row.state, "since_entry": row.since_entry} for row in flow.smart.values()
            },
            journeys=[
                {
                    "number": each.number,
                    "name": names[each.smart],
                    "person": each.person,
                    "entry": each.entry,
                    "new": each.event["new"],
                    "state": each.state,
                    "position": each.position,
                }
                for each in flow.journeys.values()
            ],
            results=[
                {
                    "journey": each.journey,
                    "name": names[each.smart],
                    "person": each.person,
                    "step": each.step,
                    "action": each.action,
                    "outcome": each.outcome,
                    "message": each.message,
                    "value": each.value,
                }
                for each in flow.results
            ],
            commands=len(flow.commands),
            entries={
                number: {
                    **{name: getattr(each, name) for name in _COLUMNS},
                    "program": programs.get(each.program or 0),
                }
                for number, each in enumerate(self._tables.journal, start=1)
            },
        )


_COLUMNS = ("who", "why", "side", "campaign_id", "person", "noun", "record_id", "old", "new")


def _note_new_people(tables: Tables) -> None:
    """What the trigger on people does while a smart campaign listens to it."""
    add = tables.add_person

    def added(values: Any, *, acquisition: int | None = None) -> PersonRow:
        row = add(values, acquisition=acquisition)
        tables.note("program", "created", None, row.values["email"], person=row.number)
        return row

    tables.add_person = added  # type: ignore[method-assign]


class PostgresFlowStore:
    """The product's own."""

    def __init__(self, store: Any) -> None:
        from campaignsync.runtime.smart_campaigns import SmartCampaigns
        from campaignsync.store.commands import Commands
        from campaignsync.store.flows import Flows
        from campaignsync.store.smart_campaigns import SmartCampaigns as Shelf

        clock = store._now
        self.flows, self.commands = Flows(clock), Commands(clock)
        self._smart = SmartCampaigns(shelf=Shelf(clock), flows=self.flows)

    def define(self, name: str, definition: Mapping[str, Any]) -> None:
        self._smart.save(name, definition, who="marketing")
        self._smart.activate(name)

    def make_list(self, name: str) -> None:
        self._smart.shelf.make_list(name)

    def may_die(self, likely: bool) -> None:
        """A turn is a transaction anyway."""

    def dump(self) -> FlowDump:
        from campaignsync.store.frames import rows

        (commands,) = rows("SELECT count(*) AS number FROM store_command")
        return FlowDump(
            smart={
                row.pop("name"): row
                for row in rows("SELECT name, state, since_entry FROM store_smartcampaign")
            },
            journeys=rows(
                "SELECT j.id AS number, s.name, j.person_id AS person, j.entry_id AS entry, j.event->>'new' AS new, j.state,"
                " j.position FROM store_journey j JOIN store_smartcampaign s ON s.id = j.smart_campaign_id ORDER BY j.id"
            ),
            results=rows(
                "SELECT r.journey_id AS journey, s.name, r.person_id AS person, r.step, r.action, r.outcome, r.message,"
                " r.value FROM store_stepresult r JOIN store_smartcampaign s ON s.id = r.smart_campaign_id ORDER BY r.id"
            ),
            commands=commands["number"],
            entries={row.pop("id"): row for row in rows(_ENTRIES)},
        )


_ENTRIES = (
    "SELECT j.id, j.who, j.why, j.side, p.name AS program, j.campaign_id, j.person_id AS person, j.noun, j.record_id,"
    " j.old, j.new FROM store_journalentry j LEFT JOIN store_program p ON p.id = j.program_id ORDER BY j.id"
)
