"""Connections: made with guidance, checked as a list, chosen how leads are made, how often, in which currency."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaignsync.domain.access import Action
from campaignsync.domain.budget import pause, pause_text
from campaignsync.domain.connections import LOGIN_FIELDS, Connection, Login, LoginMethod
from campaignsync.domain.errors import CampaignsyncError, UsageError
from campaignsync.domain.people import DuplicateRule
from campaignsync.domain.programs import currency_code, rate
from campaignsync.runtime.lead_rules import changed_rules
from campaignsync.runtime.linking import require_campaign_sync
from campaignsync.store.models import Connection as ConnectionRow
from campaignsync.web.access import may, requires
from campaignsync.web.errand_pages import begin
from campaignsync.web.installation import installation
from campaignsync.web.wording import in_words

_SECRET = {"client_secret", "password", "refresh_token"}


class LoginForm(forms.Form):
    """How to log in to an org; which fields are needed depends on the way."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=60,
        help_text=gettext_lazy("A name of your own, such as production"),
    )
    url = forms.URLField(
        label=gettext_lazy("Address of the org"),
        assume_scheme="https",
        help_text=gettext_lazy("Such as https://my-domain.my.salesforce.com"),
    )
    method = forms.ChoiceField(
        label=gettext_lazy("Way to log in"),
        choices=[
            (LoginMethod.CLIENT_CREDENTIALS.value, gettext_lazy("Client credentials (recommended)")),
            (LoginMethod.JWT_BEARER.value, gettext_lazy("JWT with a private key")),
            (LoginMethod.REFRESH_TOKEN.value, gettext_lazy("Refresh token")),
            (LoginMethod.PASSWORD.value, gettext_lazy("User name and password")),
        ],
    )
    client_id = forms.CharField(label=gettext_lazy("Consumer key"), max_length=500)
    client_secret = forms.CharField(
        label=gettext_lazy("Consumer secret"),
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    username = forms.CharField(
        label=gettext_lazy("User name"), required=False, help_text=gettext_lazy("For JWT and password")
    )
    password = forms.CharField(
        label=gettext_lazy("Password with security token"),
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    refresh_token = forms.CharField(
        label=gettext_lazy("Refresh token"),
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    private_key = forms.CharField(
        label=gettext_lazy("Private key in PEM form"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    campaign_sync = forms.BooleanField(
        label=gettext_lazy("Switch the campaign sync on"),
        required=False,
        initial=True,
        help_text=gettext_lazy("The first look may take a while: all campaigns are read once."),
    )

    def clean(self) -> dict[str, Any]:
        """Whatever the chosen way needs must be there."""
        given = super().clean() or {}
        if "method" in given:
            for name in LOGIN_FIELDS[LoginMethod(given["method"])]:
                if not given.get(name) and name not in self.errors:
                    self.add_error(name, _("This way to log in needs it."))
        return given

    def login(self) -> Login:
        """The login that the form describes."""
        given, method = self.cleaned_data, LoginMethod(self.cleaned_data["method"])
        return Login(
            method=method,
            login_url=given["url"].rstrip("/"),
            fields={name: given[name] for name in LOGIN_FIELDS[method]},
        )


@requires(Action.SEE_SETTINGS)
def connections(request: HttpRequest) -> HttpResponse:
    """All connections."""
    app = installation()
    found = [(each, app.ledger.budget(each.connection_id)) for each in app.registry.connections()]
    context = {
        "title": _("Settings"),
        "tab": "connections",
        "connections": [
            {"org": org, "budget": budget, "every": pause_text(budget.every)} for org, budget in found
        ],
        "may_change": may(request, Action.CHANGE_SETTINGS),
    }
    return render(request, "web/settings/connections.html", context)


@requires(Action.CHANGE_SETTINGS)
def new(request: HttpRequest) -> HttpResponse:
    """Connect an org: the login is tried before anything is kept."""
    form = LoginForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["name"].strip()
        try:
            _log_in(name, form.login(), campaign_sync=form.cleaned_data["campaign_sync"])
        except CampaignsyncError as error:
            form.add_error(None, in_words(error))
        else:
            messages.success(request, _("Connected. The check list says whether all rights are there."))
            return redirect("connection", number=installation().registry.connection(name).connection_id)
    return render(request, "web/settings/connection_new.html", {"title": _("Connect an org"), "form": form})


def _log_in(name: str, login: Login, *, campaign_sync: bool) -> None:
    app = installation()
    door = app.new_door(login)
    user = door.sync_user()
    app.registry.save_connection(
        name, login, instance_url=door.instance_url, campaign_sync=campaign_sync, user=user
    )


def connection_of(number: int) -> Connection:
    """A connection by its number; 404 when there is none."""
    found = next((c for c in installation().registry.connections() if c.connection_id == number), None)
    if found is None:
        raise Http404
    return found


class ChoicesForm(forms.Form):
    """What is chosen for a connection (M3.1, M5.2, M7.2, M7.6, M7.11)."""

    campaign_sync = forms.BooleanField(label=gettext_lazy("Campaign sync is on"), required=False)
    every = forms.CharField(
        label=gettext_lazy("A round every"),
        help_text=gettext_lazy("Such as 5m, 2h or 1d; off: only when somebody asks"),
        max_length=10,
    )
    daily_calls = forms.IntegerField(
        label=gettext_lazy("API calls in 24 hours, at most"),
        required=False,
        min_value=0,
        help_text=gettext_lazy("Empty: as many as it takes"),
    )
    reserve = forms.IntegerField(
        label=gettext_lazy("Of the org's own calls, those kept for others"),
        required=False,
        min_value=0,
        help_text=gettext_lazy("Empty: nobody looks at what others have used"),
    )
    currency = forms.CharField(label=gettext_lazy("The org's own currency"), max_length=3)
    rates = forms.CharField(
        label=gettext_lazy("Rates"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("One on each line: EUR=1.08, what one is worth in the org's own currency"),
    )
    default_last_name = forms.CharField(
        label=gettext_lazy("Last name of a new lead without one"),
        required=False,
        help_text=gettext_lazy("Empty: such people are problems"),
        max_length=80,
    )
    default_company = forms.CharField(
        label=gettext_lazy("Company of a new lead without one"), required=False, max_length=255
    )
    duplicate_rule = forms.ChoiceField(
        label=gettext_lazy("Duplicate rules of the org"),
        choices=[
            (DuplicateRule.OBEY.value, gettext_lazy("are obeyed")),
            (DuplicateRule.ALLOW_SAVE.value, gettext_lazy("may be passed over where they only warn")),
        ],
    )
    assignment = forms.CharField(
        label=gettext_lazy("Owner of a new lead"),
        help_text=gettext_lazy("default: the active rule; none; or the id of a rule"),
    )
    external_id_field = forms.CharField(
        label=gettext_lazy("External id field for our ids"),
        required=False,
        help_text=gettext_lazy("On Lead and Contact; makes creation safe at any crash"),
    )

    def clean_every(self) -> Any:
        """A time between rounds."""
        return self._read(pause, self.cleaned_data["every"].strip())

    def clean_currency(self) -> Any:
        """Three capital letters."""
        return self._read(currency_code, self.cleaned_data["currency"].strip().upper())

    def clean_rates(self) -> Any:
        """A rate on each line."""
        lines = [line.strip() for line in self.cleaned_data["rates"].splitlines() if line.strip()]
        return dict(self._read(rate, line) for line in lines)

    def _read(self, read: Any, text: str) -> Any:
        try:
            return read(text)
        except UsageError as error:
            raise forms.ValidationError(in_words(error)) from None


@requires(Action.SEE_SETTINGS, post=Action.CHANGE_SETTINGS)
def connection(request: HttpRequest, number: int) -> HttpResponse:
    """One connection: its check list and its choices."""
    app, org = installation(), connection_of(number)
    row, budget = ConnectionRow.objects.get(pk=number), app.ledger.budget(org.connection_id)
    initial = {
        "campaign_sync": org.campaign_sync,
        "every": pause_text(budget.every),
        "daily_calls": budget.daily_calls,
        "reserve": budget.reserve,
        "currency": row.currency,
        "rates": "\n".join(f"{name}={worth}" for name, worth in sorted(row.rates.items())),
        **asdict(org.leads),
    }
    form = ChoicesForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            _keep(org, form.cleaned_data, set(row.rates))
        except CampaignsyncError as error:
            form.add_error(None, in_words(error))
        else:
            messages.success(request, _("Saved."))
            return redirect("connection", number=number)
    context = {
        "title": org.name,
        "org": org,
        "budget": budget,
        "form": form,
        "may_change": may(request, Action.CHANGE_SETTINGS),
        "may_check": may(request, Action.CHECK_CONNECTIONS),
        "may_compare": org.campaign_sync and may(request, Action.SYNC_ALL),
    }
    return render(request, "web/settings/connection.html", context)


def _keep(org: Connection, given: dict[str, Any], known_rates: set[str]) -> None:
    app = installation()
    leads = {name: given[name] or "" for name in asdict(org.leads)}
    if leads != {name: value or "" for name, value in asdict(org.leads).items()}:
        app.registry.set_lead_rules(org.connection_id, changed_rules(org.leads, leads, app.door(org)))
    every = given["every"]
    pace = {
        "every_s": int(every.total_seconds()) if every else None,
        "daily_calls": given["daily_calls"] or None,
        "reserve": given["reserve"] or None,
    }
    app.registry.set_pace(org.connection_id, pace)
    gone = dict.fromkeys(known_rates - given["rates"].keys())
    app.registry.set_currency(org.connection_id, given["currency"], {**gone, **given["rates"]})
    if given["campaign_sync"] != org.campaign_sync:
        app.registry.save_connection(
            org.name,
            app.registry.login(org.connection_id),
            instance_url=org.instance_url,
            campaign_sync=given["campaign_sync"],
            user=org.user,
        )


@requires(Action.CHECK_CONNECTIONS)
def check(request: HttpRequest, number: int) -> HttpResponse:
    """The check list, as the org answers now."""
    org = connection_of(number)
    return render(
        request, "web/settings/check_part.html", {"findings": installation().doctor(org), "org": org}
    )


@requires(Action.SYNC_ALL)
def compare(request: HttpRequest, number: int) -> HttpResponse:
    """Read all of an org anew and make both sides of all its links the same."""
    org = connection_of(number)
    require_campaign_sync(org)
    return begin(request, "sync", {"connection": org.name, "full": True})


@requires(Action.CHANGE_SETTINGS)
def credentials(request: HttpRequest, number: int) -> HttpResponse:
    """Other credentials for the same org."""
    org = connection_of(number)
    login = installation().registry.login(org.connection_id)
    shown = {name: value for name, value in login.fields.items() if name in ("client_id", "username")}
    initial = {"name": org.name, "url": login.login_url, "method": login.method.value, **shown}
    form = LoginForm(request.POST or None, initial=initial)
    form.fields["name"].disabled = True
    del form.fields["campaign_sync"]
    if request.method == "POST" and form.is_valid():
        try:
            _log_in(org.name, form.login(), campaign_sync=org.campaign_sync)
        except CampaignsyncError as error:
            form.add_error(None, in_words(error))
        else:
            messages.success(request, _("The new credentials are taken."))
            return redirect("connection", number=number)
    return render(request, "web/settings/connection_new.html", {"title": org.name, "form": form, "org": org})
