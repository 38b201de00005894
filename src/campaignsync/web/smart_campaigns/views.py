"""Smart campaigns as pages: the list, the builder with its live count, the schedule, the results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import available_timezones

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaignsync.domain.access import Action
from campaignsync.domain.errors import CampaignsyncError, UsageError
from campaignsync.store.models import Program
from campaignsync.web.access import may, requires
from campaignsync.web.errand_pages import begin
from campaignsync.web.installation import installation
from campaignsync.web.paging import listed, sliced, whole
from campaignsync.web.smart_campaigns import definition as text
from campaignsync.web.wording import in_words

_EMPTY = "triggers: []\nfilters: []\nflow: []\n"


@requires(Action.SEE_AUTOMATION)
def smart_campaigns(request: HttpRequest) -> HttpResponse:
    """All smart campaigns."""
    context = {
        "title": _("Smart campaigns"),
        "listed": listed(request, sliced(installation().smart_campaigns.list(), "name"), "name"),
        "may_change": may(request, Action.CHANGE_AUTOMATION),
    }
    return render(request, "web/smart/list.html", context)


@requires(Action.SEE_AUTOMATION)
def one(request: HttpRequest, name: str) -> HttpResponse:
    """One: what it is, what is wrong with it, what came of it."""
    app = installation().smart_campaigns
    context = {
        "title": name,
        "campaign": app.show(name),
        "results": app.results(name),
        "listed": listed(
            request,
            lambda after, limit: list(app.people(name, before=whole(after) or None, limit=limit)),
            "number",
        ),
        "may_change": may(request, Action.CHANGE_AUTOMATION),
    }
    context["text"] = text.written(context["campaign"]["definition"])  # type: ignore[index]
    return render(request, "web/smart/one.html", context)


@requires(Action.CHANGE_AUTOMATION)
def build(request: HttpRequest, name: str = "") -> HttpResponse:
    """The builder: entries added by form, the definition as text, saved when it makes sense."""
    app = installation().smart_campaigns
    shown = text.written(app.show(name)["definition"]) if name else _EMPTY
    called, error = request.POST.get("name", name).strip(), ""
    if request.method == "POST":
        shown = request.POST.get("definition", "")
        try:
            definition = text.settled(text.read(shown), request.POST.dict())
            faults = app.save(called, definition, who=request.user.get_username())
        except UsageError as refusal:
            error = str(refusal)
        else:
            for fault in faults:
                messages.warning(request, in_words(fault))
            messages.success(request, _("Saved. Activate it when the preview looks right."))
            return redirect("smart_campaign", name=called)
    context = {
        "title": name or _("New smart campaign"),
        "known": name,
        "name": called,
        "text": shown,
        "error": error,
        **_settings(shown),
        "kinds": [(kind, [each.name for each in entries]) for kind, (_w, entries) in text.KINDS.items()],
    }
    return render(request, "web/smart/build.html", context, status=400 if error else 200)


def _readable(shown: str) -> dict[str, Any]:
    """What a text holds; nothing while it makes no sense."""
    try:
        return text.read(shown)
    except UsageError:
        return {}


@requires(Action.CHANGE_AUTOMATION)
def fields(request: HttpRequest) -> HttpResponse:
    """The fields of an entry that is about to be added."""
    kind, _dash, name = request.GET.get("entry", "").partition(":")
    if not name:
        return HttpResponse("")
    found = text.entry(kind, name)
    context = {
        "entry": found,
        "kind": kind,
        "wants": text.wants(found, kind),
        "steps": text.steps(_readable(request.GET.get("definition", ""))),
    }
    return render(request, "web/smart/fields_part.html", context)


@requires(Action.CHANGE_AUTOMATION)
def add(request: HttpRequest) -> HttpResponse:
    """The definition with one entry more."""
    kind, _dash, name = request.POST.get("entry", "").partition(":")
    return _changed(request, lambda definition: text.added(definition, kind, name, request.POST.dict()))


@requires(Action.CHANGE_AUTOMATION)
def set_settings(request: HttpRequest) -> HttpResponse:
    """The definition with what the form says of program, qualification, logic, priority and schedule."""
    return _changed(request, lambda definition: text.settled(definition, request.POST.dict()))


def _changed(request: HttpRequest, change: Callable[[dict[str, Any]], dict[str, Any]]) -> HttpResponse:
    """The text with something changed, and the form of settings as it is by then; or why it cannot be."""
    shown, error = request.POST.get("definition", ""), ""
    try:
        shown = text.written(change(text.read(shown)))
    except UsageError as refusal:
        error = str(refusal)
    context = {"text": shown, "error": error, **({} if error else _settings(shown))}
    return render(request, "web/smart/changed_part.html", context)


def _settings(shown: str) -> dict[str, Any]:
    return {
        "settings": text.settings(_readable(shown)),
        "repeats": text.REPEATS,
        "zones": sorted(available_timezones()),
        "programs": list(Program.objects.order_by("name").values_list("name", flat=True)),
    }


@requires(Action.CHANGE_AUTOMATION)
def count(request: HttpRequest) -> HttpResponse:
    """How many people the filters find now, and what is wrong with the definition."""
    app, context = installation().smart_campaigns, dict[str, Any]()
    try:
        definition = text.read(request.POST.get("definition", ""))
        context["found"] = app.count(definition.get("filters") or [], definition.get("logic"))
        context["faults"] = app.check("", definition)
    except CampaignsyncError as error:
        context["error"] = str(error)
    return render(request, "web/smart/count_part.html", context)


@requires(Action.SEE_AUTOMATION)
def preview(request: HttpRequest, name: str) -> HttpResponse:
    """Who would go through now, and what would happen to them; nothing of it stays."""
    try:
        context = {"shown": installation().smart_campaigns.preview(name)}
    except UsageError as error:
        context = {"error": str(error)}  # type: ignore[dict-item]
    return render(request, "web/smart/preview_part.html", context)


@requires(Action.CHANGE_AUTOMATION)
def act(request: HttpRequest, name: str) -> HttpResponse:
    """Activate it, let it rest, run it now, take everybody out of its flow, or delete it."""
    app = installation().smart_campaigns
    match request.POST.get("do", ""):
        case "activate":
            app.activate(name)
            messages.success(request, _("Active."))
        case "deactivate":
            app.deactivate(name)
            messages.success(request, _("It takes in nobody any more; who is in the flow goes on."))
        case "run":
            return begin(request, "smart run", {"smart_campaign": name})
        case "abort":
            people = app.abort(name)
            said = ngettext("%(n)s person was taken out.", "%(n)s people were taken out.", people)
            messages.success(request, said % {"n": people})
        case "delete":
            app.delete(name)
            messages.success(request, _("Deleted."))
            return redirect("smart_campaigns")
    return redirect("smart_campaign", name=name)
