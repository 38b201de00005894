"""What steps of flows do, against the twin: the effects that histories use, each to one person at a time (`store.effects`)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from campaignsync.domain.errors import UsageError
from campaignsync.domain.flows import (
    ChangeCampaign,
    ChangeDataValue,
    ChangeList,
    ChangeProgramStatus,
    Effect,
    Nothing,
    RequestCampaign,
    Template,
    Wait,
)
from campaignsync.domain.membership import Origin
from simulation.memory.flow_tables import CommandRow, FlowTables, JourneyRow
from simulation.memory.tables import MemberRow, PersonRow, folded


@dataclass
class TakenRow:
    """Somebody who is taken through a step, and what came of it."""

    journey: JourneyRow
    person: int
    choice: int = -1
    outcome: str | None = None
    message: str = ""
    object: str = ""
    value: str | None = None
    next_state: str | None = None
    due_at: datetime | None = None

    def came_to(self, outcome: str, message: str = "", **more: Any) -> None:
        self.outcome, self.message = outcome, message
        for name, value in more.items():
            setattr(self, name, value)


def carry_out(flow: FlowTables, taken: list[TakenRow], effect: Effect) -> None:
    """Do to these people what it comes to; UsageError when it cannot be done to anybody."""
    match effect:
        case Nothing():
            for each in taken:
                each.came_to("skipped", "Do nothing.")
        case Wait(span=span) if span is not None:
            due = flow.tables.now() + span
            for each in taken:
                told = f"Waits until {due:%Y-%m-%d %H:%M} UTC."
                each.came_to("done", told, next_state="waiting", due_at=due)
        case ChangeList():
            _change_list(flow, taken, effect)
        case ChangeProgramStatus():
            _change_program_status(flow, taken, effect)
        case ChangeDataValue():
            _change_data_value(flow, taken, effect)
        case RequestCampaign():
            _request(flow, taken, effect)
        case ChangeCampaign():
            _command(flow, taken, effect)
        case _:
            raise AssertionError(f"histories have no {effect}")


def filled(template: Template, person: PersonRow, event: Any) -> str:
    """A text with its tokens filled in."""
    return "".join(
        part
        if isinstance(part, str)
        else str((event if part.source == "trigger" else person.values).get(part.name) or "")
        for part in template.parts
    )


def _change_list(flow: FlowTables, taken: list[TakenRow], effect: ChangeList) -> None:
    on_it = flow.lists[effect.list]
    number = list(flow.lists).index(effect.list) + 1
    for each in taken:
        if (each.person in on_it) is effect.add:
            told = "Is on the list already." if effect.add else "Is not on the list."
            each.came_to("skipped", told)
        else:
            (on_it.add if effect.add else on_it.discard)(each.person)
            each.came_to("done", object=f"list:{number}")


def _change_program_status(flow: FlowTables, taken: list[TakenRow], effect: ChangeProgramStatus) -> None:
    program, now = flow.tables.programs[effect.program], flow.tables.now()
    for each in taken:
        wanted = filled(effect.status, flow.tables.people[each.person], each.journey.event)
        status, member = program.channel.status(wanted), program.members.get(each.person)
        told: dict[str, Any] = {"object": f"program:{program.number}", "value": status.name}
        if member is not None and member.status == status.name:
            each.came_to("skipped", "Has the status already.", **told)
        elif member is not None and program.channel.status(member.status).step > status.step:
            each.came_to("skipped", f"Stays {member.status}: members only move forward.", **told)
        else:
            reached = now if status.success else None
            if member is None:
                made = MemberRow(status.name, now, Origin.FLOW.value, reached)
            else:
                made = replace(
                    member, status=status.name, reached_success_at=member.reached_success_at or reached
                )
            program.members[each.person] = made
            flow.tables.program_changed(program, each.person, member and member.status, status.name)
            each.came_to("done", **told)


def _change_data_value(flow: FlowTables, taken: list[TakenRow], effect: ChangeDataValue) -> None:
    for each in taken:
        person = flow.tables.people[each.person]
        value = filled(effect.value, person, each.journey.event) or None
        if person.values[effect.field] == value:
            each.came_to("skipped", "Holds the value already.", object=f"field:{effect.field}")
        else:
            flow.tables.change_person(person, {effect.field: value})
            each.came_to("done", object=f"field:{effect.field}", value=value)


def _request(flow: FlowTables, taken: list[TakenRow], effect: RequestCampaign) -> None:
    wanted = next(row for row in flow.smart.values() if row.name == effect.smart_campaign)
    if wanted.state != "active":
        raise UsageError(
            f"'{wanted.name}' takes nobody in: it must be active and have the trigger Campaign is Requested."
        )
    for each in taken:
        flow.tables.note(
            "program", "request", None, wanted.name, person=each.person, record_id=str(wanted.number)
        )
        each.came_to("done", object=f"request:{wanted.number}", value=wanted.name)


def _command(flow: FlowTables, taken: list[TakenRow], effect: ChangeCampaign) -> None:
    tables = flow.tables
    campaign = next((each for each in tables.campaigns.items() if each[0][1] == effect.campaign), None)
    if campaign is None:
        raise UsageError(f"There is no campaign '{effect.campaign}' in what was seen of Salesforce.")
    (connection, _), row = campaign
    labels = {
        folded(each["label"])
        for (of, _), each in tables.statuses.items()
        if of == connection and each["campaign_id"] == effect.campaign
    }
    for each in taken:
        label = effect.status and filled(effect.status, tables.people[each.person], each.journey.event)
        if label and folded(label) not in labels:
            told = f"The campaign '{row['name']}' has no status '{label}'."
            each.came_to("failed", told)
            continue
        number = tables.number("command")
        flow.commands[number] = CommandRow(
            number,
            each.journey.number,
            each.person,
            connection,
            effect.verb.value,
            effect.campaign,
            label,
            effect.implied,
            tables.now(),
            tables.now(),
        )
        each.next_state = "sent"
