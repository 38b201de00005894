"""Runs and plans as pages."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from campaignsync.domain.access import Action
from campaignsync.store.shown import programs as shown
from campaignsync.store.shown import work
from campaignsync.web.access import may, requires, seen_folders
from campaignsync.web.errand_pages import outcome
from campaignsync.web.paging import listed, whole
from campaignsync.web.plans import csv_of, plan_context, table_of
from campaignsync.web.programs.one import program_of
from campaignsync.web.runs.approving import waits_for_approval
from campaignsync.web.runs.doing import link_of, program_of_run


@requires(Action.SEE_RUNS)
def runs(request: HttpRequest) -> HttpResponse:
    """All runs, or those of a program, the latest first."""
    number = whole(request.GET.get("program", "")) or None
    program = program_of(request, number, Action.SEE_RUNS) if number else None
    folders = seen_folders(request, Action.SEE_RUNS)
    page = listed(
        request,
        lambda after, limit: work.runs(
            program=number, before=whole(after) or None, limit=limit, folders=folders
        ),
        "run",
    )
    context = {"title": _("Runs"), "listed": page, "runs": page.rows, "program": program}
    return render(request, "web/runs/list.html", context)


@requires(Action.SEE_RUNS)
def run(request: HttpRequest, number: int) -> HttpResponse:
    """One run: what came of it, what it did, and taking it back."""
    row = work.run(number)
    if row is None or row["run"] != number:
        raise Http404
    program = program_of_run(request, number, Action.SEE_RUNS)
    page = listed(
        request,
        lambda after, limit: shown.journal({"run": number}, before=whole(after) or None, limit=limit),
        "id",
    )
    context = {
        "title": _("Run %(number)s") % {"number": number},
        "run": row,
        "program": program,
        "listed": page,
        "may_undo": may(request, Action.UNDO, program.folder),
    }
    return render(request, "web/runs/one.html", context)


@requires(Action.PLAN)
def plan(request: HttpRequest, number: int, link: int) -> HttpResponse:
    """A plan that was made: who, which side, from, to, why."""
    program = program_of(request, number, Action.PLAN)
    _link, org = link_of(program, link)
    made = outcome(request, "plan")
    if made is None or made["result"]["program"] != program.name or made["result"]["connection"] != org.name:
        return render(
            request, "web/runs/forgotten.html", {"title": _("Plan"), "program": program, "link": link}
        )
    rows, told = table_of(made), made["result"]
    if "csv" in request.GET:
        return csv_of(rows)
    context = {
        "title": _("Plan for '%(name)s'") % {"name": program.name},
        "program": program,
        "link": link,
        "halt": told["halted"],
        "asks": waits_for_approval(link, told["digest"]),
        "may_approve": may(request, Action.APPROVE, program.folder),
        **plan_context(request, told, rows),
    }
    return render(request, "web/runs/plan.html", context)


@requires(Action.UNDO)
def undo(request: HttpRequest, number: int) -> HttpResponse:
    """The inverse of a run, to be read before it is carried out."""
    program = program_of_run(request, number, Action.UNDO)
    made = outcome(request, "undo plan")
    if made is None or made["asked"]["run"] != number:
        return render(request, "web/runs/forgotten.html", {"title": _("Plan"), "program": program})
    rows = table_of(made)
    if "csv" in request.GET:
        return csv_of(rows)
    title = _("Take back run %(number)s") % {"number": number}
    context = {
        "title": title,
        "program": program,
        "undo": number,
        **plan_context(request, made["result"], rows),
    }
    return render(request, "web/runs/plan.html", context)
