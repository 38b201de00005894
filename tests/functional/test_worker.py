"""Workers: a change calls for a round in its own commit, and somebody has it, whoever dies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from campaignsync.bootstrap import Application
from campaignsync.domain.connections import Login, LoginMethod
from campaignsync.domain.errors import HaltError, RetryableError, UnknownOutcomeError, UsageError
from campaignsync.domain.observation import SyncUser
from campaignsync.domain.service import again_after_s
from campaignsync.runtime.rounds import run_round
from desk import Desk
from terminal import Terminal
from waiting import meanwhile, until


def jobs() -> list[dict[str, Any]]:
    from campaignsync.store.frames import rows

    return rows(
        "SELECT id, status::text, lock, args, scheduled_at, worker_id FROM procrastinate_jobs ORDER BY id"
    )


def run(sql: str, *parameters: object) -> None:
    from campaignsync.store.frames import execute

    execute(sql, parameters)


@pytest.fixture
def linked(desk: Desk) -> Desk:
    desk.give(ada="Registered")
    desk.link()
    desk.sync()
    run("DELETE FROM procrastinate_jobs")
    return desk


def test_a_thousand_marks_make_one_job(linked: Desk) -> None:
    for number in range(20):
        linked.give(**{f"p{number}": "Registered"})
    linked.bring_in(
        "\n".join(["Email,Last Name", *(f"q{n}@example.com,Q" for n in range(1000))]), "Registered"
    )
    assert [(job["status"], job["lock"]) for job in jobs()] == [("todo", "org:1")]


def test_what_a_round_does_itself_calls_for_no_other(linked: Desk) -> None:
    linked.give(ben="Registered")
    run("DELETE FROM procrastinate_jobs")
    linked.org.update(
        "CampaignMember", linked.org.member_id(linked.campaign, "ada@example.com"), Status="Attended"
    )
    report = linked.sync()
    assert (report.program_changes, report.campaign_changes) == (1, 1)
    assert jobs() == []


def test_a_change_during_a_round_calls_for_another(linked: Desk) -> None:
    linked.give(ben="Registered")
    run("UPDATE procrastinate_jobs SET status = 'doing'")
    linked.give(cleo="Registered")
    assert [job["status"] for job in jobs()] == ["doing", "todo"]


def test_marks_of_a_link_that_waits_for_a_person_call_for_nothing(linked: Desk) -> None:
    run("UPDATE store_link SET state = 'halted', reason = 'see'")
    linked.give(ben="Registered")
    assert jobs() == []


def test_a_link_that_waits_keeps_no_other_of_its_org_from_its_round(linked: Desk) -> None:
    campaign = linked.org.webinar()
    linked.app.registry.create_program("Autumn", "Webinar", {})
    linked.app.registry.create_link("Autumn", linked.connection.connection_id, campaign)
    run("UPDATE store_link SET state = 'halted', reason = 'see' WHERE id = (SELECT min(id) FROM store_link)")
    run("DELETE FROM procrastinate_jobs")
    run(
        "INSERT INTO store_mark (link_id, why, noted_at) SELECT id, 'both', now() FROM store_link ORDER BY id"
        " ON CONFLICT (link_id) DO UPDATE SET noted_at = excluded.noted_at"
    )
    assert len(jobs()) == 1


def test_a_worker_brings_changes_across_both_ways_without_being_asked(linked: Desk) -> None:
    """M8.1: at once on either side's change."""
    worker = linked.app.worker()
    with meanwhile(lambda: worker.work(at_once=2), worker.stop):
        linked.give(ben="Registered")
        until(
            lambda: linked.org.members(linked.campaign).get("ben@example.com") == "Registered", "Ben, there"
        )
        member = linked.org.member_id(linked.campaign, "ben@example.com")
        linked.org.update("CampaignMember", member, Status="Attended")
        linked.app.jobs.wake(linked.connection.connection_id)
        until(
            lambda: {m["email"]: m["status"] for m in linked.members()}["ben@example.com"] == "Attended",
            "Ben, here",
        )
        until(lambda: jobs() == [], "the end of the last round")


def test_the_job_of_a_dead_worker_is_taken_over(linked: Desk) -> None:
    linked.give(ben="Registered")
    run("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '11 seconds')")
    run(
        "UPDATE procrastinate_jobs SET status = 'doing', worker_id = (SELECT max(id) FROM procrastinate_workers)"
    )
    linked.app.worker().look_after()
    assert [(job["status"], job["scheduled_at"]) for job in jobs()] == [("todo", None)]


def test_the_job_of_a_living_worker_is_left_to_it(linked: Desk) -> None:
    linked.give(ben="Registered")
    run("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '5 seconds')")
    run(
        "UPDATE procrastinate_jobs SET status = 'doing', worker_id = (SELECT max(id) FROM procrastinate_workers)"
    )
    linked.app.worker().look_after()
    assert [job["status"] for job in jobs()] == ["doing"]


