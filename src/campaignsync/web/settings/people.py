"""Users with their roles, in folders or everywhere; API keys that act for them. A password or a key is never shown again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaignsync.domain.access import Action, Role, Scope
from campaignsync.domain.errors import UsageError
from campaignsync.web.access import may, requires, rights_of
from campaignsync.web.installation import installation
from campaignsync.web.paging import listed, whole
from campaignsync.web.wording import in_words

_ROLES = [
    (Role.VIEWER.value, gettext_lazy("viewer: looks")),
    (Role.OPERATOR.value, gettext_lazy("operator: changes programs and syncs")),
    (Role.ADMIN.value, gettext_lazy("admin: settings and users, too")),
]
_LIVES = [
    ("30", gettext_lazy("30 days")),
    ("90", gettext_lazy("90 days")),
    ("365", gettext_lazy("a year")),
    ("", gettext_lazy("for ever")),
]


class UserForm(forms.Form):
    """A new user."""

    name = forms.CharField(label=gettext_lazy("User name"), max_length=150)
    email = forms.EmailField(label=gettext_lazy("E-mail"), required=False)
    password = forms.CharField(
        label=gettext_lazy("Password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        strip=False,
    )
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=_ROLES)
    folder = forms.CharField(
        label=gettext_lazy("In folder"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Empty: everywhere"),
    )


@requires(Action.MANAGE_USERS)
def users(request: HttpRequest) -> HttpResponse:
    """All users, and a new one."""
    search = request.GET.get("search", "").strip()[:150]
    form = UserForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _added(form):
        messages.success(request, _("'%(name)s' may log in now.") % {"name": form.cleaned_data["name"]})
        return redirect("users")
    context = {
        "title": _("Settings"),
        "tab": "users",
        "search": search,
        "listed": listed(
            request, lambda after, limit: installation().users.list(search, after=after, limit=limit), "user"
        ),
        "form": form,
        "roles": _ROLES,
    }
    return render(request, "web/settings/users.html", context)


def _added(form: UserForm) -> bool:
    given, known = form.cleaned_data, installation().users
    try:
        known.add(given["name"], email=given["email"], password=given["password"])
        known.grant(given["name"].strip(), Role(given["role"]), given["folder"])
    except UsageError as error:
        form.add_error("password" if "password" in str(error) else "name", in_words(error))
        return False
    return True


@requires(Action.MANAGE_USERS)
def user(request: HttpRequest) -> HttpResponse:
    """Change one user: a role given or taken, a password set, let in or not, removed."""
    name, word, known = request.POST.get("user", ""), request.POST.get("do", ""), installation().users
    folder = request.POST.get("folder", "")
    match word:
        case "grant" if request.POST.get("role") in set(Role):
            known.grant(name, Role(request.POST["role"]), folder)
        case "revoke":
            known.revoke(name, folder)
        case "password":
            known.set_password(name, request.POST.get("password", ""))
        case "off" if name == request.user.get_username():
            raise UsageError(_("You would lock yourself out."))
        case "off" | "on":
            known.set_active(name, active=word == "on")
        case "remove" if name == request.user.get_username():
            raise UsageError(_("You would remove yourself."))
        case "remove":
            known.remove(name)
        case _:
            raise UsageError(_("Say what shall be done."))
    messages.success(request, _("Saved."))
    return redirect("users")


class KeyForm(forms.Form):
    """A new key."""

    name = forms.CharField(label=gettext_lazy("What will use it"), max_length=100)
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("It may"),
        choices=[(each.value, each.value) for each in Scope],
        widget=forms.SelectMultiple(attrs={"size": 9}),
        help_text=gettext_lazy("Never more than you may yourself"),
    )
    lives = forms.ChoiceField(label=gettext_lazy("It lives"), choices=_LIVES, initial="90", required=False)


@requires(Action.MANAGE_OWN_KEYS)
def keys(request: HttpRequest) -> HttpResponse:
    """One's own keys, all of them for whoever manages users; a new one is shown once."""
    known, name = installation().users, request.user.get_username()
    form, made = KeyForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        lives = timedelta(days=int(given["lives"])) if given["lives"] else None
        made = known.create_key(name, given["name"], [Scope(each) for each in given["scopes"]], lives=lives)
        form = KeyForm()
    everybody = may(request, Action.MANAGE_USERS)
    whose = None if everybody else name
    context: dict[str, Any] = {
        "title": _("Settings"),
        "tab": "keys",
        "listed": listed(
            request,
            lambda after, limit: list(known.keys(whose, before=whole(after) or None, limit=limit)),
            "number",
        ),
        "form": form,
        "made": made,
        "everybody": everybody,
    }
    return render(request, "web/settings/keys.html", context)


@requires(Action.MANAGE_OWN_KEYS)
def revoke_key(request: HttpRequest) -> HttpResponse:
    """Take a key back: one's own, or anybody's for whoever manages users."""
    prefix, known = request.POST.get("prefix", ""), installation().users
    own = {each["prefix"] for each in known.keys(request.user.get_username())}
    if prefix not in own:
        rights_of(request).require(Action.MANAGE_USERS)
    known.revoke_key(prefix)
    messages.success(request, _("The key is taken no more."))
    return redirect("keys")
