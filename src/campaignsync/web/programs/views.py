"""The list of programs, and one program: its links, its funnel on both sides, its costs, what happened."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import formats
from django.utils.translation import gettext as _

from campaignsync.domain.access import Action
from campaignsync.domain.ids import LinkId
from campaignsync.domain.links import LinkState
from campaignsync.domain.programs import PeriodCost
from campaignsync.store.shown import programs as shown
from campaignsync.store.shown import work
from campaignsync.web.access import may, requires, seen_folders
from campaignsync.web.installation import installation
from campaignsync.web.paging import listed, whole
from campaignsync.web.programs.one import program_of
from campaignsync.web.templatetags.words import month

_FILTERS = ("search", "channel", "tag", "folder", "state")


@requires(Action.SEE_PROGRAMS)
def programs(request: HttpRequest) -> HttpResponse:
    """The list."""
    given = {name: request.GET.get(name, "").strip()[:200] for name in _FILTERS}
    folders = seen_folders(request, Action.SEE_PROGRAMS)
    wanted = shown.ProgramFilter(**given, folders=folders)
    total = shown.count_programs(wanted)
    context = {
        "title": _("Programs"),
        "listed": listed(
            request, lambda after, limit: shown.programs(wanted, after=after, limit=limit), "name"
        ),
        "total": total,
        "given": given,
        "filtered": any(given.values()),
        "choices": shown.choices(folders),
        "states": [*(each.value for each in LinkState), "none"],
        "may_change": may(request, Action.CHANGE_PROGRAMS),
    }
    part = request.headers.get("HX-Target") == "programs"
    return render(request, "web/programs/list_part.html" if part else "web/programs/list.html", context)


@requires(Action.SEE_PROGRAMS)
def program(request: HttpRequest, number: int) -> HttpResponse:
    """One program."""
    row = program_of(request, number, Action.SEE_PROGRAMS)
    links, statuses = shown.links_of(number), shown.statuses(number)
    there = [shown.carried(link["id"]) for link in links]
    for link, labels in zip(links, there, strict=True):
        link["members"] = sum(labels.values())
    context = {
        "title": row.name,
        "program": row,
        "tags": {tag.name: tag.value for tag in row.tags.all()},
        "tab": "overview",
        "links": links,
        "funnel": _funnel(statuses, links, there),
        "total": sum(each["members"] for each in statuses),
        "success": sum(each["reached"] for each in statuses),
        "costs": _costs(installation().registry.costs(row.name)),
        "runs": work.runs(program=number, before=None, limit=5),
        "may_change": may(request, Action.CHANGE_PROGRAMS, row.folder),
        "may_link": may(request, Action.CHANGE_LINKS, row.folder),
        # One link in each connection (M4.1).
        "may_link_more": not links or len(links) < len(installation().registry.connections()),
    }
    return render(request, "web/programs/one.html", context)


def _funnel(
    statuses: list[dict[str, Any]], links: list[dict[str, Any]], carried: list[dict[str, int]]
) -> list[dict[str, Any]]:
    """Each status with its members here and, in the first linked campaign, there."""
    if not links:
        return [{"label": s["status"], "program": s["members"], "campaign": None} for s in statuses]
    facts = installation().ledger.link(LinkId(links[0]["id"]))
    there: dict[str, int] = {}
    for label, count in carried[0].items():
        meant = facts.vocabulary.status(label)
        name = meant.name if meant else label
        there[name] = there.get(name, 0) + count
    rows = [
        {"label": s["status"], "program": s["members"], "campaign": there.pop(s["status"], 0)}
        for s in statuses
    ]
    return rows + [{"label": label, "program": 0, "campaign": count} for label, count in there.items()]


def _costs(costs: list[PeriodCost]) -> dict[str, Any]:
    """The costs by month as points of a chart, and their total by currency."""
    totals: dict[str, Decimal] = {}
    for cost in costs:
        totals[cost.currency] = totals.get(cost.currency, Decimal(0)) + cost.amount
    return {
        "points": [(month(cost.month, True), float(cost.amount)) for cost in costs[-24:]],
        "totals": [
            f"{formats.number_format(total, 2, force_grouping=True)} {name}" for name, total in totals.items()
        ],
    }


@requires(Action.SEE_HISTORY)
def history(request: HttpRequest, number: int) -> HttpResponse:
    """What happened to a program and its campaigns, latest first."""
    row = program_of(request, number, Action.SEE_HISTORY)
    where = {"program": number}
    context = {
        "title": row.name,
        "program": row,
        "tab": "history",
        "listed": listed(
            request,
            lambda after, limit: shown.journal(where, before=whole(after) or None, limit=limit),
            "id",
        ),
    }
    return render(request, "web/programs/history.html", context)
