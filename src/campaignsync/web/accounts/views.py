"""The page of one's own account."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from campaignsync.domain.access import Action
from campaignsync.web.access import requires, rights_of


@requires(Action.MANAGE_OWN_KEYS)
def account(request: HttpRequest) -> HttpResponse:
    """Who am I, and what may I?"""
    return render(request, "web/account.html", {"title": _("Your account"), "rights": rights_of(request)})
