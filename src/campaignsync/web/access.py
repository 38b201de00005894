"""Who may: each page and each action names the role that it asks for, and the server refuses everybody else.

viewer < operator < admin, by `domain.access`. A superuser is an admin; whoever holds a role in some folder has that one here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from campaignsync.web.installation import installation

ROLES = ("viewer", "operator", "admin")
View = Callable[..., HttpResponse]


def role(user: AbstractBaseUser | AnonymousUser) -> str | None:
    """The role of somebody, or None when they may not even look."""
    if not user.is_authenticated or not user.is_active:
        return None
    if not isinstance(user, User):
        return None
    rights = installation().users.rights_of(user)
    held = [each for each in (rights.role, *rights.folders.values()) if each]
    return max(held, key=lambda each: each.rank).value if held else None


def may(user: AbstractBaseUser | AnonymousUser, wanted: str) -> bool:
    """Whether somebody has this role, or more."""
    has = role(user)
    return has is not None and ROLES.index(has) >= ROLES.index(wanted)


def requires(wanted: str) -> Callable[[View], View]:
    """A view for this role and more; who is not logged in is asked to, and comes back."""

    def wrap(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not may(request.user, wanted):
                raise PermissionDenied(_("This needs the role %(role)s. Ask an admin.") % {"role": wanted})
            return view(request, *arguments, **named)

        guarded.role = wanted  # type: ignore[attr-defined]  # What the role matrix test reads.
        return guarded

    return wrap
