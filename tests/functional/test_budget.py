"""Each org has its schedule and its budget of API calls, which are counted whatever becomes of a round (docs/adr/0008)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from campaignsync.domain.errors import RetryableError, UsageError
from campaignsync.runtime import rounds
from campaignsync.runtime.comparing import compare
from campaignsync.runtime.metrics import exposition
from campaignsync.store import due
from campaignsync.store.frames import rows
from desk import Desk
from terminal import Terminal


@pytest.fixture
def terminal(desk: Desk) -> Terminal:
    return Terminal(desk.app)


def used(terminal: Terminal) -> int:
    return int(terminal.json("connections")[0]["calls_used"])


def a_while_passes(**by: float) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE store_connection SET round_at = round_at - %s", (timedelta(**by),))


def codes(terminal: Terminal) -> list[str]:
    return [row["code"] for row in terminal.json("problems")]


def test_every_call_is_charged_as_salesforce_counts_it(desk: Desk, terminal: Terminal) -> None:
    """Section 2.3: looking, linking, planning and syncing."""
    desk.give(ada="Registered")
    before = desk.org.calls()
    terminal("campaigns")
    terminal("link", desk.program, "--create", "Spring")
    terminal("plan", desk.program)
    terminal("sync")
    assert used(terminal) == desk.org.calls() - before > 0


def test_a_round_that_fails_is_charged_too(desk: Desk, terminal: Terminal) -> None:
    desk.link()
    charged = used(terminal)
    rule = {"match": {"path": r"/composite$"}, "action": {"status": 503, "body": "html"}}
    desk.org.control("POST", "/sandbox/faults", {"rules": [rule]})
    with pytest.raises(RetryableError):
        terminal("sync")
    desk.org.control("DELETE", "/sandbox/faults")
    assert used(terminal) > charged


def test_a_spent_budget_lets_no_round_begin_until_there_is_more(desk: Desk, terminal: Terminal) -> None:
    desk.give(ada="Registered")
    desk.link()
    terminal("connect", "org", "--daily-calls", "1")
    before = desk.org.calls()
    with pytest.raises(RetryableError, match="of its 1 API calls of 24 hours and waits until"):
        terminal("sync")
    assert desk.org.calls() == before
    assert codes(terminal) == ["BUDGET_SPENT"]
    terminal("connect", "org", "--daily-calls", "0")
    terminal("sync")
    assert desk.equal() == {"ada@example.com": "Registered"}
    assert codes(terminal) == []


def test_a_budget_that_ends_in_a_round_ends_it_before_the_next_link(desk: Desk, terminal: Terminal) -> None:
    """What was done stays done; the rest comes when there are calls again."""
    desk.link()
    terminal("program", "create", "Autumn Webinar", "--channel", "Webinar")
    terminal("link", "Autumn Webinar", "--create", "Autumn")
    desk.sync()
    desk.give(ada="Registered")
    desk.app.members.set_status("Autumn Webinar", "ben@example.com", "Registered", who="ada")
    terminal("connect", "org", "--daily-calls", str(used(terminal) + 3))

    def autumn() -> bool:
        (ben,) = desk.app.members.list("Autumn Webinar", desk.connection.connection_id)
        return ben["campaign_member_id"] is not None

    with pytest.raises(RetryableError, match="API calls"):
        terminal("sync")
    assert desk.equal() == {"ada@example.com": "Registered"}
    assert not autumn()
    terminal("connect", "org", "--daily-calls", "1000")
    terminal("sync")
    assert autumn()


def test_only_orgs_whose_time_has_come_are_synced(desk: Desk, terminal: Terminal) -> None:
    desk.link()
    terminal("connect", "org", "--every", "off")
    with pytest.raises(UsageError, match="--every 5m"):
        terminal("sync", "--due")
    terminal("connect", "org", "--every", "5m")
    assert "0 changes in the program" in terminal("sync", "--due")
    before = desk.org.calls()
    assert terminal("sync", "--due") == "Nothing is due. When what is: campaignsync connections\n"
    assert terminal.json("sync", "--due") == {
        "runs": [],
        "people": [],
        "failed": [],
        "api_calls": 0,
    }
    assert desk.org.calls() == before
    a_while_passes(minutes=5)
    assert len(terminal.json("sync", "--due")["runs"]) == 1


def test_most_of_the_budget_used_makes_rounds_rare(desk: Desk, terminal: Terminal) -> None:
    desk.link()
    terminal("connect", "org", "--every", "5m")
    for _ in range(6):
        desk.sync()
    terminal("connect", "org", "--daily-calls", str(used(terminal) + 3))
    a_while_passes(minutes=59)
    assert terminal.json("sync", "--due")["runs"] == []
    a_while_passes(minutes=1)
    assert len(terminal.json("sync", "--due")["runs"]) == 1


def test_a_round_that_fails_is_not_tried_again_before_its_time(desk: Desk, terminal: Terminal) -> None:
    """A refused login each minute would lock the sync user out."""
    desk.link()
    terminal("connect", "org", "--every", "5m")
    desk.org.control("POST", "/sandbox/limits", {"DailyApiRequests": 1})
    with pytest.raises(RetryableError):
        terminal("sync", "--due")
    assert terminal.json("sync", "--due")["runs"] == []


def test_schedule_and_budget_are_shown(desk: Desk, terminal: Terminal) -> None:
    desk.link()
    assert "org: a round every 5m, the next at" in terminal("status")
    terminal("connect", "org", "--every", "off")
    assert "org: no schedule;" in terminal("status")
    terminal("connect", "org", "--every", "2h", "--daily-calls", "5000")
    assert "org: a round every 2h, the next at" in terminal("status")
    assert "of 5,000 API calls in 24 hours." in terminal("status")
    assert terminal.json("status")[0]["next_round"]
    kept = terminal.json("connections")[0]
    assert (kept["every"], kept["daily_calls"]) == ("2h", 5000)
    assert terminal.json("connect", "org", "--every", "off")["next_round"] is None


@pytest.mark.parametrize("arguments", [("--every", "soon"), ("--every", "0m")])
def test_a_schedule_that_makes_no_sense_is_refused(
    desk: Desk, terminal: Terminal, arguments: tuple[str, ...]
) -> None:
    with pytest.raises(UsageError, match="no time between rounds"):
        terminal("connect", "org", *arguments)


def test_one_program_has_no_schedule_of_its_own(desk: Desk, terminal: Terminal) -> None:
    with pytest.raises(UsageError, match="--due is for whole orgs"):
        terminal("sync", desk.program, "--due")


def test_near_the_limit_of_the_org_first_loads_wait_then_all_writes_do_and_it_is_said(
    desk: Desk, terminal: Terminal
) -> None:
    """S2.2.9: what the org has used is read from its answers; the reserve is for others."""
    desk.link()
    desk.sync()
    terminal("program", "create", "Autumn Webinar", "--channel", "Webinar")
    terminal("link", "Autumn Webinar", "--create", "Autumn")
    desk.give(ada="Registered")
    desk.app.members.set_status("Autumn Webinar", "ben@example.com", "Registered", who="ada")

    def left_of_100(used: int) -> dict[str, str | None]:
        """A round when the org has used so many of each hundred calls that are not kept for others."""
        calls = desk.org.calls() + 2
        desk.org.control("POST", "/sandbox/limits", {"DailyApiRequests": 1_000 + 100 * calls // used})
        return {run["program"]: run["held"] for run in terminal.json("sync")["runs"]}

    for _ in range(200):
        desk.org.query("SELECT Id FROM Organization")  # Others work there, too.
    terminal("connect", "org", "--reserve", "1000")
    waits = left_of_100(97)
    assert all("it is only looked" in str(held) for held in waits.values())
    assert "first loads wait" in str(left_of_100(92)["Autumn Webinar"])
    assert "ada@example.com" in desk.there()
    assert set(left_of_100(50).values()) == {None}
    desk.org.control("POST", "/sandbox/limits", {"DailyApiRequests": 1_000 + desk.org.calls()})
    with pytest.raises(RetryableError, match="1,000 are kept for others"):
        terminal("sync")


def paced(terminal: Terminal) -> tuple[str, str | None]:
    (kept,) = terminal.json("connections")
    return kept["pace"], kept["paced"]


def busy(desk: Desk, terminal: Terminal, used: int) -> None:
    """Others use so many of each hundred calls of the org that are not kept for others; the next look will tell."""
    calls = desk.org.calls() + 2
    desk.org.control("POST", "/sandbox/limits", {"DailyApiRequests": 1_000 + 100 * calls // used})
    a_while_passes(minutes=60)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE store_pulse SET told_at = told_at - interval '1 hour'")


def test_what_others_use_slows_rounds_down_and_everybody_says_so(desk: Desk, terminal: Terminal) -> None:
    """S2.2.9: the schedule, status, health, doctor and metrics, by what the last look was told."""
    desk.link()
    desk.sync()
    for _ in range(200):
        desk.org.query("SELECT Id FROM Organization")  # Others work there, too.
    terminal("connect", "org", "--reserve", "1000", "--every", "5m")
    assert paced(terminal) == ("full", None)
    busy(desk, terminal, 82)
    done = terminal.json("sync", "--due")
    said = "(82%): a round comes once an hour at the most."
    assert done["paced"]["org"].endswith(said)
    assert paced(terminal) == ("slow", done["paced"]["org"])
    a_while_passes(minutes=6)
    assert terminal.json("sync", "--due")["runs"] == []
    assert said in terminal("status")
    assert any(check["said"].endswith(said) for check in terminal.json("health")["checks"])
    assert {row["check"]: row["seen"] for row in terminal.json("doctor")}["budget of calls"].endswith(
        said[6:]
    )
    told = exposition(desk.app.vitals.facts(), desk.app.settings.thresholds).decode()
    assert 'campaignsync_calls_pace{connection="org"} 1.0' in told
    assert 'campaignsync_calls_reserved{connection="org"} 1000.0' in told
    a_while_passes(minutes=60)
    assert len(terminal.json("sync", "--due")["runs"]) == 1


def test_fields_of_people_wait_where_it_is_only_looked(desk: Desk, terminal: Terminal) -> None:
    """Everything but reads is held, and done when there are calls again."""
    desk.give(ada="Registered")
    desk.link()
    desk.sync()
    for _ in range(200):
        desk.org.query("SELECT Id FROM Organization")
    terminal("connect", "org", "--reserve", "1000")
    terminal("person", "set", "ada@example.com", "title=Countess")

    def title() -> str | None:
        (ada,) = desk.org.query("SELECT Title FROM Lead WHERE Email = 'ada@example.com'")
        found: str | None = ada["Title"]
        return found

    before = title()
    busy(desk, terminal, 97)
    assert "it is only looked" in terminal.json("sync")["paced"]["org"]
    assert title() == before
    busy(desk, terminal, 50)
    terminal("sync")
    assert title() == "Countess" != before


def test_small_changes_go_before_one_side_that_has_far_more_members(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of thousands that somebody brings in is a backfill, though the link has run before."""
    monkeypatch.setattr(due, "BACKFILL_FROM_ROWS", 3)
    desk.give(ada="Registered")
    desk.link()
    registry = desk.app.registry
    registry.create_program("Autumn Webinar", "Webinar", {})
    autumn = replace(desk, program="Autumn Webinar")
    autumn.link()
    for each in (desk, autumn):
        each.sync()
    first, second = (registry.link_of(name)[0] for name in (desk.program, autumn.program))
    desk.give(ben="Registered", cy="Registered", di="Registered")
    autumn.give(ada="Registered")
    ledger, org = desk.app.ledger, desk.connection.connection_id
    assert ledger.links_due(org) == (second, first)
    assert (ledger.is_backfill(first), ledger.is_backfill(second)) == (True, False)
    assert rounds.run_round(desk.app.door(desk.connection), ledger, desk.connection)
    assert not ledger.is_backfill(first)


