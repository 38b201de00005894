"""Linking a program: a new campaign or one that is there; what fits and what does not, with every way out; the first plan;
saving.

Nothing is kept before the last step, and no page here is an end: each offers what can be done next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from campaignsync.domain.access import Action
from campaignsync.domain.connections import Connection
from campaignsync.domain.ids import LinkId
from campaignsync.domain.labels import LabelMapping
from campaignsync.domain.links import Misfit
from campaignsync.runtime.cycle import look
from campaignsync.runtime.linking import CAMPAIGN_NAME_LENGTH, ExistingCampaign, Linking, Preview
from campaignsync.store.shown.campaigns import campaigns
from campaignsync.web.access import requires
from campaignsync.web.errands import Errand, Tell, errands, follow, outcome_of
from campaignsync.web.installation import installation
from campaignsync.web.programs.one import program_of
from campaignsync.web.runs.views import plan_context

_FOUND = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants to link, as far as they have said: a campaign's id, or the name of a new one."""

    connection: str
    campaign: str = ""
    name: str = ""
    create_statuses: bool = False
    mapped: tuple[LabelMapping, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A wish, and what it would come to."""

    wish: Wish
    preview: Preview


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
        return redirect("connection_new")
    org = next((each for each in orgs if each.name == request.GET.get("connection")), orgs[0])
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
    program_of(request, number, Action.CHANGE_LINKS)
    app = installation()
    org = app.registry.connection(request.POST.get("connection") or None)

    def work(tell: Tell) -> bool:
        look(app.door(org), app.ledger, org.connection_id)
        return True

    back = f"{reverse('link_begin', args=[number])}?connection={org.name}"
    title = _("Looking at %(org)s") % {"org": org.name}
    return follow(errands.begin(title, request.user.get_username(), work, lambda errand: back, back=back))


def _wish(request: HttpRequest) -> Wish:
    """What the form says."""
    labels = request.POST.getlist("label")
    mapped = [
        LabelMapping(label=label, status=status)
        for label, status in zip(labels, request.POST.getlist("means"), strict=False)
        if status
    ]
    return Wish(
        connection=request.POST.get("connection", ""),
        campaign=request.POST.get("campaign", "").strip(),
        name=request.POST.get("name", "").strip(),
        create_statuses=bool(request.POST.get("create_statuses")),
        mapped=tuple(mapped),
    )


@requires(Action.CHANGE_LINKS)
def try_out(request: HttpRequest, number: int) -> HttpResponse:
    """See what a link would begin with."""
    row = program_of(request, number, Action.CHANGE_LINKS)
    wish = _wish(request)
    org = installation().registry.connection(wish.connection or None)

    def work(tell: Tell) -> Trial:
        doing = linking(org)
        preview = (
            doing.preview_existing(_existing(row.name, wish))
            if wish.campaign
            else doing.preview_new(row.name, wish.name)
        )
        return Trial(wish=wish, preview=preview)

    def address(errand: Errand) -> str:
        return f"{reverse('link_preview', args=[number])}?errand={errand.number}"

    back = f"{reverse('link_begin', args=[number])}?connection={org.name}"
    title = _("Comparing the program with the campaign")
    return follow(errands.begin(title, request.user.get_username(), work, address, back=back))


def _existing(program: str, wish: Wish) -> ExistingCampaign:
    return ExistingCampaign(
        program=program, campaign=wish.campaign, create_statuses=wish.create_statuses, mapped=wish.mapped
    )


@requires(Action.CHANGE_LINKS)
def preview(request: HttpRequest, number: int) -> HttpResponse:
    """What fits, the ways out of what does not, and the first plan in numbers and samples."""
    row = program_of(request, number, Action.CHANGE_LINKS)
    trial = outcome_of(request, Trial)
    if trial is None or trial.preview.labels.program != row.name:
        messages.warning(request, _("The comparison is not remembered any more: begin once more."))
        return redirect("link_begin", number=number)
    labels = trial.preview.labels
    fit = labels.fit
    context: dict[str, Any] = {
        "title": _("Link '%(name)s'") % {"name": row.name},
        "program": row,
        "trial": trial,
        "errand": request.GET.get("errand", ""),
        "org": labels.connection,
        "fits": fit.fits,
        "rows": _table(trial),
        "missing": [each for each in fit.blocking if each.reason is Misfit.MISSING],
        "unknown": [each for each in (*fit.blocking, *fit.warnings) if each.reason is Misfit.UNKNOWN],
        "statuses": labels.vocabulary.channel.names,
        "campaign": trial.preview.planned.facts.campaign,
        "halt": trial.preview.planned.halt,
        **{f"plan_{key}": value for key, value in plan_context(request, trial.preview.planned.plan).items()},
    }
    return render(request, "web/links/preview.html", context)


def _table(trial: Trial) -> list[dict[str, Any]]:
    """Each label of the campaign with what it means, then each status that no label means; and how well that fits."""
    fit = trial.preview.labels.fit
    blocking = {each.label for each in fit.blocking}
    chosen = {each.label: each.status for each in trial.wish.mapped}
    rows = [
        {
            **row,
            "own": row["status"] is not None and row["label"] not in chosen,
            "chosen": chosen.get(str(row["label"]), ""),
            "tone": "ok" if row["status"] else "bad" if row["label"] in blocking else "warn",
        }
        for row in trial.preview.labels.rows()
    ]
    lacking = [
        {"label": None, "status": each.label, "members": 0, "tone": "bad", "own": True}
        for each in fit.blocking
        if each.reason is Misfit.MISSING
    ]
    return rows + lacking


@requires(Action.CHANGE_LINKS)
def save(request: HttpRequest, number: int) -> HttpResponse:
    """Link the two as it was seen."""
    row = program_of(request, number, Action.CHANGE_LINKS)
    trial = outcome_of(request, Trial)
    if trial is None or trial.preview.labels.program != row.name:
        messages.warning(request, _("The comparison is not remembered any more: begin once more."))
        return redirect("link_begin", number=number)
    wish, org = trial.wish, trial.preview.labels.connection

    def work(tell: Tell) -> LinkId:
        doing = linking(org)
        return doing.existing(_existing(row.name, wish)) if wish.campaign else doing.new(row.name, wish.name)

    def said(errand: Errand) -> str:
        return _("Linked. Nothing is synced yet: read the plan, then sync.")

    home = reverse("program", args=[number])
    back = f"{reverse('link_preview', args=[number])}?errand={request.GET.get('errand', '')}"
    title = _("Linking '%(name)s'") % {"name": row.name}
    return follow(
        errands.begin(title, request.user.get_username(), work, lambda errand: home, said=said, back=back)
    )
