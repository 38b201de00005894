"""Errands as pages tell of them: what is going on, how far it is without reloading, and where its outcome is shown.

An errand is asked for by `begin`, kept in the database, carried out by `web.errands`, and followed by `view`. Whatever is needed
to tell of it is what was asked and what came of it, so that any process can, and one that the API asked for looks the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaignsync.domain.access import Action
from campaignsync.domain.errors import NOT_THERE, UsageError
from campaignsync.store.models import Connection, Link, Program, Run
from campaignsync.web.access import requires, rights_of
from campaignsync.web.errands import ask
from campaignsync.web.installation import installation
from campaignsync.web.paging import whole
from campaignsync.web.wording import in_words, worded

Asked = Mapping[str, Any]
Row = Mapping[str, Any]
"""An errand as the store tells it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """How pages tell of a kind of errand: what is going on; the page of its outcome; a word about that; where to go when it
    failed, which is the page of the outcome where nothing else is said."""

    title: Callable[[Asked], str]
    address: Callable[[Row], str]
    said: Callable[[Mapping[str, Any]], str] | None = None
    back: Callable[[Asked], str] | None = None


def begin(
    request: HttpRequest,
    kind: str,
    asked: Asked,
    folder: str | None = None,
    table: pl.DataFrame | None = None,
) -> HttpResponse:
    """Ask for an errand, which may work on a table, and lead to its page."""
    number = ask(kind, asked, who=request.user.get_username(), folder=folder, table=table)
    return redirect("errand", number=number)


@requires(Action.SEE_RUNS)
def view(request: HttpRequest, number: int) -> HttpResponse:
    """The page of an errand: how far it is, then what came of it."""
    errand = _seen(request, number)
    telling = TELLINGS.get(errand["kind"], _ANY)
    part = bool(request.GET.get("part"))
    if errand["state"] == "done":
        address = telling.address(errand)
        if telling.said:
            messages.success(request, telling.said(errand["result"]))
        return HttpResponse(headers={"HX-Redirect": address}) if part else redirect(address)
    over = errand["state"] in ("failed", "died")
    context = {
        "errand": errand,
        "title": telling.title(errand["asked"]),
        "over": over,
        "error": _error(errand) if over else "",
        "back": telling.back(errand["asked"]) if telling.back else telling.address(errand),
    }
    return render(request, "web/errand_part.html" if part else "web/errand.html", context)


def running(folders: list[str] | None) -> list[dict[str, Any]]:
    """What is going on now, each with its title."""
    return [
        {"id": row["id"], "title": TELLINGS.get(row["kind"], _ANY).title(row["asked"])}
        for row in installation().errands.running(folders)
    ]


def outcome(request: HttpRequest, *kinds: str) -> dict[str, Any] | None:
    """The errand named in the address, if it is this person's, of one of these kinds, and done."""
    number = whole(request.GET.get("errand", ""))
    try:
        errand = _seen(request, number) if number else None
    except UsageError:
        return None
    fits = errand is not None and errand["kind"] in kinds and errand["state"] == "done"
    return errand if fits else None


def _seen(request: HttpRequest, number: int) -> dict[str, Any]:
    errand = installation().errands.one(number)
    mine = errand["who"] == request.user.get_username()
    if not mine and not rights_of(request).allows(Action.SEE_RUNS, errand["folder"]):
        raise UsageError(f"There is no errand {number}.", code=NOT_THERE)
    return errand


def _error(errand: Row) -> str:
    if errand["state"] == "died":
        return _("It was broken off. What it did is told by the list of runs; the next run does the rest.")
    return str(errand["error"]["message"])


def _program_page(asked: Asked) -> str:
    number = Program.objects.filter(name=asked.get("program", "")).values_list("pk", flat=True).first()
    return reverse("program", args=[number]) if number else reverse("home")


def _link(asked: Asked) -> Link | None:
    found = Link.objects.filter(program__name=asked.get("program", ""))
    if asked.get("connection"):
        found = found.filter(connection__name=asked["connection"])
    return found.first()


