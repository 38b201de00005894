"""Channels and their statuses: the order by drag or by number, steps, success, new ones and those that go."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from campaignsync.domain.access import Action
from campaignsync.domain.errors import UsageError
from campaignsync.domain.statuses import PROGRAM_TYPES, Channel, ProgressionStatus
from campaignsync.store.models import Channel as ChannelRow
from campaignsync.web.access import may, requires
from campaignsync.web.installation import installation
from campaignsync.web.paging import whole

_SPARE_ROWS = 3


@requires(Action.SEE_SETTINGS)
def channels(request: HttpRequest) -> HttpResponse:
    """All channels."""
    numbers = dict(ChannelRow.objects.values_list("name", "pk"))
    found = installation().registry.channels()
    context = {
        "title": _("Settings"),
        "tab": "channels",
        "channels": [{"number": numbers[each.name], "channel": each} for each in found],
        "may_change": may(request, Action.CHANGE_SETTINGS),
    }
    return render(request, "web/settings/channels.html", context)


@requires(Action.CHANGE_SETTINGS)
def channel(request: HttpRequest, number: int = 0) -> HttpResponse:
    """One channel, or a new one."""
    row = ChannelRow.objects.filter(pk=number).first()
    known = installation().registry.channel(row.name) if row else None
    shown = _typed(request) if request.method == "POST" else _known(known)
    error = ""
    if request.method == "POST":
        try:
            _save(known, shown)
        except UsageError as refusal:
            error = str(refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("channels")
    spare = [{"name": "", "step": "", "success": False, "was": ""}] * _SPARE_ROWS
    context = {
        "title": known.name if known else _("New channel"),
        "known": known,
        "shown": {**shown, "statuses": [*shown["statuses"], *spare]},
        "types": PROGRAM_TYPES,
        "error": error,
    }
    return render(request, "web/settings/channel.html", context, status=400 if error else 200)


def _known(known: Channel | None) -> dict[str, Any]:
    if known is None:
        return {"name": "", "program_type": "default", "campaign_type": "", "statuses": []}
    statuses = sorted(known.statuses, key=lambda each: each.step)
    return {
        "name": known.name,
        "program_type": known.program_type,
        "campaign_type": known.campaign_type or "",
        "statuses": [{"name": s.name, "step": s.step, "success": s.success, "was": s.name} for s in statuses],
    }


def _typed(request: HttpRequest) -> dict[str, Any]:
    """The form as it was sent, whatever it says, so that nothing typed is lost."""
    names, steps = request.POST.getlist("status"), request.POST.getlist("step")
    success, was = request.POST.getlist("success"), request.POST.getlist("was")
    rows = zip(names, steps, success, was, strict=False)
    return {
        "name": request.POST.get("name", "").strip(),
        "program_type": request.POST.get("program_type", "default"),
        "campaign_type": request.POST.get("campaign_type", "").strip(),
        "statuses": [
            {"name": name.strip(), "step": step.strip(), "success": flag == "yes", "was": old}
            for name, step, flag, old in rows
            if name.strip() or old
        ],
    }


def _save(known: Channel | None, typed: dict[str, Any]) -> None:
    statuses = [each for each in typed["statuses"] if each["name"]]
    wrong = next((each for each in statuses if not each["step"].isdecimal()), None)
    if wrong:
        raise UsageError(
            _("The step of '%(name)s' is '%(step)s': a whole number of 0 or more is wanted.")
            % {"name": wrong["name"], "step": wrong["step"]}
        )
    made = Channel(
        name=typed["name"] if known is None else known.name,
        program_type=typed["program_type"],
        campaign_type=typed["campaign_type"] or None,
        statuses=tuple(
            ProgressionStatus(name=s["name"], step=whole(s["step"]), success=s["success"]) for s in statuses
        ),
    )
    registry = installation().registry
    if known is None:
        if not registry.add_channels([made]):
            raise UsageError(_("There is a channel '%(name)s' already.") % {"name": made.name})
        return
    renamed = {s["was"]: s["name"] for s in statuses if s["was"] and s["was"] != s["name"]}
    registry.change_channel(made, renamed)
