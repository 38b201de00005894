"""People are taken through flows: triggers on our side, choices, waits, tokens, lists, qualification, circles; and no crash
shows."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaignsync.bootstrap import Application
from campaignsync.runtime.flow_runner import run_flows
from conftest import Clock
from flow_words import Marketer, people

ATTENDED = [{"trigger": "Program Status is Changed", "program": "Spring", "new status": "Attended"}]
ADDED = [{"trigger": "Added to Program", "program": "Spring"}]


def to_list(name: str, **more: Any) -> dict[str, Any]:
    return {"action": "Add to List", "list": name, **more}


def in_field(name: str, value: Any) -> dict[str, Any]:
    return {"filter": "Person Field", "field": name, "value": value}


@pytest.fixture
def marketer(app: Application, clock: Clock) -> Marketer:
    for name in ("Spring", "Nurture"):
        app.registry.create_program(name, "Webinar", {})
    found = Marketer(app=app, clock=clock)
    for name in ("A", "B"):
        found.smart.shelf.make_list(name)
    return found


def test_a_change_in_a_program_fires_once_and_only_what_listens_to_it(marketer: Marketer) -> None:
    marketer.give(ann="Registered", ben="Registered")
    marketer.activate("Thank", triggers=ATTENDED, flow=[to_list("A")])
    marketer.activate("Other", triggers=[{**ATTENDED[0], "program": "Nurture"}], flow=[to_list("B")])
    marketer.give(ann="Attended", cid="Attended")
    marketer.run()
    marketer.run()
    assert (marketer.on_list("A"), marketer.on_list("B")) == (["ann"], [])
    assert marketer.results("Thank") == [("ann", 1, "done", "")]


def test_what_was_before_the_activation_fires_nothing_and_neither_does_what_is_after_the_end(
    marketer: Marketer,
) -> None:
    marketer.save("Thank", triggers=ADDED, flow=[to_list("A")])
    marketer.give(ann="Invited")
    marketer.smart.activate("Thank")
    marketer.give(ben="Invited")
    marketer.run()
    marketer.smart.deactivate("Thank")
    marketer.give(cid="Invited")
    marketer.run()
    assert marketer.on_list("A") == ["ben"]


def test_a_change_must_pass_the_filters_too(marketer: Marketer) -> None:
    """M10.7."""
    people(
        marketer.app,
        {"email": "ann@example.com", "country": "Germany"},
        {"email": "ben@example.com", "country": "Chad"},
    )
    marketer.activate("Thank", triggers=ADDED, filters=[in_field("country", "Germany")], flow=[to_list("A")])
    marketer.give(ann="Invited", ben="Invited")
    marketer.run()
    assert marketer.on_list("A") == ["ann"]


def test_person_is_created_and_data_value_changes_fire(marketer: Marketer) -> None:
    marketer.activate("New", triggers=[{"trigger": "Person is Created"}], flow=[to_list("A")])
    marketer.activate(
        "Promoted",
        triggers=[{"trigger": "Data Value Changes", "field": "title", "new value": {"contains": "head"}}],
        flow=[to_list("B")],
    )
    people(marketer.app, {"email": "ann@example.com"}, {"email": "ben@example.com"})
    from campaignsync.store import models

    models.Person.objects.filter(email="ann@example.com").update(title="Head of Marketing")
    models.Person.objects.filter(email="ben@example.com").update(title="Intern", country="Chad")
    marketer.run()
    assert (marketer.on_list("A"), marketer.on_list("B")) == (["ann", "ben"], ["ann"])


def test_the_first_choice_that_fits_decides_and_else_the_step_itself(marketer: Marketer) -> None:
    """M9.7."""
    rows = [("ann", "Germany"), ("ben", "Chad"), ("cid", "Peru"), ("dee", None)]
    people(marketer.app, *({"email": f"{name}@example.com", "country": country} for name, country in rows))
    marketer.batch(
        "Sort",
        flow=[
            to_list(
                "A",
                choices=[
                    {"if": in_field("country", "Germany"), "list": "B"},
                    {"if": in_field("country", ["Germany", "Chad"]), "do": "nothing"},
                    {"if": in_field("country", "Peru"), "list": "Gone"},
                ],
            )
        ],
    )
    assert (marketer.on_list("A"), marketer.on_list("B")) == (["dee"], ["ann"])
    assert sorted(marketer.results("Sort"))[1:3] == [
        ("ben", 1, "skipped", "Do nothing."),
        (
            "cid",
            1,
            "failed",
            "There is no list 'Gone'. Make it with: campaignsync people-list create \"Gone\"",
        ),
    ]


def test_a_status_is_given_by_the_rules_of_programs(marketer: Marketer) -> None:
    """M9.6, M2.2, M1.4."""
    marketer.give(ann="Attended", ben="Invited", cid="Registered")
    people(marketer.app, {"email": "dee@example.com"})
    marketer.batch(
        "Move", flow=[{"action": "Change Program Status", "program": "Spring", "status": "registered"}]
    )
    assert marketer.statuses() == {
        "ann": "Attended",
        "ben": "Registered",
        "cid": "Registered",
        "dee": "Registered",
    }
    assert sorted(marketer.results("Move")) == [
        ("ann", 1, "skipped", "Stays Attended: members only move forward."),
        ("ben", 1, "done", ""),
        ("cid", 1, "skipped", "Has the status already."),
        ("dee", 1, "done", ""),
    ]
    journal = marketer.app.views.journal("Spring", email="dee@example.com", limit=10)
    assert [(row["who"], row["why"]) for row in journal] == [
        ("smart campaign", "smart campaign 'Move', step 1")
    ]


def test_values_are_written_by_their_kind_with_tokens_filled_in(marketer: Marketer) -> None:
    people(marketer.app, {"email": "ann@example.com", "first_name": "Ann", "last_name": "O'Hara; DROP TABLE"})

    def changes(field: str, value: Any) -> dict[str, Any]:
        return {"action": "Change Data Value", "field": field, "value": value}

    marketer.batch(
        "Fill",
        program="Spring",
        tokens={"room": "hall {{program.name}}"},
        flow=[
            changes("notes", "{{person.name}} <{{person.email}}> in {{my.room}} {{person.city}}!"),
            changes("employees", "12"),
            changes("unsubscribed", "yes"),
            changes("annual_revenue", "1500.50"),
            changes("first_name", ""),
            changes("employees", "many"),
            changes("employees", "12"),
        ],
    )
    person = marketer.app.directory.show(marketer.app.directory.find("ann@example.com"))
    wanted = {
        "notes": "Ann O'Hara; DROP TABLE <ann@example.com> in hall Spring !",
        "employees": 12,
        "unsubscribed": True,
        "annual_revenue": "1500.5",
        "first_name": None,
    }
    assert {name: person[name] for name in wanted} == wanted
    assert [(step, outcome) for _, step, outcome, _ in marketer.results("Fill")][5:] == [
        (6, "failed"),
        (7, "skipped"),
    ]


def test_waits_are_kept_to_a_span_a_day_a_token_and_summer_time(marketer: Marketer) -> None:
    people(
        marketer.app,
        {"email": "ann@example.com", "notes": "2026-04-10"},
        {"email": "ben@example.com", "notes": "soon"},
    )
    marketer.app.registry.change_program(
        "Spring", {"start_date": marketer.clock.now.date().replace(month=3, day=29)}
    )
    marketer.batch(
        "Wait",
        program="Spring",
        flow=[
            {"action": "Wait", "for": "3 days"},
            {"action": "Wait", "until": "{{program.start}}", "zone": "Europe/Berlin", "hour": 9},
            {"action": "Wait", "until": "{{person.notes}}", "shift": "-1 days"},
            to_list("A"),
        ],
    )
    told = [message for *_, message in marketer.results("Wait")]
    assert told == ["Waits until 2026-03-04 12:00 UTC."] * 2
    marketer.at("2026-03-04T12:00:01+00:00")
    marketer.run()
    assert marketer.results("Wait")[2][3] == "Waits until 2026-03-29 07:00 UTC."
    marketer.at("2026-03-29T07:00:01+00:00")
    marketer.run()
    assert marketer.results("Wait")[4:] == [
        ("ann", 3, "done", "Waits until 2026-04-10."),
        ("ben", 3, "failed", "'soon' is no day to wait for."),
        ("ben", 4, "done", ""),
    ]
    marketer.at("2026-04-09T00:00:00+00:00")
    marketer.run()
    assert marketer.on_list("A") == ["ann", "ben"]


def test_who_waits_goes_on_by_the_definition_they_began_with(marketer: Marketer) -> None:
    people(marketer.app, {"email": "ann@example.com"})
    marketer.batch("Wait", flow=[{"action": "Wait", "for": "30 days"}, to_list("A")])
    marketer.save("Wait", flow=[to_list("B")])
    marketer.clock.advance(days=31)
    marketer.run()
    assert (marketer.on_list("A"), marketer.on_list("B")) == (["ann"], [])


def test_who_is_deleted_or_merged_in_the_middle_keeps_nobody_from_going_on(marketer: Marketer) -> None:
    from campaignsync.store import models

    people(marketer.app, *({"email": f"{name}@example.com"} for name in ("ann", "ben", "cid", "dee")))
    marketer.save(
        "Wait",
        filters=[in_field("email", {"is not": "dee@example.com"})],
        flow=[{"action": "Wait", "for": "1 day"}, to_list("A")],
    )
    marketer.batch("Wait")
    models.Person.objects.get(email="ann@example.com").delete()
    merged = models.Person.objects.get(email="dee@example.com")
    models.Person.objects.filter(email="ben@example.com").update(merged_into=merged, email=None)
    marketer.clock.advance(days=2)
    marketer.run()
    assert marketer.on_list("A") == ["cid", "dee"]
    told = marketer.smart.results("Wait")
    assert {row["state"]: row["people"] for row in told["states"]} == {"done": 2, "gone": 1}
    assert ("The person was deleted.", 1) in [(row["message"], row["people"]) for row in told["steps"]]


@pytest.mark.parametrize(
    ("rule", "hours", "times"),
    [
        ("once", 1000, 1),
        ("every time", 1, 2),
        ("every 3 days", 71, 1),
        ("every 3 days", 73, 2),
        ("every month", 721, 2),
    ],
)
def test_who_went_through_may_come_again_by_the_rule(
    marketer: Marketer, rule: str, hours: int, times: int
) -> None:
    """M10.6."""
    people(marketer.app, {"email": "ann@example.com"})
    marketer.save("Again", qualification=rule, flow=[to_list("A")])
    marketer.batch("Again")
    marketer.clock.advance(hours=hours)
    marketer.batch("Again")
    assert len(marketer.results("Again")) == times
    blocked = marketer.smart.blocked("Again")
    assert [row["times"] for row in blocked] == ([1] if times == 1 else [])


def test_a_schedule_begins_batches_and_ends_when_it_is_over(marketer: Marketer) -> None:
    people(marketer.app, {"email": "ann@example.com"})
    marketer.activate(
        "Daily",
        qualification="every time",
        schedule={"start": "2026-03-02 09:00", "zone": "Europe/Berlin", "repeat": "FREQ=DAILY;COUNT=2"},
        flow=[to_list("A")],
    )
    marketer.run()
    assert marketer.results("Daily") == []
    for day in ("02", "03", "04"):
        marketer.at(f"2026-03-{day}T08:00:00+00:00")
        marketer.run()
        marketer.run()
    assert len(marketer.results("Daily")) == 2
    assert marketer.state("Daily") == ("inactive", None)


def test_a_smart_campaign_requests_another_that_listens(marketer: Marketer) -> None:
    people(marketer.app, {"email": "ann@example.com"})
    ask = {"action": "Request Campaign", "smart campaign": "Second"}
    marketer.save("First", qualification="every time", flow=[ask])
    marketer.save("Second", triggers=[{"trigger": "Campaign is Requested"}], flow=[to_list("A")])
    marketer.batch("First")
    assert marketer.results("First")[0][2:] == (
        "failed",
        "'Second' takes nobody in: it must be active and have the trigger Campaign is Requested.",
    )
    marketer.smart.activate("Second")
    marketer.batch("First")
    assert marketer.on_list("A") == ["ann"]


def test_a_circle_is_halted_with_an_explanation_and_others_go_on(marketer: Marketer) -> None:
    people(marketer.app, {"email": "ann@example.com"})
    ask = {"action": "Request Campaign", "smart campaign": "Ping"}
    marketer.activate(
        "Ping",
        qualification="every time",
        triggers=[{"trigger": "Campaign is Requested"}, *ADDED],
        flow=[{"action": "Request Campaign", "smart campaign": "Pong"}],
    )
    marketer.activate(
        "Pong", qualification="every time", triggers=[{"trigger": "Campaign is Requested"}], flow=[ask]
    )
    marketer.activate("Bystander", triggers=ADDED, flow=[to_list("A")])
    marketer.give(ann="Invited")
    marketer.run()
    states = {name: marketer.state(name) for name in ("Ping", "Pong", "Bystander")}
    assert sorted(state for state, _ in states.values()) == ["active", "active", "halted"]
    (reason,) = [reason for state, reason in states.values() if state == "halted"]
    assert reason is not None
    assert "'Request Campaign' makes the change by which 'Campaign is Requested' brings people back" in reason
    assert "ann@example.com came back 3 times" in reason
    assert marketer.on_list("A") == ["ann"]


def test_whoever_comes_in_too_often_within_an_hour_halts_it(marketer: Marketer) -> None:
    from campaignsync.store import models

    people(marketer.app, {"email": "ann@example.com"})
    marketer.activate(
        "Often",
        qualification="every time",
        triggers=[{"trigger": "Data Value Changes", "field": "title"}],
        flow=[to_list("A")],
    )
    for number in range(22):
        models.Person.objects.update(title=f"Title {number}")
        marketer.run()
    state, reason = marketer.state("Often")
    assert state == "halted"
    assert reason is not None
    assert "20 times within an hour" in reason


def test_smart_campaigns_of_a_smaller_priority_go_first(marketer: Marketer) -> None:
    people(marketer.app, {"email": "ann@example.com"})
    for name, priority in (("Late", 9), ("Early", 1)):
        marketer.save(
            name, priority=priority, flow=[{"action": "Change Data Value", "field": "notes", "value": name}]
        )
        marketer.smart.run(name, who="ada")
    marketer.run()
    assert marketer.app.directory.show(marketer.app.directory.find("ann@example.com"))["notes"] == "Late"


def test_a_preview_tells_all_and_writes_nothing(marketer: Marketer) -> None:
    from django.db import connection

    people(marketer.app, {"email": "ann@example.com", "country": "Germany"}, {"email": "ben@example.com"})
    marketer.save(
        "Try",
        filters=[in_field("email", {"is not empty": True})],
        flow=[
            {"action": "Change Program Status", "program": "Spring", "status": "Attended"},
            {"action": "Wait", "for": "3 days"},
            to_list("A"),
            to_list("Gone"),
        ],
    )

    def everything() -> list[Any]:
        with connection.cursor() as cursor:
            tables = sorted(
                name for name in connection.introspection.table_names(cursor) if name.startswith("store_")
            )
            found = []
            for table in tables:
                cursor.execute(f"SELECT t::text FROM {table} t ORDER BY 1")
                found.append((table, cursor.fetchall()))
        return found

    before = everything()
    told = marketer.smart.preview("Try")
    assert everything() == before
    assert (told["people"], told["blocked"]) == (2, 0)
    assert [(row["step"], row["outcome"], row["people"]) for row in told["steps"]] == [
        (1, "done", 2),
        (2, "done", 2),
        (3, "done", 2),
        (4, "failed", 2),
    ]
    assert told["faults"] == ["step 4: there is no list 'Gone'."]


def test_aborting_takes_people_out_and_nothing_more_happens_to_them(marketer: Marketer) -> None:
    people(marketer.app, {"email": "ann@example.com"})
    marketer.batch("Wait", flow=[{"action": "Wait", "for": "1 day"}, to_list("A")])
    assert marketer.smart.abort("Wait") == 1
    marketer.clock.advance(days=2)
    marketer.run()
    assert marketer.on_list("A") == []


def test_a_value_that_no_database_holds_fails_its_step_and_nobody_else(marketer: Marketer) -> None:
    people(marketer.app, {"email": "ann@example.com"})
    huge = {"action": "Change Data Value", "field": "employees", "value": "9" * 30}
    marketer.batch("Huge", flow=[huge, to_list("A")])
    ((_, _, outcome, message), last) = marketer.results("Huge")
    assert (outcome, "cannot work with these values" in message) == ("failed", True)
    assert last == ("ann", 2, "done", "")


def test_two_who_become_one_in_the_middle_go_one_after_the_other(marketer: Marketer) -> None:
    from campaignsync.store import models

    people(marketer.app, {"email": "ann@example.com"}, {"email": "ben@example.com"})
    invite = {"action": "Change Program Status", "program": "Spring", "status": "Invited"}
    marketer.batch("Wait", flow=[{"action": "Wait", "for": "1 day"}, invite])
    ann = models.Person.objects.get(email="ann@example.com")
    models.Person.objects.filter(email="ben@example.com").update(merged_into=ann, email=None)
    marketer.clock.advance(days=2)
    marketer.run()
    assert marketer.results("Wait")[2:] == [
        ("ann", 2, "done", ""),
        ("ann", 2, "skipped", "Has the status already."),
    ]


class Killed(BaseException):
    """The process is gone."""


class Dying:
    """A store whose process dies at one of its calls: what was committed stays, the rest was never there."""

    def __init__(self, behind: Any, at: int) -> None:
        self._behind, self._left = behind, at

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._behind, name)

        def call(*arguments: Any, **named: Any) -> Any:
            self._left -= 1
            if self._left == 0:
                raise Killed
            result = method(*arguments, **named)
            if self._left == 1 and name in ("carry_out", "let_in", "moved_on", "read_until"):
                self._left = 0
                raise Killed
            return result

        return call


@given(st.lists(st.integers(2, 40), max_size=6))
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_wherever_it_dies_every_step_is_done_once_and_none_is_left_out(
    app: Application, deaths: list[int]
) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        names = [name for name in connection.introspection.table_names(cursor) if name.startswith("store_")]
        keep = ("store_channel", "store_progressionstatus")
        cursor.execute(f"TRUNCATE {', '.join(name for name in names if name not in keep)} RESTART IDENTITY")
        cursor.execute("SET session_replication_role = DEFAULT")
    app.registry.create_program("Spring", "Webinar", {})
    app.registry.create_program("Nurture", "Webinar", {})
    marketer = Marketer(app=app, clock=Clock())
    marketer.smart.shelf.make_list("A")
    nurture = {"action": "Change Program Status", "program": "Nurture", "status": "Invited"}
    marketer.activate(
        "One",
        triggers=ADDED,
        qualification="every time",
        flow=[to_list("A"), nurture, {"action": "Wait", "for": "1 day"}, nurture],
    )
    marketer.activate(
        "Two", triggers=[{"trigger": "Added to Program", "program": "Nurture"}], flow=[to_list("A")]
    )
    whole = marketer.flows
    for number, at in enumerate([*deaths, 0]):
        if number < 3:
            marketer.give(**{f"p{number}": "Invited", f"q{number}": "Registered"})
        marketer.flows = Dying(whole, at) if at else whole
        with contextlib.suppress(Killed):
            run_flows(marketer.doors)
        marketer.flows = whole
        marketer.clock.advance(days=2)
    run_flows(marketer.doors)
    marketer.clock.advance(days=2)
    run_flows(marketer.doors)
    names_of = sorted(marketer.statuses())
    assert sorted((who, step, outcome) for who, step, outcome, _ in marketer.results("One")) == sorted(
        (who, step, outcome)
        for who in names_of
        for step, outcome in ((1, "done"), (2, "done"), (3, "done"), (4, "skipped"))
    )
    assert sorted(who for who, *_ in marketer.results("Two")) == names_of
    assert sorted(marketer.statuses("Nurture")) == names_of
