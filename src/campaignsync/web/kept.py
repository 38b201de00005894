"""Keeps what somebody typed while their session had ended, through the login and back to a page that sends it once more.

Called by `web.access` when a form comes from nobody who is logged in, and by the page for a form of a session that is not there
any more. Secrets are never kept, files cannot be, and what is too much for a session is not kept either.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

KEY = "typed"
_MOST = 100_000


def typed(request: HttpRequest) -> list[tuple[str, str]]:
    """The fields of a form as they were sent, without what is secret."""
    return [
        (name, str(value))
        for name, values in request.POST.lists()
        if name != "csrfmiddlewaretoken"
        and not any(word in name for word in ("password", "secret", "key", "token"))
        for value in values
    ]


def keep(request: HttpRequest) -> bool:
    """Keep a form for after the login; False where there is too much of it."""
    found = typed(request)
    if sum(len(name) + len(value) for name, value in found) > _MOST:
        return False
    request.session[KEY] = {"path": request.get_full_path(), "typed": found}
    return True


def shown(request: HttpRequest, path: str, fields: list[tuple[str, str]], status: int) -> HttpResponse:
    """A form with what was typed."""
    context = {"typed": fields, "path": path, "title": _("The form was open for too long")}
    return render(request, "web/stale_form.html", context, status=status)
