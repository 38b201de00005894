"""What pages set going: a sync, a plan, an undo. Each is an errand, since Salesforce takes its time."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaignsync.bootstrap import Application
from campaignsync.domain.access import Action
from campaignsync.domain.connections import Connection
from campaignsync.domain.errors import CampaignsyncError, UsageError
from campaignsync.domain.ids import LinkId, RunId
from campaignsync.planner.plan import Plan
from campaignsync.runtime.cycle import Planned
from campaignsync.runtime.flow_runner import run_flows
from campaignsync.runtime.notices import delivered
from campaignsync.runtime.rounds import Round, plan_now, run_round
from campaignsync.runtime.undo import Undo
from campaignsync.store.models import Link, Program
from campaignsync.web.access import requires
from campaignsync.web.errands import Errand, Tell, errands, follow, outcome_of
from campaignsync.web.installation import installation
from campaignsync.web.paging import whole
from campaignsync.web.programs.one import program_of


def link_of(program: Program, number: str | int) -> tuple[LinkId, Connection]:
    """A link of a program and its connection; 404 when there is none."""
    row = Link.objects.filter(program=program, pk=whole(str(number))).select_related("connection").first()
    if row is None:
        raise Http404
    return LinkId(row.pk), installation().registry.connection(row.connection.name)


@requires(Action.SYNC)
def sync_program(request: HttpRequest, number: int) -> HttpResponse:
    """Sync a link of a program; with `digest`, the plan that was read, or nothing."""
    row = program_of(request, number, Action.SYNC)
    link, org = link_of(row, request.POST.get("link", ""))
    app, only = installation(), request.POST.get("digest") or None

    def work(tell: Tell) -> Round:
        with delivered(app.outbox, app.outlets):
            done = run_round(app.door(org), app.ledger, org, links=[link], only=only, tell=tell)
            _flow(app)
            return done

    back = reverse("program", args=[number])
    title = _("Syncing '%(name)s'") % {"name": row.name}
    return follow(
        errands.begin(title, request.user.get_username(), work, lambda errand: back, said=_told, back=back)
    )


@requires(Action.SYNC_ALL)
def sync_all(request: HttpRequest) -> HttpResponse:
    """Sync all links of all orgs whose switch is on; one org out of reach keeps no other from its round."""
    app = installation()
    orgs = [each for each in app.registry.connections() if each.campaign_sync]
    if not orgs:
        raise UsageError(_("No connection has its campaign sync switched on: see Settings."))

    def work(tell: Tell) -> list[Round]:
        done, failures = [], []
        with delivered(app.outbox, app.outlets):
            for org in orgs:
                try:
                    done.append(run_round(app.door(org), app.ledger, org, tell=tell))
                except CampaignsyncError as error:
                    failures.append(f"{org.name}: {error}")
            _flow(app)
        if failures:
            raise UsageError("\n".join(failures))
        return done

    home = reverse("home")
    return follow(
        errands.begin(
            _("Syncing all links"),
            request.user.get_username(),
            work,
            lambda errand: home,
            said=_told,
            back=home,
        )
    )


def _flow(app: Application) -> None:
    """What has changed may fire smart campaigns."""
    if app.smart_campaigns.list():
        run_flows(app.flow_doors)


def _told(errand: Errand) -> str:
    """What a round, or several, came to."""
    rounds: list[Round] = errand.outcome if isinstance(errand.outcome, list) else [errand.outcome]
    reports = [report for each in rounds for report in each.reports]
    halted = [report for report in reports if report.halted]
    here, there = sum(r.program_changes for r in reports), sum(r.campaign_changes for r in reports)
    said = _("Synced: %(here)s changes here, %(there)s in Salesforce.") % {"here": here, "there": there}
    refused, conflicts = sum(r.refused for r in reports), sum(r.conflicts for r in reports)
    if refused or conflicts:
        said += " " + _("%(refused)s refused, %(conflicts)s conflicts.") % {
            "refused": refused,
            "conflicts": conflicts,
        }
    if halted:
        said += " " + ngettext(
            "%(n)s link did not run: %(why)s", "%(n)s links did not run: %(why)s", len(halted)
        ) % {
            "n": len(halted),
            "why": halted[0].halted,
        }
    return said


@requires(Action.PLAN)
def plan_begin(request: HttpRequest, number: int) -> HttpResponse:
    """Plan a link as the world is now, without doing it."""
    row = program_of(request, number, Action.PLAN)
    link, org = link_of(row, request.POST.get("link", ""))
    app = installation()

    def work(tell: Tell) -> Planned:
        return plan_now(app.door(org), app.ledger, org, link)

    def address(errand: Errand) -> str:
        return f"{reverse('plan', args=[number, link])}?errand={errand.number}"

    title = _("Planning '%(name)s'") % {"name": row.name}
    back = reverse("program", args=[number])
    return follow(errands.begin(title, request.user.get_username(), work, address, back=back))


def _undo(run: int) -> Undo:
    app = installation()
    link, org = app.registry.link_of_run(RunId(run))
    return Undo(door=app.door(org), ledger=app.ledger, connection=org, link=link, run=RunId(run))


def program_of_run(request: HttpRequest, run: int, action: Action) -> Program:
    """The program that a run was about, if this may be done there."""
    row = Link.objects.filter(runs=run).values_list("program_id", flat=True).first()
    if row is None:
        raise Http404
    return program_of(request, row, action)


@requires(Action.UNDO)
def undo_begin(request: HttpRequest, number: int) -> HttpResponse:
    """Plan the inverse of a run."""
    program_of_run(request, number, Action.UNDO)

    def work(tell: Tell) -> Plan:
        return _undo(number).plan()

    def address(errand: Errand) -> str:
        return f"{reverse('undo', args=[number])}?errand={errand.number}"

    title = _("Planning the undo of run %(run)s") % {"run": number}
    back = reverse("run", args=[number])
    return follow(errands.begin(title, request.user.get_username(), work, address, back=back))


@requires(Action.UNDO)
def undo_carry_out(request: HttpRequest, number: int) -> HttpResponse:
    """Take a run back, exactly as it was read."""
    row = program_of_run(request, number, Action.UNDO)
    plan = outcome_of(request, Plan)
    digest = request.POST.get("digest", "")
    if plan is None or plan.digest() != digest:
        raise UsageError(_("Read the undo first: it is not remembered any more."))
    home = reverse("program", args=[row.pk])

    def work(tell: Tell) -> object:
        return _undo(number).carry_out(digest, tell)

    def said(errand: Errand) -> str:
        return _("Run %(run)s is taken back. The link waits until you let it go on.") % {"run": number}

    title = _("Taking back run %(run)s") % {"run": number}
    return follow(
        errands.begin(title, request.user.get_username(), work, lambda errand: home, said=said, back=home)
    )
