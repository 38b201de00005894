"""Every kind of errand: what is asked of `runtime` for it, and what is told of its end. Read by `web.errands` at the first
request.

`asked` holds plain JSON values, named as the request of the API names them; `who` is who asked. What may be done was settled
when the errand was asked for. `errand` is its own number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from campaignsync.bootstrap import Application
from campaignsync.domain.errors import CampaignsyncError
from campaignsync.domain.fields import remapped
from campaignsync.domain.ids import LinkId, RunId
from campaignsync.domain.labels import LabelChanges, LabelMapping
from campaignsync.domain.links import Approval
from campaignsync.domain.member_fields import field_named
from campaignsync.domain.runs import RunReport
from campaignsync.planner.explain import kept
from campaignsync.planner.plan import Plan
from campaignsync.runtime.approval import offered
from campaignsync.runtime.cycle import look
from campaignsync.runtime.flow_runner import run_flows
from campaignsync.runtime.lead_rules import changed_rules
from campaignsync.runtime.linking import ExistingCampaign, Linking, require_campaign_sync
from campaignsync.runtime.member_fields import mapping_of
from campaignsync.runtime.notices import delivered
from campaignsync.runtime.one_person import delete_there, sync_person
from campaignsync.runtime.progress import Tell
from campaignsync.runtime.rounds import Round, plan_now
from campaignsync.runtime.undo import Undo
from campaignsync.store.shown.programs import MemberFilter, member_emails
from campaignsync.web.errands import KINDS, Done, kind

Asked = Mapping[str, Any]


@kind("plan")
def plan(app: Application, asked: Asked, tell: Tell) -> Done:
    """The plan of a link as the world is now: program, connection. Where the link asks for approval,
    it waits for that from now on."""
    link, connection = app.registry.link_of(asked["program"], asked.get("connection"))
    planned = plan_now(app.door(connection), app.ledger, connection, link)
    asks = planned.facts.policy.approval is not Approval.NONE and not planned.plan.writes_nothing
    if asks and not planned.halt:
        app.approvals.offer(link, offered(planned.plan))
    return _planned(planned.plan, planned.halt)


@kind("sync")
def sync(app: Application, asked: Asked, tell: Tell) -> Done:
    """Make both sides the same: of a program, of all that are linked in a connection, or without either of all there are; with
    `allow_removals` a link that was halted for them goes on once; with `digest` the plan that was read is carried out, or
    nothing; with `full` all of an org is read anew first. What has changed may fire smart campaigns."""
    with delivered(app.outbox, app.outlets):
        done = _of_program(app, asked, tell) if asked.get("program") else _of_orgs(app, asked, tell)
        if app.smart_campaigns.list():
            run_flows(app.flow_doors)
    return done


def _of_program(app: Application, asked: Asked, tell: Tell) -> Done:
    only = asked.get("digest")
    if only:
        chosen = [app.registry.link_of(asked["program"], asked.get("connection"))]
    else:
        chosen = app.registry.links_of(asked["program"], asked.get("connection"))
    rounds = []
    for link, org in chosen:
        if asked.get("allow_removals"):
            app.registry.resume(link)
        rounds.append(app.sync_now(org, links=[link], only=only, tell=tell))
    return _rounds(rounds)


def _of_orgs(app: Application, asked: Asked, tell: Tell) -> Done:
    """One org that is out of reach keeps no other from its round."""
    if asked.get("connection"):
        orgs = [app.registry.connection(asked["connection"])]
    else:
        orgs = [each for each in app.registry.connections() if each.campaign_sync]
    rounds, failures = [], list[tuple[str, CampaignsyncError]]()
    for org in orgs:
        if asked.get("full"):
            app.ledger.read_anew(org.connection_id)
        try:
            rounds.append(app.sync_now(org, tell=tell))
        except CampaignsyncError as error:
            failures.append((org.name, error))
    if failures and not rounds:
        raise failures[0][1]
    return _rounds(rounds, failures)


@kind("undo plan")
def undo_plan(app: Application, asked: Asked, tell: Tell) -> Done:
    """What taking back a run would do: run."""
    return _planned(_undo(app, asked).plan(), None)


@kind("undo")
def undo(app: Application, asked: Asked, tell: Tell) -> Done:
    """Take back a run, if its undo still is what was read: run, digest."""
    with delivered(app.outbox, app.outlets):
        report = _undo(app, asked).carry_out(asked["digest"], tell)
    return Done(result={"runs": [_run(report)], "api_calls": report.api_calls})


@kind("link preview")
def link_preview(app: Application, asked: Asked, tell: Tell) -> Done:
    """What a link would begin with: program, connection, campaign or create, create_statuses, mapped."""
    linking = _linking(app, asked["connection"])
    wish = _wish(asked)
    seen = (
        linking.preview_existing(wish)
        if wish.campaign
        else linking.preview_new(asked["program"], asked["create"])
    )
    planned = _planned(seen.planned.plan, seen.planned.halt)
    result = {
        "fits": seen.labels.fit.fits,
        **seen.labels.value(),
        "statuses": list(seen.labels.vocabulary.channel.names),
        "campaign": seen.planned.facts.campaign,
        "plan": planned.result,
    }
    return Done(result=result, table=planned.table)


@kind("link")
def link(app: Application, asked: Asked, tell: Tell) -> Done:
    """Link a program with a campaign: as `link preview`."""
    linking = _linking(app, asked["connection"])
    wish = _wish(asked)
    made = linking.existing(wish) if wish.campaign else linking.new(asked["program"], asked["create"])
    facts = app.ledger.link(made)
    result = {"program": facts.program, "campaign_id": facts.campaign_id, "campaign": facts.campaign}
    return Done(result=result | linking.labels_of(facts).value())


@kind("labels")
def labels(app: Application, asked: Asked, tell: Tell) -> Done:
    """What the labels of a linked campaign mean, after changes: program, connection, map, unmap, write, create_statuses."""
    made, connection = app.registry.link_of(asked["program"], asked.get("connection"))
    changes = LabelChanges(
        mapped=_mapped(asked.get("map")),
        unmapped=tuple(asked.get("unmap") or ()),
        written=tuple(asked.get("write") or ()),
    )
    linking = _linking(app, connection.name)
    found = linking.change_labels(made, changes, create_statuses=bool(asked.get("create_statuses")))
    return Done(result={"program": found.program, "campaign_id": found.campaign_id, **found.value()})


@kind("doctor")
def doctor(app: Application, asked: Asked, tell: Tell) -> Done:
    """What is well with a connection and what is not: connection."""
    findings = app.doctor(app.registry.connection(asked["connection"]))
    well = all(finding.well for finding in findings)
    return Done(result={"well": well, "findings": [asdict(finding) for finding in findings]})


@kind("look")
def look_at(app: Application, asked: Asked, tell: Tell) -> Done:
    """Look at an org, so that its campaigns are listed as they are now: connection."""
    connection = app.registry.connection(asked["connection"])
    require_campaign_sync(connection)
    look(app.door(connection), app.ledger, connection.connection_id, tell)
    return Done(result={"campaigns": len(app.registry.campaigns(connection.connection_id))})


@kind("map field")
def map_field(app: Application, asked: Asked, tell: Tell) -> Done:
    """Map a field of people: connection, field, and of lead, contact, direction, winner those that change."""
    connection = app.registry.connection(asked["connection"])
    choices = {
        name: asked[name]
        for name in ("lead", "contact", "direction", "winner")
        if asked.get(name) is not None
    }
    door = app.door(connection)
    objects = ("Lead", "Contact", "Account") if {"lead", "contact"} & choices.keys() else ()
    seen = {each: door.fields_of(each) for each in objects}
    known = app.registry.person_fields(connection.connection_id)
    field = remapped(known, asked["field"].strip(), choices, seen)
    app.registry.map_person_field(connection.connection_id, field)
    return Done(result=asdict(field))


@kind("lead rules")
def lead_rules(app: Application, asked: Asked, tell: Tell) -> Done:
    """How leads are made in an org: connection, and of the rules (`rules`) those that change."""
    connection = app.registry.connection(asked["connection"])
    rules = changed_rules(connection.leads, asked["rules"], app.door(connection))
    app.registry.set_lead_rules(connection.connection_id, rules)
    return Done(result=asdict(rules))


@kind("map member field")
def map_member_field(app: Application, asked: Asked, tell: Tell) -> Done:
    """Keep a field of members the same with one of CampaignMember: connection, name, salesforce_field."""
    connection = app.registry.connection(asked["connection"])
    org = connection.connection_id
    field = field_named(asked["name"], app.member_fields.list())
    seen = app.door(connection).fields_of("CampaignMember")
    mapping = mapping_of(field, asked["salesforce_field"], seen, app.member_fields.mappings(org))
    with app.ledger.alone(org):
        app.member_fields.map(org, mapping, who=asked["who"])
    return Done(result={"name": field.name, "salesforce_field": mapping.salesforce_field})


@kind("unmap member field")
def unmap_member_field(app: Application, asked: Asked, tell: Tell) -> Done:
    """Keep a field of members the same no more: connection, name."""
    org = app.registry.connection(asked["connection"]).connection_id
    with app.ledger.alone(org):
        app.member_fields.unmap(org, asked["name"], who=asked["who"])
    return Done(result={"name": asked["name"], "salesforce_field": None})


@kind("person sync")
def person_sync(app: Application, asked: Asked, tell: Tell) -> Done:
    """Make sure that an org knows somebody: person (their number), connection."""
    connection = app.registry.connection(asked["connection"])
    door = app.door(connection)
    found, record = sync_person(
        door, app.ledger, app.directory, connection, asked["person"], who=asked["who"]
    )
    return Done(result={"connection": connection.name, "kind": found, "salesforce_id": record})


@kind("person delete")
def person_delete(app: Application, asked: Asked, tell: Tell) -> Done:
    """Delete somebody here, and with `also_in_salesforce` in every org: person (their number)."""
    number, also = asked["person"], bool(asked.get("also_in_salesforce"))
    records = app.directory.records(number)
    orgs = [each for each in app.registry.connections() if each.connection_id in records]
    for org in orgs:
        delete_there(app.door(org), app.ledger, app.directory, org, number, also=also)
    app.directory.delete(number, who=asked["who"])
    return Done(result={"deleted": True, "deleted_in": [org.name for org in orgs if also]})


MOST_CHANGED = 5000
_TOLD_EVERY = 50


@kind("change members")
def change_members(app: Application, asked: Asked, tell: Tell) -> Done:
    """Change all members of a program that a filter means: program, number (its), search, status, success; to, override as in
    `changed_members`."""
    wanted = MemberFilter(search=asked["search"], status=asked["status"], success=asked["success"])
    return Done(
        result=changed_members(app, asked, member_emails(asked["number"], wanted, MOST_CHANGED), tell)
    )


def changed_members(
    app: Application, asked: Asked, emails: Sequence[str], tell: Tell | None = None
) -> dict[str, Any]:
    """Give members of `program` the status `to`, or take them out where that is empty, as `who`: how many were `changed`, and
    how many were `skipped` by reason (M2.3)."""
    changed, skipped = 0, dict[str, int]()
    for place, email in enumerate(emails):
        if tell and place % _TOLD_EVERY == 0:
            tell(place, len(emails), 0)
        try:
            if asked["to"]:
                app.members.set_status(
                    asked["program"], email, asked["to"], who=asked["who"], override=asked["override"]
                )
            else:
                app.members.remove(asked["program"], email, who=asked["who"])
            changed += 1
        except CampaignsyncError as error:
            reason = str(error).replace(email, "…")
            skipped[reason] = skipped.get(reason, 0) + 1
    return {"changed": changed, "skipped": skipped}


@kind("import")
def import_people(app: Application, asked: Asked, tell: Tell) -> Done:
    """Bring in the people of a file, which are the errand's table: program, update."""
    people = app.errands.table(asked["errand"])
    done = app.members.import_people(
        asked["program"], people, who=asked["who"], update=asked["update"], tell=tell
    )
    return Done(result=asdict(done))


