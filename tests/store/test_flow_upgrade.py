"""Whoever waits in a flow goes on after an upgrade: made under the first schema that had flows, with a definition changed
since, and a program that is called otherwise by then (M9.6, M10.5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from campaignsync.bootstrap import Application
from conftest import Clock
from flow_words import Marketer

FIRST_WITH_FLOWS = ("store", "0021_smart_campaigns")
BEFORE = {
    "triggers": [{"trigger": "Added to Program", "program": "Spring"}],
    "flow": [
        {"action": "Wait", "for": "30 days"},
        {"action": "Change Program Status", "program": "Nurture", "status": "Registered"},
        {"action": "Send Alert", "to": "sales@example.com", "subject": "{{person.email}}"},
    ],
}
SINCE = {**BEFORE, "flow": [{"action": "Change Program Status", "program": "Spring", "status": "Attended"}]}


@pytest.fixture
def first_schema(app: Application) -> Iterator[Any]:
    """A database as the first version with flows made it; gives its models as they were."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    usual = connection.settings_dict["NAME"]
    with connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE before_the_upgrade")
    connection.close()
    connection.settings_dict["NAME"] = "before_the_upgrade"
    try:
        executor = MigrationExecutor(connection)
        executor.migrate([FIRST_WITH_FLOWS])
        yield executor.loader.project_state([FIRST_WITH_FLOWS]).apps
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual
        with connection.cursor() as cursor:
            cursor.execute("DROP DATABASE before_the_upgrade")


def upgraded() -> None:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def waiting(old: Any, clock: Clock) -> None:
    """Ann waits for 30 days in a flow whose definition was changed a day later; Ben waits for his alert."""

    def made(model: str, **values: Any) -> Any:
        return old.get_model("store", model).objects.create(**values)

    now = clock()
    channel = made("Channel", name="Webinar", program_type="event")
    for step, name in enumerate(("Invited", "Registered", "Attended")):
        made("ProgressionStatus", channel=channel, name=name, step=step)
    for name in ("Spring", "Nurture"):
        made("Program", name=name, channel=channel)
    people = [made("Person", email=f"{name}@example.com", created_at=now) for name in ("ann", "ben")]
    smart = made("SmartCampaign", name="Welcome", definition=SINCE, state="active", changed_at=now)
    version = made("FlowVersion", smart_campaign=smart, definition=BEFORE, made_at=now)
    # Who waits has done that step, and stands at the next one.
    places = [
        {"position": 1, "state": "waiting", "due_at": now + timedelta(days=30)},
        {"position": 2, "state": "sent"},
    ]
    for person, place in zip(people, places, strict=True):
        journey = made(
            "Journey", smart_campaign=smart, version=version, person_id=person.pk, entered_at=now, **place
        )
        for step in range(journey.position):
            action = BEFORE["flow"][step]["action"]  # type: ignore[index]
            made(
                "StepResult",
                journey=journey,
                smart_campaign=smart,
                person_id=person.pk,
                step=step,
                action=action,
                outcome="done",
                at=now,
            )
    texts = {"to": ["sales@example.com"], "subject": [0], "body": []}
    made(
        "Command",
        journey=journey,
        verb="alert",
        payload={"texts": texts, "values": ["ben@example.com"]},
        person_id=people[1].pk,
        noted_at=now,
        due_at=now,
    )
    made("JournalReader", name="flows", entry_id=0)


class Mail:
    """Remembers what it was to send."""

    def __init__(self) -> None:
        self.subjects: list[str] = []

    def call(self, url: str, method: str, body: str, key: str) -> None:
        raise AssertionError(url)

    def mail(self, to: object, subject: str, body: str) -> None:
        self.subjects.append(subject)


def test_who_waits_goes_on_after_an_upgrade_by_the_definition_they_began_with(
    app: Application, first_schema: Any, clock: Clock
) -> None:
    waiting(first_schema, clock)
    upgraded()
    courier = Mail()
    marketer = Marketer(app=app, clock=clock, courier=courier)
    marketer.run()
    assert courier.subjects == ["ben@example.com"]
    assert marketer.statuses("Nurture") == {}
    app.registry.change_program("Nurture", {"name": "Nurture 2026"})
    clock.advance(days=29)
    marketer.run()
    assert marketer.statuses("Nurture 2026") == {}
    clock.advance(days=2)
    marketer.run()
    marketer.run()
    assert marketer.statuses("Nurture 2026") == {"ann": "Registered"}
    assert marketer.statuses("Spring") == {}
    assert courier.subjects == ["ben@example.com", "ann@example.com"]
    told = sorted((name, step, outcome) for name, step, outcome, _ in marketer.results("Welcome"))
    assert told == [(name, step, "done") for name in ("ann", "ben") for step in (1, 2, 3)]
