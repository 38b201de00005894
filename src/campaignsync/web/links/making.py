"""Linking a program: a new campaign or one that is there; what fits and what does not, with every way out; the first plan;
saving.

Nothing is kept before the last step, and no page here is an end: each offers what can be done next.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from campaignsync.domain.access import Action
from campaignsync.domain.connections import Connection
from campaignsync.domain.links import Misfit
from campaignsync.runtime.linking import CAMPAIGN_NAME_LENGTH, Linking
from campaignsync.store.shown.campaigns import campaigns
from campaignsync.web import errand_pages
from campaignsync.web.access import may, requires
from campaignsync.web.errand_pages import outcome
from campaignsync.web.installation import installation
from campaignsync.web.plans import plan_context, table_of
from campaignsync.web.programs.one import program_of

_FOUND = 25


def linking(org: Connection) -> Linking:
    """Linking in an org, with the doors of this installation."""
    app = installation()
    return Linking(registry=app.registry, ledger=app.ledger, door=app.door(org), connection=org)


@requires(Action.CHANGE_LINKS)
def begin(request: HttpRequest, number: int) -> HttpResponse:
    """Choose: a new campaign, or which one."""
    row = program_of(request, number, Action.CHANGE_LINKS)
    orgs = installation().registry.connections()
    if not orgs:
        messages.warning(
            request, _("Connect a Salesforce org first: then programs can be linked with its campaigns.")
        )
        if may(request, Action.CHANGE_SETTINGS):
            return redirect("connection_new")
        return redirect("program", number=number)
    linked = set(row.links.values_list("connection__name", flat=True))
    free = [each for each in orgs if each.name not in linked] or orgs
    org = next((each for each in orgs if each.name == request.GET.get("connection")), free[0])
    search = request.GET.get("search", "").strip()[:200]
    context = {
        "title": _("Link '%(name)s'") % {"name": row.name},
        "program": row,
        "orgs": orgs,
        "org": org,
        "search": search,
        "campaigns": campaigns(org.connection_id, search, _FOUND),
        "longest": CAMPAIGN_NAME_LENGTH,
        "name": request.GET.get("name", row.name)[:CAMPAIGN_NAME_LENGTH],
    }
    part = request.headers.get("HX-Target") == "campaigns"
    return render(request, "web/links/campaigns_part.html" if part else "web/links/begin.html", context)


@requires(Action.CHANGE_LINKS)
def refresh(request: HttpRequest, number: int) -> HttpResponse:
    """Look at the org now, so that a campaign made a moment ago is found."""
    row = program_of(request, number, Action.CHANGE_LINKS)
    org = installation().registry.connection(request.POST.get("connection") or None)
    return errand_pages.begin(request, "look", {"connection": org.name, "program": row.name}, row.folder)


def _wish(request: HttpRequest) -> dict[str, Any]:
    """What the form says somebody wants to link, as the errands `link preview` and `link` take it: the id of a campaign, or the
    name of one to be created; the ways out of labels that do not fit."""
    means = zip(request.POST.getlist("label"), request.POST.getlist("means"), strict=False)
    campaign = request.POST.get("campaign", "").strip()
    return {
        "connection": installation().registry.connection(request.POST.get("connection") or None).name,
        "campaign": campaign,
        "create": "" if campaign else request.POST.get("name", "").strip(),
        "create_statuses": bool(request.POST.get("create_statuses")),
        "mapped": {label: status for label, status in means if status},
    }


@requires(Action.CHANGE_LINKS)
def try_out(request: HttpRequest, number: int) -> HttpResponse:
    """See what a link would begin with."""
    row = program_of(request, number, Action.CHANGE_LINKS)
    return errand_pages.begin(request, "link preview", {"program": row.name, **_wish(request)}, row.folder)


@requires(Action.CHANGE_LINKS)
def preview(request: HttpRequest, number: int) -> HttpResponse:
    """What fits, the ways out of what does not, and the first plan in numbers and samples."""
    row = program_of(request, number, Action.CHANGE_LINKS)
    trial = outcome(request, "link preview")
    if trial is None or trial["asked"]["program"] != row.name:
        messages.warning(request, _("The comparison is not remembered any more: begin once more."))
        return redirect("link_begin", number=number)
    wish, seen = trial["asked"], trial["result"]
    plan = plan_context(request, seen["plan"], table_of(trial))
    context: dict[str, Any] = {
        "title": _("Link '%(name)s'") % {"name": row.name},
        "program": row,
        "wish": wish,
        "errand": trial["id"],
        "org": installation().registry.connection(wish["connection"]),
        "fits": seen["fits"],
        "rows": _table(wish, seen),
        "missing": [each for each in seen["blocking"] if each["reason"] == Misfit.MISSING],
        "unknown": [
            each for each in (*seen["blocking"], *seen["warnings"]) if each["reason"] == Misfit.UNKNOWN
        ],
        "statuses": seen["statuses"],
        "campaign": seen["campaign"],
        "halt": seen["plan"]["halted"],
        **{f"plan_{key}": value for key, value in plan.items()},
    }
    return render(request, "web/links/preview.html", context)


def _table(wish: Mapping[str, Any], seen: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each label of the campaign with what it means, then each status that no label means; and how well that fits."""
    blocking = {each["label"] for each in seen["blocking"]}
    chosen = wish.get("mapped") or {}
    rows = [
        {
            **row,
            "own": row["status"] is not None and row["label"] not in chosen,
            "chosen": chosen.get(row["label"], ""),
            "tone": "ok" if row["status"] else "bad" if row["label"] in blocking else "warn",
        }
        for row in seen["labels"]
    ]
    lacking = [
        {"label": None, "status": each["label"], "members": 0, "tone": "bad", "own": True}
        for each in seen["blocking"]
        if each["reason"] == Misfit.MISSING
    ]
    return rows + lacking


@requires(Action.CHANGE_LINKS)
def save(request: HttpRequest, number: int) -> HttpResponse:
    """Link the two as it was seen."""
    row = program_of(request, number, Action.CHANGE_LINKS)
    trial = outcome(request, "link preview")
    if trial is None or trial["asked"]["program"] != row.name:
        messages.warning(request, _("The comparison is not remembered any more: begin once more."))
        return redirect("link_begin", number=number)
    return errand_pages.begin(request, "link", trial["asked"], row.folder)