@kind("smart run")
def smart_run(app: Application, asked: Asked, tell: Tell) -> Done:
    """Run a batch of a smart campaign, and do all that is due of all flows: smart_campaign."""
    with delivered(app.outbox, app.outlets):
        people = app.smart_campaigns.run(asked["smart_campaign"], who=asked["who"])
        report = run_flows(app.flow_doors, tell=tell)
    results = app.smart_campaigns.results(asked["smart_campaign"])
    return Done(result={"people": people, "failed": report.failures, "steps": list(results["steps"])})


def _planned(made: Plan, halt: str | None) -> Done:
    told, table = kept(made)
    return Done(result={**told, "halted": halt}, table=table)


def _rounds(rounds: list[Round], failures: Sequence[tuple[str, CampaignsyncError]] = ()) -> Done:
    runs = [_run(report) for each in rounds for report in each.reports]
    people = [{"connection": each.connection, **asdict(each.people)} for each in rounds]
    failed = [{"connection": name, "error": str(error)} for name, error in failures]
    calls = sum(each.api_calls for each in rounds)
    return Done(result={"runs": runs, "people": people, "failed": failed, "api_calls": calls})


def _run(report: RunReport) -> dict[str, Any]:
    return asdict(report)


def _undo(app: Application, asked: Asked) -> Undo:
    run = RunId(asked["run"])
    made, connection = app.registry.link_of_run(run)
    return Undo(
        door=app.door(connection), ledger=app.ledger, connection=connection, link=LinkId(made), run=run
    )


def _linking(app: Application, name: str | None) -> Linking:
    connection = app.registry.connection(name)
    return Linking(registry=app.registry, ledger=app.ledger, door=app.door(connection), connection=connection)


def _wish(asked: Asked) -> ExistingCampaign:
    return ExistingCampaign(
        program=asked["program"],
        campaign=asked.get("campaign") or "",
        create_statuses=bool(asked.get("create_statuses")),
        mapped=_mapped(asked.get("mapped")),
    )


def _mapped(pairs: Mapping[str, str] | None) -> tuple[LabelMapping, ...]:
    return tuple(LabelMapping(label=label, status=status) for label, status in (pairs or {}).items())


__all__ = ["KINDS"]
