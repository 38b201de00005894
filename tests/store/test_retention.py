"""What is kept for too long is deleted, once an hour, and nothing else is: runs, notices, the journal, journeys."""

from __future__ import annotations

from datetime import timedelta

import pytest

from campaignsync.bootstrap import Application
from campaignsync.domain.connections import Login, LoginMethod
from campaignsync.domain.observation import SyncUser
from campaignsync.settings import Retention
from conftest import Clock
from flow_words import Marketer, people

USER = SyncUser(
    user_id="005000000000001AAA",
    username="sync@org.example",
    organization_id="00D000000000001AAA",
    is_marketing_user=True,
)


def number_of(table: str) -> int:
    from campaignsync.store.frames import rows

    return int(rows(f"SELECT count(*) AS number FROM {table}")[0]["number"])


def years_of_runs(app: Application, clock: Clock, *, links: int, days: int) -> None:
    """A run a day of each link, a notice a day (the last ten not sent yet) and a line of the journal a day."""
    from campaignsync.store.frames import execute

    login = Login(method=LoginMethod.CLIENT_CREDENTIALS, login_url="https://org.example", fields={})
    app.registry.save_connection(
        "org", login, instance_url="https://org.example", campaign_sync=True, user=USER
    )
    org = app.registry.connection("org").connection_id
    for link in range(links):
        app.registry.create_program(f"P{link}", "Webinar", {})
        app.registry.create_link(f"P{link}", org, f"70100000000000{link}AAA")
    days_back = f"generate_series(1, {days}) d"
    execute(
        "INSERT INTO store_run (link_id, why, started_at, ended_at, died, report)"
        " SELECT l.id, 'sync', %s::timestamptz - d * interval '1 day', %s::timestamptz, false, '{}'"
        f" FROM store_link l, {days_back} ORDER BY d DESC",
        (clock.now, clock.now),
    )
    execute(
        "INSERT INTO store_notice (connection_id, program, at, event, code, message, sent, tries, due_at, settled_at)"
        " SELECT 1, '', %s::timestamptz - d * interval '1 day', 'opened', 'LAG', '', '[]', 0, %s,"
        f" CASE WHEN d <= {days - 10} THEN %s::timestamptz END FROM {days_back}",
        (clock.now, clock.now, clock.now),
    )
    execute(
        "INSERT INTO store_journalentry (at, who, why, side, campaign_id, noun, record_id)"
        f" SELECT %s::timestamptz - d * interval '1 day', 'ada', 'set', 'program', '', 'member', '' FROM {days_back}",
        (clock.now,),
    )


def tidied(clock: Clock, **days: int) -> dict[str, int]:
    from campaignsync.store.pulse import Pulses

    kept = {name: timedelta(days=number) for name, number in days.items()}
    return Pulses(clock, Retention(**{"runs": timedelta(), **kept})).tidy()


def test_runs_and_notices_go_when_they_are_old_and_the_latest_run_of_a_link_stays(
    app: Application, clock: Clock
) -> None:
    years_of_runs(app, clock, links=2, days=300)
    journal = number_of("store_journalentry")
    assert tidied(clock, runs=90) == {"runs": 2 * 210, "notices": 200}
    assert number_of("store_run") == 2 * 90
    assert number_of("store_notice") == 90 + 10, "what was not sent yet is not deleted"
    clock.advance(days=1000)
    assert tidied(clock, runs=90)["runs"] == 2 * 89
    assert number_of("store_run") == 2
    assert number_of("store_journalentry") == journal, (
        "the journal is kept for ever unless somebody says otherwise"
    )


def test_the_journal_is_forgotten_by_tidying_alone(app: Application, clock: Clock) -> None:
    from django.db import DatabaseError, transaction

    from campaignsync.store.frames import execute

    years_of_runs(app, clock, links=1, days=40)
    lines = number_of("store_journalentry")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        execute("DELETE FROM store_journalentry")
    assert tidied(clock, journal=30)["journal"] == 10
    assert number_of("store_journalentry") == lines - 10


def test_much_is_deleted_in_portions(app: Application, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaignsync.store.pulse._AT_ONCE", 7)
    years_of_runs(app, clock, links=1, days=40)
    assert tidied(clock, runs=5, journal=5) == {"runs": 35, "notices": 25, "journal": 35}


def test_journeys_go_when_they_are_old_and_who_went_through_once_is_not_let_in_again(
    app: Application, clock: Clock
) -> None:
    """M10.6."""
    app.registry.create_program("Spring", "Webinar", {})
    marketer = Marketer(app=app, clock=clock)
    marketer.smart.shelf.make_list("A")
    people(app, {"email": "ann@example.com"}, {"email": "ben@example.com"})
    to_list = {"action": "Add to List", "list": "A"}
    ann = [{"filter": "Person Field", "field": "email", "value": "ann@example.com"}]
    marketer.batch("Once", flow=[to_list], filters=ann)
    marketer.batch("Weekly", flow=[to_list], qualification="every week")
    marketer.batch("Waits", flow=[to_list, {"action": "Wait", "for": "12 months"}])
    clock.advance(days=100)
    assert tidied(clock, journeys=90) == {"journeys": 3}
    assert marketer.results("Once") == []
    assert len(marketer.results("Waits")) == 4, "who is in a flow still is kept, with all that was done"
    marketer.save("Once", flow=[to_list])
    marketer.batch("Once")
    assert [name for name, *_ in marketer.results("Once")] == ["ben"]
    marketer.batch("Weekly")
    assert len(marketer.results("Weekly")) == 2
    listed = {row["name"]: row["went_through"] for row in marketer.smart.list()}
    assert listed == {"Once": 2, "Weekly": 4, "Waits": 0}
    marketer.smart.delete("Once")


def test_a_worker_tidies_once_an_hour(
    app: Application, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    tidied: list[int] = []
    tidy = app.pulses.tidy
    monkeypatch.setattr(type(app.pulses), "tidy", lambda _: tidied.append(1) or tidy())
    years_of_runs(app, clock, links=1, days=400)
    worker, now = app.worker(), [10_000.0]
    monkeypatch.setattr("campaignsync.runtime.worker.time.monotonic", lambda: now[0])
    worker.look_after()
    assert number_of("store_run") == 1
    for now[0], times in ((13_599.0, 1), (13_601.0, 2)):
        worker.look_after()
        assert len(tidied) == times
