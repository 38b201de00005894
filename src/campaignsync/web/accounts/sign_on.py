"""The way to the provider of single sign-on.

django-allauth answers the button with a redirect to the provider. Browsers hold every address that such a redirect passes through
against `form-action`, and nobody here knows which these are. So the button is answered with a page that goes there by itself:
that is a plain visit, `form-action` stays with this server, and the button still needs its token against forgery.
"""

from __future__ import annotations

from allauth.socialaccount.providers.openid_connect import views
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _


def begin(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Send somebody to the provider."""
    answer: HttpResponse = views.login(request, provider_id)
    if answer.status_code != 302 or answer.headers["Location"].startswith("/"):
        return answer
    onward = {"title": _("Log in"), "address": answer.headers["Location"]}
    return render(request, "web/onward.html", onward)
