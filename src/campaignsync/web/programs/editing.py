"""What is changed of a program: made, named, dated, tagged, cloned, deleted; its period costs."""

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
from campaignsync.domain.programs import PeriodCost, amount, month
from campaignsync.store.models import Program
from campaignsync.web.access import requires
from campaignsync.web.installation import installation
from campaignsync.web.programs.one import program_of
from campaignsync.web.wording import in_words


class ProgramForm(forms.Form):
    """A program as a form."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    channel = forms.ChoiceField(
        label=gettext_lazy("Channel"),
        help_text=gettext_lazy("The channel defines the statuses. It stays as it is."),
    )
    folder = forms.CharField(
        label=gettext_lazy("Folder"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Such as EMEA/Webinars"),
    )
    start = forms.DateField(
        label=gettext_lazy("Begins"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    end = forms.DateField(
        label=gettext_lazy("Ends"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    tags = forms.CharField(
        label=gettext_lazy("Tags"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("One on each line: NAME=VALUE, such as Region=EMEA"),
    )

    tokens = forms.CharField(
        label=gettext_lazy("Tokens"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy(
            "One on each line: NAME=VALUE; smart campaigns of the program write {{my.NAME}}"
        ),
    )

    def __init__(self, *arguments: Any, known: Program | None = None, **named: Any) -> None:
        super().__init__(*arguments, **named)
        channels = installation().registry.channels()
        self.fields["channel"].choices = [  # type: ignore[attr-defined]
            (each.name, f"{each.name} ({', '.join(each.names)})") for each in channels
        ]
        if known:
            del self.fields["channel"]

    def clean_tags(self) -> dict[str, str]:
        """NAME=VALUE lines as a mapping."""
        pairs = [line.partition("=") for line in self.cleaned_data["tags"].splitlines() if line.strip()]
        if any(not (name.strip() and equals and value.strip()) for name, equals, value in pairs):
            raise forms.ValidationError(_("A tag is written as NAME=VALUE, one on each line."))
        return {name.strip(): value.strip() for name, _equals, value in pairs}

    def clean_tokens(self) -> dict[str, str]:
        """NAME=VALUE lines as a mapping; a value may be empty."""
        pairs = [line.partition("=") for line in self.cleaned_data["tokens"].splitlines() if line.strip()]
        if any(not (name.strip() and equals) for name, equals, _value in pairs):
            raise forms.ValidationError(_("A token is written as NAME=VALUE, one on each line."))
        return {name.strip(): value.strip() for name, _equals, value in pairs}


@requires(Action.CHANGE_PROGRAMS)
def new(request: HttpRequest) -> HttpResponse:
    """Make a program."""
    form = ProgramForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        registry = installation().registry
        if kept(
            form, lambda: registry.create_program(given["name"].strip(), given["channel"], given["tags"])
        ):
            row = Program.objects.get(name=given["name"].strip())
            if kept(form, lambda: registry.change_program(row.name, _changes(form))):
                messages.success(request, _("The program is made. Bring people in next."))
                return redirect("program", number=row.pk)
            registry.delete_program(row.name)
    return render(request, "web/programs/edit.html", {"form": form, "title": _("New program")})


def kept(form: forms.Form, act: Any) -> bool:
    """Do something whose refusal, in words, is shown on the form."""
    try:
        act()
    except UsageError as error:
        form.add_error(None, in_words(error))
        return False
    return True


def _changes(form: forms.Form) -> dict[str, Any]:
    given = form.cleaned_data
    changes = {
        "name": given["name"].strip(),
        "start_date": given["start"],
        "end_date": given["end"],
        "tokens": given["tokens"],
    }
    return changes | ({"folder": given["folder"]} if "folder" in given else {})


@requires(Action.CHANGE_PROGRAMS)
def edit(request: HttpRequest, number: int) -> HttpResponse:
    """Change a program."""
    row = program_of(request, number, Action.CHANGE_PROGRAMS)
    initial = {
        "name": row.name,
        "folder": row.folder,
        "start": row.start_date,
        "end": row.end_date,
        "tags": "\n".join(f"{tag.name}={tag.value}" for tag in row.tags.all()),
        "tokens": "\n".join(f"{name}={value}" for name, value in row.tokens.items()),
    }
    form = ProgramForm(request.POST or None, initial=initial, known=row)
    if request.method == "POST" and form.is_valid():
        registry = installation().registry
        if kept(form, lambda: registry.change_program(row.name, _changes(form))):
            registry.set_tags(form.cleaned_data["name"].strip(), form.cleaned_data["tags"])
            messages.success(request, _("Saved."))
            return redirect("program", number=number)
    return render(request, "web/programs/edit.html", {"form": form, "program": row, "title": row.name})


@requires(Action.CHANGE_PROGRAMS)
def clone(request: HttpRequest, number: int) -> HttpResponse:
    """A new program of the same channel and tags (M2.5)."""
    row = program_of(request, number, Action.CHANGE_PROGRAMS)
    name = request.POST.get("name", "").strip() or _("%(name)s (copy)") % {"name": row.name}
    installation().registry.clone_program(row.name, name)
    messages.success(request, _("Cloned: without costs, members and link."))
    return redirect("program", number=Program.objects.get(name=name).pk)


@requires(Action.DELETE_PROGRAMS)
def delete(request: HttpRequest, number: int) -> HttpResponse:
    """Delete a program; its campaign stays (M2.5)."""
    row = program_of(request, number, Action.DELETE_PROGRAMS)
    if request.method == "POST":
        installation().registry.delete_program(row.name)
        messages.success(
            request, _("'%(name)s' is deleted. Its campaign stays as it is.") % {"name": row.name}
        )
        return redirect("programs")
    return render(request, "web/programs/delete.html", {"program": row, "title": row.name})


class CostForm(forms.Form):
    """The cost of one month."""

    month = forms.CharField(
        label=gettext_lazy("Month"), widget=forms.TextInput(attrs={"type": "month", "placeholder": "2026-03"})
    )
    amount = forms.CharField(
        label=gettext_lazy("Amount"), widget=forms.TextInput(attrs={"inputmode": "decimal"})
    )
    currency = forms.CharField(label=gettext_lazy("Currency"), max_length=3, initial="USD")
    note = forms.CharField(label=gettext_lazy("Note"), required=False, max_length=500)

    def clean(self) -> dict[str, Any]:
        """Judged by the domain, and told at the field that is meant."""
        given = super().clean() or {}
        made: dict[str, Any] = {}
        for name, read in (("month", month), ("amount", lambda text: amount(text.replace(",", ".")))):
            try:
                made[name] = read(given.get(name, ""))
            except UsageError as error:
                self.add_error(name, in_words(error))
        if not self.errors:
            try:
                self.cost = PeriodCost(**made, currency=given["currency"].upper(), note=given["note"])
            except UsageError as error:
                self.add_error("amount", in_words(error))
        return given


@requires(Action.SEE_PROGRAMS, post=Action.CHANGE_PROGRAMS)
def costs(request: HttpRequest, number: int) -> HttpResponse:
    """The period costs of a program, and one more."""
    row = program_of(
        request, number, Action.CHANGE_PROGRAMS if request.method == "POST" else Action.SEE_PROGRAMS
    )
    registry = installation().registry
    form = CostForm(request.POST or None)
    if request.method == "POST" and "remove" in request.POST:
        registry.remove_cost(row.name, month(request.POST["remove"]))
        messages.success(request, _("Removed."))
        return redirect("program_costs", number=number)
    if request.method == "POST" and form.is_valid():
        registry.set_cost(row.name, form.cost)
        messages.success(request, _("Saved. The total goes to Salesforce with the next sync."))
        return redirect("program_costs", number=number)
    known = registry.program(row.name)
    context = {"form": form, "program": row, "title": row.name, "tab": "costs", "costs": known["costs"]}
    return render(request, "web/programs/costs.html", context)
