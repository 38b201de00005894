"""The page of one's own account, and what a session that ended has to give back."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from campaignsync.domain.access import Action
from campaignsync.web.access import requires, rights_of
from campaignsync.web.kept import KEY, shown


@requires(Action.MANAGE_OWN_KEYS)
def account(request: HttpRequest) -> HttpResponse:
    """Who am I, and what may I?"""
    return render(request, "web/account.html", {"title": _("Your account"), "rights": rights_of(request)})


def closed(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Where others sign up or have a password sent: who does that here."""
    words = _("Users are made by an admin, who can also set a new password for somebody: Settings, Users.")
    return render(request, "web/error.html", {"title": _("An admin does this"), "words": words}, status=404)


@requires(Action.MANAGE_OWN_KEYS)
def kept(request: HttpRequest) -> HttpResponse:
    """After a login: what was typed before it, to be sent once more."""
    found = request.session.pop(KEY, None)
    return shown(request, found["path"], found["typed"], 200) if found else redirect("home")
