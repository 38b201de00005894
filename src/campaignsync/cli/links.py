"""campaigns, link, labels, unlink, policy: pairing programs with campaigns."""

from __future__ import annotations

from typing import Annotated

import typer

from campaignsync.cli.output import answer, print_json, print_table, progress, say, show
from campaignsync.cli.plans import print_plan
from campaignsync.cli.session import AsJson, ConnectionName, ProgramName, opened
from campaignsync.domain.errors import UsageError
from campaignsync.domain.labels import LabelChanges, parsed
from campaignsync.domain.links import Approval, FieldEdit, Removal, StepBack, Winner
from campaignsync.planner.explain import as_json as as_plan_json
from campaignsync.planner.explain import summary
from campaignsync.runtime.cycle import look
from campaignsync.runtime.linking import ExistingCampaign, Linking, Preview, require_campaign_sync
from campaignsync.runtime.rounds import plan_now


def add_to(app: typer.Typer) -> None:
    """Give the application these commands."""
    for command in (campaigns, link, labels, unlink, policy):
        app.command()(command)


Map = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="LABEL=STATUS",
        help="A label of the campaign means a status of the channel; once for each.",
    ),
]
CreateStatuses = Annotated[
    bool,
    typer.Option("--create-statuses", help="Create in Salesforce the statuses that the campaign lacks."),
]


def campaigns(
    context: typer.Context,
    everything: Annotated[
        bool,
        typer.Option(
            "--all", help="Those too that the filter of the mirror leaves out; see: campaignsync mirror"
        ),
    ] = False,
    connection: ConnectionName = None,
    as_json: AsJson = False,
) -> None:
    """List the campaigns that the sync user sees, as they are now."""
    with opened(context) as app:
        chosen = app.registry.connection(connection)
        require_campaign_sync(chosen)
        with progress("reading") as tell:
            look(app.door(chosen), app.ledger, chosen.connection_id, tell)
        rows = app.registry.campaigns(chosen.connection_id, outside=everything)
        for row in rows:
            # Nobody knows how many are in a campaign that is not mirrored.
            row["members"] = row["members"] if row["mirrored"] else None
    headings = {"id": "ID", "name": "CAMPAIGN", "type": "TYPE", "is_active": "ACTIVE", "members": "MEMBERS"}
    headings |= {"mirrored": "MIRRORED"} if everything else {}
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
    create_statuses: CreateStatuses = False,
    map_: Map = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what fits and the plan it would begin with; link nothing.")
    ] = False,
    csv: Annotated[
        bool, typer.Option("--csv", help="With --dry-run, print the members of the plan as CSV.")
    ] = False,
    connection: ConnectionName = None,
    as_json: AsJson = False,
) -> None:
    """Link a program with a campaign. Nothing is synced yet: read the plan first."""
    if (campaign is None) == (create is None):
        raise UsageError("Say which: --campaign ID for one that exists, or --create NAME for a new one.")
    mapped = tuple(parsed(text) for text in map_ or ())
    wish = ExistingCampaign(
        program=name, campaign=campaign or "", create_statuses=create_statuses, mapped=mapped
    )
    with opened(context) as app, progress("reading") as tell:
        chosen = app.registry.connection(connection)
        door = app.door(chosen)
        linking = Linking(registry=app.registry, ledger=app.ledger, door=door, connection=chosen, tell=tell)
        if dry_run:
            seen = linking.preview_existing(wish) if create is None else linking.preview_new(name, create)
            _print_preview(seen, csv=csv, as_json=as_json)
            return
        made = linking.existing(wish) if create is None else linking.new(name, create)
        planned = plan_now(door, app.ledger, chosen, made, tell)
        facts, counts = planned.facts, planned.plan.counts
        warning = linking.labels_of(facts).account(f'campaignsync labels "{name}"')
    said = (
        f"Program '{name}' is linked with campaign '{facts.campaign}' ({facts.campaign_id}).\n"
        + (f"Not all labels fit:\n{warning}\n" if warning else "")
        + f"{summary(planned.plan)}\n"
        f'Read the plan with: campaignsync plan "{name}"; carry it out with: campaignsync sync "{name}"'
    )
    value = {
        "program": facts.program,
        "campaign_id": facts.campaign_id,
        "campaign": facts.campaign,
        "warning": warning,
        "plan": counts,
    }
    answer(value, said, as_json=as_json)


