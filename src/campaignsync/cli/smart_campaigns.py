"""smart, people-list, flows: smart campaigns, lists of people, and running what is due (M9, M10)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from campaignsync.cli import config_file
from campaignsync.cli.flow_runs import flow_json, print_flows
from campaignsync.cli.output import agreed, answer, complain, print_json, print_table, progress, say, show
from campaignsync.cli.session import AsJson, opened, who
from campaignsync.domain.errors import UsageError
from campaignsync.runtime.flow_runner import run_flows
from campaignsync.runtime.notices import delivered

smart = typer.Typer(
    help="Smart campaigns: who is meant, what is done with them, and when.", no_args_is_help=True
)
people_list = typer.Typer(help="Lists of people, without statuses.", no_args_is_help=True)
flows = typer.Typer(help="The flows of smart campaigns.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The smart campaign's name.")]
ListName = Annotated[str, typer.Argument(metavar="LIST", help="The list's name.")]
File = Annotated[
    Path, typer.Argument(metavar="FILE", help="A definition in YAML; docs/smart_campaigns.md tells its form.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Limit = Annotated[int, typer.Option(help="How many at the most.", min=1)]
_STEPS = {"step": "STEP", "action": "ACTION", "outcome": "OUTCOME", "people": "PEOPLE", "message": "WHY"}


def add_to(app: typer.Typer) -> None:
    """Give the application these commands."""
    app.add_typer(smart, name="smart")
    app.add_typer(people_list, name="people-list")
    app.add_typer(flows, name="flows")


@smart.command("list")
def smart_list(context: typer.Context, as_json: AsJson = False) -> None:
    """List the smart campaigns, and what is going on in them."""
    with opened(context) as app:
        found = app.smart_campaigns.list()
    columns = {
        "name": "SMART CAMPAIGN",
        "program": "PROGRAM",
        "kind": "KIND",
        "state": "STATE",
        "in_flow": "IN FLOW",
        "went_through": "THROUGH",
        "blocked": "BLOCKED",
        "failed": "FAILED",
        "next_at": "NEXT",
        "reason": "WHY",
    }
    show(
        found,
        columns,
        empty="No smart campaign yet. Make one with: campaignsync smart save NAME FILE",
        as_json=as_json,
    )


@smart.command("show")
def smart_show(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Show a smart campaign: its definition, what is wrong with it, what came of it."""
    with opened(context) as app:
        found = {**app.smart_campaigns.show(name), **app.smart_campaigns.results(name)}
    if as_json:
        print_json(found)
        return
    say(f"{found['name']}: {found['kind']}, {found['state']}{_because(found)}")
    say(config_file.plain_yaml(found["definition"]).rstrip("\n"))
    for fault in found["faults"]:
        complain(f"wrong: {fault}")
    _print_results(found)


def _because(found: dict[str, Any]) -> str:
    return f". {found['reason']}" if found["reason"] else ""


def _print_results(found: dict[str, Any]) -> None:
    print_table(found["steps"], _STEPS, empty="Nobody went through a step yet.")
    for row in found["states"]:
        say(f"{row['people']} people: {row['state']}")
    for row in found["blocked"]:
        say(f"{row['people']} people not let in: {row['reason']}")


@smart.command("save")
def smart_save(context: typer.Context, name: Name, file: File, as_json: AsJson = False) -> None:
    """Make a smart campaign, or change it: who is in its flow goes on by the definition they began with."""
    with opened(context) as app:
        faults = config_file.read_with(
            file, lambda read: app.smart_campaigns.save(name, _whole(read), who=who())
        )
    _tell_faults(faults)
    answer(
        {"name": name, "faults": list(faults)},
        f"'{name}' is saved. See what it would do with: campaignsync smart preview \"{name}\"",
        as_json=as_json,
    )


@smart.command("check")
def smart_check(context: typer.Context, file: File, as_json: AsJson = False) -> None:
    """Read a definition and say what is wrong with it, without saving it."""
    with opened(context) as app:
        faults = config_file.read_with(file, lambda read: app.smart_campaigns.check("", _whole(read)))
    _tell_faults(faults)
    answer({"faults": list(faults)}, f"{len(faults)} faults.", as_json=as_json)


def _tell_faults(faults: Any) -> None:
    for fault in faults:
        complain(f"wrong: {fault}")


