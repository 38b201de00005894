"""Smart campaigns on a clock of their own, and people for them; Salesforce is not needed for what concerns us alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from campaignsync.bootstrap import Application
from campaignsync.domain.webhooks import networks
from campaignsync.runtime.flow_ports import Courier, Flows
from campaignsync.runtime.flow_runner import FlowDoors, FlowReport, run_flows
from campaignsync.runtime.smart_campaigns import SmartCampaigns
from conftest import Clock


class NoCourier:
    """Nothing leaves the house."""

    def call(self, url: str, method: str, body: str, key: str) -> None:
        raise AssertionError(url)

    def mail(self, to: object, subject: str, body: str) -> None:
        raise AssertionError(subject)


@dataclass
class Marketer:
    """Who defines smart campaigns, and lets them run."""

    app: Application
    clock: Clock
    program: str = "Spring"
    courier: Courier | None = None

    def __post_init__(self) -> None:
        from campaignsync.store.flows import Flows as PostgresFlows
        from campaignsync.store.smart_campaigns import SmartCampaigns as Shelf

        self.flows: Flows = PostgresFlows(self.clock)
        self.smart = SmartCampaigns(shelf=Shelf(self.clock, networks("127.0.0.0/8")), flows=self.flows)

    @property
    def doors(self) -> FlowDoors:
        from campaignsync.store.commands import Commands

        return FlowDoors(
            flows=self.flows,
            commands=Commands(self.clock),
            courier=self.courier or NoCourier(),
            ledger=self.app.ledger,
            directory=self.app.directory,
            connections=self.app.registry.connections,
            open_door=self.app.door,
        )

    def save(self, name: str, **definition: Any) -> None:
        self.smart.save(name, definition, who="ada")

    def activate(self, name: str, **definition: Any) -> None:
        self.save(name, **definition)
        self.smart.activate(name)

    def run(self) -> FlowReport:
        """Do all that is due."""
        report = run_flows(self.doors)
        assert report.failures == {}
        return report

    def batch(self, name: str, **definition: Any) -> int:
        """Define a batch, if it is told of, and run it."""
        if definition:
            self.save(name, **definition)
        people = self.smart.run(name, who="ada")
        self.run()
        return people

    def give(self, **statuses: str) -> None:
        """Members of the program by the first part of their address."""
        for name, status in statuses.items():
            self.app.members.set_status(self.program, f"{name}@example.com", status, who="ada")

    def statuses(self, program: str | None = None) -> dict[str, str]:
        """Members of a program: first part of the address → status."""
        listed = self.app.members.list(program or self.program)
        return {row["email"].split("@")[0]: row["status"] for row in listed}

    def results(self, name: str) -> list[tuple[str, int, str, str]]:
        """Who, step, outcome, why, as it happened."""
        told = self.smart.people(name, limit=1000)
        return [
            (row["email"].split("@")[0], row["step"], row["outcome"], row["message"])
            for row in reversed(told)
        ]

    def on_list(self, name: str) -> list[str]:
        return [row["email"].split("@")[0] for row in self.smart.shelf.on_list(name, 1000)]

    def state(self, name: str) -> tuple[str, str | None]:
        found = self.smart.show(name)
        return found["state"], found["reason"]

    def at(self, text: str) -> None:
        """Set the clock."""
        self.clock.now = datetime.fromisoformat(text)


def people(app: Application, *rows: dict[str, Any]) -> None:
    """People of ours, with these fields."""
    from campaignsync.store import models

    for row in rows:
        models.Person.objects.create(**row)