def test_the_daily_comparison_waits_as_backfills_do(desk: Desk, terminal: Terminal) -> None:
    desk.link()
    desk.sync()
    org, doors = desk.connection.connection_id, desk.app
    with connection.cursor() as cursor:
        cursor.execute("UPDATE store_apicalls SET calls = 92")
    terminal("connect", "org", "--daily-calls", "100")
    assert not compare(doors.door(desk.connection), doors.ledger, doors.pulses, desk.connection)
    assert doors.pulses.comparison_due(org)
    terminal("connect", "org", "--daily-calls", "0")
    assert compare(doors.door(desk.connection), doors.ledger, doors.pulses, desk.connection)
    assert not doors.pulses.comparison_due(org)


def test_what_flows_want_of_the_org_waits_where_it_is_only_looked(
    desk: Desk, terminal: Terminal, tmp_path: Path
) -> None:
    """It is told with the numbers, nobody is left out, and it is done when there are calls again."""
    desk.give(ada="Registered")
    desk.link()
    other = desk.org.create("Campaign", Name="Other", IsActive=True)
    desk.sync()
    file = tmp_path / "flow.yaml"
    file.write_text(
        "filters: [{filter: Member of Program, program: Spring Webinar}]\n"
        "flow: [{action: Add to SFDC Campaign, campaign: Other, status: Sent}]\n"
    )
    terminal("smart", "save", "Add", str(file))
    for _ in range(200):
        desk.org.query("SELECT Id FROM Organization")
    terminal("connect", "org", "--reserve", "1000")
    busy(desk, terminal, 97)
    terminal("sync")

    def added() -> int:
        return len(desk.org.query(f"SELECT Id FROM CampaignMember WHERE CampaignId = '{other}'"))

    waits = terminal.json("smart", "run", "Add", "--yes")["flows"]["failed"]
    assert "Flows wait in 'org'" in str(waits)
    assert "it is only looked" in str(waits)
    assert added() == 0
    busy(desk, terminal, 50)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE store_command SET due_at = due_at - interval '1 hour'")
    terminal("sync")
    assert added() == 1