def _print_preview(preview: Preview, *, csv: bool, as_json: bool) -> None:
    labels, planned = preview.labels, preview.planned
    if as_json:
        plan = {**as_plan_json(planned.plan), "halted": planned.halt}
        print_json({"fits": labels.fit.fits, **labels.value(), "plan": plan})
        return
    if not csv:
        account = labels.account(f'campaignsync link "{labels.program}" --campaign {labels.campaign_id}')
        verdict = "The labels fit." if labels.fit.fits else "This would be refused, since labels do not fit."
        say("\n".join(filter(None, (verdict, account))))
    print_plan(planned.plan, csv=csv, json=False, halt=planned.halt)


def labels(
    context: typer.Context,
    name: ProgramName,
    map_: Map = None,
    unmap: Annotated[
        list[str] | None, typer.Option(metavar="LABEL", help="A label is mapped no more; once for each.")
    ] = None,
    write: Annotated[
        list[str] | None,
        typer.Option(metavar="LABEL", help="Of several labels of one status, the one that is written."),
    ] = None,
    create_statuses: CreateStatuses = False,
    connection: ConnectionName = None,
    as_json: AsJson = False,
) -> None:
    """Show what the labels of a linked campaign mean and who carries them, as they are now; or change what they mean."""
    changes = LabelChanges(
        mapped=tuple(parsed(text) for text in map_ or ()),
        unmapped=tuple(unmap or ()),
        written=tuple(write or ()),
    )
    with opened(context) as app:
        link_id, org = app.registry.link_of(name, connection)
        linking = Linking(registry=app.registry, ledger=app.ledger, door=app.door(org), connection=org)
        found = linking.change_labels(link_id, changes, create_statuses=create_statuses)
    account = found.account(f'campaignsync labels "{name}"')
    if as_json:
        print_json({"program": found.program, "campaign_id": found.campaign_id, **found.value()})
        return
    headings = {"label": "LABEL", "status": "MEANS", "members": "MEMBERS", "written": "WRITTEN"}
    headings |= {"offered": "OFFERED", "is_default": "DEFAULT", "has_responded": "RESPONDED"}
    print_table(found.rows(), headings, empty="The campaign has no label.")
    say(account or "Everything fits.")


def unlink(
    context: typer.Context, name: ProgramName, connection: ConnectionName = None, as_json: AsJson = False
) -> None:
    """End a link. Both lists stay as they are."""
    with opened(context) as app:
        link_id, _ = app.registry.link_of(name, connection)
        campaign_id = app.ledger.link(link_id).campaign_id
        app.registry.unlink(link_id)
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
    approval: Annotated[
        Approval | None,
        typer.Option(help="Whether a person has to approve each plan before it is carried out."),
    ] = None,
    connection: ConnectionName = None,
    as_json: AsJson = False,
) -> None:
    """Choose how a link decides; without options it shows what is chosen."""
    given = {
        "winner": winner,
        "step_back": step_back,
        "removed_in_program": removed_in_program,
        "removed_in_campaign": removed_in_campaign,
        "field_edit": field_edit,
        "approval": approval,
    }
    with opened(context) as app:
        link_id, _ = app.registry.link_of(name, connection)
        chosen = {key: value.value for key, value in given.items() if value is not None}
        if chosen:
            app.registry.set_policy(link_id, chosen)
        now = app.ledger.link(link_id).policy
    said = "\n".join(f"{key.replace('_', '-')}: {getattr(now, key)}" for key in given)
    answer({key: str(getattr(now, key)) for key in given}, said, as_json=as_json)
