"""Runs what is due of all flows: reads the journal, lets people in, takes them step by step, and has commands carried out.

`run_flows` is called after each round by the command line, and by the worker. It may be called at any time, by several at
once: each
turn is one commit that holds the lock of flows, so that a change fires once and a step is done once, whoever dies when. What went
wrong with one smart campaign or one org keeps no other from going on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import polars as pl

from campaignsync.automation.decide import constants_of, effect_of
from campaignsync.automation.reading import read_definition
from campaignsync.automation.schedule import next_at
from campaignsync.automation.triggers import TriggerIndex
from campaignsync.domain.connections import Connection
from campaignsync.domain.errors import CampaignsyncError, RetryableError, UsageError
from campaignsync.domain.ids import ConnectionId
from campaignsync.domain.smart_campaigns import SmartCampaign, Step, Taken, Watching
from campaignsync.runtime.commands import carry_out_commands
from campaignsync.runtime.dispatches import run_dispatches
from campaignsync.runtime.flow_ports import Commands, Courier, Flows
from campaignsync.runtime.member_ports import Directory
from campaignsync.runtime.ports import Ledger, SalesforceDoor
from campaignsync.runtime.progress import Tell, nobody

_MENDED_AFTER = timedelta(minutes=5)
"""When an org is tried again that a person must mend first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowDoors:
    """What running flows needs."""

    flows: Flows
    commands: Commands
    courier: Courier
    ledger: Ledger
    directory: Directory
    connections: Callable[[], list[Connection]]
    open_door: Callable[[Connection], SalesforceDoor]


@dataclass(slots=True, kw_only=True)
class FlowReport:
    """What a run of all flows came to. `steps` counts people times steps."""

    changes: int = 0
    fired: int = 0
    comparisons: int = 0
    """How often a change was compared with a trigger that it could match; equal changes of many people count once."""
    entered: int = 0
    steps: int = 0
    commands: int = 0
    dispatches: int = 0
    api_calls: int = 0
    failures: dict[str, str] = field(default_factory=dict)
    """What could not be done at all, by the name of the smart campaign or the org."""


def run_flows(
    doors: FlowDoors, stopped: Callable[[], bool] = lambda: False, tell: Tell = nobody
) -> FlowReport:
    """Do all that is due now, and what follows from it; between two turns it may be told to stop."""
    report, more = FlowReport(), True
    while more and not stopped():
        walked = report.steps
        while not stopped() and read_journal(doors.flows, report):
            pass
        begin_batches(doors.flows, report)
        with doors.flows.turn():
            doors.flows.wake()
        while not stopped() and advance(doors.flows, report):
            # How many steps there will be, the people decide who take them.
            tell(report.steps, 0, report.api_calls)
        settled = _commands(doors, report, tell)
        sent = run_dispatches(doors.commands, doors.courier)
        report.dispatches += sent
        # Whatever was done may be a change that fires something.
        more = settled + sent > 0 or report.steps > walked
    return report


def _index(flows: Flows) -> tuple[TriggerIndex, dict[int, tuple[str, Mapping[str, Any]]]]:
    """What is listened to, and the name and the definition of each smart campaign that listens."""
    watching: list[Watching] = []
    listening: dict[int, tuple[str, Mapping[str, Any]]] = {}
    for number, name, definition, since in flows.listening():
        campaign = _read(flows, number, name, definition)
        if campaign:
            listening[number] = (name, definition)
            watching.append(
                Watching(smart_campaign_id=number, since_entry=since, triggers=campaign.smart_list.triggers)
            )
    return TriggerIndex(watching), listening


def read_journal(flows: Flows, report: FlowReport) -> bool:
    """Let in whom the next changes in the journal bring: changes, entries and how far was read are one commit. Whether there may
    be more."""
    with flows.turn():
        index, listening = _index(flows)
        if not index.triggers:
            flows.read_until(None)
            return False
        events, until = flows.events(index.fields())
        fired = index.fired(events)
        for (number,), part in fired.group_by("smart_campaign_id", maintain_order=True):
            brought = part.select("entry_id").join(events, on="entry_id", maintain_order="left")
            report.entered += _let_in(flows, int(str(number)), *listening[int(str(number))], brought)
        report.changes += events.height
        report.fired += fired.height
        report.comparisons += index.comparisons
        return flows.read_until(until) and not events.is_empty()


