"""Home: is it well? What stands, what waits, what moved, what needs a person."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import formats
from django.utils.translation import gettext as _

from campaignsync.bootstrap import Application
from campaignsync.domain.access import Action
from campaignsync.domain.backlog import metrics, trend
from campaignsync.domain.connections import Connection
from campaignsync.domain.links import LinkState
from campaignsync.store.shown import work
from campaignsync.web.access import may, requires, seen_folders
from campaignsync.web.accounts.first_run import nobody_yet
from campaignsync.web.errand_pages import running
from campaignsync.web.installation import installation

_STOPPED, _PROBLEMS = 8, 5
_WITH_A_TILE = (LinkState.ACTIVE, LinkState.HALTED)


def home(request: HttpRequest) -> HttpResponseBase:
    """Home, or what comes before it."""
    if not request.user.is_authenticated and nobody_yet():
        return redirect("first_run")
    return _home(request)


@requires(Action.SEE_LINKS)
def _home(request: HttpRequest) -> HttpResponse:
    app, folders = installation(), seen_folders(request, Action.SEE_LINKS)
    connections, standing = app.registry.connections(), work.standing(folders=folders)
    context = {
        "title": _("Home"),
        "standing": standing,
        "others": [(state, n) for state, n in sorted(standing["links"].items()) if state not in _WITH_A_TILE],
        "stopped": [
            {**link, "may_change": may(request, Action.CHANGE_LINKS, link["folder"])}
            for link in work.stopped_links(folders=folders, limit=_STOPPED)
        ],
        "problems": _newest(work.problem_groups(folders=folders)),
        "runs": work.runs(program=None, before=None, limit=6, folders=folders),
        "orgs": [_org(app, each) for each in connections],
        "approvals": app.approvals.waiting(folders),
        "steps": _first_steps(connections, standing) if may(request, Action.CHANGE_SETTINGS) else [],
        "may_sync_all": may(request, Action.SYNC_ALL),
        "errands": running(seen_folders(request, Action.SEE_RUNS)),
    }
    return render(request, "web/home.html", context)


def _newest(groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(groups, key=lambda each: each["last_seen"], reverse=True)[:_PROBLEMS]


def _org(app: Application, org: Connection) -> dict[str, Any]:
    """What an org was asked and what moves: its budget, its lanes, its backlog over five days."""
    now = datetime.now(UTC)
    traffic = app.views.traffic(org.connection_id, None)
    points = [(formats.date_format(at, "SHORT_DATE_FORMAT"), waits) for at, waits in trend(traffic, now)]
    return {
        "name": org.name,
        "campaign_sync": org.campaign_sync,
        "budget": app.ledger.budget(org.connection_id),
        "lanes": metrics(traffic, now).to_dicts(),
        "trend": points,
        "counted": any(waits is not None for _label, waits in points),
    }


def _first_steps(connections: list[Connection], standing: dict[str, Any]) -> list[dict[str, Any]]:
    """What a new installation still has to do, in order; empty when all of it is done."""
    steps = [
        {"done": bool(connections), "title": _("Connect a Salesforce org"), "url": "connection_new"},
        {
            "done": any(each.campaign_sync for each in connections),
            "title": _("Switch the campaign sync on"),
            "url": "settings",
        },
        {"done": bool(standing["programs"]), "title": _("Make a program"), "url": "program_new"},
        {"done": bool(standing["members"]), "title": _("Bring people in"), "url": "programs"},
        {"done": bool(standing["links"]), "title": _("Link it with a campaign"), "url": "programs"},
    ]
    return [] if all(step["done"] for step in steps) else steps
