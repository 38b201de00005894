"""Who may: each page and each action names the role that it asks for, and the server refuses everybody else.

viewer < operator < admin. A superuser is an admin; everybody who can log in is a viewer at least.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, Group
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

ROLES = ("viewer", "operator", "admin")
View = Callable[..., HttpResponse]


def role(user: AbstractBaseUser | AnonymousUser) -> str | None:
    """The role of somebody, or None when they may not even look."""
    if not user.is_authenticated or not user.is_active:
        return None
    if getattr(user, "is_superuser", False):
        return "admin"
    names = set(Group.objects.filter(user=user.pk).values_list("name", flat=True))
    return next((each for each in reversed(ROLES) if each in names), "viewer")


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