def _let_in(
    flows: Flows, number: int, name: str, definition: Mapping[str, Any], brought: pl.DataFrame
) -> int:
    try:
        return flows.let_in(number, read_definition(name, definition, mine=None), brought)
    except UsageError as error:
        flows.halt(number, str(error))
        return 0


def begin_batches(flows: Flows, report: FlowReport) -> None:
    """Begin the batches whose time has come, each in a commit with when the next is."""
    while True:
        with flows.turn():
            due = flows.batches_due()
            if not due:
                return
            number, name, definition = due[0]
            campaign = _read(flows, number, name, definition)
            if campaign is None or campaign.schedule is None:
                flows.next_batch(number, None)
                continue
            following = next_at(campaign.schedule, flows.now())
            try:
                _, entered = flows.begin_batch(number, campaign, "schedule")
            except UsageError as error:
                flows.next_batch(number, following, str(error))
                continue
            report.entered += entered
            flows.next_batch(number, following)


def advance(flows: Flows, report: FlowReport) -> int:
    """Take the people who are next through their step: what is done to them and that they go on are one commit. How many."""
    with flows.turn():
        taken = flows.take()
        if taken is None:
            return 0
        campaign = _read(flows, taken.smart_campaign_id, taken.name, taken.definition)
        if campaign is not None:
            take_step(flows, taken, campaign)
        report.steps += taken.people
        return taken.people


def take_step(flows: Flows, taken: Taken, campaign: SmartCampaign) -> None:
    """Take people through one step of a flow."""
    if taken.position >= len(campaign.flow):
        flows.finish()
        return
    step = campaign.flow[taken.position]
    try:
        chosen = flows.choose([choice.condition for choice in step.choices]) if step.choices else [-1]
    except UsageError as error:
        flows.fail(-1, str(error))
        chosen = []
    for choice in chosen:
        _do(flows, taken, campaign, step, choice)
    flows.moved_on(step.action, len(campaign.flow))


def _do(flows: Flows, taken: Taken, campaign: SmartCampaign, step: Step, choice: int) -> None:
    values = step.values if choice < 0 else step.choices[choice].values
    try:
        effect = effect_of(step.action, values, constants_of(campaign, taken), implied=taken.implied)
        flows.carry_out(taken, choice, effect)
    except UsageError as error:
        # What this step names is not there: these people go on with the next one, and the marketer sees why.
        flows.fail(choice, str(error))


def _read(flows: Flows, number: int, name: str, definition: Mapping[str, Any]) -> SmartCampaign | None:
    """The smart campaign as it is defined; one that cannot be read by this version is halted, and says so."""
    try:
        return read_definition(name, definition, mine=None)
    except UsageError as error:
        flows.halt(number, f"Its definition cannot be read: {error}")
        return None


def _commands(doors: FlowDoors, report: FlowReport, tell: Tell) -> int:
    """Have the commands of each org carried out; how many were settled."""
    settled = 0
    by_id = {each.connection_id: each for each in doors.connections()}
    for org in doors.commands.orgs():
        connection = by_id[ConnectionId(org)]
        try:
            door = doors.open_door(connection)
            before = door.api_calls
            settled += carry_out_commands(
                door, doors.ledger, doors.commands, doors.directory, connection, tell
            )
            report.api_calls += door.api_calls - before
        except RetryableError as error:
            # Nothing is lost: the commands stay, and are carried out when the org can be reached, or nobody else is at it.
            report.failures[connection.name] = str(error)
            doors.commands.postpone(
                connection.connection_id, doors.flows.now() + timedelta(seconds=error.retry_after_s)
            )
        except CampaignsyncError as error:
            doors.ledger.job_failed(connection.connection_id, None, error)
            report.failures[connection.name] = str(error)
            doors.commands.postpone(connection.connection_id, doors.flows.now() + _MENDED_AFTER)
    report.commands += settled
    return settled
