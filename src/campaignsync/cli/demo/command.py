"""The demo's story: link, plan, apply, change both sides, sync, compare; then a living year, on pages to look around."""

from __future__ import annotations

import contextlib
import itertools
import shlex
import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from campaignsync.cli.demo.keeping import leave_running
from campaignsync.cli.demo.sandbox import CLIENT_ID, CLIENT_SECRET, SandboxOrg
from campaignsync.cli.output import print_table, say
from campaignsync.cli.session import opened
from campaignsync.domain.errors import HaltError

PROGRAM = "Spring Webinar"
CAMPAIGN = "Spring Webinar 2026"
_REGISTRANTS = Path(__file__).with_name("registrants.csv")
_MEMBER = "SELECT Id, Status, Lead.Email, Contact.Email FROM CampaignMember WHERE CampaignId = '{}'"
_CAMPAIGN = "SELECT Id FROM Campaign WHERE Name = 'Spring Webinar 2026'"
_SHOWN = 12


def add_to(app: typer.Typer) -> None:
    """Give the application this command."""

    @app.command()
    def demo(
        context: typer.Context,
        keep: Annotated[
            bool,
            typer.Option(
                "--keep/--end",
                help="Make a living year beside it and leave all of it running with its pages, or end with the story.",
            ),
        ] = True,
        port: Annotated[
            int, typer.Option(min=0, max=65535, help="The port of the pages; 0: any free one.")
        ] = 8080,
    ) -> None:
        """Show the whole of it with a sandbox org: link, plan, apply, change both sides, sync, equal; then the pages."""
        # What ends or breaks off, wherever, leaves nothing running and nothing lying about.
        with contextlib.ExitStack() as unless_it_runs_on:
            if context.obj is None:
                context.obj = Path(tempfile.mkdtemp(prefix="campaignsync-demo-"))
                unless_it_runs_on.callback(shutil.rmtree, context.obj)
            org = SandboxOrg.start()
            unless_it_runs_on.callback(org.stop)
            # Held open, so that the commands below share one running database.
            with opened(context):
                _tell(_Stage(context=context, org=org))
                if keep:
                    leave_running(context, org, port)
                    unless_it_runs_on.pop_all()


class _Stage:
    """What the story is played on: the command line, and an org with a campaign in it."""

    def __init__(self, *, context: typer.Context, org: SandboxOrg) -> None:
        self.context, self.org = context, org
        self.data_dir: Path = context.obj
        self.campaign_id = org.query(_CAMPAIGN)[0]["Id"]
        self.calls_at_first = sum(org.calls().values())

    def run(self, *arguments: str) -> None:
        """Type a command."""
        say(f"\n$ campaignsync {shlex.join(arguments)}")
        # The application that this command was added to may be a part of the command alone: the root has all verbs.
        whole = self.context.find_root().command
        whole.main(["--data-dir", str(self.data_dir), *arguments], standalone_mode=False)

    def members(self) -> dict[str, tuple[str, str]]:
        """The campaign's members as the org itself tells: e-mail → (id, status)."""
        rows = self.org.query(_MEMBER.format(self.campaign_id))
        return {(row["Contact"] or row["Lead"])["Email"]: (row["Id"], row["Status"]) for row in rows}


def _tell(stage: _Stage) -> None:
    say(
        f"A sandbox org is running at {stage.org.url}; its campaign '{CAMPAIGN}' has {len(stage.members())} members."
    )
    _link(stage)
    plan = stage.data_dir / "plan.json"
    stage.run("plan", PROGRAM, "--out", str(plan))
    stage.run("apply", str(plan))
    _change_both_sides(stage)
    stage.run("sync", PROGRAM)
    stage.run("problems", PROGRAM)
    say("\nOnce more, with nothing changed: no writes, only a look.")
    stage.run("sync", PROGRAM)
    _compare(stage)


def _link(stage: _Stage) -> None:
    connect = (
        "--url",
        stage.org.url,
        "--client-id",
        CLIENT_ID,
        "--client-secret",
        CLIENT_SECRET,
        "--campaign-sync",
    )
    stage.run("init")
    stage.run("connect", "sandbox", *connect)
    stage.run("program", "create", PROGRAM, "--channel", "Webinar")
    stage.run("program", "cost", PROGRAM, "2026-03", "1200.00")
    stage.run("import-members", PROGRAM, str(_REGISTRANTS), "--status", "Registered")
    stage.run("link", PROGRAM, "--campaign", stage.campaign_id)


def _change_both_sides(stage: _Stage) -> None:
    """Four kinds of change on each side, none of them about the same person."""
    there = stage.members()
    waiting = sorted(email for email, (_, status) in there.items() if status == "Registered")
    say("\nIn Salesforce, a sales colleague moves five members on, removes two and adds a lead of their own.")
    for email in waiting[:5]:
        stage.org.update("CampaignMember", there[email][0], Status="Attended")
    for email in waiting[5:7]:
        stage.org.delete("CampaignMember", there[email][0])
    lead = stage.org.create("Lead", LastName="Walk-in", Company="Corner Shop", Email="walk.in@corner.example")
    stage.org.create("CampaignMember", CampaignId=stage.campaign_id, LeadId=lead, Status="Attended")
    say("Here, marketing moves three on, removes two and adds somebody whom Salesforce does not know.")
    for email in waiting[7:10]:
        stage.run("member", "set", PROGRAM, email, "--status", "No Show")
    for email in waiting[10:12]:
        stage.run("member", "remove", PROGRAM, email)
    stage.run("member", "set", PROGRAM, "ada.newcomer@late.example", "--status", "Registered")


def _compare(stage: _Stage) -> None:
    """Both sides next to each other, each from its own source; HaltError when they differ."""
    there = stage.members()
    with opened(stage.context) as app:
        here = {row["email"]: row["status"] for row in app.members.list(PROGRAM)}
    emails = sorted(here.keys() | there.keys())
    rows = [
        {"email": email, "here": here.get(email), "there": there.get(email, ("", None))[1]}
        for email in emails
    ]
    different = [row for row in rows if row["here"] != row["there"]]
    say(f"\nBoth sides, {len(rows)} members (the first {_SHOWN}, and all that differ):")
    shown = [*itertools.islice(rows, _SHOWN), *(row for row in different if row not in rows[:_SHOWN])]
    print_table(shown, {"email": "E-MAIL", "here": "PROGRAM", "there": "CAMPAIGN"}, empty="Nobody.")
    calls = sum(stage.org.calls().values()) - stage.calls_at_first
    say(
        f"\n{len(rows) - len(different)} of {len(rows)} members are equal. The org counted {calls} API calls in all,"
    )
    say(
        "the sales colleague's own included. Three rows of the file were left out above, each with its reason."
    )
    if different:
        raise HaltError(f"{len(different)} members differ between the program and the campaign.")
