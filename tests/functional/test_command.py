"""The `campaignsync` command as scripts use it: its forms, its JSON, its exit codes, its one clear sentence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from simple_salesforce import Salesforce

from campaignsync.runtime.embedded_postgres import embedded_postgres
from ready_database import unhurry
from sandbox_org import CLIENT_ID, CLIENT_SECRET, SandboxOrg
from shell import BornShell, Shell


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    folder = tmp_path_factory.mktemp("shell")
    with embedded_postgres(folder) as url:  # Held open, so that commands find it running.
        unhurry(url)
        yield Shell(folder)


@pytest.fixture(scope="module")
def story(shell: Shell, sandbox: SandboxOrg, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """The forms that scripts rely on, in their order, up to a program that is synced."""
    sandbox.reset()
    file = tmp_path_factory.mktemp("files") / "registrants.csv"
    file.write_text(
        "Email,Last Name,Company\nAda@Example.com,Lindqvist,Northwind\nben@example.com,Bell,\nbroken,,\n"
    )
    shell.well("init")
    shell.well(
        "connect",
        "org",
        "--url",
        sandbox.url,
        "--client-id",
        CLIENT_ID,
        "--client-secret",
        CLIENT_SECRET,
        "--campaign-sync",
    )
    shell.well("program", "create", "Spring Webinar", "--channel", "Webinar")
    shell.well("program", "cost", "Spring Webinar", "2026-03", "1200.00")
    imported = shell.well("import-members", "Spring Webinar", str(file), "--status", "Registered")
    assert "line 4 left out: 'broken' is no e-mail address" in imported
    shell.well("link", "Spring Webinar", "--create", "Spring Webinar 2026")
    assert shell.json("sync")["runs"][0]["changes"] == {"program": 0, "campaign": 3}  # type: ignore[index, call-overload]
    born = BornShell(shell.data_dir)
    yield born
    born.close()


def test_an_unmodified_client_reads_exactly_the_members_that_are_listed(
    story: Shell, sandbox: SandboxOrg
) -> None:
    reader = Salesforce(instance_url=sandbox.url, session_id=token(sandbox))
    reader.base_url = reader.base_url.replace("https://", "http://")
    rows = reader.query_all(
        "SELECT Id, Status, LeadId, ContactId, Lead.Email, Contact.Email FROM CampaignMember"
    )["records"]
    there = {
        ((r["Contact"] or r["Lead"])["Email"], r["Status"], r["ContactId"] or r["LeadId"], r["Id"])
        for r in rows
    }
    listed = story.json("members", "Spring Webinar")
    here = {(m["email"], m["status"], m["salesforce_id"], m["campaign_member_id"]) for m in listed}  # type: ignore[attr-defined]
    assert here == there
    assert len(here) == 2


def token(sandbox: SandboxOrg) -> str:
    sandbox.query("SELECT Id FROM User LIMIT 1")
    return sandbox._token


def test_members_are_listed_in_the_promised_form(story: Shell) -> None:
    first = story.json("members", "Spring Webinar")[0]  # type: ignore[index]
    assert {
        "email",
        "status",
        "kind",
        "salesforce_id",
        "campaign_member_id",
        "member_since",
        "reached_success",
    } <= set(first)
    assert (first["email"], first["status"], first["kind"], first["reached_success"]) == (
        "ada@example.com",
        "Registered",
        "lead",
        None,
    )


def test_a_second_sync_reports_nothing_done(story: Shell) -> None:
    run = story.json("sync")["runs"][0]  # type: ignore[index, call-overload]
    assert (run["program"], run["changes"], run["refused"], run["conflicts"], run["halted"]) == (
        "Spring Webinar",
        {"program": 0, "campaign": 0},
        0,
        0,
        None,
    )
    assert story.json("problems") == []
    status = story.json("status")[0]  # type: ignore[index]
    assert (status["state"], status["program_members"], status["campaign_members"]) == ("active", 2, 2)


def test_a_plan_is_saved_and_applied_and_a_stale_one_is_refused(story: Shell, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    story.well("member", "set", "Spring Webinar", "ada@example.com", "--status", "No Show")
    story.well("plan", "Spring Webinar", "--out", str(file))
    assert story.json("plan", "Spring Webinar")["digest"] == json.loads(file.read_text())["digest"]  # type: ignore[index, call-overload]
    assert story.json("apply", str(file))["runs"][0]["changes"] == {"program": 0, "campaign": 1}  # type: ignore[index, call-overload]
    code, sentence = story.refused("apply", str(file))
    assert code == 3
    assert "The world has moved" in sentence
    assert "campaignsync plan" in sentence


def test_the_journal_tells_who_did_what(story: Shell) -> None:
    rows = story.json("journal", "Spring Webinar")
    assert {"at", "side", "email", "old", "new", "who", "why", "run"} <= set(rows[0])  # type: ignore[index]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (
            ("member", "set", "Spring Webinar", "ada@example.com", "--status", "Napping"),
            2,
            "Invited, Registered, No Show, Attended",
        ),
        (("member", "remove", "Spring Webinar", "nobody@example.com"), 2, "is no member"),
        (("program", "create", "Spring Webinar", "--channel", "Webinar"), 2, "already"),
        (("program", "cost", "Spring Webinar", "March", "12"), 2, "YYYY-MM"),
        (("program", "cost", "Spring Webinar", "2026-03", "12,50"), 2, "1200.00"),
        (("link", "Spring Webinar", "--create", "Once more"), 2, "is linked with campaign"),
        (("link", "Nowhere", "--create", "Once more"), 2, "There is no program 'Nowhere'"),
        (("import-members", "Spring Webinar", "/nowhere.csv"), 2, "cannot be read"),
        (("apply", "/nowhere.json"), 2, "cannot be read as a saved plan: No such file"),
        (("plan",), 2, "Name a program"),
        (("web", "--host", "192.0.2.1", "--port", "80"), 2, "Choose another place with: campaignsync web"),
        (("sync", "Nowhere"), 2, "There is no program 'Nowhere'"),
        (("connect", "other", "--url", "ftp://x"), 2, "begins with https://"),
        (
            ("connect", "other", "--url", "http://127.0.0.1:9", "--client-id", "x", "--client-secret", "y"),
            2,
            "cannot be reached",
        ),
        (
            ("connect", "other", "--url", "http://127.0.0.1:9", "--client-id", "x"),
            2,
            "--client-secret is missing",
        ),
        (("connect", "org"), 2, "Nothing to change"),
        (("connect", "other", "--default-company", "None"), 2, "There is no connection 'other'"),
        (("connect", "org", "--assignment", "the boss"), 2, "is no Salesforce id"),
        (("connect", "org", "--external-id-field", "Email"), 2, "it is no external id, it is not unique"),
        (("doctor", "--connection", "other"), 2, "There is no connection 'other'"),
    ],
)
def test_bad_input_gets_one_clear_sentence_and_its_exit_code(
    story: Shell, arguments: tuple[str, ...], code: int, says: str
) -> None:
    done, sentence = story.refused(*arguments)
    assert done == code
    assert says in sentence


def test_wrong_credentials_are_named_and_never_printed(story: Shell, sandbox: SandboxOrg) -> None:
    code, sentence = story.refused(
        "connect", "other", "--url", sandbox.url, "--client-id", CLIENT_ID, "--client-secret", "hush-hush"
    )
    assert code == 2
    assert "does not let us in" in sentence
    assert "hush-hush" not in sentence
    assert [c["name"] for c in story.json("connections")] == ["org"]  # type: ignore[attr-defined]


def test_a_second_link_to_a_campaign_and_a_campaign_that_is_not_there_are_refused(story: Shell) -> None:
    campaign = story.json("status")[0]["campaign_id"]  # type: ignore[index]
    story.well("program", "create", "Autumn", "--channel", "Webinar")
    code, sentence = story.refused("link", "Autumn", "--campaign", campaign)
    assert (code, "linked with program 'Spring Webinar' already" in sentence) == (2, True)
    code, sentence = story.refused("link", "Autumn", "--campaign", "701000000000000AAA")
    assert (code, "campaignsync doctor" in sentence) == (2, True)
    story.well("program", "delete", "Autumn")


def test_the_doctor_finds_a_well_connection_well(story: Shell) -> None:
    findings = story.json("doctor")
    assert [f["check"] for f in findings if not f["well"]] == []  # type: ignore[attr-defined]


def test_campaign_sync_switched_off_is_said_with_the_way_out(story: Shell) -> None:
    """M3.1."""
    story.well("connect", "org", "--no-campaign-sync")
    code, sentence = story.refused("sync", "Spring Webinar")
    assert (code, "connect org --campaign-sync" in sentence) == (2, True)
    story.well("connect", "org", "--campaign-sync")


def test_how_leads_are_made_is_kept_with_the_connection(story: Shell) -> None:
    """M7.2, M7.6."""
    kept = story.json("connect", "org", "--default-company", "None given", "--assignment", "none")
    assert (kept["default_company"], kept["assignment"]) == ("None given", "none")  # type: ignore[call-overload, index]
    listed = story.json("connections")[0]  # type: ignore[index]
    assert (listed["default_last_name"], listed["default_company"]) == ("Unknown", "None given")
    assert (listed["duplicate_rule"], listed["campaign_sync"]) == ("obey", True)


def test_a_run_is_undone_as_it_was_shown_and_the_link_waits(story: Shell, sandbox: SandboxOrg) -> None:
    """Shown first; nobody is asked where nobody sits; the very plan that was read is carried out."""
    story.well("member", "set", "Spring Webinar", "carl@example.com", "--status", "Registered")
    story.well("sync", "Spring Webinar")
    run = story.json("runs", "Spring Webinar")[0]  # type: ignore[index]
    assert (run["why"], run["died"], run["report"]["campaign_changes"]) == ("sync", False, 1)
    number = str(run["run"])
    code, said = story.refused("undo", number)
    assert code == 2
    digest = story.json("undo", number, "--dry-run")["digest"]  # type: ignore[call-overload]
    assert f"--digest {digest}" in said
    assert len(sandbox.query("SELECT Id FROM CampaignMember")) == 3
    assert story.json("undo", number, "--digest", digest)["campaign_changes"] == 1  # type: ignore[call-overload]
    assert len(sandbox.query("SELECT Id FROM CampaignMember")) == 2
    assert story.run("sync", "Spring Webinar").returncode == 3
    story.well("member", "remove", "Spring Webinar", "carl@example.com")
    story.well("resume", "Spring Webinar")
    story.well("sync", "Spring Webinar")
    assert "is active, not halted" in story.refused("resume", "Spring Webinar")[1]
    assert story.refused("undo", "999999")[0] == 2
    lines = story.well("journal", "--run", number, "--csv").splitlines()
    assert (lines[0].split(",")[:3], len(lines)) == (["id", "at", "side"], 2)


def test_costs_report_into_the_month_that_has_one_and_rates_convert_them(story: Shell) -> None:
    """M5.2, M5.4."""
    story.well("connect", "org", "--rate", "EUR=1.10")
    story.well("program", "cost", "Spring Webinar", "2026-04", "100", "--currency", "EUR")
    story.well("sync", "Spring Webinar")
    assert story.json("plan", "Spring Webinar")["fields"] == []  # type: ignore[call-overload]
    report = story.json("program", "cost-report", "Spring Webinar")
    assert [(row["month"], row["members"]) for row in report] == [("2026-03", 0), ("2026-04", 2)]  # type: ignore[attr-defined]
    assert (report[1]["cost"], report[1]["cost_per_member"]) == ("100.00", "50.00")  # type: ignore[index]
    story.well("program", "cost", "Spring Webinar", "2026-04", "--remove")
    story.well("connect", "org", "--rate", "EUR=")


def test_a_clone_is_a_program_of_its_own_and_an_event_gives_its_campaign_its_dates(
    story: Shell, sandbox: SandboxOrg
) -> None:
    """M2.5, M4.2."""
    story.well("program", "set", "Spring Webinar", "--start", "2026-03-17", "--end", "2026-03-18")
    assert story.refused("program", "set", "Spring Webinar", "--end", "2026-01-01")[0] == 2
    clone = story.json("program", "clone", "Spring Webinar", "Autumn Webinar")
    assert (clone["channel"], clone["costs"], clone["links"], clone["start"]) == ("Webinar", [], [], None)  # type: ignore[call-overload]
    assert story.json("members", "Autumn Webinar") == []
    story.well("program", "set", "Autumn Webinar", "--rename", "Fall", "--start", "2026-10-01")
    story.well("link", "Fall", "--create", "Fall 2026")
    dates = sandbox.query("SELECT StartDate, EndDate FROM Campaign WHERE Name = 'Fall 2026'")[0]
    assert (dates["StartDate"], dates["EndDate"]) == ("2026-10-01", None)
    assert (
        "There is a program 'Fall' already" in story.refused("program", "clone", "Spring Webinar", "Fall")[1]
    )
    story.well("unlink", "Fall")
    story.well("program", "delete", "Fall")


def test_sync_full_finds_what_no_look_could_see(story: Shell, sandbox: SandboxOrg) -> None:
    """docs/delta.md: a status that came hours behind its stamp, and left every count as it was."""
    sandbox.control("POST", "/sandbox/clock", {"advance_s": 86_400})
    sandbox.forget_token()
    story.well("sync")
    (campaign,) = sandbox.query("SELECT Id FROM Campaign WHERE Name = 'Spring Webinar 2026'")
    sandbox.control("POST", "/sandbox/faults", {"rules": [], "commit_lag_s": 20_000})
    sandbox.update("CampaignMember", sandbox.member_id(campaign["Id"], "ben@example.com"), Status="Attended")
    sandbox.control("DELETE", "/sandbox/faults")
    changed = [
        {run["program"]: run["changes"]["program"] for run in story.json("sync", *how)["runs"]}  # type: ignore[index, call-overload]
        for how in ((), ("--full",))
    ]
    assert [each["Spring Webinar"] for each in changed] == [0, 1]


@pytest.mark.parametrize("verb", ["status", "sync"])
def test_a_start_loads_nothing_of_pages_events_and_other_verbs(verb: str, story: Shell) -> None:
    loaded = story.loaded(verb, "--json")
    assert {"polars", "django", "campaignsync.cli.syncing", "campaignsync.store.ledger"} <= loaded
    unwanted = {"unfold", "allauth", "ninja", "grpc", "fastavro", "prometheus_client", "yaml", "joserfc"}
    unwanted |= {"structlog", "rich", "gunicorn", "campaignsync.web", "campaignsync.store.migrations"}
    unwanted |= {"campaignsync.cli.links", "campaignsync.cli.smart_campaigns", "opentelemetry.sdk"}
    assert loaded & unwanted == set()