def test_a_worker_that_lost_its_database_lets_go_at_once_what_it_was_at(linked: Desk) -> None:
    """Others would have to wait until it counts as dead."""
    linked.give(ben="Registered")
    run("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now())")
    run(
        "UPDATE procrastinate_jobs SET status = 'doing', worker_id = (SELECT max(id) FROM procrastinate_workers)"
    )
    (job,) = jobs()
    linked.app.jobs._left.add(job["worker_id"])
    linked.app.jobs._running[job["id"]] = job["worker_id"]
    linked.app.worker().look_after()
    assert [job["status"] for job in jobs()] == ["doing"]
    linked.app.jobs._running.clear()
    linked.app.worker().look_after()
    assert [job["status"] for job in jobs()] == ["todo"]
    assert linked.app.jobs._left == set()


def test_a_job_that_failed_by_what_nobody_foresaw_comes_again_and_ever_later(linked: Desk) -> None:
    linked.give(ben="Registered")
    waits = []
    for _ in range(3):
        run("UPDATE procrastinate_jobs SET status = 'failed'")
        linked.app.worker().look_after()
        (job,) = jobs()
        waits.append((job["status"], job["args"]["failures"]))
    assert waits == [("todo", 1), ("todo", 2), ("todo", 3)]
    assert job["scheduled_at"] > datetime.now(UTC)


def test_marks_do_not_end_a_back_off_and_a_person_does(linked: Desk) -> None:
    org = linked.connection.connection_id
    until_then = datetime.now(UTC) + timedelta(minutes=4)
    linked.app.jobs.put_off(org, until_then, failures=3)
    linked.give(ben="Registered")
    assert [(job["scheduled_at"], job["args"]["failures"]) for job in jobs()] == [(until_then, 3)]
    linked.app.jobs.wake(org, hurry=True)
    assert [(job["scheduled_at"], job["args"]["failures"]) for job in jobs()] == [(None, 0)]


def test_an_org_out_of_reach_is_put_off_and_told_of_and_comes_back_by_itself(linked: Desk) -> None:
    linked.give(ben="Registered")
    run("DELETE FROM procrastinate_jobs")
    worker, org = linked.app.worker(), linked.connection.connection_id
    linked.org.control("POST", "/sandbox/limits", {"DailyApiRequests": 1})
    worker.have_round(org, 2)
    (job,) = jobs()
    assert job["args"]["failures"] == 3
    assert job["scheduled_at"] > datetime.now(UTC)
    assert [row["code"] for row in linked.app.views.problems(None)] == ["REQUEST_LIMIT_EXCEEDED"]
    linked.org.control("POST", "/sandbox/limits", {"DailyApiRequests": 100000})
    worker.have_round(org, 3)
    assert linked.app.views.problems(None) == []
    assert "ben@example.com" in linked.org.members(linked.campaign)


def test_a_schedule_calls_for_a_round_when_it_is_due_and_not_before(linked: Desk) -> None:
    """M8.1: five minutes are the safety net."""
    worker, org = linked.app.worker(), linked.connection.connection_id
    linked.app.registry.set_pace(org, {"every_s": 300})
    worker.look_after()
    assert jobs() == []
    run("UPDATE store_connection SET round_at = now() - interval '301 seconds'")
    worker.look_after()
    assert len(jobs()) == 1


def test_an_org_that_has_used_most_of_its_calls_is_slowed_down_also_for_marks(linked: Desk) -> None:
    """docs/adr/0008."""
    org = linked.connection.connection_id
    linked.app.registry.set_pace(org, {"daily_calls": 100})
    linked.app.ledger.charge(org, 80)
    linked.app.ledger.begin_round(org)
    linked.app.worker().have_round(org, 0)
    (job,) = jobs()
    assert timedelta(minutes=59) < job["scheduled_at"] - datetime.now(UTC) <= timedelta(hours=1)


def test_the_first_round_of_a_worker_and_one_a_day_list_everything_whole(linked: Desk) -> None:
    """S0.1: a removal and an addition in one campaign hide each other from the counts (docs/adr/0005)."""
    worker, org = linked.app.worker(), linked.connection.connection_id
    worker.have_round(org, 0)
    linked.org.delete("CampaignMember", linked.org.member_id(linked.campaign, "ada@example.com"))
    linked.org.add_lead(linked.campaign, "dora@example.com", "Registered")
    run("UPDATE store_connection SET compared_at = now() - interval '25 hours'")
    worker.have_round(org, 0)
    worker.have_round(org, 0)
    assert [member["email"] for member in linked.members()] == ["dora@example.com"]


def test_rounds_are_counted_by_how_long_they_took_and_whether_they_failed(linked: Desk) -> None:
    worker, org = linked.app.worker(), linked.connection.connection_id
    worker.have_round(org, 0)
    linked.org.control("POST", "/sandbox/limits", {"DailyApiRequests": 1})
    worker.have_round(org, 0)
    linked.org.control("POST", "/sandbox/limits", {"DailyApiRequests": 100000})
    from campaignsync.store.models import Pulse

    pulse = Pulse.objects.get()
    assert (pulse.rounds, pulse.failed, pulse.within[-1]) == (2, 1, 2)
    assert pulse.seconds > 0
    assert abs(pulse.clock_ahead_s) < 60


