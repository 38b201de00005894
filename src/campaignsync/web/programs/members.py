"""The members of a program: search, filters, many changed at once, a file in and a file out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaignsync.domain.access import Action
from campaignsync.domain.errors import CampaignsyncError, UsageError
from campaignsync.planner.explain import safe_csv
from campaignsync.store.models import Program
from campaignsync.store.shown import programs as shown
from campaignsync.web.access import may, requires
from campaignsync.web.installation import installation
from campaignsync.web.paging import listed, whole
from campaignsync.web.programs.one import program_of

_AT_ONCE = 5000
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
    emails = request.POST.getlist("email")
    if request.POST.get("everybody"):
        emails = shown.member_emails(number, _filter(request), _AT_ONCE)
    emails = [each.strip() for each in emails if each.strip()]
    if not emails:
        messages.warning(request, _("Nobody was chosen: tick the people first."))
        return redirect("members", number=number)
    status = request.POST.get("to", "")
    override = bool(request.POST.get("override")) and may(request, Action.CHANGE_SETTINGS)
    done, refused = _changed(row, emails, status, who=request.user.get_username(), override=override)
    if done:
        messages.success(
            request, ngettext("%(n)s member changed.", "%(n)s members changed.", done) % {"n": done}
        )
    for reason, count in refused.items():
        messages.warning(
            request,
            ngettext("%(n)s skipped: %(why)s", "%(n)s skipped: %(why)s", count) % {"n": count, "why": reason},
        )
    return redirect("members", number=number)


def _changed(
    row: Program, emails: list[str], status: str, *, who: str, override: bool
) -> tuple[int, dict[str, int]]:
    """How many were changed, and why others were not (M2.3)."""
    doors, done, refused = installation().members, 0, dict[str, int]()
    for email in emails[:_AT_ONCE]:
        try:
            if status:
                doors.set_status(row.name, email, status, who=who, override=override)
            else:
                doors.remove(row.name, email, who=who)
            done += 1
        except CampaignsyncError as error:
            reason = str(error).replace(email, "…")
            refused[reason] = refused.get(reason, 0) + 1
    return done, refused


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
    if b"\x00" in raw[:4096] or raw[:4] in (b"PK\x03\x04", b"%PDF"):
        raise UsageError(_("This is no CSV file. Save the list as CSV (UTF-8) in your spreadsheet first."))
    return raw
