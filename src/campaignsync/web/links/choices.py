"""How a link decides, what its labels mean, letting it go on, ending it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaignsync.domain.access import Action
from campaignsync.domain.errors import UsageError
from campaignsync.domain.links import Approval, FieldEdit, LinkState, Removal, StepBack, Winner
from campaignsync.runtime.labels import LabelsOfCampaign
from campaignsync.web.access import may, requires
from campaignsync.web.errand_pages import begin
from campaignsync.web.installation import installation
from campaignsync.web.links.making import linking
from campaignsync.web.programs.one import program_of
from campaignsync.web.runs.doing import link_of

_REMOVALS = [
    (Removal.REMOVE.value, gettext_lazy("is removed there, too")),
    (Removal.KEEP.value, gettext_lazy("stays there")),
]


class ChoicesForm(forms.Form):
    """The policy of a link (M5.3, M6.2–M6.4, M6.6)."""

    winner = forms.ChoiceField(
        label=gettext_lazy("Both sides changed a member"),
        choices=[
            (Winner.FURTHER.value, gettext_lazy("the further step wins; equal steps are a conflict")),
            (Winner.PROGRAM.value, gettext_lazy("the program wins")),
            (Winner.CAMPAIGN.value, gettext_lazy("Salesforce wins")),
            (Winner.ASK.value, gettext_lazy("a person decides")),
        ],
    )
    step_back = forms.ChoiceField(
        label=gettext_lazy("Salesforce moved a member a step back"),
        choices=[
            (StepBack.PUT_BACK.value, gettext_lazy("put it back")),
            (StepBack.ACCEPT.value, gettext_lazy("accept it here")),
            (StepBack.ASK.value, gettext_lazy("a person decides")),
        ],
    )
    removed_in_program = forms.ChoiceField(label=gettext_lazy("Who is removed here"), choices=_REMOVALS)
    removed_in_campaign = forms.ChoiceField(
        label=gettext_lazy("Who is removed in Salesforce"), choices=_REMOVALS
    )
    field_edit = forms.ChoiceField(
        label=gettext_lazy("Type or cost was edited in Salesforce"),
        choices=[
            (FieldEdit.PUT_BACK.value, gettext_lazy("put it back")),
            (FieldEdit.KEEP.value, gettext_lazy("keep it until ours changes")),
        ],
    )
    approval = forms.ChoiceField(
        label=gettext_lazy("Before a round writes"),
        choices=[
            (Approval.NONE.value, gettext_lazy("nobody has to be asked")),
            (Approval.EACH_PLAN.value, gettext_lazy("a person approves its plan")),
        ],
    )
    removal_number = forms.IntegerField(
        label=gettext_lazy("Halt when more are to be removed than"), min_value=0, max_value=10_000_000
    )
    removal_share = forms.FloatField(
        label=gettext_lazy("and more than this share of the members, in percent"), min_value=0, max_value=100
    )


@requires(Action.SEE_LINKS, post=Action.CHANGE_LINKS)
def choices(request: HttpRequest, number: int, link: int) -> HttpResponse:
    """The choices of a link, and what its labels mean."""
    row = program_of(request, number, Action.CHANGE_LINKS if request.method == "POST" else Action.SEE_LINKS)
    link_id, org = link_of(row, link)
    facts = installation().ledger.link(link_id)
    initial = {name: getattr(facts.policy, name) for name in list(ChoicesForm.base_fields)[:6]} | {
        "removal_number": facts.limits.removal_number,
        "removal_share": round(facts.limits.removal_share * 100, 2),
    }
    form = ChoicesForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        given = {**form.cleaned_data, "removal_share": form.cleaned_data["removal_share"] / 100}
        installation().registry.set_policy(link_id, {key: str(value) for key, value in given.items()})
        messages.success(request, _("Saved. The next sync decides by it."))
        return redirect("link_choices", number=number, link=link)
    labels = linking(org).labels_of(facts)
    context = {
        "title": _("Choices of this link"),
        "program": row,
        "link": link,
        "facts": facts,
        "form": form,
        "org": org,
        "labels": _rows(labels),
        "fit": labels.fit,
        "statuses": facts.channel.names,
        "may_change": may(request, Action.CHANGE_LINKS, row.folder),
    }
    return render(request, "web/links/choices.html", context)


def _rows(labels: LabelsOfCampaign) -> list[dict[str, Any]]:
    mapped = {each.label: each.status for each in labels.vocabulary.mapped}
    return [
        {
            **row,
            "mapped": mapped.get(str(row["label"]), ""),
            "own": row["status"] and row["label"] not in mapped,
        }
        for row in labels.rows()
    ]


@requires(Action.CHANGE_LINKS)
def change_labels(request: HttpRequest, number: int, link: int) -> HttpResponse:
    """Say what labels mean, or have missing statuses created in Salesforce (M4.4)."""
    row = program_of(request, number, Action.CHANGE_LINKS)
    link_id, org = link_of(row, link)
    before = {each.label: each.status for each in installation().ledger.link(link_id).mapped}
    pairs = dict(zip(request.POST.getlist("label"), request.POST.getlist("means"), strict=False))
    asked = {
        "program": row.name,
        "connection": org.name,
        "map": {label: status for label, status in pairs.items() if status and before.get(label) != status},
        "unmap": [label for label, status in pairs.items() if not status and label in before],
        "create_statuses": bool(request.POST.get("create_statuses")),
    }
    return begin(request, "labels", asked, row.folder)


@requires(Action.CHANGE_LINKS)
def resume(request: HttpRequest, number: int, link: int) -> HttpResponse:
    """Let a halted link go on, once (M6.6)."""
    row = program_of(request, number, Action.CHANGE_LINKS)
    link_id, _org = link_of(row, link)
    if installation().ledger.link(link_id).state is not LinkState.HALTED:
        raise UsageError(_("This link is not halted."))
    installation().registry.resume(link_id)
    messages.success(request, _("The link goes on at the next sync, with its removals."))
    return redirect("program", number=number)


@requires(Action.CHANGE_LINKS)
def unlink(request: HttpRequest, number: int, link: int) -> HttpResponse:
    """End a link; both lists stay as they are (M4.7)."""
    row = program_of(request, number, Action.CHANGE_LINKS)
    link_id, _org = link_of(row, link)
    installation().registry.unlink(link_id)
    messages.success(request, _("Linked no more. Both keep their members."))
    return redirect("program", number=number)