@pytest.mark.parametrize(
    ("error", "failures", "after_s"),
    [
        (RetryableError("later"), 0, 1),
        (RetryableError("later"), 3, 8),
        (RetryableError("later", retry_after_s=60), 0, 60),
        (RetryableError("tomorrow", retry_after_s=86_400), 0, 300),
        (UnknownOutcomeError("who knows"), 1, 2),
        (UsageError("mend it"), 0, 300),
        (HaltError("look"), 5, 300),
        (RetryableError("later"), 4000, 300),
    ],
)
def test_a_failed_round_comes_again_by_the_policy_of_its_error(
    error: Any, failures: int, after_s: float
) -> None:
    assert again_after_s(error, failures) == after_s


def test_a_new_connection_has_a_schedule_whoever_makes_it_and_the_slow_comparison(app: Application) -> None:
    user = SyncUser(
        user_id="005000000000001AAA",
        username="sync@org.example",
        organization_id="00D000000000001AAA",
        is_marketing_user=True,
    )
    login = Login(method=LoginMethod.CLIENT_CREDENTIALS, login_url="https://org.example", fields={})
    for _ in range(2):
        app.registry.save_connection(
            "org", login, instance_url="https://org.example", campaign_sync=True, user=user
        )
    org = app.registry.connection("org").connection_id
    assert app.ledger.budget(org).every == timedelta(minutes=5)
    assert app.jobs.due() == [org]
    assert app.pulses.comparison_due(org)
    app.registry.set_pace(org, {"every_s": None})
    app.registry.save_connection(
        "org", login, instance_url="https://org.example", campaign_sync=True, user=user
    )
    assert app.jobs.due() == []


def test_a_round_at_somebodys_word_is_the_one_that_waited(linked: Desk) -> None:
    terminal = Terminal(linked.app)
    linked.give(ben="Registered")
    assert [job["status"] for job in jobs()] == ["todo"]
    terminal("sync")
    assert jobs() == []
    assert "a change waits" not in terminal("health")


def test_a_change_during_a_round_at_somebodys_word_waits_for_the_next(linked: Desk) -> None:
    org = linked.connection.connection_id
    linked.give(ben="Registered")
    with linked.app.jobs.instead(org):
        linked.give(cleo="Registered")
        assert len(jobs()) == 2
    assert len(jobs()) == 1


def test_a_round_at_somebodys_word_that_dies_is_left_to_a_worker(linked: Desk) -> None:
    linked.give(ben="Registered")
    with pytest.raises(ZeroDivisionError), linked.app.jobs.instead(linked.connection.connection_id):
        _ = 1 / 0
    assert [job["status"] for job in jobs()] == ["todo"]


def test_a_program_synced_by_itself_leaves_the_round_that_others_wait_for(linked: Desk) -> None:
    campaign = linked.org.webinar()
    linked.app.registry.create_program("Autumn", "Webinar", {})
    linked.app.registry.create_link("Autumn", linked.connection.connection_id, campaign)
    linked.app.members.set_status("Autumn", "cleo@example.com", "Registered", who="ada")
    linked.give(ben="Registered")
    Terminal(linked.app)("sync", linked.program)
    assert len(jobs()) == 1


def test_a_job_is_taken_over_whole_or_not_at_all(linked: Desk) -> None:
    """Whoever took it away and died before they called for another round left the org without one."""
    linked.give(ben="Registered")
    run("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '11 seconds')")
    run(
        "UPDATE procrastinate_jobs SET status = 'doing', worker_id = (SELECT max(id) FROM procrastinate_workers)"
    )
    before = jobs()
    run(
        "CREATE FUNCTION no_more() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'the worker dies here'; END $$"
    )
    run("CREATE TRIGGER dies BEFORE DELETE ON procrastinate_workers FOR EACH ROW EXECUTE FUNCTION no_more()")
    try:
        with pytest.raises(RetryableError, match="dies here"):
            linked.app.jobs.sweep()
        assert jobs() == before
    finally:
        run("DROP FUNCTION no_more CASCADE")
    linked.app.jobs.sweep()
    assert [job["status"] for job in jobs()] == ["todo"]


def test_letting_removals_go_on_calls_for_a_round(linked: Desk) -> None:
    """M6.6: it woke nobody once."""
    run("UPDATE store_link SET state = 'halted', reason = 'see'")
    run("DELETE FROM procrastinate_jobs")
    linked.app.registry.resume(linked.app.registry.link_of(linked.program)[0])
    assert [job["status"] for job in jobs()] == ["todo"]


def test_a_link_that_is_ended_while_a_round_is_under_way_is_passed_over(linked: Desk) -> None:
    link, connection = linked.app.registry.link_of(linked.program)
    linked.app.registry.unlink(link)
    done = run_round(linked.app.door(connection), linked.app.ledger, connection, links=[link])
    assert done.reports == ()
