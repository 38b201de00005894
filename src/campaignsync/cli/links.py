"""campaigns, link, unlink, policy: pairing programs with campaigns."""

from __future__ import annotations

from typing import Annotated

import typer

from campaignsync.cli.output import answer, show
from campaignsync.cli.session import AsJson, ConnectionName, ProgramName, opened
from campaignsync.domain.errors import UsageError
from campaignsync.domain.links import FieldEdit, Removal, StepBack, Winner
from campaignsync.planner.explain import summary
from campaignsync.runtime.cycle import look
from campaignsync.runtime.linking import Linking, require_campaign_sync
from campaignsync.runtime.rounds import plan_now


def add_to(app: typer.Typer) -> None:
    """Give the application these commands."""
    for command in (campaigns, link, unlink, policy):
        app.command()(command)


def campaigns(context: typer.Context, connection: ConnectionName = None, as_json: AsJson = False) -> None:
    """List the campaigns that the sync user sees, as they are now."""
    with opened(context) as app:
        chosen = app.registry.connection(connection)
        require_campaign_sync(chosen)
        look(app.door(chosen), app.ledger, chosen.connection_id)
        rows = app.registry.campaigns(chosen.connection_id)
    headings = {"id": "ID", "name": "CAMPAIGN", "type": "TYPE", "is_active": "ACTIVE", "members": "MEMBERS"}
    headings |= {"program": "LINKED WITH"}
    show(
        rows, headings, empty="No campaigns are seen. Find out why with: campaignsync doctor", as_json=as_json
    )


def link(
    context: typer.Context,
    name: ProgramName,
    campaign: Annotated[
        str | None, typer.Option(help="The id of an existing campaign, beginning with 701.")
    ] = None,
    create: Annotated[str | None, typer.Option(help="The name of a campaign to create.")] = None,
    create_statuses: Annotated[
        bool,
        typer.Option("--create-statuses", help="Create in Salesforce the statuses that the campaign lacks."),
    ] = False,
    connection: ConnectionName = None,
    as_json: AsJson = False,
) -> None:
    """Link a program with a campaign. Nothing is synced yet: read the plan first."""
    if (campaign is None) == (create is None):
        raise UsageError("Say which: --campaign ID for one that exists, or --create NAME for a new one.")
    with opened(context) as app:
        chosen = app.registry.connection(connection)
        door = app.door(chosen)
        linking = Linking(registry=app.registry, ledger=app.ledger, door=door, connection=chosen)
        if create is not None:
            made = linking.new(name, create)
        elif campaign is not None:
            made = linking.existing(name, campaign, create_statuses=create_statuses)
        planned = plan_now(door, app.ledger, chosen, made)
    facts, counts = planned.facts, planned.plan.counts
    said = (
        f"Program '{name}' is linked with campaign '{facts.campaign}' ({facts.campaign_id}).\n{summary(planned.plan)}\n"
        f'Read the plan with: campaignsync plan "{name}"; carry it out with: campaignsync sync "{name}"'
    )
    value = {
        "program": facts.program,
        "campaign_id": facts.campaign_id,
        "campaign": facts.campaign,
        "plan": counts,
    }
    answer(value, said, as_json=as_json)


def unlink(context: typer.Context, name: ProgramName, as_json: AsJson = False) -> None:
    """End a link. Both lists stay as they are."""
    with opened(context) as app:
        campaign_id = app.registry.unlink(name)
    said = f"Program '{name}' and campaign {campaign_id} are linked no more; both keep their members."
    answer({"program": name, "campaign_id": campaign_id, "linked": False}, said, as_json=as_json)


def policy(
    context: typer.Context,
    name: ProgramName,
    winner: Annotated[Winner | None, typer.Option(help="Who wins when both sides changed.")] = None,
    step_back: Annotated[
        StepBack | None, typer.Option(help="What becomes of a step back made in Salesforce.")
    ] = None,
    removed_in_program: Annotated[
        Removal | None, typer.Option(help="What a removal here does there.")
    ] = None,
    removed_in_campaign: Annotated[
        Removal | None, typer.Option(help="What a removal there does here.")
    ] = None,
    field_edit: Annotated[
        FieldEdit | None, typer.Option(help="What becomes of a type or cost edited in Salesforce.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Choose how a link decides; without options it shows what is chosen."""
    given = {
        "winner": winner,
        "step_back": step_back,
        "removed_in_program": removed_in_program,
        "removed_in_campaign": removed_in_campaign,
        "field_edit": field_edit,
    }
    with opened(context) as app:
        link_id, _ = app.registry.link_of(name)
        chosen = {key: value.value for key, value in given.items() if value is not None}
        if chosen:
            app.registry.set_policy(link_id, chosen)
        now = app.ledger.link(link_id).policy
    said = "\n".join(f"{key.replace('_', '-')}: {getattr(now, key)}" for key in given)
    answer({key: str(getattr(now, key)) for key in given}, said, as_json=as_json)
