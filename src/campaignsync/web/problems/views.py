"""Problems by cause and conflicts side by side, and what a person does about them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaignsync.domain.access import Action
from campaignsync.domain.errors import UsageError
from campaignsync.domain.ids import ConnectionId, LinkId
from campaignsync.domain.links import Winner
from campaignsync.domain.problems import ProblemFilter
from campaignsync.planner.explain import safe_csv
from campaignsync.runtime.conflicts import resolve
from campaignsync.store.models import Link, Problem
from campaignsync.store.shown import work
from campaignsync.web.access import may, requires, rights_of, seen_folders
from campaignsync.web.installation import installation
from campaignsync.web.paging import listed, whole
from campaignsync.web.problems.advice import advice, heading
from campaignsync.web.programs.one import program_of


@requires(Action.SEE_PROBLEMS)
def problems(request: HttpRequest) -> HttpResponse:
    """Open problems by cause."""
    folders = seen_folders(request, Action.SEE_PROBLEMS)
    number = whole(request.GET.get("program", "")) or None
    program = program_of(request, number, Action.SEE_PROBLEMS) if number else None
    groups = work.problem_groups(folders=folders, program=number)
    context = {
        "title": _("Problems"),
        "groups": [
            {**group, "advice": advice(group["code"]), "heading": heading(group["code"])} for group in groups
        ],
        "program": program,
        "may_settle": may(request, Action.SETTLE_PROBLEMS),
    }
    return render(request, "web/problems/list.html", context)


@requires(Action.SEE_PROBLEMS)
def group(request: HttpRequest, connection: int, code: str) -> HttpResponse:
    """The problems of one cause in one org."""
    folders = seen_folders(request, Action.SEE_PROBLEMS)
    page = listed(
        request,
        lambda after, limit: work.problems(
            code=code, connection=connection, after=whole(after), limit=limit, folders=folders
        ),
        "id",
    )
    context = {
        "title": heading(code),
        "heading": heading(code),
        "code": code,
        "connection": connection,
        "listed": page,
        "advice": advice(code),
        "may_settle": may(request, Action.SETTLE_PROBLEMS),
    }
    return render(request, "web/problems/group.html", context)


@requires(Action.SETTLE_PROBLEMS)
def retry(request: HttpRequest) -> HttpResponse:
    """Have what was refused tried again: all of a cause, all of everything, or one."""
    one = whole(request.POST.get("problem", ""))
    wanted = _one(request, one) if one else _all(request)
    done = installation().views.retry_problems(None, wanted)
    said = ngettext("%(n)s will be tried at the next sync.", "%(n)s will be tried at the next sync.", done)
    messages.success(request, said % {"n": done})
    back = request.POST.get("back", "")
    return redirect(back if _ours(back) else "problems")


def _one(request: HttpRequest, number: int) -> ProblemFilter:
    """One problem, where whoever asks may have it tried again."""
    row = Problem.objects.select_related("link__program").filter(pk=number, solved_at=None).first()
    if row is None:
        raise UsageError(_("This problem is not there any more."))
    folder = row.link.program.folder if row.link else None
    rights_of(request).require(Action.SETTLE_PROBLEMS, folder)
    return ProblemFilter(number=number)


def _all(request: HttpRequest) -> ProblemFilter:
    """All problems, or those of a cause, in the folders of whoever asks."""
    org = whole(request.POST.get("connection", ""))
    return ProblemFilter(
        connection=ConnectionId(org) if org else None,
        code=request.POST.get("code") or None,
        folders=_folders(request, Action.SETTLE_PROBLEMS),
    )


def _folders(request: HttpRequest, action: Action) -> tuple[str, ...] | None:
    """The folders in which somebody may do this; None: everywhere."""
    folders = seen_folders(request, action)
    return None if folders is None else tuple(folders)


def _ours(address: str) -> bool:
    """Whether an address stays on these pages."""
    return address.startswith("/") and not address.startswith(("//", "/\\"))


@requires(Action.SEE_PROBLEMS)
def export(request: HttpRequest) -> HttpResponse:
    """Open problems as CSV, safe to open in a spreadsheet."""
    wanted = ProblemFilter(
        code=request.GET.get("code") or None, folders=_folders(request, Action.SEE_PROBLEMS)
    )
    answer = HttpResponse(
        safe_csv(installation().views.problem_table(None, wanted)), content_type="text/csv; charset=utf-8"
    )
    answer["Content-Disposition"] = 'attachment; filename="problems.csv"'
    return answer


@requires(Action.SEE_PROBLEMS)
def conflicts(request: HttpRequest) -> HttpResponse:
    """Two stories side by side."""
    number = whole(request.GET.get("program", "")) or None
    program = program_of(request, number, Action.SEE_PROBLEMS) if number else None
    folders = seen_folders(request, Action.SEE_PROBLEMS)
    page = listed(
        request,
        lambda after, limit: work.conflicts(program=number, after=whole(after), limit=limit, folders=folders),
        "id",
        size=20,
    )
    context = {
        "title": _("Conflicts"),
        "listed": page,
        "program": program,
        "may_settle": may(request, Action.SETTLE_PROBLEMS),
    }
    return render(request, "web/problems/conflicts.html", context)


@requires(Action.SETTLE_PROBLEMS)
def settle(request: HttpRequest) -> HttpResponse:
    """Decide one conflict or many, for the program or for the campaign."""
    word = request.POST.get("for", "")
    alone, _dash, winner = word.partition("-")
    chosen = [alone] if winner else request.POST.getlist("conflict")
    winner = winner or word
    if winner not in (Winner.PROGRAM.value, Winner.CAMPAIGN.value) or not chosen:
        messages.warning(request, _("Nothing was chosen: tick conflicts first."))
        return redirect("conflicts")
    done = sum(_settled(request, *each, Winner(winner)) for each in _by_link(chosen).items())
    said = ngettext("%(n)s conflict decided.", "%(n)s conflicts decided.", done) % {"n": done}
    messages.success(request, f"{said} {_('The next sync brings both sides together.')}")
    return redirect("conflicts")


def _by_link(chosen: Iterable[str]) -> dict[int, list[str]]:
    """The people whose conflicts were chosen, by link: e-mail addresses, or Salesforce ids of those without."""
    rows = Problem.objects.filter(
        pk__in=[whole(each) for each in chosen], solved_at=None, code="CONFLICT"
    ).select_related("person")
    found: dict[int, list[str]] = {}
    for row in rows:
        if row.link_id and row.person:
            found.setdefault(row.link_id, []).append(_name(row))
    return found


def _name(row: Problem) -> str:
    person: Any = row.person
    if person.email:
        return str(person.email)
    return str(
        person.identities.filter(connection=row.connection_id).values_list("salesforce_id", flat=True)[0]
    )


def _settled(request: HttpRequest, link: int, people: list[str], winner: Winner) -> int:
    row = Link.objects.select_related("program").get(pk=link)
    rights_of(request).require(Action.SETTLE_PROBLEMS, row.program.folder)
    ledger = installation().ledger
    return resolve(ledger, LinkId(link), winner, who=request.user.get_username(), people=people).height
