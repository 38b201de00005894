"""Runs and plans as pages."""

from __future__ import annotations

from typing import Any

import polars as pl
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaignsync.domain.access import Action
from campaignsync.planner.decide import Verdict
from campaignsync.planner.explain import as_csv
from campaignsync.planner.plan import Plan, field_text
from campaignsync.runtime.cycle import Planned
from campaignsync.store.models import Program
from campaignsync.store.shown import programs as shown
from campaignsync.store.shown import work
from campaignsync.web.access import may, requires, seen_folders
from campaignsync.web.errands import outcome_of
from campaignsync.web.paging import PAGE, listed, whole
from campaignsync.web.programs.one import program_of
from campaignsync.web.runs.doing import link_of, program_of_run

SIDES = {
    Verdict.TO_PROGRAM.value: gettext_lazy("In the program"),
    Verdict.TO_CAMPAIGN.value: gettext_lazy("In the campaign"),
    Verdict.CONFLICT.value: gettext_lazy("Conflicts"),
    Verdict.HOLD.value: gettext_lazy("Waiting"),
    Verdict.AGREE.value: gettext_lazy("Equal already"),
    Verdict.NOTHING.value: gettext_lazy("Kept apart"),
}


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
    link_of(program, link)
    planned = outcome_of(request, Planned)
    if planned is None or planned.facts.link_id != link:
        return render(
            request, "web/runs/forgotten.html", {"title": _("Plan"), "program": program, "link": link}
        )
    if "csv" in request.GET:
        return _csv(planned.plan)
    context = {
        "title": _("Plan for '%(name)s'") % {"name": program.name},
        "program": program,
        "link": link,
        "halt": planned.halt,
        **plan_context(request, planned.plan),
    }
    return render(request, "web/runs/plan.html", context)


@requires(Action.UNDO)
def undo(request: HttpRequest, number: int) -> HttpResponse:
    """The inverse of a run, to be read before it is carried out."""
    program: Program = program_of_run(request, number, Action.UNDO)
    plan = outcome_of(request, Plan)
    if plan is None:
        return render(request, "web/runs/forgotten.html", {"title": _("Plan"), "program": program})
    if "csv" in request.GET:
        return _csv(plan)
    title = _("Take back run %(number)s") % {"number": number}
    context = {"title": title, "program": program, "undo": number, **plan_context(request, plan)}
    return render(request, "web/runs/plan.html", context)


def plan_context(request: HttpRequest, plan: Plan) -> dict[str, Any]:
    """What the page of a plan shows of it: the sums, and the rows that are asked for, a page of them."""
    side, search = request.GET.get("side", ""), request.GET.get("search", "").strip().lower()
    rows = plan.members
    counts = plan.counts
    if side in SIDES:
        rows = rows.filter(pl.col("verdict") == side)
    else:
        rows = rows.filter(~pl.col("verdict").is_in([Verdict.AGREE.value, Verdict.NOTHING.value]))
    if search:
        who = pl.concat_str("email", "name", separator=" ", ignore_nulls=True).str.to_lowercase()
        rows = rows.filter(who.str.contains(search, literal=True))
    start = whole(request.GET.get("after", ""))
    page = rows.slice(start, PAGE)
    return {
        "plan": plan,
        "digest": plan.digest(),
        "sides": [(value, word, counts[value]) for value, word in SIDES.items() if counts[value]],
        "side": side,
        "search": request.GET.get("search", ""),
        "fields": [
            {"name": c.name, "old": field_text(c.old), "new": field_text(c.new), "held": c.held}
            for c in plan.fields
        ],
        "rows": [{**row, "before": _before(row)} for row in page.to_dicts()],
        "found": rows.height,
        "next_start": start + PAGE if rows.height > start + PAGE else None,
        "start": start,
        "nothing": plan.writes_nothing,
    }


def _before(row: dict[str, Any]) -> Any:
    """Where somebody stands now on the side that would be changed."""
    return row["program"] if row["verdict"] == Verdict.TO_PROGRAM.value else row["campaign"]


def _csv(plan: Plan) -> HttpResponse:
    answer = HttpResponse(as_csv(plan), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="plan.csv"'
    return answer
