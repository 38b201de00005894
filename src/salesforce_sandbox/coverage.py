"""The coverage page: what this sandbox does, does partly and does not, made from the tables that the code itself uses.

Called by the documentation maker. Nothing is written here that a table next to the code could say.
"""

import re
from collections.abc import Iterable, Sequence

from salesforce_sandbox.contract_rules import RULES
from salesforce_sandbox.events.coverage import COVERAGE as EVENTS_COVERAGE
from salesforce_sandbox.events.refusals import REASONS
from salesforce_sandbox.org.error_codes import ERROR_CODES
from salesforce_sandbox.org.rules.book import COVERAGE as OBJECT_COVERAGE
from salesforce_sandbox.org.soql.coverage import COVERAGE as SOQL_COVERAGE
from salesforce_sandbox.org.switches import SWITCHES
from salesforce_sandbox.wire.soap import OPERATIONS
from salesforce_sandbox.wire.table import ENDPOINTS

_NOT_BUILT = (
    "quick actions, named layouts, tabs, themes",
    "Metadata, Tooling, Analytics, Connect, UI and GraphQL APIs",
    "login through a browser (authorization code, device flow)",
    "Apex, flows, triggers, assignment and escalation rules, approval, e-mail",
)


def page() -> str:
    """The page in Markdown."""
    return "\n".join(
        [
            "# What the sandbox does and does not do",
            "",
            "Made by `./run docs` from the tables in `src/salesforce_sandbox`; do not edit. Whatever is not listed as",
            "done or partly answers 501 `NOT_IMPLEMENTED_BY_SANDBOX` or, outside `/services`, 404. The numbers are rules",
            "of the contract that tests hold.",
            "",
            "## Not built",
            "",
            *(f"- {each}" for each in _NOT_BUILT),
            *_section("Objects", ("Object", "Rules", "State", "Note"), OBJECT_COVERAGE),
            *_section("Rules of the contract", ("Rule", "State", "What is kept"), RULES),
            *_section("REST and OAuth", ("Method", "Path", "Rules", "State", "Note"), _endpoints()),
            *_section("SOAP", ("Operation",), ((name,) for name in OPERATIONS)),
            *_section("SOQL", ("Part", "State", "Example", "Note"), _soql()),
            *_section(
                "Pub/Sub API and change data capture", ("What", "Rules", "State", "Note"), EVENTS_COVERAGE
            ),
            *_section("Refusals of the Pub/Sub API", ("Status", "Code", "Message"), _reasons()),
            *_section(
                "Open questions", ("Switch", "Rule", "Question", "Answers; the first holds"), _switches()
            ),
            *_section("Error codes", ("Code", "When"), ERROR_CODES.items()),
            "",
        ]
    )


def _section(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return ["", f"## {title}", "", _row(heads), _row(["---"] * len(heads)), *map(_row, rows)]


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _endpoints() -> Iterable[Sequence[str]]:
    for each in ENDPOINTS:
        since = f"Since {each.since}.0. " if each.since else ""
        path = re.sub(r":\w+}", "}", each.path)
        yield each.method, f"`{path}`", each.rules, each.state, f"{since}{each.note}".strip()


def _soql() -> Iterable[Sequence[str]]:
    return ((part.name, part.state, f"`{part.example}`", part.note) for part in SOQL_COVERAGE)


def _reasons() -> Iterable[Sequence[str]]:
    for each in REASONS.values():
        yield each.status, f"`{each.code}`" + ("" if each.verified else " (not verified)"), each.message


def _switches() -> Iterable[Sequence[str]]:
    return (
        (f"`{each.name}`", each.rule, each.question, ", ".join(map(_answer, each.answers)))
        for each in SWITCHES
    )


def _answer(answer: object) -> str:
    return {True: "yes", False: "no"}[answer] if isinstance(answer, bool) else str(answer)