def test_what_changes_during_a_backfill_goes_before_the_backfills_that_are_left(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever changes a status does not wait until all files of the morning are over there."""
    for module in (due, rounds):
        monkeypatch.setattr(module, "BACKFILL_FROM_ROWS", 2)
    desk.give(ada="Registered")
    desk.link()
    desk.sync()
    registry, links = desk.app.registry, {}
    for name in ("Autumn", "Winter"):
        registry.create_program(name, "Webinar", {})
        season = replace(desk, program=name)
        season.give(ben="Registered", cy="Registered", di="Registered")
        season.link()
        links[name] = registry.link_of(name)[0]
    while (first := registry.link_of(desk.program)[0]) in desk.app.ledger.links_due(
        desk.connection.connection_id
    ):
        desk.sync()

    def somebody_comes_in(done: int, of: int, calls: int) -> None:
        desk.give(ada="Attended")

    last = "SELECT coalesce(max(id), 0) AS id FROM store_run"
    (before,) = rows(last)
    done = rounds.run_round(
        desk.app.door(desk.connection), desk.app.ledger, desk.connection, tell=somebody_comes_in
    )
    ran = rows("SELECT link_id FROM store_run WHERE id > %s ORDER BY id", (before["id"],))
    assert [row["link_id"] for row in ran] == [links["Autumn"], first, links["Winter"]]
    assert sum(report.campaign_changes for report in done.reports) >= 7
