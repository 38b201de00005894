"""Plans that wait for a person, where a link asks for approval: the list, reading one, and deciding it."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from campaignsync.domain.access import Action
from campaignsync.domain.approvals import PlanDecision
from campaignsync.domain.errors import NOT_THERE, UsageError
from campaignsync.store.approvals import LONGEST_NOTE
from campaignsync.store.models import WaitingPlan
from campaignsync.web.access import may, requires, seen_folders
from campaignsync.web.errand_pages import begin
from campaignsync.web.installation import installation
from campaignsync.web.paging import listed, sliced
from campaignsync.web.plans import csv_of, plan_context
from campaignsync.web.programs.one import program_of
from campaignsync.web.runs.doing import link_of


def waits_for_approval(link: int, digest: str) -> bool:
    """Whether this plan is the one that waits for approval."""
    return WaitingPlan.objects.filter(link_id=link, digest=digest, link__approval="each plan").exists()


@requires(Action.SEE_LINKS)
def approvals(request: HttpRequest) -> HttpResponse:
    """All plans that wait, the oldest first."""
    waiting = installation().approvals.waiting(seen_folders(request, Action.SEE_LINKS))
    context = {"title": _("Approvals"), "listed": listed(request, sliced(waiting, "link"), "link")}
    return render(request, "web/runs/approvals.html", context)


@requires(Action.PLAN, post=Action.APPROVE)
def approval(request: HttpRequest, number: int, link: int) -> HttpResponse:
    """The plan of a link that waits: read it, then approve or decline exactly this one."""
    action = Action.APPROVE if request.method == "POST" else Action.PLAN
    program = program_of(request, number, action)
    link_id, org = link_of(program, link)
    app = installation()
    if request.method == "POST":
        decision = _decision(request.POST.get("decision", ""))
        app.approvals.decide(
            link_id,
            request.POST.get("digest", ""),
            decision,
            who=request.user.get_username(),
            note=request.POST.get("note", ""),
        )
        if decision is PlanDecision.APPROVED:
            return begin(request, "sync", {"program": program.name, "connection": org.name}, program.folder)
        messages.success(request, _("Declined: nothing of this plan is done."))
        return redirect("approval", number=number, link=link)
    try:
        plan = app.approvals.plan(link_id)
    except UsageError as error:
        if error.code != NOT_THERE:
            raise
        return render(
            request,
            "web/runs/forgotten.html",
            {"title": _("Approval"), "program": program, "link": link, "none_waits": True},
        )
    if "csv" in request.GET:
        return csv_of(plan.rows)
    known = next(each for each in app.approvals.waiting(None, program=program.name) if each["link"] == link)
    context = {
        "title": _("Approve the plan for '%(name)s'") % {"name": program.name},
        "program": program,
        "link": link,
        "approval": known,
        "longest_note": LONGEST_NOTE,
        "may_approve": may(request, Action.APPROVE, program.folder),
        **plan_context(request, plan.told, plan.rows),
    }
    return render(request, "web/runs/plan.html", context)


def _decision(text: str) -> PlanDecision:
    try:
        return PlanDecision(text)
    except ValueError:
        raise Http404 from None
