"""Pages for what went wrong: not found, not allowed, a form that was open for too long, an error that a person can mend."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from campaignsync.domain.access import NOT_ALLOWED
from campaignsync.domain.errors import (
    ALREADY_THERE,
    NOT_THERE,
    CampaignsyncError,
    HaltError,
    RefusedError,
    RetryableError,
    UnknownOutcomeError,
)
from campaignsync.web.kept import shown, typed

_STATUS: dict[type[CampaignsyncError], int] = {
    HaltError: 409,
    RetryableError: 503,
    UnknownOutcomeError: 503,
    RefusedError: 422,
}

_BY_CODE = {NOT_ALLOWED: 403, NOT_THERE: 404, ALREADY_THERE: 409}


def told(request: HttpRequest, error: CampaignsyncError) -> HttpResponse:
    """An error of the field in its own words."""
    status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 400)
    status = _BY_CODE.get(error.code, status)
    return _page(request, _("That did not work"), str(error), status)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404"""
    return _page(
        request, _("Not found"), _("There is no such page. It may have been deleted or renamed."), 404
    )


def not_allowed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403"""
    words = str(exception) or _("Your role does not allow this. Ask an admin.")
    return _page(request, _("Not allowed"), words, 403)


def broken(request: HttpRequest) -> HttpResponse:
    """500"""
    words = _("Something is wrong on our side. It was written to the log; what you typed was not saved.")
    return _page(request, _("An error of ours"), words, 500)


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose session is over or whose token is another's: what was typed can be sent once more."""
    return shown(request, request.get_full_path(), typed(request), 403)


def _page(request: HttpRequest, title: str, words: str, status: int) -> HttpResponse:
    template = "web/error_part.html" if request.headers.get("HX-Request") else "web/error.html"
    return render(request, template, {"title": title, "words": words}, status=status)
