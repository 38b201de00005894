"""Home: is it well?"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from campaignsync.web.access import requires
from campaignsync.web.accounts.first_run import nobody_yet
from campaignsync.web.installation import installation


def home(request: HttpRequest) -> HttpResponse:
    """Home, or what comes before it."""
    if not request.user.is_authenticated and nobody_yet():
        return redirect("first_run")
    return _home(request)


@requires("viewer")
def _home(request: HttpRequest) -> HttpResponse:
    return render(request, "web/home.html", {"title": _("Home"), "links": installation().views.status()})
