"""Alerts: who is told, and what they were told. The audit log: who changed what, here or there."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from campaignsync.domain.access import Action
from campaignsync.runtime.notices import attempt, trial
from campaignsync.store.shown.programs import journal
from campaignsync.web.access import requires
from campaignsync.web.installation import installation
from campaignsync.web.paging import listed, whole

_SHOWN = 50


@requires(Action.CHANGE_SETTINGS)
def alerts(request: HttpRequest) -> HttpResponse:
    """What people are told, and how; a trial of every way."""
    app = installation()
    if request.method == "POST":
        notice = trial()
        for outlet in app.outlets:
            failure = attempt(outlet, notice)
            if failure:
                messages.error(request, failure)
            else:
                messages.success(request, _("Sent by %(way)s.") % {"way": outlet.name})
        return redirect("alerts")
    context = {
        "title": _("Settings"),
        "tab": "alerts",
        "outlets": [outlet.name for outlet in app.outlets],
        "notices": app.outbox.list(limit=_SHOWN)[::-1],
    }
    return render(request, "web/settings/alerts.html", context)


@requires(Action.SEE_AUDIT)
def audit(request: HttpRequest) -> HttpResponse:
    """Every change on either side that was seen, latest first."""
    where = {name: request.GET.get(name, "").strip()[:150] for name in ("who", "side", "noun")}
    context = {
        "title": _("Settings"),
        "tab": "audit",
        "given": where,
        "listed": listed(
            request, lambda after, limit: journal(where, before=whole(after) or None, limit=limit), "id"
        ),
    }
    return render(request, "web/settings/audit.html", context)
