"""People: the list, one of them with all we know, their fields, and what may be done at once."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from campaignsync.domain.access import Action
from campaignsync.domain.errors import UsageError
from campaignsync.domain.fields import STANDARD_FIELDS, PersonField, ValueKind, typed
from campaignsync.store.models import Person
from campaignsync.store.shown import people as shown
from campaignsync.store.shown.programs import journal
from campaignsync.web.access import may, requires
from campaignsync.web.errand_pages import begin
from campaignsync.web.installation import installation
from campaignsync.web.paging import listed, whole
from campaignsync.web.templatetags.words import field_name
from campaignsync.web.wording import in_words


@requires(Action.SEE_PEOPLE)
def people(request: HttpRequest) -> HttpResponse:
    """Everybody we know."""
    search = request.GET.get("search", "").strip()[:200]
    context = {
        "title": _("People"),
        "listed": listed(
            request, lambda after, limit: shown.people(search, after=whole(after), limit=limit), "number"
        ),
        "search": search,
    }
    part = request.headers.get("HX-Target") == "people"
    return render(request, "web/people/list_part.html" if part else "web/people/list.html", context)


@requires(Action.SEE_PEOPLE)
def person(request: HttpRequest, number: int) -> HttpResponse:
    """All we know of somebody."""
    _require(number)
    known = installation().directory.show(number)
    name = " ".join(filter(None, (known["first_name"], known["last_name"]))) or known["email"] or f"#{number}"
    orgs = {each.name: each for each in installation().registry.connections()}
    context = {
        "title": name,
        "person": known,
        "fields": [(f.name, known[f.name]) for f in STANDARD_FIELDS if known.get(f.name) not in (None, "")],
        "records": [
            {**record, "url": f"{orgs[record['connection']].instance_url}/{record['salesforce_id']}"}
            for record in known["records"]
            if record["connection"] in orgs
        ],
        "unknown_in": [
            name
            for name in orgs
            if name not in {r["connection"] for r in known["records"] if not r["deleted"]}
        ],
        "campaigns": shown.campaigns_of(number),
        "listed": listed(
            request,
            lambda after, limit: journal({"person": number}, before=whole(after) or None, limit=limit),
            "id",
            size=25,
        ),
        "may_change": may(request, Action.CHANGE_PEOPLE),
        "may_merge": may(request, Action.DELETE_PEOPLE),
    }
    return render(request, "web/people/one.html", context)


def _require(number: int) -> Person:
    found = Person.objects.filter(pk=number).first()
    if found is None:
        raise Http404
    return found


class FieldsForm(forms.Form):
    """The fields of a person, each as text, judged by the domain."""

    def __init__(self, *arguments: Any, fields: list[PersonField], **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._known = {field.name: field for field in fields}
        for field in fields:
            label = field_name(field.name)
            if field.kind is ValueKind.BOOLEAN:
                self.fields[field.name] = forms.ChoiceField(
                    label=label, required=False, choices=[("", "–"), ("yes", _("yes")), ("no", _("no"))]
                )
            else:
                self.fields[field.name] = forms.CharField(label=label, required=False, max_length=32_000)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        self.values = {}
        for name in self.changed_data:
            try:
                self.values[self._known[name]] = typed(self._known[name], given.get(name, ""))
            except UsageError as error:
                self.add_error(name, in_words(error))
        return given


@requires(Action.CHANGE_PEOPLE)
def edit(request: HttpRequest, number: int) -> HttpResponse:
    """Change somebody's fields."""
    _require(number)
    directory = installation().directory
    known = directory.show(number)
    fields = [field for field in STANDARD_FIELDS if field.name in known]
    initial = {field.name: _shown(known[field.name]) for field in fields}
    form = FieldsForm(request.POST or None, initial=initial, fields=fields)
    if request.method == "POST" and form.is_valid():
        try:
            directory.change(number, form.values, who=request.user.get_username())
        except UsageError as error:
            form.add_error("email", in_words(error))
        else:
            messages.success(request, _("Saved."))
            return redirect("person", number=number)
    return render(
        request, "web/people/edit.html", {"form": form, "number": number, "title": known["email"] or "–"}
    )


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


@requires(Action.DELETE_PEOPLE)
def merge(request: HttpRequest, number: int) -> HttpResponse:
    """Merge somebody into another person, who is named by an address, or by an id of ours or of Salesforce (M7.8)."""
    _require(number)
    directory = installation().directory
    try:
        winner = directory.find(request.POST.get("into", "").strip())
        directory.merge(number, winner, who=request.user.get_username())
    except UsageError as error:
        messages.error(request, in_words(error))
        return redirect("person", number=number)
    messages.success(request, _("Merged: this is who stays, with the memberships of both."))
    return redirect("person", number=winner)


@requires(Action.CHANGE_PEOPLE)
def sync(request: HttpRequest, number: int) -> HttpResponse:
    """Make sure that an org knows somebody, at once (M9.5)."""
    _require(number)
    org = installation().registry.connection(request.POST.get("connection", ""))
    return begin(request, "person sync", {"person": number, "connection": org.name})
