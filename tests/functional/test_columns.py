"""From Salesforce's bytes to the agreed state and back nothing of Python is done for a row: four times the members cost as many
calls that our functions make, of Python and of C, but for the pages and pieces in which they travel."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import polars as pl
import pytest

from campaignsync.bootstrap import Application
from campaignsync.domain.registrants import REGISTRANTS
from campaignsync.domain.statuses import Channel, ProgressionStatus
from campaignsync.runtime import cycle
from campaignsync.runtime.cycle import look
from campaignsync.salesforce import bulk_writing, lead_writing, reading, writing
from campaignsync.store.frames import execute
from desk import Desk, login
from ready_database import empty_tables
from sandbox_org import SandboxOrg

FEW, MANY = 2_100, 8_000
TWO = (ProgressionStatus(name="Sent", step=0), ProgressionStatus(name="Responded", step=10, success=True))


@dataclass
class Counted:
    """Calls that functions made, of ours and of all, by the step in which they were made."""

    ours: dict[str, Counter[str]] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Counts what Python and C functions our own functions call, in every thread."""
        counted = self.ours[name] = Counter()

        def count(frame: FrameType, event: str, called: Any) -> None:
            module = frame.f_globals.get("__name__", "")
            if event in ("call", "c_call") and module.startswith("campaignsync."):
                told = "" if event == "call" else f" > {called.__name__}"
                counted[f"{module}.{frame.f_code.co_name}{told}"] += 1

        threading.setprofile(count)
        sys.setprofile(count)
        try:
            yield
        finally:
            sys.setprofile(None)
            threading.setprofile(None)  # type: ignore[arg-type]


@pytest.fixture
def bulk_lanes(monkeypatch: pytest.MonkeyPatch) -> None:
    """All sizes take the lanes of very many."""
    for module, name in (
        (cycle, "FIRST_READ_FROM_ROWS"),
        (reading, "BULK_FROM_ROWS"),
        (reading, "BULK_FIND_FROM"),
        (writing, "BULK_FROM_ROWS"),
        (writing, "CHANGE_IN_BULK_FROM"),
        (bulk_writing, "READ_IN_BULK_FROM"),
        (bulk_writing, "LIST_IDS_FROM"),
        (lead_writing, "BULK_FROM_LEADS"),
        (lead_writing, "BULK_FROM_LEADS_SINGLY"),
    ):
        monkeypatch.setattr(module, name, 100)


def desk_of(app: Application, org: SandboxOrg, size: int) -> Desk:
    """An installation and an org with a campaign of so many leads, as at the beginning."""
    empty_tables()
    org.reset()
    org.control("POST", "/sandbox/seed", {"crowd": {"campaigns": 1, "leads": size, "seconds_apart": 1}})
    app.registry.add_channels([Channel(name="Crowd", program_type="event", statuses=TWO)])
    door = app.new_door(login(org))
    app.registry.save_connection(
        "org", login(org), instance_url=door.instance_url, campaign_sync=True, user=door.sync_user()
    )
    for name in ("Crowd", "Known", "New"):
        app.registry.create_program(name, "Crowd", {})
    return Desk(app=app, connection=app.registry.connection("org"), org=org, program="Crowd")


def whole_way(app: Application, org: SandboxOrg, size: int) -> Counted:
    """Read, taken to a program, changed in a campaign, added to another, removed from it, and new people made and added."""
    desk, counted = desk_of(app, org, size), Counted()

    def synced(step: str, **changes: int) -> None:
        with counted.step(step):
            report = desk.sync()
        assert {name: getattr(report, name) for name in changes} == changes, (step, report)

    door, (campaign,) = app.door(desk.connection), org.query("SELECT Id FROM Campaign")
    with counted.step("read"):
        look(door, app.ledger, desk.connection.connection_id)
    desk.link(campaign["Id"])
    synced("taken to the program", program_changes=size)
    execute(
        "UPDATE store_programmember m SET status_id = o.id FROM store_progressionstatus s, store_progressionstatus o"
        " WHERE s.id = m.status_id AND o.channel_id = s.channel_id AND o.name = 'Responded' AND s.name = 'Sent'"
    )
    synced("changed in the campaign", campaign_changes=size // 2)
    desk.program = "Known"
    desk.link()
    execute(
        "INSERT INTO store_programmember (program_id, person_id, status_id, member_since, origin)"
        " SELECT n.id, m.person_id, m.status_id, m.member_since, 'api' FROM store_programmember m, store_program n"
        " WHERE n.name = 'Known'"
    )
    synced("added to a campaign", campaign_changes=size)
    execute(
        "DELETE FROM store_programmember WHERE program_id = (SELECT id FROM store_program WHERE name = 'Known')"
    )
    desk.sync()
    app.registry.resume(app.registry.link_of("Known")[0])
    synced("removed from it", campaign_changes=size)
    desk.program = "New"
    desk.link()
    people = {
        name: [None] * size if name != "email" else [f"new{n}@crowd.example" for n in range(size)]
        for name in REGISTRANTS
    }
    people |= {"last_name": ["New"] * size, "program_status": ["Sent"] * size}
    with counted.step("brought in"):
        app.members.import_people("New", pl.DataFrame(people, schema=REGISTRANTS), who="ada")
    synced("made as leads and added", campaign_changes=size)
    return counted


def test_no_step_from_salesforce_to_the_agreed_state_and_back_costs_a_call_of_python_for_a_row(
    bulk_lanes: None, app: Application, org: SandboxOrg
) -> None:
    few, many = whole_way(app, org, FEW), whole_way(app, org, MANY)
    more = {
        step: Counter({name: calls - few.ours[step][name] for name, calls in counted.items()})
        for step, counted in many.ours.items()
    }
    # A page more costs something for each of its columns; what is done for a row is done thousands of times more.
    by_row = {
        step: {name: calls for name, calls in counted.items() if calls > (MANY - FEW) / 20}
        for step, counted in more.items()
    }
    assert {step: names for step, names in by_row.items() if names} == {}
