"""Fields: how those of people are joined with leads and contacts of an org, and the custom fields of members."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaignsync.domain.access import Action
from campaignsync.domain.errors import CampaignsyncError, UsageError
from campaignsync.domain.fields import FieldDirection, FieldWinner, PersonField, remapped
from campaignsync.domain.member_fields import FieldKind, FieldMapping, MemberField, field_named
from campaignsync.domain.registrants import require_free_name
from campaignsync.web.access import may, requires
from campaignsync.web.errand_pages import begin
from campaignsync.web.installation import installation
from campaignsync.web.settings.connections import connection_of
from campaignsync.web.templatetags.words import field_name
from campaignsync.web.wording import in_words


class MappingForm(forms.Form):
    """How a field of people goes in one org."""

    name = forms.CharField(
        label=gettext_lazy("Field"), max_length=40, help_text=gettext_lazy("A new name makes a custom field")
    )
    lead = forms.CharField(label=gettext_lazy("Field of a lead"), required=False, max_length=255)
    contact = forms.CharField(
        label=gettext_lazy("Field of a contact"),
        required=False,
        max_length=255,
        help_text=gettext_lazy("Or of its account: Account.Name"),
    )
    direction = forms.ChoiceField(
        label=gettext_lazy("Direction"),
        choices=[
            (FieldDirection.BOTH.value, gettext_lazy("both ways")),
            (FieldDirection.TO_SALESFORCE.value, gettext_lazy("to Salesforce only")),
            (FieldDirection.FROM_SALESFORCE.value, gettext_lazy("from Salesforce only")),
            (FieldDirection.OFF.value, gettext_lazy("off")),
        ],
    )
    winner = forms.ChoiceField(
        label=gettext_lazy("Both sides changed it"),
        choices=[
            (FieldWinner.DEFAULT.value, gettext_lazy("ours wins for a lead, Salesforce for a contact")),
            (FieldWinner.OURS.value, gettext_lazy("ours wins")),
            (FieldWinner.SALESFORCE.value, gettext_lazy("Salesforce wins")),
        ],
    )


@requires(Action.SEE_SETTINGS)
def fields(request: HttpRequest) -> HttpResponse:
    """The fields of people in each org, and those of members."""
    app = installation()
    context = {
        "title": _("Settings"),
        "tab": "fields",
        "orgs": [
            {"org": org, "fields": app.registry.person_fields(org.connection_id)}
            for org in app.registry.connections()
        ],
        "member_fields": _member_fields(),
        "kinds": [each.value for each in FieldKind],
        "may_change": may(request, Action.CHANGE_SETTINGS),
    }
    return render(request, "web/settings/fields.html", context)


def _member_fields() -> list[dict[str, Any]]:
    """The fields of members, each with what it is in every org."""
    app = installation()
    orgs = app.registry.connections()
    mapped = {
        org.name: {each.field.name: each for each in app.member_fields.mappings(org.connection_id)}
        for org in orgs
    }
    return [
        {
            "name": field.name,
            "kind": field.kind,
            "mapped": [{"org": org, "mapping": mapped[org.name].get(field.name)} for org in orgs],
        }
        for field in app.member_fields.list()
    ]


@requires(Action.CHANGE_SETTINGS)
def member_mapping(request: HttpRequest, number: int) -> HttpResponse:
    """One field of members in one org: which field of CampaignMember it is kept the same with (M6.8)."""
    app, org = installation(), connection_of(number)
    field = field_named(request.GET.get("field", ""), app.member_fields.list())
    known = {each.field.name: each for each in app.member_fields.mappings(org.connection_id)}.get(field.name)
    if request.method == "POST":
        asked = {"connection": org.name, "name": field.name}
        if "unmap" in request.POST:
            return begin(request, "unmap member field", asked)
        wanted = request.POST.get("salesforce_field", "").strip()
        if wanted:
            return begin(request, "map member field", {**asked, "salesforce_field": wanted})
        messages.warning(request, _("Choose a field of Salesforce first."))
    context: dict[str, Any] = {"title": field.name, "field": field, "org": org, "known": known}
    try:
        seen = [each for each in app.door(org).fields_of("CampaignMember") if each.name.endswith("__c")]
    except CampaignsyncError as error:
        seen, context["error"] = [], str(error)
    wishes = ((each.name, FieldMapping(field=field, salesforce_field=each.name)) for each in seen)
    context["choices"] = [{"name": name, "fault": wish.fault(seen)} for name, wish in wishes]
    return render(request, "web/settings/member_mapping.html", context)


@requires(Action.CHANGE_SETTINGS)
def mapping(request: HttpRequest, number: int) -> HttpResponse:
    """One field of people in one org."""
    app, org = installation(), connection_of(number)
    known = {field.name: field for field in app.registry.person_fields(org.connection_id)}
    field = known.get(request.GET.get("field", ""))
    form = MappingForm(request.POST or None, initial=_initial(field))
    if field:
        form.fields["name"].disabled = True
    if request.method == "POST" and form.is_valid():
        try:
            _map(number, list(known.values()), form.cleaned_data, field)
        except CampaignsyncError as error:
            form.add_error(None, in_words(error))
        else:
            messages.success(request, _("Saved. The next sync compares everybody anew."))
            return redirect(f"{reverse('fields')}#org-{number}")
    context = {"title": field_name(field.name) if field else _("New field"), "form": form, "org": org}
    return render(request, "web/settings/mapping.html", context)


def _initial(field: PersonField | None) -> dict[str, Any]:
    if field is None:
        return {}
    return {
        "name": field.name,
        "lead": field.lead or "",
        "contact": field.contact or "",
        "direction": field.direction.value,
        "winner": field.winner.value,
    }


def _map(number: int, known: list[PersonField], given: dict[str, Any], field: PersonField | None) -> None:
    app, org = installation(), connection_of(number)
    before = _initial(field)
    chosen = {
        name: given[name]
        for name in ("lead", "contact", "direction", "winner")
        if given[name] != before.get(name, "")
    }
    door = app.door(org)
    looks = chosen.get("lead") or chosen.get("contact")
    seen = {each: door.fields_of(each) for each in ("Lead", "Contact", "Account")} if looks else {}
    app.registry.map_person_field(org.connection_id, remapped(known, given["name"].strip(), chosen, seen))


@requires(Action.CHANGE_SETTINGS)
def member_field(request: HttpRequest) -> HttpResponse:
    """Add a field of members, or forget one."""
    app, gone = installation(), request.POST.get("remove")
    if gone:
        app.member_fields.remove(gone, who=request.user.get_username())
        messages.success(request, _("'%(name)s' and its values are forgotten.") % {"name": gone})
        return redirect("fields")
    name, kind = request.POST.get("name", "").strip(), request.POST.get("kind", "")
    if not name or "=" in name or kind not in set(FieldKind):
        raise UsageError(_("A field needs a name without an equals sign, and a kind."))
    require_free_name(name)
    app.member_fields.add(MemberField(name=name, kind=FieldKind(kind)))
    messages.success(request, _("Members may have '%(name)s' now.") % {"name": name})
    return redirect("fields")
