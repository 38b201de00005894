"""The twin of `store.flows.Flows` and `store.flow_entry`: the journal is read, people enter and are taken step by step.

Filters are those that histories use: a field of a person that is some text. A turn is one commit (`FlowTables.whole`).
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from campaignsync.domain.flows import Effect
from campaignsync.domain.smart_campaigns import (
    EVENTS,
    LOOP_PER_HOUR,
    LOOP_ROUNDS,
    Condition,
    Qualification,
    SmartCampaign,
    Taken,
)
from simulation.memory import flow_effects, people
from simulation.memory.flow_effects import TakenRow
from simulation.memory.flow_tables import FlowTables, JourneyRow, ResultRow, SmartRow
from simulation.memory.tables import Acting, Entry, folded, who_is

_NOT_CHANGES = ("first read", "went with the person in Salesforce", "merged in Salesforce")
_REMEMBERED, _LOOKED_FOR = timedelta(days=7), timedelta(days=1)
_TOLD = ("trigger", "campaign", "campaign_id", "program", "field", "old", "new")


class MemoryFlows:
    """The flows of all smart campaigns."""

    def __init__(self, flow: FlowTables) -> None:
        self.flow, self.tables = flow, flow.tables
        self._taken: list[TakenRow] = []
        self.may_die = True
        """Whether a turn may have to be undone; to be ready for that costs a copy of everything."""

    def now(self) -> datetime:
        return self.tables.now()

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        with self.flow.whole() if self.may_die else contextlib.nullcontext():
            self.tables.acting = Acting(who="smart campaign", why="flow", at=self.tables.now())
            yield

    def listening(self) -> list[tuple[int, str, Mapping[str, Any], int]]:
        active = sorted(
            (row for row in self.flow.smart.values() if row.state == "active"),
            key=lambda row: (row.priority, row.number),
        )
        return [
            (row.number, row.name, row.definition, row.since_entry)
            for row in active
            if row.definition.get("triggers")
        ]

    # The journal.

    def events(self, fields: Sequence[str]) -> tuple[pl.DataFrame, int]:
        until, flow = len(self.tables.journal), self.flow
        fresh = self._read(range(flow.read_until + 1, until + 1), fields)
        if people.recognise(self.tables, [row["entry_id"] for row in fresh if row["person_id"] is None]):
            fresh = self._read(range(flow.read_until + 1, until + 1), fields)
        late = self._read(sorted(flow.waiting_entries), fields)
        self._keep_waiting([row for row in fresh if row["person_id"] is None])
        known = {row["entry_id"] for row in late if row["person_id"] is not None}
        oldest = self.now() - _LOOKED_FOR
        flow.waiting_entries = {
            entry: at for entry, at in flow.waiting_entries.items() if entry not in known and at >= oldest
        }
        rows = {row["entry_id"]: row for row in (*late, *fresh) if row["person_id"] is not None}
        return pl.DataFrame([rows[n] for n in sorted(rows)], schema=dict(EVENTS)), until

    def _read(self, entries: Sequence[int], fields: Sequence[str]) -> list[dict[str, Any]]:
        found = [(number, self.tables.journal[number - 1]) for number in entries]
        return [self._event(number, entry) for number, entry in found if _concerns(entry, fields)]

    def _event(self, number: int, entry: Entry) -> dict[str, Any]:
        tables, connection = self.tables, entry.connection or 0
        campaign = tables.campaigns.get((connection, entry.campaign_id), {})
        program = next((row for row in tables.programs.values() if row.number == entry.program), None)
        member = tables.members.get((connection, entry.record_id)) if entry.person is None else None
        responded = next(
            (
                row["has_responded"]
                for (of, _), row in tables.statuses.items()
                if of == connection
                and row["campaign_id"] == entry.campaign_id
                and folded(row["label"]) == folded(entry.new)
            ),
            None,
        )
        success = {status.name: status.success for status in program.channel.statuses} if program else {}
        return {
            "entry_id": number,
            "trigger": _trigger(entry),
            "person_id": entry.person or (tables.person_of(connection, who_is(member)) if member else None),
            "campaign_id": entry.campaign_id or None,
            "campaign": campaign.get("name"),
            "type": campaign.get("type"),
            "program": program.name if program else None,
            "channel": program.channel.name if program else None,
            "field": entry.record_id
            if entry.noun == "request"
            else None
            if entry.noun in ("member", "created")
            else entry.noun,
            "old": entry.old,
            "new": entry.new,
            "responded": responded,
            "success": success.get(entry.new or ""),
        }

    def _keep_waiting(self, strangers: list[dict[str, Any]]) -> None:
        for row in strangers:
            entry = self.tables.journal[row["entry_id"] - 1]
            if next(self.tables.links_of_campaign(entry.connection or 0, entry.campaign_id), None):
                self.flow.waiting_entries.setdefault(row["entry_id"], self.now())

    def read_until(self, entry: int | None) -> bool:
        reached = len(self.tables.journal) if entry is None else entry
        moved = reached > self.flow.read_until
        self.flow.read_until = max(reached, self.flow.read_until)
        return moved

    # Who enters.

    def let_in(self, smart_campaign: int, campaign: SmartCampaign, fired: pl.DataFrame) -> int:
        row = self.flow.smart[smart_campaign]
        entering = []
        for event in fired.sort("entry_id").to_dicts():
            person = self.flow.now_is(event["person_id"])
            if person in self.tables.people:
                entering.append((event["entry_id"], person, event))
        entering = self._qualified(row, campaign.qualification, entering)
        entered = 0
        for entry, person, event in entering:
            chain, cause = self._chain(person, self.tables.journal[entry - 1])
            if self._loops(row, person, chain, cause, event):
                continue
            entered += 1
            self._enter(row, person, entry, event, (*chain, row.number))
        return entered

    def _qualified(self, row: SmartRow, rule: Qualification, entering: list[Any]) -> list[Any]:
        if rule.again_after == timedelta():
            return entering
        been = {each.person for each in self.flow.journeys.values() if each.smart == row.number}
        first: dict[int, Any] = {}
        for each in entering:
            if each[1] not in been:
                first.setdefault(each[1], each)
        return sorted(first.values(), key=lambda each: int(each[0]))

    def _chain(self, person: int, entry: Entry) -> tuple[tuple[int, ...], str]:
        """The smart campaigns whose doings brought somebody here, and the last action."""
        ours = entry.who == "campaign sync" or entry.who.startswith("smart campaign")
        sync_users = {row.user.user_id for row in self.tables.connections.values()}
        if not ours and entry.who not in sync_users:
            return (), ""
        since, wanted = self.now() - _REMEMBERED, self._object(entry)
        for result in reversed(self.flow.results):
            if (result.person, result.object, result.outcome) == (
                person,
                wanted,
                "done",
            ) and result.at > since:
                if folded(result.value) in (folded(entry.new), folded(entry.old)):
                    return self.flow.journeys[result.journey].chain, result.action
                return (), ""
        return (), ""

    def _object(self, entry: Entry) -> str:
        if entry.noun == "request":
            return f"request:{entry.record_id}"
        if entry.noun != "member":
            return f"field:{entry.noun}"
        if entry.side != "campaign":
            return f"program:{entry.program}"
        return self.of_campaign(entry.connection or 0, entry.campaign_id)

    def of_campaign(self, connection: int, campaign_id: str) -> str:
        """A campaign, or the program that it is linked with."""
        for link in self.tables.links_of_campaign(connection, campaign_id):
            return f"program:{link.program.number}"
        return f"campaign:{connection}:{campaign_id}"

    def _loops(self, row: SmartRow, person: int, chain: tuple[int, ...], cause: str, event: Any) -> bool:
        rounds = chain.count(row.number)
        lately = sum(
            each.smart == row.number
            and each.person == person
            and each.entered_at > self.now() - timedelta(hours=1)
            for each in self.flow.journeys.values()
        )
        if rounds < LOOP_ROUNDS and lately < LOOP_PER_HOUR:
            return False
        row.state, row.reason = "halted", f"{cause} {event['trigger']}"
        return True

    def _enter(self, row: SmartRow, person: int, entry: int, event: Any, chain: tuple[int, ...]) -> None:
        number = self.tables.number("journey")
        names = {"trigger": "name", "campaign_id": "campaign id"}
        told = json.loads(json.dumps({names.get(name, name): event[name] for name in _TOLD}))
        self.flow.journeys[number] = JourneyRow(
            number, row.number, person, entry, told, chain, row.priority, self.now()
        )

    # Step by step.

    def batches_due(self) -> list[Any]:
        return []

    def halt(self, smart_campaign: int, reason: str) -> None:
        self.flow.smart[smart_campaign].state = "halted"
        self.flow.smart[smart_campaign].reason = reason

    def wake(self) -> int:
        woken = [
            each
            for each in self.flow.journeys.values()
            if each.state == "waiting" and each.due_at is not None and each.due_at <= self.now()
        ]
        for each in woken:
            each.state, each.due_at = "ready", None
        return len(woken)

    def take(self) -> Taken | None:
        flow, first = self.flow, dict[int, JourneyRow]()
        ready = [
            each for each in flow.journeys.values() if each.state == "ready" and flow.goes_on(each.smart)
        ]
        for each in sorted(ready, key=lambda each: (each.priority, each.number)):
            first.setdefault(each.person, each)
        if not first:
            return None
        leading = next(iter(first.values()))
        same = [e for e in first.values() if (e.smart, e.position) == (leading.smart, leading.position)]
        self._taken = []
        for each in same:
            # Two who became one go one after the other.
            each.person = flow.now_is(each.person)
            if all(other.person != each.person for other in self._taken):
                self._taken.append(TakenRow(each, each.person))
        row = flow.smart[leading.smart]
        return Taken(
            smart_campaign_id=row.number,
            definition=row.definition,
            name=row.name,
            position=leading.position,
            people=len(self._taken),
            program=None,
            program_dates=(None, None),
            program_tokens={},
            implied=True,
        )

    def choose(self, conditions: Sequence[Condition]) -> list[int]:
        for each in self._taken:
            values = self.tables.people[each.person].values
            fits = (number for number, wanted in enumerate(conditions) if _fits(wanted, values))
            each.choice = next(fits, -1)
        return sorted({each.choice for each in self._taken}, reverse=True)

    def carry_out(self, taken: Taken, choice: int, effect: Effect) -> None:
        chosen = [each for each in self._taken if each.choice == choice and each.outcome is None]
        with self.tables.because(f"smart campaign '{taken.name}', step {taken.position + 1}"):
            flow_effects.carry_out(self.flow, chosen, effect)

    def fail(self, choice: int, message: str) -> None:
        for each in self._taken:
            if each.choice == choice:
                each.came_to("failed", message)

    def moved_on(self, action: str, steps: int) -> None:
        for each in self._taken:
            journey = each.journey
            if each.outcome is not None:
                self.flow.results.append(
                    ResultRow(
                        journey.number,
                        journey.smart,
                        each.person,
                        journey.position,
                        action,
                        each.outcome,
                        each.message,
                        each.object,
                        each.value,
                        self.now(),
                    )
                )
            journey.due_at = each.due_at
            if each.next_state != "sent":
                journey.position += 1
            journey.state = each.next_state or ("done" if journey.position >= steps else "ready")

    def finish(self) -> None:
        for each in self._taken:
            each.journey.state = "done"


def _concerns(entry: Entry, fields: Sequence[str]) -> bool:
    if entry.why in _NOT_CHANGES:
        return False
    if entry.noun == "member":
        return entry.side == "campaign" or entry.program is not None
    ours = entry.side == "program" and entry.program is None and entry.connection is None
    return ours and (entry.noun in ("created", "request") or entry.noun in fields)


def _trigger(entry: Entry) -> str:
    if entry.noun in ("request", "created"):
        return {"request": "Campaign is Requested", "created": "Person is Created"}[entry.noun]
    if entry.noun != "member":
        return "Data Value Changes"
    there = entry.side == "campaign"
    if entry.old is None:
        return "Added to SFDC Campaign" if there else "Added to Program"
    if entry.new is None:
        return "Removed from SFDC Campaign" if there else ""
    return "Status is Changed in SFDC Campaign" if there else "Program Status is Changed"


def _fits(wanted: Condition, values: Mapping[str, Any]) -> bool:
    """Person Field, with a text that it is."""
    (field,), asked = wanted.constraints["field"].values, wanted.constraints["value"].values
    return folded(values.get(str(field))) in {folded(str(each)) for each in asked}
