"""approvals, approve, decline: plans of links that ask a person first (policy --approval "each plan")."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import polars as pl
import typer

from campaignsync.bootstrap import Application
from campaignsync.cli.output import answer, print_json, say, show
from campaignsync.cli.session import AnyProgram, AsJson, ConnectionName, ProgramName, opened, who
from campaignsync.domain.approvals import PlanDecision
from campaignsync.domain.errors import UsageError
from campaignsync.domain.ids import LinkId
from campaignsync.planner.explain import safe_csv, searched

_HEADINGS = {
    "program": "PROGRAM",
    "connection": "IN",
    "digest": "DIGEST",
    "made_at": "MADE",
    "summary": "PLAN",
}
_HEADINGS |= {"decision": "DECIDED", "decided_by": "BY"}
_ROWS = {"email": "WHO", "verdict": "WHERE", "program": "HERE", "campaign": "THERE", "becomes": "BECOMES"}
_ROWS |= {"reason": "WHY"}

_DECISIONS = {
    "approve": (
        PlanDecision.APPROVED,
        "Approve exactly the plan that was read: the next round carries it out, if it still is the same.",
    ),
    "decline": (
        PlanDecision.DECLINED,
        "Decline the plan that was read: nothing of it is done, and what comes next is asked about anew.",
    ),
}
Digest = Annotated[
    str,
    typer.Argument(
        metavar="DIGEST", help="The plan that was read: its digest, or the first 8 digits or more."
    ),
]
Note = Annotated[str, typer.Option("--note", help="A word for the audit log.")]


def add_to(app: typer.Typer) -> None:
    """Give the application these commands."""
    app.command()(approvals)
    for name, (decision, help_) in _DECISIONS.items():
        app.command(name, help=help_)(_deciding(decision))


def approvals(
    context: typer.Context,
    name: AnyProgram = None,
    side: Annotated[
        str | None, typer.Option("--where", help="Only rows of one kind, such as 'to campaign'.")
    ] = None,
    search: Annotated[str, typer.Option("--search", help="Part of an address or a name.")] = "",
    csv: Annotated[bool, typer.Option("--csv", help="Print the rows of a program's plan as CSV.")] = False,
    connection: ConnectionName = None,
    as_json: AsJson = False,
) -> None:
    """List the plans that wait for approval; of a program, every row of its plan."""
    with opened(context) as app:
        if name is None:
            show(app.approvals.waiting(None), _HEADINGS, empty="No plan waits for approval.", as_json=as_json)
            return
        link, _ = app.registry.link_of(name, connection)
        plan = app.approvals.plan(link)
    rows = searched(plan.rows, search)
    rows = rows if side is None else rows.filter(pl.col("verdict") == side)
    if as_json:
        print_json({**plan.told, "members": rows.to_dicts()})
    elif csv:
        typer.echo(safe_csv(rows), nl=False)
    else:
        show(rows.to_dicts(), _ROWS, empty="No row of the plan fits.", as_json=False)
        say(
            f'{plan.told["summary"]}\nDigest {plan.digest}\nApprove it with: campaignsync approve "{name}" {plan.digest[:12]}'
        )


def _deciding(decision: PlanDecision) -> Callable[..., None]:
    """The command that says this of a plan."""

    def decide(
        context: typer.Context,
        name: ProgramName,
        digest: Digest,
        note: Note = "",
        connection: ConnectionName = None,
        as_json: AsJson = False,
    ) -> None:
        with opened(context) as app:
            whole = app.approvals.decide(_link(app, name, connection), digest, decision, who=who(), note=note)
        more = f' The next round carries it out: campaignsync sync "{name}"'
        told = {"program": name, "digest": whole, "decision": decision.value}
        said = f"Plan {whole[:12]} of '{name}' is {decision}."
        answer(told, said + more * (decision is PlanDecision.APPROVED), as_json=as_json)

    return decide


def _link(app: Application, name: str, connection: str | None) -> LinkId:
    link, _ = app.registry.link_of(name, connection)
    if app.ledger.link(link).policy.approval == "none":
        raise UsageError(
            f"The link of '{name}' asks for no approval. Have it ask with:"
            f' campaignsync policy "{name}" --approval "each plan"'
        )
    return link
