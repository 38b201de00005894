"""Who may: each view names the action that it is, and the server refuses whoever may not (domain.access).

A view that is about one program asks once more with that program's folder (`web.programs.one.program_of`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

from campaignsync.domain.access import NOT_ALLOWED, Action, Rights
from campaignsync.domain.errors import UsageError
from campaignsync.web.installation import installation
from campaignsync.web.kept import keep

View = Callable[..., HttpResponseBase]


def rights_of(request: HttpRequest) -> Rights:
    """What somebody may do; read once a request."""
    known = getattr(request, "rights", None)
    if known is None:
        known = request.rights = _read(request)  # type: ignore[attr-defined]
    return known


def _read(request: HttpRequest) -> Rights:
    user = request.user
    return installation().users.rights_of(user) if user.is_authenticated else Rights(who="nobody")


def may(request: HttpRequest, action: Action, folder: str | None = None) -> bool:
    """Whether somebody may do this; without a folder, whether they may anywhere."""
    rights = rights_of(request)
    return rights.allows(action, folder) or (folder is None and rights.folders_of(action) != ())


def seen_folders(request: HttpRequest, action: Action) -> list[str] | None:
    """The folders whose programs somebody may see; None: all."""
    folders = rights_of(request).folders_of(action)
    return None if folders is None else list(folders)


def requires(action: Action, *, post: Action | None = None) -> Callable[[View], View]:
    """A view that is this action, and to send to it another; who is not logged in is asked to, and comes back,
    with what they had typed."""

    def wrap(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                if request.method == "POST" and keep(request):
                    return redirect_to_login(reverse("kept"))
                return redirect_to_login(request.get_full_path())
            wanted = post if post and request.method == "POST" else action
            if not may(request, wanted):
                rights_of(request).require(wanted)
                raise UsageError(f"'{request.user}' may not {wanted}.", code=NOT_ALLOWED)
            return view(request, *arguments, **named)

        guarded.action, guarded.post = action, post  # type: ignore[attr-defined]  # What the role matrix test reads.
        return guarded

    return wrap
