"""The members of a program: search, filters, many changed at once, a file in and a file out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import polars as pl
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from campaignsync.domain.access import Action
from campaignsync.domain.errors import UsageError
from campaignsync.domain.registrants import looks_like_text
from campaignsync.planner.explain import safe_csv
from campaignsync.store.models import Program
from campaignsync.store.shown import programs as shown
from campaignsync.web.access import may, requires
from campaignsync.web.errand_kinds import MOST_CHANGED, changed_members
from campaignsync.web.errand_pages import begin, members_changed, members_skipped
from campaignsync.web.installation import installation
from campaignsync.web.paging import listed, whole
from campaignsync.web.programs.one import program_of

_WHILE_WAITING = 200
"""How many are changed while the browser waits; more are an errand."""
_SLICE = 5000


def _filter(request: HttpRequest) -> shown.MemberFilter:
    given = request.GET if request.method == "GET" else request.POST
    return shown.MemberFilter(
        search=given.get("search", "").strip()[:200],
        status=given.get("status", ""),
        success=given.get("success", ""),
    )


@requires(Action.SEE_MEMBERS)
def members(request: HttpRequest, number: int) -> HttpResponse:
    """Who is in a program."""
    row = program_of(request, number, Action.SEE_MEMBERS)
    wanted = _filter(request)
    context = {
        "title": row.name,
        "program": row,
        "tab": "members",
        "listed": listed(
            request,
            lambda after, limit: shown.members(number, wanted, after=whole(after), limit=limit),
            "person",
        ),
        "given": wanted,
        "filtered": bool(wanted.search or wanted.status or wanted.success),
        "statuses": [*row.channel.statuses.values_list("name", flat=True)],
        "may_change": may(request, Action.CHANGE_MEMBERS, row.folder),
    }
    part = request.headers.get("HX-Target") == "members"
    return render(request, "web/programs/members_part.html" if part else "web/programs/members.html", context)


@requires(Action.CHANGE_MEMBERS)
def change(request: HttpRequest, number: int) -> HttpResponse:
    """Give many members a status, take them out, or add one."""
    row = program_of(request, number, Action.CHANGE_MEMBERS)
    wanted, emails = _filter(request), request.POST.getlist("email")
    if request.POST.get("everybody"):
        emails = shown.member_emails(number, wanted, _WHILE_WAITING + 1)
    emails = [each.strip() for each in emails if each.strip()]
    if not emails:
        messages.warning(request, _("Nobody was chosen: tick the people first."))
        return redirect("members", number=number)
    override = bool(request.POST.get("override")) and may(request, Action.CHANGE_SETTINGS)
    asked = {"program": row.name, "to": request.POST.get("to", ""), "override": override}
    if request.POST.get("everybody") and len(emails) > _WHILE_WAITING:
        return begin(request, "change members", {**asked, "number": number, **asdict(wanted)}, row.folder)
    who = request.user.get_username()
    result = changed_members(installation(), {**asked, "who": who}, emails[:MOST_CHANGED])
    if result["changed"]:
        messages.success(request, members_changed(result["changed"]))
    for reason, count in result["skipped"].items():
        messages.warning(request, members_skipped(reason, count))
    return redirect("members", number=number)


@requires(Action.SEE_MEMBERS)
def export(request: HttpRequest, number: int) -> StreamingHttpResponse:
    """The members that are listed as CSV, safe to open in a spreadsheet, slice by slice."""
    row = program_of(request, number, Action.SEE_MEMBERS)
    answer = StreamingHttpResponse(_lines(row, _filter(request)), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="members-{number}.csv"'
    return answer


def _lines(row: Program, wanted: shown.MemberFilter) -> Iterator[str]:
    after, first = 0, True
    fields = [field.name for field in installation().member_fields.list()]
    while True:
        found = shown.members(row.pk, wanted, after=after, limit=_SLICE)
        table = pl.DataFrame([_flat(each, fields) for each in found], schema=_columns(fields))
        text = safe_csv(table)
        yield text if first else text.partition("\n")[2]
        if len(found) < _SLICE:
            return
        after, first = found[-1]["person"], False


_CSV = ("email", "first_name", "last_name", "company", "status", "member_since", "reached_success_at")


def _columns(fields: list[str]) -> dict[str, Any]:
    return dict.fromkeys([*_CSV, *fields], pl.String)


def _flat(row: dict[str, Any], fields: list[str]) -> dict[str, Any]:
    values = {name: None if row[name] is None else str(row[name]) for name in _CSV}
    return {**{name: row["custom"].get(name) for name in fields}, **values}


def require_file(request: HttpRequest, most: int) -> bytes:
    """The file that was sent; UsageError for none, one that is too large, or one that is no text."""
    sent = request.FILES.get("file")
    if sent is None or isinstance(sent, list):
        raise UsageError(_("Choose a file first."))
    if (sent.size or 0) > most:
        raise UsageError(
            _(
                "The file has %(size)s bytes, and %(most)s are the most. Bring larger ones in with: campaignsync import-members"
            )
            % {"size": f"{sent.size:,}", "most": f"{most:,}"}
        )
    raw: bytes = sent.read()
    if not looks_like_text(raw):
        raise UsageError(_("This is no CSV file. Save the list as CSV (UTF-8) in your spreadsheet first."))
    return raw
