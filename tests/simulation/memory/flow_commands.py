"""The twin of `store.commands.Commands`: what flows want of Salesforce, until what came of it was read back."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from campaignsync.domain.commands import COMMANDS, STANDINGS, CommandGroup
from campaignsync.domain.ids import ConnectionId
from campaignsync.domain.runs import MemberBatch
from simulation.memory import mirror
from simulation.memory.flow_tables import CommandRow, FlowTables, ResultRow
from simulation.memory.flows import MemoryFlows
from simulation.memory.tables import Acting, folded, who_is

_MOST_TRIES, _AGAIN = 4, timedelta(minutes=1)
_ACTIONS = {
    "add": "Add to SFDC Campaign",
    "status": "Change Status in SFDC Campaign",
    "remove": "Remove from SFDC Campaign",
}


class MemoryCommands:
    """The commands of flows."""

    def __init__(self, flow: FlowTables, flows: MemoryFlows) -> None:
        self.flow, self.tables, self._flows = flow, flow.tables, flows

    def _due(self) -> list[CommandRow]:
        found = self.flow.commands.values()
        return [
            each
            for each in found
            if each.due_at <= self.tables.now() and self.flow.goes_on(self.flow.journeys[each.journey].smart)
        ]

    def orgs(self) -> list[ConnectionId]:
        return [ConnectionId(number) for number in sorted({each.connection for each in self._due()})]

    def unheard(self, connection: ConnectionId) -> bool:
        return any(each.sent_at is not None for each in self.flow.commands.values())

    def next_group(self, connection: ConnectionId) -> CommandGroup | None:
        for each in self.flow.commands.values():
            each.person = self.flow.now_is(each.person)
        due = self._due()
        if not due:
            return None
        campaign_id = due[0].campaign_id
        first: dict[int, CommandRow] = {}
        for each in due:
            if each.campaign_id == campaign_id:
                first.setdefault(each.person, each)
        chosen = [first[person] for person in sorted(first)]
        rows = [
            (e.number, e.person, e.verb, e.status, e.implied, e.sent_at is not None, self._seen(e))
            for e in chosen
        ]
        for each in chosen:
            each.sent_at, each.tries = self.tables.now(), each.tries + 1
        commands = pl.DataFrame(rows, schema=dict(COMMANDS), orient="row")
        return CommandGroup(campaign_id=campaign_id, commands=commands)

    def _seen(self, command: CommandRow) -> bool:
        """Whether what was sent was seen done, by us."""
        user = self.tables.connections[command.connection].user.user_id
        return command.sent_at is not None and any(
            (each.who, each.side, each.noun) == (user, "campaign", "member")
            and (each.person, each.campaign_id) == (command.person, command.campaign_id)
            and each.new is not None
            and folded(each.new) == folded(command.status)
            and each.at >= command.noted_at
            for each in self.tables.journal
        )

    def standings(self, connection: ConnectionId, campaign_id: str, people: Collection[int]) -> pl.DataFrame:
        found: dict[int, tuple[int, str, str, bool]] = {}
        user = self.tables.connections[connection].user.user_id
        for row in sorted(self.tables.of_campaign(connection, campaign_id), key=lambda row: str(row["id"])):
            person = self.tables.person_of(connection, who_is(row))
            if person in people and person is not None:
                found.setdefault(
                    person, (person, row["id"], row["status"], row["last_modified_by_id"] == user)
                )
        return pl.DataFrame([found[person] for person in sorted(found)], schema=dict(STANDINGS), orient="row")

    def record(self, connection: ConnectionId, batch: MemberBatch, settled: pl.DataFrame) -> None:
        self._act()
        mirror.merge_members(self.tables, connection, batch.members)
        for row in batch.outcomes.to_dicts():
            key = (connection, row["campaign_member_id"])
            if row["known"] and row["found"] is None and key in self.tables.members:
                self.tables.remove_member(key)
        self._settle(settled.to_dicts())

    def settle(self, settled: pl.DataFrame) -> None:
        if not settled.is_empty():
            self._act()
            self._settle(settled.to_dicts())

    def _act(self) -> None:
        self.tables.acting = Acting(who="smart campaign", why="flow action", at=self.tables.now())

    def _settle(self, settled: list[dict[str, Any]]) -> None:
        now = self.tables.now()
        for row in sorted(settled, key=lambda row: self.flow.commands[row["command_id"]].journey):
            command = self.flow.commands[row["command_id"]]
            outcome, message = row["outcome"], row["message"]
            if outcome is None and command.tries >= _MOST_TRIES:
                outcome, message = "refused", f"{message} (tried {command.tries} times)"
            if outcome is None:
                command.due_at = now + command.tries * command.tries * _AGAIN
                continue
            journey = self.flow.journeys[command.journey]
            self.flow.results.append(
                ResultRow(
                    journey.number,
                    journey.smart,
                    journey.person,
                    journey.position,
                    _ACTIONS[command.verb],
                    outcome,
                    message,
                    self._flows.of_campaign(command.connection, command.campaign_id),
                    command.status,
                    now,
                )
            )
            if journey.state == "sent":
                journey.position, journey.state = journey.position + 1, "ready"
            del self.flow.commands[command.number]

    def postpone(self, connection: ConnectionId, at: datetime) -> None:
        for each in self.flow.commands.values():
            if each.connection == connection and each.due_at <= self.tables.now():
                each.due_at = at

    def dispatches(self) -> list[Any]:
        return []