def _plan_page(errand: Row) -> str:
    link = _link(errand["asked"])
    if link is None:
        return _program_page(errand["asked"])
    return f"{reverse('plan', args=[link.program_id, link.pk])}?errand={errand['id']}"


def _link_page(name: str) -> Callable[[Asked], str]:
    """A page about a program, with the connection that was chosen."""

    def address(asked: Asked) -> str:
        number = Program.objects.filter(name=asked["program"]).values_list("pk", flat=True).first()
        if number is None:
            return reverse("programs")
        return f"{reverse(name, args=[number])}?connection={asked.get('connection', '')}"

    return address


def _preview_page(errand: Row) -> str:
    number = Program.objects.filter(name=errand["asked"]["program"]).values_list("pk", flat=True).first()
    if number is None:
        return reverse("programs")
    return f"{reverse('link_preview', args=[number])}?errand={errand['id']}"


def _choices_page(asked: Asked) -> str:
    link = _link(asked)
    return reverse("link_choices", args=[link.program_id, link.pk]) if link else _program_page(asked)


def _run_page(asked: Asked) -> str:
    return reverse("run", args=[asked["run"]])


def _program_of_run(errand: Row) -> str:
    number = Run.objects.filter(pk=errand["asked"]["run"]).values_list("program_id", flat=True).first()
    return reverse("program", args=[number]) if number else reverse("runs")


def _after_look(asked: Asked) -> str:
    if asked.get("program"):
        return _link_page("link_begin")(asked)
    number = Connection.objects.filter(name=asked["connection"]).values_list("pk", flat=True).first()
    return reverse("connection", args=[number]) if number else reverse("settings")


def _synced(asked: Asked) -> str:
    if asked.get("program"):
        return _("Syncing '%(name)s'") % {"name": asked["program"]}
    if asked.get("full"):
        return _("Comparing all of %(org)s") % {"org": asked["connection"]}
    return _("Syncing all links")


def _synced_page(errand: Row) -> str:
    return _after_look(errand["asked"]) if errand["asked"].get("full") else _program_page(errand["asked"])


def told(result: Mapping[str, Any]) -> str:
    """What a round, or several, came to."""
    runs = result["runs"]
    here, there = sum(r["program_changes"] for r in runs), sum(r["campaign_changes"] for r in runs)
    said = ngettext(
        "Synced: %(here)s change here, %(there)s in Salesforce.",
        "Synced: %(here)s changes here, %(there)s in Salesforce.",
        here,
    ) % {"here": here, "there": there}
    refused, conflicts = sum(r["refused"] for r in runs), sum(r["conflicts"] for r in runs)
    if refused or conflicts:
        clashes = ngettext("%(n)s conflict", "%(n)s conflicts", conflicts) % {"n": conflicts}
        said += " " + _("%(refused)s refused, %(conflicts)s.") % {"refused": refused, "conflicts": clashes}
    asking = sum(1 for r in runs if r["to_approve"])
    if asking:
        said += " " + ngettext("%(n)s plan waits for approval.", "%(n)s plans wait for approval.", asking) % {
            "n": asking
        }
    halted = [r["halted"] for r in runs if r["halted"]]
    if halted:
        said += " " + ngettext(
            "%(n)s link did not run: %(why)s", "%(n)s links did not run: %(why)s", len(halted)
        ) % {"n": len(halted), "why": in_words(halted[0])}
    return " ".join(
        [said, *(f"{each['connection']}: {in_words(each['error'])}" for each in result.get("failed", ()))]
    )


def _knows(result: Mapping[str, Any]) -> str:
    return _("Salesforce knows this person as %(kind)s %(id)s.") % {
        "kind": worded(result["kind"]),
        "id": result["salesforce_id"],
    }


def _qualified(result: Mapping[str, Any]) -> str:
    people = result["people"]
    return ngettext("%(n)s person qualified.", "%(n)s people qualified.", people) % {"n": people}


def members_changed(count: int) -> str:
    """How many members were changed."""
    return ngettext("%(n)s member changed.", "%(n)s members changed.", count) % {"n": count}


