"""Alerts: who is told, and what they were told. The audit log: who changed what, here or there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from campaignsync.domain.access import Action
from campaignsync.domain.webhooks import SUBSCRIBED, Event
from campaignsync.runtime.notices import attempt, trial
from campaignsync.store.models import Channel, Connection, Program
from campaignsync.store.shown.programs import journal
from campaignsync.web.access import requires, rights_of
from campaignsync.web.installation import installation
from campaignsync.web.paging import listed, whole
from campaignsync.web.wording import in_words, worded

_SHOWN = 50
_CALLED: Mapping[str, tuple[Any, str]] = {
    "program_id": (Program, "name"),
    "channel_id": (Channel, "name"),
    "connection_id": (Connection, "name"),
    "user_id": (User, "username"),
}
_NOTHING: tuple[Any, ...] = (None, "", [], {})


@requires(Action.CHANGE_SETTINGS)
def alerts(request: HttpRequest) -> HttpResponse:
    """What people are told, and how; a trial of every way."""
    app = installation()
    if request.method == "POST":
        notice = trial()
        for outlet in app.outlets:
            failure = attempt(outlet, notice)
            if failure:
                messages.error(request, in_words(failure))
            else:
                messages.success(request, _("Sent by %(way)s.") % {"way": worded(outlet.name)})
        return redirect("alerts")
    context = {
        "title": _("Settings"),
        "tab": "alerts",
        "outlets": [outlet.name for outlet in app.outlets],
        "notices": app.outbox.list(limit=_SHOWN)[::-1],
        "webhooks": app.webhooks.list(),
        "events": [each.value for each in SUBSCRIBED],
        "secret": request.session.pop("webhook_secret", ""),
    }
    return render(request, "web/settings/alerts.html", context)


@requires(Action.MANAGE_WEBHOOKS)
def webhook(request: HttpRequest) -> HttpResponse:
    """Add a webhook, try it, or remove it."""
    known, number = installation().webhooks, whole(request.POST.get("webhook", ""))
    match request.POST.get("do", ""):
        case "add":
            events = [Event(each) for each in request.POST.getlist("events") if each in set(SUBSCRIBED)]
            made = known.add(request.POST.get("url", "").strip(), events or SUBSCRIBED)
            request.session["webhook_secret"] = made["secret"]
            messages.success(request, _("Added. Its secret is shown once, below."))
        case "ping":
            known.ping(number)
            known.post_due()
            messages.success(request, _("A trial was sent: the list says what came of it."))
        case "remove":
            known.remove(number)
            messages.success(request, _("Removed."))
    return redirect("alerts")


@requires(Action.SEE_AUDIT)
def audit(request: HttpRequest) -> HttpResponse:
    """Every write to what people set up, latest first."""
    given = {name: request.GET.get(name, "").strip()[:150] for name in ("who", "noun")}
    context = {
        "title": _("Settings"),
        "tab": "audit",
        "given": given,
        "listed": listed(
            request,
            lambda after, limit: installation().listings.audit(
                who=given["who"] or None,
                noun=given["noun"] or None,
                since=None,
                before=whole(after) or None,
                limit=limit,
            ),
            "id",
        ),
    }
    found = context["listed"].rows  # type: ignore[attr-defined]
    _name([side for row in found for side in (row["old"], row["new"]) if side])
    for row in found:
        row["changes"] = _changes(row["old"] or {}, row["new"] or {})
    return render(request, "web/settings/audit.html", context)


def _name(sides: list[dict[str, Any]]) -> None:
    """Say in place of a row's number what it is called, where it still is there: a query for each table at the most."""
    for column, (model, name) in _CALLED.items():
        numbers = {side[column] for side in sides if side.get(column)}
        called = dict(model.objects.filter(pk__in=numbers).values_list("pk", name)) if numbers else {}
        for side in sides:
            if side.get(column) in called:
                side[column] = called[side[column]]


def _changes(old: dict[str, Any], new: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """What differs between a row as it was and as it is."""
    return [
        (name, old.get(name), new.get(name))
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name) and not (old.get(name) in _NOTHING and new.get(name) in _NOTHING)
    ]


@requires(Action.SEE_HISTORY)
def everything(request: HttpRequest) -> HttpResponse:
    """Every change on either side that was seen, latest first."""
    rights_of(request).require(Action.SEE_HISTORY)
    where = {name: request.GET.get(name, "").strip()[:150] for name in ("who", "side", "noun")}
    context = {
        "title": _("Settings"),
        "tab": "history",
        "given": where,
        "listed": listed(
            request, lambda after, limit: journal(where, before=whole(after) or None, limit=limit), "id"
        ),
    }
    return render(request, "web/settings/history.html", context)