def _whole(read: Any) -> Any:
    if not isinstance(read, dict):
        raise UsageError(
            "The file holds no definition: a mapping with entries such as triggers, filters, flow is wanted."
        )
    return read


@smart.command("activate")
def smart_activate(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Let a smart campaign listen to its triggers, or run by its schedule."""
    with opened(context) as app:
        app.smart_campaigns.activate(name)
        found = app.smart_campaigns.show(name)
    _tell_faults(found["faults"])
    at = f" It runs next at {found['next_at']:%Y-%m-%d %H:%M} UTC." if found["next_at"] else ""
    answer({"name": name, "state": found["state"]}, f"'{name}' is active.{at}", as_json=as_json)


@smart.command("deactivate")
def smart_deactivate(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Take in nobody any more; who is in the flow goes on."""
    with opened(context) as app:
        app.smart_campaigns.deactivate(name)
    answer({"name": name, "state": "inactive"}, f"'{name}' is inactive.", as_json=as_json)


@smart.command("run")
def smart_run(context: typer.Context, name: Name, yes: Yes = False, as_json: AsJson = False) -> None:
    """Run a batch now, whatever its schedule says, and do all that is due."""
    with opened(context) as app, delivered(app.outbox, app.outlets):
        if not yes:
            shown = app.smart_campaigns.preview(name)
            question = f"{shown['people']} people would go through. Run it?"
            if not agreed(question, f'Run it with: campaignsync smart run "{name}" --yes', yes=False):
                return
        people = app.smart_campaigns.run(name, who=who())
        with progress("taking people through") as tell:
            report = run_flows(app.flow_doors, tell=tell)
        steps = app.smart_campaigns.results(name)
    if as_json:
        print_json({"people": people, **flow_json(report), "steps": steps["steps"]})
        return
    say(f"{people} people qualified.")
    _print_results(steps)
    print_flows(report)


@smart.command("abort")
def smart_abort(
    context: typer.Context,
    name: Name,
    batch: Annotated[int | None, typer.Option(help="One batch only, by its number.")] = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Take everybody out of the flow. What was sent to Salesforce stays."""
    with opened(context) as app:
        if not agreed(
            "Take everybody out of the flow?", f'Do it with: campaignsync smart abort "{name}" --yes', yes=yes
        ):
            return
        people = app.smart_campaigns.abort(name, batch=batch)
    answer({"name": name, "people": people}, f"{people} people were taken out of the flow.", as_json=as_json)


@smart.command("preview")
def smart_preview(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Show who would qualify now and what would happen to them; nothing is written."""
    with opened(context) as app:
        found = app.smart_campaigns.preview(name)
    if as_json:
        print_json(found)
        return
    _tell_faults(found["faults"])
    say(f"{found['people']} people would qualify, {found['blocked']} would not be let in.")
    print_table(found["steps"], _STEPS, empty="Nothing would happen.")
    print_table(
        found["sample"],
        {"email": "PERSON", "step": "STEP", "action": "ACTION", "outcome": "OUTCOME", "message": "WHY"},
        empty="",
    )


@smart.command("count")
def smart_count(
    context: typer.Context,
    file: File,
    sample: Annotated[int, typer.Option(help="How many people to show.", min=0)] = 10,
    as_json: AsJson = False,
) -> None:
    """Count whom the filters of a file find, and show some of them, before anything is saved."""
    with opened(context) as app:
        found = config_file.read_with(
            file,
            lambda read: app.smart_campaigns.count(
                _whole(read).get("filters") or [], _whole(read).get("logic"), sample=sample
            ),
        )
    if as_json:
        print_json(found)
        return
    _tell_faults(found["faults"])
    say(f"{found['people']} people.")
    columns = {"email": "E-MAIL", "first_name": "FIRST NAME", "last_name": "LAST NAME", "company": "COMPANY"}
    if found["sample"]:
        print_table(found["sample"], columns, empty="")


@smart.command("results")
def smart_results(
    context: typer.Context,
    name: Name,
    email: Annotated[str | None, typer.Option(help="One person, by e-mail address.")] = None,
    outcome: Annotated[
        str | None, typer.Option(help="Only this outcome: done, skipped, refused, failed.")
    ] = None,
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """List what became of each step for each person, latest first."""
    with opened(context) as app:
        found = app.smart_campaigns.people(name, email=email, outcome=outcome, limit=limit)
    columns = {
        "at": "WHEN",
        "email": "PERSON",
        "step": "STEP",
        "action": "ACTION",
        "outcome": "OUTCOME",
        "message": "WHY",
    }
    show(found, columns, empty="Nobody went through a step yet.", as_json=as_json)


@smart.command("blocked")
def smart_blocked(context: typer.Context, name: Name, limit: Limit = 100, as_json: AsJson = False) -> None:
    """List who was found and not let in, and why."""
    with opened(context) as app:
        found = app.smart_campaigns.blocked(name, limit=limit)
    columns = {"email": "PERSON", "reason": "WHY", "times": "TIMES", "last_at": "LAST"}
    show(found, columns, empty="Nobody was turned away.", as_json=as_json)


@smart.command("rename")
def smart_rename(
    context: typer.Context,
    name: Name,
    new: Annotated[str, typer.Argument(metavar="NEW-NAME", help="What it shall be called.")],
    as_json: AsJson = False,
) -> None:
    """Call a smart campaign otherwise."""
    with opened(context) as app:
        app.smart_campaigns.rename(name, new)
    answer({"name": new}, f"'{name}' is called '{new}' now.", as_json=as_json)


@smart.command("delete")
def smart_delete(context: typer.Context, name: Name, yes: Yes = False, as_json: AsJson = False) -> None:
    """Forget a smart campaign with its results; refused while people are in its flow."""
    with opened(context) as app:
        if not agreed(
            f"Delete '{name}'?", f'Delete it with: campaignsync smart delete "{name}" --yes', yes=yes
        ):
            return
        app.smart_campaigns.delete(name)
    answer({"name": name, "deleted": True}, f"'{name}' is gone.", as_json=as_json)


@flows.command("run")
def flows_run(context: typer.Context, as_json: AsJson = False) -> None:
    """Do all that is due of all flows, without a sync: triggers, waits that are over, batches, actions in Salesforce."""
    with (
        opened(context) as app,
        delivered(app.outbox, app.outlets),
        progress("taking people through") as tell,
    ):
        report = run_flows(app.flow_doors, tell=tell)
    if as_json:
        print_json(flow_json(report))
    else:
        print_flows(report, quiet=False)


@people_list.command("list")
def lists(context: typer.Context, as_json: AsJson = False) -> None:
    """List the lists."""
    with opened(context) as app:
        found = app.smart_campaigns.shelf.lists()
    show(
        found,
        {"name": "LIST", "people": "PEOPLE"},
        empty="No list yet. Make one with: campaignsync people-list create LIST",
        as_json=as_json,
    )


@people_list.command("create")
def list_create(context: typer.Context, name: ListName, as_json: AsJson = False) -> None:
    """Make a list."""
    with opened(context) as app:
        app.smart_campaigns.shelf.make_list(name)
    answer({"name": name}, f"The list '{name}' is made.", as_json=as_json)


@people_list.command("delete")
def list_delete(context: typer.Context, name: ListName, as_json: AsJson = False) -> None:
    """Forget a list; the people stay."""
    with opened(context) as app:
        app.smart_campaigns.shelf.drop_list(name)
    answer({"name": name, "deleted": True}, f"The list '{name}' is gone.", as_json=as_json)


@people_list.command("show")
def list_show(context: typer.Context, name: ListName, limit: Limit = 1000, as_json: AsJson = False) -> None:
    """List who is on a list."""
    with opened(context) as app:
        found = app.smart_campaigns.shelf.on_list(name, limit)
    columns = {"email": "E-MAIL", "first_name": "FIRST NAME", "last_name": "LAST NAME", "added_at": "SINCE"}
    show(found, columns, empty="Nobody is on it.", as_json=as_json)


@people_list.command("add")
def list_add(
    context: typer.Context,
    name: ListName,
    emails: Annotated[list[str], typer.Argument(metavar="EMAIL...", help="Who, by e-mail address.")],
    as_json: AsJson = False,
) -> None:
    """Put people on a list."""
    with opened(context) as app:
        unknown = app.smart_campaigns.shelf.put_on_list(name, emails)
    for each in unknown:
        complain(f"We know nobody as '{each}'.")
    answer(
        {"name": name, "unknown": list(unknown)},
        f"{len(emails) - len(unknown)} people are on the list '{name}'.",
        as_json=as_json,
    )
