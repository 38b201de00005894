"""Which campaigns of an org are mirrored (M3.4): a form under its connection that tells how many fit before it keeps anything.

The rule is `domain.mirror_filter`, the counting `runtime.mirroring`; the API and `campaignsync mirror` set the same filter.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaignsync.domain.access import Action
from campaignsync.domain.connections import Connection
from campaignsync.domain.errors import CampaignsyncError, UsageError
from campaignsync.domain.mirror_filter import MirrorFilter, names
from campaignsync.runtime.mirroring import fitting
from campaignsync.web.access import may, requires
from campaignsync.web.installation import installation
from campaignsync.web.settings.connections import connection_of
from campaignsync.web.templatetags.words import number as written
from campaignsync.web.wording import in_words

_LINES = forms.Textarea(attrs={"rows": 3})


class MirrorForm(forms.Form):
    """What a campaign must be for its members to be mirrored; empty: all are."""

    active_only = forms.BooleanField(label=gettext_lazy("Active campaigns only"), required=False)
    types = forms.CharField(
        label=gettext_lazy("Types"),
        required=False,
        widget=_LINES,
        help_text=gettext_lazy("As in Salesforce, one on each line. Empty: any"),
    )
    record_types = forms.CharField(
        label=gettext_lazy("Record types"),
        required=False,
        widget=_LINES,
        help_text=gettext_lazy("By their API names, one on each line. Empty: any"),
    )
    created_since = forms.DateField(
        label=gettext_lazy("Created since"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
    )

    def clean_types(self) -> Any:
        """A type on each line."""
        return _lines(self.cleaned_data["types"], "type")

    def clean_record_types(self) -> Any:
        """A record type on each line."""
        return _lines(self.cleaned_data["record_types"], "record type")

    def chosen(self) -> MirrorFilter:
        """The filter that the form describes."""
        return MirrorFilter(**self.cleaned_data)


def _lines(text: str, what: str) -> tuple[str, ...]:
    try:
        return names((line for line in text.splitlines() if line.strip()), what)
    except UsageError as error:
        raise forms.ValidationError(in_words(error)) from None


@requires(Action.SEE_SETTINGS, post=Action.CHANGE_SETTINGS)
def mirroring(request: HttpRequest, number: int) -> HttpResponse:
    """The filter of a connection; `do=try` counts what fits, anything else that is sent keeps it."""
    org = connection_of(number)
    kept = org.mirror_filter
    initial = {
        "active_only": kept.active_only,
        "types": "\n".join(kept.types),
        "record_types": "\n".join(kept.record_types),
        "created_since": kept.created_since,
    }
    form, fits = MirrorForm(request.POST or None, initial=initial), None
    if request.method == "POST" and form.is_valid():
        try:
            fits = fitting(installation().door(org), form.chosen())
        except CampaignsyncError as error:
            form.add_error(None, in_words(error))
        else:
            if request.POST.get("do") != "try":
                return _keep(request, org, form.chosen(), fits)
    context = {
        "title": _("Which campaigns are mirrored"),
        "org": org,
        "form": form,
        "fits": fits,
        "may_change": may(request, Action.CHANGE_SETTINGS),
    }
    return render(request, "web/settings/mirroring.html", context)


def _keep(request: HttpRequest, org: Connection, chosen: MirrorFilter, fits: tuple[int, int]) -> HttpResponse:
    app = installation()
    if chosen != org.mirror_filter:
        app.registry.set_mirror_filter(org.connection_id, chosen)
        app.jobs.wake(org.connection_id, hurry=True)
    inside, seen = (written(each) for each in fits)
    messages.success(
        request,
        _(
            "Saved: %(inside)s of %(seen)s campaigns fit. The next round brings in what is missing and lets the rest go."
        )
        % {"inside": inside, "seen": seen},
    )
    return redirect("connection", number=org.connection_id)
