"""What the command can do, told without loading any of it: which module has a verb, and a line on it for `--help`.

Read by `main` alone. A module, and with it the database, columns and HTTP that it needs, is loaded when its verb is typed: to
load them all was half a second of every start. A new verb has its line here, which a test holds against what the modules have.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from functools import cache
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

VERBS = {
    "connections": {
        "init": "Make the database, and the default channels.",
        "migrate": "Bring the database up to date.",
        "connect": "Make a connection to a Salesforce org, or change one.",
        "connections": "List the connections.",
        "doctor": "Find out why no campaigns are seen.",
    },
    "mirror": {"mirror": "Choose which campaigns of an org are mirrored."},
    "programs": {
        "channel": "Channels and their progression statuses.",
        "program": "Programs and their period costs.",
        "member": "One member of a program.",
        "import-members": "Bring in people from a file.",
        "members": "List who is in a program.",
    },
    "member_fields": {"member-field": "Custom fields of the members of programs."},
    "people": {"people": "List the people we know.", "person": "One person, across all orgs."},
    "fields": {"fields": "Which fields of people are which in Salesforce."},
    "runs": {
        "runs": "List the runs of links, the latest first.",
        "journal": "Show who changed what, on either side, and why.",
        "undo": "Take back what a run did.",
        "resume": "Let a halted link go on at the next sync.",
    },
    "links": {
        "campaigns": "List the campaigns that the sync user sees.",
        "link": "Link a program with a campaign.",
        "labels": "Show what the labels of a linked campaign mean.",
        "unlink": "End a link.",
        "policy": "Choose how a link decides.",
    },
    "syncing": {
        "plan": "Show what a sync would do, without doing it.",
        "apply": "Carry out exactly the plan that was saved.",
        "sync": "Make both sides the same.",
        "status": "Say whether it is well, and show every link.",
    },
    "approvals": {
        "approvals": "List the plans that wait for approval.",
        "approve": "Approve exactly the plan that was read.",
        "decline": "Decline the plan that was read.",
    },
    "problems": {
        "problems": "List what is open, in Salesforce's own words.",
        "resolve": "Decide conflicts.",
    },
    "notices": {"notices": "List what people were told."},
    "backlog": {"backlog": "Show what moved in a day, and what waits."},
    "configuration": {"config": "The configuration as one YAML file."},
    "access": {
        "user": "Users, their roles and rights.",
        "api-key": "API keys, which act for a user.",
    },
    "webhooks": {"webhook": "Addresses that are told of events."},
    "smart_campaigns": {
        "smart": "Smart campaigns: who is meant, and what is done.",
        "people-list": "Lists of people, without statuses.",
        "flows": "The flows of smart campaigns.",
    },
    "demo": {"demo": "Show the whole of it with a sandbox org."},
    "web": {"web": "Serve the pages and the API until stopped."},
    "health": {"health": "Say whether it is well, for monitors."},
    "backups": {
        "backup": "Write the whole database into a file.",
        "restore": "Bring a backup into an empty database.",
    },
    "secrets": {"secrets": "The key that secrets at rest are encrypted with."},
    "service": {
        "worker": "Have the rounds of orgs as changes call for them.",
        "listen": "Hear the change events of all orgs.",
        "serve": "Run everything on this machine, until stopped.",
    },
}
"""By module of this folder, its verbs in the order of `--help`."""
LINES = {verb: line for verbs in VERBS.values() for verb, line in verbs.items()}
_MODULE_OF = {verb: module for module, verbs in VERBS.items() for verb in verbs}


class Contents(TyperGroup):
    """All verbs of the command, each loaded when it is asked for."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands = _Commands()

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The list that `--help` ends with."""
        with formatter.section("Commands"):
            formatter.write_dl(list(LINES.items()))


class _Commands(MutableMapping[str, Any]):
    def __getitem__(self, verb: str) -> Any:
        return loaded(_MODULE_OF[verb])[verb]

    def __iter__(self) -> Iterator[str]:
        return iter(LINES)

    def __len__(self) -> int:
        return len(LINES)

    def __setitem__(self, verb: str, command: Any) -> None:
        raise NotImplementedError

    def __delitem__(self, verb: str) -> None:
        raise NotImplementedError


@cache
def loaded(module: str) -> dict[str, Any]:
    """The verbs that a module of this folder gives to an application."""
    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    import_module(f"campaignsync.cli.{module}").add_to(app)
    return dict(typer.main.get_group(app).commands)
