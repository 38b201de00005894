"""Writes the pages that are made from the code: commands.md, smart_campaign_words.md, sandbox_coverage.md, the routes of api.md,
and beside them the list of all that the engine ever said.

Called by `./run docs`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from campaignsync.automation.catalogue import ACTIONS, FILTERS, SOURCES, TRIGGERS, Entry
from campaignsync.cli.main import app
from campaignsync.domain.smart_campaigns import OPERATORS, ValueType
from salesforce_sandbox import coverage

DOCS = Path(__file__).resolve().parent
SAID = DOCS.parent / "src" / "campaignsync" / "web" / "locale" / "said.txt"

HEAD = """# Commands

Made from the code by `./run docs`. Every list prints a table, and with `--json` all it knows. Progress and errors go to the error
stream, so that standard output can be piped. Nothing asks a question when standard input is no terminal.

## Exit codes

| code | what it means |
| --- | --- |
| 0 | done; what was refused on the way is named, and counted in the JSON |
| 2 | something must be mended by whoever typed it: an argument, a setting, a right, a status that does not fit |
| 3 | a link is halted, paused or broken, or a saved plan is out of date |
| 4 | Salesforce could not be reached, somebody else runs the link, or nobody knows yet what became of a call |
| 5 | Salesforce refused the whole of it, in words that are printed |
| 130 | stopped from the keyboard; whatever was under way is settled by the next run |

## What `sync --json` prints

`{"runs": [{"program", "connection", "changes": {"program", "campaign"}, "refused", "conflicts", "unknown", "api_calls",
"halted", "held", "to_approve"}], "people": [{"connection", "here", "there", "refused", "unknown", "waiting"}],
"failed": [{"connection", "error"}], "api_calls"}`. `changes` counts members and fields changed on either side, `unknown` writes
of which nobody knows yet what became, `to_approve` is the digest of a plan that waits for a person. A run's `api_calls` include
the look at the org that served all runs of the round; the one at the end is the true sum. `people` counts fields changed here,
leads and contacts written, refused and unheard of, and fields that wait. `failed` names orgs whose round could not be done; the
others had theirs.
"""


def commands_page() -> str:
    """The page of all commands with their options."""
    return HEAD + "".join(_pages(typer.main.get_command(app), "campaignsync"))


def _pages(command: Any, path: str) -> Iterator[str]:
    if hasattr(command, "commands"):
        if command.invoke_without_command:
            yield from _page(command, path)
        for name, each in sorted(command.commands.items()):
            yield from _pages(each, f"{path} {name}")
        return
    yield from _page(command, path)


def _page(command: Any, path: str) -> Iterator[str]:
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each.param_type_name == "option"]
    yield f"\n## `{' '.join([path, *(each.metavar or each.name.upper() for each in arguments)])}`\n\n{command.help.strip()}\n"
    rows = [f"| `{', '.join((*each.opts, *each.secondary_opts))}` | {each.help or ''} |" for each in options]
    if rows:
        yield "\n| option | |\n| --- | --- |\n" + "\n".join(rows) + "\n"


WORDS = """# The words of smart campaigns

Made from the code by `./run docs`: every trigger, filter and action, and what may be said with it. How they are put together is
told in [smart campaigns](smart_campaigns.md). Names are read without regard to case. What is marked * must be there.
"""


def words_page() -> str:
    """The page of all triggers, filters and actions."""
    return "".join(
        (
            WORDS,
            "\n## Triggers\n",
            *(_entry(entry) for entry in TRIGGERS),
            "\n## Filters\n\nEach may begin with `Not`: `Not Member of SFDC Campaign`.\n",
            *(_entry(entry) for entry in FILTERS),
            "\n## Actions\n",
            *(_entry(entry) for entry in ACTIONS),
            "\n## How values compare\n\n",
            "`X` and `[X, Y]` mean `is` (for a time: `on`); `{operator: value}` says which operator.\n\n",
            "| kind | operators |\n| --- | --- |\n",
            *(f"| {kind} | {', '.join(OPERATORS[kind])} |\n" for kind in ValueType),
            "\nA field of people that holds numbers, or yes and no, compares as these; all others as text, days in them",
            " by their order.\n\n## Tokens\n\n| token | what it stands for |\n| --- | --- |\n",
            *(f"| `{{{{{source}.…}}}}` | {says} |\n" for source, says in SOURCES.items()),
        )
    )


def _entry(entry: Entry) -> str:
    rows = [
        f"| {name}{' *' if each.required else ''} | {each.type} | {each.says}{'; tokens may stand here' if each.tokens else ''} |"
        for name, each in entry.wants.items()
    ]
    table = "\n| | kind | |\n| --- | --- | --- |\n" + "\n".join(rows) + "\n" if rows else ""
    return f"\n### {entry.name}\n\n{entry.says}\n{table}"


ROUTES_BEGIN = "<!-- Made from the code by `./run docs`: everything below. -->\n"


def api_page() -> str:
    """docs/api.md: what is written there, then every route. Django must be ready."""
    from campaignsync.domain.access import RULES
    from campaignsync.web.api.application import ROUTES

    written = (DOCS / "api.md").read_text("utf-8").partition(ROUTES_BEGIN)[0]
    lines, noun = [], ""
    for route in sorted(ROUTES, key=lambda each: (each.noun, each.path, each.method)):
        if route.noun != noun:
            noun = route.noun
            lines.append(f"\n## {noun.capitalize()}\n\n| | | who may | scope |\n| --- | --- | --- | --- |\n")
        rule = RULES[route.action]
        says = " ".join((route.view.__doc__ or "").split())
        lines.append(
            f"| `{route.method} {route.path}` | {says} | {rule.role}, {rule.reach} | `{rule.scope}` |\n"
        )
    return written + ROUTES_BEGIN + "".join(lines)


def said() -> str:
    """All that the engine says or ever said, a line each: what the store may hold. None of it is ever taken away."""
    from campaignsync.web.wording import CONTEXT, entries

    now = {source.replace("\n", r"\n") for source, _says in entries("de", CONTEXT)}
    return "".join(f"{each}\n" for each in sorted(now.union(SAID.read_text("utf-8").splitlines())))


def ready_django() -> None:
    """Make Django ready for whoever writes pages and serves none."""
    from campaignsync.settings import WebSettings
    from campaignsync.store import django_settings
    from campaignsync.web.site import site

    django_settings.configure("postgresql://localhost/none", lambda: ["no secret"], site(WebSettings()))


def main() -> None:
    ready_django()
    (DOCS / "api.md").write_text(api_page(), encoding="utf-8")
    SAID.write_text(said(), encoding="utf-8")
    (DOCS / "smart_campaign_words.md").write_text(words_page(), encoding="utf-8")
    (DOCS / "commands.md").write_text(commands_page(), encoding="utf-8")
    (DOCS / "sandbox_coverage.md").write_text(coverage.page(), encoding="utf-8")


if __name__ == "__main__":
    main()