def members_skipped(reason: str, count: int) -> str:
    """How many were not, and why."""
    return ngettext("%(n)s skipped: %(why)s", "%(n)s skipped: %(why)s", count) % {
        "n": count,
        "why": in_words(reason),
    }


def _changed(result: Mapping[str, Any]) -> str:
    skipped = (members_skipped(reason, count) for reason, count in result["skipped"].items())
    return " ".join([members_changed(result["changed"]), *skipped])


def imported(result: Mapping[str, int]) -> str:
    """What an import came to, from the fields of `Imported`."""
    return _(
        "%(added)s members added, %(moved)s moved on, %(same)s unchanged, %(back)s further already; %(new)s"
        " people are new."
    ) % {
        "added": result["added"],
        "moved": result["moved"],
        "same": result["unchanged"],
        "back": result["skipped_back"],
        "new": result["new_people"],
    }


_ANY = Telling(title=lambda asked: _("Working"), address=lambda errand: reverse("home"))
TELLINGS: Mapping[str, Telling] = {
    "plan": Telling(
        title=lambda asked: _("Planning '%(name)s'") % {"name": asked["program"]},
        address=_plan_page,
        back=_program_page,
    ),
    "sync": Telling(
        title=_synced,
        address=_synced_page,
        said=told,
    ),
    "undo plan": Telling(
        title=lambda asked: _("Planning the undo of run %(run)s") % {"run": asked["run"]},
        address=lambda errand: f"{reverse('undo', args=[errand['asked']['run']])}?errand={errand['id']}",
        back=_run_page,
    ),
    "undo": Telling(
        title=lambda asked: _("Taking back run %(run)s") % {"run": asked["run"]},
        address=_program_of_run,
        said=lambda result: _("The run is taken back. The link waits until you let it go on."),
    ),
    "link preview": Telling(
        title=lambda asked: _("Comparing the program with the campaign"),
        address=_preview_page,
        back=_link_page("link_begin"),
    ),
    "link": Telling(
        title=lambda asked: _("Linking '%(name)s'") % {"name": asked["program"]},
        address=lambda errand: _program_page(errand["asked"]),
        said=lambda result: _("Linked. Nothing is synced yet: read the plan, then sync."),
        back=_link_page("link_begin"),
    ),
    "labels": Telling(
        title=lambda asked: _("Looking at the campaign's labels"),
        address=lambda errand: _choices_page(errand["asked"]),
        said=lambda result: _("Saved. The next sync decides by it."),
    ),
    "look": Telling(
        title=lambda asked: _("Looking at %(org)s") % {"org": asked["connection"]},
        address=lambda errand: _after_look(errand["asked"]),
    ),
    "map member field": Telling(
        title=lambda asked: _("Looking at the fields of %(org)s") % {"org": asked["connection"]},
        address=lambda errand: reverse("fields"),
        said=lambda result: _("Saved. The next sync reads all members anew."),
    ),
    "unmap member field": Telling(
        title=lambda asked: _("Ending the mapping of '%(name)s'") % {"name": asked["name"]},
        address=lambda errand: reverse("fields"),
        said=lambda result: _("It is a field of ours alone now; values stay as they are on both sides."),
    ),
    "person sync": Telling(
        title=lambda asked: _("Looking for this person in %(org)s") % {"org": asked["connection"]},
        address=lambda errand: reverse("person", args=[errand["asked"]["person"]]),
        said=_knows,
    ),
    "change members": Telling(
        title=lambda asked: _("Changing members of '%(name)s'") % {"name": asked["program"]},
        address=lambda errand: reverse("members", args=[errand["asked"]["number"]]),
        said=_changed,
    ),
    "import": Telling(
        title=lambda asked: _("Bringing people into '%(name)s'") % {"name": asked["program"]},
        address=lambda errand: reverse("members", args=[errand["asked"]["number"]]),
        said=imported,
    ),
    "smart run": Telling(
        title=lambda asked: _("Running '%(name)s'") % {"name": asked["smart_campaign"]},
        address=lambda errand: reverse("smart_campaign", args=[errand["asked"]["smart_campaign"]]),
        said=_qualified,
    ),
}
"""Every kind of errand that pages begin."""
