"""What pages set going: a sync, a plan, an undo. Each is an errand, since Salesforce takes its time."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from campaignsync.domain.access import Action
from campaignsync.domain.connections import Connection
from campaignsync.domain.errors import UsageError
from campaignsync.domain.ids import LinkId
from campaignsync.store.models import Link, Program, Run
from campaignsync.web.access import requires
from campaignsync.web.errand_pages import begin, outcome
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
    _link, org = link_of(row, request.POST.get("link", ""))
    asked = {"program": row.name, "connection": org.name}
    if only := request.POST.get("digest"):
        asked["digest"] = only
    return begin(request, "sync", asked, row.folder)


@requires(Action.SYNC_ALL)
def sync_all(request: HttpRequest) -> HttpResponse:
    """Sync all links of all orgs whose switch is on."""
    if not any(each.campaign_sync for each in installation().registry.connections()):
        raise UsageError(_("No connection has its campaign sync switched on: see Settings."))
    return begin(request, "sync", {})


@requires(Action.PLAN)
def plan_begin(request: HttpRequest, number: int) -> HttpResponse:
    """Plan a link as the world is now, without doing it."""
    row = program_of(request, number, Action.PLAN)
    _link, org = link_of(row, request.POST.get("link", ""))
    return begin(request, "plan", {"program": row.name, "connection": org.name}, row.folder)


def program_of_run(request: HttpRequest, run: int, action: Action) -> Program:
    """The program that a run was about, if this may be done there."""
    row = Run.objects.filter(pk=run).values_list("program_id", flat=True).first()
    if row is None:
        raise Http404
    return program_of(request, row, action)


@requires(Action.UNDO)
def undo_begin(request: HttpRequest, number: int) -> HttpResponse:
    """Plan the inverse of a run."""
    row = program_of_run(request, number, Action.UNDO)
    return begin(request, "undo plan", {"run": number}, row.folder)


@requires(Action.UNDO)
def undo_carry_out(request: HttpRequest, number: int) -> HttpResponse:
    """Take a run back, exactly as it was read."""
    row = program_of_run(request, number, Action.UNDO)
    read, digest = outcome(request, "undo plan"), request.POST.get("digest", "")
    if read is None or read["asked"]["run"] != number or read["result"]["digest"] != digest:
        raise UsageError(_("Read the undo first: it is not remembered any more."))
    return begin(request, "undo", {"run": number, "digest": digest}, row.folder)
