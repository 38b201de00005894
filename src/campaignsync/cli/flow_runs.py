"""What a run of all flows came to, as commands tell it: `flows run`, and `sync`, which has them run after its rounds.

Apart from the commands of smart campaigns, so that a sync loads nothing that reads definitions.
"""

from __future__ import annotations

from typing import Any

from campaignsync.bootstrap import Application
from campaignsync.cli.output import complain, say
from campaignsync.runtime.flow_runner import FlowReport, run_flows
from campaignsync.runtime.progress import Tell


def run_due_flows(app: Application, tell: Tell) -> FlowReport | None:
    """After a sync: what is due of all flows; None where there is no smart campaign."""
    return run_flows(app.flow_doors, tell=tell) if app.smart_campaigns.list() else None


def flow_json(report: FlowReport) -> dict[str, Any]:
    """What a run of all flows came to, as JSON."""
    return {
        "flows": {
            "entered": report.entered,
            "steps": report.steps,
            "commands": report.commands,
            "dispatches": report.dispatches,
            "api_calls": report.api_calls,
            "failed": report.failures,
        }
    }


def print_flows(report: FlowReport, *, quiet: bool = True) -> None:
    """What a run of all flows came to, for people."""
    for name, error in report.failures.items():
        complain(f"'{name}': {error}")
    if report.entered or report.steps or not quiet:
        say(
            f"Flows: {report.entered} people entered, {report.steps} steps, {report.commands} actions in Salesforce,"
            f" {report.dispatches} webhooks and alerts; {report.api_calls} API calls."
        )
