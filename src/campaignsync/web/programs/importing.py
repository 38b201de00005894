"""Bringing people in from a file: choose it, say which column means what, see what would happen, do it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from campaignsync.domain.access import Action
from campaignsync.domain.errors import UsageError
from campaignsync.domain.registrants import REGISTRANTS, Registrants, read_registrants
from campaignsync.store.models import Program
from campaignsync.store.uploads import LARGEST
from campaignsync.web.access import requires
from campaignsync.web.errand_pages import begin as begin_errand
from campaignsync.web.errand_pages import imported
from campaignsync.web.installation import installation
from campaignsync.web.programs.members import require_file
from campaignsync.web.programs.one import program_of
from campaignsync.web.templatetags.words import field_name

_WHILE_WAITING = 5_000
"""How many people come in while the browser waits; more are an errand."""
_SHOWN = 8


@requires(Action.CHANGE_MEMBERS)
def begin(request: HttpRequest, number: int) -> HttpResponse:
    """Choose a file."""
    row = program_of(request, number, Action.CHANGE_MEMBERS)
    context: dict[str, Any] = {"title": row.name, "program": row, "tab": "members", "most": LARGEST}
    if request.method == "POST":
        try:
            raw = require_file(request, LARGEST)
            _header(raw)
        except UsageError as error:
            return render(request, "web/programs/import.html", {**context, "error": str(error)}, status=400)
        token = installation().uploads.keep(_owner(request), raw)
        return redirect("import_map", number=number, token=token)
    return render(request, "web/programs/import.html", context)


def _owner(request: HttpRequest) -> int:
    return int(request.user.pk or 0)


def _header(raw: bytes) -> list[str]:
    """The titles of a file's columns; UsageError when it has none."""
    text = raw.removeprefix(b"\xef\xbb\xbf").decode("utf-8", errors="replace")
    first = text.splitlines()[0] if text.strip() else ""
    titles = next(csv.reader([first], delimiter=max(",;\t", key=first.count)), [])
    if not any(title.strip() for title in titles):
        raise UsageError(_("The file is empty: its first line must name the columns."))
    return titles


@requires(Action.CHANGE_MEMBERS)
def mapping(request: HttpRequest, number: int, token: str) -> HttpResponse:
    """Say which column means what, see what would happen, and let it happen."""
    row = program_of(request, number, Action.CHANGE_MEMBERS)
    raw = installation().uploads.read(_owner(request), token)
    if raw is None:
        messages.warning(request, _("The file was forgotten after an hour: choose it once more."))
        return redirect("import", number=number)
    titles = _header(raw)
    chosen = {place: request.POST.get(f"column-{place}", "?") for place in range(len(titles))}
    status, update = request.POST.get("to", ""), bool(request.POST.get("update"))
    context: dict[str, Any] = {
        "title": row.name,
        "program": row,
        "tab": "members",
        "columns": _columns(raw, titles, chosen),
        "meanings": _meanings(),
        "statuses": [*row.channel.statuses.values_list("name", flat=True)],
        "status": status,
        "update": update,
    }
    try:
        read = _read(row, raw, titles, chosen, status or None)
    except UsageError as error:
        return render(request, "web/programs/import_map.html", {**context, "error": str(error)})
    if request.POST.get("go") and not read.people.is_empty():
        # The file and what came of it go together: sent twice, it comes in once; refused, it is still there.
        with transaction.atomic():
            if installation().uploads.forget(_owner(request), token):
                return _brought_in(request, row, read, update=update)
        return redirect("members", number=number)
    return render(request, "web/programs/import_map.html", {**context, "read": read, **_preview(read)})


def _brought_in(request: HttpRequest, row: Program, read: Registrants, *, update: bool) -> HttpResponse:
    """Bring the people in, or have that done by an errand where they are many."""
    if read.people.height > _WHILE_WAITING:
        asked = {"program": row.name, "number": row.pk, "update": update}
        return begin_errand(request, "import", asked, row.folder, read.people)
    who = request.user.get_username()
    done = installation().members.import_people(row.name, read.people, who=who, update=update)
    messages.success(request, imported(asdict(done)))
    return redirect("members", number=row.pk)


def _read(
    row: Program, raw: bytes, titles: list[str], chosen: dict[int, str], status: str | None
) -> Registrants:
    app = installation()
    renamed = _renamed(raw, titles, chosen)
    fields = app.member_fields.list()
    return read_registrants(
        renamed, channel=app.registry.channel(row.channel.name), status=status, fields=fields
    )


def _renamed(raw: bytes, titles: list[str], chosen: dict[int, str]) -> bytes:
    """The file with its first line saying what the reader chose; `?` keeps a title, nothing hides the column."""
    if all(meaning == "?" for meaning in chosen.values()):
        return raw
    plain = raw.removeprefix(b"\xef\xbb\xbf")
    end = plain.find(b"\n")
    first = plain[: end if end >= 0 else len(plain)].decode("utf-8", errors="surrogateescape").rstrip("\r")
    delimiter = max(",;\t", key=first.count)
    out = io.StringIO()
    wanted = [
        title if chosen[place] == "?" else chosen[place].replace("_", " ") or f"(not read {place})"
        for place, title in enumerate(titles)
    ]
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerow(
        ["status" if title == "program status" else title for title in wanted]
    )
    return out.getvalue().encode("utf-8", errors="surrogateescape") + (plain[end + 1 :] if end >= 0 else b"")


def _meanings() -> list[tuple[str, str]]:
    """What a column can mean: fields of people, the status, fields of members."""
    standard = [(name, field_name(name)) for name in REGISTRANTS if name != "custom"]
    own = [(field.name, field.name) for field in installation().member_fields.list()]
    return [*standard, *own]


def _columns(raw: bytes, titles: list[str], chosen: dict[int, str]) -> list[dict[str, Any]]:
    """Each column: its title, what was chosen for it, and its first values."""
    values = list(_first_rows(raw))
    return [
        {
            "place": place,
            "title": title,
            "chosen": chosen[place],
            "values": ", ".join(row[place] for row in values if place < len(row) and row[place])[:90],
        }
        for place, title in enumerate(titles)
    ]


def _first_rows(raw: bytes) -> Iterator[list[str]]:
    lines = raw[:20_000].removeprefix(b"\xef\xbb\xbf").decode("utf-8", errors="replace").splitlines()
    delimiter = max(",;\t", key=lines[0].count)
    yield from list(csv.reader(lines[1:4], delimiter=delimiter))


def _preview(read: Registrants) -> dict[str, Any]:
    """What would come in: the first people, and the rows left out."""
    people = read.people.head(_SHOWN)
    names = [
        name for name in people.columns if name != "custom" and people[name].null_count() < people.height
    ]
    return {
        "names": names,
        "people": read.people.height,
        "sample": people.select(names).rows(),
        "refused": read.refused[:_SHOWN],
        "more_refused": max(len(read.refused) - _SHOWN, 0),
        "bad_cells": read.refused_cells[:_SHOWN],
    }
